//! Answers, and what the server says where it refuses.

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::kinds::{Kind, qualified};
use crate::http::Reply;

/// An answer, before a fault can spoil it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    /// Whether more could follow: a stream.
    pub(super) is_open: bool,
    /// What follows in an open stream; without it nothing ever does.
    pub(super) changes: Option<mpsc::UnboundedReceiver<Bytes>>,
}

pub(super) const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

impl Answer {
    pub(super) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: JSON, body: body.into(), is_open: false, changes: None }
    }

    pub(super) fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: TEXT, body: body.into(), is_open: false, changes: None }
    }

    pub(super) fn into_reply(self) -> Reply {
        let reply = Reply::new(self.status).header("content-type", self.content_type);
        let reply = reply.body(self.body);
        match self.changes {
            Some(changes) if self.is_open => reply.followed_by(changes),
            _ if self.is_open => reply.left_open(),
            _ => reply,
        }
    }
}

/// A refusal: a `Status` object.
pub(super) fn status(code: u16, reason: &str, message: &str, details: &Value) -> Answer {
    refusal(code, reason, message, details, json!({}))
}

fn refusal(code: u16, reason: &str, message: &str, details: &Value, metadata: Value) -> Answer {
    let mut body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    if !details.is_null() {
        body["details"] = details.clone();
    }
    Answer::json(code, body.to_string())
}

/// What a request is about, in the details of a refusal.
fn details(kind: &Kind, name: &str) -> Value {
    let mut details = json!({ "name": name, "kind": kind.plural });
    if !kind.group.is_empty() {
        details["group"] = json!(kind.group);
    }
    details
}

pub(super) fn bad_request(message: &str) -> Answer {
    status(400, "BadRequest", message, &Value::Null)
}

pub(super) fn unauthorized() -> Answer {
    status(401, "Unauthorized", "Unauthorized", &Value::Null)
}

/// No such path: not an answer of the API, but of the router below it.
pub(super) fn no_such_path() -> Answer {
    Answer::text(404, "404 page not found\n")
}

/// No such resource in a group that is built in.
pub(super) fn no_such_resource() -> Answer {
    let message = "the server could not find the requested resource";
    status(404, "NotFound", message, &json!({}))
}

pub(super) fn not_found(kind: &Kind, name: &str) -> Answer {
    let message = format!("{} {name:?} not found", kind.qualified());
    status(404, "NotFound", &message, &details(kind, name))
}

pub(super) fn not_allowed() -> Answer {
    let message = "the server does not allow this method on the requested resource";
    status(405, "MethodNotAllowed", message, &json!({}))
}

pub(super) fn unsupported_media() -> Answer {
    let message = "the body of the request was in an unknown format - accepted media types include: application/json";
    status(415, "UnsupportedMediaType", message, &json!({}))
}

pub(super) fn conflict(kind: &Kind, name: &str) -> Answer {
    let message = format!(
        "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please apply your changes to the \
         latest version and try again",
        kind.qualified()
    );
    status(409, "Conflict", &message, &details(kind, name))
}

/// A precondition that does not hold.
pub(super) fn conflict_because(kind: &Kind, name: &str, why: &str) -> Answer {
    let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.qualified());
    status(409, "Conflict", &message, &details(kind, name))
}

pub(super) fn already_exists(kind: &Kind, name: &str) -> Answer {
    let message = format!("{} {name:?} already exists", kind.qualified());
    status(409, "AlreadyExists", &message, &details(kind, name))
}

/// Nothing can be made in a namespace that is not there.
pub(super) fn no_namespace(namespace: &str) -> Answer {
    let message = format!("namespaces {namespace:?} not found");
    status(404, "NotFound", &message, &json!({ "name": namespace, "kind": "namespaces" }))
}

/// The object is gone.
pub(super) fn deleted(kind: &Kind, name: &str, uid: &Value) -> Answer {
    let mut details = details(kind, name);
    details["uid"] = uid.clone();
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    });
    Answer::json(200, body.to_string())
}

