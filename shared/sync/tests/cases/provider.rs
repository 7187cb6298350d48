//! A pseudo-zone that holds what a case recorded, and keeps what is sent to it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use extdns_model::{
    ChangeGroup, DomainFilter, Endpoint, Inventory, Labels, Name, Opaque, Outcome, Permit,
    Properties, Record, RecordSet, Routing, Targets, Ttl, Zone, ZoneIndex, ZoneInventory, ZoneKey,
};
use extdns_providers::{Adjusted, Capabilities, Deadline, Provider, ProviderError, Reader, Writer};
use serde::Deserialize;

type Applied = Arc<Mutex<Vec<ChangeGroup>>>;

/// The zone of one case.
pub(crate) struct RecordedZone {
    records: Vec<Record>,
    applied: Applied,
    capabilities: Capabilities,
}

/// An endpoint of the webhook protocol.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Recorded {
    dns_name: String,
    record_type: String,
    targets: Vec<String>,
    set_identifier: String,
    #[serde(rename = "recordTTL")]
    record_ttl: i64,
    labels: std::collections::BTreeMap<String, String>,
    provider_specific: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

impl RecordedZone {
    pub(crate) fn new(records: &[serde_json::Value], applied: Applied) -> Self {
        let records = records
            .iter()
            .map(|value| record(serde_json::from_value(value.clone()).expect("recorded endpoint")))
            .collect();
        // Like the webhook, it stores names as they are given.
        let capabilities =
            Capabilities { ascii_names: false, follows_dns: false, ..Capabilities::new("webhook") };
        Self { records, applied, capabilities }
    }
}

fn record(recorded: Recorded) -> Record {
    let set = RecordSet::new(
        Name::as_listed(&recorded.dns_name),
        recorded.record_type.parse().expect("record type"),
        Ttl::from_seconds(recorded.record_ttl),
        recorded.targets.into_iter().collect::<Targets>(),
    )
    .with_set_identifier(recorded.set_identifier)
    .with_properties(
        recorded
            .provider_specific
            .into_iter()
            .map(|pair| (pair.name, pair.value))
            .collect::<Properties>(),
    );
    let mut record = Record::new(set, Opaque::none());
    record.labels = recorded.labels.into_iter().collect::<Labels>();
    record
}

#[async_trait]
impl Reader for RecordedZone {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        let everything = Zone::new("recorded", Name::default());
        Ok(Inventory {
            index: ZoneIndex::new(vec![everything], Routing::Longest),
            filter: DomainFilter::default(),
            zones: vec![ZoneInventory { zone: ZoneKey(0), records: Ok(self.records.clone()) }],
        })
    }

    async fn adjust(
        &self,
        desired: Vec<Endpoint>,
        _zones: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError> {
        Ok(Adjusted { endpoints: desired, notes: Vec::new() })
    }
}

impl Provider for RecordedZone {
    fn writer(
        &self,
        _permit: &Permit,
        _zones: &ZoneIndex,
    ) -> Result<Box<dyn Writer>, ProviderError> {
        Ok(Box::new(Recorder(Arc::clone(&self.applied))))
    }
}

/// Keeps the groups and calls them applied.
struct Recorder(Applied);

#[async_trait]
impl Writer for Recorder {
    async fn apply(&self, groups: &[ChangeGroup], _until: Deadline) -> Vec<Outcome> {
        self.0.lock().expect("no panic in the replay").extend_from_slice(groups);
        vec![Outcome::Applied; groups.len()]
    }
}
