//! The signature of Exoscale (`EXO2-HMAC-SHA256`).
//!
//! <https://openapi-v2.exoscale.com/topic/topic-api-request-signature>

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::AUTHORIZATION;

use crate::ProviderError;
use crate::rest::signing::{base64, hmac_sha256};
use crate::rest::{Outgoing, Signer};

/// How long a signature is good, in seconds.
const GOOD: u64 = 600;

/// Signs with one key.
pub(super) struct Exo2 {
    key: String,
    secret: String,
}

impl Exo2 {
    pub(super) fn new(key: &str, secret: &str) -> Self {
        Self { key: key.to_owned(), secret: secret.to_owned() }
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
        let body = String::from_utf8_lossy(request.bytes());
        let (method, path) = (&request.method, request.url.path());
        let text = format!("{method} {path}\n{body}\n{values}\n\n{expires}");
        let signature = base64(hmac_sha256(&self.secret, text));
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
        let value = self.value(request, now + GOOD);
        request.secret_header(AUTHORIZATION, value, "--exoscale-apikey")
    }
}
