//! A real PowerDNS Authoritative Server with an empty SQLite store, as a child process of the test. `tests/setup pdns`
//! installs it.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::{Daemon, free_ports, set_up, skip};

/// The key of its API.
pub const KEY: &str = "s3cr3t-t0ken";

const BOUND: Duration = Duration::from_secs(30);
const START_ATTEMPTS: usize = 3;
const SCHEMA: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

/// A running server; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct PowerDns {
    server: Daemon,
    command: Command,
    port: u16,
    /// Its port for DNS.
    pub dns_port: u16,
}

impl PowerDns {
    /// A server for `test` alone, without zones. `None`, said on standard error, where it cannot be installed; with
    /// `CI=true` that fails.
    pub async fn start_or_skip(test: &str) -> Option<Self> {
        let Some(program) = set_up("pdns").await else {
            skip(test, "pdns");
            return None;
        };
        for attempt in 1.. {
            match Self::launch(&program).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(_) if attempt < START_ATTEMPTS => {}
                Err(error) => panic!("pdns: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(program: &Path) -> io::Result<Self> {
        let [dns, port] = free_ports()?;
        let dir = TempDir::new()?;
        let folder = dir.path().display();
        let schema = std::fs::File::open(SCHEMA)?;
        let database = dir.path().join("pdns.sqlite3");
        let made =
            Command::new("sqlite3").arg(&database).stdin(schema).stdout(Stdio::null()).status()?;
        if !made.success() {
            return Err(io::Error::other("sqlite3 could not make the store"));
        }
        let config = format!(
            "launch=gsqlite3\ngsqlite3-database={folder}/pdns.sqlite3\ngsqlite3-pragma-synchronous=0\n\
             local-address=127.0.0.1\nlocal-port={dns}\napi=yes\napi-key={KEY}\nwebserver=yes\n\
             webserver-address=127.0.0.1\nwebserver-port={port}\nwebserver-allow-from=127.0.0.0/8\n\
             webserver-loglevel=normal\nloglevel=6\nsocket-dir={folder}\nsetuid=\nsetgid=\ncache-ttl=0\n\
             query-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\n"
        );
        std::fs::write(dir.path().join("pdns.conf"), config)?;
        let mut command = Command::new(program);
        command.args([
            &format!("--config-dir={folder}"),
            "--guardian=no",
            "--daemon=no",
            "--disable-syslog",
            "--write-pid=no",
        ]);
        let server = Daemon::spawn("pdns", dir, &mut command)?;
        let mut pdns = Self { server, command, port, dns_port: dns };
        pdns.ready().await?;
        Ok(pdns)
    }

    async fn ready(&mut self) -> io::Result<()> {
        let port = self.port;
        let is_ready = async || {
            call(port, "GET", "", &Value::Null).await.is_ok_and(|(status, _)| status == 200)
        };
        self.server.ready(BOUND, is_ready).await
    }

    /// Kills the process where it stands, and keeps its zones.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again on the same ports, with the zones that it left.
    pub async fn restart(&mut self) {
        let restarted = self.server.restart(&mut self.command);
        restarted.unwrap_or_else(|error| panic!("pdns: {error}"));
        self.ready().await.unwrap_or_else(|error| panic!("pdns: {error}"));
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has logged: one line for each request.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Makes a zone of this kind (`Native`, `Slave`).
    pub async fn create_zone(&self, name: &str, kind: &str) {
        let mut zone = json!({ "name": format!("{name}."), "kind": kind });
        if kind == "Slave" {
            zone["masters"] = json!(["192.0.2.53"]);
        } else {
            zone["nameservers"] = json!(["ns1.example.net."]);
        }
        let (status, answer) = self.call("POST", "/zones", &zone).await;
        assert_eq!(status, 201, "zone {name}: {answer}");
    }

    /// A zone with its record sets, as the API shows it.
    pub async fn zone(&self, name: &str) -> Value {
        let (status, zone) = self.call("GET", &format!("/zones/{name}."), &Value::Null).await;
        assert_eq!(status, 200, "zone {name}: {zone}");
        zone
    }

    /// Changes a zone: the status and the answer.
    pub async fn patch(&self, name: &str, body: &Value) -> (u16, Value) {
        self.call("PATCH", &format!("/zones/{name}."), body).await
    }

    /// The status and the answer of a request, by its path below the server, as a proxy passes it on.
    pub async fn pass(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.call(method, path, body).await
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = call(self.port, method, path, body).await;
        answer.unwrap_or_else(|error| panic!("pdns: {method} {path}: {error}"))
    }
}

async fn call(port: u16, method: &str, path: &str, body: &Value) -> io::Result<(u16, Value)> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let head = format!(
        "{method} /api/v1/servers/localhost{path} HTTP/1.1\r\nhost: pdns\r\nx-api-key: {KEY}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body)? };
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, body))
}
