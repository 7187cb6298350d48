//! One object is made, replaced or removed. A write that meets another state of the object than was read reads it again,
//! and goes on only if the object is still ours.

use std::sync::Mutex;
use std::sync::PoisonError;

use extdns_clusters::{
    ObjectRef, ObjectVersion, Projection as _, ReadErrorKind, WriteError, Writer,
};
use extdns_model::{Failure, FailureKind, Labels, Permit, RecordSet};

use super::load::not_served;
use super::location::Location;
use super::object::{DNS_RECORD, DnsRecord, Origin, content, name_of};
use super::state::State;
use crate::{Entry, Refused, StoreError};

/// How often an object that changes meanwhile is read again.
const READ_AGAIN: usize = 3;

/// Failures in a row after which nothing more is tried.
const DOWN: usize = 3;

/// Writes the objects of one namespace.
pub(super) struct Change<'a> {
    location: &'a Location,
    writer: Writer,
}

/// Why an object was not written.
enum Cause {
    /// It belongs to another owner, or its owner is not clear.
    Taken,
    /// It changes faster than it can be written.
    Restless,
    /// The call failed.
    Write(WriteError),
    /// Its state could not be read again.
    Read(String),
}

/// What an object is now.
enum Now {
    Gone,
    /// Still with this owner.
    Ours(Box<DnsRecord>),
    /// Of another owner, or contradicting itself.
    Theirs,
}

impl<'a> Change<'a> {
    pub(super) fn new(location: &'a Location, permit: &Permit) -> Self {
        Self { location, writer: location.view.writer(permit) }
    }

    /// Makes the object of a record set, or writes one of ours over that is there already.
    pub(super) async fn make(
        &self,
        set: &RecordSet,
        labels: &Labels,
        reused: Option<&Entry>,
    ) -> Result<DnsRecord, Refused> {
        let Some((origin, owner)) = reused.and_then(known) else {
            return self.create(set, labels).await;
        };
        let object = self.at(&origin.name);
        match self.replace(&object, set, labels, origin.clone(), owner).await {
            Ok(Some(made)) => Ok(made),
            // It was deleted meanwhile.
            Ok(None) => self.create(set, labels).await,
            Err(cause) => Err(refused(&object, cause)),
        }
    }

    async fn create(&self, set: &RecordSet, labels: &Labels) -> Result<DnsRecord, Refused> {
        let object = self.at(&name_of(set));
        let made = match self.writer.create(&object, content(set, labels, None)).await {
            Ok(made) => Ok(made),
            // The answer to a first call may have been lost, or another run of ours was faster.
            Err(WriteError::AlreadyExists) => match self.now(&object, labels.owner()).await {
                Ok(Now::Ours(there)) => {
                    let origin = there.origin();
                    let written = self.replace(&object, set, labels, origin, labels.owner()).await;
                    written.and_then(|written| written.ok_or(Cause::Restless))
                }
                Ok(Now::Theirs) => Err(Cause::Taken),
                Ok(Now::Gone) => Err(Cause::Restless),
                Err(cause) => Err(cause),
            },
            Err(error) => Err(Cause::Write(error)),
        };
        made.map_err(|cause| refused(&object, cause))
    }

    /// Rewrites the object of a record that has changed, if it is still there. Who deletes it during the run gives the record
    /// up, and there is nothing left to write.
    pub(super) async fn rewrite(
        &self,
        old: &Entry,
        set: &RecordSet,
        labels: &Labels,
    ) -> Result<Option<DnsRecord>, Refused> {
        let Some((origin, owner)) = known(old) else { return Ok(None) };
        let object = self.at(&origin.name);
        let written = self.replace(&object, set, labels, origin.clone(), owner).await;
        let written = written.map_err(|cause| refused(&object, cause))?;
        if written.is_none() {
            tracing::warn!(
                "{object} was deleted during the run, so the record {} {} has no owner any more; create the object again \
                 to keep the record",
                set.rtype,
                set.name
            );
        }
        Ok(written)
    }

