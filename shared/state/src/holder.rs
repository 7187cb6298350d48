//! Who holds a lease.

use rand::RngExt as _;

/// A name for one run of this process, for people to find it: host, process and a number that no other run has.
#[must_use]
pub fn holder_of_process() -> String {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    let run: u64 = rand::rng().random();
    format!("run {run:016x} on {host} (process {})", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_of_a_process_have_two_names() {
        assert_ne!(holder_of_process(), holder_of_process());
    }
}
