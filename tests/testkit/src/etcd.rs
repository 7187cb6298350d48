//! A real etcd, as a child process of the test: the one that `tests/setup kube` builds.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kube::pki::Authority;
use crate::process::{Daemon, free_ports, set_up, skip};

/// The password of its user `root`, where it asks for one.
pub const PASSWORD: &str = "s3cr3t-t0ken";

const BOUND: Duration = Duration::from_secs(30);
const START_ATTEMPTS: usize = 3;

/// A running server; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct Etcd {
    server: Daemon,
    command: Command,
    port: u16,
    tls: bool,
}

impl Etcd {
    /// An empty server for `test` alone, over TLS or plain. `None`, said on standard error, where it cannot be built;
    /// with `CI=true` that fails.
    pub async fn start_or_skip(test: &str, tls: bool) -> Option<Self> {
        let Some(folder) = set_up("kube").await else {
            skip(test, "etcd");
            return None;
        };
        for attempt in 1.. {
            match Self::launch(&folder.join("etcd"), tls).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(_) if attempt < START_ATTEMPTS => {}
                Err(error) => panic!("etcd: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(program: &Path, tls: bool) -> io::Result<Self> {
        let [port, peer_port] = free_ports()?;
        let dir = TempDir::new()?;
        let path = |name: &str| dir.path().join(name);
        let authority = Authority::new();
        let (certificate, key) = authority.server();
        let client = authority.client("external-dns", "tests");
        for (name, text) in [
            ("ca.crt", authority.certificate()),
            ("server.crt", certificate),
            ("server.key", key),
            ("client.crt", client.certificate),
            ("client.key", client.key),
        ] {
            std::fs::write(path(name), text)?;
        }
        let scheme = if tls { "https" } else { "http" };
        let own = format!("{scheme}://127.0.0.1:{port}");
        let peer = format!("http://127.0.0.1:{peer_port}");
        let mut command = Command::new(program);
        command
            .args(["--listen-client-urls", &own, "--advertise-client-urls", &own])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}"), "--log-level", "warn"])
            .args(["--unsafe-no-fsync", "--data-dir"])
            .arg(path("data"));
        if tls {
            command.arg("--cert-file").arg(path("server.crt"));
            command.arg("--key-file").arg(path("server.key"));
            command.arg("--trusted-ca-file").arg(path("ca.crt")).arg("--client-cert-auth");
        }
        let server = Daemon::spawn("etcd", dir, &mut command)?;
        let mut etcd = Self { server, command, port, tls };
        etcd.ready().await?;
        Ok(etcd)
    }

    async fn ready(&mut self) -> io::Result<()> {
        let (port, tls) = (self.port, self.tls);
        let is_ready = async || {
            let is_open = TcpStream::connect(("127.0.0.1", port)).await.is_ok();
            let health = json!({ "key": "AA==" });
            is_open
                && (tls
                    || post(port, "/v3/kv/range", &health).await.is_ok_and(|(code, _)| code == 200))
        };
        self.server.ready(BOUND, is_ready).await
    }

    /// Kills the process where it stands, and keeps its data.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again on the same ports, with the data that it left.
    pub async fn restart(&mut self) {
        let restarted = self.server.restart(&mut self.command);
        restarted.unwrap_or_else(|error| panic!("etcd: {error}"));
        self.ready().await.unwrap_or_else(|error| panic!("etcd: {error}"));
    }

    /// `http://127.0.0.1:PORT`, or `https://..`.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", if self.tls { "https" } else { "http" }, self.port)
    }

    /// A file of its folder: `ca.crt`, `client.crt`, `client.key`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.server.dir().join(name)
    }

    /// The status and the answer of a call of its JSON gateway. Not over TLS.
    pub async fn call(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = post(self.port, path, body).await;
        answer.unwrap_or_else(|error| panic!("etcd: {path}: {error}"))
    }

    /// Its port, for calls of [`post`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on it asks for the password of `root`.
    pub async fn enable_auth(&self) {
        for (path, body) in [
            ("/v3/auth/user/add", json!({ "name": "root", "password": PASSWORD })),
            ("/v3/auth/role/add", json!({ "name": "root" })),
            ("/v3/auth/user/grant", json!({ "user": "root", "role": "root" })),
            ("/v3/auth/enable", json!({})),
        ] {
            let (status, answer) = self.call(path, &body).await;
            assert_eq!(status, 200, "{path}: {answer}");
        }
    }
}

/// The status and the answer of a call of the JSON gateway on this port.
pub async fn post(port: u16, path: &str, body: &Value) -> io::Result<(u16, Value)> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.0\r\nhost: etcd\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, serde_json::from_str(body)?))
}
