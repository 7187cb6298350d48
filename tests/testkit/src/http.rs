//! A scripted HTTP/1.1 server: real TCP on 127.0.0.1, with TLS if the test asks for it, answers
//! that the test chooses, every request kept.
//!
//! It is there for what a real server will not do on demand: fail in the middle, never end, answer late. It runs on a
//! thread of its own, so a test may block while it talks to it.

mod tls;

use std::any::Any;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio_rustls::TlsAcceptor;

pub use tls::Identity;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, still percent-encoded.
    pub path: String,
    /// What follows the question mark, still percent-encoded.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Request {
    /// Path and query as they stood in the request line.
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The query, decoded, in the order of the request.
    pub fn pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_deref().unwrap_or_default().as_bytes())
            .into_owned()
            .collect()
    }

    /// The first value of a header, if there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body read as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("the body of {self:?} is no JSON: {error}"))
    }

    /// The whole request as text, to be compared as one: the request line, the headers by name, the body. `host` is
    /// left out, because its port differs with every run.
    pub fn text(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != hyper::header::HOST)
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {}\n{}\n{body}", self.method, self.target(), headers.concat())
    }
}

/// What the server does with a request. Starts as a plain answer; the methods make it misbehave.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    delivery: Delivery,
    held: Option<Arc<Notify>>,
    later: Option<oneshot::Receiver<Reply>>,
}

#[derive(Debug)]
enum Delivery {
    Whole,
    Cut(usize),
    Stall(usize),
    Chunks(VecDeque<Bytes>, Duration),
    Open,
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
    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {}\r\n", value.to_str().expect("header() took text"));
        }
        head
    }
}

/// What becomes of a request between the network and the handler.
pub enum Interference {
    /// The handler's answer goes out as it is.
    None,
    /// The handler never sees the request.
    Instead(Reply),
    /// The handler does its work, and something else goes out.
    Spoiled(Box<dyn FnOnce(Reply) -> Reply>),
}

/// Says of each request what becomes of it.
pub type Interferer = Box<dyn Fn(&Request) -> Interference + Send + Sync>;

/// One expected request of a sequence, and what it is answered.
struct Step {
    method: String,
    target: String,
    reply: Reply,
}

/// What the test and the server's thread share.
struct Script {
    handler: Box<dyn Fn(&Request) -> Reply + Send + Sync>,
    interferer: Mutex<Option<Interferer>>,
    seen: Mutex<Vec<Request>>,
    complaints: Mutex<Vec<String>>,
}

impl Script {
    fn reply(&self, request: &Request) -> Reply {
        let interference =
            lock(&self.interferer).as_ref().map_or(Interference::None, |own| own(request));
        match interference {
            Interference::None => (self.handler)(request),
            Interference::Instead(reply) => reply,
            Interference::Spoiled(spoil) => spoil((self.handler)(request)),
        }
    }
}

/// Where and how a server listens; by default on a free port, without TLS.
#[derive(Clone, Debug, Default)]
pub struct Listen {
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The certificate; with one, the server speaks TLS alone.
    pub tls: Option<Identity>,
}

/// The server; it stops when it is dropped. A panic in its handler, a request that a sequence did not expect and a
/// step that was never asked for then fail the test.
pub struct ScriptedServer {
    address: SocketAddr,
    scheme: &'static str,
    script: Arc<Script>,
    steps: Arc<Mutex<VecDeque<Step>>>,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedServer {
    /// A server that answers what `handler` says. State goes into a `Mutex` or an atomic of the closure. The handler
    /// must not block, since all connections share its thread: use [`Reply::held_until`].
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(&Listen::default(), handler).expect("a free port on 127.0.0.1")
    }

    /// As [`ScriptedServer::start`], on a port of choice or with TLS. Fails when the port is taken.
    pub fn listen(
        listen: &Listen,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::run(listen, Box::new(handler), Arc::default())
    }

