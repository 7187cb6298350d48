//! Servers as child processes: free ports, a ready check with a bound, the log at hand, and no survivors.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const STEP: Duration = Duration::from_millis(30);
const LOG_TAIL: usize = 4000;

/// Waits for the end of its standard input, that is of the test's process, in whichever way it ended; then the server goes too,
/// and its folder. (The kernel's own parent-death signal fires when the *thread* that started the child ends.)
const WATCHDOG: &str = r#"read -r _; kill -9 "$1"; sleep 1; rm -rf -- "$2""#;

/// A server of a test's own in the foreground. It is killed when this is dropped, and also when the test's process
/// ends without dropping it, as happens to a `static`. A test that panics shows the end of its log.
#[derive(Debug)]
pub struct Daemon {
    name: &'static str,
    child: Child,
    watchdog: Child,
    dir: TempDir,
}

impl Daemon {
    /// Starts `command`. `dir` is the server's own folder: its log is written there, and it is removed with the server.
    pub fn spawn(name: &'static str, dir: TempDir, command: &mut Command) -> io::Result<Self> {
        let (child, watchdog) = start(name, dir.path(), command)?;
        Ok(Self { name, child, watchdog, dir })
    }

    /// Kills the process where it stands. Its folder stays.
    pub fn kill(&mut self) {
        end(&mut self.watchdog);
        end(&mut self.child);
    }

    /// Kills the process, and starts it again over what it left in its folder.
    pub fn restart(&mut self, command: &mut Command) -> io::Result<()> {
        self.kill();
        (self.child, self.watchdog) = start(self.name, self.dir.path(), command)?;
        Ok(())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked for its state")
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// All that it has written to standard output and standard error.
    pub fn log(&self) -> String {
        let log = fs::read(log_path(self.name, self.dir.path())).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Asks `check` until it says yes. Fails with the end of the log when the server ends or `bound` is over; the kind
    /// is `AddrInUse` when the server ended because another process took its port, so that the caller can pick another.
    pub async fn ready(
        &mut self,
        bound: Duration,
        mut check: impl AsyncFnMut() -> bool,
    ) -> io::Result<()> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                let log = self.log();
                let taken = log.contains("address already in use")
                    || log.contains("Address already in use");
                let kind = if taken { io::ErrorKind::AddrInUse } else { io::ErrorKind::Other };
                return Err(io::Error::new(
                    kind,
                    format!("{} ended with {status}\n{}", self.name, tail(&log)),
                ));
            }
            let left = bound.saturating_sub(begin.elapsed());
            // The check itself may hang, e.g. in a connection that is accepted and never answered.
            if tokio::time::timeout(left, check()).await.unwrap_or(false) {
                return Ok(());
            }
            if left.is_zero() {
                let message =
                    format!("{} is not ready after {bound:?}\n{}", self.name, tail(&self.log()));
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            }
            tokio::time::sleep(STEP.min(left)).await;
        }
    }
}

/// The process and its watchdog.
fn start(name: &'static str, dir: &Path, command: &mut Command) -> io::Result<(Child, Child)> {
    let log = File::create(log_path(name, dir))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // Groups of their own: an interrupt at the terminal goes to the test, which takes the server with it.
    let mut child = command.process_group(0).spawn().map_err(|error| named(name, &error))?;
    let watchdog = Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog", &child.id().to_string()])
        .arg(dir)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    match watchdog {
        Ok(watchdog) => Ok((child, watchdog)),
        Err(error) => {
            end(&mut child);
            Err(named("sh", &error))
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The watchdog first: it must not fire at a process id that has been given to another process.
        self.kill();
        if std::thread::panicking() {
            say(&format!("log of {}:\n{}", self.name, tail(&self.log())));
        }
    }
}

/// Ports that were free a moment ago, all different, each for TCP and UDP alike.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut held = Vec::with_capacity(N);
    while held.len() < N {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr()?) {
            held.push((tcp, udp));
        }
    }
    let mut ports = [0; N];
    for (port, (tcp, _)) in ports.iter_mut().zip(&held) {
        *port = tcp.local_addr()?.port();
    }
    Ok(ports)
}

/// Runs `tests/setup TOOL` and returns where the tool is. `None` when it is not there and can't be made; the script has
/// then said why. The first call on a machine may build for minutes.
pub async fn set_up(tool: &str) -> Option<PathBuf> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../setup");
    // Its standard error is the test's own: a build of minutes says so while it runs.
    let child = tokio::process::Command::new(script)
        .arg(tool)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let output = match child {
        Ok(child) => child.wait_with_output().await,
        Err(error) => Err(error),
    };
    let output = output.unwrap_or_else(|error| panic!("{script}: {error}"));
    let line = String::from_utf8(output.stdout).expect("tests/setup prints text");
    let path = line.trim_end().splitn(3, ' ').nth(2).map(PathBuf::from);
    path.filter(|_| output.status.success())
}

/// Says that `test` is skipped because `server` is missing. With `CI=true` that is a failure: there a test that does
/// not run must not look like one that passed.
pub fn skip(test: &str, server: &str) {
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{server} is missing, {test} can't run"
    );
    say(&format!("skipped {test}: {server} is missing"));
}

/// Past the test harness, which swallows what a passing test prints.
fn say(line: &str) {
    // When standard error is closed, there is nowhere to write it.
    let _ = writeln!(io::stderr(), "{line}");
}

fn end(child: &mut Child) {
    // Both fail only for a child that has ended and been waited for.
    let _ = child.kill();
    let _ = child.wait();
}

fn named(program: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("can't start {program}: {error}"))
}

fn log_path(name: &str, dir: &Path) -> PathBuf {
    dir.join(format!("{name}.log"))
}

fn tail(log: &str) -> &str {
    &log[log.ceil_char_boundary(log.len().saturating_sub(LOG_TAIL))..]
}
