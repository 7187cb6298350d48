//! What a process costs, by the kernel's own accounts.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde::{Deserialize, Serialize};

/// What one process cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Seconds from start to end.
    pub wall: f64,
    /// Seconds of processor time, user and system.
    pub cpu: f64,
    /// The most memory that was resident, in MiB; pages of the program's file count.
    pub peak: f64,
}

/// A command whose figures are wanted.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The only variables that it sees.
    pub variables: Vec<(String, String)>,
}

/// Runs a task in a process of its own, below one that does nothing else: the accounts of children are kept in one sum,
/// and a child inherits the peak of the process that starts it.
///
/// # Errors
/// When the command cannot be started or fails, with what it said.
pub fn of(task: &Task) -> anyhow::Result<Figures> {
    let mut this = Command::new(std::env::current_exe()?);
    this.args(["measure", "--"])
        .args(&task.command)
        .env_clear()
        .envs(task.variables.iter().cloned());
    figures_of(&mut this)
}

/// Runs a part of this program that prints its own figures, in a process of its own.
///
/// # Errors
/// When it fails, with what it said.
pub fn of_this(arguments: &[String]) -> anyhow::Result<Figures> {
    figures_of(Command::new(std::env::current_exe()?).args(arguments))
}

fn figures_of(command: &mut Command) -> anyhow::Result<Figures> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("the figures are no JSON")
}

/// Runs a command as the only child of this process.
///
/// # Errors
/// When the command cannot be started or fails.
pub fn of_only_child(command: &[OsString]) -> anyhow::Result<Figures> {
    let [program, arguments @ ..] = command else { bail!("no command") };
    let begin = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("can't start {}", program.display()))?;
    let wall = begin.elapsed().as_secs_f64();
    if !status.success() {
        bail!("it ended with {status}");
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(Figures { wall, cpu: seconds(&usage), peak: mebibytes(&usage) })
}

/// What a part of this process costs; the peak is that of the whole process.
///
/// # Errors
/// When the kernel keeps no accounts.
pub fn of_part<T>(part: impl FnOnce() -> T) -> anyhow::Result<(T, Figures)> {
    let before = seconds(&getrusage(UsageWho::RUSAGE_SELF)?);
    let begin = Instant::now();
    let result = part();
    let wall = begin.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let figures = Figures { wall, cpu: seconds(&usage) - before, peak: own_peak()? };
    Ok((result, figures))
}

/// The median of each figure.
#[must_use]
pub fn median(all: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = all.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Figures { wall: of(|it| it.wall), cpu: of(|it| it.cpu), peak: of(|it| it.peak) }
}

#[expect(clippy::cast_precision_loss, reason = "a run takes less than 2^53 microseconds")]
fn seconds(usage: &Usage) -> f64 {
    (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6
}

/// The peak of this program, in MiB. The accounts of the kernel count that of the process that started it, too.
fn own_peak() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(kibibytes.context("/proc/self/status has no VmHWM")? / 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "a process has less than 2^53 KiB")]
fn mebibytes(usage: &Usage) -> f64 {
    usage.max_rss() as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_taken_figure_by_figure() {
        let figures = [(1.0, 9.0, 5.0), (3.0, 7.0, 6.0), (2.0, 8.0, 4.0)]
            .map(|(wall, cpu, peak)| Figures { wall, cpu, peak });
        assert_eq!(median(&figures), Figures { wall: 2.0, cpu: 8.0, peak: 5.0 });
    }

    #[test]
    fn a_part_is_charged_for_what_it_does() {
        let (sum, figures) =
            of_part(|| (0..3_000_000_u64).fold(0, |sum, n| sum ^ (n * n))).unwrap();
        assert_ne!(sum, 0);
        assert!(figures.cpu > 0.0 && figures.wall > 0.0 && figures.peak > 1.0, "{figures:?}");
    }
}
