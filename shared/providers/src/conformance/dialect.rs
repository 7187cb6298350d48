//! The dialect of a service (paths, paging, errors), as data.

use std::collections::BTreeMap;

use extdns_model::RecordType;
use serde_json::Value;

/// What stands for the apex where a service writes whole names.
pub const WHOLE: &str = ".";

/// The dialect of a service.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The header that every request has, by its name in lower case, and its value.
    pub credentials: (&'static str, &'static str),
    /// Whether a record is a whole set, known by its name and type; else it is one value with an
    /// id.
    pub sets: bool,
    /// What stands for the apex; [`WHOLE`] where names are not relative to their zone.
    pub apex: &'static str,
    /// The path of the zones.
    pub zones: &'static str,
    /// The path of a zone's records, with `{zone}`.
    pub records: &'static str,
    /// The path of a record, with `{zone}` and `{id}`, or `{name}` and `{type}`.
    pub record: &'static str,
    /// A zone of the list, by its name.
    pub zone: fn(&str) -> Value,
    /// A record of the list.
    pub show: fn(&HttpRecord) -> Value,
    /// The method of an update: `PUT` or `PATCH`.
    pub update: &'static str,
    /// What is created: the record, or what is wrong with it. An update goes through it too. Where a
    /// record is a whole set, the name of its path is put in behind it.
    pub read: fn(&Value) -> Result<HttpRecord, String>,
    /// The parameters of the page's number and size, the usual size and the largest. A cursor is a
    /// parameter of the page's number too: the tests do not care that the service has other texts.
    pub paging: (&'static str, &'static str, usize, usize),
    /// A page: headers and body.
    pub page: fn(HttpPage) -> (HttpHeaders, Value),
    /// The body of a failure, by its status and what is wrong.
    pub error: fn(u16, &str) -> Value,
    /// The status of what cannot be stored, and of what is there already.
    pub refused: (u16, u16),
    /// The statuses of a create, an update and a delete that were done.
    pub done: (u16, u16, u16),
    /// Several changes of records with ids in one call, where the service takes them.
    pub batch: Option<HttpBatch>,
}

/// Several changes in one `POST`.
#[derive(Debug, Clone, Copy)]
pub struct HttpBatch {
    /// Its path, with `{zone}`.
    pub path: &'static str,
    /// Most changes of a call.
    pub most: usize,
    /// The changes of a body, in the order in which the service makes them.
    pub read: fn(&Value) -> Result<Vec<HttpChange>, String>,
    /// Whether one change that is refused undoes all others; else the others are made.
    pub is_atomic: bool,
    /// The body of the answer to a call that was done.
    pub done: fn() -> Value,
}

/// A change of a batch. A record that is there is known by its id; what is created or comes in its place
/// goes through [`Dialect::read`].
#[derive(Debug)]
pub enum HttpChange {
    /// A new record.
    Create(Value),
    /// A record in the place of another.
    Update(String, Value),
    /// A record that goes.
    Delete(String),
    /// A record set in the place of the one of its name and type; it goes through [`Dialect::read`].
    Replace(Value),
    /// The record set of this name within its zone, and of this type, goes.
    Drop(String, RecordType),
    /// A record that goes, if it is exactly as this says; it goes through [`Dialect::read`].
    Remove(Value),
}

/// Headers of an answer.
pub type HttpHeaders = Vec<(&'static str, String)>;

/// A record as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRecord {
    /// The id, 0 before it has one. That of a whole set is new with every write: it is its version, which
    /// [`Dialect::show`] can give as `etag`, for writes with `If-Match`.
    pub id: u64,
    /// The name relative to its zone.
    pub name: String,
    /// The type.
    pub rtype: RecordType,
    /// Seconds.
    pub ttl: u32,
    /// The values, as endpoints have them.
    pub values: Vec<String>,
}

/// A page of a list.
#[derive(Debug)]
pub struct HttpPage {
    /// Whether it is the list of zones.
    pub of_zones: bool,
    /// What is on it.
    pub items: Vec<Value>,
    /// The URL of the next page, without scheme and host. A service that shows a cursor alone has
    /// what stands behind the `=` of the page's parameter.
    pub next: Option<String>,
    /// How many items the whole list has.
    pub total: usize,
}

/// A request.
#[derive(Debug, Clone, Default)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpAnswer {
    /// An answer.
    Whole {
        /// The status.
        status: u16,
        /// The headers.
        headers: HttpHeaders,
        /// The body; null for none.
        body: Value,
    },
    /// The connection ends without one.
    HangUp,
    /// None ever comes.
    Never,
}

/// The members of a JSON object, if it has no others.
///
/// # Errors
/// The first member that is unknown.
pub fn only<'v>(
    body: &'v Value,
    members: &[&str],
) -> Result<&'v serde_json::Map<String, Value>, String> {
    let object = body.as_object().ok_or("the body is no object")?;
    match object.keys().find(|key| !members.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown member {key}")),
        None => Ok(object),
    }
}

/// What stands in the place of each `{word}` of a path.
pub(super) fn captured<'t>(template: &'t str, path: &str) -> Option<BTreeMap<&'t str, String>> {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut found = BTreeMap::new();
    for (own, part) in template.into_iter().zip(path) {
        match own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) {
            Some(word) => drop(found.insert(word, part.to_owned())),
            None if own == part => {}
            None => return None,
        }
    }
    Some(found)
}
