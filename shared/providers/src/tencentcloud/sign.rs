//! The signature of Tencent Cloud (`TC3-HMAC-SHA256`).
//!
//! <https://www.tencentcloud.com/document/product/1137/57323>

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};

use crate::ProviderError;
use crate::rest::{Outgoing, Signer};

/// Signs the calls of one service with one key.
pub(super) struct Tc3 {
    service: &'static str,
    id: String,
    key: String,
}

impl Tc3 {
    pub(super) fn new(service: &'static str, id: &str, key: &str) -> Self {
        Self { service, id: id.to_owned(), key: key.to_owned() }
    }

    /// The value of `Authorization` at this time.
    pub(super) fn value(&self, request: &Outgoing, time: Timestamp) -> String {
        let media = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().to_lowercase();
        let host = request.url.host_str().unwrap_or_default();
        let port = request.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let body = hash(request.body.as_deref().unwrap_or_default());
        let signed = "content-type;host";
        let whole = format!(
            "{}\n/\n\ncontent-type:{media}\nhost:{host}{port}\n\n{signed}\n{body}",
            request.method
        );
        let (date, seconds) = (time.strftime("%Y-%m-%d").to_string(), time.as_second());
        let scope = format!("{date}/{}/tc3_request", self.service);
        let text = format!("TC3-HMAC-SHA256\n{seconds}\n{scope}\n{}", hash(whole.as_bytes()));
        let first = format!("TC3{}", self.key).into_bytes();
        let words = [date.as_str(), self.service, "tc3_request", &text];
        let signature = hex(&words.iter().fold(first, |key, word| keyed(&key, word)));
        let id = &self.id;
        format!(
            "TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )
    }
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Signer for Tc3 {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let now = Timestamp::now();
        let value = HeaderValue::try_from(self.value(request, now));
        let mut value = value.map_err(|_| {
            ProviderError::config("secretId holds a character that no header can carry")
        })?;
        value.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, value);
        let time = HeaderValue::from(now.as_second());
        request.headers.insert(HeaderName::from_static("x-tc-timestamp"), time);
        Ok(())
    }
}
