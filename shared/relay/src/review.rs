//! Admission reviews: what an API server asks before it stores an object.
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::read_set::{ReadSet, Subject};

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// How deep objects and lists may be nested: as deep as the parser goes.
const DEPTH: usize = 120;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Review<'a>,
}

/// The question. Fields that do not matter are skipped, and those of the object are read only when they have to be
/// compared.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    kind: Kind<'a>,
    #[serde(borrow)]
    resource: Resource<'a>,
    #[serde(default, borrow)]
    sub_resource: Cow<'a, str>,
    #[serde(default, borrow)]
    namespace: Cow<'a, str>,
    #[serde(default, borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(default)]
    dry_run: Option<bool>,
    #[serde(default, borrow)]
    object: Option<&'a RawValue>,
    #[serde(default, borrow)]
    old_object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(default, borrow)]
    group: Cow<'a, str>,
    #[serde(borrow)]
    resource: Cow<'a, str>,
}

impl<'a> Review<'a> {
    /// Reads the body of a call.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, String> {
        if is_deeper(body, DEPTH) {
            return Err(format!("the body is nested deeper than {DEPTH} levels"));
        }
        let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|error| {
            format!("the body is no {KIND} of {API_VERSION}: {}", place(&error))
        })?;
        if envelope.api_version != API_VERSION || envelope.kind != KIND {
            return Err(format!("the body is no {KIND} of {API_VERSION}"));
        }
        Ok(envelope.request)
    }

    /// Whether the change may change what is wanted.
    pub(crate) fn matters(&self, read_set: &ReadSet) -> bool {
        let subject = Subject {
            group: &self.resource.group,
            plural: &self.resource.resource,
            kind: &self.kind.kind,
            subresource: &self.sub_resource,
        };
        if self.dry_run == Some(true) || !read_set.contains(&subject) {
            return false;
        }
        match &*self.operation {
            "CREATE" | "DELETE" => true,
            "UPDATE" => differ(self.old_object, self.object),
            _ => false,
        }
    }

    /// The object, for the log: `services/shop/web`.
    pub(crate) fn object(&self) -> String {
        let Self { resource, namespace, name, .. } = self;
        [&*resource.resource, namespace, name]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| part.chars().filter(|c| !c.is_control()).take(253).collect::<String>())
            .collect::<Vec<_>>()
            .join("/")
    }

    /// The answer: the object may be stored.
    pub(crate) fn allowed(&self) -> Answer {
        let response = json!({ "uid": self.uid, "allowed": true });
        let review = json!({ "apiVersion": API_VERSION, "kind": KIND, "response": response });
        Answer { status: 200, body: review.to_string() }
    }
}

/// Where a document is wrong. What is there is not shown.
fn place(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "it breaks off".to_owned(),
        serde_json::error::Category::Syntax => {
            format!("it is no JSON at line {} column {}", error.line(), error.column())
        }
        _ => "a field is missing or has another type".to_owned(),
    }
}

/// Whether objects and lists are nested deeper than this.
pub(crate) fn is_deeper(json: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The fields of an object, unread.
type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Fields of the metadata that matter.
const METADATA: [&str; 2] = ["labels", "annotations"];

/// Whether labels, annotations or anything outside the metadata differ. What cannot be compared counts as different.
///
/// An object that has finalizers goes without a `DELETE` of its own: with the update that takes the last one away.
fn differ(old: Option<&RawValue>, new: Option<&RawValue>) -> bool {
    let (Some(old), Some(new)) = (old.and_then(fields_of), new.and_then(fields_of)) else {
        return true;
    };
    let outside = |fields: &Fields<'_>| {
        let names = fields.keys().filter(|name| *name != "metadata" && *name != "apiVersion");
        names.map(|name| name.to_string()).collect::<Vec<_>>()
    };
    let (Some(old_metadata), Some(new_metadata)) = (metadata(&old), metadata(&new)) else {
        return true;
    };
    let is_going = new_metadata.contains_key("deletionTimestamp");
    outside(&old) != outside(&new)
        || outside(&new).iter().any(|name| field_differs(&old, &new, name))
        || METADATA.iter().any(|name| field_differs(&old_metadata, &new_metadata, name))
        || is_going && field_differs(&old_metadata, &new_metadata, "finalizers")
}

fn metadata<'a>(fields: &Fields<'a>) -> Option<Fields<'a>> {
    fields_of(fields.get("metadata")?)
}

fn fields_of(object: &RawValue) -> Option<Fields<'_>> {
    serde_json::from_str(object.get()).ok()
}

/// Texts that are equal need no parser; others may differ in their spaces alone.
fn field_differs(old: &Fields<'_>, new: &Fields<'_>, name: &str) -> bool {
    let [old, new] = [old, new].map(|fields| fields.get(name).map(|value| value.get()));
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (old, new) {
        (None, None) => false,
        (Some(old), Some(new)) if old == new => false,
        // Servers leave an empty map out, or not.
        (Some(only), None) | (None, Some(only)) => !matches!(only.trim(), "{}" | "null"),
        (Some(old), Some(new)) => value(old).is_none_or(|old| Some(old) != value(new)),
    }
}
