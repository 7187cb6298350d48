//! Ownership records that are kept outside the zones: rows of a table, objects of a cluster.
//!
//! A [`Store`] does the reading and writing around a [`Registry`](crate::Registry), which stays pure:
//! what is [loaded](Store::load) goes into `annotate`, what `decorate` returns beside the groups is
//! [claimed](Store::claim) before the provider is called and [settled](Store::settle) after it.

use async_trait::async_trait;
use extdns_model::{Failure, GroupId, Labels, Opaque, Outcome, Permit, RecordSet};

/// An ownership record as a store holds it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The record set that it stands for. Name, type and set identifier count; the store may keep
    /// more of it.
    pub set: RecordSet,
    /// What it says.
    pub labels: Labels,
    /// How messages name it: `DNSRecord dns/www-1a2b3c4d`.
    pub shown: String,
    /// How the store knows it (a key, a version): handed back when it changes.
    pub origin: Opaque,
}

/// What becomes of one ownership record when a group is applied.
#[derive(Debug, Clone)]
pub struct EntryChange {
    /// The group with the record.
    pub group: GroupId,
    /// What to do.
    pub action: EntryAction,
}

/// What to do with an ownership record. The order is that of TXT records: made before its record,
/// rewritten and removed after it, so a run that dies leaves at worst an ownership record without a
/// record.
#[derive(Debug, Clone)]
pub enum EntryAction {
    /// Make it, before its record is made.
    Make {
        /// The record set that it is to stand for.
        set: RecordSet,
        /// What it is to say.
        labels: Labels,
        /// One of ours that is there already, and is written over.
        reused: Option<Entry>,
    },
    /// Rewrite it, after its record has changed.
    Rewrite {
        /// As it is.
        old: Entry,
        /// The record set that it is to stand for.
        set: RecordSet,
        /// What it is to say.
        labels: Labels,
    },
    /// Remove it, after its record is gone.
    Remove(Entry),
}

/// Why an ownership record could not be made. Its record is not made either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Another owner has taken the name since the store was read.
    Taken(Failure),
    /// The store could not be written to.
    Failed(Failure),
}

/// What became of a record, as far as its ownership record is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The zone is as wanted.
    Done,
    /// Nothing was changed in the zone.
    Undone,
    /// Some of it may be in the zone: the ownership record stays as it is.
    Unknown,
}

impl From<&Outcome> for Settled {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Applied => Self::Done,
            Outcome::Partial { .. } | Outcome::Unknown(_) => Self::Unknown,
            // Not sent, or refused: nothing was changed.
            _ => Self::Undone,
        }
    }
}

/// A store could not be read in full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{store}: {reason}")]
pub struct StoreError {
    /// The store, as the user knows it: `table owners`.
    pub store: String,
    /// What went wrong, and what the user can do.
    pub reason: String,
}

/// A store of ownership records outside the zones. Reading needs no permit; writing needs
/// a [`Permit`], so a planning run cannot write.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads the ownership records, those of other owners included where the store can list them.
    ///
    /// # Errors
    /// When they could not be read in full: then nothing is known to be ours.
    async fn load(&self) -> Result<Vec<Entry>, StoreError>;

    /// Makes ownership records before their records are made: the changes are all of the kind
    /// [`Make`](EntryAction::Make). Returns those groups whose ownership record was not made.
    async fn claim(&self, permit: &Permit, changes: &[&EntryChange]) -> Vec<(GroupId, Refused)>;

    /// Carries out what follows from what became of the records. Where all is
    /// [done](Settled::Done), ownership records are rewritten and removed, and those made count as
    /// confirmed. Where nothing was [changed](Settled::Undone), those that were newly made are
    /// removed again. Returns the groups for which this failed.
    async fn settle(
        &self,
        permit: &Permit,
        changes: &[(&EntryChange, Settled)],
    ) -> Vec<(GroupId, Failure)>;
}
