//! A call and its answer, whichever way they came: as a request over HTTP, or in an event of AWS Lambda.

use serde_json::json;

/// A call. Its body is not read before the caller is known.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it was sent, without the query.
    pub path: &'a str,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The header `X-Extdns-Timestamp`.
    pub timestamp: Option<&'a str>,
    /// The header `X-Extdns-Signature`.
    pub signature: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> Call<'a> {
    /// A call whose headers are looked up by their names in lower case.
    pub fn new(
        method: &'a str,
        path: &'a str,
        header: impl Fn(&str) -> Option<&'a str>,
        body: &'a [u8],
    ) -> Self {
        Self {
            method,
            path,
            authorization: header("authorization"),
            timestamp: header("x-extdns-timestamp"),
            signature: header("x-extdns-signature"),
            body,
        }
    }
}

/// What a call is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, which is JSON.
    pub body: String,
}

impl Answer {
    /// The content type of every answer.
    pub const CONTENT_TYPE: &'static str = "application/json";

    /// A call that is refused.
    #[must_use]
    pub fn refused(status: u16, problem: &str) -> Self {
        Self { status, body: json!({ "error": problem }).to_string() }
    }

    /// The body is larger than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::refused(413, &format!("the body is larger than {limit} bytes"))
    }
}
