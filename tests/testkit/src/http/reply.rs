//! What the server answers, and how it misbehaves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use tokio::sync::{Notify, mpsc, oneshot};

/// What the server does with a request. Starts as a plain answer; the methods make it misbehave.
#[derive(Debug)]
pub struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) delivery: Delivery,
    pub(super) held: Option<Arc<Notify>>,
    pub(super) later: Option<oneshot::Receiver<Reply>>,
}

#[derive(Debug)]
pub(super) enum Delivery {
    Whole,
    Cut(usize),
    Stall(usize),
    Chunks(VecDeque<Bytes>, Duration),
    Open,
    Live(mpsc::UnboundedReceiver<Bytes>),
    EndlessBody,
    EndlessHeaders,
    HangUp,
}

impl Reply {
    /// An answer with this status and an empty body.
    pub fn new(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).expect("a status of three digits"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            delivery: Delivery::Whole,
            held: None,
            later: None,
        }
    }

    /// The answer that the test sends when it has one, as to a client that polls. The connection is closed if the
    /// sender goes before.
    pub fn later(answer: oneshot::Receiver<Self>) -> Self {
        Self { later: Some(answer), ..Self::hang_up() }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status).header("content-type", "application/json").body(body.to_string())
    }

    /// The connection is closed without an answer.
    pub fn hang_up() -> Self {
        Self::new(500).deliver(Delivery::HangUp)
    }

    /// Adds a header; one name may be added many times.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: hyper::header::HeaderName = name.parse().expect("a header name");
        self.headers.append(name, value.parse().expect("a header value"));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The body that is to be sent.
    pub fn content(&self) -> &Bytes {
        &self.body
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Self::new(status).status;
        self
    }

    /// Announces the whole body (`content-length`), sends its first `bytes` and closes the connection.
    #[must_use]
    pub fn cut_at(self, bytes: usize) -> Self {
        assert!(
            bytes < self.body.len(),
            "a cut at {bytes} leaves the body of {} bytes whole",
            self.body.len()
        );
        self.deliver(Delivery::Cut(bytes))
    }

    /// Announces the whole body, sends its first `bytes` and then nothing more, over a connection that stays open.
    #[must_use]
    pub fn stall_at(self, bytes: usize) -> Self {
        assert!(bytes < self.body.len(), "a stall at {bytes} leaves the body whole");
        self.deliver(Delivery::Stall(bytes))
    }

    /// Sends these chunks (`transfer-encoding: chunked`) with a pause before each.
    #[must_use]
    pub fn chunks<C: Into<Bytes>>(
        self,
        chunks: impl IntoIterator<Item = C>,
        pause: Duration,
    ) -> Self {
        self.deliver(Delivery::Chunks(chunks.into_iter().map(Into::into).collect(), pause))
    }

    /// Sends the body in chunks that are filled without regard to its lines, as servers in Go do, and then nothing more,
    /// over an answer that does not end (`transfer-encoding: chunked`).
    #[must_use]
    pub fn left_open(self) -> Self {
        self.deliver(Delivery::Open)
    }

    /// Sends the body, and then every further piece as soon as the test has it; the answer ends when the sender goes.
    #[must_use]
    pub fn followed_by(self, pieces: mpsc::UnboundedReceiver<Bytes>) -> Self {
        self.deliver(Delivery::Live(pieces))
    }

    /// Sends the body again and again until the client hangs up.
    #[must_use]
    pub fn endless_body(self) -> Self {
        assert!(!self.body.is_empty(), "an empty body repeated has no end to wait for");
        self.deliver(Delivery::EndlessBody)
    }

    /// Sends header after header until the client hangs up.
    #[must_use]
    pub fn endless_headers(self) -> Self {
        self.deliver(Delivery::EndlessHeaders)
    }

    /// Does nothing until `go` is notified; `notify_one` before the request arrives counts too.
    #[must_use]
    pub fn held_until(mut self, go: Arc<Notify>) -> Self {
        self.held = Some(go);
        self
    }

    fn deliver(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// The status line and the headers of an answer that is written past hyper.
    pub(super) fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {}\r\n", value.to_str().expect("header() took text"));
        }
        head
    }
}
