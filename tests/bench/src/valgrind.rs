//! Figures that are the same on every machine: instructions and bytes, counted by valgrind.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::baseline::Alarm;
use crate::speed::Speed;

/// Under valgrind a run takes many times as long; no time limit of its own may end it.
pub(crate) const PATIENCE: [&str; 2] =
    ["--kube-api-request-timeout=0s", "--webhook-provider-read-timeout=30m"];

/// Counts what a run over `n` Services costs: its instructions and its heap in two runs at the same time.
///
/// # Errors
/// When a run fails or calls what it does not need, or valgrind says something else than it used to.
pub fn count(valgrind: &Path, program: &Path, n: usize) -> anyhow::Result<Alarm> {
    std::thread::scope(|scope| {
        let instructions = scope.spawn(|| instructions(valgrind, program, &Speed::start(n)));
        let peak_heap = peak_heap(valgrind, program, &Speed::start(n))?;
        let Ok(instructions) = instructions.join() else { bail!("the other run broke off") };
        Ok(Alarm { instructions: instructions?, peak_heap })
    })
}

fn instructions(valgrind: &Path, program: &Path, speed: &Speed) -> anyhow::Result<u64> {
    let flags = ["--tool=cachegrind", "--cache-sim=no", "--branch-sim=no"];
    let log = run(valgrind, &flags, "--cachegrind-out-file=/dev/null", program, speed)?.log;
    // `==17== I   refs:      14,198,617,229`
    let line = log.lines().find(|line| line.contains("refs:"));
    let number = line.and_then(|line| line.rsplit(' ').next()).map(|text| text.replace(',', ""));
    number.and_then(|number| number.parse().ok()).with_context(|| format!("no count in\n{log}"))
}

fn peak_heap(valgrind: &Path, program: &Path, speed: &Speed) -> anyhow::Result<u64> {
    let flags = ["--tool=massif", "--depth=1", "--threshold=100", "--peak-inaccuracy=0.1"];
    let out = run(valgrind, &flags, "--massif-out-file=OUT", program, speed)?.out;
    // `mem_heap_B=19708769`, one per snapshot.
    let sizes = out.lines().filter_map(|line| line.strip_prefix("mem_heap_B=")?.parse().ok());
    sizes.max().context("massif took no snapshot")
}

struct Said {
    log: String,
    out: String,
}

fn run(
    valgrind: &Path,
    flags: &[&str],
    out_flag: &str,
    program: &Path,
    speed: &Speed,
) -> anyhow::Result<Said> {
    let folder = TempDir::new()?;
    let (log, out) = (folder.path().join("log"), folder.path().join("out"));
    let output = Command::new(valgrind)
        .args(flags)
        .arg(out_flag.replace("OUT", &out.display().to_string()))
        .arg(format!("--log-file={}", log.display()))
        .arg(program)
        .args(speed.arguments())
        .args(PATIENCE)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .with_context(|| valgrind.display().to_string())?;
    let said = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let (log, out) = (said(&log), said(&out));
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("the run failed with {}:\n{errors}\n{log}", output.status);
    }
    match speed.faults().as_slice() {
        [] => Ok(Said { log, out }),
        faults => bail!("what the run does is wrong: {}", faults.join(", ")),
    }
}
