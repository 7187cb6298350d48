//! What is told outside after a run that may write: people by `--notify`, a store of metrics by `--metrics-push`. Neither is the
//! reason for a failed run, and both together take no longer than [`LONGEST`].

mod form;
mod push;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use extdns_auth::{HttpClient, HttpOptions, Url, http_client, secrets, send};
use futures::future::join_all;
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::report::{Digest, Report};
use crate::settings::{CommandArgs, SettingsError};

use form::Form;
use push::Push;

/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(5);

/// Where a run tells what it did.
#[derive(Debug, Default)]
pub struct Outlets {
    /// Made only where there is something to tell.
    client: Option<HttpClient>,
    notified: Vec<(Form, Url)>,
    pushed: Option<Push>,
    /// What was told of a run that changed nothing: in a loop it is not told again as long as it stays so.
    last: Mutex<Option<Digest>>,
}

impl Outlets {
    /// Those of the flags.
    ///
    /// # Errors
    /// When a URL is none.
    pub(crate) fn of(flags: &CommandArgs) -> Result<Self, SettingsError> {
        let notified: Vec<(Form, Url)> =
            flags.notify.iter().map(|text| target(text)).collect::<Result<_, _>>()?;
        let pushed = flags.metrics_push.as_deref().map(|text| url("--metrics-push", text));
        let pushed = pushed.transpose()?.map(Push::to);
        let client = match notified.is_empty() && pushed.is_none() {
            true => None,
            false => {
                let options = HttpOptions { timeout: Some(LONGEST), ..HttpOptions::default() };
                Some(http_client(&options).map_err(SettingsError::invalid)?)
            }
        };
        Ok(Self { client, notified, pushed, last: Mutex::default() })
    }

    /// Tells of a run. What cannot be told is a warning.
    pub(crate) async fn tell(&self, report: &Report) {
        let Some(client) = &self.client else { return };
        let news = self.news(report);
        let told = self.notified.iter().filter_map(|(form, url)| {
            let body = form.body(news.as_ref()?, report);
            Some(("--notify", as_json(client.post(url.clone()), &body)))
        });
        let pushed =
            self.pushed.as_ref().map(|push| ("--metrics-push", push.request(client, report)));
        let sent = told.chain(pushed).map(|(flag, request)| deliver(flag, request));
        if tokio::time::timeout(LONGEST, join_all(sent)).await.is_err() {
            tracing::warn!(
                "--notify, --metrics-push: there was no answer within {} s, so the run goes on without it",
                LONGEST.as_secs()
            );
        }
    }

    /// What people want to know: that something changed, or that something is wrong and was not before.
    fn news(&self, report: &Report) -> Option<Digest> {
        let digest = Digest::of(report)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = !digest.has_changes && last.as_ref() == Some(&digest);
        *last = (!digest.has_changes).then(|| digest.clone());
        (!is_known).then_some(digest)
    }
}

/// A request with this body.
fn as_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body.to_string())
}

async fn deliver(flag: &str, request: RequestBuilder) {
    let problem = match send(request).await {
        Ok(answer) if answer.status().is_success() => return,
        Ok(answer) => format!("the answer was {}", answer.status()),
        // The URL is a secret of its own.
        Err(error) => format!("the request failed: {}", error.without_url()),
    };
    tracing::warn!("{flag}: {problem}; what the run did is not affected");
}

/// `https://hooks.slack.com/..`, or `slack+https://..` where the host does not tell what the service expects.
fn target(text: &str) -> Result<(Form, Url), SettingsError> {
    let (named, rest) = match text.split_once('+') {
        Some((name, rest)) if !name.contains(':') => (Some(name), rest),
        _ => (None, text),
    };
    let url = url("--notify", rest)?;
    // Who knows the path may write there.
    secrets::register(url.path().trim_start_matches('/'));
    let form = match named {
        None => Form::of_host(url.host_str().unwrap_or_default()),
        Some(name) => Form::named(name).ok_or_else(|| {
            SettingsError::Invalid(format!(
                "--notify: the form {name:?} is not known; use slack, teams or json"
            ))
        })?,
    };
    Ok((form, url))
}

fn url(flag: &str, text: &str) -> Result<Url, SettingsError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| {
        SettingsError::Invalid(format!("{flag} holds no URL that begins with https:// or http://"))
    })
}
