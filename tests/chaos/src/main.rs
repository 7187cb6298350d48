//! `make chaos`: rounds of all kinds in turn, until the time is over or one fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use extdns_chaos::dice::Dice;
use extdns_chaos::kinds::{KINDS, Kind, named};
use extdns_chaos::program::Bench;

/// Plays hostile rounds against the binaries beside this one.
#[derive(Parser)]
struct Args {
    /// For how long, in seconds; the round that is being played is played to its end.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What all chance follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only rounds of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Only this round.
    #[arg(long, requires = "kind")]
    round: Option<u64>,
    /// Goes on after a round that failed, and fails at the end.
    #[arg(long)]
    keep_going: bool,
    /// The folder with the binaries; without it, the one of this program.
    #[arg(long, value_name = "DIR")]
    binaries: Option<PathBuf>,
}

/// What came of the rounds of one kind.
#[derive(Default)]
struct Totals {
    rounds: u64,
    ends: BTreeMap<String, usize>,
    took: Duration,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let own = std::env::current_exe()?.parent().context("a folder")?.to_owned();
    let binaries = args.binaries.clone().unwrap_or(own);
    let kinds: Vec<&Kind> = match &args.kind {
        Some(name) => vec![named(name).with_context(|| format!("there is no kind {name:?}"))?],
        None => KINDS.iter().collect(),
    };
    let (begin, time) = (Instant::now(), Duration::from_secs(args.seconds));
    let mut totals: BTreeMap<&str, Totals> = BTreeMap::new();
    let mut failures = 0;
    'time: loop {
        for kind in &kinds {
            for _ in 0..kind.weight {
                let total = totals.entry(kind.name).or_default();
                let number = args.round.unwrap_or(total.rounds);
                total.rounds += 1;
                if let Err(failure) = play(&args, kind, number, &binaries, total) {
                    failures += 1;
                    say(&format!(
                        "FAILED: {failure:#}\nthis round alone: make chaos SEED={} KIND={} ROUND={number}",
                        args.seed, kind.name
                    ));
                    if !args.keep_going {
                        break 'time;
                    }
                }
                if args.round.is_some() || begin.elapsed() >= time {
                    break 'time;
                }
            }
        }
    }
    print_totals(&totals, args.seed, begin.elapsed());
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays one round. The folder of one that failed stays.
fn play(
    args: &Args,
    kind: &Kind,
    number: u64,
    binaries: &std::path::Path,
    total: &mut Totals,
) -> anyhow::Result<()> {
    let bench = Bench::new(binaries)?;
    let mut dice = Dice::new(args.seed, kind.name, number);
    let begin = Instant::now();
    // The simulators complain by panics.
    let played = catch_unwind(AssertUnwindSafe(|| (kind.play)(&mut dice, &bench)))
        .unwrap_or_else(|_| Err(anyhow::anyhow!("the harness panicked")));
    total.took += begin.elapsed();
    for (end, count) in bench.ends() {
        *total.ends.entry(end).or_default() += count;
    }
    played.map_err(|failure| {
        let folder = bench.keep();
        failure.context(format!(
            "{} round {number} ({}), see {}",
            kind.name,
            kind.about,
            folder.display()
        ))
    })
}

fn print_totals(totals: &BTreeMap<&str, Totals>, seed: u64, took: Duration) {
    say(&format!(
        "chaos with seed {seed} for {} s: rounds, seconds, how often runs ended with which code",
        took.as_secs()
    ));
    for (kind, total) in totals {
        let ends: Vec<String> =
            total.ends.iter().map(|(end, count)| format!("{end}: {count}")).collect();
        say(&format!(
            "{kind:12} {:4} {:4} s  {}",
            total.rounds,
            total.took.as_secs(),
            ends.join(", ")
        ));
    }
}

#[expect(clippy::print_stdout, reason = "what it found is what its user waits for")]
fn say(line: &str) {
    println!("{line}");
}
