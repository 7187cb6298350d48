//! A fake API of single records, with ids and one change per call, whose reads may lag behind; or, [in
//! batches](RecordServer::in_batches), with several changes per call, each made or refused by itself.

mod client;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use extdns_model::{
    Action, Change, ChangeGroup, Name, Planned, Properties, RecordSet, RecordType, Stored, Ttl,
    Zone,
};

use super::faults::Faults;
use super::strict;
use crate::engine::names::{absolute, relative};
use crate::engine::text;
use crate::{BatchLimits, Batching, Capabilities, ErrorKind, Limit, ProviderError, TxtQuoting};
pub use client::RecordApi;

/// The operation that takes several changes.
const BATCH: &str = "change records";
/// What the API calls the apex.
const APEX: &str = "@";

/// A record as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The zone's id.
    pub zone: String,
    /// The name relative to the zone, `@` for the apex.
    pub name: String,
    /// The type.
    pub rtype: RecordType,
    /// Seconds.
    pub ttl: u32,
    /// The value; text without quotes.
    pub value: String,
    /// Its properties.
    pub properties: Properties,
}

type Records = BTreeMap<u64, StoredRecord>;

/// The server: records by id.
#[derive(Debug, Clone)]
pub struct RecordServer {
    state: Arc<Mutex<State>>,
    faults: Faults,
    capabilities: Capabilities,
    unique: bool,
    by_name: bool,
}

#[derive(Debug, Default)]
struct State {
    zones: Vec<String>,
    /// What is there.
    records: Records,
    /// What reads show while they lag behind.
    shown: Option<Records>,
    last_id: u64,
}

impl RecordServer {
    /// A server with these zones, all empty. Pages have 20 records, reads show every write at once,
    /// equal records may stand side by side.
    #[must_use]
    pub fn new(zones: &[&str]) -> Self {
        let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
        let capabilities = Capabilities {
            page_size: Some(20),
            parallel_zones: 2,
            min_ttl: Ttl::from_seconds(60),
            default_ttl: Ttl::from_seconds(600),
            apex_symbol: APEX,
            txt_quoting: TxtQuoting::Bare,
            mutating_operations: &["create record", "update record", "delete record", "refresh"],
            ..Capabilities::new("record fake")
        };
        Self {
            state: Arc::new(Mutex::new(State { zones, ..State::default() })),
            faults: Faults::default(),
            capabilities,
            unique: false,
            by_name: false,
        }
    }

    /// With other capabilities, for example without updates in place.
    #[must_use]
    pub fn with(mut self, edit: impl FnOnce(&mut Capabilities)) -> Self {
        edit(&mut self.capabilities);
        self
    }

