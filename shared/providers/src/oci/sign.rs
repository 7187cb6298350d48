//! The signature of Oracle Cloud (HTTP Signatures, version 1, RSA with SHA-256).
//!
//! <https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm>

use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::ProviderError;
use crate::rest::{Outgoing, Signer};

/// Signs with one key.
pub(super) struct HttpSignature {
    pub(super) key_id: String,
    pub(super) key: KeyPair,
    /// Whether the host is signed; it is not where a machine asks for its identity.
    pub(super) with_host: bool,
}

/// The RSA key of a PEM text, in PKCS#1 or PKCS#8.
///
/// # Errors
/// When there is none, or it is encrypted.
pub(super) fn key_of(pem: &str) -> Result<KeyPair, ProviderError> {
    let cannot = |problem: &str| {
        ProviderError::config(format!(
            "initializing OCI DNS API client: the key cannot be used: {problem}"
        ))
    };
    if pem.contains("ENCRYPTED") {
        return Err(cannot("it is encrypted; decrypt it with `openssl rsa -in key.pem`"));
    }
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| cannot("PEM data was not found in buffer"))?;
    let pair = match &der {
        PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
        _ => return Err(cannot("it is no RSA key")),
    };
    pair.map_err(|_| cannot("it is no RSA key"))
}

/// The headers that are signed, and the text that is. Those of the body are there.
pub(super) fn signed(request: &Outgoing, with_host: bool) -> (String, String) {
    let url = &request.url;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = format!("{}{port}", url.host_str().unwrap_or_default());
    let method = request.method.as_str().to_lowercase();
    let mut names = vec!["date", "(request-target)"];
    names.extend(with_host.then_some("host"));
    if request.headers.contains_key("x-content-sha256") {
        names.extend(["content-length", "content-type", "x-content-sha256"]);
    }
    let header = |name: &str| {
        request.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
    };
    let lines = names.iter().map(|name| match *name {
        "(request-target)" => format!("(request-target): {method} {}{query}", url.path()),
        "host" => format!("host: {host}"),
        name => format!("{name}: {}", header(name)),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    (names.join(" "), text)
}

impl HttpSignature {
    /// Adds the headers that are signed, and the signature.
    pub(super) fn sign_at(
        &self,
        request: &mut Outgoing,
        time: SystemTime,
    ) -> Result<(), ProviderError> {
        let odd =
            |_| ProviderError::config("the identity holds a character that no header can carry");
        let date = HeaderValue::try_from(httpdate::fmt_http_date(time)).map_err(odd)?;
        request.headers.insert(DATE, date);
        if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
            let body = request.body.clone().unwrap_or_default();
            let hash = STANDARD.encode(digest(&SHA256, &body));
            request.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let hash = HeaderValue::try_from(hash).map_err(odd)?;
            request.headers.insert(HeaderName::from_static("x-content-sha256"), hash);
        }
        let (names, text) = signed(request, self.with_host);
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed =
            self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.map_err(|_| ProviderError::config("the key of the identity cannot sign"))?;
        let (id, signature) = (&self.key_id, STANDARD.encode(signature));
        let value = format!(
            "Signature version=\"1\",headers=\"{names}\",keyId=\"{id}\",algorithm=\"rsa-sha256\",signature=\"{signature}\""
        );
        let mut value = HeaderValue::try_from(value).map_err(odd)?;
        value.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}

impl Signer for HttpSignature {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        self.sign_at(request, SystemTime::now())
    }
}
