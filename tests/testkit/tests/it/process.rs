//! Child processes: the ready check, the log, and that none survives.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use extdns_testkit::process::{Daemon, free_ports};
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(20);
const CHILD: &str = "EXTDNS_TESTKIT_CHILD";

fn shell(script: &str) -> Daemon {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Daemon::spawn("shell", TempDir::new().unwrap(), &mut command).unwrap()
}

/// Whether the process is there and no zombie.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < BOUND, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn ports_are_different_and_free() {
    let ports: [u16; 20] = free_ports().unwrap();
    let mut distinct = ports.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), ports.len());
    assert!(!distinct.contains(&0));
}

#[tokio::test]
async fn ready_is_asked_until_it_is_so_and_dropping_kills() {
    let mut daemon = shell("echo started; echo trouble >&2; exec sleep 1000");
    let mut asked = 0;
    let ready = daemon.ready(BOUND, async || {
        asked += 1;
        asked == 3
    });
    ready.await.unwrap();
    assert_eq!(asked, 3);
    wait_until("the log", || daemon.log() == "started\ntrouble\n");
    let (pid, dir) = (daemon.pid(), daemon.dir().to_owned());
    assert!(runs(pid) && dir.exists());
    drop(daemon);
    assert!(!runs(pid) && !dir.exists());
}

#[tokio::test]
async fn a_server_that_ends_is_not_waited_for() {
    let error =
        shell("echo broken configuration; exit 3").ready(BOUND, async || false).await.unwrap_err();
    assert_eq!(error.to_string(), "shell ended with exit status: 3\nbroken configuration\n");
    let error = shell("echo 'listen: address already in use'; exit 1")
        .ready(BOUND, async || false)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_server_that_never_is_ready_has_a_bound() {
    let mut daemon = shell("exec sleep 1000");
    let bound = Duration::from_millis(50);
    let error = daemon.ready(bound, async || false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let error = daemon.ready(bound, async || std::future::pending().await).await.unwrap_err();
    assert_eq!(error.to_string(), "shell is not ready after 50ms\n");
}

/// Not a test by itself: the process that the next test kills. It holds a daemon and never drops it.
#[test]
fn child_with_a_daemon() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let daemon = shell("exec sleep 1000");
    let mut out = std::io::stdout();
    writeln!(out, "daemon {} {}", daemon.pid(), daemon.dir().display()).unwrap();
    out.flush().unwrap();
    std::thread::sleep(3 * BOUND);
}

#[test]
fn a_daemon_goes_with_a_process_that_is_killed() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::child_with_a_daemon", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = String::new();
    let mut stdout = child.stdout.take().unwrap();
    let line = loop {
        let mut byte = [0];
        stdout.read_exact(&mut byte).expect("the child says which daemon it has");
        output.push(char::from(byte[0]));
        if let Some(line) =
            output.lines().find_map(|line| line.split_once("daemon ").map(|(_, rest)| rest))
            && output.ends_with('\n')
        {
            break line;
        }
    };
    let (pid, dir) = line.split_once(' ').unwrap();
    let pid = pid.parse().unwrap();
    assert!(runs(pid) && Path::new(dir).exists());
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the end of the daemon", || !runs(pid));
    wait_until("the end of its folder", || !Path::new(dir).exists());
}

/// A test that is skipped by other words than [`extdns_testkit::process::skip`] would look, with `CI=true`, like one
/// that passed.
#[test]
fn tests_are_skipped_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let roots = ["functions", "shared", "tests"].map(|folder| root.join(folder));
    let mut found = Vec::new();
    let mut folders = roots.to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|own| own == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // In two pieces, so that it does not find itself.
                let skips = text.contains(concat!("\"skipp", "ed "))
                    || text.contains(concat!("\"skipp", "ed:"));
                found.extend(skips.then_some(path));
            }
        }
    }
    let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["process.rs"], "{found:?}");
}
