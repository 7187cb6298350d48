//! The rules of the store, over any backend.

use std::sync::Arc;
use std::time::Duration;

use extdns_model::Permit;
use jiff::Timestamp;

use crate::{
    Backend, BackendError, ClockSource, Document, DocumentError, Lease, LeaseEnd, LeaseEntry,
    Revision, Stored, WriteError,
};

/// How often a waiting run looks whether the lease is free.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// How often a free lease is tried for, where others take it or change the text in between.
const ATTEMPTS: u32 = 5;

/// Keeps gates and leases.
pub struct Store {
    backend: Box<dyn Backend>,
    clock: Arc<dyn ClockSource>,
}

/// Who asks for the lease of a target.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The target.
    pub target: &'a str,
    /// The run, for others to read: no two runs have the same.
    pub holder: &'a str,
    /// When the lease is to end.
    pub end: LeaseEnd,
    /// How long to wait for it.
    pub wait: Duration,
}

/// What became of a claim.
pub enum Taken<'a> {
    /// The lease is ours.
    Lease(Lease<'a>),
    /// Another run holds it.
    Held(LeaseEntry),
}

/// Why the state of a target could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The store cannot be read.
    #[error("failed to read {place}: {reason}")]
    Read {
        /// What was read.
        place: String,
        /// Why.
        reason: BackendError,
    },
    /// What was read is no state.
    #[error("failed to read {place}: {reason}")]
    Document {
        /// What was read.
        place: String,
        /// Why.
        reason: DocumentError,
    },
    /// The store cannot be written to.
    #[error("failed to write {place}: {reason}")]
    Write {
        /// What was written.
        place: String,
        /// Why.
        reason: BackendError,
    },
    /// Others change the text all the time.
    #[error(
        "failed to write {place}: it changed {ATTEMPTS} times while the lease was taken; run again"
    )]
    Contended {
        /// What was written.
        place: String,
    },
    /// The lease is not ours any more.
    #[error("the lease in {place} is lost{}", by.as_ref().map(|by| format!(" to {by}")).unwrap_or_default())]
    Lost {
        /// What was written.
        place: String,
        /// Who has it, where that is known.
        by: Option<String>,
    },
    /// The time of the lease is over, so that another run may have it.
    #[error("the lease in {place} was over at {until}")]
    Over {
        /// What was to be written.
        place: String,
        /// When it ended.
        until: Timestamp,
    },
}

/// What became of a conditional write.
pub(crate) enum Replaced {
    /// It is stored.
    Done(Revision),
    /// Something else is stored, if anything.
    Conflict(Option<Document>),
}

impl Store {
    /// A store.
    pub fn new(backend: Box<dyn Backend>, clock: Arc<dyn ClockSource>) -> Self {
        Self { backend, clock }
    }

    /// Now, by the clock of the store.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What is read and written for a target.
    #[must_use]
    pub fn place(&self, target: &str) -> String {
        self.backend.place(target)
    }

    /// Takes the lease of a target, and waits for it as long as the claim says.
    ///
    /// # Errors
    /// When the store fails, or what is stored cannot be read: then it is not known whether another run
    /// writes.
    pub async fn acquire(
        &self,
        permit: &Permit,
        claim: &Claim<'_>,
    ) -> Result<Taken<'_>, StateError> {
        let begin = self.now();
        loop {
            let holder = match self.try_acquire(permit, claim).await? {
                Taken::Held(holder) => holder,
                lease => return Ok(lease),
            };
            let now = self.now();
            let waited = Duration::try_from(now.duration_since(begin)).unwrap_or_default();
            let left = claim.wait.saturating_sub(waited);
            if left.is_zero() {
                return Ok(Taken::Held(holder));
            }
            let until = Duration::try_from(holder.until.duration_since(now)).unwrap_or_default();
            self.clock.wait(LOOK_AGAIN.min(left).min(until)).await;
        }
    }

    /// Takes the lease if nobody holds it.
    async fn try_acquire(
        &self,
        permit: &Permit,
        claim: &Claim<'_>,
    ) -> Result<Taken<'_>, StateError> {
        let target = claim.target;
        let (mut document, mut revision) = self.read(target).await?;
        for _ in 0..ATTEMPTS {
            let now = self.now();
            if let Some(holder) = document.held(now) {
                return Ok(Taken::Held(holder.clone()));
            }
            let until = claim.end.at(now);
            let lease = LeaseEntry { holder: claim.holder.to_owned(), until };
            let ours = Document { lease: Some(lease), gate: document.gate };
            match self.replace(permit, target, &ours, revision.as_ref()).await? {
                Replaced::Done(revision) => {
                    let target = target.to_owned();
                    let lease = Lease { store: self, target, until, document: ours, revision };
                    return Ok(Taken::Lease(lease));
                }
                Replaced::Conflict(_) => (document, revision) = self.read(target).await?,
            }
        }
        Err(StateError::Contended { place: self.place(target) })
    }

    async fn read(&self, target: &str) -> Result<(Document, Option<Revision>), StateError> {
        match self.stored(target).await? {
            None => Ok((Document::default(), None)),
            Some(Stored { text, revision }) => {
                let document = Document::parse(&text);
                let place = || self.place(target);
                let document =
                    document.map_err(|reason| StateError::Document { place: place(), reason })?;
                Ok((document, Some(revision)))
            }
        }
    }

    async fn stored(&self, target: &str) -> Result<Option<Stored>, StateError> {
        let stored = self.backend.read(target).await;
        stored.map_err(|reason| StateError::Read { place: self.place(target), reason })
    }

    /// Writes a document in place of the one that was read. An answer can get lost, so a write that failed is
    /// looked for.
    pub(crate) async fn replace(
        &self,
        permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Replaced, StateError> {
        let failure = match self.backend.write(permit, target, document, read).await {
            Ok(revision) => return Ok(Replaced::Done(revision)),
            Err(WriteError::Conflict) => None,
            Err(WriteError::Failed(reason)) => Some(reason),
        };
        let found = self.stored(target).await;
        match (found, failure) {
            (Ok(Some(found)), _) if found.text == document.text() => {
                Ok(Replaced::Done(found.revision))
            }
            (_, Some(reason)) => Err(StateError::Write { place: self.place(target), reason }),
            (Ok(found), None) => {
                Ok(Replaced::Conflict(found.and_then(|found| Document::parse(&found.text).ok())))
            }
            (Err(error), None) => Err(error),
        }
    }
}
