//! Ownership in `DNSRecord` objects of a cluster, as upstream's alpha registry keeps it.
//!
//! Example, with the owner id `me`: the A record of `www.example.org` is ours because of this object.
//!
//! ```text
//! kind: DNSRecord
//! metadata:
//!   name: www-example-org-5ff54b6b             from name, type and set identifier
//!   labels: { externaldns.k8s.io/owner: me }
//! spec:
//!   endpoint: { dnsName: www.example.org, recordType: A, targets: [192.0.2.1], labels: { owner: me, .. } }
//! status:
//!   conditions: [{ type: Ready, status: "True", reason: Programmed, .. }]
//! ```
//!
//! The object alone decides who owns a record: its condition is for users, and for a return to upstream. The zone is
//! always read, so a record that was changed by hand is seen, which upstream's registry does not see. For the same reason
//! labels that a provider rewrites are not copied into the objects after a run, as upstream does: the next run reads
//! them from the zone.

mod change;
mod examine;
mod load;
mod location;
mod name;
mod object;
mod state;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::{Keeper, Projection as _};
use extdns_model::{Failure, GroupId, Permit};
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use futures::{FutureExt as _, StreamExt as _};

use self::change::{Change, Stop};
use self::location::Location;
use self::object::{DnsRecord, Origin, name_of};
use self::state::State;
use crate::store::{Examined, Loaded};
use crate::{EntryAction, EntryChange, Refused, Settled, Store, StoreError};

/// Calls that are on their way at once; how many start in a second is the limit of the API.
const AT_ONCE: usize = 4;

/// The store of ownership records in `DNSRecord` objects.
pub(crate) struct Crd {
    keeper: Keeper,
    /// `--crd-registry-namespace`; empty for the namespace that the process runs in.
    namespace: EcoString,
    /// Where this run finds the objects, once it has connected.
    location: Mutex<Option<Arc<Location>>>,
    /// The objects that this run has written, by their names.
    written: Mutex<HashMap<EcoString, DnsRecord>>,
}

impl Crd {
    pub(crate) fn new(keeper: Keeper, namespace: &str) -> Self {
        Self {
            keeper,
            namespace: namespace.into(),
            location: Mutex::default(),
            written: Mutex::default(),
        }
    }

    /// The namespace with the objects, as this run reaches it.
    async fn location(&self) -> Result<Arc<Location>, StoreError> {
        match self.known_location() {
            Some(location) => Ok(location),
            None => self.connect().await,
        }
    }

    fn known_location(&self) -> Option<Arc<Location>> {
        self.location.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connects for a run.
    async fn connect(&self) -> Result<Arc<Location>, StoreError> {
        let view = self.keeper.connect().await;
        let view = view.map_err(|error| self.unreadable(error.to_string()))?;
        let namespace = match self.namespace.as_str() {
            "" => {
                let of_pod = self.keeper.environment.namespace_of_pod().await.map(EcoString::from);
                let namespace = of_pod.unwrap_or_else(|| view.default_namespace().into());
                tracing::info!(%namespace, "--crd-registry-namespace is not given");
                namespace
            }
            given => given.into(),
        };
        let location = Arc::new(Location { view, namespace });
        let mut known = self.location.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.insert(location)))
    }

    fn unreadable(&self, reason: String) -> StoreError {
        let cluster = &self.keeper.cluster.name;
        let location = match self.known_location().map(|location| location.namespace.clone()) {
            Some(namespace) => format!("namespace {namespace:?} of cluster {cluster:?}"),
            None => format!("cluster {cluster:?}"),
        };
        StoreError { store: format!("the DNSRecord objects in {location}"), reason }
    }

    fn note(&self, object: DnsRecord) {
        let name = object.metadata().name.clone();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(name, object);
    }

    /// The object that this run has written for a change.
    fn take(&self, action: &EntryAction) -> Option<DnsRecord> {
        let (set, old) = match action {
            EntryAction::Make { set, reused, .. } => (set, reused.as_ref()),
            EntryAction::Rewrite { set, old, .. } => (set, Some(old)),
            EntryAction::Remove(_) => return None,
        };
        let old = old.and_then(|entry| entry.origin.get::<Origin>());
        let name = old.map_or_else(|| name_of(set), |old| old.name.clone());
        self.written.lock().unwrap_or_else(PoisonError::into_inner).remove(&name)
    }
}

