//! Signature Version 4 of AWS, which other services use too.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac};
use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};

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
        let host = request.url.host_str().unwrap_or_default();
        let host = request.url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        for (name, text) in [(HOST, &host), (TIME, &time)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
        let (names, lines) = signed_headers(&headers);
        let body = hex(digest::digest(&digest::SHA256, request.body.as_deref().unwrap_or(&[])));
        let (method, path, query) = (&request.method, request.url.path(), query_of(request));
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{body}");
        let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()));
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
        let first = format!("AWS4{}", self.secret).into_bytes();
        let words = [&day, self.region, self.service, "aws4_request", &text];
        let signature = words.iter().fold(first, |key, word| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            hmac::sign(&key, word.as_bytes()).as_ref().to_vec()
        });
        let key = &self.key;
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={}",
            hex(signature)
        );
        (time, value)
    }
}

impl Signer for SigV4 {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let (time, value) = self.values(request, SystemTime::now());
        let header = |text: String| {
            HeaderValue::try_from(text).map_err(|_| {
                ProviderError::config("the access key holds a character that no header can carry")
            })
        };
        let mut value = header(value)?;
        value.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, value);
        request.headers.insert(TIME, header(time)?);
        Ok(())
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

/// The parameters, sorted, and encoded as the signature wants them.
fn query_of(request: &Outgoing) -> String {
    let encode = |text: &str| -> String {
        let one = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(one).collect()
    };
    let pairs = request.url.query_pairs();
    let mut pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{}={}", encode(&name), encode(&value))).collect();
    pairs.sort();
    pairs.join("&")
}

/// The day, and the time: `20150830`, `20150830T123600Z`.
fn stamp(now: SystemTime) -> (String, String) {
    let date = httpdate::HttpDate::from(whole_seconds(now)).to_string();
    // `Sun, 30 Aug 2015 12:36:00 GMT`
    let words: Vec<&str> = date.split(' ').collect();
    let [_, day, month, year, time, _] = words[..] else { return Default::default() };
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|it| *it == month).map_or(0, |at| at + 1);
    let day = format!("{year}{month:02}{day}");
    let time = time.replace(':', "");
    (day.clone(), format!("{day}T{time}Z"))
}

fn whole_seconds(now: SystemTime) -> SystemTime {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
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
