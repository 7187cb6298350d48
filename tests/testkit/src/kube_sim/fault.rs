//! What goes wrong on demand.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::status::{self, Answer, Attempt};
use super::watch;
use crate::http::Reply;

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Effect {
    /// 410: the snapshot of the list is gone. The answer carries a token that goes on with what is there now.
    Expired,
    /// This status with the server's usual words: 429, 500, 503, 504.
    Status(u16),
    /// 429 or a status of 5xx that says when to come back, in seconds.
    Busy {
        /// The status.
        status: u16,
        /// `Retry-After`.
        retry_after: u32,
    },
    /// 401.
    Unauthorized,
    /// 403, in the words for the user who asks.
    Forbidden,
    /// 404, as for a resource that is not served.
    NotServed,
    /// 409: another writer was faster.
    Conflict,
    /// The first bytes of the true answer, then the end of the connection.
    Cut(usize),
    /// The true answer in this many pieces with a pause before each.
    Slow {
        /// Pieces.
        pieces: usize,
        /// The pause.
        pause: Duration,
    },
    /// The true answer, once this is notified.
    Held(Arc<Notify>),
    /// The first bytes of the true answer, then silence over a connection that stays open.
    Stall(usize),
    /// The true answer under another status: with 206 it is a part, and does not say of what.
    Under(u16),
    /// The true page, but without a token for the next one, though it says that so many objects remain.
    Remaining(u64),
    /// The true page, but the next one is the first: the tokens come back.
    Circle,
    /// A page without objects, and with a new token for the next one.
    EmptyPage,
    /// The true page with `{}` in place of its last object.
    Nameless,
    /// The true page, in which the metadata of the first object stands twice.
    Doubled,
    /// A stream that ends without the bookmark.
    Unmarked,
    /// A stream with an error of this code in place of the bookmark.
    Ended(u16),
    /// A stream in which an event of this type, of the first object, stands before the bookmark: `MODIFIED`, `DELETED`.
    Changed(&'static str),
    /// The true answer, compressed if the client takes that.
    Gzip,
    /// What the client showed to prove who it is, as message, kind and content type of an answer of this status.
    Echo(u16),
    /// The end of the connection, without an answer.
    HangUp,
    /// Somebody else's answer: a proxy's login page, an empty body.
    Foreign {
        /// The status.
        status: u16,
        /// The content type.
        content_type: &'static str,
        /// The body.
        body: &'static str,
    },
}

/// An [`Effect`] and the requests that it befalls; by default all lists of one resource.
#[derive(Clone, Debug)]
pub struct Fault {
    resource: String,
    /// `None` for lists in either form.
    verb: Option<String>,
    page: Option<usize>,
    times: Option<usize>,
    effect: Effect,
}

impl Fault {
    /// Befalls lists of this resource, given as plural (`services`; `*` for all), in pages and as streams. Documents of
    /// discovery have their path for a name and the verb `get`.
    pub fn new(resource: &str, effect: Effect) -> Self {
        Self { resource: resource.to_owned(), verb: None, page: None, times: None, effect }
    }

    /// Befalls this verb: `list` for pages alone, `watch` for streams alone; a status is written by `update` of, say, `services/status`.
    #[must_use]
    pub fn verb(self, verb: &str) -> Self {
        Self { verb: Some(verb.to_owned()), ..self }
    }

    /// Befalls only this page of a list, from 1; a stream has none.
    #[must_use]
    pub fn page(self, page: usize) -> Self {
        Self { page: Some(page), ..self }
    }

    /// Happens this often, then never again.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    fn befalls(&self, verb: &str, resource: &str, page: usize) -> bool {
        let is_verb = match &self.verb {
            Some(own) => own == verb,
            None => verb == "list" || (verb == "watch" && self.page.is_none()),
        };
        is_verb
            && (self.resource == "*" || self.resource == resource)
            && self.page.is_none_or(|own| own == page)
            && self.times != Some(0)
    }
}

/// The effect on a request, if there is one: the fault that was asked for first wins.
pub(super) fn pick(
    faults: &mut [Fault],
    verb: &str,
    resource: &str,
    page: usize,
) -> Option<Effect> {
    let fault = faults.iter_mut().find(|fault| fault.befalls(verb, resource, page))?;
    fault.times = fault.times.map(|times| times - 1);
    Some(fault.effect.clone())
}

/// Who asks, for what, and what expired means to it.
pub(super) struct Context<'a> {
    pub(super) user: &'a str,
    /// The header `Authorization`.
    pub(super) shown: &'a str,
    /// Whether the client takes what is compressed.
    pub(super) takes_gzip: bool,
    /// Tokens of the first page, and of one that no request has asked for.
    pub(super) tokens: &'a dyn Fn() -> (String, String),
    pub(super) attempt: &'a Attempt<'a>,
    pub(super) expired: &'a dyn Fn() -> Answer,
    pub(super) conflict: &'a dyn Fn() -> Answer,
}

impl Effect {
    /// Whether the request is still answered, and the answer then spoiled.
    fn spoils(&self) -> bool {
        match self {
            Self::Cut(_)
            | Self::Slow { .. }
            | Self::Held(_)
            | Self::Stall(_)
            | Self::Under(_)
            | Self::Gzip => true,
            _ => self.lies(),
        }
    }

    /// Whether the true page is sent, but says something that is not so.
    fn lies(&self) -> bool {
        matches!(
            self,
            Self::Remaining(_)
                | Self::Circle
                | Self::EmptyPage
                | Self::Nameless
                | Self::Doubled
                | Self::Unmarked
                | Self::Ended(_)
                | Self::Changed(_)
        )
    }

