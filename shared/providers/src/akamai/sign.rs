//! The signature of Akamai (EdgeGrid, `EG1-HMAC-SHA256`).
//!
//! <https://techdocs.akamai.com/developer/docs/edgegrid>

use extdns_auth::uuid;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;

use crate::ProviderError;
use crate::rest::signing::{base64, hmac_sha256, sha256};
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
        let hash = match request.bytes() {
            body if request.method == Method::POST && !body.is_empty() => {
                base64(sha256(&body[..body.len().min(self.most_of_body)]))
            }
            _ => String::new(),
        };
        let (method, host, target) = (&request.method, request.host(), request.target());
        let text = format!("{method}\thttps\t{host}\t{target}\t\t{hash}\t{auth}");
        let key = base64(hmac_sha256(&self.client_secret, time));
        format!("{auth}signature={}", base64(hmac_sha256(key, text)))
    }
}

impl Signer for EdgeGrid {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H:%M:%S+0000").to_string();
        let value = self.value(request, &now, &uuid());
        request.secret_header(AUTHORIZATION, value, "a token of Akamai")
    }
}
