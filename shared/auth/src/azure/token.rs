//! Tokens: how they are asked for, and what a refusal means.

use std::time::{Duration, SystemTime};

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::credential::{Client, Credential};
use super::{AzureError, AzureIdentity, AzureToken};
use crate::held::Held;
use crate::requests::send;
use crate::{retry_after, secrets};

/// Most bytes of an answer.
const MOST: usize = 1 << 20;
/// Longest text of a server that is shown, in characters.
const SHOWN: usize = 300;

const BY_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What the user can do, by what the error of Microsoft Entra or of a metadata server holds.
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>
const REMEDIES: [(&str, &str); 11] = [
    (
        "AADSTS7000215",
        "give the value of the secret (not its id) as aadClientSecret or AZURE_CLIENT_SECRET",
    ),
    ("AADSTS7000222", "the secret has expired; make a new one for the application"),
    ("AADSTS700016", "check the client id, and that the application is in this tenant"),
    ("AADSTS90002", "check tenantId or AZURE_TENANT_ID, and cloud"),
    ("AADSTS900023", "check tenantId or AZURE_TENANT_ID"),
    ("AADSTS700027", "add the certificate to the application, and check that it has not expired"),
    (
        "AADSTS70021",
        "give the application or identity a federated credential for this service account and issuer",
    ),
    ("AADSTS700211", "give the federated credential the issuer of this cluster"),
    (
        "AADSTS700024",
        "check the clock of this machine, and that the token of the service account is renewed",
    ),
    ("Identity not found", "assign the managed identity to this machine, or correct its client id"),
    (
        "No User Assigned or Delegated Managed Identity found",
        "assign the managed identity, or correct its client id",
    ),
];

/// Tokens of an identity for one audience.
pub struct AzureTokens {
    identity: AzureIdentity,
    audience: String,
    held: Held,
}

impl AzureTokens {
    /// A token that holds now: the last one, until shortly before its end.
    ///
    /// # Errors
    /// As [`AzureIdentity::token`].
    pub async fn token(&self) -> Result<String, AzureError> {
        self.held.token(self.identity.fresh(&self.audience)).await
    }
}

impl AzureIdentity {
    /// Tokens for an audience, each as long as it holds.
    #[must_use]
    pub fn tokens(self, audience: impl Into<String>) -> AzureTokens {
        AzureTokens { identity: self, audience: audience.into(), held: Held::default() }
    }

    /// A token for Azure Resource Manager that holds now.
    pub(super) async fn of_manager(&self) -> Result<String, AzureError> {
        self.held.token(self.fresh(&self.cloud.audience)).await
    }

    async fn fresh(&self, audience: &str) -> Result<(String, Option<Duration>), AzureError> {
        let AzureToken { text, lasts } = self.token(audience).await?;
        Ok((text, lasts))
    }

    /// A fresh token for an audience: that of [`AzureCloud`](super::AzureCloud), or the id of an application.
    ///
    /// # Errors
    /// When the credential is refused, or nobody answers.
    pub async fn token(&self, audience: &str) -> Result<AzureToken, AzureError> {
        let request = self.request(audience)?;
        let response =
            send(request).await.map_err(|error| self.unanswered(&error.without_url()))?;
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let wait = retry_after(header, SystemTime::now());
        let body = self.body(response).await?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        match answer["access_token"].as_str().filter(|_| status == 200) {
            Some(text) => {
                secrets::register(text);
                Ok(AzureToken { text: text.to_owned(), lasts: lasts(&answer) })
            }
            None => Err(self.failed(status, wait, &answer)),
        }
    }

    fn request(&self, audience: &str) -> Result<RequestBuilder, AzureError> {
        match &self.credential {
            Credential::Secret { client, secret } => {
                self.entra(client, audience, &[("client_secret", secret)])
            }
            Credential::Certificate { client, certificate } => {
                let assertion = certificate.assertion(&client.id, &self.endpoint(client));
                let assertion = assertion.map_err(|problem| self.unusable(&problem))?;
                self.by_assertion(client, audience, &assertion)
            }
            Credential::Workload { client, file } => {
                // It is renewed in its place, so it is read anew.
                let token = std::fs::read_to_string(file).map_err(|error| {
                    self.unusable(&format!(
                        "{}: {error}; label the pod azure.workload.identity/use=true",
                        file.display()
                    ))
                })?;
                secrets::register(token.trim());
                self.by_assertion(client, audience, token.trim())
            }
            Credential::Machine { host, id } => {
                let url = format!("{host}/metadata/identity/oauth2/token");
                let query = [("api-version", "2018-02-01"), ("resource", audience)];
                self.managed(&url, &query, id.as_deref(), ("metadata", "true"))
            }
            Credential::App { endpoint, header, id } => {
                let query = [("api-version", "2019-08-01"), ("resource", audience)];
                self.managed(endpoint, &query, id.as_deref(), ("x-identity-header", header))
            }
        }
    }