    /// What the client gets; the true answer is made only where some of it is sent.
    pub(super) fn reply(self, context: &Context<'_>, truth: impl FnOnce() -> Answer) -> Reply {
        if self.lies() {
            return self.falsify(truth(), context).into_reply();
        }
        if self.spoils() {
            return self.spoil(truth(), context);
        }
        let answer = match self {
            Self::Expired => (context.expired)(),
            Self::Conflict => (context.conflict)(),
            Self::Status(code) => status::failure(code),
            Self::Busy { status, retry_after } => {
                return status::failure(status)
                    .into_reply()
                    .header("retry-after", &retry_after.to_string());
            }
            Self::Unauthorized => status::unauthorized(),
            Self::Forbidden => status::forbidden(context.user, context.attempt),
            Self::NotServed => status::no_such_path(),
            Self::Foreign { status, content_type, body } => {
                let body = Bytes::from_static(body.as_bytes());
                Answer { content_type, ..Answer::json(status, body) }
            }
            Self::Echo(status) => return echo(status, context.shown),
            // What spoils was answered above.
            _ => return Reply::hang_up(),
        };
        answer.into_reply()
    }

    /// The page with what is not so. An answer that is neither page nor stream stays as it is.
    fn falsify(self, truth: Answer, context: &Context<'_>) -> Answer {
        if truth.is_open {
            return self.falsify_stream(truth, context);
        }
        let Ok(mut page) = serde_json::from_slice::<Value>(&truth.body) else { return truth };
        let Some(items) = page["items"].as_array_mut() else { return truth };
        match self {
            Self::Nameless => {
                if let Some(last) = items.last_mut() {
                    *last = json!({});
                }
            }
            Self::EmptyPage => {
                items.clear();
                page["metadata"]["continue"] = json!((context.tokens)().1);
            }
            Self::Circle => page["metadata"]["continue"] = json!((context.tokens)().0),
            Self::Remaining(left) => {
                page["metadata"]["continue"] = json!("");
                page["metadata"]["remainingItemCount"] = json!(left);
            }
            _ => {}
        }
        let mut text = page.to_string();
        if matches!(self, Self::Doubled)
            && let Some(first) = page["items"].get(0)
        {
            let member = format!(r#""metadata":{}"#, first["metadata"]);
            text = text.replacen(&member, &format!("{member},{member}"), 1);
        }
        Answer { body: text.into(), ..truth }
    }

    /// The stream with what is not so.
    fn falsify_stream(self, truth: Answer, context: &Context<'_>) -> Answer {
        let text = String::from_utf8_lossy(&truth.body).into_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let Some(bookmark) = lines.pop() else { return truth };
        let first: Value = lines
            .first()
            .map_or(Value::Null, |line| serde_json::from_str(line).expect("an event of ours"));
        let first = &first["object"];
        let line = |kind: &str, object: &Value| {
            String::from_utf8_lossy(&watch::event(kind, object)).trim_end().to_owned()
        };
        match &self {
            Self::Unmarked => {}
            Self::Ended(code) => {
                let answer = match code {
                    410 => (context.expired)(),
                    code => status::failure(*code),
                };
                let status = serde_json::from_slice(&answer.body).unwrap_or_else(|_| {
                    json!({ "kind": "Status", "apiVersion": "v1", "code": code, "message": "busy" })
                });
                lines.push(line("ERROR", &status));
            }
            Self::Changed(kind) => lines.extend([line(kind, first), bookmark]),
            Self::Nameless => {
                lines.pop();
                lines.extend([line("ADDED", &json!({})), bookmark]);
            }
            Self::Doubled if !lines.is_empty() => {
                let member = format!(r#""metadata":{}"#, first["metadata"]);
                lines[0] = line("ADDED", first).replacen(&member, &format!("{member},{member}"), 1);
                lines.push(bookmark);
            }
            _ => return truth,
        }
        let body = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let is_open = !matches!(self, Self::Unmarked | Self::Ended(_));
        Answer { body: body.into(), is_open, ..truth }
    }

    fn spoil(self, truth: Answer, context: &Context<'_>) -> Reply {
        if matches!(self, Self::Gzip) && context.takes_gzip {
            return Answer { body: compressed(&truth.body), is_open: false, ..truth }
                .into_reply()
                .header("content-encoding", "gzip");
        }
        let body = truth.body.clone();
        let reply = truth.into_reply();
        match self {
            // A cut leaves at least the last byte away.
            Self::Cut(at) => reply.cut_at(at.min(body.len() - 1)),
            Self::Slow { pieces, pause } => {
                let size = body.len().div_ceil(pieces.max(1)).max(1);
                let starts = (0..body.len()).step_by(size);
                reply.chunks(
                    starts
                        .map(|start| body.slice(start..body.len().min(start + size)))
                        .collect::<Vec<_>>(),
                    pause,
                )
            }
            Self::Held(go) => reply.held_until(go),
            Self::Stall(at) => reply.stall_at(at.min(body.len() - 1)),
            Self::Under(status) => reply.status(status),
            _ => reply,
        }
    }
}

fn compressed(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it all").into()
}

/// A server that repeats a credential wherever it can.
fn echo(code: u16, shown: &str) -> Reply {
    let body = json!({
        "kind": format!("{shown}List"), "apiVersion": "v1", "items": [], "metadata": {}, "status": "Failure",
        "message": format!("not with {shown}"), "code": code,
    });
    Reply::new(code).header("content-type", &format!("text/{shown}")).body(body.to_string())
}
