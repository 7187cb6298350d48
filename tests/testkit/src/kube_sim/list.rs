//! Lists: pages of one snapshot.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kinds::{Kind, api_version};
use super::selector::Selectors;
use super::status::{Answer, bad_request, expired};
use super::store::{Body, Store, decode};
use super::watch::Watch;

/// The version of the form of a token.
const TOKEN_VERSION: &str = "meta.k8s.io/v1";
/// The revision of a token that continues with what is there when it is used.
const LATEST: i64 = -1;

/// Where a list goes on. Clients see it encoded, and must not look inside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    v: String,
    rv: i64,
    start: String,
    /// The number of the page that this leads to, for faults; the real server has no such field.
    page: usize,
}

impl Token {
    fn new(rv: i64, start: String, page: usize) -> Self {
        Self { v: TOKEN_VERSION.to_owned(), rv, start, page }
    }

    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("texts and numbers"))
    }

    fn decode(text: &str) -> Result<Self, String> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|error| {
            let at = match error {
                DecodeError::InvalidByte(at, _)
                | DecodeError::InvalidLastSymbol { offset: at, .. } => at,
                _ => text.len(),
            };
            invalid(&format!(": illegal base64 data at input byte {at}"))
        })?;
        let token: Self =
            serde_json::from_slice(&bytes).map_err(|error| invalid(&format!(": {error}")))?;
        if token.v != TOKEN_VERSION {
            let reason = ": server does not recognize this encoded version ";
            return Err(invalid(&format!("{reason}{}", token.v)));
        }
        Ok(token)
    }
}

fn invalid(reason: &str) -> String {
    format!("invalid continue token: continue key is not valid{reason}")
}

/// What a list request asks for.
#[derive(Debug, Default)]
pub(super) struct Query {
    limit: Option<usize>,
    token: Option<Token>,
    pub(super) selectors: Selectors,
    pub(super) is_watch: bool,
    pub(super) watch: Watch,
}

impl Query {
    /// Reads the query of a request; the error is the server's message.
    pub(super) fn parse(pairs: &[(String, String)], plural: &str) -> Result<Self, String> {
        let value = |name: &str| {
            pairs.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str())
        };
        let token = match value("continue") {
            "" => None,
            text => Some(Token::decode(text)?),
        };
        let revision = value("resourceVersion");
        if token.is_some() && !matches!(revision, "" | "0") {
            return Err("specifying resource version is not allowed when using continue".to_owned());
        }
        let limit = match value("limit") {
            "" => 0,
            text => text.parse().map_err(|error| format!("limit {text:?}: {error}"))?,
        };
        // Revision 0 is answered from a cache that does not cut lists into pages.
        let limit = Some(limit).filter(|&limit| limit > 0 && (revision != "0" || token.is_some()));
        let selectors = Selectors::parse(plural, value("labelSelector"), value("fieldSelector"))?;
        let is_watch = matches!(value("watch"), "true" | "1");
        if !is_watch && !value("sendInitialEvents").is_empty() {
            return Err("sendInitialEvents is forbidden for list".to_owned());
        }
        Ok(Self { limit, token, selectors, is_watch, watch: Watch::parse(value) })
    }

    /// Whether the selectors admit an object, which is only looked at where there are any.
    pub(super) fn admits(&self, object: impl FnOnce() -> Value) -> bool {
        self.selectors.is_empty() || self.selectors.admit(&object())
    }

    /// The number of the page, from 1.
    pub(super) fn page(&self) -> usize {
        self.token.as_ref().map_or(1, |token| token.page)
    }

    /// Tokens for what goes wrong on demand: of the first page, and of this one under a number that no token has had.
    pub(super) fn tokens(&self) -> (String, String) {
        let start = self.token.as_ref().map_or("", |token| token.start.as_str());
        let onward = Token::new(LATEST, start.to_owned(), self.page() + 1);
        (Token::new(LATEST, String::new(), 1).encode(), onward.encode())
    }

    /// The refusal of this page because its snapshot is gone.
    pub(super) fn expired(&self) -> Answer {
        let (start, page) = self
            .token
            .as_ref()
            .map_or((String::new(), 1), |token| (token.start.clone(), token.page));
        expired(&Token::new(LATEST, start, page).encode())
    }
}

/// One page of the objects of a kind; an empty namespace means all.
pub(super) fn list(
    store: &Store,
    kind: &Kind,
    version: &str,
    namespace: &str,
    query: &Query,
) -> Answer {
    let revision = match &query.token {
        Some(token) if token.rv != LATEST => {
            let Ok(revision) = u64::try_from(token.rv) else {
                return bad_request(&invalid(": incorrect encoded start resourceVersion"));
            };
            if !store.remembers(revision) {
                return query.expired();
            }
            revision
        }
        _ => store.revision(),
    };
    let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    let start = query.token.as_ref().map_or("", |token| token.start.as_str());
    let mut objects = store.range(&kind.id(), &prefix, start, revision).peekable();

    let mut items: Vec<&Body> = Vec::new();
    let mut next = None;
    while let Some((key, body)) = objects.next() {
        if query.admits(|| decode(body)) {
            items.push(body);
        }
        // As in etcd: a full page goes on if any key follows, whether it will match or not.
        if query.limit == Some(items.len()) && objects.peek().is_some() {
            let rv = i64::try_from(revision).unwrap_or(LATEST);
            next = Some(Token::new(rv, format!("{key}\0"), query.page() + 1).encode());
            break;
        }
    }
    let remaining = (next.is_some() && query.selectors.is_empty()).then(|| objects.count());
    Answer::json(200, render(kind, version, revision, next.as_deref(), remaining, &items))
}

fn render(
    kind: &Kind,
    version: &str,
    revision: u64,
    next: Option<&str>,
    remaining: Option<usize>,
    items: &[&Body],
) -> Vec<u8> {
    let api_version = api_version(&kind.group, version);
    let mut metadata = format!(r#"{{"resourceVersion":"{revision}""#);
    // Lists of custom kinds say that they do not go on, others leave it out.
    if let Some(next) = next.or_else(|| kind.custom.then_some("")) {
        metadata += &format!(r#","continue":"{next}""#);
    }
    if let Some(remaining) = remaining {
        metadata += &format!(r#","remainingItemCount":{remaining}"#);
    }
    let head = format!(
        r#"{{"kind":"{}List","apiVersion":"{api_version}","metadata":{metadata}}},"items":["#,
        kind.kind
    );
    // The items of built-in kinds do not say what they are, those of custom ones do.
    let opening = if kind.custom { opening(kind, version) } else { "{".to_owned() };
    let size = items.iter().map(|body| body.len() + opening.len() + 1).sum::<usize>();
    let mut text = Vec::with_capacity(head.len() + size + 4);
    text.extend_from_slice(head.as_bytes());
    for (index, body) in items.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(opening.as_bytes());
        text.extend_from_slice(body);
    }
    text.extend_from_slice(b"]}\n");
    text
}

/// The beginning of an object that says what it is.
fn opening(kind: &Kind, version: &str) -> String {
    format!(r#"{{"apiVersion":"{}","kind":"{}","#, api_version(&kind.group, version), kind.kind)
}

/// One object as it is sent.
pub(super) fn object(kind: &Kind, version: &str, body: &Body) -> Vec<u8> {
    [opening(kind, version).as_bytes(), body, b"\n"].concat()
}
