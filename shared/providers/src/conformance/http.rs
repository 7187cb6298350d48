//! The per-value and per-set servers reached over HTTP, in the [`Dialect`] of a service, so that a
//! provider of a REST API is tested completely.
//!
//! The server is as strict as services are: the credentials, the media type, the user agent, the
//! size of a page and every member of a body must be right. It opens no socket: a test hands it
//! requests and sends what it answers.

mod batch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use extdns_model::{Name, RecordSet, RecordType, Ttl};
use futures::FutureExt as _;
use serde_json::Value;

use super::dialect::{Dialect, HttpAnswer, HttpPage, HttpRecord, HttpRequest, WHOLE, captured};
use super::faults::{Faults, Lost};
use super::strict;
use crate::engine::names::{absolute, relative};
use crate::{Capabilities, ErrorKind, ProviderError};

type Records = BTreeMap<String, Vec<HttpRecord>>;

/// The server: records by zone.
#[derive(Debug, Clone)]
pub struct HttpServer {
    dialect: Dialect,
    state: Arc<Mutex<State>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct State {
    records: Records,
    /// What reads show while they lag behind.
    shown: Option<Records>,
    last_id: u64,
}

/// A status and what is wrong.
type Refusal = (u16, String);

impl HttpServer {
    /// A server with these zones, all empty.
    #[must_use]
    pub fn new(dialect: Dialect, zones: &[&str]) -> Self {
        let records = zones.iter().map(|zone| ((*zone).to_owned(), Vec::new())).collect();
        let state = State { records, ..State::default() };
        Self { dialect, state: Arc::new(Mutex::new(state)), faults: Faults::default() }
    }

    /// What goes wrong, and how many calls came.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// From now on reads show the records as they are now, until [`settle`](Self::settle).
    pub fn lag(&self) {
        let mut state = self.lock();
        state.shown = Some(state.records.clone());
    }

    /// Reads show every write again.
    pub fn settle(&self) {
        self.lock().shown = None;
    }

    /// Puts a record set, past the API; nothing where the API could not show it.
    pub fn put(&self, zone: &str, set: &RecordSet) {
        let values: Vec<String> = set.targets.iter().map(ToString::to_string).collect();
        let name = relative(&set.name, &Name::as_listed(zone), self.dialect.apex);
        let record = |values| HttpRecord {
            id: 0,
            name: name.clone(),
            rtype: set.rtype,
            ttl: set.ttl.seconds().unwrap_or_default(),
            values,
        };
        let is_set = self.dialect.sets && !values.is_empty();
        if is_set && (self.dialect.show)(&record(values.clone())).is_null() {
            return;
        }
        let mut state = self.lock();
        if is_set {
            state.insert(zone, record(values));
        } else {
            values.into_iter().for_each(|value| state.insert(zone, record(vec![value])));
        }
    }

    /// Removes what a zone has of the name and type of a set, past the API.
    pub fn remove(&self, zone: &str, set: &RecordSet) {
        let name = relative(&set.name, &Name::as_listed(zone), self.dialect.apex);
        if let Some(records) = self.lock().records.get_mut(zone) {
            records.retain(|record| record.name != name || record.rtype != set.rtype);
        }
    }

    /// The record sets of a zone as DNS would serve them, sorted; values that are there twice are
    /// there twice.
    #[must_use]
    pub fn contents(&self, zone: &str) -> Vec<RecordSet> {
        let mut sets: BTreeMap<(String, RecordType), RecordSet> = BTreeMap::new();
        for record in self.lock().records.get(zone).into_iter().flatten() {
            let name = absolute(&record.name, &Name::as_listed(zone), self.dialect.apex);
            let ttl = Ttl::from_seconds(record.ttl.into());
            let set = sets
                .entry((name.key().into_owned(), record.rtype))
                .or_insert_with(|| RecordSet::new(name, record.rtype, ttl, Default::default()));
            record.values.iter().for_each(|value| set.targets.push(value.as_str()));
        }
        sets.into_values().collect()
    }

    /// The record of an id with the zone that has it.
    #[must_use]
    pub fn record(&self, id: &str) -> Option<(String, HttpRecord)> {
        let state = self.lock();
        let records =
            state.records.iter().flat_map(|(zone, own)| own.iter().map(move |it| (zone, it)));
        let found = records.into_iter().find(|(_, record)| record.id.to_string() == id);
        found.map(|(zone, record)| (zone.clone(), record.clone()))
    }

