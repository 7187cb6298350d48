//! One event of a watch.

use serde::Deserialize;
use serde_json::value::RawValue;

use ecow::EcoString;

use super::stored::Stored;

/// What an event says.
pub(super) enum Change {
    /// An object is new, or has changed.
    Put(Stored),
    /// An object is gone.
    Gone(Stored),
    /// Nothing has changed up to this state.
    Bookmark(EcoString),
    /// The server ends the watch: its code, 410 where it has forgotten the state that the watch began with, and what it
    /// says.
    Ended(u16, String),
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: EcoString,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Status {
    code: u16,
    message: String,
}

impl Change {
    /// Reads a line of a watch.
    pub(super) fn of(line: &[u8]) -> serde_json::Result<Self> {
        let Line { kind, object } = serde_json::from_slice(line)?;
        Ok(match &*kind {
            "ADDED" | "MODIFIED" => Self::Put(Stored::of(object)?),
            "DELETED" => Self::Gone(Stored::of(object)?),
            "BOOKMARK" => Self::Bookmark(Stored::of(object)?.version().clone()),
            "ERROR" => {
                let Status { code, message } = serde_json::from_str(object.get())?;
                Self::Ended(code, message)
            }
            other => Self::Ended(0, format!("an event of the unknown type {other:?}")),
        })
    }
}
