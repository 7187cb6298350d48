//! The token of another service, which Google exchanges: out of a file, from a URL or a program, or an identity of
//! AWS. <https://google.aip.dev/auth/4117>

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;

use super::asking::Asking;
use super::forms::{ExternalAccount, Format, Program, Source, email_of};
use crate::call::{Fault, bytes};

/// Longest time of a program, where nothing else is said.
const PROGRAM_TIME: Duration = Duration::from_secs(30);

pub(super) async fn token(asking: Asking<'_>, own: &ExternalAccount) -> Result<String, Fault> {
    match &own.credential_source {
        Source::File { file, format } => {
            let text = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()));
            let text = text.and_then(|text| {
                format.token(&text).map_err(|reason| format!("{}: {reason}", file.display()))
            });
            text.map_err(|reason| Fault::lasting(format!("the token file {reason}")))
        }
        Source::Url { url, headers, format } => of_url(asking, url, headers, format).await,
        Source::Program { executable } => of_program(asking, own, executable).await,
        #[cfg(feature = "aws")]
        Source::Aws(aws) => super::aws::token(asking.variables, aws, &own.audience).await,
        #[cfg(not(feature = "aws"))]
        Source::Aws(_) => Err(Fault::lasting("this program is built without AWS")),
        Source::Certificate { .. } => Err(Fault::lasting(
            "its credential_source is an X.509 certificate, which cannot be used; make the file again with gcloud iam \
             workload-identity-pools create-cred-config and --credential-source-file, --credential-source-url, \
             --executable-command or --aws",
        )),
        Source::Other(_) => Err(Fault::lasting(
            "its credential_source is of no known kind; a file, a url, an executable and AWS can be used",
        )),
    }
}

/// Some sources are servers on the machine or its network, so `http` is fine: the file says so.
async fn of_url(
    asking: Asking<'_>,
    url: &str,
    headers: &BTreeMap<String, String>,
    format: &Format,
) -> Result<String, Fault> {
    let mut request = asking.clients.direct().get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let body = bytes(request).await?;
    format.token(&body).map_err(|reason| Fault::lasting(format!("the answer of {url}: {reason}")))
}

impl Format {
    fn token(&self, text: &[u8]) -> Result<String, String> {
        let text = String::from_utf8_lossy(text);
        let token = match self.kind.as_str() {
            "json" => {
                let json: Value =
                    serde_json::from_str(&text).map_err(|_| "it is no JSON".to_owned())?;
                let field = &self.subject_token_field_name;
                let token = json[field.as_str()].as_str().map(ToOwned::to_owned);
                token.ok_or_else(|| format!("it has no text in {field:?}"))?
            }
            _ => text.trim().to_owned(),
        };
        if token.is_empty() { Err("it is empty".to_owned()) } else { Ok(token) }
    }
}

/// What a program prints.
#[derive(Deserialize)]
struct Printed {
    success: bool,
    id_token: Option<String>,
    saml_response: Option<String>,
    expiration_time: Option<u64>,
    code: Option<String>,
    message: Option<String>,
}

impl Printed {
    fn token(self) -> Result<String, Fault> {
        if !self.success {
            let (code, message) = (self.code.unwrap_or_default(), self.message.unwrap_or_default());
            return Err(Fault::lasting(format!("the program says: {code} {message}")));
        }
        let token = self.id_token.or(self.saml_response);
        token.ok_or_else(|| Fault::lasting("the program printed no token"))
    }

    fn holds(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.success && self.expiration_time.is_some_and(|until| now + 60 < until)
    }
}

async fn of_program(
    asking: Asking<'_>,
    own: &ExternalAccount,
    program: &Program,
) -> Result<String, Fault> {
    if !asking.variables.may_run_programs() {
        return Err(Fault::lasting(
            "it names a program; set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 to let it run",
        ));
    }
    if let Some(kept) = program.output_file.as_deref().and_then(kept) {
        return kept.token();
    }
    let mut words = program.command.split_whitespace();
    let name = words.next().unwrap_or_default();
    let mut command = Command::new(name);
    command
        .args(words)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .env("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", &own.audience)
        .env("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", &own.subject_token_type)
        .env("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0");
    if let Some(url) = &own.service_account_impersonation_url {
        command.env("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL", email_of(url));
    }
    if let Some(file) = &program.output_file {
        command.env("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", file);
    }
    let time = program.timeout_millis.map_or(PROGRAM_TIME, Duration::from_millis);
    let failed = |reason: String| Fault::lasting(format!("the program {name:?}: {reason}"));
    let output = tokio::time::timeout(time, command.output())
        .await
        .map_err(|_| failed(format!("it did not end within {time:?}")))?
        .map_err(|error| failed(error.to_string()))?;
    let printed: Printed = serde_json::from_slice(&output.stdout)
        .map_err(|_| failed(format!("it ended with {} and no token", output.status)))?;
    printed.token()
}

/// What a program left in its file, if it still holds.
fn kept(file: &Path) -> Option<Printed> {
    let printed: Printed = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    printed.holds().then_some(printed)
}
