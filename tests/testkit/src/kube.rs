//! The real API server of Kubernetes with an etcd below it, as child processes of the test.
//!
//! There are no controllers: nothing fills EndpointSlices or the status of a LoadBalancer (a test writes them with
//! [`KubeApi::apply`]), a deleted namespace stays `Terminating`, Pods stay `Pending`. The binaries come from the folder
//! `KUBEBUILDER_ASSETS`, else `tests/setup kube` builds them once.

mod objects;
pub(crate) mod pki;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::kube::Client;
use ::kube::config::{Config, KubeConfigOptions, Kubeconfig};
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

use crate::process::{Daemon, free_ports, set_up, skip};
pub use objects::documents;
use pki::Authority;
pub use pki::ClientCertificate;

/// The bearer token of a member of `system:masters`, who may do everything.
pub const ADMIN_TOKEN: &str = "admin-token";
/// The bearer token of a member of [`READERS`].
pub const READER_TOKEN: &str = "reader-token";
/// The group of [`READER_TOKEN`]. It may do nothing until [`KubeApi::grant`] gives it rules.
pub const READERS: &str = "readers";

const BOUND: Duration = Duration::from_secs(30);
const START_ATTEMPTS: usize = 3;

/// How a client says who it is: the `user` of a kubeconfig.
#[derive(Clone, Copy, Debug)]
pub enum Login<'a> {
    /// By a bearer token.
    Token(&'a str),
    /// By a client certificate of [`KubeApi::client_certificate`].
    Certificate(&'a ClientCertificate),
    /// As this `user` entry of a kubeconfig says.
    Custom(&'a Value),
}

/// [`Login`] by [`ADMIN_TOKEN`].
pub const ADMIN: Login<'static> = Login::Token(ADMIN_TOKEN);
/// [`Login`] by [`READER_TOKEN`].
pub const READER: Login<'static> = Login::Token(READER_TOKEN);

/// A kubeconfig with this `cluster` entry. Cluster, user and context are all called `test`.
pub(crate) fn kubeconfig(cluster: &Value, login: Login<'_>) -> Value {
    let user = match login {
        Login::Token(token) => json!({ "token": token }),
        Login::Certificate(certificate) => certificate.user(),
        Login::Custom(user) => user.clone(),
    };
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "test", "cluster": cluster }],
        "users": [{ "name": "test", "user": user }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
        "current-context": "test",
    })
}

/// A running API server. It and its etcd end when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct KubeApi {
    // Declared, and so dropped, from the top: the API server goes before its store.
    server: Daemon,
    _etcd: Daemon,
    etcd_port: u16,
    port: u16,
    authority: Authority,
    written: AtomicUsize,
}

static SHARED: OnceCell<Option<KubeApi>> = OnceCell::const_new();

impl KubeApi {
    /// A server for `test` alone, ready after two to three seconds. `None`, said on standard error, where there are no
    /// binaries; with `CI=true` that fails.
    pub async fn start_or_skip(test: &str) -> Option<Self> {
        Self::start_with_or_skip(test, &[]).await
    }

    /// [`KubeApi::start_or_skip`] with more flags of kube-apiserver.
    pub async fn start_with_or_skip(test: &str, flags: &[&str]) -> Option<Self> {
        let started = Self::start(flags).await;
        if started.is_none() {
            skip(test, "kube-apiserver");
        }
        started
    }

