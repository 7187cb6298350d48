//! Tokens for the credentials of a client (RFC 6749, 4.4), and for others that are sent in a form: a password (4.3), or a key
//! of the service's own (4.5).

use std::time::Duration;

use async_trait::async_trait;
use extdns_auth::HttpOptions;
use serde::Deserialize;
use serde_json::Value;

use super::{Auth, Id, Rest, Service, Token, TokenSource};
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

/// Exchanges credentials for bearer tokens: a `POST` of a form.
pub struct Grant {
    rest: Rest,
    path: &'static [&'static str],
    form: Vec<(&'static str, String)>,
}

impl Grant {
    /// The tokens of the endpoint at this path below this URL, for a form with these fields, of which the last is the secret.
    ///
    /// # Errors
    /// As [`Rest::new`].
    pub fn tokens<const N: usize>(
        service: &Service,
        (base, path): (&str, &'static [&'static str]),
        form: [(&'static str, &str); N],
        http: &HttpOptions,
    ) -> Result<Auth, ProviderError> {
        let rest = Rest::new(service, Some(base), Auth::none(), http)?;
        let form = form.map(|(name, value)| (name, value.to_owned())).into();
        Ok(Auth::tokens(Self { rest, path, form }))
    }
}

/// The names of the members of an answer (5.1), and those of services that write every name otherwise.
const TOKEN: [&str; 2] = ["/access_token", "/accessToken"];
const LASTS: [&str; 2] = ["/expires_in", "/expiresIn"];

#[async_trait]
impl TokenSource for Grant {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let fields: Vec<(&str, &str)> =
            self.form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer =
            self.rest.send(via, "get token", &self.rest.post(self.path).form(&fields)).await?;
        let body: Value = answer.json()?;
        let name = TOKEN.into_iter().find(|name| body.pointer(name).is_some());
        let token: String = answer.member(name.unwrap_or(TOKEN[0]))?;
        // Some write the seconds as text.
        let lasts = LASTS.into_iter().find(|name| body.pointer(name).is_some());
        let lasts = lasts.map(|name| answer.member::<Id>(name)).transpose()?;
        let lasts = lasts.and_then(|it| it.as_str().parse().ok()).map(Duration::from_secs);
        Ok(Token::new(token, lasts))
    }

    fn secrets(&self) -> Vec<String> {
        self.form.last().map(|(_, secret)| secret.clone()).into_iter().collect()
    }
}
