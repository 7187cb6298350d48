//! The signature of Akamai (EdgeGrid, `EG1-HMAC-SHA256`).
//!
//! <https://techdocs.akamai.com/developer/docs/edgegrid>

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_auth::uuid;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use crate::ProviderError;
use crate::rest::{Outgoing, Signer};

/// Signs with the tokens of one client.
pub(super) struct EdgeGrid {
    pub(super) client_token: String,
    pub(super) client_secret: String,
    pub(super) access_token: String,
    /// Most bytes of a body that are hashed.
    pub(super) most_of_body: usize,
}

impl EdgeGrid {
    /// The value of `Authorization` at this time (`20240102T03:04:05+0000`), with this nonce.
    pub(super) fn value(&self, request: &Outgoing, time: &str, nonce: &str) -> String {
        let (client, access) = (&self.client_token, &self.access_token);
        let auth = format!(
            "EG1-HMAC-SHA256 client_token={client};access_token={access};timestamp={time};nonce={nonce};"
        );
        // Only the bodies of POST are hashed.
        let body = request
            .body
            .as_deref()
            .filter(|body| request.method == Method::POST && !body.is_empty());
        let hash = body.map(|body| {
            STANDARD.encode(digest(&SHA256, &body[..body.len().min(self.most_of_body)]))
        });
        let url = &request.url;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = format!("{}{port}", url.host_str().unwrap_or_default());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let text = format!(
            "{}\thttps\t{host}\t{}{query}\t\t{}\t{auth}",
            request.method,
            url.path(),
            hash.unwrap_or_default()
        );
        let key = keyed(self.client_secret.as_bytes(), time);
        format!("{auth}signature={}", keyed(key.as_bytes(), &text))
    }
}

fn keyed(key: &[u8], text: &str) -> String {
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()))
}

impl Signer for EdgeGrid {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H:%M:%S+0000").to_string();
        let value = HeaderValue::try_from(self.value(request, &now, &uuid()));
        let mut value = value.map_err(|_| {
            ProviderError::config(
                "a token of Akamai holds a character that no header can carry; look for a line end",
            )
        })?;
        value.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}