    /// A server that expects exactly these requests, each as method and target (path and query), in this order.
    pub fn sequence<'a>(steps: impl IntoIterator<Item = (&'a str, &'a str, Reply)>) -> Self {
        let steps: VecDeque<Step> = steps
            .into_iter()
            .map(|(method, target, reply)| Step {
                method: method.to_owned(),
                target: target.to_owned(),
                reply,
            })
            .collect();
        let steps = Arc::new(Mutex::new(steps));
        let ahead = Arc::clone(&steps);
        let handler = move |request: &Request| {
            let mut ahead = lock(&ahead);
            let Some(step) = ahead.front() else {
                panic!("a request after the last step: {} {}", request.method, request.target());
            };
            assert_eq!(
                (request.method.as_str(), request.target().as_str()),
                (step.method.as_str(), step.target.as_str()),
                "the request is not the one that the next step expects"
            );
            ahead.pop_front().expect("front() was there").reply
        };
        Self::run(&Listen::default(), Box::new(handler), steps).expect("a free port on 127.0.0.1")
    }

    fn run(
        listen: &Listen,
        handler: Box<dyn Fn(&Request) -> Reply + Send + Sync>,
        steps: Arc<Mutex<VecDeque<Step>>>,
    ) -> io::Result<Self> {
        let script = Arc::new(Script {
            handler,
            interferer: Mutex::default(),
            seen: Mutex::default(),
            complaints: Mutex::default(),
        });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, listen.port))?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let tls = listen.tls.as_ref().map(Identity::acceptor);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&script);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime for the server");
            runtime.block_on(async {
                let listener =
                    TcpListener::from_std(listener).expect("a listener that does not block");
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, tls, served) => {}
                }
            });
            // The runtime goes here, and with it every open connection.
        });
        Ok(Self { address, scheme, script, steps, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT` (`https` with TLS), without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.script.seen).clone()
    }

    /// Puts an interferer between the network and the handler, or removes it.
    pub fn interfere(&self, interferer: Option<Interferer>) {
        *lock(&self.script.interferer) = interferer;
    }

    /// [`Request::text`] of all requests so far, each after a line of its own that counts them.
    pub fn transcript(&self) -> String {
        let seen = self.requests();
        seen.iter()
            .enumerate()
            .map(|(index, request)| format!("--- {}\n{}\n", index + 1, request.text()))
            .collect()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            lock(&self.script.complaints).push("the server's thread panicked".to_owned());
        }
        let mut complaints = std::mem::take(&mut *lock(&self.script.complaints));
        complaints.extend(
            lock(&self.steps)
                .iter()
                .map(|step| format!("never asked for: {} {}", step.method, step.target)),
        );
        // A test that fails already shall show its own reason; a panic on top of it would abort the process.
        assert!(
            complaints.is_empty() || std::thread::panicking(),
            "scripted server: {}",
            complaints.join("\n")
        );
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, script: Arc<Script>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (script, tls) = (Arc::clone(&script), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => {
                    let Ok((stream, raw)) = two_handles(stream) else { return };
                    serve(stream, Some(Arc::new(raw)), script).await;
                }
                Some(tls) => {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    serve(stream, None, script).await;
                }
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    raw: Option<Arc<TcpStream>>,
    script: Arc<Script>,
) {
    let service = service_fn(|request| answer(request, Arc::clone(&script), raw.clone()));
    // The error is the client's going or our own hanging up: both are what the test wanted.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// hyper owns a connection and writes only what is HTTP. The second handle writes the rest.
fn two_handles(stream: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    let stream = stream.into_std()?;
    let raw = stream.try_clone()?;
    Ok((TcpStream::from_std(stream)?, TcpStream::from_std(raw)?))
}

/// An error from here makes hyper close the connection without a word.
async fn answer(
    request: hyper::Request<Incoming>,
    script: Arc<Script>,
    raw: Option<Arc<TcpStream>>,
) -> io::Result<Response<UnsyncBoxBody<Bytes, io::Error>>> {
    let (head, body) = request.into_parts();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: body.collect().await.map_err(io::Error::other)?.to_bytes(),
    };
    lock(&script.seen).push(request.clone());
    let mut reply =
        catch_unwind(AssertUnwindSafe(|| script.reply(&request))).unwrap_or_else(|panic| {
            let message = panic_text(&*panic);
            lock(&script.complaints).push(message.clone());
            Reply::new(501).body(message)
        });
    if let Some(later) = reply.later.take() {
        reply = later.await.unwrap_or_else(|_| Reply::hang_up());
    }
    if let Some(go) = &reply.held {
        go.notified().await;
    }
    let head = reply.head();
    let mut announced = None;
    let body = match (reply.delivery, raw) {
        (Delivery::Whole, _) => {
            Full::new(reply.body).map_err(|never| match never {}).boxed_unsync()
        }
        (Delivery::Chunks(chunks, pause), _) => {
            StreamBody::new(slow_chunks(chunks, pause)).boxed_unsync()
        }
        (Delivery::Open, _) => {
            let chunks = stream::iter(filled_chunks(reply.body)).map(|own| Ok(Frame::data(own)));
            StreamBody::new(chunks.chain(stream::pending())).boxed_unsync()
        }
        (Delivery::EndlessBody, _) => {
            StreamBody::new(stream::repeat_with(move || Ok(Frame::data(reply.body.clone()))))
                .boxed_unsync()
        }
        (Delivery::Cut(at), Some(raw)) => {
            let announced = reply.body.len();
            write(&raw, format!("{head}content-length: {announced}\r\n\r\n").as_bytes()).await?;
            write(&raw, &reply.body[..at]).await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        (Delivery::Cut(at), None) => {
            announced = Some(reply.body.len());
            StreamBody::new(cut_chunks(reply.body.slice(..at))).boxed_unsync()
        }
        (Delivery::Stall(at), _) => {
            announced = Some(reply.body.len());
            let first = stream::iter([Ok(Frame::data(reply.body.slice(..at)))]);
            StreamBody::new(first.chain(stream::pending())).boxed_unsync()
        }
        (Delivery::EndlessHeaders, Some(raw)) => {
            write(&raw, head.as_bytes()).await?;
            for number in 0_u64.. {
                write(&raw, format!("x-endless-{number}: {number:064}\r\n").as_bytes()).await?;
            }
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        (Delivery::EndlessHeaders, None) => {
            panic!("endless headers are written past hyper, and so past TLS: ask without TLS")
        }
        (Delivery::HangUp, _) => return Err(io::ErrorKind::ConnectionAborted.into()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if let Some(length) = announced {
        response.headers_mut().insert(hyper::header::CONTENT_LENGTH, length.into());
    }
    Ok(response)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the handler panicked".to_owned())
}

/// Chunks of the size in which Go's HTTP server writes.
fn filled_chunks(mut text: Bytes) -> impl Iterator<Item = Bytes> {
    const CHUNK: usize = 4 << 10;
    std::iter::from_fn(move || {
        let length = text.len().min(CHUNK);
        (length > 0).then(|| text.split_to(length))
    })
}

fn slow_chunks(
    chunks: VecDeque<Bytes>,
    pause: Duration,
) -> impl futures::Stream<Item = io::Result<Frame<Bytes>>> {
    stream::unfold(chunks, move |mut chunks| async move {
        let chunk = chunks.pop_front()?;
        tokio::time::sleep(pause).await;
        Some((Ok(Frame::data(chunk)), chunks))
    })
}

/// These bytes, and then no end: after the pause, in which hyper sends them, the connection is closed.
fn cut_chunks(bytes: Bytes) -> impl futures::Stream<Item = io::Result<Frame<Bytes>>> {
    stream::once(async { Ok(Frame::data(bytes)) }).chain(stream::once(async {
        tokio::task::yield_now().await;
        Err(io::ErrorKind::ConnectionAborted.into())
    }))
}

async fn write(raw: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        raw.writable().await?;
        match raw.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A panic in a handler leaves the data behind a lock as it was: the test fails by the complaint, not by the poison.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
