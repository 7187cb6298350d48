//! The HTTP client of the plain REST APIs.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Identity};

use crate::{install_crypto, roots, secrets};

/// Most redirects of one request.
const MOST_REDIRECTS: usize = 10;

/// How a client reaches its server, beyond the URL.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// Longest time of one request, its body included; `None` for no limit.
    pub timeout: Option<Duration>,
    /// A PEM file with certificates of authorities to trust beside the system's (`--tls-ca`).
    pub ca: Option<PathBuf>,
    /// The client's certificate and its key, both PEM files (`--tls-client-cert`,
    /// `--tls-client-cert-key`).
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether any certificate of the server is accepted. Only where the user's flag says so.
    pub accept_any_certificate: bool,
    /// The name that the certificate of the server must have, where that is not the host of the URL.
    pub server_name: Option<String>,
    /// Whether no proxy of the environment is used: for a server on this very machine, which no
    /// proxy can reach.
    pub direct: bool,
    /// Whether a redirect is an answer like any other, and is not followed.
    pub keep_redirects: bool,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// A file that cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no certificate or key.
    #[error("{} holds no usable PEM certificate or key: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: reqwest::Error,
    },
    /// What rustls cannot use.
    #[error("failed to set up TLS: {0}")]
    Tls(String),
    /// TLS cannot be set up.
    #[error("failed to set up HTTP: {0}")]
    Client(#[source] reqwest::Error),
}

/// A [`Client`] whose type hides what it is made of. Whoever holds a client in an `async` function has the compiler prove of
/// each type in it that threads may share it: pools, connectors, TLS. That was half of the build of the providers.
#[derive(Clone)]
pub struct HttpClient(Arc<dyn Borrow<Client> + Send + Sync>);

impl Deref for HttpClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        (*self.0).borrow()
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// How a run names itself in every request, as upstream does; the SDK of AWS says its own name.
pub const USER_AGENT: &str = concat!("ExternalDNS/", env!("CARGO_PKG_VERSION"));

/// Makes a client: HTTP/1.1 and 2 over rustls, connections kept alive, up to ten redirects and
/// the proxies of the environment unless told otherwise.
///
/// # Errors
/// When a file of the options is missing or holds something else.
pub fn http_client(options: &HttpOptions) -> Result<HttpClient, HttpError> {
    install_crypto();
    let mut builder = Client::builder().user_agent(USER_AGENT).redirect(redirects());
    if let Some(timeout) = options.timeout {
        builder = builder.timeout(timeout);
    }
    if options.keep_redirects {
        builder = builder.redirect(reqwest::redirect::Policy::none());
    }
    if options.direct {
        builder = builder.no_proxy();
    }
    Ok(HttpClient(Arc::new(tls(builder, options)?.build().map_err(HttpError::Client)?)))
}

/// With the certificates of the options. Without any it trusts the system, whose authorities are read
/// only when there is something to verify.
fn tls(mut builder: ClientBuilder, options: &HttpOptions) -> Result<ClientBuilder, HttpError> {
    let HttpOptions { ca, identity, accept_any_certificate, server_name, .. } = options;
    if let Some(name) = server_name.as_deref().filter(|_| !accept_any_certificate) {
        let config = roots::named(name, ca.as_deref(), identity.as_ref());
        let config = config.map_err(HttpError::Tls)?;
        return Ok(builder.tls_backend_preconfigured(config));
    }
    if ca.is_none()
        && identity.is_none()
        && !accept_any_certificate
        && let Ok(config) = roots::client_config()
    {
        return Ok(builder.tls_backend_preconfigured(config));
    }
    builder = builder.tls_danger_accept_invalid_certs(*accept_any_certificate);
    if let Some(path) = ca {
        let pem = read(path)?;
        let authorities = Certificate::from_pem_bundle(&pem)
            .map_err(|source| HttpError::Pem { path: path.clone(), source })?;
        builder = builder.tls_certs_merge(authorities);
    }
    let built_in = roots::built_in_roots().iter().map(|root| Certificate::from_der(root));
    builder = builder
        .tls_certs_merge(built_in.collect::<Result<Vec<_>, _>>().map_err(HttpError::Client)?);
    if let Some((certificate, key)) = identity {
        let mut pem = read(certificate)?;
        pem.push(b'\n');
        pem.extend(read(key)?);
        let identity = Identity::from_pem(&pem)
            .map_err(|source| HttpError::Pem { path: certificate.clone(), source })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// Follows redirects. What a server sends us to may have a password, which no output shows either.
fn redirects() -> Policy {
    let limited = Policy::limited(MOST_REDIRECTS);
    Policy::custom(move |attempt| {
        secrets::register_url(attempt.url().as_str());
        limited.redirect(attempt)
    })
}

fn read(path: &PathBuf) -> Result<Vec<u8>, HttpError> {
    std::fs::read(path).map_err(|source| HttpError::File { path: path.clone(), source })
}
