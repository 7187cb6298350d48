//! The server's side of a connection.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Response;
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::reply::{Delivery, Reply};
use super::request::Request;

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

/// What the test and the server's thread share.
pub(super) struct Script {
    pub(super) handler: Box<dyn Fn(&Request) -> Reply + Send + Sync>,
    pub(super) interferer: Mutex<Option<Interferer>>,
    pub(super) seen: Mutex<Vec<Request>>,
    pub(super) complaints: Mutex<Vec<String>>,
    pub(super) connections: AtomicUsize,
}

impl Script {
    /// The answer to a request; panics where the handler does.
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

pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, script: Arc<Script>) {
    while let Ok((stream, _)) = listener.accept().await {
        script.connections.fetch_add(1, Ordering::Relaxed);
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
        (Delivery::Live(pieces), _) => {
            let later = stream::unfold(pieces, async |mut pieces| {
                let piece = pieces.recv().await?;
                Some((piece, pieces))
            });
            let chunks = stream::iter(filled_chunks(reply.body)).chain(later);
            StreamBody::new(chunks.map(|own| Ok(Frame::data(own)))).boxed_unsync()
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
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
