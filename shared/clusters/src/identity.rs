//! The credentials that an API server gets from us.

#[cfg(feature = "aws")]
use extdns_auth::secrets;
use http::Request;
#[cfg(feature = "aws")]
use http::header::{AUTHORIZATION, HeaderValue};
use kube::client::Body;
#[cfg(feature = "aws")]
use secrecy::ExposeSecret as _;

/// What we authenticate with, and what helps where that fails.
#[derive(Default)]
pub(crate) struct Identity {
    /// In words, and without the secret.
    pub(crate) credentials: String,
    /// What to do where the server refuses them; ready to be appended.
    pub(crate) unauthorized: String,
    /// What to do where the server cannot be reached; ready to be appended.
    pub(crate) unreachable: String,
    /// Tokens that end within a long run. All other credentials are the client's from the beginning.
    #[cfg(feature = "aws")]
    pub(crate) tokens: Option<extdns_auth::EksTokens>,
}

impl Identity {
    pub(crate) fn new(credentials: impl Into<String>) -> Self {
        Self {
            credentials: credentials.into(),
            unauthorized: "; renew the credentials, or name others with --kubeconfig".to_owned(),
            ..Self::default()
        }
    }

    /// No credentials, and why.
    pub(crate) fn anonymous(why: impl std::fmt::Display) -> Self {
        Self {
            credentials: format!("a request without credentials ({why})"),
            unauthorized:
                "; give that user a token, a client certificate or an exec plugin, or name \
                           another kubeconfig with --kubeconfig"
                    .to_owned(),
            ..Self::default()
        }
    }

    /// Adds a token that holds now.
    #[cfg(feature = "aws")]
    pub(crate) async fn authorize(&self, request: &mut Request<Body>) -> Result<(), String> {
        let Some(tokens) = &self.tokens else { return Ok(()) };
        let token = tokens.token().await.map_err(|error| error.to_string())?;
        secrets::register(token.expose_secret());
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|error| error.to_string())?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Nothing has to be added.
    #[cfg(not(feature = "aws"))]
    pub(crate) async fn authorize(&self, _: &mut Request<Body>) -> Result<(), String> {
        Ok(())
    }
}
