//! Bodies of requests: written while they are sent, so that the text of 100,000 endpoints never
//! stands in memory.

use std::io;

use bytes::Bytes;
use extdns_model::{Action, Change, Endpoint, Role};
use futures::stream;
use tokio::sync::mpsc;

use crate::ProviderError;
use crate::webhook::wire::sent::Sent;

/// How much of a body is in memory at a time. A body that is not larger is sent in one piece.
const CHUNK: usize = 64 << 10;

/// A body, with its length: some servers take none without one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a> {
    content: Content<'a>,
    length: u64,
}

#[derive(Debug, Clone, Copy)]
enum Content<'a> {
    /// An array of endpoints.
    Desired(&'a [Endpoint]),
    /// Four lists, empty ones left out; the two of updates pair by index.
    Changes(&'a [&'a Change]),
}

/// One list of changes.
struct ChangeList {
    name: &'static str,
    /// What stands before its first endpoint if no other list stands before it, and if one does.
    opening: [&'static str; 2],
    pick: fn(&Change) -> Option<Sent<'_>>,
}

const CHANGE_LISTS: [ChangeList; 4] = [
    ChangeList {
        name: "create",
        opening: ["{\"create\":[", "],\"create\":["],
        pick: |change| match &change.action {
            Action::Create(new) => Some(Sent::with(&new.set, &new.labels)),
            _ => None,
        },
    },
    ChangeList {
        name: "updateOld",
        opening: ["{\"updateOld\":[", "],\"updateOld\":["],
        pick: |change| match &change.action {
            Action::Update { old, .. } => Some(Sent::with(&old.set, &old.labels)),
            _ => None,
        },
    },
    ChangeList {
        name: "updateNew",
        opening: ["{\"updateNew\":[", "],\"updateNew\":["],
        pick: |change| match &change.action {
            Action::Update { new, .. } => Some(Sent::with(&new.set, &new.labels)),
            _ => None,
        },
    },
    ChangeList {
        name: "delete",
        opening: ["{\"delete\":[", "],\"delete\":["],
        pick: |change| match &change.action {
            Action::Delete(old) => Some(Sent::with(&old.set, &old.labels)),
            _ => None,
        },
    },
];

/// An endpoint and the text before it.
type Piece<'a> = (&'static str, Sent<'a>);

impl<'a> Body<'a> {
    /// The desired endpoints.
    pub(super) fn desired(endpoints: &'a [Endpoint]) -> Result<Self, ProviderError> {
        Self::of(Content::Desired(endpoints))
    }

    /// Changes. In each list records stand before ownership records, each in the given order, as
    /// upstream sends them.
    pub(super) fn changes(changes: &'a [&'a Change]) -> Result<Self, ProviderError> {
        Self::of(Content::Changes(changes))
    }

    fn of(content: Content<'a>) -> Result<Self, ProviderError> {
        let mut count = Count(0);
        content.write(&mut count).map_err(|error| {
            ProviderError::config(format!(
                "failed to encode a request to the webhook provider: {error}"
            ))
        })?;
        Ok(Self { content, length: count.0 })
    }

    /// The number of bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The whole text, if it is short.
    pub(super) fn short(&self) -> Option<Bytes> {
        let length = usize::try_from(self.length).ok().filter(|length| *length <= CHUNK)?;
        let mut text = Vec::with_capacity(length);
        self.content.write(&mut text).ok()?;
        Some(text.into())
    }

    /// The text as a stream, and what fills it: both have to be driven at the same time.
    pub(super) fn stream(self) -> (reqwest::Body, impl Future<Output = ()> + use<'a>) {
        let (sender, mut receiver) = mpsc::channel::<io::Result<Bytes>>(1);
        let chunks = stream::poll_fn(move |context| receiver.poll_recv(context));
        (reqwest::Body::wrap_stream(chunks), self.content.fill(sender))
    }
}

impl<'a> Content<'a> {
    fn pieces(self) -> Box<dyn Iterator<Item = Piece<'a>> + Send + 'a> {
        match self {
            Self::Desired(endpoints) => {
                Box::new(endpoints.iter().enumerate().map(|(position, endpoint)| {
                    (if position == 0 { "[" } else { "," }, Sent::desired(endpoint))
                }))
            }
            Self::Changes(changes) => Box::new(change_pieces(changes)),
        }
    }

    /// What stands behind the last endpoint, or alone.
    fn ending(self, empty: bool) -> &'static str {
        match (self, empty) {
            (Self::Desired(_), true) => "[]",
            (Self::Desired(_), false) => "]",
            (Self::Changes(_), true) => "{}",
            (Self::Changes(_), false) => "]}",
        }
    }

    fn write(self, mut out: impl io::Write) -> io::Result<()> {
        let mut empty = true;
        for (before, sent) in self.pieces() {
            out.write_all(before.as_bytes())?;
            serde_json::to_writer(&mut out, &sent)?;
            empty = false;
        }
        out.write_all(self.ending(empty).as_bytes())
    }

    /// Writes into the channel until the end, or until the receiver is gone.
    async fn fill(self, sender: mpsc::Sender<io::Result<Bytes>>) {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut empty = true;
        for (before, sent) in self.pieces() {
            chunk.extend_from_slice(before.as_bytes());
            if let Err(error) = serde_json::to_writer(&mut chunk, &sent) {
                // It was written once to be counted, so this cannot be; the request then fails.
                let _ = sender.send(Err(error.into())).await;
                return;
            }
            empty = false;
            if chunk.len() >= CHUNK {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
                if sender.send(Ok(full.into())).await.is_err() {
                    return;
                }
            }
        }
        chunk.extend_from_slice(self.ending(empty).as_bytes());
        let _ = sender.send(Ok(chunk.into())).await;
    }
}

fn change_pieces<'a>(changes: &'a [&'a Change]) -> impl Iterator<Item = Piece<'a>> + Send + 'a {
    let of_list = move |list: &'static ChangeList| {
        [Role::Record, Role::Ownership].into_iter().flat_map(move |role| {
            let own = changes.iter().filter(move |change| change.role == role);
            own.filter_map(|change| (list.pick)(change)).map(move |sent| (list, sent))
        })
    };
    let mut last = None;
    CHANGE_LISTS.iter().flat_map(of_list).map(move |(list, sent)| {
        let before = match last.replace(list.name) {
            None => list.opening[0],
            Some(name) if name == list.name => ",",
            Some(_) => list.opening[1],
        };
        (before, sent)
    })
}

/// Counts bytes.
struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_an_empty_list_or_object() {
        let desired = Body::desired(&[]).expect("a body");
        assert_eq!((desired.short().as_deref(), desired.length()), (Some(&b"[]"[..]), 2));
        let changes = Body::changes(&[]).expect("a body");
        assert_eq!((changes.short().as_deref(), changes.length()), (Some(&b"{}"[..]), 2));
    }
}
