//! A Pi-hole of version 6 for tests: its configuration, its sessions, and how it refuses.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use crate::conformance::{Faults, Lost};
use crate::{ErrorKind, ProviderError};
use futures::FutureExt as _;

/// Most sessions at a time.
const SEATS: usize = 16;

/// A Pi-hole that listens on this machine.
pub struct PiholeSim {
    http: ScriptedServer,
    state: Arc<Mutex<State>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct State {
    password: String,
    hosts: Vec<String>,
    cnames: Vec<String>,
    sessions: BTreeSet<String>,
    opened: u64,
}

impl PiholeSim {
    /// A server with this password, and these lines of `dns.hosts` and `dns.cnameRecords`.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(password: &str, hosts: &[&str], cnames: &[&str]) -> Self {
        let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect();
        let state = State {
            password: password.to_owned(),
            hosts: lines(hosts),
            cnames: lines(cnames),
            ..State::default()
        };
        let (state, faults) = (Arc::new(Mutex::new(state)), Faults::default());
        let (own, going_wrong) = (Arc::clone(&state), faults.clone());
        let http = ScriptedServer::start(move |request| answer(&own, &going_wrong, request));
        Self { http, state, faults }
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        self.http.url()
    }

    /// What goes wrong, and how many lines were asked to be changed.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What was asked, as `METHOD target`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let all = self.http.requests().into_iter();
        all.map(|it| format!("{} {}", it.method, it.target())).collect()
    }

    /// The sessions that are open, and how many there were.
    #[must_use]
    pub fn sessions(&self) -> (usize, u64) {
        let state = lock(&self.state);
        (state.sessions.len(), state.opened)
    }

    /// Ends all sessions, as time would.
    pub fn end_sessions(&self) {
        lock(&self.state).sessions.clear();
    }

    /// All lines: those of `dns.hosts`, then those of `dns.cnameRecords`, each sorted.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let state = lock(&self.state);
        let (mut hosts, mut cnames) = (state.hosts.clone(), state.cnames.clone());
        hosts.sort();
        cnames.sort();
        [hosts, cnames].concat()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failure(status: u16, key: &str, message: &str) -> Reply {
    let error = json!({ "key": key, "message": message, "hint": null });
    Reply::json(status, &json!({ "error": error, "took": 0.003 }))
}

fn answer(state: &Mutex<State>, faults: &Faults, request: &Request) -> Reply {
    let method = request.method.as_str();
    if (method, request.path.as_str()) == ("POST", "/api/auth") {
        return log_in(&mut lock(state), &request.json());
    }
    let session = request.header("x-ftl-sid").unwrap_or_default().to_owned();
    if !lock(state).sessions.contains(&session) {
        return failure(401, "unauthorized", "Unauthorized");
    }
    let element = request.path.strip_prefix("/api/config/dns/").unwrap_or_default().to_owned();
    match (method, element.split_once('/')) {
        ("DELETE", None) if request.path == "/api/auth" => {
            lock(state).sessions.remove(&session);
            Reply::new(204)
        }
        ("GET", None) => match faults.read(None).now_or_never() {
            Some(Ok(())) => list(&lock(state), &element),
            Some(Err(error)) => refused(&error),
            None => Reply::new(500).held_until(Arc::default()),
        },
        ("PUT" | "DELETE", Some((element, line))) => {
            assert!(!line.contains(','), "a comma is encoded: {line}");
            change(state, faults, method, element, &decoded(line))
        }
        _ => failure(404, "not_found", "Not found"),
    }
}

fn refused(error: &ProviderError) -> Reply {
    match error.kind {
        ErrorKind::Throttled { .. } => failure(429, "rate_limiting", &error.message),
        ErrorKind::Unauthorised => failure(403, "forbidden", &error.message),
        _ => failure(503, "unavailable", &error.message),
    }
}

fn log_in(state: &mut State, body: &Value) -> Reply {
    let session = |valid: bool, sid: Option<&str>, message: &str| {
        json!({ "session": { "valid": valid, "totp": false, "sid": sid, "csrf": sid, "validity": 1800,
            "message": message }, "took": 0.003 })
    };
    if body["password"] != state.password.as_str() {
        return Reply::json(401, &session(false, None, "password incorrect"));
    }
    if state.sessions.len() >= SEATS {
        return failure(429, "api_seats_exceeded", "API seats exceeded");
    }
    state.opened += 1;
    let sid = format!("sid-{}", state.opened);
    state.sessions.insert(sid.clone());
    Reply::json(200, &session(true, Some(&sid), "correct password"))
}

fn list(state: &State, element: &str) -> Reply {
    let lines = match element {
        "hosts" => &state.hosts,
        "cnameRecords" => &state.cnames,
        _ => return failure(400, "bad_request", "No such element"),
    };
    Reply::json(200, &json!({ "config": { "dns": { element: lines } }, "took": 0.003 }))
}

fn change(state: &Mutex<State>, faults: &Faults, method: &str, element: &str, line: &str) -> Reply {
    let lost = match faults.write().now_or_never() {
        Some(Ok(Some(Lost::NotDone))) => return Reply::hang_up(),
        Some(Ok(lost)) => lost,
        Some(Err(error)) => return refused(&error),
        None => return Reply::new(500).held_until(Arc::default()),
    };
    {
        let mut state = lock(state);
        let is_whole = match element {
            "hosts" => line.split(' ').count() >= 2,
            _ => line.split(',').count() >= 2,
        };
        let lines = if element == "hosts" { &mut state.hosts } else { &mut state.cnames };
        let place = lines.iter().position(|own| own == line);
        match (method, place) {
            ("PUT", Some(_)) => return failure(400, "bad_request", "Item already present"),
            ("PUT", None) if !is_whole => {
                return failure(400, "bad_request", "Config item validation failed");
            }
            ("PUT", None) => lines.push(line.to_owned()),
            (_, None) => return failure(404, "not_found", "Item not found"),
            (_, Some(place)) => drop(lines.remove(place)),
        }
    }
    if faults.written().now_or_never().is_none() {
        return Reply::new(500).held_until(Arc::default());
    }
    match (lost, method) {
        (Some(_), _) => Reply::hang_up(),
        (None, "PUT") => Reply::json(201, &json!({ "took": 0.003 })),
        (None, _) => Reply::new(204),
    }
}

/// A part of a path without its percent-encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8(digits).unwrap_or_default();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
