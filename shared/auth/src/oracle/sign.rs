//! The signature of a request (HTTP Signatures, version 1, RSA with SHA-256).

use std::fmt;
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::{Method, Url};

use super::OracleError;
use super::key::key_of;

/// Signs with one RSA key.
pub struct OracleKey {
    id: String,
    pair: KeyPair,
    /// Whether the host is signed; it is not where a machine asks for its identity.
    with_host: bool,
}

/// The headers that are signed, and the text that is. Those of the body are there.
#[must_use]
pub fn signed_text(
    (method, url): (&Method, &Url),
    headers: &HeaderMap,
    with_host: bool,
) -> (String, String) {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut names = vec!["date", "(request-target)"];
    names.extend(with_host.then_some("host"));
    if headers.contains_key("x-content-sha256") {
        names.extend(["content-length", "content-type", "x-content-sha256"]);
    }
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let lines = names.iter().map(|name| match *name {
        "(request-target)" => {
            let method = method.as_str().to_lowercase();
            format!("(request-target): {method} {}{query}", url.path())
        }
        "host" => format!("host: {}{port}", url.host_str().unwrap_or_default()),
        name => format!("{name}: {}", header(name)),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    (names.join(" "), text)
}

impl OracleKey {
    /// The key of a PEM text, by the id that the API knows it by.
    ///
    /// # Errors
    /// When there is none, or the passphrase does not fit.
    pub fn of_pem(id: String, pem: &str, passphrase: &str) -> Result<Self, OracleError> {
        Ok(Self { id, pair: key_of(pem, passphrase)?, with_host: true })
    }

    pub(super) fn of_pair(id: String, pair: KeyPair) -> Self {
        Self { id, pair, with_host: true }
    }

    pub(super) fn without_host(self) -> Self {
        Self { with_host: false, ..self }
    }

    /// The public key, in PKCS#1.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Adds the headers that are signed to a request, and the signature for this time.
    ///
    /// # Errors
    /// When a header cannot carry what it has to.
    pub fn sign(
        &self,
        (method, url): (&Method, &Url),
        headers: &mut HeaderMap,
        body: Option<&[u8]>,
        now: SystemTime,
    ) -> Result<(), OracleError> {
        let value = |text: String| {
            let odd = "the identity holds a character that no header can carry";
            HeaderValue::try_from(text).map_err(|_| OracleError::setting(odd))
        };
        headers.insert(DATE, value(httpdate::fmt_http_date(now))?);
        if matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
            let body = body.unwrap_or_default();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let hash = value(STANDARD.encode(digest(&SHA256, body)))?;
            headers.insert(HeaderName::from_static("x-content-sha256"), hash);
        }
        let (names, text) = signed_text((method, url), headers, self.with_host);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
        signed.map_err(|_| OracleError::setting("the key of the identity cannot sign"))?;
        let (id, signature) = (&self.id, STANDARD.encode(signature));
        let mut value = value(format!(
            "Signature version=\"1\",headers=\"{names}\",keyId=\"{id}\",algorithm=\"rsa-sha256\",signature=\"{signature}\""
        ))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}

/// Without the key.
impl fmt::Debug for OracleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OracleKey").finish_non_exhaustive()
    }
}