    /// The id of a value, by its name within the zone.
    #[must_use]
    pub fn id_of(&self, zone: &str, name: &str, rtype: RecordType, value: &str) -> Option<String> {
        let state = self.lock();
        let is_own = |it: &&HttpRecord| {
            it.name == name && it.rtype == rtype && it.values.iter().any(|own| own == value)
        };
        state.records.get(zone)?.iter().find(is_own).map(|it| it.id.to_string())
    }

    /// The same request, where it changes a record of an id, with the members that it does not change.
    #[must_use]
    pub fn filled_in(&self, request: &HttpRequest, members: &[&str]) -> HttpRequest {
        let mut request = request.clone();
        let id = request.path.rsplit('/').next().unwrap_or_default();
        let old = self.record(id).filter(|_| request.method == self.dialect.update);
        let body: Option<Value> = serde_json::from_slice(&request.body).ok();
        if let (Some((zone, old)), Some(mut body)) = (old, body) {
            let shown = self.show(&zone, &old);
            for member in members {
                if body.get(*member).is_none() {
                    body[*member] = shown[*member].clone();
                }
            }
            request.body = body.to_string().into_bytes();
        }
        request
    }

    /// Answers a request.
    #[must_use]
    pub fn answer(&self, request: &HttpRequest) -> HttpAnswer {
        if let Some(problem) = self.malformed(request) {
            return self.refusal(problem);
        }
        let Dialect { zones, records, record, batch, .. } = self.dialect;
        if let Some(batch) = batch.filter(|_| request.method == "POST")
            && let Some(zone) = captured(batch.path, &request.path)
        {
            let zone = zone.get("zone").cloned().unwrap_or_default();
            return self.write(|state| self.batch(state, &batch, &zone, &json(&request.body)?));
        }
        let zone = captured(records, &request.path).and_then(|found| found.get("zone").cloned());
        match (request.method.as_str(), captured(record, &request.path)) {
            ("GET", _) if request.path == zones => self.read(request, None),
            ("GET", None) if zone.is_some() => self.read(request, zone.as_deref()),
            ("POST", None) if zone.is_some() => {
                let zone = zone.unwrap_or_default();
                self.write(|state| self.create(state, &zone, &json(&request.body)?))
            }
            ("PUT", Some(found)) if request.headers.contains_key("if-none-match") => {
                self.write(|state| self.create_at(state, &found, &json(&request.body)?))
            }
            (method, Some(found)) if method == self.dialect.update => self.write(|state| {
                self.require_version(state, &found, request)?;
                self.update(state, &found, &json(&request.body)?)
            }),
            ("DELETE", Some(found)) => self.write(|state| {
                self.require_version(state, &found, request)?;
                self.delete(state, &found)
            }),
            // A fault of the provider or of the dialect; 404 would say that a record is gone.
            (method, _) => {
                let path = &request.path;
                let text = format!("the dialect has no {method} {path}; compare its paths");
                self.refusal((405, text))
            }
        }
    }

    fn malformed(&self, request: &HttpRequest) -> Option<Refusal> {
        let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
        let (name, value) = self.dialect.credentials;
        if header(name) != value {
            return Some((401, "the credentials are wrong".to_owned()));
        }
        if !header("user-agent").starts_with("ExternalDNS/") {
            return Some((400, "the user agent is missing".to_owned()));
        }
        let is_json = header("content-type") == "application/json";
        (is_json == request.body.is_empty()).then(|| (415, "the media type is wrong".to_owned()))
    }

    fn read(&self, request: &HttpRequest, zone: Option<&str>) -> HttpAnswer {
        match self.faults.read(zone).now_or_never() {
            None => return HttpAnswer::Never,
            Some(Err(error)) => return self.failure(&error),
            Some(Ok(())) => {}
        }
        let state = self.lock();
        let records = state.shown.as_ref().unwrap_or(&state.records);
        let items: Vec<Value> = match zone {
            None => records.keys().map(|zone| (self.dialect.zone)(zone)).collect(),
            Some(zone) => match records.get(zone) {
                None => return self.refusal((404, "no such zone".to_owned())),
                Some(records) => records.iter().map(|it| self.show(zone, it)).collect(),
            },
        };
        drop(state);
        self.page(request, zone.is_none(), &items)
    }

