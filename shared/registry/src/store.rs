//! Ownership records that are kept outside the zones: rows of a table, objects of a cluster.
//!
//! A [`Store`] does the reading and writing around a [`Registry`](crate::Registry), which stays pure:
//! what is [loaded](Store::load) goes into `annotate`, what `decorate` returns beside the groups is
//! [claimed](Store::claim) before the provider is called and [settled](Store::settle) after it.

use async_trait::async_trait;
use extdns_model::{Failure, FailureKind, GroupId, Labels, Opaque, Outcome, Permit, RecordSet};

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

/// What a store holds.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The ownership records, one for each record set. One whose owner is not clear has no labels,
    /// so its record does not count as ours.
    pub entries: Vec<Entry>,
    /// Those whose owner is not clear, in order.
    pub unclear: Vec<Unclear>,
}

impl From<Vec<Entry>> for Loaded {
    fn from(entries: Vec<Entry>) -> Self {
        Self { entries, unclear: Vec::new() }
    }
}

/// An ownership record whose owner is not clear. It is left alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unclear {
    /// How messages name it.
    pub shown: String,
    /// Why, and what the user can do: a fragment that reads after "not counted as ours:".
    pub why: String,
}

/// Something that a run needs of the store, and that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// What it is, so that "ok" can stand in front.
    pub what: String,
    /// What is wrong with it, if something is.
    pub fault: Option<Fault>,
}

impl Examined {
    /// It is as it should be.
    #[must_use]
    pub fn fine(what: impl Into<String>) -> Self {
        Self { what: what.into(), fault: None }
    }
}

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub problem: String,
    /// The consequence.
    pub consequence: String,
    /// What to do, where the problem does not say it already.
    pub remedy: Option<String>,
}

impl Fault {
    pub(crate) fn new(problem: impl Into<String>, consequence: impl Into<String>) -> Self {
        Self { problem: problem.into(), consequence: consequence.into(), remedy: None }
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
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
        /// Whether the user adopts the record: then one of another owner is written over.
        adopts: bool,
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

impl EntryAction {
    /// Whether something must still be written, now that this became of the record. Without that
    /// write the ownership record would be wrong.
    #[must_use]
    pub fn is_owed(&self, settled: Settled) -> bool {
        matches!(
            (self, settled),
            (Self::Make { reused: None, .. }, Settled::Undone)
                | (Self::Rewrite { .. } | Self::Remove(_), Settled::Done)
        )
    }
}

/// Why an ownership record could not be made. Its record is not made either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Another owner has taken the name since the store was read.
    Taken(Failure),
    /// Another owner has the name, which a read of our own ownership records does not show: the record
    /// is held back, as one that is known to be another owner's.
    Foreign(String),
    /// The store could not be written to.
    Failed(Failure),
}

impl Refused {
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Taken(failure) | Self::Failed(failure) => failure,
            Self::Foreign(message) => Failure { kind: FailureKind::Conflict, message },
        }
    }
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
    async fn load(&self) -> Result<Loaded, StoreError>;

    /// Whether an action comes before the change of its record. New ownership records always do; where
    /// rewritten ones do, too, an ownership record that cannot be rewritten leaves its record alone.
    fn claims(&self, action: &EntryAction) -> bool {
        matches!(action, EntryAction::Make { .. })
    }

    /// Carries out the actions that come [before](Self::claims) the changes of their records. Returns those
    /// groups whose ownership record was not written.
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

    /// Whether runs that write anything also remove the ownership records of ours that have no record.
    fn sweeps(&self) -> bool {
        false
    }

    /// Removes ownership records of ours that have no record. What fails is only logged: the next run
    /// that writes tries again.
    async fn sweep(&self, permit: &Permit, orphans: &[Entry]) {
        let _ = (permit, orphans);
    }

    /// Looks at what a run needs of the store: whether it can be read, and, where the run `writes`,
    /// written. Nothing is tried.
    async fn examine(&self, writes: bool) -> Vec<Examined> {
        let _ = writes;
        Vec::new()
    }
}
