//! A small server of plain HTTP, for metrics and for the webhook protocol.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Most connections at a time.
const CONNECTIONS: usize = 64;
/// How long open answers may take when the process is told to stop.
const STOPPING: Duration = Duration::from_secs(5);

/// What is answered to a request.
pub(crate) type Answer = Response<Full<Bytes>>;

/// A server that is ready to take requests.
pub(crate) struct Server {
    listener: TcpListener,
    times: Times,
}

/// How long a client may take; zero is for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// For the head of a request.
    pub(crate) head: Duration,
    /// Between two requests of a connection.
    pub(crate) idle: Duration,
}

impl Server {
    /// Opens an address, such as `:7979` or `127.0.0.1:8888`. Without a host it is every address of the machine, and
    /// the empty text is port 80 of them, as upstream has it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(crate) async fn bind(address: &str, times: Times) -> io::Result<Self> {
        let listener = match address.rsplit_once(':').unwrap_or(("", "80")) {
            ("", port) => {
                match TcpListener::bind(resolve(&format!("[::]:{port}"))?.as_slice()).await {
                    Ok(listener) => listener,
                    // Without IPv6.
                    Err(_) => {
                        TcpListener::bind(resolve(&format!("0.0.0.0:{port}"))?.as_slice()).await?
                    }
                }
            }
            _ => TcpListener::bind(resolve(address)?.as_slice()).await?,
        };
        Ok(Self { listener, times })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `stop` resolves, then lets open ones end.
    pub(crate) async fn serve<H, F>(self, handler: H, stop: impl Future<Output = ()>)
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let mut stop = std::pin::pin!(stop);
        loop {
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (slot, self.listener.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                () = &mut stop => break,
                next = next => next,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (handler, times) = (Arc::clone(&handler), self.times);
                    tokio::spawn(async move {
                        connection(stream, handler, times).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    // Too many open files, say: some are closed soon.
                    tracing::warn!("failed to accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(STOPPING, slots.acquire_many(all)).await;
    }
}

fn resolve(address: &str) -> io::Result<Vec<SocketAddr>> {
    address.to_socket_addrs().map(Iterator::collect)
}

async fn connection<H, F>(stream: TcpStream, handler: Arc<H>, times: Times)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Answer>,
{
    let open = Open::default();
    let handle = service_fn(|request| {
        let busy = open.request();
        let answer = handler(request);
        async move {
            let answer = answer.await;
            drop(busy);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    if !times.head.is_zero() {
        server.header_read_timeout(times.head);
    }
    let mut work = std::pin::pin!(server.serve_connection(TokioIo::new(stream), handle));
    let ended = loop {
        tokio::select! {
            ended = work.as_mut() => break ended,
            () = open.idle(times.idle) => work.as_mut().graceful_shutdown(),
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection broke off: {error}");
    }
}

/// The requests of a connection that are being answered.
#[derive(Default)]
struct Open(watch::Sender<usize>);

impl Open {
    fn request(&self) -> Busy {
        self.0.send_modify(|count| *count += 1);
        Busy(self.0.clone())
    }

    /// Waits until there was none for this time.
    async fn idle(&self, time: Duration) {
        if time.is_zero() {
            std::future::pending::<()>().await;
        }
        let mut count = self.0.subscribe();
        loop {
            let is_busy = *count.borrow_and_update() > 0;
            tokio::select! {
                changed = count.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = tokio::time::sleep(time), if !is_busy => return,
            }
        }
    }
}

/// A request that is being answered, until this is dropped.
struct Busy(watch::Sender<usize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
