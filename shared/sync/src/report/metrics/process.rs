//! What the system knows of the process, under the names of the clients of Prometheus
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>).

use std::fmt::Write as _;
use std::fs;

/// Ticks of the clock of `/proc` in a second: the same on every architecture of Linux (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Appends what `/proc` says; what it does not say is left out.
pub(super) fn append(page: &mut String) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in brackets, and may hold spaces.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    let cpu = number(11).zip(number(12)).map(|(user, system)| (user + system) / TICKS);
    let started = number(19).zip(boot_time()).map(|(ticks, boot)| boot + ticks / TICKS);
    let open = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64);
    let values = [
        ("cpu_seconds_total", "counter", "Time of processors that the process has used.", cpu),
        ("resident_memory_bytes", "gauge", "Memory that the process holds.", memory("VmRSS:")),
        ("virtual_memory_bytes", "gauge", "Addresses that the process has.", memory("VmSize:")),
        ("start_time_seconds", "gauge", "When the process started.", started),
        ("open_fds", "gauge", "Files that are open.", open),
        ("max_fds", "gauge", "Files that may be open.", most_files()),
    ];
    for (name, kind, help, value) in values {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = write!(
                page,
                "# HELP process_{name} {help}\n# TYPE process_{name} {kind}\nprocess_{name} {value}\n"
            );
        }
    }
}

/// A line of memory, in bytes: `VmRSS:     12345 kB`.
fn memory(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// When the machine started, in seconds.
fn boot_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn most_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
