//! A batch of messages, which is one run.

use super::Message;

/// What the messages of a batch say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// How many messages there are.
    pub messages: usize,
    /// How many of them could not be read. Each counts as a wish for a run.
    pub unreadable: usize,
    /// Which attempt the run is. A batch with anything new is a first attempt.
    pub attempt: u8,
    /// How many runs before it made no progress, one after the other.
    pub stalled: u8,
}

impl Batch {
    /// Reads the bodies of a batch.
    pub fn of<'a>(bodies: impl IntoIterator<Item = &'a str>) -> Self {
        let mut batch = Self { attempt: u8::MAX, ..Self::default() };
        for body in bodies {
            let message = Message::read(body);
            batch.messages += 1;
            batch.unreadable += usize::from(message.is_none());
            let (attempt, stalled) = match message {
                Some(Message::Again { attempt, stalled, .. }) => (attempt.max(1), stalled),
                _ => (1, 0),
            };
            if attempt < batch.attempt {
                (batch.attempt, batch.stalled) = (attempt, stalled);
            }
        }
        if batch.messages == 0 {
            batch.attempt = 1;
        }
        batch
    }
}
