//! The API of a fake of record sets, as a provider calls it.

use std::ops::Bound;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{
    Change, ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Surroundings, Zone,
};

use super::{Key, RrsetServer, cost, has_same_region, no_zone};
use crate::conformance::faults::{Lost, lost};
use crate::{
    BatchLimits, BatchWriter, Capabilities, Cost, Cursor, ErrorKind, Page, PageFrom, ProviderError,
    Transport, ZoneReader,
};

/// A client of a [`RrsetServer`].
#[derive(Debug)]
pub struct RrsetApi {
    pub(super) server: RrsetServer,
}

#[async_trait]
impl ZoneReader for RrsetApi {
    fn capabilities(&self) -> &Capabilities {
        &self.server.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        via.call("list zones", async || {
            self.server.faults.read(None).await?;
            let zone = |name: &String| Zone::new(name.as_str(), Name::as_listed(name));
            Ok(self.server.lock().keys().map(zone).collect())
        })
        .await
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        let is_taken = around.beside.iter().any(|other| has_same_region(other, set));
        is_taken.then(|| "another record set of the name has the same region".to_owned())
    }

    async fn page(
        &self,
        via: &Transport,
        zone: &Zone,
        from: PageFrom,
    ) -> Result<Page, ProviderError> {
        via.call("list record sets", async || {
            self.server.faults.read(Some(&zone.id)).await?;
            let zones = self.server.lock();
            let sets = zones.get(zone.id.as_str()).ok_or_else(|| no_zone(zone))?;
            let size = self.server.capabilities.page_size.unwrap_or(u32::MAX) as usize;
            let start = match &from {
                PageFrom::Start => Bound::Unbounded,
                PageFrom::Name(name) => {
                    Bound::Included((name.key().into_owned(), RecordType::A, EcoString::new()))
                }
                PageFrom::After(cursor) => Bound::Excluded(parse(cursor)?),
            };
            let mut rest = sets.range((start, Bound::Unbounded));
            let page: Vec<_> = rest.by_ref().take(size).collect();
            let next = rest.next().and(page.last()).map(|(key, _)| cursor(key));
            let record = |(_, set): &(_, &RecordSet)| Record::new((*set).clone(), Opaque::none());
            Ok(Page { records: page.iter().map(record).collect(), next })
        })
        .await
    }
}

#[async_trait]
impl BatchWriter for RrsetApi {
    fn cost(&self, change: &Change) -> Cost {
        cost(change)
    }

    /// As a zone says it, which may be more than an account takes.
    fn limits(&self, zone: &Zone) -> BatchLimits {
        let own = self.server.limits.get(zone.id.as_str()).copied();
        own.unwrap_or(self.server.capabilities.batch_limits)
    }

    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        via.call("change record sets", async || {
            let faults = &self.server.faults;
            let answer = faults.write().await?;
            if answer == Some(Lost::NotDone) {
                return Err(lost());
            }
            self.server.change(zone, groups)?;
            faults.written().await;
            if answer == Some(Lost::Done) { Err(lost()) } else { Ok(()) }
        })
        .await
    }

    async fn finish(&self, via: &Transport, _zone: &Zone) -> Result<(), ProviderError> {
        via.call("deploy zone", async || self.server.faults.finish()).await
    }
}

fn cursor((name, rtype, id): &Key) -> Cursor {
    Cursor(vec![name.into(), rtype.code().to_string().into(), id.clone()])
}

fn parse(cursor: &Cursor) -> Result<Key, ProviderError> {
    match cursor.0.as_slice() {
        [name, rtype, id] => {
            let code = rtype.parse().unwrap_or_default();
            Ok((name.to_string(), RecordType::from_code(code), id.clone()))
        }
        _ => Err(ProviderError::new(ErrorKind::Rejected(Vec::new()), "malformed cursor")),
    }
}