    /// Removes the object of a record that is gone. One that is gone already is fine.
    pub(super) async fn remove(&self, old: &Entry) -> Result<(), Refused> {
        let Some((origin, owner)) = known(old) else { return Ok(()) };
        self.delete(&self.at(&origin.name), origin.version.clone(), owner).await
    }

    /// Removes an object that this run has made for a record that was not made.
    pub(super) async fn remove_made(&self, made: &DnsRecord) -> Result<(), Refused> {
        let Ok(claim) = made.claim() else { return Ok(()) };
        let Origin { name, version, .. } = made.origin();
        self.delete(&self.at(&name), version, claim.labels.owner()).await
    }

    /// Writes into the status of an object what became of its record, and returns the object as it is then. Users read
    /// the status; nothing depends on it. So a failure is only logged, and the other statuses are not written where they
    /// would fail as well.
    pub(super) async fn report(
        &self,
        statuses: &Stop,
        state: State,
        object: DnsRecord,
    ) -> DnsRecord {
        if statuses.reason().is_some() {
            return object;
        }
        let at = self.at(&object.metadata().name);
        let version = ObjectVersion::of(object.metadata());
        match self.writer.replace_status(&at, state.of(&object), &version).await {
            Ok(written) => {
                statuses.saw(None);
                written
            }
            Err(error) => {
                let message = words(&error);
                tracing::warn!("failed to write the status of {at}: {message}");
                statuses.saw(Some(&Failure { kind: kind_of(&error), message }));
                object
            }
        }
    }

    /// Writes an object over; nothing where it is gone.
    async fn replace(
        &self,
        object: &ObjectRef,
        set: &RecordSet,
        labels: &Labels,
        mut origin: Origin,
        owner: Option<&str>,
    ) -> Result<Option<DnsRecord>, Cause> {
        for _ in 0..READ_AGAIN {
            let content = content(set, labels, Some(&origin));
            match self.writer.replace(object, content, &origin.version).await {
                Err(WriteError::Conflict) => {}
                Err(WriteError::NotFound) => return Ok(None),
                written => return written.map(Some).map_err(Cause::Write),
            }
            // A lost answer looks like a change, too: then it is what we wanted already, and of our owner.
            let now = match self.now(object, owner).await? {
                Now::Theirs if owner != labels.owner() => self.now(object, labels.owner()).await?,
                now => now,
            };
            match now {
                Now::Ours(there) => origin = there.origin(),
                Now::Gone => return Ok(None),
                Now::Theirs => return Err(Cause::Taken),
            }
        }
        Err(Cause::Restless)
    }

    async fn delete(
        &self,
        object: &ObjectRef,
        mut version: ObjectVersion,
        owner: Option<&str>,
    ) -> Result<(), Refused> {
        for _ in 0..READ_AGAIN {
            match self.writer.delete(object, &version).await {
                Ok(()) | Err(WriteError::NotFound) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(error) => return Err(refused(object, Cause::Write(error))),
            }
            match self.now(object, owner).await {
                Ok(Now::Ours(there)) => version = there.origin().version,
                // It is another owner's now, and stays.
                Ok(Now::Gone | Now::Theirs) => return Ok(()),
                Err(cause) => return Err(refused(object, cause)),
            }
        }
        Err(refused(object, Cause::Restless))
    }

    /// The object as it is now.
    async fn now(&self, object: &ObjectRef, owner: Option<&str>) -> Result<Now, Cause> {
        let there: Option<DnsRecord> = self
            .location
            .view
            .fresh(object)
            .await
            .map_err(|error| Cause::Read(error.kind.to_string()))?;
        Ok(match there {
            None => Now::Gone,
            Some(there) => match there.claim() {
                Ok(claim) if claim.labels.owner() == owner => Now::Ours(Box::new(there)),
                _ => Now::Theirs,
            },
        })
    }