    /// Refuses a record that equals one that is there.
    #[must_use]
    pub fn without_duplicates(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Gives the records of names with one call.
    #[must_use]
    pub fn with_reads_by_name(mut self) -> Self {
        self.by_name = true;
        self
    }

    /// Takes 50 changes in a call, and makes or refuses each by itself.
    #[must_use]
    pub fn in_batches(self) -> Self {
        self.with(|it| {
            it.batches = Batching::InPart;
            it.batch_limits = BatchLimits::changes(50);
            it.mutating_operations = &[BATCH, "refresh"];
        })
    }

    /// A client of this server.
    #[must_use]
    pub fn api(&self) -> RecordApi {
        RecordApi { server: self.clone() }
    }

    /// What goes wrong, and how many calls came.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// From now on reads show the records as they are now, without later writes, until
    /// [`settle`](Self::settle).
    pub fn lag(&self) {
        let mut state = self.lock();
        state.shown = Some(state.records.clone());
    }

    /// Reads show every write again.
    pub fn settle(&self) {
        self.lock().shown = None;
    }

    /// Puts a record set, past the API.
    pub fn put(&self, zone: &str, set: &RecordSet) {
        let zone = Zone::new(zone, Name::as_listed(zone));
        let mut state = self.lock();
        for target in &set.targets {
            let record = record(&zone, set, target);
            state.insert(record);
        }
    }

    /// Removes the records of a name and type, past the API.
    pub fn remove(&self, zone: &str, set: &RecordSet) {
        let name = relative(&set.name, &Name::as_listed(zone), APEX);
        let is_other = |record: &StoredRecord| {
            (record.zone.as_str(), record.rtype, &record.name) != (zone, set.rtype, &name)
        };
        self.lock().records.retain(|_, record| is_other(record));
    }

    /// Removes a zone and its records, past the API.
    pub fn remove_zone(&self, zone: &str) {
        let mut state = self.lock();
        state.zones.retain(|known| known != zone);
        state.records.retain(|_, record| record.zone != zone);
    }

    /// All records with their ids, as they are, in the order in which they were made.
    #[must_use]
    pub fn records(&self) -> Vec<(u64, StoredRecord)> {
        self.lock().records.iter().map(|(id, record)| (*id, record.clone())).collect()
    }

    /// The record sets as DNS would serve them, sorted; values that are there twice are there
    /// twice.
    #[must_use]
    pub fn contents(&self) -> Vec<RecordSet> {
        self.contents_of(|_| true)
    }

    /// Those of one zone.
    #[must_use]
    pub fn zone(&self, zone: &str) -> Vec<RecordSet> {
        self.contents_of(|record| record.zone == zone)
    }

    fn contents_of(&self, wanted: impl Fn(&StoredRecord) -> bool) -> Vec<RecordSet> {
        let mut sets: BTreeMap<(String, RecordType), RecordSet> = BTreeMap::new();
        for record in self.lock().records.values().filter(|record| wanted(record)) {
            let zone = Name::as_listed(&record.zone);
            let name = absolute(&record.name, &zone, APEX);
            let ttl = Ttl::from_seconds(record.ttl.into());
            sets.entry((name.key().into_owned(), record.rtype))
                .or_insert_with(|| RecordSet::new(name, record.rtype, ttl, Default::default()))
                .targets
                .push(record.value.as_str());
        }
        sets.into_values().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes each change that can be made, and returns which could not.
    fn batch(&self, zone: &Zone, groups: &[&ChangeGroup]) -> Result<(), ProviderError> {
        let changes: Vec<_> = groups.iter().flat_map(|group| &group.changes).collect();
        if changes.len() > 50 {
            let limit = Limit::Changes(50);
            return Err(ProviderError::new(ErrorKind::Limit(limit), format!("too many: {limit}")));
        }
        let mut refused = Vec::new();
        let mut last = None;
        for change in changes {
            match self.change(zone, &change.action) {
                Err(error) if error.kind == ErrorKind::ZoneGone => return Err(error),
                Err(error) if error.kind == ErrorKind::RecordGone && is_delete(change) => {}
                Err(error) => {
                    refused.push(change.set().name.clone());
                    // That nothing more can be created matters most.
                    last = last
                        .filter(|it: &ProviderError| it.kind == ErrorKind::Quota)
                        .or(Some(error));
                }
                Ok(()) => {}
            }
        }
        match last {
            None => Ok(()),
            Some(error) if error.kind == ErrorKind::Quota => Err(error),
            Some(error) => Err(ProviderError::new(ErrorKind::Rejected(refused), error.message)),
        }
    }

    fn change(&self, zone: &Zone, action: &Action) -> Result<(), ProviderError> {
        let mut state = self.lock();
        if !state.zones.iter().any(|known| *known == zone.id) {
            return Err(no_zone(zone));
        }
        match action {
            Action::Create(new) => {
                let record = self.accept(zone, new)?;
                state.admits(&record, &new.set)?;
                let holds = state.records.values().filter(|other| other.zone == zone.id).count();
                self.faults.room(holds, 1)?;
                if self.unique && state.records.values().any(|other| *other == record) {
                    let names = vec![new.set.name.clone()];
                    return Err(ProviderError::new(ErrorKind::Conflict(names), "record exists"));
                }
                state.insert(record);
            }
            Action::Update { old, new } => {
                let record = self.accept(zone, new)?;
                *state.records.get_mut(&id(old)?).ok_or_else(gone)? = record;
            }
            Action::Delete(old) => {
                self.refuse(&old.set)?;
                state.records.remove(&id(old)?).ok_or_else(gone)?;
            }
        }
        Ok(())
    }

    /// The one record of a step, if it is acceptable.
    fn accept(&self, zone: &Zone, new: &Planned) -> Result<StoredRecord, ProviderError> {
        self.refuse(&new.set)?;
        if let Some(problem) = strict::problem(&self.capabilities, &zone.name.key(), &new.set) {
            return Err(rejected(&new.set, problem));
        }
        match new.set.targets.as_slice() {
            [target] => Ok(record(zone, &new.set, target)),
            _ => Err(rejected(&new.set, "a record has one value")),
        }
    }

    fn refuse(&self, set: &RecordSet) -> Result<(), ProviderError> {
        if self.faults.rejects(&set.name) {
            return Err(rejected(set, "the value is not valid"));
        }
        Ok(())
    }
}

impl State {
    /// A CNAME excludes every other record of its name, also another CNAME.
    fn admits(&self, record: &StoredRecord, set: &RecordSet) -> Result<(), ProviderError> {
        let is_twin = |other: &&StoredRecord| {
            (&other.zone, &other.name) == (&record.zone, &record.name) && *other != record
        };
        let mut twins = self.records.values().filter(is_twin);
        let is_in_the_way = |other: &StoredRecord| {
            strict::excludes(other.rtype, record.rtype) || record.rtype == RecordType::Cname
        };
        match twins.any(is_in_the_way) {
            true => Err(rejected(set, "a CNAME stands beside another record")),
            false => Ok(()),
        }
    }

    fn insert(&mut self, record: StoredRecord) {
        self.last_id += 1;
        self.records.insert(self.last_id, record);
    }
}

fn is_delete(change: &Change) -> bool {
    matches!(change.action, Action::Delete(_))
}

fn record(zone: &Zone, set: &RecordSet, target: &str) -> StoredRecord {
    let text = set.rtype == RecordType::Txt;
    StoredRecord {
        zone: zone.id.to_string(),
        name: relative(&set.name, &zone.name, APEX),
        rtype: set.rtype,
        ttl: set.ttl.seconds().unwrap_or(600),
        value: if text { text::bare(target).into_owned() } else { target.to_owned() },
        properties: set.properties().clone(),
    }
}

fn id(old: &Stored) -> Result<u64, ProviderError> {
    old.origin.get::<u64>().copied().ok_or_else(|| rejected(&old.set, "a record needs its id"))
}

fn gone() -> ProviderError {
    ProviderError::new(ErrorKind::RecordGone, "no record of this id")
}

fn no_zone(zone: &Zone) -> ProviderError {
    ProviderError::new(ErrorKind::ZoneGone, format!("no zone {zone}"))
}

fn rejected(set: &RecordSet, problem: &str) -> ProviderError {
    let message = format!("{} {}: {problem}", set.rtype, set.name);
    ProviderError::new(ErrorKind::Rejected(vec![set.name.clone()]), message)
}
