//! A scripted HTTP/1.1 server: real TCP on 127.0.0.1, with TLS if the test asks for it, answers
//! that the test chooses, every request kept.
//!
//! It is there for what a real server will not do on demand: fail in the middle, never end, answer late. It runs on a
//! thread of its own, so a test may block while it talks to it.

mod reply;
mod request;
mod serve;
mod tls;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use reply::Reply;
pub use request::Request;
pub use serve::{Interference, Interferer};
pub use tls::Identity;

use serve::{Script, accept, lock};

/// One expected request of a sequence, and what it is answered.
struct Step {
    method: String,
    target: String,
    reply: Reply,
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
            connections: AtomicUsize::default(),
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

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.script.connections.load(Ordering::Relaxed)
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
