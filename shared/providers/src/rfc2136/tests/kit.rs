//! The suite of all providers, over a real BIND. What goes wrong does so in a proxy that stands before it.

use async_trait::async_trait;
use extdns_model::{Name, RecordSet, RecordType, Ttl};
use extdns_testkit::bind::{Access, Bind};
use extdns_testkit::dns;
use hickory_proto::op::{Message, OpCode, ResponseCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::responder::{coded, send};
use super::{FORM, make};
use crate::conformance::{Fault, Faults, Harness, Lost};
use crate::{ErrorKind, Provider, ProviderError};

pub(super) const ZONE: &str = "example.org";
pub(super) const CHILD: &str = "sub.example.org";

/// A server of its own, and the proxy before it.
pub(super) struct Real {
    pub(super) server: Bind,
    port: u16,
    faults: Faults,
    proxy: tokio::task::JoinHandle<()>,
}

impl Real {
    pub(super) async fn start() -> Self {
        let server = Bind::start_or_skip("the conformance kit", &[ZONE, CHILD], Access::Open).await;
        let server = server.expect("tests/setup named installs it");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let faults = Faults::default();
        let (own, real) = (faults.clone(), server.port);
        let proxy = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, real, own.clone()));
            }
        });
        Self { server, port, faults, proxy }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.proxy.abort();
    }
}

/// What the server answers, unless something goes wrong.
async fn pass(mut client: TcpStream, port: u16, faults: Faults) -> Option<()> {
    let length = client.read_u16().await.ok()?;
    let mut bytes = vec![0; length.into()];
    client.read_exact(&mut bytes).await.ok()?;
    let asked = Message::from_vec(&bytes).expect("a DNS message");
    let is_write = asked.metadata.op_code == OpCode::Update;
    let zone = asked.queries[0].name().to_ascii();
    let admitted = match is_write {
        true => faults.write().await,
        false => faults.read(Some(zone.trim_end_matches('.'))).await.map(|()| None),
    };
    let lost = match admitted {
        Ok(Some(Lost::NotDone)) => return None,
        Ok(lost) => lost,
        Err(error) => {
            send(&mut client, &coded(&asked, code(&error))).await;
            return None;
        }
    };
    let name = |name: &hickory_proto::rr::Name| Name::as_listed(&name.to_ascii());
    if is_write && asked.authorities.iter().any(|record| faults.rejects(&name(&record.name))) {
        // As BIND and Knot DNS do.
        send(&mut client, &coded(&asked, ResponseCode::Refused)).await;
        return None;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    server.write_all(&[&length.to_be_bytes()[..], &bytes].concat()).await.ok()?;
    if !is_write {
        return copy_bidirectional(&mut client, &mut server).await.ok().map(drop);
    }
    let answer = super::responder::receive(&mut server).await?;
    if answer.metadata.response_code == ResponseCode::NoError {
        faults.written().await;
    }
    if lost.is_none() {
        send(&mut client, &answer).await;
    }
    Some(())
}

fn code(error: &ProviderError) -> ResponseCode {
    match error.kind {
        ErrorKind::Unauthorised => ResponseCode::Refused,
        _ => ResponseCode::ServFail,
    }
}

/// The record sets of a zone, as `dig` shows them, without the NS of its apex.
pub(super) fn contents(port: u16, zone: &str, key: Option<&str>) -> Vec<RecordSet> {
    let mut sets: Vec<RecordSet> = Vec::new();
    for line in dns::transfer(port, zone, key) {
        let mut rest = line.as_str();
        let mut word = || {
            let (word, tail) = rest.split_once([' ', '\t']).expect("five fields");
            rest = tail.trim_start();
            word.to_owned()
        };
        let [name, ttl, _class, rtype] = [word(), word(), word(), word()];
        let rtype: RecordType = rtype.parse().expect("a type");
        let value = FORM.read(rtype, rest);
        let name = Name::as_listed(&name);
        if name.as_str() == zone && rtype == RecordType::Ns {
            continue;
        }
        match sets.iter_mut().find(|set| set.name.key() == name.key() && set.rtype == rtype) {
            Some(set) => {
                set.targets =
                    set.targets.iter().map(|it| it.as_str()).chain([value.as_str()]).collect();
            }
            None => {
                let ttl = Ttl::from_seconds(ttl.parse().expect("a TTL"));
                sets.push(RecordSet::new(name, rtype, ttl, [value.as_str()].into_iter().collect()));
            }
        }
    }
    sets
}

#[async_trait]
impl Harness for Real {
    async fn provider(&self) -> Box<dyn Provider> {
        let port = format!("--rfc2136-port={}", self.port);
        make(&["--rfc2136-insecure", "--rfc2136-axfr", "--rfc2136-min-ttl=60s", &port])
    }

    fn zone(&self) -> Name {
        Name::as_listed(ZONE)
    }

    async fn seed(&self, sets: &[RecordSet]) {
        self.alter(sets).await;
    }

    async fn contents(&self) -> Vec<RecordSet> {
        contents(self.server.port, ZONE, None)
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        let mut commands = Vec::new();
        for set in sets {
            let (name, rtype) = (set.name.key(), set.rtype);
            commands.push(format!("update delete {name}. {rtype}"));
            commands.extend(set.targets.iter().map(|target| {
                let (ttl, value) = (FORM.ttl(set.ttl), FORM.value(rtype, target));
                format!("update add {name}. {ttl} {rtype} {value}")
            }));
        }
        dns::update(self.server.port, ZONE, &commands);
        true
    }

    fn child(&self) -> Option<Name> {
        Some(Name::as_listed(CHILD))
    }

    async fn contents_of_child(&self) -> Vec<RecordSet> {
        contents(self.server.port, CHILD, None)
    }

    async fn writes(&self) -> u64 {
        self.faults.writes()
    }

    /// DNS has no answer for "too many requests" or "the zone is full".
    async fn inject(&self, fault: Fault) -> bool {
        if matches!(fault, Fault::Throttle { .. } | Fault::Full(_) | Fault::Unfinished) {
            return false;
        }
        self.faults.inject(fault);
        true
    }

    async fn clear(&self) {
        self.faults.clear();
    }

    async fn killed(&self) {
        self.faults.killed().await;
    }
}

crate::conformance! {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    Real::start().await
}
