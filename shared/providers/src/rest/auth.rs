//! How a client authenticates.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use extdns_auth::{GoogleIdentity, secrets};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName};
use reqwest::{Method, Url};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::signing::base64;
use crate::{ErrorKind, ProviderError, Transport};

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(60);

/// The credentials of one account.
pub struct Auth(Way);

enum Way {
    Nobody,
    Header {
        name: HeaderName,
        value: String,
        secret: String,
    },
    Basic {
        user: String,
        password: String,
    },
    Query {
        name: &'static str,
        secret: String,
    },
    Signed {
        signer: Arc<dyn Signer>,
        secrets: Vec<String>,
    },
    Token {
        source: Box<dyn TokenSource>,
        cached: Mutex<Option<Token>>,
        name: HeaderName,
        /// What stands before the token.
        scheme: &'static str,
    },
}

/// A request on its way out, complete but for its credentials.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The whole URL, exactly as it is sent: a signature is computed over it.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Option<Bytes>,
}

/// Computes a signature over a request.
#[async_trait]
pub trait Signer: Send + Sync {
    /// Fetches what signatures need, unless it is there and good: the time of the service, a temporary key. Nothing, unless
    /// a signer says otherwise. It is called before every call.
    ///
    /// # Errors
    /// When the service does not give it.
    async fn prepare(&self, _via: &Transport) -> Result<(), ProviderError> {
        Ok(())
    }

    /// Adds the signature: to the headers or to the query. It is called for every attempt, as
    /// signatures hold a time or a nonce.
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError>;
}

/// Where bearer tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A fresh token, by a call of its own.
    ///
    /// # Errors
    /// When the service gives none.
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError>;

    /// The credentials that the tokens are exchanged for.
    fn secrets(&self) -> Vec<String>;
}

#[async_trait]
impl TokenSource for GoogleIdentity {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        via.call("get token", async || match self.fetch().await {
            Ok(token) => Ok(Token::new(token.text, token.lasts)),
            Err(error) => {
                let kind = match error.may_pass() {
                    true => ErrorKind::Transient,
                    false => ErrorKind::Unauthorised,
                };
                Err(ProviderError::new(kind, error.to_string()))
            }
        })
        .await
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.secret().to_owned()]
    }
}

/// A bearer token.
#[derive(Clone)]
pub struct Token {
    /// Its text.
    pub text: String,
    /// How long it is valid from now on; `None` for the whole run.
    pub lasts: Option<Duration>,
    /// The cookie that goes with it, as `name=value`; empty without one.
    cookie: String,
    until: Option<Instant>,
}

impl Token {
    /// A token that was just given.
    #[must_use]
    pub fn new(text: impl Into<String>, lasts: Option<Duration>) -> Self {
        let until = lasts.and_then(|lasts| Instant::now().checked_add(lasts));
        Self { text: text.into(), lasts, cookie: String::new(), until }
    }

    /// The same with the cookie of a session, from the header `Set-Cookie` of the answer that gave the token (RFC 6265,
    /// 4.1.1), if there was one.
    #[must_use]
    pub fn with_cookie(self, set: Option<&str>) -> Self {
        let pair = set.and_then(|set| set.split(';').next()).unwrap_or_default();
        Self { cookie: pair.trim().to_owned(), ..self }
    }

    fn is_fresh(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() + EARLY < until)
    }
}

