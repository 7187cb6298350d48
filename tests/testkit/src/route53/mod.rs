//! Route 53 as it answers for real, and as it fails: its limits, its order, its errors and their words, over HTTP.
//!
//! [`Route53Sim::start`] gives a server on a free port that serves Route 53 and STS, so that `AWS_ENDPOINT_URL` may name
//! it for both. Zones, accounts, limits and faults are set from the test while it runs; signatures must be there and
//! be whole, but are not verified.
//!
//! ```
//! use extdns_testkit::route53::{Fault, Operation, RecordSet, Route53Sim};
//!
//! let sim = Route53Sim::start();
//! let zone = sim.zone("example.org");
//! zone.seed([RecordSet::a("www.example.org", "192.0.2.1"), RecordSet::txt("a-www.example.org", "heritage=..")]);
//! sim.throttle(5.0, 10);
//! sim.fault(Fault::hang_up().after_applying().on(Operation::ChangeResourceRecordSets).at(2));
//! // .. a client works with sim.url() ..
//! assert_eq!(zone.records().len(), 4, "two of them are NS and SOA");
//! assert_eq!(sim.writes(), 0);
//! ```

mod answer;
mod auth;
mod change;
mod fault;
mod handle;
mod limits;
mod name;
mod operation;
mod rdata;
mod record;
mod spoil;
mod state;
mod sts;
#[cfg(test)]
mod tests;
mod wire;
mod zone;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use answer::BatchErrorForm;
pub use auth::ClockSkew;
pub use fault::Fault;
pub use handle::{Account, Zone};
pub use operation::Operation;
pub use record::{Alias, RecordSet, Routing};
pub use spoil::Spoil;
pub use wire::{Action, Change};

use crate::http::{Interferer, Listen, Reply, Request, ScriptedServer};
use answer::{ApiError, Envelope, error_namespace};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use fault::{FaultEffect, Target};
use operation::Route;
use state::{End, State};

/// The account of every access key that was not given to another one.
pub const ACCOUNT: &str = "111111111111";

/// A call as the simulator saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number; the first call is 1.
    pub number: u64,
    /// What it asked for.
    pub operation: Operation,
    /// The account of the caller; empty if the call did not get so far.
    pub account: String,
    /// The bare id of the zone that it named.
    pub zone: Option<String>,
    /// The changes of a batch, if it got so far.
    pub changes: Vec<Change>,
    /// When it came, since the start and in simulated time.
    pub at: Duration,
    /// The status of the answer; `None` while there is none, and for good if the connection was closed.
    pub status: Option<u16>,
    /// The code of an error, such as `Throttling`.
    pub code: Option<String>,
}

impl Call {
    /// Whether it did what it asked for and the client heard so.
    pub fn succeeded(&self) -> bool {
        self.status == Some(200)
    }

    fn request_id(&self) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.number)
    }
}

/// When a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The call has come, nothing is done yet.
    Arrived,
    /// All is done, the answer is not sent yet.
    Answering,
}

type Hook = Box<dyn Fn(Moment, &Call) + Send + Sync>;

#[derive(Clone)]
struct Shared {
    state: Arc<Mutex<State>>,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// The simulator; it stops when it is dropped.
pub struct Route53Sim {
    server: ScriptedServer,
    shared: Shared,
}

impl Route53Sim {
    /// A simulator on a free port, without zones, without limits on rates.
    pub fn start() -> Self {
        Self::listen(&Listen::default()).expect("a free port on 127.0.0.1")
    }

    /// A simulator on a port of choice or with TLS.
    pub fn listen(listen: &Listen) -> io::Result<Self> {
        let shared = Shared { state: Arc::new(Mutex::new(State::new())), hook: Arc::default() };
        let served = shared.clone();
        let server = ScriptedServer::listen(listen, move |request| served.answer(request))?;
        Ok(Self { server, shared })
    }

