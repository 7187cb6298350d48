//! A provider of a REST API over a [`HttpServer`] that listens.

use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{Name, RecordSet};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::Value;

use super::{Dialect, Fault, Harness, HttpAnswer, HttpRequest, HttpServer, SECRET};
use crate::Provider;

const ZONE: &str = "example.org";
const CHILD: &str = "sub.example.org";

/// What stands in front of a [`HttpServer`] for a service that speaks otherwise than in paths of zones and records
/// (actions in one path, lists of changes, signatures): it takes requests and answers from one form into the other.
#[derive(Clone, Copy)]
pub struct Front {
    /// The request as the [`Dialect`] has it, or what is answered at once.
    pub ask: fn(&HttpServer, &HttpRequest) -> Result<HttpRequest, HttpAnswer>,
    /// The answer as the service gives it to the request that came.
    pub tell: fn(&HttpRequest, HttpAnswer) -> HttpAnswer,
}

impl Front {
    /// None.
    pub const NONE: Self = Self { ask: |_, request| Ok(request.clone()), tell: |_, answer| answer };
}

/// A [`HttpServer`] that listens on this machine.
pub struct HttpSim {
    server: HttpServer,
    http: ScriptedServer,
}

impl HttpSim {
    /// A server with these zones, all empty.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(dialect: Dialect, zones: &[&str]) -> Self {
        Self::behind(Front::NONE, dialect, zones)
    }

    /// The same behind a front.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn behind(front: Front, dialect: Dialect, zones: &[&str]) -> Self {
        let server = HttpServer::new(dialect, zones);
        let own = server.clone();
        let http = ScriptedServer::start(move |request| {
            let came = asked(request);
            reply(match (front.ask)(&own, &came) {
                Ok(request) => (front.tell)(&came, own.answer(&request)),
                Err(answer) => answer,
            })
        });
        Self { server, http }
    }

    /// Its records and faults.
    #[must_use]
    pub fn server(&self) -> &HttpServer {
        &self.server
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        self.http.url()
    }
}

/// The harness of a provider over a [`HttpSim`].
pub struct OverHttp {
    sim: HttpSim,
    make: fn(&str) -> Box<dyn Provider>,
    ttl: i64,
    /// The zone of the server in which the zone of the kit lies.
    zone: &'static str,
    counts: bool,
    /// Whether a name can move from one zone into another.
    has_moves: bool,
}

impl OverHttp {
    /// The provider is made by this function, for the URL of the server.
    #[must_use]
    pub fn start(dialect: Dialect, make: fn(&str) -> Box<dyn Provider>) -> Self {
        Self::behind(Front::NONE, dialect, make)
    }

    /// The same behind a front.
    #[must_use]
    pub fn behind(front: Front, dialect: Dialect, make: fn(&str) -> Box<dyn Provider>) -> Self {
        let sim = HttpSim::behind(front, dialect, &[ZONE, "example.net", CHILD]);
        Self { sim, make, ttl: 300, zone: ZONE, counts: true, has_moves: true }
    }

    /// The same for a service without zones: the server has one that holds every name.
    #[must_use]
    pub fn without_zones(
        front: Front,
        dialect: Dialect,
        make: fn(&str) -> Box<dyn Provider>,
    ) -> Self {
        let sim = HttpSim::behind(front, dialect, &[""]);
        Self { sim, make, ttl: 300, zone: "", counts: true, has_moves: false }
    }

    /// The same for a provider that is none of the table, whose calls are not counted.
    #[must_use]
    pub fn uncounted(self) -> Self {
        Self { counts: false, ..self }
    }

    /// The same for a service that finds a record by its name alone, whatever its zone.
    #[must_use]
    pub fn without_moves(self) -> Self {
        Self { has_moves: false, ..self }
    }

    /// The same for a service that stores no lower TTL than this; 0 for one that stores none at all.
    #[must_use]
    pub fn with_ttl(self, ttl: i64) -> Self {
        Self { ttl, ..self }
    }
}

#[async_trait]
impl Harness for OverHttp {
    async fn provider(&self) -> Box<dyn Provider> {
        (self.make)(&self.sim.url())
    }

    fn zone(&self) -> Name {
        Name::as_listed(ZONE)
    }

    async fn seed(&self, sets: &[RecordSet]) {
        sets.iter().for_each(|set| self.sim.server.put(self.zone, set));
    }

    async fn contents(&self) -> Vec<RecordSet> {
        self.sim.server.contents(self.zone)
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        for set in sets {
            self.sim.server.remove(self.zone, set);
            self.sim.server.put(self.zone, set);
        }
        true
    }

    fn child(&self) -> Option<Name> {
        self.has_moves.then(|| Name::as_listed(CHILD))
    }

    async fn contents_of_child(&self) -> Vec<RecordSet> {
        self.sim.server.contents(CHILD)
    }

    async fn writes(&self) -> u64 {
        self.sim.server.faults().writes()
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.sim.server.faults().inject(fault);
        true
    }

    async fn clear(&self) {
        self.sim.server.faults().clear();
    }

    async fn killed(&self) {
        self.sim.server.faults().killed().await;
    }

    fn writes_between_deaths(&self) -> usize {
        7
    }

    /// Its answer is 500: whether anything was done is looked up, and the call is sent twice more.
    fn sends_when_down(&self, _: u32) -> u32 {
        3
    }

    async fn lag(&self) {
        self.sim.server.lag();
    }

    async fn settle(&self) {
        self.sim.server.settle();
    }

    fn ttl(&self) -> i64 {
        self.ttl
    }

    fn counts_calls(&self) -> bool {
        self.counts
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

fn asked(request: &Request) -> HttpRequest {
    let headers = request
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    HttpRequest {
        method: request.method.to_string(),
        path: request.path.clone(),
        query: request.pairs(),
        headers: headers.collect(),
        body: request.body.to_vec(),
    }
}

fn reply(answer: HttpAnswer) -> Reply {
    match answer {
        HttpAnswer::HangUp => Reply::hang_up(),
        // Nobody notifies it.
        HttpAnswer::Never => Reply::new(500).held_until(Arc::default()),
        HttpAnswer::Whole { status, headers, body } => {
            let reply = match body {
                Value::Null => Reply::new(status),
                body => Reply::json(status, &body),
            };
            headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
        }
    }
}
