//! Identities of Google: application default credentials, and the access tokens that they give.
//!
//! They are looked for where Google's own libraries do: the file of `GOOGLE_APPLICATION_CREDENTIALS`, else the one that
//! `gcloud auth application-default login` makes, else the metadata server of the machine or the pod. A file can hold
//! the key of a service account, a user's login, a workload identity of another cloud, or a service account that one of
//! these may be. <https://cloud.google.com/docs/authentication/application-default-credentials>
//!
//! The official crate, `google-cloud-auth`, is not used: it reads the environment of the process, does not say what
//! it tried, and signs the tokens of service accounts itself, which API servers of GKE do not take.

mod asking;
#[cfg(feature = "aws")]
mod aws;
mod error;
mod exchange;
mod forms;
mod metadata;
mod subject;
#[cfg(test)]
mod tests;
mod variables;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::DeserializeOwned;

use self::asking::Asking;
pub use self::error::GoogleError;
use self::forms::{Extras, Form};
pub use self::variables::GoogleVariables;
use crate::call::{self, Clients, Fault};
use crate::held::Held;
use crate::{HttpOptions, Tried, secrets};

/// An access token.
#[derive(Clone)]
pub struct GoogleToken {
    /// Its text.
    pub text: String,
    /// How long it holds from when it was given; `None` where the service does not say.
    pub lasts: Option<Duration>,
}

impl GoogleToken {
    fn new(text: String, seconds: Option<u64>) -> Self {
        Self { text, lasts: seconds.map(Duration::from_secs) }
    }
}

/// The text is not shown.
impl fmt::Debug for GoogleToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleToken").field("lasts", &self.lasts).finish_non_exhaustive()
    }
}

/// Who we are at Google.
pub struct GoogleIdentity {
    clients: Clients,
    source: Source,
    scopes: &'static [&'static str],
    variables: GoogleVariables,
    held: Held,
}

enum Source {
    File {
        path: PathBuf,
        form: Form,
        extras: Extras,
    },
    /// What was tried before.
    Metadata {
        tried: Tried,
    },
}

impl fmt::Debug for GoogleIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GoogleIdentity").field(&self.who()).finish()
    }
}

