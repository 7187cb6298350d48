//! The calls of the API.

use std::time::Duration;

use extdns_auth::call::{self, Fault};
use extdns_auth::{HttpClient, HttpError, HttpOptions, http_client};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::flags::Options;

/// The longest time of one call.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pages of one list; more are an endless list.
const MOST_PAGES: usize = 10_000;

/// The client that everybody may use, without a secret.
const CLIENT_ID: &str = "cf";

/// The API, logged in.
pub(super) struct Api<'a> {
    client: HttpClient,
    endpoint: &'a str,
    token: String,
}

/// Why the API gave no routes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// There is no client.
    #[error(transparent)]
    Client(#[from] HttpError),
    /// A call failed.
    #[error("{call}: {fault}")]
    Call {
        /// Method and URL.
        call: String,
        /// Why.
        fault: Fault,
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

#[derive(Deserialize)]
struct Info {
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Page<I> {
    next_url: Option<String>,
    resources: Vec<I>,
}

/// A private domain.
#[derive(Deserialize)]
pub(super) struct Domain {
    pub(super) metadata: Guid,
    pub(super) entity: DomainEntity,
}

#[derive(Deserialize)]
pub(super) struct Guid {
    pub(super) guid: String,
}

#[derive(Deserialize)]
pub(super) struct DomainEntity {
    pub(super) name: String,
}

/// A route.
#[derive(Deserialize)]
pub(super) struct Route {
    pub(super) entity: RouteEntity,
}

#[derive(Deserialize)]
pub(super) struct RouteEntity {
    #[serde(default)]
    pub(super) host: String,
}

fn refused(call: &str, fault: Fault) -> ApiError {
    let remedy = match fault.status.map(|status| status.as_u16()) {
        Some(400 | 401 | 403) => "check --cf-username and --cf-password",
        _ => "check --cf-api-endpoint",
    };
    ApiError::Call { call: call.to_owned(), fault: fault.hint(remedy) }
}

async fn send<T: DeserializeOwned>(call: &str, request: RequestBuilder) -> Result<T, ApiError> {
    let answer = call::json(request.header("accept", "application/json")).await;
    answer.map_err(|fault| refused(call, fault))
}

impl<'a> Api<'a> {
    /// Asks the API where tokens are, and for one.
    pub(super) async fn log_in(options: &'a Options) -> Result<Self, ApiError> {
        let Options { endpoint, username, password } = options;
        let client =
            http_client(&HttpOptions { timeout: Some(PATIENCE), ..HttpOptions::default() })?;
        let url = format!("{endpoint}/v2/info");
        let info: Info = send(&format!("GET {url}"), client.get(&url)).await?;
        let url = format!("{}/oauth/token", info.token_endpoint.trim_end_matches('/'));
        let user = (username.as_str(), password);
        let token = call::token_for_password(client.post(&url), CLIENT_ID, user).await;
        let token = token.map_err(|fault| refused(&format!("POST {url}"), fault))?;
        Ok(Self { client, endpoint, token })
    }

    /// All pages of a list.
    pub(super) async fn list<I: DeserializeOwned>(&self, first: &str) -> Result<Vec<I>, ApiError> {
        let mut items = Vec::new();
        let mut path = first.to_owned();
        for _ in 0..MOST_PAGES {
            let url = format!("{}{path}", self.endpoint);
            let request = self.client.get(&url).bearer_auth(&self.token);
            let page: Page<I> = send(&format!("GET {url}"), request).await?;
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
