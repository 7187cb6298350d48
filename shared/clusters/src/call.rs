//! One request to an API server.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use kube::client::Body;

use crate::error::ReadErrorKind;

const JSON: &str = "application/json";

/// One call: what is asked for, and how it is named in errors.
pub(crate) struct Call<'a> {
    method: Method,
    url: &'a str,
    /// The URL without its query.
    pub(crate) path: &'a str,
    accept: &'static str,
    body: Bytes,
}

impl<'a> Call<'a> {
    pub(crate) fn get(url: &'a str, path: &'a str) -> Self {
        Self { method: Method::GET, url, path, accept: JSON, body: Bytes::new() }
    }

    /// The same for an answer of another media type.
    pub(crate) fn accepting(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// Puts an object, as JSON, in the place of the one that is there.
    pub(crate) fn put(path: &'a str, body: Vec<u8>) -> Self {
        Self { method: Method::PUT, url: path, path, accept: JSON, body: body.into() }
    }

    /// Asks a question that is itself an object, as JSON.
    pub(crate) fn post(path: &'a str, body: Vec<u8>) -> Self {
        Self { method: Method::POST, ..Self::put(path, body) }
    }

    /// Removes an object, on conditions that are an object themselves.
    pub(crate) fn delete(path: &'a str, conditions: Vec<u8>) -> Self {
        Self { method: Method::DELETE, ..Self::put(path, conditions) }
    }

    pub(crate) fn request(&self) -> http::Result<Request<Body>> {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(self.url)
            .header(ACCEPT, HeaderValue::from_static(self.accept));
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        request.body(Body::from(self.body.clone()))
    }

    /// An answer that does not hold all that was asked for, or does not say so.
    pub(crate) fn partial(&self, reason: impl Into<String>) -> ReadErrorKind {
        ReadErrorKind::Partial { request: self.to_string(), reason: reason.into() }
    }

    pub(crate) fn transport(&self, reason: String) -> ReadErrorKind {
        ReadErrorKind::Transport { request: self.to_string(), reason }
    }
}

/// `GET /api/v1/services`
impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
