//! Running the program as a user does, in an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with zone files, and the program that writes them.
pub(crate) struct Bench {
    dir: TempDir,
}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) log: String,
}

/// The program with an empty environment but for a home of its own.
pub(crate) fn external_dns(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_external-dns"));
    command.env_clear().env("HOME", home).stdin(Stdio::null());
    command
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().expect("temporary folder");
        std::fs::create_dir(dir.path().join("zones")).expect("zones folder");
        Self { dir }
    }

    /// A file beside the zones.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        path
    }

    /// What a file beside the zones holds.
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn zone_file(&self) -> PathBuf {
        self.dir.path().join("zones/example.org.zone")
    }

    /// The zone file of `example.org`.
    pub(crate) fn zone(&self) -> String {
        std::fs::read_to_string(self.zone_file()).expect("zone file")
    }

    /// Runs once over both core sources into the zone file of `example.org`.
    pub(crate) fn run(&self, extra: &[&str]) -> Run {
        let zones = format!("--zonefile-dir={}", self.dir.path().join("zones").display());
        let flags = [
            "--once",
            "--source=service",
            "--source=ingress",
            "--provider=zonefile",
            &zones,
            "--zonefile-create=example.org",
            "--registry=txt",
            "--txt-owner-id=e2e",
            "--policy=sync",
        ];
        run(external_dns(self.dir.path()).args(flags).args(extra))
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    Run {
        code: status.code().expect("no signal"),
        out: String::from_utf8(stdout).expect("text"),
        log: String::from_utf8(stderr).expect("text"),
    }
}

/// The objects of `examples/cluster`.
pub(crate) fn example_cluster() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/cluster")
}
