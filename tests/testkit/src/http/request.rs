//! A request as the server saw it.

use bytes::Bytes;
use hyper::{HeaderMap, Method};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, still percent-encoded.
    pub path: String,
    /// What follows the question mark, still percent-encoded.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Request {
    /// Path and query as they stood in the request line.
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The query, decoded, in the order of the request.
    pub fn pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_deref().unwrap_or_default().as_bytes())
            .into_owned()
            .collect()
    }

    /// The first value of a header, if there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body read as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("the body of {self:?} is no JSON: {error}"))
    }

    /// The whole request as text, to be compared as one: the request line, the headers by name, the body. `host` is
    /// left out, because its port differs with every run.
    pub fn text(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != hyper::header::HOST)
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {}\n{}\n{body}", self.method, self.target(), headers.concat())
    }
}
