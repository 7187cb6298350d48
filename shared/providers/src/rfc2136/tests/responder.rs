//! A name server that answers as a test says, on loopback addresses of one port.

use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, OpCode, ResponseCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What was asked, with the number of the host.
pub(super) type Seen = Arc<Mutex<Vec<(usize, Message)>>>;

pub(super) struct Responder {
    pub(super) port: u16,
    pub(super) seen: Seen,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Responder {
    /// Answers on 127.0.0.1, 127.0.0.2, ..: no message for a connection that is closed at once.
    pub(super) async fn start(
        hosts: usize,
        answer: impl Fn(usize, &Message) -> Vec<Message> + Send + Sync + 'static,
    ) -> Self {
        let answer = Arc::new(answer);
        let seen = Seen::default();
        let (port, listeners) = listeners(hosts).await;
        let mut tasks = Vec::new();
        for (host, listener) in listeners.into_iter().enumerate() {
            let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
            tasks.push(tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let Some(asked) = receive(&mut stream).await else { continue };
                    let answers = answer(host, &asked);
                    seen.lock().expect("no panic").push((host, asked));
                    for message in answers {
                        send(&mut stream, &message).await;
                    }
                }
            }));
        }
        Self { port, seen, tasks }
    }

    /// The updates that came, with the number of the host.
    pub(super) fn updates(&self) -> Vec<(usize, Message)> {
        let seen = self.seen.lock().expect("no panic");
        seen.iter().filter(|(_, it)| it.metadata.op_code == OpCode::Update).cloned().collect()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn listeners(hosts: usize) -> (u16, Vec<TcpListener>) {
    for _ in 0..20 {
        let first = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = first.local_addr().expect("an address").port();
        let mut all = vec![first];
        for host in 2..=hosts {
            let Ok(next) = TcpListener::bind((format!("127.0.0.{host}"), port)).await else {
                break;
            };
            all.push(next);
        }
        if all.len() == hosts {
            return (port, all);
        }
    }
    panic!("no port is free on {hosts} addresses");
}

pub(super) async fn receive(stream: &mut TcpStream) -> Option<Message> {
    let length = stream.read_u16().await.ok()?;
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes).await.ok()?;
    Message::from_vec(&bytes).ok()
}

pub(super) async fn send(stream: &mut TcpStream, message: &Message) {
    let bytes = message.to_vec().expect("a message");
    let length = u16::try_from(bytes.len()).expect("it is short");
    let _ = stream.write_all(&[&length.to_be_bytes()[..], &bytes].concat()).await;
}

/// The answer with this code to a message.
pub(super) fn coded(asked: &Message, code: ResponseCode) -> Message {
    let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
    answer.metadata.response_code = code;
    answer
}
