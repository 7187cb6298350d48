//! The signature of Exoscale (`EXO2-HMAC-SHA256`).
//!
//! <https://openapi-v2.exoscale.com/topic/topic-api-request-signature>

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use crate::ProviderError;
use crate::rest::{Outgoing, Signer};

/// How long a signature is good, in seconds.
const GOOD: u64 = 600;

/// Signs with one key.
pub(super) struct Exo2 {
    key: String,
    secret: hmac::Key,
}

impl Exo2 {
    pub(super) fn new(key: &str, secret: &str) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self { key: key.to_owned(), secret }
    }

    /// The value of `Authorization`, good until this time in seconds since 1970.
    pub(super) fn value(&self, request: &Outgoing, expires: u64) -> String {
        // Parameters that are there once are signed, by their names.
        let mut arguments: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        arguments.sort();
        let all = arguments.clone();
        arguments.retain(|(name, _)| all.iter().filter(|(other, _)| other == name).count() == 1);
        let names: Vec<&str> = arguments.iter().map(|(name, _)| name.as_str()).collect();
        let values: String = arguments.iter().map(|(_, value)| value.as_str()).collect();
        let body = request.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let (method, path) = (&request.method, request.url.path());
        let text = format!("{method} {path}\n{body}\n{values}\n\n{expires}");
        let signature = STANDARD.encode(hmac::sign(&self.secret, text.as_bytes()));
        let signed = match names.is_empty() {
            true => String::new(),
            false => format!("signed-query-args={},", names.join(";")),
        };
        let key = &self.key;
        format!("EXO2-HMAC-SHA256 credential={key},{signed}expires={expires},signature={signature}")
    }
}

impl Signer for Exo2 {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let value = HeaderValue::try_from(self.value(request, now + GOOD));
        let mut value = value.map_err(|_| {
            ProviderError::config("--exoscale-apikey holds a character that no header can carry")
        })?;
        value.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}
