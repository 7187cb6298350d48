//! A client certificate as a credential: an assertion that its key signs (RFC 7523).
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::uuid;

/// How long an assertion is good for: it is used at once.
const LASTS: Duration = Duration::from_secs(600);

/// A certificate with its key.
pub(super) struct Certificate {
    key: Arc<dyn SigningKey>,
    thumbprint: String,
    /// The certificates of the file, where they go with the assertion.
    chain: Option<Vec<String>>,
}

impl Certificate {
    /// Reads a PEM file with a key that is not encrypted, and the certificates, its own first.
    pub(super) fn read(path: &Path, with_chain: bool) -> Result<Self, String> {
        let pem = std::fs::read(path).map_err(|error| error.to_string())?;
        Self::of(&pem, with_chain)
    }

    fn of(pem: &[u8], with_chain: bool) -> Result<Self, String> {
        let remedy = "make a PEM file with the certificate and its key without a password: openssl pkcs12 \
                      -in FILE.pfx -out FILE.pem -nodes";
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
        let first = certificates.first().ok_or(format!("it has no certificate; {remedy}"))?;
        let key = PrivateKeyDer::from_pem_slice(pem)
            .map_err(|_| format!("it has no private key that is not encrypted; {remedy}"))?;
        let key = any_supported_type(&key)
            .map_err(|_| format!("its private key cannot be used; {remedy}"))?;
        if key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]).is_none() {
            return Err(
                "its key is no RSA key, the only kind that Microsoft Entra takes".to_owned()
            );
        }
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(first));
        let chain = with_chain
            .then(|| certificates.iter().map(|own| BASE64_STANDARD.encode(own)).collect());
        Ok(Self { key, thumbprint, chain })
    }

    /// An assertion of the client for this token endpoint.
    pub(super) fn assertion(&self, client: &str, endpoint: &str) -> Result<String, String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        if let Some(chain) = &self.chain {
            header["x5c"] = json!(chain);
        }
        let claims = json!({ "aud": endpoint, "iss": client, "sub": client, "jti": uuid(),
            "nbf": now.as_secs(), "exp": (now + LASTS).as_secs() });
        let part = |part: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]);
        let signature = signer.ok_or("the key is no RSA key")?.sign(signed.as_bytes());
        let signature = signature.map_err(|error| error.to_string())?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate")
    }
}

#[cfg(test)]
pub(super) mod tests;
