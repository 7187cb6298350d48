//! An etcd, over the JSON gateway of its version 3.
//!
//! * API: <https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/>; keys and values are base64, 64-bit numbers are texts.
//! * Authentication: a user and a password are exchanged for a token, which stands alone in `Authorization`; a client
//!   certificate.
//! * Limits: a transaction takes 128 comparisons and 128 operations (`--max-txn-ops`), a request 1.5 MiB
//!   (`--max-request-bytes`).
//! * Quirks: empty lists, zeros and `false` are left out of answers.

#[cfg(test)]
pub(crate) mod kit;
mod login;
mod txn;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::rest::{Auth, Meaning, Rest, Service};
use crate::{BatchLimits, Context, ErrorKind, Limit, PageFrom, ProviderError, Transport};
pub(crate) use txn::{Edit, Transaction};

/// Most comparisons and most operations of a transaction, by default.
const MOST_OPERATIONS: usize = 128;

/// Most bytes of values in a transaction: they grow by a third, and keys come with them.
const MOST_BYTES: usize = 500_000;

/// What a transaction takes.
pub(crate) const LIMITS: BatchLimits =
    BatchLimits { bytes: MOST_BYTES, ..BatchLimits::changes(MOST_OPERATIONS) };

/// Keys of one page.
pub(crate) const PAGE: u32 = 5000;

/// Longest time of one operation, as upstream has it: then the next server has its turn.
const OPERATION_TIME: Duration = Duration::from_secs(5);

const fn meaning(status: u16, text: &'static str, kind: ErrorKind) -> Meaning {
    Meaning { status, text, kind }
}

const SERVICE: Service = Service {
    texts: &["/message"],
    meanings: &[
        meaning(400, "user name is empty", ErrorKind::Unauthorised),
        meaning(400, "authentication failed", ErrorKind::Unauthorised),
        meaning(0, "database space exceeded", ErrorKind::Quota),
        meaning(400, "too many operations", ErrorKind::Limit(Limit::Other("operations in a call"))),
        meaning(400, "request is too large", ErrorKind::Limit(Limit::Other("size of a request"))),
        // It may have been done all the same.
        meaning(503, "timed out", ErrorKind::Lost),
        meaning(503, "leader changed", ErrorKind::Lost),
    ],
    rights: "check ETCD_USERNAME and ETCD_PASSWORD, and that the role of the user may read and write all keys under \
             the prefix",
    most_of_answer: 256 << 20,
    ..Service::new("etcd", "http://localhost:2379")
};

/// A client of the servers of `ETCD_URLS`.
pub(crate) struct Etcd {
    rest: Rest,
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) key: String,
    /// The revision of its last change.
    pub(crate) revision: String,
    pub(crate) value: Vec<u8>,
}

/// Where a page of keys ends, for the next one.
const CURSOR: &str = "a cursor of this list has a key and a revision";

impl Etcd {
    /// The servers that the environment names.
    ///
    /// # Errors
    /// When a URL is none, or a file of TLS cannot be used.
    pub(crate) fn new(context: &Context) -> Result<Self, ProviderError> {
        let variables = &context.environment;
        let urls = variables.get("ETCD_URLS").unwrap_or(SERVICE.base);
        let urls: Vec<&str> =
            urls.split(',').map(str::trim).filter(|url| !url.is_empty()).collect();
        let Some((first, others)) = urls.split_first() else {
            return Err(ProviderError::config("ETCD_URLS names no server"));
        };
        let is_http = |url: &&&str| {
            let url = url.to_ascii_lowercase();
            url.starts_with("http://") || url.starts_with("https://")
        };
        if !urls.iter().all(|url| is_http(&url)) {
            return Err(ProviderError::config(
                "etcd URLs must start with either http:// or https://; correct ETCD_URLS",
            ));
        }
        let mut context = context.clone();
        context.http = variables.tls("ETCD", &context.http)?;
        context.http.timeout = Some(OPERATION_TIME);
        let client = |auth| context.rest(&SERVICE, Some(first), auth)?.or_at(others);
        let auth = match (variables.get("ETCD_USERNAME"), variables.get("ETCD_PASSWORD")) {
            (Some(user), password) => {
                let login = login::Login::new(client(Auth::none())?, user, password);
                Auth::tokens_in("authorization", login)
            }
            (None, _) => Auth::none(),
        };
        Ok(Self { rest: client(auth)? })
    }

    pub(crate) fn rest(&self) -> &Rest {
        &self.rest
    }

    /// A page of the keys with a prefix, all as they were at the time of the first page, and where the next one starts.
    ///
    /// # Errors
    /// When the answer is not a list of keys.
    pub(crate) async fn page(
        &self,
        via: &Transport,
        operation: &'static str,
        prefix: &str,
        from: &PageFrom,
    ) -> Result<(Vec<Pair>, Option<[String; 2]>), ProviderError> {
        let mut body = Range {
            key: STANDARD.encode(prefix),
            range_end: end_of(prefix),
            limit: PAGE.to_string(),
            revision: None,
        };
        if let PageFrom::After(cursor) = from {
            let [key, revision] = &cursor.0[..] else {
                return Err(ProviderError::new(ErrorKind::Transient, CURSOR));
            };
            // The key behind another one has a zero byte more.
            body.key = STANDARD.encode([key.as_bytes(), &[0]].concat());
            body.revision = Some(revision.to_string());
        }
        let request = self.rest.post(&["v3", "kv", "range"]).json(&body)?;
        let answer = self.rest.send(via, operation, &request).await?;
        let found: Found = answer.json()?;
        let revision = body.revision.unwrap_or(found.header.revision);
        let pairs: Vec<Pair> = found.kvs.iter().filter_map(Listed::pair).collect();
        let next = pairs.last().filter(|_| found.more).map(|last| [last.key.clone(), revision]);
        Ok((pairs, next))
    }
}

/// The end of the keys with this prefix, in base64: the prefix with its last byte one higher. Prefixes are texts, whose
/// bytes are below 255.
fn end_of(prefix: &str) -> String {
    let mut end = prefix.as_bytes().to_vec();
    match end.last_mut() {
        Some(last) => *last += 1,
        None => end.push(0),
    }
    STANDARD.encode(end)
}

#[derive(Serialize)]
struct Range {
    key: String,
    range_end: String,
    limit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    header: Header,
    #[serde(default)]
    kvs: Vec<Listed>,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
struct Header {
    revision: String,
}

#[derive(Deserialize)]
struct Listed {
    key: String,
    mod_revision: String,
    #[serde(default)]
    value: String,
}

impl Listed {
    /// The pair, if its key is text: another one is no name.
    fn pair(&self) -> Option<Pair> {
        let key = String::from_utf8(STANDARD.decode(&self.key).ok()?).ok()?;
        let value = STANDARD.decode(&self.value).ok()?;
        Some(Pair { key, revision: self.mod_revision.clone(), value })
    }
}

#[cfg(test)]
mod tests;
