//! The servers: which of them gets the next message, and the connections to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use hickory_proto::op::{Message, MessageType};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::args::{Rfc2136Args, Strategy};
#[cfg(feature = "gss-tsig")]
use super::gss::Kerberos;
use super::tls::Tls;
use super::tsig::{Key, Verifier, unwritable};
use crate::{Context, ErrorKind, ProviderError};

/// Longest time until there is a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Longest time until the next message of an answer. A primary that writes to a slow disk takes seconds.
const ANSWER: Duration = Duration::from_secs(30);

/// The servers, with what all of them have in common.
pub(super) struct Servers {
    hosts: Vec<Host>,
    strategy: Strategy,
    signing: Signing,
    tls: Option<Tls>,
    /// Whose turn it is. Transfers and updates have a turn each.
    pub(super) transfers: AtomicUsize,
    pub(super) updates: AtomicUsize,
}

/// What signs messages.
pub(super) enum Signing {
    /// Nothing.
    Nobody,
    /// A key that all servers have.
    Shared(Arc<Key>),
    /// A context with each server.
    #[cfg(feature = "gss-tsig")]
    Kerberos(Kerberos),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: String,
    port: u16,
}

impl Servers {
    /// The servers of the flags.
    ///
    /// # Errors
    /// When the flags exclude each other, or a file of TLS cannot be used.
    pub(super) fn new(args: &Rfc2136Args, context: &Context) -> Result<Self, ProviderError> {
        let signing = args.signing()?;
        let tls = match args.rfc2136_use_tls {
            true => Some(Tls::new(&context.http, args.rfc2136_skip_tls_verify)?),
            false => None,
        };
        let port = match (args.rfc2136_port, &tls) {
            (0, Some(_)) => 853,
            (0, None) => 53,
            (port, _) => port,
        };
        let host = |name: &String| {
            let name = name.trim().trim_start_matches('[').trim_end_matches(']');
            // As a dialler of Go takes it.
            Host { name: if name.is_empty() { "localhost" } else { name }.to_owned(), port }
        };
        let mut hosts: Vec<Host> = args.rfc2136_host.iter().map(host).collect();
        let strategy = args.rfc2136_load_balancing_strategy;
        match strategy {
            Strategy::Disabled => {}
            Strategy::RoundRobin => {
                let first = rand::rng().random_range(0..hosts.len().max(1));
                hosts.rotate_left(first);
            }
            Strategy::Random => hosts.shuffle(&mut rand::rng()),
        }
        let (transfers, updates) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Self { hosts, strategy, signing, tls, transfers, updates })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.hosts.len()
    }

    /// Where messages go, in the order of the alphabet.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<&str> = self.hosts.iter().map(|host| host.name.as_str()).collect();
        names.sort_unstable();
        names.join(", ")
    }

    /// Whether messages are signed.
    pub(super) fn signs(&self) -> bool {
        !matches!(self.signing, Signing::Nobody)
    }

    /// Sends a message to the server whose turn it is, and hands its answer, of which nothing is read yet, to `read`.
    /// Where that fails for a reason that may pass, the next message goes to the next server.
    ///
    /// # Errors
    /// [`ErrorKind::Transient`] if nothing was sent; what `read` says.
    pub(super) async fn ask<T>(
        &self,
        turn: &AtomicUsize,
        message: Message,
        read: impl AsyncFnOnce(&mut Answer) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let at = match self.strategy {
            Strategy::Disabled => turn.load(Ordering::Relaxed),
            Strategy::RoundRobin | Strategy::Random => turn.fetch_add(1, Ordering::Relaxed),
        };
        let host = &self.hosts[at % self.hosts.len().max(1)];
        let answer = async {
            let key = self.key_for(host).await?;
            let found = async {
                let mut answer = self.send(host, message, key.as_ref()).await?;
                read(&mut answer).await
            };
            let found = found.await;
            if let (Err(error), Some(key)) = (&found, &key) {
                self.let_go(error, key).await;
            }
            found
        };
        answer.await.map_err(|error| {
            let may_pass = matches!(error.kind, ErrorKind::Transient | ErrorKind::Lost);
            if may_pass && self.strategy == Strategy::Disabled {
                // Another message may have gone on to the next one already.
                let _ = turn.compare_exchange(at, at + 1, Ordering::Relaxed, Ordering::Relaxed);
            }
            error.within(format_args!("server {}:{}", host.name, host.port))
        })
    }

    /// The key that signs messages to a server.
    #[cfg_attr(
        not(feature = "gss-tsig"),
        expect(unused_variables, reason = "all servers have the same key without Kerberos")
    )]
    async fn key_for(&self, host: &Host) -> Result<Option<Arc<Key>>, ProviderError> {
        match &self.signing {
            Signing::Nobody => Ok(None),
            Signing::Shared(key) => Ok(Some(Arc::clone(key))),
            #[cfg(feature = "gss-tsig")]
            Signing::Kerberos(kerberos) => {
                let exchange =
                    |message| async { self.send(host, message, None).await?.receive().await };
                kerberos.key(&host.name, now(), exchange).await.map(Some)
            }
        }
    }

    /// After a failure that may be one of the context, the next message gets another context.
    #[cfg(feature = "gss-tsig")]
    async fn let_go(&self, error: &ProviderError, key: &Arc<Key>) {
        let may_pass = matches!(error.kind, ErrorKind::Transient | ErrorKind::Lost);
        if let (Signing::Kerberos(kerberos), true) = (&self.signing, may_pass) {
            kerberos.forget(key).await;
        }
    }

    /// A key that all servers have stays.
    #[cfg(not(feature = "gss-tsig"))]
    async fn let_go(&self, _: &ProviderError, _: &Arc<Key>) {}

    async fn send(
        &self,
        host: &Host,
        message: Message,
        key: Option<&Arc<Key>>,
    ) -> Result<Answer, ProviderError> {
        let id = message.metadata.id;
        let (bytes, verifier) = match key {
            Some(key) => key.sign(message, now()).map(|(bytes, it)| (bytes, Some(it)))?,
            None => (message.to_vec().map_err(unwritable)?, None),
        };
        let length = u16::try_from(bytes.len()).map_err(unwritable)?;
        let connecting = timeout(CONNECT, self.connect(host)).await;
        let mut stream = connecting.unwrap_or_else(|_| {
            Err(not_sent(&format!("no connection within {} seconds", CONNECT.as_secs())))
        })?;
        let framed = [&length.to_be_bytes()[..], &bytes].concat();
        let writing = async {
            stream.write_all(&framed).await?;
            stream.flush().await
        };
        // A server that has not got all of a message cannot have acted on it.
        let written = timeout(ANSWER, writing).await;
        match written {
            Ok(Ok(())) => Ok(Answer { stream, id, verifier }),
            Ok(Err(error)) => Err(not_sent(&error)),
            Err(_) => Err(not_sent(&"the server takes nothing")),
        }
    }

    async fn connect(&self, host: &Host) -> Result<Box<dyn Stream>, ProviderError> {
        let stream = TcpStream::connect((host.name.as_str(), host.port)).await;
        let stream = stream.map_err(|error| not_sent(&error))?;
        // Each message is written at once, and waits for nothing.
        stream.set_nodelay(true).map_err(|error| not_sent(&error))?;
        match &self.tls {
            Some(tls) => {
                let stream = tls.connect(&host.name, stream).await;
                Ok(Box::new(stream.map_err(|error| not_sent(&error))?))
            }
            None => Ok(Box::new(stream)),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The answer to a message, of one message or more.
pub(super) struct Answer {
    stream: Box<dyn Stream>,
    id: u16,
    verifier: Option<Verifier>,
}

impl Answer {
    /// The next message, verified.
    ///
    /// # Errors
    /// [`ErrorKind::Lost`] if there is none, or it cannot be trusted or read.
    pub(super) async fn next(&mut self) -> Result<Message, ProviderError> {
        let (message, bytes) = self.receive().await?;
        if let Some(verifier) = &mut self.verifier {
            verifier.verify(&message, &bytes, now())?;
        }
        Ok(message)
    }

    /// The next message and its bytes, of which nothing is verified.
    async fn receive(&mut self) -> Result<(Message, Vec<u8>), ProviderError> {
        let reading = async {
            let length = self.stream.read_u16().await?;
            let mut bytes = vec![0; length.into()];
            self.stream.read_exact(&mut bytes).await?;
            Ok(bytes)
        };
        let bytes = match timeout(ANSWER, reading).await {
            Ok(bytes) => bytes.map_err(|error: std::io::Error| {
                lost(format!("the connection ended before the whole answer: {error}"))
            })?,
            Err(_) => {
                let seconds = ANSWER.as_secs();
                return Err(lost(format!("timed out, no whole answer within {seconds} seconds")));
            }
        };
        let message = Message::from_vec(&bytes)
            .map_err(|error| lost(format!("the answer is no DNS message: {error}")))?;
        if message.metadata.id != self.id || message.metadata.message_type != MessageType::Response
        {
            return Err(lost("the answer belongs to another message".to_owned()));
        }
        Ok((message, bytes))
    }

    /// Whether all that was read is verified.
    pub(super) fn is_verified(&self) -> bool {
        self.verifier.as_ref().is_none_or(Verifier::is_complete)
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn not_sent(problem: &dyn std::fmt::Display) -> ProviderError {
    let message = format!(
        "{problem}; check --rfc2136-host and --rfc2136-port, and that the server listens on TCP"
    );
    ProviderError::new(ErrorKind::Transient, message)
}

pub(super) fn lost(message: String) -> ProviderError {
    ProviderError::new(ErrorKind::Lost, message)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: Rfc2136Args,
    }

    fn servers(flags: &[&str]) -> Servers {
        let all = ["test", "--rfc2136-insecure"].iter().chain(flags);
        let args = Cli::try_parse_from(all).expect("flags").args;
        Servers::new(&args, &Context::default()).expect("servers")
    }

    /// Flags, and the hosts and ports that they name.
    type Named<'a> = (&'a [&'a str], &'a [(&'a str, u16)]);

    #[test]
    fn hosts_and_ports() {
        let table: [Named<'_>; 4] = [
            (&[], &[("localhost", 53)]),
            (&["--rfc2136-host=::1", "--rfc2136-host=[::2]"], &[("::1", 53), ("::2", 53)]),
            (&["--rfc2136-host=ns", "--rfc2136-port=5353"], &[("ns", 5353)]),
            (&["--rfc2136-host=ns", "--rfc2136-use-tls"], &[("ns", 853)]),
        ];
        for (flags, expected) in table {
            let servers = servers(flags);
            let found: Vec<_> =
                servers.hosts.iter().map(|host| (host.name.as_str(), host.port)).collect();
            assert_eq!(found, expected, "{flags:?}");
        }
    }

    /// The servers of the next four messages, none of which can be sent, by the last character of their names.
    async fn turns(strategy: &str) -> String {
        let hosts =
            ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(|it| format!("--rfc2136-host={it}"));
        let strategy = format!("--rfc2136-load-balancing-strategy={strategy}");
        let flags: Vec<&str> = hosts
            .iter()
            .chain([&strategy])
            .map(String::as_str)
            .chain(["--rfc2136-port=1"])
            .collect();
        let servers = servers(&flags);
        let mut turns = String::new();
        for _ in 0..4 {
            let asked = servers.ask(&servers.updates, Message::query(), async |_| Ok(())).await;
            let error = asked.expect_err("nobody listens");
            assert_eq!(error.kind, ErrorKind::Transient);
            turns.extend(
                error.message.strip_prefix("server 127.0.0.").and_then(|it| it.chars().next()),
            );
        }
        assert_eq!(
            servers.transfers.load(Ordering::Relaxed),
            0,
            "transfers have a turn of their own"
        );
        turns
    }

    #[tokio::test]
    async fn after_a_failure_the_next_server_has_its_turn() {
        assert_eq!(turns("disabled").await, "1231");
        let round = turns("round-robin").await;
        assert!(["1231", "2312", "3123"].contains(&round.as_str()), "{round}");
        let random = turns("random").await;
        let mut first: Vec<char> = random.chars().take(3).collect();
        first.sort_unstable();
        assert_eq!(first, ['1', '2', '3'], "each once before one has a second turn: {random}");
    }
}
