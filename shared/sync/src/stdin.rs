//! Standard input, read in a thread, so that the end of the time also ends the wait for it.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use extdns_providers::Deadline;
use tokio::sync::oneshot;

/// What standard input held, or why it could not be read. It is read once, when the parts of a run are
/// put together; whoever needs it gets a reader of its own.
#[derive(Debug, Clone, Default)]
pub struct Input {
    text: Arc<[u8]>,
    problem: Option<(io::ErrorKind, Arc<str>)>,
}

impl Input {
    /// Reads it to its end, in a thread of its own: whoever writes to it may never end, and the
    /// process does not wait for a thread.
    pub(crate) async fn read(mut from: Box<dyn Read + Send>) -> Self {
        let (sender, receiver) = oneshot::channel();
        let thread = std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            let mut all = Vec::new();
            // The receiver may be gone; then the text is not needed.
            let _ = sender.send(from.read_to_end(&mut all).map(|_| all));
        });
        let read = match thread {
            Ok(_) => receiver.await.unwrap_or_else(|_| Err(io::Error::other("internal error"))),
            Err(error) => Err(error),
        };
        match read {
            Ok(text) => Self::from(&*text),
            Err(error) => Self::failed(&error),
        }
    }

    /// The same, but at the latest at the deadline: then reading it is an error.
    pub(crate) async fn in_time(read: impl Future<Output = Self>, until: &Deadline) -> Self {
        tokio::select! {
            biased;
            input = read => input,
            () = until.over() => {
                let late = if until.is_stopped() {
                    "standard input did not end before the run was told to stop"
                } else {
                    "standard input did not end while there was time"
                };
                Self::failed(&io::Error::new(io::ErrorKind::TimedOut, late))
            }
        }
    }

    fn failed(error: &io::Error) -> Self {
        let problem = Some((error.kind(), error.to_string().into()));
        Self { problem, ..Self::default() }
    }

    /// A reader from its begin; why it could not be read is the reader's error.
    pub(crate) fn reader(&self) -> impl Read + Send + use<> {
        Reader { text: Cursor::new(Arc::clone(&self.text)), problem: self.problem.clone() }
    }
}

impl From<&[u8]> for Input {
    fn from(text: &[u8]) -> Self {
        Self { text: text.into(), problem: None }
    }
}

struct Reader {
    text: Cursor<Arc<[u8]>>,
    problem: Option<(io::ErrorKind, Arc<str>)>,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.problem {
            Some((kind, message)) => Err(io::Error::new(*kind, message.to_string())),
            None => self.text.read(buffer),
        }
    }
}
