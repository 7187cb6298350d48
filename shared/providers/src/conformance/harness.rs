//! What the suite needs to know of a provider.

use async_trait::async_trait;
use extdns_model::{Name, RecordSet};

use super::Fault;
use crate::Provider;

/// A provider with the server behind it, as the suite sees them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The provider, as a new run would make it, over the same server.
    async fn provider(&self) -> Box<dyn Provider>;

    /// A zone of the server that is empty to begin with, but for what a zone must have.
    fn zone(&self) -> Name;

    /// Puts record sets into that zone, past the provider.
    async fn seed(&self, sets: &[RecordSet]);

    /// The record sets of that zone, past the provider, without what a zone must have.
    async fn contents(&self) -> Vec<RecordSet>;

    /// Makes these record sets all that the zone holds of their names and types, past the provider;
    /// one without targets is removed. False if that cannot be done here.
    async fn alter(&self, _sets: &[RecordSet]) -> bool {
        false
    }

    /// A zone of the server below that zone, empty to begin with.
    fn child(&self) -> Option<Name> {
        None
    }

    /// The record sets of the zone below, past the provider.
    async fn contents_of_child(&self) -> Vec<RecordSet> {
        Vec::new()
    }

    /// How many mutating operations the server has seen.
    async fn writes(&self) -> u64;

    /// Makes something go wrong from now on. False if it cannot be provoked here.
    async fn inject(&self, fault: Fault) -> bool;

    /// Nothing goes wrong any more.
    async fn clear(&self);

    /// Resolves when [`Fault::KillAfter`] strikes.
    async fn killed(&self);

    /// After how many writes more the next run dies. The engine is the same for all: a slow server
    /// need not show every death.
    fn writes_between_deaths(&self) -> usize {
        1
    }

    /// How many times a call is sent to an API that is down before it counts as failed.
    fn sends_when_down(&self, attempts: u32) -> u32 {
        attempts
    }

    /// From now on reads lag behind writes until [`settle`](Self::settle), if that can be.
    async fn lag(&self) {}

    /// Waits, bounded, until reads show what was written.
    async fn settle(&self) {}

    /// Whether the calls of the provider stand in a table.
    fn counts_calls(&self) -> bool {
        false
    }

    /// Texts that must be in no message.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// The TTL of the record sets that tests want, in seconds: one that the service stores as it is; 0 where it stores
    /// none.
    fn ttl(&self) -> i64 {
        300
    }
}
