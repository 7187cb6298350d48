//! What zone-shaped APIs share: from [`ZoneReader`] and [`BatchWriter`] or [`RecordWriter`] to a
//! [`Provider`].
//!
//! A provider describes itself with [`Capabilities`], and calls its API through [`Transport`] only.
//! The engine reads zones side by side and folds single values into record sets, compares desired
//! endpoints with what can be stored, packs groups into batches or cuts them into steps,
//! isolates what the API refuses, finds out what became of a lost answer, and stops in time.

mod account;
pub(crate) mod adjust;
mod apart;
mod apply;
mod batch;
pub mod beside;
mod by_kind;
pub(crate) mod changed;
mod check;
mod fold;
mod gate;
pub(crate) mod ledger;
pub mod names;
mod noted;
mod parcel;
mod read;
mod reading;
pub(crate) mod replaced;
mod sets;
mod steps;
mod tempo;
#[cfg(test)]
mod tests;
pub mod text;
mod transport;
mod unfold;
pub mod wire;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use extdns_model::{Endpoint, Inventory, Permit, RecordSet, Surroundings, ZoneIndex};

use crate::{
    Adjusted, BatchWriter, Capabilities, Deadline, Provider, ProviderError, Reader, RecordWriter,
    Writer, ZoneReader,
};
pub use account::Accounts;
use account::lock;
use apply::{Dispatch, ZonedWriter};
pub use by_kind::ByKind;
pub use fold::{sets_of, single_values};
pub use noted::Noted;
#[cfg(feature = "aws")]
pub(crate) use read::{broke_off_again, is_forgotten};
pub use reading::Digest;
pub use sets::Sets;
pub use transport::{CallCount, Transport};
pub(crate) use unfold::unfolded;

/// A provider made of an API that takes several changes in a call.
#[must_use]
pub fn batched(api: impl BatchWriter + 'static, via: Transport) -> Zoned {
    Zoned::new(Arc::new(batch::Batches { api: Box::new(api) }), via)
}

/// A provider made of an API that takes one record or record set in a call.
#[must_use]
pub fn stepped(api: impl RecordWriter + 'static, via: Transport) -> Zoned {
    Zoned::new(Arc::new(steps::Steps { api: Box::new(api) }), via)
}

/// A [`Provider`] over a zone-shaped API.
pub struct Zoned {
    dispatch: Arc<dyn Dispatch>,
    via: Transport,
    /// The last reading, if it can be made again, and nothing may have been written since.
    last: Mutex<Option<Arc<reading::Reading>>>,
}

impl Zoned {
    fn new(dispatch: Arc<dyn Dispatch>, via: Transport) -> Self {
        Self { dispatch, via, last: Mutex::default() }
    }

    fn api(&self) -> &dyn ZoneReader {
        self.dispatch.reader()
    }

    /// The way to the API: its counter says how many calls were made.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.via
    }
}

impl std::fmt::Debug for Zoned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Zoned").field("via", &self.via).finish_non_exhaustive()
    }
}

#[async_trait]
impl Reader for Zoned {
    fn capabilities(&self) -> &Capabilities {
        self.api().capabilities()
    }

    fn accounts(&self) -> Option<String> {
        self.api().accounts()
    }

    fn server(&self) -> Option<String> {
        self.via.server().map(ToOwned::to_owned)
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        *lock(&self.last) = None;
        let noted = Arc::default();
        let inventory = read::inventory(self.api(), &self.via.noting(&noted)).await?;
        *lock(&self.last) = noted.finish();
        Ok(inventory)
    }

    async fn is_as_read(&self, until: Deadline) -> bool {
        let last = lock(&self.last).clone();
        let Some(last) = last else { return false };
        last.is_the_same(&self.via.until(until), self.api().capabilities().parallel_zones).await
    }

    async fn adjust(
        &self,
        desired: Vec<Endpoint>,
        zones: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError> {
        let desired = Adjusted { endpoints: desired, notes: Vec::new() };
        Ok(adjust::fit(self.api().capabilities(), self.api().adjust(desired, zones)))
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        let own = self.api().refusal(set, around);
        own.or_else(|| crate::storable::refusal(self.api().capabilities(), set, around))
    }

    fn calls(&self) -> Vec<CallCount> {
        self.via.calls()
    }

    fn written(&self) -> Option<u64> {
        Some(self.via.written())
    }
}

impl Provider for Zoned {
    fn writer(
        &self,
        _permit: &Permit,
        zones: &ZoneIndex,
    ) -> Result<Box<dyn Writer>, ProviderError> {
        *lock(&self.last) = None;
        Ok(Box::new(ZonedWriter {
            dispatch: Arc::clone(&self.dispatch),
            via: self.via.clone(),
            zones: zones.clone(),
            parallel: self.api().capabilities().parallel_zones.max(1),
        }))
    }
}
