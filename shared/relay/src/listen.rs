//! The relay as a server of HTTP, for a cluster that cannot reach the function.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use extdns_auth::install_crypto;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::call::{Answer, Call};
use crate::handler::BODY_LIMIT;
use crate::service::{Current, Service};

/// Most connections at a time: each may hold a body of [`BODY_LIMIT`].
const CONNECTIONS: usize = 64;
/// Longest time for the handshake, and for the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Longest time for a body. API servers wait no longer than `timeoutSeconds` of the webhook.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long open calls may take when the process is told to stop.
const STOPPING: Duration = Duration::from_secs(5);

/// Where probes ask whether the process serves.
const HEALTH: &str = "/healthz";

/// Certificate and key of the server.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Why calls cannot be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Something wrong with the address.
    #[error("--listen={address}: {problem}")]
    Address {
        /// What the flag says.
        address: String,
        /// What is wrong.
        problem: String,
    },
    /// Something wrong with a file.
    #[error("{}: {problem}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// A server that is ready to take calls.
pub struct Listener {
    listener: TcpListener,
    tls: Option<Tls>,
}

struct Tls {
    files: TlsFiles,
    acceptor: TlsAcceptor,
    /// When the files were written.
    written: Option<[SystemTime; 2]>,
}

impl Listener {
    /// Opens the address, such as `:8443` or `127.0.0.1:8080`.
    ///
    /// # Errors
    /// When it cannot be used, or the files of TLS cannot.
    pub async fn bind(address: &str, files: Option<TlsFiles>) -> Result<Self, ListenError> {
        let wrong = |problem: String| ListenError::Address { address: address.to_owned(), problem };
        let full =
            if address.starts_with(':') { format!("0.0.0.0{address}") } else { address.to_owned() };
        let resolved = full.to_socket_addrs().map_err(|error| wrong(error.to_string()))?;
        let addresses: Vec<SocketAddr> = resolved.collect();
        let tls = files.map(Tls::load).transpose()?;
        let listener = TcpListener::bind(&*addresses).await.map_err(|e| wrong(e.to_string()))?;
        if tls.is_none() && !addresses.iter().all(|own| own.ip().is_loopback()) {
            tracing::warn!(
                "calls are taken without TLS, so their credentials can be read on the way; give --listen-tls-cert and \
                 --listen-tls-key, or listen on 127.0.0.1"
            );
        }
        Ok(Self { listener, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Takes calls until `stop` resolves, then lets open ones end.
    pub async fn serve(mut self, service: Arc<Current>, stop: impl Future<Output = ()>) {
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
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many open files, say: some are closed soon.
                    tracing::warn!("failed to accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let acceptor = self.tls.as_mut().map(Tls::current);
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                connection(stream, acceptor, service).await;
                drop(slot);
            });
        }
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(STOPPING, slots.acquire_many(all)).await;
    }
}

impl Tls {
    fn load(files: TlsFiles) -> Result<Self, ListenError> {
        let acceptor = acceptor(&files)?;
        Ok(Self { written: written(&files), files, acceptor })
    }

    /// What accepts a connection now. Files that were replaced are read again; where they cannot be used, what was
    /// read before stays.
    fn current(&mut self) -> TlsAcceptor {
        let written = written(&self.files);
        if written.is_some() && written != self.written {
            match acceptor(&self.files) {
                Ok(acceptor) => self.acceptor = acceptor,
                Err(error) => tracing::error!("the certificate stays as it was: {error}"),
            }
            self.written = written;
        }
        self.acceptor.clone()
    }
}

fn written(files: &TlsFiles) -> Option<[SystemTime; 2]> {
    let time = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    Some([time(&files.cert)?, time(&files.key)?])
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, ListenError> {
    install_crypto();
    let wrong = |path: &Path, problem: String| ListenError::Tls { path: path.to_owned(), problem };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&files.cert, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(&files.cert, "holds no certificate as PEM".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| wrong(&files.key, error.to_string()))?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(&files.cert, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, service: Arc<Current>) {
    let Some(acceptor) = acceptor else { return requests(stream, service).await };
    match tokio::time::timeout(HEAD_TIME, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => requests(stream, service).await,
        Ok(Err(error)) => tracing::debug!("a handshake failed: {error}"),
        Err(_) => tracing::debug!("a handshake took too long"),
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin + Send, service: Arc<Current>) {
    let handle = service_fn(|request| {
        let service = service.get();
        async move { Ok::<_, Infallible>(respond(request, &service).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), handle)
        .await;
    if let Err(error) = served {
        tracing::debug!("a connection broke off: {error}");
    }
}

async fn respond(request: Request<Incoming>, service: &Service) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if path == HEALTH {
        return response(Answer { status: 200, body: "{\"ok\":true}".to_owned() });
    }
    let length = head.headers.get(CONTENT_LENGTH).and_then(|own| own.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > BODY_LIMIT) {
        return response(Answer::too_large(BODY_LIMIT));
    }
    let body = tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_LIMIT).collect()).await;
    let body = match body {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return response(Answer::too_large(BODY_LIMIT));
        }
        Ok(Err(_)) => return response(Answer::refused(400, "the body broke off")),
        Err(_) => return response(Answer::refused(408, "the body took too long")),
    };
    let header = |name: &str| head.headers.get(name)?.to_str().ok();
    response(service.answer(&Call::new(head.method.as_str(), path, header, &body)).await)
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = hyper::header::HeaderValue::from_static(Answer::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
