//! The suite of all providers over a real etcd, for each of the providers that keep their records there. What goes wrong
//! does so in a proxy that stands before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_model::{Name, RecordSet};
use extdns_testkit::etcd::{Etcd as Server, post};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};
use tokio::sync::{Mutex, oneshot};

use crate::conformance::{Fault, Faults, Harness, Lost, SECRET};
use crate::{ErrorKind, Provider, ProviderError};

/// How a provider keeps its records, said once more for the tests.
#[derive(Clone, Copy)]
pub(crate) struct Codec {
    /// What all keys begin with.
    pub(crate) prefix: &'static str,
    /// The provider for an etcd at a URL.
    pub(crate) make: fn(&str) -> Box<dyn Provider>,
    /// The key and the value of one value of a set, with a number that was not used before; `None` for a type that is not
    /// managed.
    pub(crate) encode: fn(&RecordSet, &str, u64) -> Option<(String, Value)>,
    /// The record of a key that holds one.
    pub(crate) decode: fn(&str, &Value) -> RecordSet,
    /// The names that a key can be of.
    pub(crate) names: fn(&str) -> Vec<Name>,
}

/// A server of its own, and the proxy before it.
pub(crate) struct Real {
    codec: Codec,
    server: Arc<Mutex<Server>>,
    port: u16,
    proxy: ScriptedServer,
    faults: Faults,
    /// The number of the transaction at which the server is killed; 0 for none.
    kill_at: Arc<AtomicU64>,
    seeded: AtomicU64,
}

impl Real {
    pub(crate) async fn start(codec: Codec) -> Self {
        let server = Server::start_or_skip("the conformance kit", false).await;
        let server = server.expect("tests/setup kube builds it");
        let port = server.port();
        let (server, faults) = (Arc::new(Mutex::new(server)), Faults::default());
        let kill_at = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Handle::current();
        let (own, going_wrong, deadly) =
            (Arc::clone(&server), faults.clone(), Arc::clone(&kill_at));
        let proxy = ScriptedServer::start(move |request| {
            let (sender, answer) = oneshot::channel();
            let (own, request, deadly) = (Arc::clone(&own), request.clone(), Arc::clone(&deadly));
            let faults = going_wrong.clone();
            runtime.spawn(async move {
                if is_write(&request) && faults.writes() + 1 == deadly.load(Ordering::SeqCst) {
                    own.lock().await.kill();
                }
                drop(sender.send(pass(port, &codec, &faults, &request).await));
            });
            Reply::later(answer)
        });
        let seeded = AtomicU64::new(0);
        Self { codec, server, port, proxy, faults, kill_at, seeded }
    }

    pub(crate) fn kill_at(&self, transaction: u64) {
        self.kill_at.store(transaction, Ordering::SeqCst);
    }

    pub(crate) async fn restart(&self) {
        self.kill_at(0);
        self.server.lock().await.restart().await;
    }

    /// The provider, behind the proxy.
    pub(crate) fn make(&self) -> Box<dyn Provider> {
        (self.codec.make)(&self.proxy.url())
    }

    /// All keys with their values.
    pub(crate) async fn keys(&self) -> Vec<(String, Value)> {
        keys(self.port, self.codec.prefix).await
    }

    /// Adds the values of a set, if it is of a type that can be kept.
    async fn put(&self, set: &RecordSet) {
        for target in &set.targets {
            let number = self.seeded.fetch_add(1, Ordering::SeqCst);
            if let Some((key, value)) = (self.codec.encode)(set, target, number) {
                put(self.port, &key, &value).await;
            }
        }
    }
}

fn is_write(request: &Request) -> bool {
    request.path == "/v3/kv/txn"
}

/// What the server answers, unless something goes wrong.
async fn pass(port: u16, codec: &Codec, faults: &Faults, request: &Request) -> Reply {
    let body = request.json();
    let admitted = match request.path.as_str() {
        "/v3/auth/authenticate" => Ok(None),
        "/v3/kv/txn" => faults.write().await,
        "/v3/kv/range" => faults.read(None).await.map(|()| None),
        path => panic!("an unexpected request for {path}"),
    };
    let lost = match admitted {
        Ok(Some(Lost::NotDone)) => return Reply::hang_up(),
        Ok(lost) => lost,
        Err(error) => return failure(&error),
    };
    if is_write(request)
        && let Err(refused) = accept(port, codec, faults, &body).await
    {
        return refused;
    }
    let Ok((status, answer)) = post(port, &request.path, &body).await else {
        return Reply::hang_up();
    };
    if is_write(request) && answer["succeeded"] == true {
        faults.written().await;
    }
    if lost.is_some() { Reply::hang_up() } else { Reply::json(status, &answer) }
}