    fn show(&self, zone: &str, record: &HttpRecord) -> Value {
        if self.dialect.apex != WHOLE {
            return (self.dialect.show)(record);
        }
        let name = absolute(&record.name, &Name::as_listed(zone), WHOLE).to_string();
        (self.dialect.show)(&HttpRecord { name, ..record.clone() })
    }

    fn page(&self, request: &HttpRequest, of_zones: bool, items: &[Value]) -> HttpAnswer {
        let (page_name, size_name, usual, most) = self.dialect.paging;
        let number = |name: &str, default: usize| {
            let own = request.query.iter().find(|(own, _)| own == name);
            own.map_or(Some(default), |(_, value)| value.parse().ok())
        };
        let sizes = (number(page_name, 1), number(size_name, usual));
        let (Some(page @ 1..), Some(size @ 1..)) = sizes else {
            return self.refusal((400, "the page is no number".to_owned()));
        };
        if size > most {
            return self.refusal((400, format!("a page has at most {most} items")));
        }
        let rest = items.get((page - 1) * size..).unwrap_or_default();
        let next = (rest.len() > size)
            .then(|| format!("{}?{page_name}={}&{size_name}={size}", request.path, page + 1));
        let items: Vec<Value> = rest.iter().take(size).cloned().collect();
        let total = items.len().max((page - 1) * size + rest.len());
        let (headers, body) = (self.dialect.page)(HttpPage { of_zones, items, next, total });
        HttpAnswer::Whole { status: 200, headers, body }
    }

    fn write(
        &self,
        change: impl FnOnce(&mut State) -> Result<(u16, Value), Refusal>,
    ) -> HttpAnswer {
        let lost = match self.faults.write().now_or_never() {
            None => return HttpAnswer::Never,
            Some(Err(error)) => return self.failure(&error),
            Some(Ok(lost)) => lost,
        };
        if lost == Some(Lost::NotDone) {
            return HttpAnswer::HangUp;
        }
        let changed = change(&mut self.lock());
        match changed {
            Err(refusal) => self.refusal(refusal),
            Ok(_) if self.faults.written().now_or_never().is_none() => HttpAnswer::Never,
            Ok(_) if lost.is_some() => HttpAnswer::HangUp,
            Ok((status, body)) => HttpAnswer::Whole { status, headers: Vec::new(), body },
        }
    }

    fn create(&self, state: &mut State, zone: &str, body: &Value) -> Result<(u16, Value), Refusal> {
        let record = self.accept(zone, body, None)?;
        self.insert(state, zone, record)
    }

    /// A set at its own path, if it is not there yet (`If-None-Match: *`).
    fn create_at(
        &self,
        state: &mut State,
        found: &BTreeMap<&str, String>,
        body: &Value,
    ) -> Result<(u16, Value), Refusal> {
        let zone = found.get("zone").cloned().unwrap_or_default();
        let record = self.accept(&zone, body, Some(found))?;
        self.insert(state, &zone, record)
    }

    /// Refuses a write to a set that has another version than `If-Match` says.
    fn require_version(
        &self,
        state: &mut State,
        found: &BTreeMap<&str, String>,
        request: &HttpRequest,
    ) -> Result<(), Refusal> {
        let Some(version) = request.headers.get("if-match") else { return Ok(()) };
        let Ok(index) = self.find(state, found) else { return Ok(()) };
        let shown = (self.dialect.show)(&state.zone(found)?[index]);
        if shown["etag"] == version.as_str() {
            return Ok(());
        }
        Err((self.dialect.refused.1, "the version is another".to_owned()))
    }

    fn insert(
        &self,
        state: &mut State,
        zone: &str,
        record: HttpRecord,
    ) -> Result<(u16, Value), Refusal> {
        let records = state.records.get(zone).ok_or((404, "no such zone".to_owned()))?;
        self.check(records, &record)?;
        self.faults.room(records.len(), 1).map_err(|error| (402, error.message))?;
        let shown = (self.dialect.show)(&record);
        state.insert(zone, record);
        Ok((self.dialect.done.0, shown))
    }

    fn update(
        &self,
        state: &mut State,
        found: &BTreeMap<&str, String>,
        body: &Value,
    ) -> Result<(u16, Value), Refusal> {
        let index = self.find(state, found)?;
        let zone = found.get("zone").cloned().unwrap_or_default();
        let record = self.accept(&zone, body, Some(found))?;
        let shown = (self.dialect.show)(&record);
        // The id of a set is its version.
        state.last_id += u64::from(self.dialect.sets);
        let version = state.last_id;
        let records = state.zone(found)?;
        let id = if self.dialect.sets { version } else { records[index].id };
        records[index] = HttpRecord { id, ..record };
        Ok((self.dialect.done.1, shown))
    }

