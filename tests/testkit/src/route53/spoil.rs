//! Answers that are spoiled on their way.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::http::Reply;

/// What becomes of an answer to a call that has done its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoil {
    /// Only so many bytes of the body come, announced as if they were all of it.
    CutAt(usize),
    /// The head and so many bytes of the body come, and then nothing more.
    StallAt(usize),
    /// Nothing comes, over a connection that stays open.
    Hang,
    /// The elements of this name are not there.
    Without(&'static str),
    /// The elements of this name hold this text.
    Text(&'static str, String),
    /// Another status.
    Status(u16),
    /// Another body.
    Body(String),
}

impl Spoil {
    pub(super) fn apply(&self, reply: Reply) -> Reply {
        match self {
            Self::CutAt(bytes) => {
                let cut = reply.content().slice(..(*bytes).min(reply.content().len()));
                reply.body(cut)
            }
            Self::StallAt(bytes) => reply.stall_at(*bytes),
            Self::Hang => reply.held_until(Arc::new(Notify::new())),
            Self::Without(element) => edited(reply, element, |_| String::new()),
            Self::Text(element, text) => {
                edited(reply, element, |element| format!("<{element}>{text}</{element}>"))
            }
            Self::Status(status) => reply.status(*status),
            Self::Body(body) => reply.body(body.clone()),
        }
    }
}

/// The reply with something else in place of each element of this name.
fn edited(reply: Reply, element: &str, with: impl Fn(&str) -> String) -> Reply {
    let body = String::from_utf8_lossy(reply.content()).into_owned();
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut parts = body.split(&open);
    let mut new = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, rest) = part.split_once(&close).expect("an element that was opened is closed");
        new += &with(element);
        new += rest;
    }
    reply.body(new)
}
