//! The client of a [`RecordServer`]: one change per call, or several.

use std::ops::Bound;

use async_trait::async_trait;
use extdns_model::{Action, Change, ChangeGroup, Name, Opaque, Record, RecordSet, Ttl, Zone};

use super::{APEX, BATCH, RecordServer, StoredRecord};
use crate::conformance::faults::{Lost, lost};
use crate::engine::names::absolute;
use crate::{
    BatchWriter, Capabilities, Cost, Cursor, Page, PageFrom, ProviderError, RecordWriter, Step,
    Transport, ZoneReader,
};

/// A client of a [`RecordServer`].
#[derive(Debug)]
pub struct RecordApi {
    pub(super) server: RecordServer,
}

#[async_trait]
impl ZoneReader for RecordApi {
    fn capabilities(&self) -> &Capabilities {
        &self.server.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        via.call("list zones", async || {
            self.server.faults.read(None).await?;
            let zone = |name: &String| Zone::new(name.as_str(), Name::as_listed(name));
            Ok(self.server.lock().zones.iter().map(zone).collect())
        })
        .await
    }

    async fn page(
        &self,
        via: &Transport,
        zone: &Zone,
        from: PageFrom,
    ) -> Result<Page, ProviderError> {
        via.call("list records", async || {
            self.server.faults.read(Some(&zone.id)).await?;
            let state = self.server.lock();
            let records = state.shown.as_ref().unwrap_or(&state.records);
            let start = match &from {
                PageFrom::After(cursor) => {
                    Bound::Excluded(cursor.word().parse::<u64>().unwrap_or_default())
                }
                _ => Bound::Unbounded,
            };
            let size = self.server.capabilities.page_size.unwrap_or(u32::MAX) as usize;
            let mut rest = records
                .range((start, Bound::Unbounded))
                .filter(|(_, record)| record.zone == zone.id);
            let page: Vec<_> = rest.by_ref().take(size).collect();
            let next = rest.next().and(page.last()).map(|(id, _)| Cursor::of(id.to_string()));
            let records = page.iter().map(|(id, record)| read(zone, **id, record)).collect();
            Ok(Page { records, next })
        })
        .await
    }

    async fn named(
        &self,
        via: &Transport,
        zone: &Zone,
        names: &[&Name],
    ) -> Result<Option<Vec<Record>>, ProviderError> {
        if !self.server.by_name {
            return Ok(None);
        }
        let wanted = |record: &Record| names.iter().any(|it| it.key() == record.set.name.key());
        via.call("list records of names", async || {
            self.server.faults.read(Some(&zone.id)).await?;
            let state = self.server.lock();
            let records = state.records.iter().filter(|(_, record)| record.zone == zone.id);
            let records = records.map(|(id, record)| read(zone, *id, record));
            Ok(Some(records.filter(wanted).collect()))
        })
        .await
    }
}

#[async_trait]
impl RecordWriter for RecordApi {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let operation = match step.action {
            Action::Create(_) => "create record",
            Action::Update { .. } => "update record",
            Action::Delete(_) => "delete record",
        };
        via.call(operation, async || {
            let faults = &self.server.faults;
            let answer = faults.write().await?;
            if answer == Some(Lost::NotDone) {
                return Err(lost());
            }
            self.server.change(zone, &step.action)?;
            faults.written().await;
            if answer == Some(Lost::Done) { Err(lost()) } else { Ok(()) }
        })
        .await
    }

    async fn finish(&self, via: &Transport, _zone: &Zone) -> Result<(), ProviderError> {
        via.call("refresh", async || self.server.faults.finish()).await
    }
}

#[async_trait]
impl BatchWriter for RecordApi {
    fn cost(&self, _: &Change) -> Cost {
        Cost { changes: 1, values: 1, bytes: 0 }
    }

    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        via.call(BATCH, async || {
            let faults = &self.server.faults;
            let answer = faults.write().await?;
            if answer == Some(Lost::NotDone) {
                return Err(lost());
            }
            let made = self.server.batch(zone, groups);
            faults.written().await;
            if answer == Some(Lost::Done) { Err(lost()) } else { made }
        })
        .await
    }

    async fn finish(&self, via: &Transport, _zone: &Zone) -> Result<(), ProviderError> {
        via.call("refresh", async || self.server.faults.finish()).await
    }
}

fn read(zone: &Zone, id: u64, record: &StoredRecord) -> Record {
    let mut set = RecordSet::new(
        absolute(&record.name, &zone.name, APEX),
        record.rtype,
        Ttl::from_seconds(record.ttl.into()),
        [record.value.as_str()].into_iter().collect(),
    );
    if !record.properties.is_empty() {
        set.edit_properties(|own| own.clone_from(&record.properties));
    }
    Record::new(set, Opaque::new(id))
}
