//! A real BIND with zones that take updates, as a child process of the test. `tests/setup named` installs it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::dns::zone_file;
use crate::kube::pki::Authority;
use crate::process::{Daemon, free_ports, set_up, skip};

/// Its TSIG keys: the name, the algorithm and the secret.
pub const KEYS: [[&str; 3]; 5] = [
    ["key-sha1.test", "hmac-sha1", "c2VjcmV0LW9mLWtleS1zaGExIQ=="],
    ["key-sha224.test", "hmac-sha224", "c2VjcmV0LW9mLWtleS1zaGEyMjQ="],
    ["key-sha256.test", "hmac-sha256", "c2VjcmV0LW9mLWtleS1zaGEyNTY="],
    ["key-sha384.test", "hmac-sha384", "c2VjcmV0LW9mLWtleS1zaGEzODQ="],
    ["key-sha512.test", "hmac-sha512", "c2VjcmV0LW9mLWtleS1zaGE1MTI="],
];

/// Who may transfer and update the zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access<'a> {
    /// Everybody on this machine.
    Open,
    /// Who signs with one of the [`KEYS`].
    Keys,
    /// Everybody on this machine may transfer them; only this user of Kerberos (`name@REALM`) may update them. The server
    /// has its keys from a file.
    Kerberos {
        /// The user.
        user: &'a str,
        /// The file with the keys of `DNS/localhost`.
        keytab: &'a Path,
    },
}

const BOUND: Duration = Duration::from_secs(30);
const START_ATTEMPTS: usize = 3;

/// A running server; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct Bind {
    server: Option<Daemon>,
    program: PathBuf,
    /// Its configuration and zones, which outlive the process.
    files: TempDir,
    /// Its port for DNS.
    pub port: u16,
    /// Its port for DNS over TLS, with a certificate for `localhost` of the authority in [`ca_file`](Self::ca_file).
    pub tls_port: u16,
}

impl Bind {
    /// A server for `test` alone, with these zones. `None`, said on standard error, where it cannot be installed; with
    /// `CI=true` that fails.
    pub async fn start_or_skip(test: &str, zones: &[&str], access: Access<'_>) -> Option<Self> {
        let Some(program) = set_up("named").await else {
            skip(test, "named");
            return None;
        };
        for attempt in 1.. {
            match Self::launch(&program, zones, access).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(_) if attempt < START_ATTEMPTS => {}
                Err(error) => panic!("named: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(program: &Path, zones: &[&str], access: Access<'_>) -> io::Result<Self> {
        let [port, tls_port] = free_ports()?;
        let dir = TempDir::new()?;
        let path = |name: &str| dir.path().join(name);
        let authority = Authority::new();
        let (certificate, key) = authority.server();
        std::fs::write(path("ca.crt"), authority.certificate())?;
        std::fs::write(path("server.crt"), certificate)?;
        std::fs::write(path("server.key"), key)?;
        for zone in zones {
            std::fs::write(path(&format!("{zone}.zone")), zone_file(zone))?;
        }
        std::fs::write(
            path("named.conf"),
            config(&dir.path().display().to_string(), port, tls_port, zones, access),
        )?;
        let program = program.to_owned();
        let mut bind = Self { server: None, program, files: dir, port, tls_port };
        bind.run().await?;
        Ok(bind)
    }

    async fn run(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command.args(["-g", "-c"]).arg(self.files.path().join("named.conf"));
        let dir = TempDir::new()?;
        let log = dir.path().join("named.log");
        let mut server = Daemon::spawn("named", dir, &mut command)?;
        // It listens before it has loaded the zones.
        let is_ready = async || {
            std::fs::read_to_string(&log).is_ok_and(|log| log.contains("all zones loaded"))
                && TcpStream::connect(("127.0.0.1", self.tls_port)).await.is_ok()
        };
        server.ready(BOUND, is_ready).await?;
        self.server = Some(server);
        Ok(())
    }

    /// Kills the process where it stands, and keeps its zones.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again on the same ports, with the zones that it left.
    pub async fn restart(&mut self) {
        self.kill();
        self.run().await.unwrap_or_else(|error| panic!("named: {error}"));
    }

    /// The file with the authority (PEM) of its certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.files.path().join("ca.crt")
    }

    /// What it has logged since it was started.
    pub fn log(&self) -> String {
        self.server.as_ref().map(Daemon::log).unwrap_or_default()
    }
}

fn config(dir: &str, port: u16, tls_port: u16, zones: &[&str], access: Access<'_>) -> String {
    let keys = KEYS.map(|[name, algorithm, secret]| {
        format!("key \"{name}\" {{ algorithm {algorithm}; secret \"{secret}\"; }};\n")
    });
    let keys_may = || KEYS.map(|[name, ..]| format!("key \"{name}\";")).concat();
    let here = "127.0.0.0/8;".to_owned();
    let (readers, writers) = match access {
        Access::Open => (here.clone(), format!("allow-update {{ {here} }};")),
        Access::Keys => (keys_may(), format!("allow-update {{ {} }};", keys_may())),
        Access::Kerberos { user, .. } => {
            (here, format!("update-policy {{ grant \"{user}\" zonesub ANY; }};"))
        }
    };
    let keytab = match access {
        Access::Kerberos { keytab, .. } => format!("tkey-gssapi-keytab \"{}\";", keytab.display()),
        Access::Open | Access::Keys => String::new(),
    };
    let zones: String = zones
        .iter()
        .map(|zone| {
            format!(
                "zone \"{zone}\" {{ type primary; file \"{dir}/{zone}.zone\"; {writers} \
                 allow-transfer {{ {readers} }}; }};\n"
            )
        })
        .collect();
    format!(
        "options {{ directory \"{dir}\"; pid-file none; session-keyfile none; lock-file none; listen-on-v6 {{ none; }};\n\
         listen-on port {port} {{ 127.0.0.1; }}; listen-on port {tls_port} tls own {{ 127.0.0.1; }};\n\
         recursion no; notify no; dnssec-validation no; check-names primary ignore; tcp-clients 1000; {keytab} }};\n\
         tls own {{ cert-file \"{dir}/server.crt\"; key-file \"{dir}/server.key\"; protocols {{ TLSv1.3; }}; }};\n\
         controls {{ }};\n{}{zones}",
        keys.concat()
    )
}
