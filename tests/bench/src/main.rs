//! `make bench`: what runs cost, as one table. Fails when a run costs more than it may, or calls what it does not need.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use extdns_bench::baseline::Baseline;
use extdns_bench::figures::{self, Figures};
use extdns_bench::functions::{self, Many};
use extdns_bench::route53::Route53;
use extdns_bench::row::{Bar, Calls, Row};
use extdns_bench::speed::{self, Speed};
use extdns_bench::{joined, often, planning, rendering, repeated, start, table};

/// Measures the program over simulators.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    part: Option<Part>,
    /// The program; without this the one beside this bench.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Only workloads with this in their name.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Runs of each workload, of which the median counts. Those of Route 53, which wait for its rates, run once.
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: usize,
    /// Puts the figures into the baseline.
    #[arg(long)]
    write_baseline: bool,
}

/// What the bench starts of itself.
#[derive(Subcommand)]
enum Part {
    /// Runs a command and prints its figures.
    #[command(hide = true)]
    Measure {
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// Plans and prints the figures.
    #[command(hide = true)]
    Plan { records: usize },
    /// Writes down what runs call, for the linker.
    #[command(hide = true)]
    Often {
        /// The map that the linker wrote with the program.
        map: PathBuf,
    },
    /// Renders a report and prints the figures.
    #[command(hide = true)]
    Render { form: String },
}

/// What one run showed.
struct Run {
    figures: Figures,
    calls: Option<Calls>,
    faults: Vec<String>,
}

/// A workload of the table.
struct Workload {
    name: String,
    once: bool,
    bar: Option<Bar>,
    run: Box<dyn Fn() -> anyhow::Result<Run>>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    match args.part {
        Some(Part::Measure { command }) => print(&figures::of_only_child(&command)?),
        Some(Part::Plan { records }) => print(&planning::plan(records)?),
        Some(Part::Often { map }) => {
            often::write(Path::new("valgrind"), &program(&args.program)?, &map)
        }
        Some(Part::Render { form }) => print(&rendering::render(&form)?),
        None => bench(&args),
    }
}

fn print(figures: &Figures) -> anyhow::Result<()> {
    say(&serde_json::to_string(figures)?);
    Ok(())
}

fn bench(args: &Args) -> anyhow::Result<()> {
    let program = program(&args.program)?;
    let mut baseline = Baseline::read()?;
    let mut rows = Vec::new();
    let wanted = |workload: &Workload| workload.name.contains(&args.only);
    for workload in workloads(&program).into_iter().filter(wanted) {
        note(&workload.name);
        rows.push(workload.measure(args.runs.max(1))?);
    }
    anyhow::ensure!(!rows.is_empty(), "no workload has {:?} in its name", args.only);
    say(&table::render(&rows, &baseline));
    if args.write_baseline {
        baseline.take(&rows);
        baseline.write()?;
    }
    let misses: Vec<String> = rows.iter().flat_map(Row::misses).collect();
    if misses.is_empty() { Ok(()) } else { bail!("too much:\n{}", misses.join("\n")) }
}

/// The program to measure.
fn program(given: &Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let program = match given {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("external-dns"),
    };
    program.canonicalize().with_context(|| program.display().to_string())
}

impl Workload {
    fn measure(self, runs: usize) -> anyhow::Result<Row> {
        let runs = if self.once { 1 } else { runs };
        let all = (0..runs).map(|_| (self.run)()).collect::<Result<Vec<_>, _>>()?;
        let figures: Vec<Figures> = all.iter().map(|run| run.figures).collect();
        let wrong = all.iter().find(|run| !run.faults.is_empty());
        let shown = wrong.or(all.last()).context("a workload runs at least once")?;
        Ok(Row {
            name: self.name,
            figures: figures::median(&figures),
            calls: shown.calls,
            bar: self.bar,
            faults: shown.faults.clone(),
        })
    }
}

/// The table, from above.
fn workloads(program: &Path) -> Vec<Workload> {
    let mut all: Vec<Workload> = speed::SIZES.map(|n| over_webhook(program, n, false)).into();
    all.extend([10_000, 50_000].map(|n| over_webhook(program, n, true)));
    all.push(over_joined(program));
    all.push(version(program));
    all.push(over_route53(program, "first sync: 10,000 Services", 10_000, 0));
    all.push(over_route53(program, "read only: 30,000 records", 0, 30_000));
    all.extend(planning::SIZES.map(|n| {
        let name = format!("plan alone: {} records", thousands(n));
        of_this(name, None, vec!["plan".into(), n.to_string()])
    }));
    all.extend(rendering::FORMS.map(|(form, _)| {
        let name = format!("report of {} changes: {form}", thousands(rendering::CHANGES));
        let bar = Bar { cpu: rendering::BAR, peak: None, wall: None };
        of_this(name, Some(bar), vec!["render".into(), form.into()])
    }));
    all.extend(of_functions(program));
    all.extend(of_loop(program));
    all
}

/// The loop, as users run it.
fn of_loop(program: &Path) -> [Workload; 3] {
    let idle = |name: &str, cached, bar| {
        let program = program.to_path_buf();
        Workload {
            name: format!("loop, an idle hour, {name}: {} Services", thousands(repeated::IDLE)),
            once: true,
            bar,
            run: Box::new(move || {
                let figures = repeated::idle_hour(&program, cached)?;
                Ok(Run { figures, calls: None, faults: Vec::new() })
            }),
        }
    };
    let program = program.to_path_buf();
    let growth = Workload {
        name: "loop, 10,000 runs with changes and errors".to_owned(),
        once: true,
        bar: None,
        run: Box::new(move || {
            let (figures, faults) = repeated::growth(&program)?;
            Ok(Run { figures, calls: None, faults })
        }),
    };
    [
        idle("records cached", true, Some(repeated::IDLE_BAR)),
        idle("zones read", false, None),
        growth,
    ]
}

/// The functions, whose binaries stand beside the program.
fn of_functions(program: &Path) -> Vec<Workload> {
    let [relay, sync] = ["relay", "sync"].map(|name| functions::binary(program, name));
    let row = |name: String, bar, figures: Box<dyn Fn() -> anyhow::Result<Figures>>| Workload {
        name,
        once: true,
        bar,
        run: Box::new(move || Ok(Run { figures: figures()?, calls: None, faults: Vec::new() })),
    };
    let all = format!("{} clusters of {} names", functions::CLUSTERS, thousands(functions::NAMES));
    let over_many = |name: &str, bar, measure: fn(&Many) -> anyhow::Result<Figures>| {
        let sync = sync.clone();
        row(
            format!("function sync, {name}: {all}"),
            bar,
            Box::new(move || measure(&Many::start(&sync)?)),
        )
    };
    vec![
        row(
            format!("function relay: {} reviews", thousands(functions::REVIEWS)),
            Some(functions::RELAY),
            Box::new(move || functions::reviews(&relay)),
        ),
        over_many("start", Some(functions::START), functions::quickest_start),
        over_many("nothing to do", Some(functions::SYNC), Many::reads),
        over_many("gate shut", Some(functions::SYNC), Many::gated),
    ]
}

fn over_webhook(program: &Path, n: usize, in_pages: bool) -> Workload {
    let program = program.to_path_buf();
    let way = if in_pages { "in pages" } else { "nothing to do" };
    Workload {
        name: format!("webhook, {way}: {} Services", thousands(n)),
        once: false,
        bar: Some(speed::bar(n, in_pages)),
        run: Box::new(move || {
            let speed = if in_pages { Speed::in_pages(n) } else { Speed::start(n) };
            let figures = figures::of(&speed.task(&program))?;
            Ok(Run { figures, calls: Some(speed.calls()), faults: speed.faults() })
        }),
    }
}

fn over_route53(program: &Path, name: &str, services: usize, records: usize) -> Workload {
    let program = program.to_path_buf();
    Workload {
        name: format!("Route 53, {name}"),
        once: true,
        bar: None,
        run: Box::new(move || {
            let route53 = Route53::start(services, records);
            let figures = figures::of(&route53.task(&program))?;
            Ok(Run { figures, calls: Some(route53.calls()), faults: route53.faults() })
        }),
    }
}

fn over_joined(program: &Path) -> Workload {
    let program = program.to_path_buf();
    Workload {
        name: format!("joined: {} routes", thousands(2 * joined::ROUTES)),
        once: true,
        bar: None,
        run: Box::new(move || {
            let (figures, faults) = joined::measure(&program)?;
            Ok(Run { figures, calls: None, faults })
        }),
    }
}

fn version(program: &Path) -> Workload {
    let program = program.to_path_buf();
    Workload {
        name: "start: --version".to_owned(),
        once: true,
        bar: Some(start::BAR),
        run: Box::new(move || {
            let figures = start::quickest(&program)?;
            Ok(Run { figures, calls: None, faults: start::faults(&program)? })
        }),
    }
}

/// A part of this program.
fn of_this(name: String, bar: Option<Bar>, arguments: Vec<String>) -> Workload {
    Workload {
        name,
        once: false,
        bar,
        run: Box::new(move || {
            let figures = figures::of_this(&arguments)?;
            Ok(Run { figures, calls: None, faults: Vec::new() })
        }),
    }
}

/// `10,000`
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[expect(clippy::print_stdout, reason = "the table is what its user waits for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a bench of minutes says where it is")]
fn note(text: &str) {
    eprintln!("{text} ...");
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_written_for_people() {
        for (n, text) in [(0, "0"), (100, "100"), (1_000, "1,000"), (1_000_000, "1,000,000")] {
            assert_eq!(super::thousands(n), text);
        }
    }
}