#[async_trait]
impl Store for Crd {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let location = self.connect().await?;
        let objects = load::list(&location).await;
        objects.map(load::judged).map_err(|error| self.unreadable(error))
    }

    async fn claim(&self, permit: &Permit, changes: &[&EntryChange]) -> Vec<(GroupId, Refused)> {
        let location = match self.location().await {
            Ok(location) => location,
            Err(error) => {
                let failure = change::unreachable(&error);
                let refused = |own: &&EntryChange| (own.group, Refused::Failed(failure.clone()));
                return changes.iter().map(refused).collect();
            }
        };
        let change = Change::new(&location, permit);
        let (stop, statuses) = (Stop::default(), Stop::default());
        let mut calls = Calls::default();
        for own in changes {
            calls.start(self.make(&change, &stop, &statuses, own)).await;
        }
        calls.end().await
    }

    async fn settle(
        &self,
        permit: &Permit,
        changes: &[(&EntryChange, Settled)],
    ) -> Vec<(GroupId, Failure)> {
        let location = match self.location().await {
            Ok(location) => location,
            Err(error) => {
                let failure = change::unreachable(&error);
                return changes.iter().map(|(own, _)| (own.group, failure.clone())).collect();
            }
        };
        let change = Change::new(&location, permit);
        let stop = Stop::default();
        let mut calls = Calls::default();
        for (own, settled) in changes {
            if own.action.is_owed(*settled) {
                calls.start(self.follow(&change, &stop, own)).await;
            }
        }
        let failed = calls.end().await;
        self.report_all(&change, changes).await;
        failed
    }

    async fn examine(&self, writes: bool) -> Vec<Examined> {
        match self.location().await {
            Ok(location) => examine::examine(&location, writes).await,
            Err(error) => vec![examine::unreachable(&error)],
        }
    }
}

impl Crd {
    /// Makes the object of a record that is to be made; why not, if it cannot be made.
    async fn make(
        &self,
        change: &Change<'_>,
        stop: &Stop,
        statuses: &Stop,
        own: &EntryChange,
    ) -> Option<(GroupId, Refused)> {
        let EntryAction::Make { set, labels, reused, .. } = &own.action else { return None };
        match stop.guard(change.make(set, labels, reused.as_ref())).await {
            Ok(object) => {
                self.note(change.report(statuses, State::Accepted, object).await);
                None
            }
            Err(why) => Some((own.group, why)),
        }
    }

    /// Writes what has to follow from what became of a record; why not, if it cannot be written.
    async fn follow(
        &self,
        change: &Change<'_>,
        stop: &Stop,
        own: &EntryChange,
    ) -> Option<(GroupId, Failure)> {
        let result = self.carry_out(change, stop, own).await;
        result.err().map(|why| (own.group, why))
    }

    async fn carry_out(
        &self,
        change: &Change<'_>,
        stop: &Stop,
        own: &EntryChange,
    ) -> Result<(), Failure> {
        match &own.action {
            EntryAction::Make { .. } => {
                let Some(object) = self.take(&own.action) else { return Ok(()) };
                stop.guard(change.remove_made(&object)).await.map_err(Refused::into_failure)
            }
            EntryAction::Rewrite { old, set, labels } => {
                let written = stop.guard(change.rewrite(old, set, labels)).await;
                if let Some(object) = written.map_err(Refused::into_failure)? {
                    self.note(object);
                }
                Ok(())
            }
            EntryAction::Remove(old) => {
                stop.guard(change.remove(old)).await.map_err(Refused::into_failure)
            }
        }
    }

    /// Writes into the status of each object what became of its record. Where that fails, it is only logged.
    async fn report_all(&self, change: &Change<'_>, changes: &[(&EntryChange, Settled)]) {
        let statuses = Stop::default();
        let mut calls = Calls::default();
        for (own, settled) in changes {
            let state = match (&own.action, settled) {
                (EntryAction::Make { .. } | EntryAction::Rewrite { .. }, Settled::Done) => {
                    State::Programmed
                }
                (EntryAction::Make { reused: Some(_), .. }, Settled::Undone) => State::Failed,
                _ => continue,
            };
            if let Some(object) = self.take(&own.action) {
                calls.start(change.report(&statuses, state, object).map(|_| None::<()>)).await;
            }
        }
        calls.end().await;
    }
}

/// Calls of which a few are on their way at once, and their results, in their order.
struct Calls<'a, T> {
    running: FuturesOrdered<BoxFuture<'a, Option<T>>>,
    results: Vec<T>,
}

impl<T> Default for Calls<'_, T> {
    fn default() -> Self {
        Self { running: FuturesOrdered::new(), results: Vec::new() }
    }
}

impl<'a, T> Calls<'a, T> {
    async fn start(&mut self, call: impl Future<Output = Option<T>> + Send + 'a) {
        if self.running.len() == AT_ONCE {
            self.results.extend(self.running.next().await.flatten());
        }
        self.running.push_back(call.boxed());
    }

    async fn end(mut self) -> Vec<T> {
        while let Some(result) = self.running.next().await {
            self.results.extend(result);
        }
        self.results
    }
}
