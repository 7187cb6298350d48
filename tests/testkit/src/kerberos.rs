//! A real Kerberos KDC (MIT) as a child process of the test, with a realm of its own. `tests/setup kerberos` installs it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::process::{Daemon, free_ports, set_up, skip};

/// The realm of every KDC of a test.
pub const REALM: &str = "EXTDNS.TEST";

const BOUND: Duration = Duration::from_secs(30);
const START_ATTEMPTS: usize = 3;

/// How a KDC differs from the usual one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odd {
    /// Its tickets end after this many seconds; 0 for an hour.
    pub ticket_seconds: u32,
    /// Its clock is an hour ahead, and its clients trust their own.
    pub is_ahead: bool,
}

/// A running KDC; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct Kdc {
    server: Daemon,
    config: PathBuf,
}

impl Kdc {
    /// A KDC for `test` alone. Its clients find it by the file `config`, which is written here: the variable `KRB5_CONFIG` of
    /// a process names that. `None`, said on standard error, where it cannot be installed; with `CI=true` that fails.
    pub async fn start_or_skip(test: &str, config: &Path, odd: Odd) -> Option<Self> {
        let Some(program) = set_up("kerberos").await else {
            skip(test, "kerberos");
            return None;
        };
        for attempt in 1.. {
            match Self::launch(&program, config, odd).await {
                Ok(server) => return Some(server),
                // Between picking a port and using it, another test may have got it.
                Err(_) if attempt < START_ATTEMPTS => {}
                Err(error) => panic!("krb5kdc: {error}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    async fn launch(program: &Path, config: &Path, odd: Odd) -> io::Result<Self> {
        let [port] = free_ports()?;
        let dir = TempDir::new()?;
        let folder = dir.path().display();
        let trusts = if odd.is_ahead { "kdc_timesync = 0" } else { "" };
        std::fs::write(
            config,
            format!(
                "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n \
                 dns_canonicalize_hostname = false\n rdns = false\n {trusts}\n[realms]\n {REALM} = {{\n  \
                 kdc = 127.0.0.1:{port}\n }}\n"
            ),
        )?;
        let life = if odd.ticket_seconds == 0 { 3600 } else { odd.ticket_seconds };
        std::fs::write(
            dir.path().join("kdc.conf"),
            format!(
                "[realms]\n {REALM} = {{\n  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n  \
                 acl_file = {folder}/acl\n  kdc_listen = 127.0.0.1:{port}\n  kdc_tcp_listen = 127.0.0.1:{port}\n  \
                 max_life = {life}s\n }}\n[logging]\n kdc = STDERR\n"
            ),
        )?;
        let own = Self::command("kdb5_util", config, dir.path());
        run(own, &["-r", REALM, "create", "-s", "-P", "a master key"])?;
        let mut command = Self::command(&program.display().to_string(), config, dir.path());
        if odd.is_ahead {
            let mut ahead = Command::new("faketime");
            ahead.args(["-f", "+1h"]).arg(program);
            let folder = dir.path().join("kdc.conf");
            ahead.env("KRB5_CONFIG", config).env("KRB5_KDC_PROFILE", folder);
            command = ahead;
        }
        command.args(["-n", "-r", REALM]);
        let mut server = Daemon::spawn("krb5kdc", dir, &mut command)?;
        let is_ready = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        server.ready(BOUND, is_ready).await?;
        Ok(Self { server, config: config.to_owned() })
    }

    /// A program of Kerberos, which knows where all is.
    fn command(program: &str, config: &Path, dir: &Path) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command.env("PATH", format!("{path}:/usr/sbin")).env("KRB5_CONFIG", config);
        command.env("KRB5_KDC_PROFILE", dir.join("kdc.conf"));
        command
    }

    /// Makes a user with a password.
    pub fn add_user(&self, name: &str, password: &str) {
        self.administer(&format!("addprinc -pw {password} +requires_preauth {name}"));
    }

    /// Makes a service, and gives the file with its keys.
    pub fn add_service(&self, principal: &str) -> PathBuf {
        let file = self.server.dir().join(principal.replace('/', "-"));
        self.administer(&format!("addprinc -randkey {principal}"));
        self.administer(&format!("ktadd -k {} {principal}", file.display()));
        file
    }

    /// Gives a service other keys, of which those that it has know nothing.
    pub fn change_keys(&self, principal: &str) {
        self.administer(&format!("cpw -randkey {principal}"));
    }

    /// How many tickets for a service it has given.
    pub fn tickets(&self, service: &str) -> usize {
        let log = self.server.log();
        log.lines().filter(|line| line.contains("TGS_REQ") && line.contains(service)).count()
    }

    fn administer(&self, command: &str) {
        let own = Self::command("kadmin.local", &self.config, self.server.dir());
        run(own, &["-r", REALM, "-q", command])
            .unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

fn run(mut command: Command, words: &[&str]) -> io::Result<()> {
    let output = command.args(words).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    // `kadmin.local` succeeds whatever becomes of its command.
    let failed = said.contains("while ");
    match output.status.success() && !failed {
        true => Ok(()),
        false => Err(io::Error::other(format!("{words:?}: {said}"))),
    }
}