    /// `http://127.0.0.1:PORT`, the endpoint of Route 53 and of STS.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What the SDK needs to call the simulator with this access key, each call made once.
    pub fn sdk_config(&self, key: &str) -> SdkConfig {
        let credentials = Credentials::new(key, "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.url())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .build()
    }

    /// Puts an interferer between the network and the simulator, or removes it.
    pub fn interfere(&self, interferer: Option<Interferer>) {
        self.server.interfere(interferer);
    }

    /// All requests so far, as they arrived.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// An account of choice, by its twelve digits. [`ACCOUNT`] is there without.
    pub fn account(&self, id: &str) -> Account {
        Account::new(self.shared.clone(), id)
    }

    /// [`Account::zone`] of [`ACCOUNT`].
    pub fn zone(&self, name: &str) -> Zone {
        self.account(ACCOUNT).zone(name)
    }

    /// [`Account::private_zone`] of [`ACCOUNT`].
    pub fn private_zone(&self, name: &str) -> Zone {
        self.account(ACCOUNT).private_zone(name)
    }

    /// [`Account::throttle`] of [`ACCOUNT`].
    pub fn throttle(&self, rate: f64, burst: u32) {
        self.account(ACCOUNT).throttle(rate, burst);
    }

    /// Sends `retry-after` with every `Throttling`, which the service itself does not promise.
    pub fn retry_after(&self, pause: Duration) {
        self.shared.lock().retry_after = Some(pause);
    }

    /// Refuses access keys that no account was given. Without this they belong to [`ACCOUNT`].
    pub fn only_known_keys(&self) {
        self.shared.lock().gate.strict = true;
    }

    /// Lets `principal`, a user ([`Account::user`]) or a role, do only what is granted: pairs of an action and a
    /// resource, either with a `*` at its end. Everybody else may do everything.
    pub fn allow_only<'a>(
        &self,
        principal: &str,
        granted: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let granted =
            granted.into_iter().map(|(action, on)| (action.to_owned(), on.to_owned())).collect();
        self.shared.lock().gate.policies.insert(principal.to_owned(), granted);
    }

    /// For how long a change is in process: until then the next change of its zone is `PriorRequestNotComplete`.
    pub fn changes_take(&self, time: Duration) {
        self.shared.lock().in_process = time;
    }

    /// Lets the service's clock differ.
    pub fn skew_clock(&self, skew: ClockSkew) {
        self.shared.lock().gate.skew = Some(skew);
    }

    /// Stops simulated time, by which rates and changes in process are measured; from now on it moves by
    /// [`Route53Sim::advance`] alone.
    pub fn freeze_time(&self) {
        self.advance(Duration::ZERO);
    }

    /// Moves simulated time, and stops it there.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().time.advance(by);
    }

    /// Sends every answer so late. Calls do not wait for each other.
    pub fn latency(&self, time: Duration) {
        self.shared.lock().latency = time;
    }

    /// How a refused batch is written.
    pub fn batch_errors(&self, form: BatchErrorForm) {
        self.shared.lock().form = form;
    }

