//! Tokens for the credentials of a client (RFC 6749, 4.4).

use std::time::Duration;

use async_trait::async_trait;
use extdns_auth::HttpOptions;
use serde::Deserialize;

use super::{Auth, Rest, Service, Token, TokenSource};
use crate::{ProviderError, Transport};

/// Exchanges the id and the secret of a client for bearer tokens: a `POST` of a form to the base URL of the client.
pub struct ClientCredentials {
    /// The client of the token endpoint, without credentials.
    pub rest: Rest,
    /// The id.
    pub id: String,
    /// The secret.
    pub secret: String,
    /// What the tokens are for.
    pub scope: &'static str,
}

impl ClientCredentials {
    /// The tokens of this URL.
    ///
    /// # Errors
    /// As [`Rest::new`].
    pub fn at(
        url: &str,
        service: &Service,
        [id, secret]: [&str; 2],
        scope: &'static str,
        http: &HttpOptions,
    ) -> Result<Self, ProviderError> {
        let service = Service { texts: &["/error", "/error_description"], ..service.clone() };
        let rest = Rest::new(&service, Some(url), Auth::none(), http)?;
        Ok(Self { rest, id: id.to_owned(), secret: secret.to_owned(), scope })
    }
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<u64>,
}

#[async_trait]
impl TokenSource for ClientCredentials {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let request = self.rest.post(&[]).form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("scope", self.scope),
        ]);
        let given: Given = self.rest.send(via, "get token", &request).await?.json()?;
        Ok(Token::new(given.access_token, given.expires_in.map(Duration::from_secs)))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.secret.clone()]
    }
}
