//! The signature of Tencent Cloud (`TC3-HMAC-SHA256`).
//!
//! <https://www.tencentcloud.com/document/product/1137/57323>

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};

use crate::ProviderError;
use crate::rest::signing::{hex, scoped, sha256};
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
        let (method, host, body) = (&request.method, request.host(), hex(sha256(request.bytes())));
        let signed = "content-type;host";
        let whole = format!("{method}\n/\n\ncontent-type:{media}\nhost:{host}\n\n{signed}\n{body}");
        let (date, time) = (time.strftime("%Y-%m-%d").to_string(), time.as_second().to_string());
        let (key, scope) = (format!("TC3{}", self.key), [&*date, self.service, "tc3_request"]);
        scoped("TC3-HMAC-SHA256", [&self.id, &key], &time, &scope, (&whole, signed))
    }
}

impl Signer for Tc3 {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let now = Timestamp::now();
        let time = HeaderValue::from(now.as_second());
        request.headers.insert(HeaderName::from_static("x-tc-timestamp"), time);
        request.secret_header(AUTHORIZATION, self.value(request, now), "secretId")
    }
}