    fn endpoint(&self, client: &Client) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.cloud.authority, client.tenant)
    }

    fn by_assertion(
        &self,
        client: &Client,
        audience: &str,
        assertion: &str,
    ) -> Result<RequestBuilder, AzureError> {
        let own = [("client_assertion_type", BY_ASSERTION), ("client_assertion", assertion)];
        self.entra(client, audience, &own)
    }

    fn entra(
        &self,
        client: &Client,
        audience: &str,
        own: &[(&str, &str)],
    ) -> Result<RequestBuilder, AzureError> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &client.id)
            .append_pair("scope", &format!("{audience}/.default"))
            .extend_pairs(own)
            .finish();
        let url = self.endpoint(client);
        let http = self.clients.for_url(&url).map_err(|fault| self.unusable(&fault.reason))?;
        let request = http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(request.body(body))
    }

    fn managed(
        &self,
        url: &str,
        query: &[(&str, &str)],
        id: Option<&str>,
        (header, value): (&'static str, &str),
    ) -> Result<RequestBuilder, AzureError> {
        let mut url = reqwest::Url::parse(url).map_err(|_| {
            self.unusable("the URL of its endpoint is none; check IDENTITY_ENDPOINT")
        })?;
        url.query_pairs_mut().extend_pairs(query).extend_pairs(id.map(|id| ("client_id", id)));
        // No proxy leads to a server on the machine or beside it.
        Ok(self.clients.direct().get(url).header(header, value))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, AzureError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unanswered(&error))? {
            if body.len() + chunk.len() > MOST {
                return Err(self.unusable("the answer is far too long for a token"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The metadata server says 404, 410 and 500 while it is being updated.
    fn failed(&self, status: u16, retry_after: Option<Duration>, answer: &Value) -> AzureError {
        let text = ["error_description", "error", "message"];
        let text =
            text.iter().find_map(|name| answer[name].as_str()).unwrap_or("no reason is given");
        // What follows are numbers of the request.
        let text = text.split(" Trace ID:").next().unwrap_or(text);
        let text: String =
            text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
        let remedy = REMEDIES.iter().find(|(code, _)| contains_code(&text, code));
        let remedy = remedy.map(|(_, remedy)| format!("; {remedy}")).unwrap_or_default();
        let (who, reason) = (self.who(), format!("HTTP {status}: {text}{remedy}"));
        let is_updated =
            matches!(self.credential, Credential::Machine { .. }) && matches!(status, 404 | 410);
        match status {
            429 | 500.. | 200 => AzureError::Unanswered { who, reason, retry_after },
            _ if is_updated => AzureError::Unanswered { who, reason, retry_after },
            _ => AzureError::Refused { who, reason },
        }
    }

    fn unusable(&self, problem: &str) -> AzureError {
        AzureError::Refused { who: self.who(), reason: problem.to_owned() }
    }

    fn unanswered(&self, error: &reqwest::Error) -> AzureError {
        let causes = std::iter::successors(Some(error as &dyn std::error::Error), |it| it.source());
        let mut reason = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        if matches!(self.credential, Credential::Machine { .. }) {
            reason.push_str(
                "; the metadata server answers on virtual machines of Azure alone: elsewhere use a secret, \
                 a certificate or workload identity",
            );
        }
        AzureError::Unanswered { who: self.who(), reason, retry_after: None }
    }
}

/// Whether a text holds a code, and not a longer one.
fn contains_code(text: &str, code: &str) -> bool {
    text.match_indices(code)
        .any(|(at, _)| !text[at + code.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

/// How long a token is good for: numbers come as numbers or as texts, and some servers say the end alone.
fn lasts(answer: &Value) -> Option<Duration> {
    let number = |name: &str| {
        let value = &answer[name];
        value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
    };
    let until = || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Duration::from_secs(number("expires_on")?).saturating_sub(now))
    };
    number("expires_in").map(Duration::from_secs).or_else(until)
}
