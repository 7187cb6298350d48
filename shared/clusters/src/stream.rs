//! A list in one call, as a stream; and what shows that a server streams no lists.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::StatusCode;

use crate::answer::Answer;
use crate::api::{Api, Interrupted};
use crate::call::Call;
use crate::error::ReadErrorKind;
use crate::exchange::{Attempts, Incoming, is_busy};
use crate::object::ResourceType;
use crate::pace::Pace;
use crate::page::PageReader;
use crate::pages::{Listed, Wanted};
use crate::receiver::Receiver;
use crate::watch::{EventError, EventReader, QUERY};

/// Why a stream has not become a list.
pub(crate) enum Unstreamed {
    Interrupted(Interrupted),
    /// The server streams no lists, or not to us.
    Refused(String),
    /// Somewhere on the way the stream stands still: something in between may wait for its end.
    Stalled(ReadErrorKind),
    /// What was listed changed before the list was complete.
    Changed,
}

impl From<ReadErrorKind> for Unstreamed {
    fn from(error: ReadErrorKind) -> Self {
        Self::Interrupted(error.into())
    }
}

impl From<Interrupted> for Unstreamed {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

impl Unstreamed {
    /// What it means that a piece of a stream did not come.
    fn missing(error: ReadErrorKind) -> Self {
        match error {
            ReadErrorKind::Timeout { .. } | ReadErrorKind::Silent { .. } => Self::Stalled(error),
            ReadErrorKind::Truncated { .. } => Self::Interrupted(Interrupted::Retry(error)),
            error => error.into(),
        }
    }
}

/// What an answer begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    /// Too little of it has come to know.
    Unknown,
    /// An event.
    Event,
    /// Anything else: a list, as far as it is one.
    Other,
}

impl Beginning {
    /// Known by the first key: an event has two, and a list has neither.
    fn of(text: &[u8]) -> Self {
        const KEYS: [&[u8]; 2] = [b"\"type\"", b"\"object\""];
        let text = text.trim_ascii_start();
        let Some((&first, rest)) = text.split_first() else { return Self::Unknown };
        let rest = rest.trim_ascii_start();
        match first {
            b'{' if KEYS.iter().any(|key| rest.starts_with(key)) => Self::Event,
            b'{' if KEYS.iter().any(|key| key.starts_with(rest)) => Self::Unknown,
            _ => Self::Other,
        }
    }
}

impl Api {
    /// Reads a list as a stream. A server that knows no streams may answer with the list itself, or
    /// its first page: then that is read.
    pub(crate) async fn stream(
        &self,
        wanted: Wanted<'_>,
        pace: &mut Pace,
        receiver: &mut dyn Receiver,
    ) -> Result<Listed, Unstreamed> {
        let url = format!("{}?{QUERY}", wanted.path);
        let call = Call::get(&url, wanted.path);
        let mut attempts = Attempts::new(self, wanted.path);
        let mut incoming = self.open(&call, &mut attempts).await?;
        if !incoming.status().is_success() {
            let answer = incoming.collect().await?;
            return Err(self.streams_not(wanted, &call, &answer).await);
        }
        incoming.bare().require_whole(&call)?;
        let mut begun = Vec::new();
        while Beginning::of(&begun) == Beginning::Unknown {
            let piece = incoming.piece().await.map_err(Unstreamed::missing)?;
            let Some(piece) = piece else { break };
            begun.extend_from_slice(&piece);
        }
        match Beginning::of(&begun) {
            Beginning::Other => self.list_instead(wanted, incoming, &begun, pace, receiver).await,
            Beginning::Event | Beginning::Unknown => {
                self.events(wanted, incoming, begun.into(), receiver).await
            }
        }
    }

    /// Reads events up to the bookmark that ends the list. Then the connection is closed: what follows
    /// are changes.
    async fn events(
        &self,
        wanted: Wanted<'_>,
        mut incoming: Incoming<'_>,
        mut piece: Bytes,
        receiver: &mut dyn Receiver,
    ) -> Result<Listed, Unstreamed> {
        let most = self.limits.answer_bytes;
        let mut reader = EventReader::new();
        incoming.without_end();
        loop {
            let before = reader.objects();
            match reader.feed(&piece, wanted.resource, most, receiver) {
                Ok(true) => {
                    let (objects, version) = (reader.objects(), reader.version());
                    return Ok(Listed { objects, version });
                }
                Ok(false) => {}
                Err(EventError::Broken(error)) => {
                    return Err(self.broken(wanted, &incoming, error).into());
                }
                Err(EventError::TooLarge) => return Err(incoming.too_large(most).into()),
                Err(EventError::Changed) => return Err(Unstreamed::Changed),
                Err(EventError::Refused { code, status }) => {
                    return Err(self.ended(wanted, incoming, code, status).await);
                }
            }
            // An object, not a byte, is what shows that the stream moves.
            if reader.objects() > before {
                incoming.progress();
            }
            let next = incoming.piece().await.map_err(Unstreamed::missing)?;
            piece = next.ok_or_else(|| {
                let reason = "the stream ended before it had said that the list is complete";
                Interrupted::Retry(incoming.truncated(reason.to_owned()))
            })?;
        }
    }

