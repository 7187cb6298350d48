//! The calls of the API.

use std::time::Duration;

use extdns_auth::{HttpError, HttpOptions, http_client, secrets};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The longest time of one call.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pages of one list; more are an endless list.
const MOST_PAGES: usize = 10_000;

/// The client that everybody may use, without a secret.
const CLIENT_ID: &str = "cf";

/// The user of the API.
pub(super) struct Login<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
}

/// The API, logged in.
pub(super) struct Api<'a> {
    client: Client,
    endpoint: &'a str,
    token: String,
}

/// A private domain.
pub(super) struct Domain {
    id: String,
    pub(super) name: String,
}

/// Why the API gave no routes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// There is no client.
    #[error(transparent)]
    Client(#[from] HttpError),
    /// There is no answer.
    #[error("{call}: {}", chain(error))]
    Call {
        /// Method and URL.
        call: String,
        /// Why.
        error: reqwest::Error,
    },
    /// The answer is something else.
    #[error("{call}: the answer is not what Cloud Foundry says: {error}; check --cf-api-endpoint")]
    Foreign {
        /// Method and URL.
        call: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The API refuses.
    #[error("{call}: HTTP {status}{}", remedy(*status))]
    Refused {
        /// Method and URL.
        call: String,
        /// The status.
        status: u16,
    },
    /// A list that leads elsewhere, or has no end.
    #[error("{call}: the list goes on at {next:?}, which is no further page of it")]
    Pages {
        /// Method and URL of the first page.
        call: String,
        /// The page that comes next.
        next: String,
    },
}

fn remedy(status: u16) -> &'static str {
    match status {
        400 | 401 | 403 => "; check --cf-username and --cf-password",
        _ => "",
    }
}

/// The error with its causes, and without the URL, which stands before it.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    if text.is_empty() { "no answer".to_owned() } else { text }
}

#[derive(Deserialize)]
struct Info {
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Page<E> {
    next_url: Option<String>,
    resources: Vec<Item<E>>,
}

#[derive(Deserialize)]
struct Item<E> {
    metadata: Guid,
    entity: E,
}

#[derive(Deserialize)]
struct Guid {
    guid: String,
}

#[derive(Deserialize)]
struct DomainEntity {
    name: String,
}

#[derive(Deserialize)]
struct RouteEntity {
    #[serde(default)]
    host: String,
}

async fn send<T: DeserializeOwned>(call: &str, request: RequestBuilder) -> Result<T, ApiError> {
    let failed = |error| ApiError::Call { call: call.to_owned(), error };
    let answer = request.header("accept", "application/json").send().await.map_err(failed)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(ApiError::Refused { call: call.to_owned(), status: status.as_u16() });
    }
    let body = answer.bytes().await.map_err(failed)?;
    let foreign = |error| ApiError::Foreign { call: call.to_owned(), error };
    serde_json::from_slice(&body).map_err(foreign)
}

impl<'a> Api<'a> {
    /// Asks the API where tokens are, and for one.
    pub(super) async fn log_in(endpoint: &'a str, login: Login<'_>) -> Result<Self, ApiError> {
        secrets::register(login.password);
        let client =
            http_client(&HttpOptions { timeout: Some(PATIENCE), ..HttpOptions::default() })?;
        let url = format!("{endpoint}/v2/info");
        let info: Info = send(&format!("GET {url}"), client.get(&url)).await?;
        let url = format!("{}/oauth/token", info.token_endpoint.trim_end_matches('/'));
        let form = [
            ("grant_type", "password"),
            ("username", login.username),
            ("password", login.password),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = client.post(&url).basic_auth(CLIENT_ID, Some("")).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let token: Token = send(&format!("POST {url}"), request).await?;
        secrets::register(&token.access_token);
        Ok(Self { client, endpoint, token: token.access_token })
    }

    /// The domains of organisations; shared ones are not among them.
    pub(super) async fn private_domains(&self) -> Result<Vec<Domain>, ApiError> {
        let items = self.list::<DomainEntity>("/v2/private_domains").await?;
        let domain =
            |item: Item<DomainEntity>| Domain { id: item.metadata.guid, name: item.entity.name };
        Ok(items.into_iter().map(domain).collect())
    }

    /// The hosts of the routes of a domain.
    pub(super) async fn hosts(&self, domain: &Domain) -> Result<Vec<String>, ApiError> {
        let items =
            self.list::<RouteEntity>(&format!("/v2/routes?q=domain_guid%3A{}", domain.id)).await?;
        Ok(items.into_iter().map(|item| item.entity.host).collect())
    }

    /// All pages of a list.
    async fn list<E: DeserializeOwned>(&self, first: &str) -> Result<Vec<Item<E>>, ApiError> {
        let mut items = Vec::new();
        let mut path = first.to_owned();
        for _ in 0..MOST_PAGES {
            let url = format!("{}{path}", self.endpoint);
            let request = self.client.get(&url).bearer_auth(&self.token);
            let page: Page<E> = send(&format!("GET {url}"), request).await?;
            items.extend(page.resources);
            match page.next_url.filter(|next| !next.is_empty()) {
                None => return Ok(items),
                // The token goes nowhere else.
                Some(next) if next.starts_with('/') && next != path => path = next,
                Some(next) => return Err(self.endless(first, next)),
            }
        }
        Err(self.endless(first, path))
    }

    fn endless(&self, first: &str, next: String) -> ApiError {
        ApiError::Pages { call: format!("GET {}{first}", self.endpoint), next }
    }
}
