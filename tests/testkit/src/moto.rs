//! moto, the emulator of AWS that others wrote, as a child process of the test.
//!
//! It is good for the wire format: SDK, signing, paging, decoding, accounts. Its Route 53 is wrong where it matters
//! (batches are not atomic, `DELETE` is not exact, nothing is throttled, `*` stays as it is): there the simulator of
//! [`route53`](crate::route53) is the judge. `tests/setup moto` installs it once, and the AWS CLI with it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::{Daemon, free_ports, set_up, skip};

/// The account of every access key that no role gave out.
pub const ACCOUNT: &str = "123456789012";
/// The region of [`Moto::variables`].
pub const REGION: &str = "eu-west-1";

const BOUND: Duration = Duration::from_secs(60);
const START_ATTEMPTS: usize = 3;

/// An EKS cluster that is there from the beginning.
#[derive(Clone, Debug)]
pub struct EksCluster {
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `CREATING`, ..
    pub status: String,
    /// URL of its API server; `None` while it is made.
    pub endpoint: Option<String>,
    /// Certificate authority of the API server (PEM).
    pub ca: String,
}

impl EksCluster {
    /// An active cluster of [`ACCOUNT`] in [`REGION`].
    pub fn new(name: &str, endpoint: &str, ca: &str) -> Self {
        Self {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            name: name.to_owned(),
            status: "ACTIVE".to_owned(),
            endpoint: Some(endpoint.to_owned()),
            ca: ca.to_owned(),
        }
    }

    fn seed(&self) -> Value {
        json!({
            "account": self.account, "region": self.region, "name": self.name, "status": self.status,
            "endpoint": self.endpoint, "ca": BASE64_STANDARD.encode(&self.ca),
        })
    }
}

/// A running moto; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct Moto {
    server: Daemon,
    port: u16,
    tools: PathBuf,
}

impl Moto {
    /// A server for `test` alone, empty, ready after a second or two. `None`, said on standard error, where it cannot be
    /// installed; with `CI=true` that fails.
    pub async fn start_or_skip(test: &str) -> Option<Self> {
        Self::with_clusters_or_skip(test, &[]).await
    }

    /// The same with EKS clusters.
    pub async fn with_clusters_or_skip(test: &str, clusters: &[EksCluster]) -> Option<Self> {
        let Some(tools) = set_up("moto").await else {
            skip(test, "moto");
            return None;
        };
        for attempt in 1.. {
            match Self::launch(&tools, clusters).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse && attempt < START_ATTEMPTS => {}
                Err(error) => panic!("moto: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(tools: &Path, clusters: &[EksCluster]) -> io::Result<Self> {
        let [port] = free_ports()?;
        let seeds: Vec<Value> = clusters.iter().map(EksCluster::seed).collect();
        let mut command = Command::new(tools.join("bin/python"));
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../moto/server.py"))
            .args([port.to_string(), Value::from(seeds).to_string()])
            // Its log is a file: without this its last words would be lost.
            .env("PYTHONUNBUFFERED", "1");
        let mut server = Daemon::spawn("moto", TempDir::new()?, &mut command)?;
        server.ready(BOUND, async || is_ready(port).await.unwrap_or(false)).await?;
        Ok(Self { server, port, tools: tools.to_owned() })
    }

    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has logged: one line for each request.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// The environment of a process whose AWS is this one: endpoint, keys, region, no instance metadata.
    pub fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", "AKIATEST".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// What the AWS CLI answers, e.g. to `route53 list-hosted-zones`; `Null` where it says nothing. It panics where
    /// the CLI fails. One call takes about a second.
    pub fn aws(&self, arguments: &[&str]) -> Value {
        self.aws_as(&[], arguments)
    }

    /// The same with variables of its own, such as those of a [`Moto::session`].
    pub fn aws_as(&self, variables: &[(&'static str, String)], arguments: &[&str]) -> Value {
        // The CLI takes the endpoint of SQS in a region from a table of its own, and AWS_ENDPOINT_URL does not change that.
        let url = self.url();
        let arguments = [&["--endpoint-url", &url][..], arguments].concat();
        aws(&self.tools, &arguments, &[&self.variables()[..], variables].concat())
    }

    /// The keys of a session of a role, as variables: in the role's account they see what is there.
    pub fn session(&self, role: &str) -> [(&'static str, String); 3] {
        let assume = ["sts", "assume-role", "--role-session-name", "test", "--role-arn", role];
        let keys = &self.aws(&assume)["Credentials"];
        let text = |key: &str| keys[key].as_str().expect("a key").to_owned();
        [
            ("AWS_ACCESS_KEY_ID", text("AccessKeyId")),
            ("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey")),
            ("AWS_SESSION_TOKEN", text("SessionToken")),
        ]
    }
}

/// Runs the AWS CLI of `tests/setup moto` with an environment of its own.
pub fn aws(tools: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Value {
    let output = Command::new(tools.join("bin/python"))
        .args(["-m", "awscli", "--output", "json"])
        .args(arguments)
        .env_clear()
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // The CLI takes its region from here alone.
        .env("AWS_DEFAULT_REGION", REGION)
        .envs(variables.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("aws: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "aws {arguments:?}: {error}");
    if output.stdout.trim_ascii().is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("aws {arguments:?}: {error}"))
}

async fn is_ready(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream
        .write_all(b"GET /moto-api/data.json HTTP/1.1\r\nhost: moto\r\nconnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}
