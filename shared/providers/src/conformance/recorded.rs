//! Recorded exchanges with the services of providers (`tests/fixtures/README.md`).

use std::path::{Path, PathBuf};

use extdns_testkit::http::Reply;
use serde_json::Value;

/// One exchange.
pub(crate) struct Exchange {
    text: Value,
}

impl Exchange {
    /// The exchange of this name.
    pub(crate) fn of(provider: &str, name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wire");
        let path: PathBuf = root.join(provider).join(format!("{name}.json"));
        let text =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = serde_json::from_slice(&text);
        Self { text: text.unwrap_or_else(|error| panic!("{}: {error}", path.display())) }
    }

    /// What the service answered, by its status, body and headers.
    pub(crate) fn reply(&self) -> Reply {
        let response = &self.text["response"];
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.expect("a status");
        let reply = match &response["body"] {
            Value::Null => Reply::new(status),
            body => Reply::json(status, body),
        };
        let headers = response["headers"].as_object().into_iter().flatten();
        let others = headers.filter(|(name, _)| *name != "content-type");
        others.fold(reply, |reply, (name, value)| {
            reply.header(name, value.as_str().expect("a header is text"))
        })
    }

    /// The method and path that were asked for.
    pub(crate) fn asked(&self) -> (&str, &str) {
        let text = |name: &str| self.text["request"][name].as_str().expect("text");
        (text("method"), text("path"))
    }

    /// The parameters that were sent in the query.
    pub(crate) fn query(&self) -> &Value {
        &self.text["request"]["query"]
    }

    /// The body that was sent.
    pub(crate) fn sent(&self) -> &Value {
        &self.text["request"]["body"]
    }

    /// The body of the answer.
    pub(crate) fn answered(&self) -> &Value {
        &self.text["response"]["body"]
    }
}
