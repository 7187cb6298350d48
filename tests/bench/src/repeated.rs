//! The loop: what it costs while nothing changes, and whether it grows.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use extdns_testkit::kube::{ADMIN_TOKEN, Login};
use extdns_testkit::kube_sim::{KubeSim, User, WORKLOAD_OWNER, WORKLOAD_ZONE, workload};
use extdns_testkit::process::{Daemon, free_ports};
use extdns_testkit::route53::{Fault, Moment, Operation, Route53Sim};
use serde_json::json;
use tempfile::TempDir;

use crate::figures::Figures;
use crate::row::Bar;

/// Services of the loop that is idle.
pub const IDLE: usize = 10_000;
/// Runs in an hour, one each minute.
const RUNS_OF_AN_HOUR: usize = 60;
/// What an idle hour may cost.
pub const IDLE_BAR: Bar = Bar { cpu: 1.0, peak: None, wall: None };

/// Services of the loop that must not grow.
const SMALL: usize = 100;
/// The runs between which it must not.
const RUNS: [usize; 2] = [1_000, 10_000];
/// How much more it may hold.
const GROWTH: f64 = 1.05;

/// How often the metrics are asked for: what is measured pays for the answer.
const ASKING: Duration = Duration::from_secs(1);
/// How often something is looked at that costs the program nothing.
const LOOKING: Duration = Duration::from_millis(2);

/// Longest time for anything.
const BOUND: Duration = Duration::from_secs(600);

/// A loop between a simulated cluster and a simulated Route 53.
struct Loop {
    kube: KubeSim,
    dns: Route53Sim,
    process: Daemon,
    port: u16,
    /// How often the zones were listed: once in each run that reads them.
    runs: Arc<AtomicUsize>,
}

/// An hour in which nothing changes, in a shorter time: what the runs of it cost. `cached` takes the records for
/// unchanged, as `--txt-cache-interval` does.
///
/// # Errors
/// When the program does not do what it is to do.
pub fn idle_hour(program: &Path, cached: bool) -> anyhow::Result<Figures> {
    let cache = if cached { "--txt-cache-interval=2h" } else { "--txt-cache-interval=0s" };
    let world = Loop::start(program, IDLE, &["--events", "--interval=300ms", cache])?;
    let done = |world: &Loop| world.sample("external_dns_controller_no_op_runs_total");
    world.until("the first run without changes", ASKING, |own| {
        done(own).is_some_and(|runs| runs >= 2)
    })?;
    let (first, cpu, began) = (done(&world).unwrap_or(0), world.cpu()?, Instant::now());
    let last = first + RUNS_OF_AN_HOUR;
    world.until("an hour", ASKING, |own| done(own).is_some_and(|runs| runs >= last))?;
    let cpu = world.cpu()? - cpu;
    Ok(Figures { wall: began.elapsed().as_secs_f64(), cpu, peak: world.memory()? })
}

/// Runs with changes, errors and watches that end: what is wrong with the memory that the process holds behind them.
///
/// # Errors
/// When the program does not do what it is to do.
pub fn growth(program: &Path) -> anyhow::Result<(Figures, Vec<String>)> {
    let flags =
        ["--events", "--min-event-sync-interval=0s", "--interval=1ms", "--aws-api-retries=1"];
    let world = Loop::start(program, SMALL, &flags)?;
    let began = Instant::now();
    let mut held = Vec::new();
    let mut step = 0;
    for runs in RUNS {
        while world.runs.load(Ordering::Relaxed) < runs {
            world.disturb(step);
            step += 1;
            let next = world.runs.load(Ordering::Relaxed) + 10;
            world
                .until("ten more runs", LOOKING, |own| own.runs.load(Ordering::Relaxed) >= next)?;
        }
        held.push(world.memory()?);
    }
    let (early, late) = (held[0], held[1]);
    let faults = (late > early * GROWTH).then(|| {
        let [first, last] = RUNS;
        format!("holds {late:.1} MiB after run {last}, and {early:.1} after run {first}")
    });
    let figures = Figures { wall: began.elapsed().as_secs_f64(), cpu: world.cpu()?, peak: late };
    Ok((figures, faults.into_iter().collect()))
}

impl Loop {
    fn start(program: &Path, services: usize, flags: &[&str]) -> anyhow::Result<Self> {
        let user = User::admin("admin", ADMIN_TOKEN);
        let kube = KubeSim::builder().workload(services).user(user).start();
        let kubeconfig = kube.write_kubeconfig(&kube.kubeconfig(Login::Token(ADMIN_TOKEN)));
        let dns = Route53Sim::start();
        dns.zone(WORKLOAD_ZONE).quota(100_000);
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        dns.on_call(move |moment, call| {
            if matches!(moment, Moment::Arrived) && call.operation == Operation::ListHostedZones {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let [port] = free_ports()?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .args(["--source=service", "--registry=txt", "--policy=sync", "--provider=aws"])
            .args(["--log-level=fatal", "--aws-requests-per-second=100000"])
            .args(["--aws-batch-change-interval=0s", "--no-guard"])
            .arg(format!("--txt-owner-id={WORKLOAD_OWNER}"))
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .arg(format!("--metrics-address=127.0.0.1:{port}"))
            .args(flags)
            .env("AWS_ENDPOINT_URL", dns.url())
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let process = Daemon::spawn("external-dns", TempDir::new()?, &mut command)?;
        Ok(Self { kube, dns, process, port, runs })
    }

    /// Changes an object each time, and now and then more.
    fn disturb(&self, step: usize) {
        self.dns.forget_calls();
        let index = step % SMALL;
        if let Some(service) = workload(SMALL).nth(index) {
            let mut object = service.json();
            let address = format!("198.51.100.{}", step % 250);
            object["status"]["loadBalancer"]["ingress"] = json!([{ "ip": address }]);
            self.kube.apply(object);
        }
        match step % 20 {
            // The runs until the next step fail.
            5 => {
                let unavailable = Fault::unavailable().on(Operation::ListResourceRecordSets);
                self.dns.fault(unavailable.always());
            }
            6 => self.dns.heal(),
            10 => self.kube.end_watches(),
            15 => {
                // What is forgotten has to be listed again.
                self.kube.compact();
                self.kube.end_watches();
            }
            _ => {}
        }
    }

    /// Looks every so often whether something is so.
    fn until(
        &self,
        what: &str,
        pause: Duration,
        is_so: impl Fn(&Self) -> bool,
    ) -> anyhow::Result<()> {
        let begin = Instant::now();
        while !is_so(self) {
            let log = || self.process.log().chars().take(2_000).collect::<String>();
            anyhow::ensure!(begin.elapsed() < BOUND, "{what} does not come: {}", log());
            anyhow::ensure!(self.stat().is_ok(), "{what} does not come, and it ended: {}", log());
            std::thread::sleep(pause);
        }
        Ok(())
    }

    /// A sample of the metrics.
    fn sample(&self, name: &str) -> Option<usize> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    fn stat(&self) -> anyhow::Result<String> {
        let path = format!("/proc/{}/stat", self.process.pid());
        let stat = std::fs::read_to_string(path)?;
        let (_, rest) = stat.rsplit_once(')').context("a name in brackets")?;
        anyhow::ensure!(!rest.trim_start().starts_with('Z'), "it has ended");
        Ok(rest.to_owned())
    }

    /// Seconds of processor time so far.
    fn cpu(&self) -> anyhow::Result<f64> {
        let stat = self.stat()?;
        let ticks = stat.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
    }

    /// MiB that it holds now.
    fn memory(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1024.0)
    }
}
