//! The credentials that an API server gets from us.

use extdns_auth::secrets;
use futures::future::BoxFuture;
use futures::{FutureExt as _, TryFutureExt as _};
use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use kube::client::Body;
use secrecy::{ExposeSecret as _, SecretString};

use crate::renewal::Renewable;

/// What we authenticate with, and what helps where that fails.
#[derive(Default)]
pub(crate) struct Identity {
    /// In words, and without the secret.
    pub(crate) credentials: String,
    /// What to do where the server refuses them; ready to be appended.
    pub(crate) unauthorized: String,
    /// What to do where the server cannot be reached; ready to be appended.
    pub(crate) unreachable: String,
    /// Tokens that hold for some time each, of credentials of a cloud.
    pub(crate) tokens: Option<Tokens>,
    /// A token that can be read again. All other credentials are the client's from the beginning.
    pub(crate) renewable: Option<Renewable>,
}

/// Where tokens come from that hold for some time each.
pub(crate) enum Tokens {
    /// We make them.
    #[cfg(feature = "aws")]
    Eks(extdns_auth::EksTokens),
    /// Google gives them.
    Gke(Box<extdns_auth::GoogleIdentity>),
    /// Microsoft Entra gives them.
    Aks(Box<extdns_auth::AzureTokens>),
}

impl Tokens {
    /// A token that holds now. Boxed: it is large, most runs have no such cluster, and the types of what sources do are
    /// deep enough.
    fn token(&self) -> BoxFuture<'_, Result<SecretString, String>> {
        match self {
            #[cfg(feature = "aws")]
            Self::Eks(tokens) => tokens.token().map_err(|error| error.to_string()).boxed(),
            Self::Gke(google) => {
                let token = google.token().map_ok(SecretString::from);
                token.map_err(|error| error.to_string()).boxed()
            }
            Self::Aks(azure) => {
                let token = azure.token().map_ok(SecretString::from);
                token.map_err(|error| error.to_string()).boxed()
            }
        }
    }
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
    pub(crate) async fn authorize(&self, request: &mut Request<Body>) -> Result<(), String> {
        let Some(token) = self.token().await? else { return Ok(()) };
        secrets::register(token.expose_secret());
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|error| error.to_string())?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        Ok(())
    }

    async fn token(&self) -> Result<Option<SecretString>, String> {
        if let Some(tokens) = &self.tokens {
            return tokens.token().await.map(Some);
        }
        match &self.renewable {
            Some(renewable) => Ok(Some(renewable.token().await)),
            None => Ok(None),
        }
    }

    /// The number of the token that is sent now, where it can be read again.
    pub(crate) async fn number(&self) -> Option<u64> {
        match &self.renewable {
            Some(renewable) => Some(renewable.number().await),
            None => None,
        }
    }

    /// Whether there is another token in place of the one with this number, which the server refused.
    pub(crate) async fn renew(&self, refused: Option<u64>) -> bool {
        match (&self.renewable, refused) {
            (Some(renewable), Some(refused)) => renewable.renew(refused).await,
            _ => false,
        }
    }
}
