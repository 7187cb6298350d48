//! A simulator of a webhook provider: the protocol over HTTP, records in memory.
//!
//! It takes what it is given as the usual servers do: a create overwrites, a delete of what is not there succeeds.
//! Names that it does not like are [poisoned](WebhookSim::poison).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::http::{Interferer, Listen, Reply, Request, ScriptedServer};
use crate::kube_sim::workload;

/// The media type of both directions.
pub const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";

/// How a POST with a poisoned name fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Applies {
    /// Nothing of it is applied.
    #[default]
    Atomically,
    /// What stands before the poisoned name is applied: creates, then updates, then deletes.
    UpToTheFirstFailure,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// This status; nothing is done.
    Status(u16),
    /// The true answer under another content type.
    ContentType(&'static str),
    /// The end of the connection; nothing is done.
    HangUp,
    /// Everything is done, and then the connection ends without an answer.
    LostAnswer,
    /// 429, with this `retry-after` if there is one; nothing is done.
    Throttled(Option<u64>),
    /// No answer ever comes, see [`WebhookSim::silence`].
    Silence {
        /// Whether everything is done before.
        done: bool,
    },
}

/// What a simulator gives back of the desired endpoints, with a status of success all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Adjusts {
    /// All of it.
    #[default]
    Nothing,
    /// The first so many endpoints.
    ToTheFirst(usize),
    /// All endpoints, without their targets.
    WithoutTargets,
}

/// What a simulator starts with.
#[derive(Default)]
pub struct Builder {
    records: Vec<Value>,
    workload: usize,
    filter: Option<Value>,
    port: u16,
}

impl Builder {
    /// Adds records: endpoints of the protocol, as a JSON array.
    #[must_use]
    pub fn records(mut self, records: Value) -> Self {
        let Value::Array(records) = records else { panic!("records are a JSON array: {records}") };
        self.records.extend(records);
        self
    }

    /// Adds the 3N records that [`workload`] wants, with their ownership: a run has nothing to do.
    #[must_use]
    pub fn workload(mut self, n: usize) -> Self {
        self.workload = n;
        self
    }

    /// The answer to the negotiation in place of `{}`.
    #[must_use]
    pub fn domain_filter(mut self, filter: Value) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Listens on this port of 127.0.0.1 rather than a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts it; fails when the port is taken or a record is none.
    pub fn try_start(self) -> io::Result<WebhookSim> {
        let mut state = State::new(self.filter.unwrap_or_else(|| json!({})));
        for record in &self.records {
            let (key, text) = entry(record).map_err(io::Error::other)?;
            state.records.insert(key, text);
        }
        state.publish(self.workload);
        let silence = Arc::clone(&state.silence);
        let state = Arc::new(Mutex::new(state));
        let served = Arc::clone(&state);
        let listen = Listen { port: self.port, tls: None };
        let server = ScriptedServer::listen(&listen, move |request| lock(&served).answer(request))?;
        Ok(WebhookSim { server, state, silence })
    }

    /// Starts it.
    pub fn start(self) -> WebhookSim {
        self.try_start().unwrap_or_else(|error| panic!("webhook-sim: {error}"))
    }
}

/// A running simulator; it ends when this is dropped.
pub struct WebhookSim {
    server: ScriptedServer,
    state: Arc<Mutex<State>>,
    silence: Arc<Notify>,
}

impl WebhookSim {
    /// A simulator without records, on a free port; the builder's functions change that.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// All records as they are now, by name, type and set identifier.
    pub fn records(&self) -> Vec<Value> {
        let body = lock(&self.state).body();
        serde_json::from_slice(&body).expect("records are stored as JSON")
    }

    /// Makes every POST of changes to a record of this name fail with 500.
    pub fn poison(&self, name: &str) {
        lock(&self.state).poisoned.insert(name.to_ascii_lowercase());
    }

    /// Chooses how such a POST fails.
    pub fn applies(&self, applies: Applies) {
        lock(&self.state).applies = applies;
    }

    /// Chooses what is given back of the desired endpoints.
    pub fn adjusts(&self, adjusts: Adjusts) {
        lock(&self.state).adjusts = adjusts;
    }

    /// Answers 413 to every POST with more bytes than this, and does nothing.
    pub fn limit(&self, bytes: usize) {
        lock(&self.state).limit = bytes;
    }

    /// Puts a record, an endpoint of the protocol, past the protocol.
    pub fn put(&self, record: &Value) {
        let (key, text) = entry(record).unwrap_or_else(|error| panic!("webhook-sim: {error}"));
        let mut state = lock(&self.state);
        state.records.insert(key, text);
        state.body = None;
    }