    /// Adds a fault. Of several that a call meets, the first one that was added decides; all count the call.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.push(fault);
    }

    /// How many calls met a fault. A test that adds one should see it here.
    pub fn faults_met(&self) -> u64 {
        self.shared.lock().fired
    }

    /// Takes all faults away, and an end that was set.
    pub fn heal(&self) {
        let mut state = self.shared.lock();
        state.faults.clear();
        state.end = None;
    }

    /// Serves so many more calls; to all later ones the connection is closed, and nothing is applied.
    pub fn end_after_calls(&self, count: u64) {
        self.shared.lock().end = Some(End { writes_only: false, left: count });
    }

    /// As [`Route53Sim::end_after_calls`], but counts writes only. After the last one reads fail, too.
    pub fn end_after_writes(&self, count: u64) {
        self.shared.lock().end = Some(End { writes_only: true, left: count });
    }

    /// Calls `hook` when a call comes and when its answer is ready, e.g. to kill the client there. It runs on the
    /// server's thread and may use the simulator.
    pub fn on_call(&self, hook: impl Fn(Moment, &Call) + Send + Sync + 'static) {
        *lock(&self.shared.hook) = Some(Box::new(hook));
    }

    /// All calls since the start, or since [`Route53Sim::forget_calls`].
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// Begins to count anew. The numbers of calls go on.
    pub fn forget_calls(&self) {
        self.shared.lock().calls.clear();
    }

    /// How many calls there were of one operation, with any answer.
    pub fn count(&self, operation: Operation) -> usize {
        self.counted(|call| call.operation == operation)
    }

    /// How many calls to Route 53 read.
    pub fn reads(&self) -> usize {
        self.counted(|call| !call.operation.is_write() && !call.operation.is_sts())
    }

    /// How many calls to Route 53 wrote or tried to.
    pub fn writes(&self) -> usize {
        self.counted(|call| call.operation.is_write())
    }

    /// How many calls were answered with this code of an error, such as `Throttling`.
    pub fn refused(&self, code: &str) -> usize {
        self.counted(|call| call.code.as_deref() == Some(code))
    }

    fn counted(&self, which: impl Fn(&Call) -> bool) -> usize {
        self.shared.lock().calls.iter().filter(|call| which(call)).count()
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> Reply {
        let Some(route) = Route::of(request) else {
            return Reply::new(404)
                .header("content-type", "text/xml")
                .body("<UnknownOperationException/>");
        };
        let mut call = self.arrived(&route);
        self.call_hook(Moment::Arrived, &call);
        let mut state = self.lock();
        let effect = state.fault_effect(&route, request);
        let work = effect.as_ref().is_none_or(FaultEffect::applied);
        // By the clock of the answer: a skew that shows once is gone after it.
        let date = state.gate.clock().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let result = if work { state.serve(&route, request, &mut call) } else { Ok(String::new()) };
        let mut spoil = None;
        let result = match effect {
            None => Some(result),
            Some(FaultEffect::Answer { error, .. }) => Some(Err(error)),
            Some(FaultEffect::HangUp { .. }) => None,
            Some(FaultEffect::Spoiled { spoil: how, .. }) => {
                spoil = Some(how);
                Some(result)
            }
        };
        call.status = result
            .as_ref()
            .map(|result| result.as_ref().map_or_else(|error| error.status, |_| 200));
        call.code = result
            .as_ref()
            .and_then(|result| result.as_ref().err())
            .map(|error: &ApiError| error.code.clone());
        let envelope = Envelope {
            request_id: &call.request_id(),
            date: &date,
            namespace: error_namespace(route.operation.is_sts()),
            form: state.form,
            latency: state.latency,
        };
        let reply = result.map_or_else(Reply::hang_up, |result| envelope.reply(&result));
        let reply = match spoil {
            Some(spoil) => spoil.apply(reply),
            None => reply,
        };
        if let Some(kept) = state.calls.iter_mut().rfind(|kept| kept.number == call.number) {
            kept.clone_from(&call);
        }
        drop(state);
        self.call_hook(Moment::Answering, &call);
        reply
    }

    fn arrived(&self, route: &Route) -> Call {
        let mut state = self.lock();
        state.number += 1;
        let call = Call {
            number: state.number,
            operation: route.operation,
            account: String::new(),
            zone: route.id.clone().filter(|_| route.operation != Operation::GetChange),
            changes: Vec::new(),
            at: state.time.now(),
            status: None,
            code: None,
        };
        state.calls.push(call.clone());
        call
    }

    fn call_hook(&self, moment: Moment, call: &Call) {
        if let Some(hook) = &*lock(&self.hook) {
            hook(moment, call);
        }
    }
}

impl State {
    /// What the faults and the end make of a call.
    fn fault_effect(&mut self, route: &Route, request: &Request) -> Option<FaultEffect> {
        if self.is_over(route.operation) {
            return Some(FaultEffect::HangUp { applied: false });
        }
        let named = self.faults.iter().any(Fault::is_about_a_name);
        let target = Target {
            operation: route.operation,
            zone: route.id.as_deref(),
            continues: route.continues(request),
            names: if named { changed_names(route, request) } else { Vec::new() },
            request,
        };
        let mut effect = None;
        for fault in &mut self.faults {
            let hit = fault.hit(&target);
            effect = effect.or(hit);
        }
        self.fired += u64::from(effect.is_some());
        effect
    }
}

/// The names that a batch changes; none of what is no batch, or cannot be read.
fn changed_names(route: &Route, request: &Request) -> Vec<String> {
    if !route.operation.is_write() {
        return Vec::new();
    }
    let changes = wire::parse::<wire::ChangeRequest>(&request.body).and_then(|it| it.changes());
    changes.unwrap_or_default().into_iter().map(|change| change.record_set.name).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