impl GoogleIdentity {
    /// The first credentials that there are, for tokens with these scopes. Files are read; nothing is sent yet.
    ///
    /// # Errors
    /// When a file is named that cannot be used, or one of the HTTP options cannot.
    pub fn find(
        variables: GoogleVariables,
        scopes: &'static [&'static str],
        http: &HttpOptions,
    ) -> Result<Self, GoogleError> {
        let source = source(&variables)?;
        let clients = Clients::new(http)?;
        Ok(Self { clients, source, scopes, variables, held: Held::default() })
    }

    /// In words, for messages: whose credentials, and where they are.
    #[must_use]
    pub fn who(&self) -> String {
        match &self.source {
            Source::File { path, form, .. } => format!("{} ({})", form.what(), path.display()),
            Source::Metadata { .. } => {
                format!("the service account of {}", self.variables.metadata_host())
            }
        }
    }

    /// What distinguishes these credentials from others; it is secret. Empty where there is nothing.
    #[must_use]
    pub fn secret(&self) -> &str {
        match &self.source {
            Source::File { form, .. } => form.secret(),
            Source::Metadata { .. } => "",
        }
    }

    /// The project that calls are counted for, if it is not that of what is called.
    #[must_use]
    pub fn quota_project(&self) -> Option<&str> {
        let of_file = match &self.source {
            Source::File { extras, .. } => extras.quota_project_id.as_deref(),
            Source::Metadata { .. } => None,
        };
        self.variables.get("GOOGLE_CLOUD_QUOTA_PROJECT").or(of_file)
    }

    /// A new token.
    ///
    /// # Errors
    /// When there are no credentials in any place, or they give none.
    pub async fn fetch(&self) -> Result<GoogleToken, GoogleError> {
        let asking =
            Asking { clients: &self.clients, variables: &self.variables, scopes: self.scopes };
        let given = match &self.source {
            Source::File { form, .. } => asking.token(form).await,
            Source::Metadata { .. } => {
                metadata::token(&self.clients, &self.variables, self.scopes).await
            }
        };
        let token = given.map_err(|fault| self.failed(fault))?;
        secrets::register(&token.text);
        Ok(token)
    }

    /// A token that holds now: the last one, until shortly before its end.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn token(&self) -> Result<String, GoogleError> {
        let fresh = async { self.fetch().await.map(|GoogleToken { text, lasts }| (text, lasts)) };
        self.held.token(fresh).await
    }

    /// What one of Google's APIs answers to a `GET` of this URL.
    ///
    /// # Errors
    /// As [`token`](Self::token), and when the call is refused or not answered.
    pub async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, GoogleError> {
        let token = self.token().await?;
        let answer = match self.clients.for_url(url) {
            Ok(client) => call::json(client.get(url).bearer_auth(token)).await,
            Err(fault) => Err(fault),
        };
        answer.map_err(|Fault { reason, may_pass, status }| {
            let status = status.map(|status| status.as_u16());
            GoogleError::Call { reason, status, may_pass }
        })
    }

    /// The project that a flag gives, else that of the machine or cluster, of `GOOGLE_CLOUD_PROJECT`, or of the
    /// credentials.
    ///
    /// # Errors
    /// When none of these names one; the error says so of each.
    pub async fn project(&self, flag: &'static str, given: &str) -> Result<String, GoogleError> {
        if !given.is_empty() {
            return Ok(given.to_owned());
        }
        let fault = match metadata::project(&self.clients, &self.variables).await {
            Ok(project) => {
                tracing::info!("Google project auto-detected: {project}");
                return Ok(project);
            }
            Err(fault) => fault.reason,
        };
        let (of_file, place) = match &self.source {
            Source::File { path, extras, .. } => {
                (extras.project_id.as_deref(), format!("project_id of {}", path.display()))
            }
            Source::Metadata { .. } => (None, "project_id of a file of credentials".to_owned()),
        };
        if let Some(project) = self.variables.get("GOOGLE_CLOUD_PROJECT").or(of_file) {
            tracing::info!("Google project of the environment: {project}");
            return Ok(project.to_owned());
        }
        let server = self.metadata_server();
        let tried = Tried::of("project")
            .place(flag, "not given", "give it the id of the project")
            .place(server, fault, "run on Google Cloud")
            .place(
                "the environment (GOOGLE_CLOUD_PROJECT)",
                "not set",
                "set it to the id of the project",
            )
            .place(place, "not there", "use the key of a service account of the project");
        Err(GoogleError::Project(tried))
    }

    fn metadata_server(&self) -> String {
        format!("the metadata server {}", self.variables.metadata_host())
    }

    fn failed(&self, fault: Fault) -> GoogleError {
        let Fault { reason, may_pass, status } = fault;
        match &self.source {
            // It never answered, and there is nothing else.
            Source::Metadata { tried } if status.is_none() && !may_pass => {
                let remedy =
                    "run on Google Cloud, with a service account for the machine or the pod";
                GoogleError::Missing(tried.clone().place(self.metadata_server(), reason, remedy))
            }
            _ => GoogleError::Token { who: self.who(), reason, may_pass },
        }
    }
}

/// The first place that has credentials. The metadata server, which comes last, is not asked yet.
fn source(variables: &GoogleVariables) -> Result<Source, GoogleError> {
    let file = |path: PathBuf| {
        let (form, extras) = Form::read(&path)?;
        Ok(Source::File { path, form, extras })
    };
    if let Some(path) = variables.get("GOOGLE_APPLICATION_CREDENTIALS") {
        return file(path.into());
    }
    let tried = Tried::default().place(
        "the environment (GOOGLE_APPLICATION_CREDENTIALS)",
        "not set",
        "set it to the path of a file with a service account's key or a workload identity",
    );
    let (login, found) = match variables.login() {
        Some(path) if path.exists() => return file(path),
        Some(path) => (path.display().to_string(), "not there"),
        None => ("the login in the home folder".to_owned(), "HOME is not set"),
    };
    let tried = tried.place(login, found, "run gcloud auth application-default login");
    Ok(Source::Metadata { tried })
}