    /// Removes the record of this name, type and set identifier, past the protocol.
    pub fn remove(&self, record: &Value) {
        let (key, _) = entry(record).unwrap_or_else(|error| panic!("webhook-sim: {error}"));
        let mut state = lock(&self.state);
        state.records.remove(&key);
        state.body = None;
    }

    /// Waits until a request is left [without an answer](Failure::Silence).
    pub async fn silence(&self) {
        self.silence.notified().await;
    }

    /// Makes the next `times` requests with this method and path fail, e.g. `POST`, `/records`.
    pub fn fail(&self, method: &str, path: &str, times: usize, failure: Failure) {
        self.fail_later(method, path, 0, times, failure);
    }

    /// The same, but the first `skip` of those requests go well.
    pub fn fail_later(
        &self,
        method: &str,
        path: &str,
        skip: usize,
        times: usize,
        failure: Failure,
    ) {
        let route = (method.to_owned(), path.to_owned());
        lock(&self.state).failures.push(Failing { route, skip, left: times, failure });
    }

    /// As it was without any record when it started: nothing goes wrong, nothing was asked.
    pub fn reset(&self) {
        let mut state = lock(&self.state);
        let filter = std::mem::take(&mut state.filter);
        *state = State { filter, silence: Arc::clone(&self.silence), ..State::new(Value::Null) };
    }

    /// Nothing goes wrong any more, and no name is poisoned.
    pub fn heal(&self) {
        let mut state = lock(&self.state);
        state.failures.clear();
        state.poisoned.clear();
    }

    /// Requests with this method and path, with any answer.
    pub fn calls(&self, method: &str, path: &str) -> u64 {
        let route = (method.to_owned(), path.to_owned());
        lock(&self.state).calls.get(&route).copied().unwrap_or(0)
    }

    /// Puts an interferer between the network and the simulator, or removes it.
    pub fn interfere(&self, interferer: Option<Interferer>) {
        self.server.interfere(interferer);
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }
}

/// Name in lower case, type, set identifier.
type Key = (String, String, String);
/// Method and path.
type Route = (String, String);

struct State {
    /// Records as text: with 150,000 of them, trees of values would be heavy.
    records: BTreeMap<Key, String>,
    /// All of them as one answer, until something changes.
    body: Option<Bytes>,
    filter: String,
    poisoned: BTreeSet<String>,
    applies: Applies,
    adjusts: Adjusts,
    limit: usize,
    failures: Vec<Failing>,
    silence: Arc<Notify>,
    calls: BTreeMap<Route, u64>,
}

/// Requests that go wrong.
struct Failing {
    route: Route,
    skip: usize,
    left: usize,
    failure: Failure,
}

/// One step of applying.
enum Step {
    Put(Key, String),
    Remove(Key),
}

impl State {
    fn new(filter: Value) -> Self {
        Self {
            records: BTreeMap::new(),
            body: None,
            filter: filter.to_string(),
            poisoned: BTreeSet::new(),
            applies: Applies::default(),
            adjusts: Adjusts::default(),
            limit: usize::MAX,
            failures: Vec::new(),
            silence: Arc::default(),
            calls: BTreeMap::new(),
        }
    }

    fn publish(&mut self, n: usize) {
        for object in workload(n) {
            let host = object.host();
            for (name, rtype, target) in [
                (host.clone(), "A", object.address()),
                (format!("a-{host}"), "TXT", object.ownership()),
            ] {
                let record = json!({
                    "dnsName": name, "targets": [target], "recordType": rtype, "recordTTL": 300,
                });
                self.records.insert((name, rtype.to_owned(), String::new()), record.to_string());
            }
        }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let route = (request.method.to_string(), request.path.clone());
        *self.calls.entry(route.clone()).or_default() += 1;
        match self.failure(&route) {
            None => self.truth(request, MEDIA_TYPE),
            Some(Failure::Status(status)) => Reply::new(status),
            Some(Failure::ContentType(other)) => self.truth(request, other),
            Some(Failure::HangUp) => Reply::hang_up(),
            Some(Failure::LostAnswer) => {
                self.truth(request, MEDIA_TYPE);
                Reply::hang_up()
            }
            Some(Failure::Throttled(None)) => Reply::new(429),
            Some(Failure::Throttled(Some(wait))) => {
                Reply::new(429).header("retry-after", &wait.to_string())
            }
            Some(Failure::Silence { done }) => {
                if done {
                    self.truth(request, MEDIA_TYPE);
                }
                self.silence.notify_one();
                Reply::new(503).held_until(Arc::default())
            }
        }
    }

