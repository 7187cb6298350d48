//! The real binaries as child processes, each with a bound.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;

const STEP: Duration = Duration::from_millis(2);

/// No run may ask for more than this, in KiB of address space: one that does is ended by the system. The first word is how
/// many files it may have open.
const LIMITS: &str = "ulimit -v 4000000; ulimit -n \"$0\"; exec \"$@\"";

/// How many files a process may usually have open.
const FILES: usize = 1024;

/// A place for the processes of one round, with a folder of its own.
pub struct Bench {
    dir: TempDir,
    binaries: PathBuf,
    started: Cell<usize>,
    ends: RefCell<BTreeMap<String, usize>>,
}

impl Bench {
    /// A place for the binaries in this folder.
    pub fn new(binaries: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            dir: TempDir::new().context("a folder for a round")?,
            binaries: binaries.to_owned(),
            started: Cell::default(),
            ends: RefCell::default(),
        })
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The binary of the Lambda function.
    pub fn function(&self) -> PathBuf {
        self.binaries.join("extdns-fn-sync")
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir().join(name);
        fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        path
    }

    /// How often runs ended in which way.
    pub fn ends(&self) -> BTreeMap<String, usize> {
        self.ends.borrow().clone()
    }

    /// Counts an end that is no exit code.
    pub fn count(&self, end: &str) {
        *self.ends.borrow_mut().entry(end.to_owned()).or_default() += 1;
    }

    /// Leaves the folder where it is.
    pub fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    /// Runs a task to its end, which must come within the bound.
    pub fn run(&self, task: &Task, bound: Duration) -> anyhow::Result<Run> {
        self.start(task)?.wait(self, bound)
    }

    /// Starts a task.
    pub fn start(&self, task: &Task) -> anyhow::Result<Running> {
        let number = self.started.get();
        self.started.set(number + 1);
        let dir = self.dir().join(format!("run-{number:02}"));
        fs::create_dir(&dir)?;
        fs::write(dir.join("command"), format!("{task:#?}"))?;
        let input = self.write(&format!("input-{number:02}"), &task.input);
        let child = Command::new("sh")
            .args(["-c", LIMITS, &task.files.unwrap_or(FILES).to_string()])
            .arg(self.binaries.join("external-dns"))
            .args(&task.arguments)
            .env_clear()
            .env("HOME", self.dir())
            .envs(task.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&dir)
            .stdin(File::open(input)?)
            .stdout(File::create(dir.join("out"))?)
            .stderr(File::create(dir.join("log"))?)
            .spawn()
            .context("external-dns does not start")?;
        Ok(Running { child, dir, begin: Instant::now(), struck: false })
    }
}

/// A command line with its environment.
#[derive(Clone, Debug, Default)]
pub struct Task {
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    files: Option<usize>,
}

impl Task {
    /// These words.
    pub fn new(words: &[&str]) -> Self {
        words.iter().fold(Self::default(), |task, word| task.arg(word))
    }

    /// One word more.
    #[must_use]
    pub fn arg(mut self, word: &(impl AsRef<std::ffi::OsStr> + ?Sized)) -> Self {
        self.arguments.push(word.as_ref().to_owned());
        self
    }

    /// A variable.
    #[must_use]
    pub fn var(mut self, name: &str, value: &(impl AsRef<std::ffi::OsStr> + ?Sized)) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// It may have only so many files open.
    #[must_use]
    pub fn files(mut self, most: usize) -> Self {
        self.files = Some(most);
        self
    }

    /// What stands on standard input.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }
}

/// A process.
pub struct Running {
    child: Child,
    dir: PathBuf,
    begin: Instant,
    struck: bool,
}

/// How a process ended, and what it left.
#[derive(Debug)]
pub struct Run {
    /// Its exit code.
    pub code: Option<i32>,
    /// The signal that ended it, unless we sent it.
    pub signal: Option<i32>,
    /// How long it took.
    pub took: Duration,
    /// Everything that it wrote into its folder: standard output, the log, reports.
    pub written: String,
}

impl Running {
    /// SIGKILL.
    pub fn kill(&mut self) {
        // It fails for a process that has ended.
        let _ = self.child.kill();
        self.struck = true;
    }

    /// SIGTERM.
    pub fn terminate(&self) -> anyhow::Result<()> {
        Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .stderr(Stdio::null())
            .status()?;
        Ok(())
    }

    /// Whether it has ended.
    pub fn is_over(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits for its end. A process that is there after the bound is killed, and that is an error.
    pub fn wait(mut self, bench: &Bench, bound: Duration) -> anyhow::Result<Run> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.begin.elapsed() > bound {
                self.kill();
                self.child.wait()?;
                anyhow::bail!("a run had not ended after {bound:?}; see {}", self.dir.display());
            }
            std::thread::sleep(STEP);
        };
        let signal = status.signal().filter(|_| !self.struck);
        bench.count(&match (status.code(), signal) {
            (Some(code), _) => code.to_string(),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "killed".to_owned(),
        });
        let took = self.begin.elapsed();
        Ok(Run { code: status.code(), signal, took, written: written(&self.dir)? })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a process that has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All files of a folder but the command line, which holds the secrets that were given.
fn written(dir: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() != "command" && entry.file_type()?.is_file() {
            text += &String::from_utf8_lossy(&fs::read(entry.path())?);
            text.push('\n');
        }
    }
    Ok(text)
}
