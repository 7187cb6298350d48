//! What the system knows of the process, under the names of the clients of Prometheus
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>).

use std::fs;

use super::{Kind, Metric};

/// Ticks of the clock of `/proc` in a second: the same on every architecture of Linux (`USER_HZ`).
const TICKS: f64 = 100.0;

/// What `/proc` says; what it does not say is left out.
pub(super) fn metrics() -> Vec<Metric> {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in brackets, and may hold spaces.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    let cpu = number(11).zip(number(12)).map(|(user, system)| (user + system) / TICKS);
    let started = number(19).zip(boot_time()).map(|(ticks, boot)| boot + ticks / TICKS);
    let open = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64);
    let values = [
        ("cpu_seconds_total", Kind::Counter, "Time of processors that the process has used.", cpu),
        ("resident_memory_bytes", Kind::Gauge, "Memory that the process holds.", memory("VmRSS:")),
        ("virtual_memory_bytes", Kind::Gauge, "Addresses that the process has.", memory("VmSize:")),
        ("start_time_seconds", Kind::Gauge, "When the process started.", started),
        ("open_fds", Kind::Gauge, "Files that are open.", open),
        ("max_fds", Kind::Gauge, "Files that may be open.", most_files()),
    ];
    let known = values.into_iter().filter_map(|(name, kind, help, value)| {
        let mut metric = Metric::new(format!("process_{name}"), kind, help);
        metric.sample(&[], value?);
        Some(metric)
    });
    known.collect()
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