    /// What goes wrong with the next request to this route.
    fn failure(&mut self, route: &Route) -> Option<Failure> {
        let due = self.failures.iter_mut().find(|own| own.route == *route && own.left > 0)?;
        if due.skip > 0 {
            due.skip -= 1;
            return None;
        }
        due.left -= 1;
        Some(due.failure)
    }

    fn truth(&mut self, request: &Request, content_type: &str) -> Reply {
        let ok = |body: Bytes| Reply::new(200).header("content-type", content_type).body(body);
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/records" | "/adjustendpoints") if request.body.len() > self.limit => {
                Reply::new(413)
            }
            ("GET", "/records") => ok(self.body()),
            ("POST", "/records") => self.apply(&request.body),
            ("POST", "/adjustendpoints") => match serde_json::from_slice(&request.body) {
                Ok(Value::Array(desired)) => ok(self.adjusted(&request.body, desired)),
                _ => Reply::new(400),
            },
            (_, "/records" | "/adjustendpoints") => Reply::new(400),
            _ => ok(Bytes::from(self.filter.clone())),
        }
    }

    fn adjusted(&self, body: &Bytes, mut desired: Vec<Value>) -> Bytes {
        match self.adjusts {
            Adjusts::Nothing => return body.clone(),
            Adjusts::ToTheFirst(count) => desired.truncate(count),
            Adjusts::WithoutTargets => {
                desired.iter_mut().for_each(|endpoint| endpoint["targets"] = json!([]));
            }
        }
        Bytes::from(Value::Array(desired).to_string())
    }

    fn body(&mut self) -> Bytes {
        let records = &self.records;
        let body = self.body.get_or_insert_with(|| {
            let size = records.values().map(|text| text.len() + 1).sum::<usize>();
            let mut body = String::with_capacity(size + 3);
            body.push('[');
            for text in records.values() {
                if body.len() > 1 {
                    body.push(',');
                }
                body.push_str(text);
            }
            body.push_str("]\n");
            Bytes::from(body)
        });
        body.clone()
    }

    fn apply(&mut self, body: &[u8]) -> Reply {
        let Ok(changes) = serde_json::from_slice(body) else { return Reply::new(400) };
        let Ok(mut steps) = steps(&changes) else { return Reply::new(400) };
        let bad = steps.iter().position(|step| {
            let (Step::Put((name, ..), _) | Step::Remove((name, ..))) = step;
            self.poisoned.contains(name)
        });
        match (bad, self.applies) {
            (Some(_), Applies::Atomically) => return Reply::new(500),
            (Some(at), Applies::UpToTheFirstFailure) => steps.truncate(at),
            (None, _) => {}
        }
        for step in steps {
            match step {
                Step::Put(key, text) => self.records.insert(key, text),
                Step::Remove(key) => self.records.remove(&key),
            };
        }
        self.body = None;
        Reply::new(if bad.is_some() { 500 } else { 204 })
    }
}

/// What a body of changes does, in order. An update whose old and new key differ removes the old one.
fn steps(changes: &Value) -> Result<Vec<Step>, String> {
    let lists = changes.as_object().ok_or("the changes are no object")?;
    let list = |name: &str| {
        // As decoders of Go do, in upper or lower case.
        let found = lists.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.and_then(|(_, list)| list.as_array()).into_iter().flatten().map(entry)
    };
    let mut steps = Vec::new();
    for create in list("create") {
        let (key, text) = create?;
        steps.push(Step::Put(key, text));
    }
    for (old, new) in list("updateOld").zip(list("updateNew")) {
        let ((old, _), (new, text)) = (old?, new?);
        if old != new {
            steps.push(Step::Remove(old));
        }
        steps.push(Step::Put(new, text));
    }
    if list("updateOld").count() != list("updateNew").count() {
        return Err("updateOld and updateNew have different lengths".to_owned());
    }
    for delete in list("delete") {
        steps.push(Step::Remove(delete?.0));
    }
    Ok(steps)
}

fn entry(record: &Value) -> Result<(Key, String), String> {
    let text = |field: &str| record[field].as_str().map(str::to_owned);
    let (Some(name), Some(rtype)) = (text("dnsName"), text("recordType")) else {
        return Err(format!("a record needs dnsName and recordType: {record}"));
    };
    let set = text("setIdentifier").unwrap_or_default();
    Ok(((name.to_ascii_lowercase(), rtype, set), record.to_string()))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
