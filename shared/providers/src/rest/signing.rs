//! What signatures are made of: hashes, keyed hashes, and the parts of a request that they cover.

use std::fmt::Write as _;

use aws_lc_rs::digest::{Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::hmac::{self, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderName, HeaderValue};

use super::Outgoing;
use crate::ProviderError;

/// Bytes as digits in lower case.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes in base64 (RFC 4648, 4).
pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// SHA-256.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> Digest {
    digest(&SHA256, bytes.as_ref())
}

/// SHA-1, for signatures that know nothing better.
pub(crate) fn sha1(bytes: impl AsRef<[u8]>) -> Digest {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes.as_ref())
}

/// HMAC with SHA-256 (RFC 2104).
pub(crate) fn hmac_sha256(key: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), text.as_ref())
}

/// HMAC with SHA-1, for signatures that know nothing better.
pub(crate) fn hmac_sha1(key: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_ref());
    hmac::sign(&key, text.as_ref())
}

/// The signature of the last word by a key that is made of a first one and of the other words in turn, as digits.
fn derived(first: String, words: &[&str]) -> String {
    let last = words
        .iter()
        .fold(first.into_bytes(), |key, word| hmac_sha256(&key, word).as_ref().to_vec());
    hex(last)
}

/// The value of `Authorization` that covers a request (its canonical form, and the names of the headers in it) with a key
/// for a time and a scope. So do Signature Version 4 of AWS and those made after it, with another algorithm and other words.
pub(crate) fn scoped(
    algorithm: &str,
    [id, key]: [&str; 2],
    time: &str,
    scope: &[&str],
    (request, names): (&str, &str),
) -> String {
    let (all, hash) = (scope.join("/"), hex(sha256(request)));
    let text = format!("{algorithm}\n{time}\n{all}\n{hash}");
    let signature = derived(key.to_owned(), &[scope, &[&text]].concat());
    format!("{algorithm} Credential={id}/{all}, SignedHeaders={names}, Signature={signature}")
}

/// Percent-encoded but for the unreserved characters (RFC 3986, 2.3).
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte.into())
            }
            other => {
                // Writing to a text cannot fail.
                let _ = write!(out, "%{other:02X}");
            }
        }
        out
    })
}

/// Parameters, sorted, and encoded as signatures want them.
pub(crate) fn canonical<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> String {
    let pair =
        |(name, value): (N, V)| format!("{}={}", encoded(name.as_ref()), encoded(value.as_ref()));
    let mut pairs: Vec<String> = pairs.into_iter().map(pair).collect();
    pairs.sort();
    pairs.join("&")
}

impl Outgoing {
    /// The host, with its port where that is not the usual one: what the header `Host` says.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The path and the query, as they are sent.
    #[must_use]
    pub fn target(&self) -> String {
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.url.path())
    }

    /// The body; empty where there is none.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    /// Sets a header that no log shows. `whose` names what its value is made of.
    ///
    /// # Errors
    /// When no header can carry the value.
    pub fn secret_header(
        &mut self,
        name: HeaderName,
        value: impl TryInto<HeaderValue>,
        whose: &str,
    ) -> Result<(), ProviderError> {
        let mut value = value.try_into().map_err(|_| {
            ProviderError::config(format!(
                "{whose} holds a character that no header can carry; look for a line end"
            ))
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }
}
