//! Standard input, read in a thread, so that the end of the time also ends the wait for it.

use std::io::{self, Cursor, Read};

use extdns_providers::Deadline;
use tokio::sync::oneshot;

/// What standard input held, or why it could not be read; the reader gets the error.
pub(crate) struct Input(Result<Cursor<Vec<u8>>, Option<io::Error>>);

impl Input {
    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self(Ok(Cursor::default()))
    }

    /// Reads it to its end, in a thread of its own: whoever writes to it may never end, and the
    /// process does not wait for a thread.
    pub(crate) async fn read(mut from: Box<dyn Read + Send>) -> Self {
        let (sender, receiver) = oneshot::channel();
        let thread = std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            let mut all = Vec::new();
            // The receiver may be gone; then the text is not needed.
            let _ = sender.send(from.read_to_end(&mut all).map(|_| Cursor::new(all)));
        });
        let read = match thread {
            Ok(_) => receiver.await.unwrap_or_else(|_| Err(io::Error::other("internal error"))),
            Err(error) => Err(error),
        };
        Self(read.map_err(Some))
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
                Self(Err(Some(io::Error::new(io::ErrorKind::TimedOut, late))))
            }
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Ok(text) => text.read(buffer),
            Err(error) => Err(error.take().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())),
        }
    }
}
