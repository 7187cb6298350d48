//! Records in memory: `inmemory`.
//!
//! **API**: none; a map per zone, which lives as long as the process. A single run starts with
//! empty zones, so it shows what would be made of a cluster from nothing.
//!
//! **Authentication**: none. **Limits**: none. **Record types**: all, with set identifiers,
//! properties and labels as they were given.
//!
//! **Quirks**: without `--inmemory-zone` there is one zone without a name that holds every name.
//! A batch is applied whole or not at all. A record is known by its name, type and set identifier. Of
//! the rules of DNS one counts: no label of a name is empty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{
    Action, Change, ChangeGroup, Labels, Name, Opaque, Planned, Record, RecordSet, RecordType,
    Stored, Surroundings, Zone,
};

use crate::engine::batched;
use crate::engine::changed::is_same;
use crate::storable::empty_label;
use crate::{
    BatchWriter, Batching, Capabilities, Conditions, ErrorKind, Page, PageFrom, Provider,
    ProviderError, Stores, Transport, Updates, ZoneReader,
};

const READ: &str = "read";
const WRITE: &str = "write";

/// The id of the zone that holds every name.
const EVERYTHING: &str = "inmemory";

/// Flags of the `inmemory` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider inmemory")]
pub struct InmemoryArgs {
    /// A zone to keep in memory; can be given several times; the empty name holds every name
    #[arg(long, value_name = "ZONE", default_value = "")]
    pub inmemory_zone: Vec<String>,
}

/// Empty zones in memory.
pub fn provider(args: &InmemoryArgs) -> impl Provider + use<> {
    let capabilities = Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::Whole,
        conditions: Conditions::Api,
        set_identifiers: true,
        weight_property: Some("aws/weight"),
        alias: true,
        ascii_names: false,
        follows_dns: false,
        mutating_operations: &[WRITE],
        ..Capabilities::new("inmemory")
    };
    let zones = args.inmemory_zone.iter().map(|zone| (zone_of(zone), Records::new())).collect();
    let via = Transport::new(&capabilities);
    batched(Memory { capabilities, zones: Mutex::new(zones) }, via)
}

/// A zone's name, without the dot at its end. Twins are one zone.
fn zone_of(text: &str) -> String {
    Name::as_listed(text.trim()).key().into_owned()
}

type Key = (String, RecordType, EcoString);
type Records = BTreeMap<Key, (RecordSet, Labels)>;

/// The records by zone.
#[derive(Debug)]
struct Memory {
    capabilities: Capabilities,
    zones: Mutex<BTreeMap<String, Records>>,
}

impl Memory {
    fn zones(&self) -> MutexGuard<'_, BTreeMap<String, Records>> {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ZoneReader for Memory {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, _via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let zone = |name: &String| match name.as_str() {
            "" => Zone::new(EVERYTHING, Name::default()),
            name => Zone::new(name, Name::as_listed(name)),
        };
        Ok(self.zones().keys().map(zone).collect())
    }

    async fn page(
        &self,
        via: &Transport,
        zone: &Zone,
        _from: PageFrom,
    ) -> Result<Page, ProviderError> {
        via.call(READ, async || {
            let zones = self.zones();
            let records = zones.get(zone.name.key().as_ref()).ok_or_else(|| no_zone(zone))?;
            let record = |(set, labels): &(RecordSet, Labels)| {
                let mut record = Record::new(set.clone(), Opaque::none());
                record.labels = labels.clone();
                record
            };
            Ok(Page { records: records.values().map(record).collect(), next: None })
        })
        .await
    }

    /// A plan from nothing shows what a DNS server would take.
    fn refusal(&self, set: &RecordSet, _: Surroundings<'_>) -> Option<String> {
        empty_label(set)
    }
}

#[async_trait]
impl BatchWriter for Memory {
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        via.call(WRITE, async || {
            let mut zones = self.zones();
            let records = zones.get_mut(zone.name.key().as_ref()).ok_or_else(|| no_zone(zone))?;
            let changes = || groups.iter().flat_map(|group| &group.changes);
            for group in groups {
                check_required(&group.requires, records)?;
            }
            check(changes(), records)?;
            // What makes room goes first, so that the order within a batch does not matter.
            for change in changes() {
                if let Action::Delete(old) = &change.action {
                    records.remove(&key(&old.set));
                }
            }
            for change in changes() {
                if let Action::Create(new) | Action::Update { new, .. } = &change.action {
                    let Planned { set, labels, .. } = new;
                    records.insert(key(set), (set.clone(), labels.clone()));
                }
            }
            Ok(())
        })
        .await
    }
}

/// Whether the batch can be applied: every key once, creates of what is not there, updates and
/// deletes of what is, as it was read.
fn check<'c>(
    changes: impl Iterator<Item = &'c Change>,
    records: &Records,
) -> Result<(), ProviderError> {
    let mut seen = BTreeSet::new();
    for change in changes {
        let set = change.set();
        let refuse = |conflict: bool, problem: &str| {
            let names = vec![set.name.clone()];
            let kind =
                if conflict { ErrorKind::Conflict(names) } else { ErrorKind::Rejected(names) };
            Err(ProviderError::new(kind, format!("{} {}: {problem}", set.rtype, set.name)))
        };
        if !seen.insert(key(set)) {
            return refuse(false, "invalid batch request, the record is changed twice");
        }
        match &change.action {
            Action::Create(new) if records.contains_key(&key(&new.set)) => {
                return refuse(true, "record already exists");
            }
            Action::Update { old, .. } | Action::Delete(old) => match records.get(&key(&old.set)) {
                None => return refuse(false, "record not found"),
                Some((now, _)) if !is_same(now, &old.set) => {
                    return refuse(true, "record was changed since it was read");
                }
                Some(_) => {}
            },
            Action::Create(_) => {}
        }
    }
    Ok(())
}

/// Whether the ownership records on which a group relies are as they were read.
fn check_required(required: &[Stored], records: &Records) -> Result<(), ProviderError> {
    for Stored { set, .. } in required {
        if records.get(&key(set)).is_none_or(|(now, _)| !is_same(now, set)) {
            let names = vec![set.name.clone()];
            let message = format!("{} {} was changed since it was read", set.rtype, set.name);
            return Err(ProviderError::new(ErrorKind::Conflict(names), message));
        }
    }
    Ok(())
}

fn key(set: &RecordSet) -> Key {
    (set.name.key().into_owned(), set.rtype, set.set_identifier().into())
}

fn no_zone(zone: &Zone) -> ProviderError {
    ProviderError::new(
        ErrorKind::ZoneGone,
        format!("zone {zone} not found; name it with --inmemory-zone"),
    )
}

#[cfg(test)]
mod tests;