    fn delete(
        &self,
        state: &mut State,
        found: &BTreeMap<&str, String>,
    ) -> Result<(u16, Value), Refusal> {
        let index = self.find(state, found)?;
        state.zone(found)?.remove(index);
        Ok((self.dialect.done.2, Value::Null))
    }

    /// The record of a body, if it can be stored.
    fn accept(
        &self,
        zone: &str,
        body: &Value,
        path: Option<&BTreeMap<&str, String>>,
    ) -> Result<HttpRecord, Refusal> {
        let refuse = |problem: String| (self.dialect.refused.0, problem);
        let mut record = (self.dialect.read)(body).map_err(refuse)?;
        if self.dialect.apex == WHOLE {
            record.name = relative(&Name::as_listed(&record.name), &Name::as_listed(zone), WHOLE);
        }
        if let Some(name) = path.and_then(|path| path.get("name")) {
            record.name.clone_from(name);
        }
        let rtype = path.and_then(|path| path.get("type"));
        if rtype.is_some_and(|rtype| *rtype != record.rtype.to_string()) {
            return Err(refuse("the path has another type".to_owned()));
        }
        let name = absolute(&record.name, &Name::as_listed(zone), self.dialect.apex);
        if self.faults.rejects(&name) {
            return Err(refuse("the value is not valid".to_owned()));
        }
        let targets = record.values.iter().map(String::as_str).collect();
        let set = RecordSet::new(name, record.rtype, Ttl::UNSET, targets);
        let apex = Name::as_listed(zone);
        if let Some(problem) = strict::problem(&Capabilities::new("any"), &apex.key(), &set) {
            return Err(refuse(problem.to_owned()));
        }
        if record.values.is_empty() || (!self.dialect.sets && record.values.len() != 1) {
            return Err(refuse("the number of values is wrong".to_owned()));
        }
        Ok(record)
    }

    /// Whether a record can stand beside those that are there.
    fn check(&self, records: &[HttpRecord], new: &HttpRecord) -> Result<(), Refusal> {
        let is_cname = |record: &HttpRecord| record.rtype == RecordType::Cname;
        let mut twins = records.iter().filter(|own| own.name == new.name);
        let in_the_way = twins.any(|own| {
            (self.dialect.sets && own.rtype == new.rtype) || is_cname(own) || is_cname(new)
        });
        if !in_the_way {
            return Ok(());
        }
        Err((self.dialect.refused.1, "a record of this name already exists".to_owned()))
    }

    fn find(&self, state: &mut State, found: &BTreeMap<&str, String>) -> Result<usize, Refusal> {
        let is = |record: &HttpRecord| match found.get("id") {
            Some(id) => *id == record.id.to_string(),
            None => {
                found.get("name") == Some(&record.name)
                    && found.get("type") == Some(&record.rtype.to_string())
            }
        };
        let index = state.zone(found)?.iter().position(is);
        index.ok_or((404, "no such record".to_owned()))
    }

    fn failure(&self, error: &ProviderError) -> HttpAnswer {
        let (status, headers) = match error.kind {
            ErrorKind::Throttled { retry_after } => {
                let wait = retry_after.map(|wait| ("retry-after", wait.as_secs().to_string()));
                (429, wait.into_iter().collect())
            }
            ErrorKind::Unauthorised => (403, Vec::new()),
            _ => (500, Vec::new()),
        };
        let body = (self.dialect.error)(status, &error.message);
        HttpAnswer::Whole { status, headers, body }
    }

    fn refusal(&self, (status, problem): Refusal) -> HttpAnswer {
        let body = (self.dialect.error)(status, &problem);
        HttpAnswer::Whole { status, headers: Vec::new(), body }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| (400, format!("no JSON: {error}")))
}

impl State {
    fn insert(&mut self, zone: &str, record: HttpRecord) {
        self.last_id += 1;
        let record = HttpRecord { id: self.last_id, ..record };
        self.records.entry(zone.to_owned()).or_default().push(record);
    }

    fn zone(&mut self, found: &BTreeMap<&str, String>) -> Result<&mut Vec<HttpRecord>, Refusal> {
        let zone = found.get("zone").and_then(|zone| self.records.get_mut(zone));
        zone.ok_or((404, "no such zone".to_owned()))
    }
}