    /// The one server of this test process, for tests that keep to a [`KubeApi::namespace`] and to groups of their own.
    /// `None` as for [`KubeApi::start_or_skip`].
    pub async fn shared_or_skip(test: &str) -> Option<&'static Self> {
        let shared = SHARED.get_or_init(|| Self::start(&[])).await.as_ref();
        if shared.is_none() {
            skip(test, "kube-apiserver");
        }
        shared
    }

    async fn start(flags: &[&str]) -> Option<Self> {
        let assets = set_up("kube").await?;
        for attempt in 1.. {
            match Self::launch(&assets, flags).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse && attempt < START_ATTEMPTS => {}
                Err(error) => panic!("kube-apiserver: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(assets: &Path, flags: &[&str]) -> io::Result<Self> {
        let [etcd_port, peer_port, port] = free_ports()?;
        let etcd = launch_etcd(assets, etcd_port, peer_port).await?;
        let authority = Authority::new();
        let server = launch_server(assets, etcd_port, port, &authority, flags)?;
        let written = AtomicUsize::new(0);
        let mut api = Self { server, _etcd: etcd, etcd_port, port, authority, written };
        let client = api.client(ADMIN).await;
        let ready = async || {
            let request = Request::get("/readyz").body(Vec::new()).expect("a request of constants");
            client.request_text(request).await.is_ok_and(|answer| answer == "ok")
        };
        api.server.ready(BOUND, ready).await?;
        Ok(api)
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The file with the certificate authority (PEM) of the server, and of its clients.
    pub fn ca_file(&self) -> PathBuf {
        self.server.dir().join("ca.crt")
    }

    /// The process id of kube-apiserver.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// What kube-apiserver has logged.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Makes the store forget everything but what is there now, as kube-apiserver has it done every five minutes. It
    /// blocks, so that a test can call it in the middle of a list.
    pub fn compact(&self) {
        // `compact_rev_key`, under which it notes that too: what was read before is the past now.
        let note = json!({ "key": "Y29tcGFjdF9yZXZfa2V5", "value": "MA==" });
        let now = self.ask_etcd("/v3/kv/put", &note);
        let revision = now["header"]["revision"].as_str().expect("etcd says its revision");
        let compaction = json!({ "revision": revision, "physical": true });
        let done = self.ask_etcd("/v3/kv/compaction", &compaction);
        assert_eq!(done.get("code"), None, "etcd refuses a compaction: {done}");
    }

    fn ask_etcd(&self, path: &str, body: &Value) -> Value {
        let answer = post(self.etcd_port, path, body);
        answer.unwrap_or_else(|error| panic!("etcd: {path}: {error}"))
    }

    /// A certificate that makes its holder `user`, a member of `group`.
    pub fn client_certificate(&self, user: &str, group: &str) -> ClientCertificate {
        self.authority.client(user, group)
    }

    /// A kubeconfig for this server. Cluster, user and context are all called `test`; the test may edit what it gets.
    pub fn kubeconfig(&self, login: Login) -> Value {
        let cluster = json!({ "server": self.url(), "certificate-authority": self.ca_file() });
        kubeconfig(&cluster, login)
    }

    /// Writes a kubeconfig to a new file in the server's folder.
    pub fn write_kubeconfig(&self, kubeconfig: &Value) -> PathBuf {
        let path = self.server.dir().join(format!("kubeconfig-{}", self.next()));
        fs::write(&path, kubeconfig.to_string())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// A client of its own: one that is shared would belong to the runtime of the test that made it.
    pub async fn client(&self, login: Login<'_>) -> Client {
        let kubeconfig: Kubeconfig =
            serde_json::from_value(self.kubeconfig(login)).expect("a kubeconfig");
        let config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        Client::try_from(config.expect("a kubeconfig that can be used")).expect("a client")
    }

    /// A number that this server has not given before.
    fn next(&self) -> usize {
        self.written.fetch_add(1, Ordering::Relaxed)
    }
}

async fn launch_etcd(assets: &Path, port: u16, peer_port: u16) -> io::Result<Daemon> {
    let dir = TempDir::new()?;
    let (client, peer) =
        (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer_port}"));
    let mut command = Command::new(assets.join("etcd"));
    command
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args([
            "--initial-cluster",
            &format!("default={peer}"),
            "--log-level",
            "warn",
            "--unsafe-no-fsync",
        ])
        .arg("--data-dir")
        .arg(dir.path().join("data"));
    let mut etcd = Daemon::spawn("etcd", dir, &mut command)?;
    etcd.ready(BOUND, async || etcd_is_healthy(port).await.unwrap_or(false)).await?;
    Ok(etcd)
}

async fn etcd_is_healthy(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: etcd\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.contains("true"))
}

/// The answer of etcd's JSON gateway.
fn post(port: u16, path: &str, body: &Value) -> io::Result<Value> {
    let body = body.to_string();
    let head = format!("POST {path} HTTP/1.0\r\nhost: etcd\r\ncontent-length: {}", body.len());
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(BOUND))?;
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, json) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    Ok(serde_json::from_str(json)?)
}

fn launch_server(
    assets: &Path,
    etcd_port: u16,
    port: u16,
    authority: &Authority,
    more: &[&str],
) -> io::Result<Daemon> {
    let dir = TempDir::new()?;
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        fs::write(&path, content).map(|()| path.display().to_string())
    };
    let tokens = format!(
        "{ADMIN_TOKEN},admin,1,\"system:masters\"\n{READER_TOKEN},reader,2,\"{READERS}\"\n"
    );
    let (certificate, key) = authority.server();
    let (account_key, account_public_key) = pki::key_pair();
    let account_key = file("account.key", &account_key)?;
    let ca = file("ca.crt", &authority.certificate())?;
    let flags = [
        ("etcd-servers", format!("http://127.0.0.1:{etcd_port}")),
        ("bind-address", "127.0.0.1".to_owned()),
        ("secure-port", port.to_string()),
        ("cert-dir", dir.path().join("certs").display().to_string()),
        ("tls-cert-file", file("server.crt", &certificate)?),
        ("tls-private-key-file", file("server.key", &key)?),
        ("client-ca-file", ca),
        ("token-auth-file", file("tokens.csv", &tokens)?),
        ("service-account-issuer", "https://kubernetes.default.svc".to_owned()),
        ("service-account-key-file", file("account.pub", &account_public_key)?),
        ("service-account-signing-key-file", account_key),
        ("service-cluster-ip-range", "10.96.0.0/16".to_owned()),
        ("authorization-mode", "RBAC".to_owned()),
        // No controller makes the accounts that this plugin asks for.
        ("disable-admission-plugins", "ServiceAccount".to_owned()),
        ("endpoint-reconciler-type", "none".to_owned()),
        ("profiling", "false".to_owned()),
    ];
    let mut command = Command::new(assets.join("kube-apiserver"));
    command.args(flags.iter().map(|(name, value)| format!("--{name}={value}"))).args(more);
    Daemon::spawn("kube-apiserver", dir, &mut command)
}