    fn at(&self, name: &str) -> ObjectRef {
        ObjectRef {
            resource: DNS_RECORD,
            namespace: self.location.namespace.clone(),
            name: name.into(),
        }
    }
}

/// The object of an ownership record as it was read, and its owner then.
fn known(entry: &Entry) -> Option<(&Origin, Option<&str>)> {
    Some((entry.origin.get::<Origin>()?, entry.labels.owner()))
}

fn refused(object: &ObjectRef, cause: Cause) -> Refused {
    let failure = |kind, why: String| Failure { kind, message: format!("{object}: {why}") };
    let kind = match &cause {
        Cause::Taken | Cause::Restless => FailureKind::Conflict,
        Cause::Write(error) => kind_of(error),
        Cause::Read(_) => FailureKind::Transient,
    };
    match cause {
        Cause::Taken => Refused::Taken(failure(
            kind,
            "another owner has it now, or it was edited; it is not changed".to_owned(),
        )),
        Cause::Restless => Refused::Failed(failure(
            kind,
            "it changes faster than it can be written; the next run continues".to_owned(),
        )),
        Cause::Write(error) => Refused::Failed(failure(kind, words(&error))),
        Cause::Read(why) => Refused::Failed(failure(kind, why)),
    }
}

fn words(error: &WriteError) -> String {
    match error {
        WriteError::Failed(kind) if matches!(**kind, ReadErrorKind::NotServed { .. }) => {
            not_served(DNS_RECORD)
        }
        WriteError::NoNamespace { .. } => format!("{error} (--crd-registry-namespace)"),
        error => error.to_string(),
    }
}

/// How an error counts, and so whether another object could fare better.
fn kind_of(error: &WriteError) -> FailureKind {
    match error {
        WriteError::Forbidden(_) => FailureKind::Unauthorised,
        WriteError::NoNamespace { .. } | WriteError::Manifests => FailureKind::ZoneGone,
        WriteError::AlreadyExists | WriteError::Conflict => FailureKind::Conflict,
        WriteError::NotFound => FailureKind::RecordGone,
        WriteError::Failed(kind) => match &**kind {
            ReadErrorKind::NotServed { .. } => FailureKind::ZoneGone,
            ReadErrorKind::Unauthorized { .. } => FailureKind::Unauthorised,
            ReadErrorKind::Status { status: 400..=499, .. } => FailureKind::Rejected,
            _ => FailureKind::Transient,
        },
        _ => FailureKind::Transient,
    }
}

/// Nothing could be written, because the cluster cannot be reached.
pub(super) fn unreachable(error: &StoreError) -> Failure {
    Failure { kind: FailureKind::Transient, message: error.to_string() }
}

/// Leaves the rest alone once it is known that it would fail as well: a right or the definition is missing, or the
/// server is down.
#[derive(Default)]
pub(super) struct Stop(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    failed: usize,
    last: Option<Failure>,
}

impl Stop {
    /// Does it, unless nothing more is tried.
    pub(super) async fn guard<T>(
        &self,
        what: impl Future<Output = Result<T, Refused>>,
    ) -> Result<T, Refused> {
        if let Some(failure) = self.reason() {
            return Err(Refused::Failed(failure));
        }
        let result = what.await;
        self.saw(result.as_ref().err().and_then(|refused| match refused {
            Refused::Taken(_) | Refused::Foreign(_) => None,
            Refused::Failed(failure) => Some(failure),
        }));
        result
    }

    fn reason(&self) -> Option<Failure> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.last.clone().filter(|_| seen.failed >= DOWN)
    }

    fn saw(&self, failure: Option<&Failure>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            None => seen.failed = 0,
            Some(failure) => {
                seen.failed += match failure.kind {
                    FailureKind::Unauthorised | FailureKind::ZoneGone => DOWN,
                    FailureKind::Transient | FailureKind::Throttled => 1,
                    _ => return,
                };
                seen.last = Some(failure.clone());
            }
        }
    }
}
