//! A real CoreDNS that answers from an etcd, as a child process of the test. `tests/setup coredns` builds it.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::process::{Daemon, free_ports, set_up, skip};

const BOUND: Duration = Duration::from_secs(30);
const START_ATTEMPTS: usize = 3;

/// A running server; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct CoreDns {
    _server: Daemon,
    /// Its port for DNS.
    pub port: u16,
}

impl CoreDns {
    /// A server for `test` alone, which answers for these zones from what is below a prefix of an etcd. `None`, said on
    /// standard error, where it cannot be built; with `CI=true` that fails.
    pub async fn start_or_skip(
        test: &str,
        zones: &[&str],
        etcd: &str,
        prefix: &str,
    ) -> Option<Self> {
        let Some(program) = set_up("coredns").await else {
            skip(test, "coredns");
            return None;
        };
        for attempt in 1.. {
            match Self::launch(&program, zones, etcd, prefix).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(_) if attempt < START_ATTEMPTS => {}
                Err(error) => panic!("coredns: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(program: &Path, zones: &[&str], etcd: &str, prefix: &str) -> io::Result<Self> {
        let [port] = free_ports()?;
        let dir = TempDir::new()?;
        let prefix = prefix.trim_end_matches('/');
        let config = format!(
            ".:{port} {{\n errors\n etcd {} {{\n  path {prefix}\n  endpoint {etcd}\n }}\n}}\n",
            zones.join(" ")
        );
        let file = dir.path().join("Corefile");
        std::fs::write(&file, config)?;
        let mut command = Command::new(program);
        command.arg("-conf").arg(&file);
        let mut server = Daemon::spawn("coredns", dir, &mut command)?;
        let is_ready = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        server.ready(BOUND, is_ready).await?;
        Ok(Self { _server: server, port })
    }
}