/// A custom object without the `resourceVersion` that its update needs.
pub(super) fn unversioned(kind: &Kind, name: &str) -> Answer {
    let cause = "Invalid value: 0: must be specified for an update";
    invalid(kind, name, "metadata.resourceVersion", cause)
}

/// A field that does not have the form that it must have.
pub(super) fn invalid(kind: &Kind, name: &str, field: &str, cause: &str) -> Answer {
    let message = format!("{} {name:?} is invalid: {field}: {cause}", kind.qualified());
    let reason = if cause.starts_with("Required") { "Required" } else { "Invalid" };
    let details = json!({
        "name": name, "group": kind.group, "kind": kind.plural,
        "causes": [{ "reason": format!("FieldValue{reason}"), "message": cause, "field": field }],
    });
    status(422, "Invalid", &message, &details)
}

/// An option of a request that the server does not take.
pub(super) fn forbidden_option(field: &str, reason: &str) -> Answer {
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {reason}");
    let details = json!({
        "group": "meta.k8s.io", "kind": "ListOptions",
        "causes": [{
            "reason": "FieldValueForbidden", "message": format!("Forbidden: {reason}"), "field": field,
        }],
    });
    status(422, "Invalid", &message, &details)
}

/// The state that the continue token names is gone; the new token continues with what is there now.
pub(super) fn expired(token: &str) -> Answer {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
                   list without the continue parameter, or use the continue token in this response to retrieve the \
                   remainder of the results. Continuing with the provided token results in an inconsistent list - \
                   objects that were created, modified, or deleted between the time the first chunk was returned and \
                   now may show up in the list.";
    refusal(410, "Expired", message, &Value::Null, json!({ "continue": token }))
}

/// What a request wants to do, in the words of authorization.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    pub(super) plural: &'a str,
    pub(super) subresource: &'a str,
    /// Empty for all.
    pub(super) namespace: &'a str,
    /// Empty for all.
    pub(super) name: &'a str,
}

impl Attempt<'_> {
    /// `services` or `services/status`.
    pub(super) fn resource(&self) -> String {
        match self.subresource {
            "" => self.plural.to_owned(),
            subresource => format!("{}/{subresource}", self.plural),
        }
    }
}

pub(super) fn forbidden(user: &str, attempt: &Attempt<'_>) -> Answer {
    let Attempt { verb, group, namespace, name, plural, .. } = *attempt;
    let what = match name {
        "" => qualified(plural, group),
        _ => format!("{} {name:?}", qualified(plural, group)),
    };
    let scope = match namespace {
        "" => "at the cluster scope".to_owned(),
        _ => format!("in the namespace {namespace:?}"),
    };
    let resource = attempt.resource();
    let message = format!(
        "{what} is forbidden: User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}"
    );
    let mut details = json!({ "kind": plural });
    for (field, value) in [("group", group), ("name", name)] {
        if !value.is_empty() {
            details[field] = json!(value);
        }
    }
    status(403, "Forbidden", &message, &details)
}

pub(super) fn forbidden_path(user: &str, path: &str) -> Answer {
    let message = format!("forbidden: User {user:?} cannot get path {path:?}");
    status(403, "Forbidden", &message, &json!({}))
}

/// A failure of the server of a kind that it has no reason for.
pub(super) fn failure_because(message: &str) -> Answer {
    status(500, "", message, &Value::Null)
}

/// A failure of the server, in its usual words.
pub(super) fn failure(code: u16) -> Answer {
    let (reason, message) = match code {
        429 => return Answer::text(429, "Too many requests, please try again later.\n"),
        500 => ("InternalError", "Internal error occurred: etcdserver: leader changed"),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504 => ("Timeout", "Timeout: request did not complete within the allotted timeout"),
        _ => ("", "the server could not process the request"),
    };
    status(code, reason, message, &json!({}))
}
