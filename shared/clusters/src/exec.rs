//! Credential plugins: a command of the kubeconfig that prints a token or a client certificate.
//!
//! The client library runs them, too, but three times for a client, without a time limit, and with their output, the
//! token, in its errors.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ecow::EcoString;
use extdns_auth::secrets;
use jiff::Timestamp;
use kube::config::{AuthInfo, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::error::io_words;

/// The question, in the environment of the plugin.
#[derive(Serialize)]
struct Question<'a> {
    kind: &'static str,
    #[serde(rename = "apiVersion")]
    api_version: &'a Option<String>,
    spec: Spec<'a>,
}

#[derive(Serialize)]
struct Spec<'a> {
    interactive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a ExecAuthCluster>,
}

/// The answer, on its standard output.
#[derive(Deserialize)]
struct Answer {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<SecretText>,
    client_certificate_data: Option<SecretText>,
    client_key_data: Option<SecretText>,
    expiration_timestamp: Option<EcoString>,
}

#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

/// Runs the plugin, if the user has one, and puts what it says in its place. Until when that holds, where it says so.
pub(crate) async fn resolve(
    auth: &mut AuthInfo,
    timeout: Duration,
) -> Result<Option<SystemTime>, String> {
    let Some(exec) = auth.exec.take() else { return Ok(None) };
    let output = run(&exec, timeout).await?;
    // JSON as a rule; client-go takes YAML, too. A parser's error would quote the token.
    let options = serde_saphyr::options! { with_snippet: false };
    let Answer { status } = serde_saphyr::from_slice_with_options(&output, options)
        .map_err(|_| "its output is no ExecCredential with a status".to_owned())?;
    let until = status.expiration_timestamp.as_deref().and_then(|text| text.parse().ok());
    match status {
        Status {
            client_certificate_data: Some(certificate),
            client_key_data: Some(key),
            token,
            ..
        } => {
            auth.client_certificate_data = Some(encode(&certificate));
            auth.client_key_data = Some(SecretString::from(encode(&key)));
            auth.token = token.map(|token| token.0);
        }
        Status { token: Some(token), .. } if !token.0.expose_secret().is_empty() => {
            auth.token = Some(token.0);
        }
        _ => {
            return Err(
                "its output has neither a token nor a client certificate with its key".to_owned()
            );
        }
    }
    Ok(until.map(|until: Timestamp| until.into()))
}

/// As it would stand in a kubeconfig.
fn encode(pem: &SecretText) -> String {
    BASE64_STANDARD.encode(pem.0.expose_secret())
}

/// What a plugin printed, and how it ended.
struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

async fn run(exec: &ExecConfig, timeout: Duration) -> Result<Vec<u8>, String> {
    let output = tokio::time::timeout(timeout, output(command(exec)?)).await.map_err(|_| {
        format!("no answer within {timeout:?} (--kube-api-request-timeout); it was killed")
    })?;
    let output = output.map_err(|error| {
        let hint = exec.install_hint.as_deref().map_or("is it installed?", str::trim);
        format!("it cannot be started: {}; {hint}", io_words(&error))
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last_line = said.trim().lines().next_back().unwrap_or("without a word on standard error");
    Err(format!("it failed with {}: {}", output.status, secrets::redact(last_line)))
}

/// Waits for the plugin. Whoever waits no longer kills it, with everything that it has started.
async fn output(mut command: Command) -> io::Result<Output> {
    let mut child = command.spawn()?;
    let mut group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
    let status = child.wait().await?;
    group.0 = None;
    Ok(Output { status, stdout, stderr })
}

/// The most that is read of a plugin: a token and a certificate are far smaller.
const MOST: u64 = 1 << 20;

async fn read(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if let Some(stream) = stream {
        stream.take(MOST).read_to_end(&mut text).await?;
    }
    Ok(text)
}

/// The processes of a plugin, killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Those that have ended by themselves are no loss.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn command(exec: &ExecConfig) -> Result<Command, String> {
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err("it needs a terminal (interactiveMode: Always), and a run has none".to_owned());
    }
    let program = exec.command.as_deref().ok_or("`command` is missing")?;
    let question = Question {
        kind: "ExecCredential",
        api_version: &exec.api_version,
        spec: Spec { interactive: false, cluster: exec.cluster.as_ref() },
    };
    let question = serde_json::to_string(&question).map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    let variables = exec.env.iter().flatten();
    command
        .args(exec.args.iter().flatten())
        .envs(variables.filter_map(|pair| Some((pair.get("name")?, pair.get("value")?))))
        .env("KUBERNETES_EXEC_INFO", question)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}
