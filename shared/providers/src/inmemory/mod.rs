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

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Name, RecordSet, Surroundings, Zone};

use crate::engine::{Sets, batched};
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
    let zones = args.inmemory_zone.iter().map(|zone| (zone_of(zone), Sets::default())).collect();
    let via = Transport::new(&capabilities);
    batched(Memory { capabilities, zones: Mutex::new(zones) }, via)
}

/// A zone's name, without the dot at its end. Twins are one zone.
fn zone_of(text: &str) -> String {
    Name::as_listed(text.trim()).key().into_owned()
}

/// The records by zone.
#[derive(Debug)]
struct Memory {
    capabilities: Capabilities,
    zones: Mutex<BTreeMap<String, Sets>>,
}

impl Memory {
    fn zones(&self) -> MutexGuard<'_, BTreeMap<String, Sets>> {
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
            Ok(Page { records: records.records().collect(), next: None })
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
            records.apply(groups)
        })
        .await
    }
}

fn no_zone(zone: &Zone) -> ProviderError {
    ProviderError::new(
        ErrorKind::ZoneGone,
        format!("zone {zone} not found; name it with --inmemory-zone"),
    )
}

#[cfg(test)]
mod tests;
