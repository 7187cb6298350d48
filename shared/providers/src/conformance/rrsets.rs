//! A fake API of record sets, with batches that are applied whole or not at all, or, with
//! [`Batching::InPart`], up to the first change that is refused.

mod client;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ecow::EcoString;
use extdns_model::{Action, Change, ChangeGroup, Name, RecordSet, RecordType, Routing, Ttl, Zone};

use super::faults::Faults;
use super::strict;
use crate::engine::text;
use crate::{
    BatchLimits, Batching, Capabilities, Conditions, Cost, ErrorKind, Limit, ProviderError, Stores,
    TxtQuoting, Updates,
};
pub use client::RrsetApi;

/// The property that no two members of a name may have alike.
const REGION: &str = "fake/region";

type Key = (String, RecordType, EcoString);
type Sets = BTreeMap<Key, RecordSet>;

/// The server: record sets by zone.
#[derive(Debug, Clone)]
pub struct RrsetServer {
    zones: Arc<Mutex<BTreeMap<String, Sets>>>,
    faults: Faults,
    capabilities: Capabilities,
    names_offenders: bool,
    /// The limits of zones that take less than others.
    limits: BTreeMap<String, BatchLimits>,
}

impl RrsetServer {
    /// A server with these zones, all empty. Batches take 1000 changes, values and 32,000 bytes,
    /// pages have 100 sets; offenders are named.
    #[must_use]
    pub fn new(zones: &[&str]) -> Self {
        let zones = zones.iter().map(|zone| ((*zone).to_owned(), Sets::new())).collect();
        let capabilities = Capabilities {
            stores: Stores::Sets(Updates::InPlace),
            batches: Batching::Whole,
            conditions: Conditions::Api,
            batch_limits: BatchLimits { changes: 1000, values: 1000, bytes: 32_000 },
            page_size: Some(100),
            starts_at_name: true,
            parallel_zones: 4,
            min_ttl: Ttl::from_seconds(1),
            default_ttl: Ttl::from_seconds(300),
            txt_quoting: TxtQuoting::Quoted,
            set_identifiers: true,
            max_values: 1000,
            max_text: 4000,
            label_characters: Some("-_"),
            routing: Routing::Longest,
            mutating_operations: &["change record sets", "deploy zone"],
            ..Capabilities::new("rrset fake")
        };
        Self {
            zones: Arc::new(Mutex::new(zones)),
            faults: Faults::default(),
            capabilities,
            names_offenders: true,
            limits: BTreeMap::new(),
        }
    }

    /// With other capabilities, for example narrower limits.
    #[must_use]
    pub fn with(mut self, edit: impl FnOnce(&mut Capabilities)) -> Self {
        edit(&mut self.capabilities);
        self
    }