/// Whether the proxy lets a transaction through: the real server knows neither bad names nor a full zone.
async fn accept(port: u16, codec: &Codec, faults: &Faults, body: &Value) -> Result<(), Reply> {
    let compares = body["compare"].as_array().expect("comparisons");
    let operations = body["success"].as_array().expect("operations");
    assert!(compares.len() <= 128 && operations.len() <= 128, "as many as etcd takes");
    let is_new =
        |key: &Value| compares.iter().any(|it| it["key"] == *key && it["target"] == "CREATE");
    let mut more = 0;
    for operation in operations {
        let (put, gone) = (&operation["request_put"], &operation["request_delete_range"]);
        let encoded = if put.is_null() { &gone["key"] } else { &put["key"] };
        let key = decoded(encoded);
        if (codec.names)(&key).iter().any(|name| faults.rejects(name)) {
            let text = "etcdserver: the name is not permitted";
            return Err(Reply::json(400, &json!({ "message": text, "code": 3 })));
        }
        more += if put.is_null() { -1 } else { isize::from(is_new(encoded)) };
    }
    let holds = keys(port, codec.prefix).await.len();
    faults.room(holds, more).map_err(|error| failure(&error))
}

fn failure(error: &ProviderError) -> Reply {
    let text = format!("etcdserver: {}", error.message);
    let body = |text: &str| json!({ "message": text, "code": 2 });
    match error.kind {
        ErrorKind::Throttled { retry_after } => {
            let reply = Reply::json(429, &body("etcdserver: too many requests"));
            let seconds = retry_after.map(|wait| wait.as_secs().to_string());
            seconds.into_iter().fold(reply, |reply, wait| reply.header("retry-after", &wait))
        }
        ErrorKind::Unauthorised => Reply::json(403, &body(&text)),
        ErrorKind::Quota => Reply::json(429, &body("etcdserver: mvcc: database space exceeded")),
        _ => Reply::json(503, &body(&text)),
    }
}

fn decoded(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().expect("base64")).expect("base64");
    String::from_utf8(bytes).expect("text")
}

/// All keys below a prefix with their values.
pub(crate) async fn keys(port: u16, prefix: &str) -> Vec<(String, Value)> {
    let all = json!({ "key": STANDARD.encode(prefix), "range_end": super::end_of(prefix) });
    let (status, answer) = post(port, "/v3/kv/range", &all).await.expect("etcd answers");
    assert_eq!(status, 200, "{answer}");
    let pairs = answer["kvs"].as_array().cloned().unwrap_or_default();
    let pair = |pair: &Value| {
        (decoded(&pair["key"]), serde_json::from_str(&decoded(&pair["value"])).expect("JSON"))
    };
    pairs.iter().map(pair).collect()
}

pub(crate) async fn put(port: u16, key: &str, value: &Value) {
    let body = json!({ "key": STANDARD.encode(key), "value": STANDARD.encode(value.to_string()) });
    let (status, answer) = post(port, "/v3/kv/put", &body).await.expect("etcd answers");
    assert_eq!(status, 200, "{answer}");
}

async fn remove(port: u16, key: &str) {
    let body = json!({ "key": STANDARD.encode(key) });
    let (status, answer) = post(port, "/v3/kv/deleterange", &body).await.expect("etcd answers");
    assert_eq!(status, 200, "{answer}");
}

#[async_trait]
impl Harness for Real {
    async fn provider(&self) -> Box<dyn Provider> {
        self.make()
    }

    fn zone(&self) -> Name {
        Name::as_listed("example.org")
    }

    async fn seed(&self, sets: &[RecordSet]) {
        for set in sets {
            self.put(set).await;
        }
    }

    async fn contents(&self) -> Vec<RecordSet> {
        let mut sets: Vec<RecordSet> = Vec::new();
        for (key, value) in self.keys().await {
            let one = (self.codec.decode)(&key, &value);
            match sets
                .iter_mut()
                .find(|it| it.name.key() == one.name.key() && it.rtype == one.rtype)
            {
                Some(set) => one.targets.iter().for_each(|it| set.targets.push(it.clone())),
                None => sets.push(one),
            }
        }
        sets
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        for set in sets {
            for (key, value) in self.keys().await {
                let one = (self.codec.decode)(&key, &value);
                if one.name.key() == set.name.key() && one.rtype == set.rtype {
                    remove(self.port, &key).await;
                }
            }
            self.put(set).await;
        }
        true
    }

    async fn writes(&self) -> u64 {
        self.faults.writes()
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.faults.inject(fault);
        true
    }

    async fn clear(&self) {
        self.faults.clear();
    }

    async fn killed(&self) {
        self.faults.killed().await;
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}