impl Auth {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self(Way::Nobody)
    }

    /// `Authorization: Bearer` (RFC 6750).
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self::scheme("Bearer", token)
    }

    /// `Authorization` with a scheme of the service's own.
    #[must_use]
    pub fn scheme(scheme: &str, secret: &str) -> Self {
        let value = format!("{scheme} {secret}");
        Self(Way::Header { name: AUTHORIZATION, value, secret: secret.to_owned() })
    }

    /// A header of the service's own, by its name in lower case.
    #[must_use]
    pub fn header(name: &'static str, secret: &str) -> Self {
        let (value, secret) = (secret.to_owned(), secret.to_owned());
        Self(Way::Header { name: HeaderName::from_static(name), value, secret })
    }

    /// `Authorization: Basic` (RFC 7617).
    #[must_use]
    pub fn basic(user: &str, password: &str) -> Self {
        Self(Way::Basic { user: user.to_owned(), password: password.to_owned() })
    }

    /// A parameter in the query.
    #[must_use]
    pub fn query(name: &'static str, secret: &str) -> Self {
        Self(Way::Query { name, secret: secret.to_owned() })
    }

    /// A signature over each request, with a key of these secrets.
    #[must_use]
    pub fn signed(signer: impl Signer + 'static, secrets: Vec<String>) -> Self {
        Self(Way::Signed { signer: Arc::new(signer), secrets })
    }

    /// Bearer tokens of a source: one is kept until shortly before its end, or until it is refused.
    #[must_use]
    pub fn tokens(source: impl TokenSource + 'static) -> Self {
        Self::with_tokens(AUTHORIZATION, "Bearer ", source)
    }

    /// The same with another word in the place of `Bearer`, with its blank.
    #[must_use]
    pub fn tokens_after(scheme: &'static str, source: impl TokenSource + 'static) -> Self {
        Self::with_tokens(AUTHORIZATION, scheme, source)
    }

    /// The same, where the token stands alone in a header, by its name in lower case. An empty token is not sent.
    #[must_use]
    pub fn tokens_in(name: &'static str, source: impl TokenSource + 'static) -> Self {
        Self::with_tokens(HeaderName::from_static(name), "", source)
    }

    fn with_tokens(
        name: HeaderName,
        scheme: &'static str,
        source: impl TokenSource + 'static,
    ) -> Self {
        Self(Way::Token { source: Box::new(source), cached: Mutex::default(), name, scheme })
    }

    /// The texts that must be in no message.
    pub(super) fn secrets(&self) -> Vec<String> {
        match &self.0 {
            Way::Nobody => Vec::new(),
            Way::Header { secret, .. } | Way::Query { secret, .. } => vec![secret.clone()],
            Way::Basic { password, .. } => vec![password.clone()],
            Way::Signed { secrets, .. } => secrets.clone(),
            Way::Token { source, .. } => source.secrets(),
        }
    }

    /// The token that goes with the next request, if this is about tokens.
    pub(super) async fn token(&self, via: &Transport) -> Result<Option<Token>, ProviderError> {
        if let Way::Signed { signer, .. } = &self.0 {
            signer.prepare(via).await?;
        }
        self.token_other_than(via, None).await
    }

    /// A new token in place of one that was refused; `None` if this is not about tokens. Of
    /// requests that are refused together one asks for it.
    pub(super) async fn renewed(
        &self,
        via: &Transport,
        refused: &Token,
    ) -> Result<Option<Token>, ProviderError> {
        self.token_other_than(via, Some(refused)).await
    }

    /// The token that was used last, which is used no more.
    pub(super) async fn forget(&self) -> Option<Token> {
        let Way::Token { cached, .. } = &self.0 else { return None };
        cached.lock().await.take().filter(|token| !token.text.is_empty())
    }

    async fn token_other_than(
        &self,
        via: &Transport,
        refused: Option<&Token>,
    ) -> Result<Option<Token>, ProviderError> {
        let Way::Token { source, cached, .. } = &self.0 else { return Ok(None) };
        let mut cached = cached.lock().await;
        let is_refused = |token: &Token| refused.is_some_and(|refused| refused.text == token.text);
        let good = |token: &&Token| token.is_fresh() && !is_refused(token);
        if let Some(token) = cached.as_ref().filter(good) {
            return Ok(Some(token.clone()));
        }
        let token = source.token(via).await?;
        secrets::register(&token.text);
        secrets::register(&token.cookie);
        *cached = Some(token.clone());
        Ok(Some(token))
    }

    /// Adds the credentials to a request.
    pub(super) fn add_to(
        &self,
        request: &mut Outgoing,
        token: Option<&Token>,
    ) -> Result<(), ProviderError> {
        if let Some(cookie) = token.map(|it| it.cookie.as_str()).filter(|it| !it.is_empty()) {
            request.secret_header(COOKIE, cookie, "the cookie of a session")?;
        }
        let (name, value) = match &self.0 {
            Way::Nobody => return Ok(()),
            Way::Header { name, value, .. } => (name.clone(), value.clone()),
            Way::Basic { user, password } => (AUTHORIZATION, basic(user, password)),
            Way::Query { name, secret } => {
                request.url.query_pairs_mut().append_pair(name, secret);
                return Ok(());
            }
            Way::Signed { signer, .. } => return signer.sign(request),
            Way::Token { name, scheme, .. } => match token.map_or("", |it| &it.text) {
                "" => return Ok(()),
                token => (name.clone(), format!("{scheme}{token}")),
            },
        };
        request.secret_header(name, value, "one of the credentials")
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}")))
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("lasts", &self.lasts).finish_non_exhaustive()
    }
}
