//! What goes wrong on demand.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::status::{self, Answer, Attempt};
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
    /// 409: somebody else was faster.
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
    verb: String,
    page: Option<usize>,
    times: Option<usize>,
    effect: Effect,
}

impl Fault {
    /// Befalls lists of this resource, given as plural (`services`; `*` for all). Documents of discovery have their
    /// path for a name and the verb `get`.
    pub fn new(resource: &str, effect: Effect) -> Self {
        Self {
            resource: resource.to_owned(),
            verb: "list".to_owned(),
            page: None,
            times: None,
            effect,
        }
    }

    /// Befalls another verb; a status is written by `update` of, say, `services/status`.
    #[must_use]
    pub fn verb(self, verb: &str) -> Self {
        Self { verb: verb.to_owned(), ..self }
    }

    /// Befalls only this page of a list, from 1.
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
        self.verb == verb
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
    /// Tokens of the first page, and of one that nobody has asked for.
    pub(super) tokens: &'a dyn Fn() -> (String, String),
    pub(super) attempt: &'a Attempt<'a>,
    pub(super) expired: &'a dyn Fn() -> Answer,
    pub(super) conflict: &'a dyn Fn() -> Answer,
}

impl Effect {
    /// Whether the request is still answered, and the answer then spoiled.
    fn spoils(&self) -> bool {
        match self {
            Self::Cut(_) | Self::Slow { .. } | Self::Held(_) | Self::Stall(_) | Self::Under(_) => {
                true
            }
            _ => self.lies(),
        }
    }

    /// Whether the true page is sent, but says something that is not so.
    fn lies(&self) -> bool {
        matches!(
            self,
            Self::Remaining(_) | Self::Circle | Self::EmptyPage | Self::Nameless | Self::Doubled
        )
    }

    /// What the client gets; the true answer is made only where some of it is sent.
    pub(super) fn reply(self, context: &Context<'_>, truth: impl FnOnce() -> Answer) -> Reply {
        if self.lies() {
            return self.falsify(truth(), context).into_reply();
        }
        if self.spoils() {
            return self.spoil(truth());
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
                Answer { status, content_type, body: Bytes::from_static(body.as_bytes()) }
            }
            Self::Echo(status) => return echo(status, context.shown),
            // What spoils was answered above.
            _ => return Reply::hang_up(),
        };
        answer.into_reply()
    }

    /// The page with what is not so. An answer that is no page stays as it is.
    fn falsify(self, truth: Answer, context: &Context<'_>) -> Answer {
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

    fn spoil(self, truth: Answer) -> Reply {
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

/// A server that repeats a credential wherever it can.
fn echo(code: u16, shown: &str) -> Reply {
    let body = json!({
        "kind": format!("{shown}List"), "apiVersion": "v1", "items": [], "metadata": {}, "status": "Failure",
        "message": format!("not with {shown}"), "code": code,
    });
    Reply::new(code).header("content-type", &format!("text/{shown}")).body(body.to_string())
}
