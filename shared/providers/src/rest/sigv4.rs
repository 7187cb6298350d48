//! Signature Version 4 of AWS, which other services use too.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::SystemTime;

use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};

use super::signing::{canonical, hex, scoped, sha256};
use super::{Outgoing, Signer};
use crate::ProviderError;

/// Signs for one service of a region.
#[derive(Debug, Clone)]
pub struct SigV4 {
    /// The access key.
    pub key: String,
    /// The secret key.
    pub secret: String,
    /// The region in the scope.
    pub region: &'static str,
    /// The service in the scope.
    pub service: &'static str,
}

const TIME: HeaderName = HeaderName::from_static("x-amz-date");

impl SigV4 {
    /// The time of a signature, and the value of `Authorization` for it.
    #[must_use]
    pub fn values(&self, request: &Outgoing, now: SystemTime) -> (String, String) {
        let (day, time) = stamp(now);
        let mut headers = request.headers.clone();
        for (name, text) in [(HOST, &request.host()), (TIME, &time)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
        let (names, lines) = signed_headers(&headers);
        let body = hex(sha256(request.bytes()));
        let (method, path) = (&request.method, request.url.path());
        let query = canonical(request.url.query_pairs());
        let whole = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{body}");
        let scope = [&*day, self.region, self.service, "aws4_request"];
        let key = format!("AWS4{}", self.secret);
        let value = scoped("AWS4-HMAC-SHA256", [&self.key, &key], &time, &scope, (&whole, &names));
        (time, value)
    }
}

impl Signer for SigV4 {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let (time, value) = self.values(request, SystemTime::now());
        request.secret_header(AUTHORIZATION, value, "the access key")?;
        request.secret_header(TIME, time, "the time")
    }
}

/// The names of the headers that are signed, and their lines.
fn signed_headers(headers: &HeaderMap) -> (String, String) {
    let signed = |name: &&HeaderName| {
        matches!(name.as_str(), "host" | "content-type") || name.as_str().starts_with("x-amz-")
    };
    let mut names: Vec<&HeaderName> = headers.keys().filter(signed).collect();
    names.sort_by_key(|name| name.as_str());
    let line = |name: &&HeaderName| {
        let value = headers.get(*name).and_then(|it| it.to_str().ok()).unwrap_or_default();
        format!("{name}:{}\n", value.trim())
    };
    let lines = names.iter().map(line).collect();
    (names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(";"), lines)
}

/// The day, and the time: `20150830`, `20150830T123600Z`.
fn stamp(now: SystemTime) -> (String, String) {
    let now = jiff::Timestamp::try_from(now).unwrap_or_default();
    (now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The example of AWS's documentation (the request of IAM `ListUsers`).
    #[test]
    fn the_example_of_the_documentation() {
        let signer = SigV4 {
            key: "AKIDEXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            region: "us-east-1",
            service: "iam",
        };
        let url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
        let mut request = Outgoing {
            method: reqwest::Method::GET,
            url: url.parse().expect("a URL"),
            headers: HeaderMap::new(),
            body: None,
        };
        let media = "application/x-www-form-urlencoded; charset=utf-8";
        request.headers.insert("content-type", HeaderValue::from_static(media));
        let now = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let (time, value) = signer.values(&request, now);
        assert_eq!(time, "20150830T123600Z");
        assert_eq!(
            value,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }
}
