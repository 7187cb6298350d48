//! What is asked of a service.

use std::fmt;

use bytes::Bytes;
use extdns_model::Stored;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT as AGENT,
};
use reqwest::{Method, Url};
use serde::Serialize;
use serde_json::Value;

use super::{Outgoing, origin};
use crate::{ErrorKind, ProviderError};

/// A request without credentials: it can be sent again, and shown.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Request {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None }
    }

    /// With this in its query, behind what is there.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.url.query_pairs_mut().append_pair(name, &value.to_string());
        self
    }

    /// With all of these in its query.
    #[must_use]
    pub fn queries<'n, T: fmt::Display>(self, all: impl IntoIterator<Item = (&'n str, T)>) -> Self {
        all.into_iter().fold(self, |request, (name, value)| request.query(name, value))
    }

    /// With this in its query, in place of every value that the name had.
    #[must_use]
    pub(super) fn set_query(mut self, name: &str, value: &str) -> Self {
        let others: Vec<(String, String)> =
            self.url.query_pairs().filter(|(own, _)| own != name).map(owned).collect();
        self.url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
        self
    }

    /// With a header of the service's own, by its name in lower case.
    ///
    /// # Errors
    /// When no header can have this value.
    pub fn header(mut self, name: &'static str, value: &str) -> Result<Self, ProviderError> {
        let value = HeaderValue::try_from(value).map_err(|_| {
            let message = format!("{self}: {value:?} cannot be sent as the header {name}");
            ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
        })?;
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    /// To be refused (`If-Match`) where the record is no longer as it was read: its origin is the version that the
    /// service gave it (RFC 9110, 8.8.3), or `None` where it gave none, and then nothing is compared.
    ///
    /// # Errors
    /// When the record has another origin, or its version cannot be sent.
    pub fn if_as_read(self, old: &Stored) -> Result<Self, ProviderError> {
        match origin::<Option<String>>(old)? {
            Some(version) => self.header("if-match", version),
            None => Ok(self),
        }
    }

    /// With a query that is one word without a value, as some scripts take it.
    #[must_use]
    pub fn flag(mut self, word: &str) -> Self {
        self.url.set_query(Some(word));
        self
    }

    /// With the commas of its path percent-encoded, which a URL may have as they are, and some services take apart.
    #[must_use]
    pub fn with_encoded_commas(mut self) -> Self {
        let path = self.url.path().replace(',', "%2C");
        self.url.set_path(&path);
        self
    }

    /// With the fields of an HTML form as its body.
    #[must_use]
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let media = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(CONTENT_TYPE, media);
        self.body = Some(text.into_bytes().into());
        self
    }

    /// With a JSON body.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Result<Self, ProviderError> {
        let text = serde_json::to_vec(body).map_err(|error| {
            ProviderError::new(ErrorKind::Rejected(Vec::new()), format!("{self}: {error}"))
        })?;
        self.body = Some(text.into());
        Ok(self)
    }

    /// With this member in its JSON body, in place of the one that is there.
    pub(super) fn member(self, name: &str, value: impl Into<Value>) -> Result<Self, ProviderError> {
        let mut body = match &self.body {
            Some(body) => serde_json::from_slice(body).unwrap_or_default(),
            None => Value::Object(Default::default()),
        };
        body[name] = value.into();
        self.json(&body)
    }

    /// What tells it from other requests of a list.
    pub(super) fn identity(&self) -> String {
        let body = self.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        format!("{} {body}", self.url)
    }

    /// The same request of another URL of the same server.
    pub(super) fn elsewhere(&self, url: Url) -> Self {
        Self { url, ..self.clone() }
    }

    #[cfg(test)]
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The request as it is sent, with the parameters that every request has, each once.
    pub(super) fn outgoing(
        &self,
        always: &[(&'static str, String)],
    ) -> Result<Outgoing, ProviderError> {
        let mut url = self.url.clone();
        for (name, value) in always {
            if !url.query_pairs().any(|(own, _)| own == *name) {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        let mut headers = self.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if self.body.is_some() {
            let json = HeaderValue::from_static("application/json");
            headers.entry(CONTENT_TYPE).or_insert(json);
        }
        Ok(Outgoing { method: self.method.clone(), url, headers, body: self.body.clone() })
    }
}

impl Outgoing {
    pub(super) fn build(
        self,
        http: &reqwest::Client,
        agent: &'static str,
    ) -> Result<reqwest::Request, ProviderError> {
        let Self { method, url, headers, body } = self;
        let mut builder = http
            .request(method, url)
            .headers(headers)
            .header(AGENT, HeaderValue::from_static(agent));
        if let Some(body) = body {
            builder = builder.body(body);
        }
        builder.build().map_err(|error| ProviderError::config(error.without_url().to_string()))
    }
}

/// Without the query, which may hold credentials.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.path())
    }
}

fn owned(
    (name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>),
) -> (String, String) {
    (name.into_owned(), value.into_owned())
}