    /// Keeps to itself what is wrong with a batch.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.names_offenders = false;
        self
    }

    /// With narrower batches in a zone.
    #[must_use]
    pub fn with_limits_of(mut self, zone: &str, limits: BatchLimits) -> Self {
        self.limits.insert(zone.to_owned(), limits);
        self
    }

    /// A client of this server.
    #[must_use]
    pub fn api(&self) -> RrsetApi {
        RrsetApi { server: self.clone() }
    }

    /// What goes wrong, and how many calls came.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Puts a record set, past the API.
    pub fn put(&self, zone: &str, set: RecordSet) {
        self.lock().entry(zone.to_owned()).or_default().insert(key(&set), set);
    }

    /// Removes a record set, past the API.
    pub fn remove(&self, zone: &str, set: &RecordSet) {
        self.lock().entry(zone.to_owned()).or_default().remove(&key(set));
    }

    /// All record sets of all zones, sorted.
    #[must_use]
    pub fn contents(&self) -> Vec<RecordSet> {
        self.lock().values().flat_map(|sets| sets.values().cloned()).collect()
    }

    /// The record sets of one zone, sorted.
    #[must_use]
    pub fn zone(&self, zone: &str) -> Vec<RecordSet> {
        self.lock().get(zone).map(|sets| sets.values().cloned().collect()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Sets>> {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, zone: &Zone, groups: &[&ChangeGroup]) -> Result<(), ProviderError> {
        let mut zones = self.lock();
        let sets = zones.get_mut(zone.id.as_str()).ok_or_else(|| no_zone(zone))?;
        let changes = || groups.iter().flat_map(|group| &group.changes);
        self.check_limits(zone, changes())?;
        let more = changes().map(|change| match change.action {
            Action::Create(_) => 1,
            Action::Update { .. } => 0,
            Action::Delete(_) => -1,
        });
        self.faults.room(sets.len(), more.sum())?;
        let relies = groups.iter().flat_map(|group| &group.requires);
        let missing = relies.filter(|own| sets.get(&key(&own.set)) != Some(&stored(&own.set)));
        let missing =
            missing.map(|own| (own.set.name.clone(), "a required record set is not there"));
        let mut offenders: Vec<(Name, &str)> = missing.collect();
        let mut next = sets.clone();
        let is_atomic = self.capabilities.is_atomic();
        // Where a batch is not atomic, everything up to the first that is refused is made.
        for change in changes() {
            if !is_atomic && !offenders.is_empty() {
                break;
            }
            match self.problem(zone, change, &next) {
                Some(problem) => offenders.push((name(change), problem)),
                None => make(change, &mut next),
            }
        }
        if offenders.is_empty() || !is_atomic {
            *sets = next;
        }
        let Some((_, problem)) = offenders.first() else { return Ok(()) };
        let message = format!("zone {zone}: {problem}");
        let names = offenders.iter().map(|(name, _)| name.clone());
        let names = if self.names_offenders { names.collect() } else { Vec::new() };
        Err(ProviderError::new(ErrorKind::Rejected(names), message))
    }

    fn limits_of(&self, zone: &Zone) -> BatchLimits {
        let own = self.limits.get(zone.id.as_str()).copied();
        own.map_or(self.capabilities.batch_limits, |own| own.min(self.capabilities.batch_limits))
    }

    fn check_limits<'c>(
        &self,
        zone: &Zone,
        changes: impl Iterator<Item = &'c Change>,
    ) -> Result<(), ProviderError> {
        match self.limits_of(zone).exceeded_by(changes.map(cost).sum()) {
            None => Ok(()),
            Some(limit) => Err(too_large(limit)),
        }
    }

    fn problem(&self, zone: &Zone, change: &Change, sets: &Sets) -> Option<&'static str> {
        if self.faults.rejects(&change.set().name) {
            return Some("a value is not valid");
        }
        match &change.action {
            Action::Create(new) if sets.contains_key(&key(&new.set)) => {
                Some("tried to create a record set that exists already")
            }
            Action::Delete(old) if sets.get(&key(&old.set)) != Some(&stored(&old.set)) => {
                Some("tried to delete a record set that was not found")
            }
            Action::Update { old, .. } if sets.get(&key(&old.set)) != Some(&stored(&old.set)) => {
                Some("tried to replace a record set that was not found")
            }
            Action::Create(new) | Action::Update { new, .. } => {
                let is_taken = !self.capabilities.is_atomic()
                    && sets.values().any(|other| has_same_region(other, &new.set));
                let problem = strict::problem(&self.capabilities, &zone.name.key(), &new.set);
                problem.or(is_taken.then_some("another record set has the region"))
            }
            Action::Delete(_) => None,
        }
    }
}

fn make(change: &Change, sets: &mut Sets) {
    match &change.action {
        Action::Delete(old) => drop(sets.remove(&key(&old.set))),
        Action::Create(new) | Action::Update { new, .. } => {
            sets.insert(key(&new.set), stored(&new.set));
        }
    }
}

/// Whether two members of one name have the same region, which only one of them may have.
fn has_same_region(one: &RecordSet, other: &RecordSet) -> bool {
    let region = one.properties().get(REGION);
    one.name.key() == other.name.key()
        && one.rtype == other.rtype
        && one.set_identifier() != other.set_identifier()
        && region.is_some()
        && region == other.properties().get(REGION)
}

/// An update counts twice, as where it is a delete and a create.
fn cost(change: &Change) -> Cost {
    let times = if matches!(change.action, Action::Update { .. }) { 2 } else { 1 };
    let targets = &change.set().targets;
    Cost {
        changes: times,
        values: times * targets.len(),
        bytes: times * targets.iter().map(|target| target.len()).sum::<usize>(),
    }
}

fn key(set: &RecordSet) -> Key {
    (set.name.key().into_owned(), set.rtype, set.set_identifier().into())
}

fn name(change: &Change) -> Name {
    change.set().name.clone()
}

/// A set as the server keeps it: names as A-labels, values sorted, text in quotes.
fn stored(set: &RecordSet) -> RecordSet {
    let mut stored = set.clone();
    stored.name = Name::as_listed(&set.name.key());
    if set.rtype == RecordType::Txt {
        stored.targets = set.targets.iter().map(|target| text::quoted(target)).collect();
    }
    stored.targets.normalise();
    stored.ttl = set.ttl.or(Ttl::from_seconds(300));
    stored
}

fn too_large(limit: Limit) -> ProviderError {
    ProviderError::new(ErrorKind::Limit(limit), format!("a batch takes {limit}"))
}

fn no_zone(zone: &Zone) -> ProviderError {
    ProviderError::new(ErrorKind::ZoneGone, format!("no zone {zone}"))
}
