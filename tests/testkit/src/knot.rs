//! A real Knot DNS with zones that take updates, as a child process of the test. `tests/setup knot` installs it.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::bind::{Access, KEYS};
use crate::dns::zone_file;
use crate::process::{Daemon, free_ports, set_up, skip};

const BOUND: Duration = Duration::from_secs(30);
const START_ATTEMPTS: usize = 3;

/// A running server; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct Knot {
    server: Daemon,
    /// Its port for DNS.
    pub port: u16,
}

impl Knot {
    /// A server for `test` alone, with these zones and the keys of [`KEYS`]. `None`, said on standard error, where it
    /// cannot be installed; with `CI=true` that fails.
    pub async fn start_or_skip(test: &str, zones: &[&str], access: Access<'_>) -> Option<Self> {
        let Some(program) = set_up("knot").await else {
            skip(test, "knot");
            return None;
        };
        for attempt in 1.. {
            match Self::launch(&program, zones, access).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(_) if attempt < START_ATTEMPTS => {}
                Err(error) => panic!("knotd: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(program: &Path, zones: &[&str], access: Access<'_>) -> io::Result<Self> {
        let [port] = free_ports()?;
        let dir = TempDir::new()?;
        let folder = dir.path().display().to_string();
        for zone in zones {
            std::fs::write(dir.path().join(format!("{zone}.zone")), zone_file(zone))?;
        }
        let config = dir.path().join("knot.conf");
        std::fs::write(&config, text(&folder, port, zones, access))?;
        let mut command = Command::new(program);
        command.arg("-c").arg(&config);
        let log = dir.path().join("knotd.log");
        let mut server = Daemon::spawn("knotd", dir, &mut command)?;
        // It listens before it has loaded the zones.
        let is_ready = async || {
            let loaded = |log: String| log.matches("] loaded, serial").count() >= zones.len();
            std::fs::read_to_string(&log).is_ok_and(loaded)
                && TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        };
        server.ready(BOUND, is_ready).await?;
        Ok(Self { server, port })
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

fn text(dir: &str, port: u16, zones: &[&str], access: Access<'_>) -> String {
    let keys = KEYS.map(|[name, algorithm, secret]| {
        format!("  - id: {name}\n    algorithm: {algorithm}\n    secret: {secret}\n")
    });
    let who = match access {
        // Knot DNS has no GSS-TSIG.
        Access::Open | Access::Kerberos { .. } => "address: 127.0.0.0/8".to_owned(),
        Access::Keys => format!("key: [{}]", KEYS.map(|[name, ..]| name).join(", ")),
    };
    let zones: String = zones
        .iter()
        .map(|zone| format!("  - domain: {zone}\n    file: {dir}/{zone}.zone\n    acl: all\n"))
        .collect();
    format!(
        "server:\n  listen: 127.0.0.1@{port}\n  rundir: {dir}\n  pidfile: {dir}/knot.pid\n\
         database:\n  storage: {dir}\n  journal-db-max-size: 64M\n  kasp-db-max-size: 16M\n  timer-db-max-size: 16M\n\
         log:\n  - target: stderr\n    any: info\n\
         control:\n  listen: {dir}/knot.sock\n\
         key:\n{}acl:\n  - id: all\n    {who}\n    action: [transfer, update]\nzone:\n{zones}",
        keys.concat()
    )
}