    /// A list in place of a stream.
    async fn list_instead(
        &self,
        wanted: Wanted<'_>,
        mut incoming: Incoming<'_>,
        begun: &[u8],
        pace: &mut Pace,
        receiver: &mut dyn Receiver,
    ) -> Result<Listed, Unstreamed> {
        let mut reader = PageReader::new();
        let fed = reader.feed(begun, wanted.resource, receiver);
        fed.map_err(|error| self.broken(wanted, &incoming, error))?;
        let page = match self.read_page(wanted, &mut incoming, &mut reader, receiver).await {
            Ok(page) => page,
            // Pages are smaller than the whole.
            Err(Interrupted::Failed(
                error @ (ReadErrorKind::TooLarge { .. } | ReadErrorKind::Truncated { .. }),
            )) => return Err(Unstreamed::Refused(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let why = Unstreamed::Refused("it answered with a list".to_owned());
        self.give_streams_up(wanted.resource, &why);
        Ok(self.pages(wanted, Some(page), pace, receiver).await?)
    }

    /// What it means that a stream was refused.
    async fn streams_not(
        &self,
        wanted: Wanted<'_>,
        call: &Call<'_>,
        answer: &Answer,
    ) -> Unstreamed {
        match self.refused(wanted.resource, wanted.namespace, call, answer).await {
            Interrupted::Failed(ReadErrorKind::Forbidden { .. }) => {
                Unstreamed::Refused("the right to watch is missing".to_owned())
            }
            Interrupted::Failed(error) if knows_no_streams(answer.status) => {
                Unstreamed::Refused(error.to_string())
            }
            interrupted => interrupted.into(),
        }
    }

    /// What it means that the server ended a stream with an error.
    async fn ended(
        &self,
        wanted: Wanted<'_>,
        incoming: Incoming<'_>,
        code: u16,
        status: String,
    ) -> Unstreamed {
        let mut answer = incoming.bare();
        answer.status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer.body = status.into();
        match self.streams_not(wanted, incoming.call(), &answer).await {
            Unstreamed::Interrupted(Interrupted::Failed(error)) if is_busy(answer.status) => {
                Unstreamed::Interrupted(Interrupted::Retry(error))
            }
            why => why,
        }
    }

    /// Says why a list is read in pages, and remembers it where that holds for all lists.
    pub(crate) fn give_streams_up(&self, resource: &ResourceType, why: &Unstreamed) {
        let cluster = &self.cluster;
        let reason = match why {
            Unstreamed::Changed => {
                tracing::debug!(%cluster, %resource, "the list changed while it was streamed: it is read in pages");
                return;
            }
            Unstreamed::Interrupted(_) => return,
            Unstreamed::Refused(reason) => reason.clone(),
            Unstreamed::Stalled(error) => {
                tracing::warn!(%cluster, %resource, %error, "a streamed list stood still: lists are read in pages");
                error.to_string()
            }
        };
        self.in_pages.store(true, Ordering::Relaxed);
        tracing::debug!(%cluster, %resource, reason, "the server streams no lists: they are read in pages");
    }
}

/// Refusals of a request that the server does not understand, or does not allow with any right.
fn knows_no_streams(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 405 | 406 | 415 | 422 | 501)
}

#[cfg(test)]
mod tests {
    use super::Beginning;

    #[test]
    fn an_answer_is_known_by_its_first_key() {
        let table = [
            (r#"{"type":"ADDED""#, Beginning::Event),
            ("\n { \"object\": {", Beginning::Event),
            ("", Beginning::Unknown),
            (" {", Beginning::Unknown),
            (r#"{"ty"#, Beginning::Unknown),
            (r#"{"typ":"#, Beginning::Other),
            (r#"{"kind":"ServiceList""#, Beginning::Other),
            ("{}", Beginning::Other),
            ("<html>", Beginning::Other),
            ("[", Beginning::Other),
        ];
        for (text, expected) in table {
            assert_eq!(Beginning::of(text.as_bytes()), expected, "{text}");
        }
    }
}
