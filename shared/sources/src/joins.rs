//! How objects are joined with those that they name: by their name, by the Ingress of an annotation, and by what Services
//! select.
//!
//! A list is read on first need, and its index is made once for a run. A join that cannot be made stops the object:
//! [`Stop`] says why, and [`join_all`] what that means for the run.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::{ClusterView, Pairs, Projection, ReadError, ReadErrorKind, SharedList};
use extdns_model::{Name, Resource};
use extdns_template::Object;
use futures::FutureExt as _;

use crate::annotations::Key;
use crate::error::SourceError;
use crate::fault::{Effect, Fault};
use crate::objects::{Ingress, Service};
use crate::records::{TargetGroups, Traits};
use crate::sink::{Frozen, Sink};
use crate::templates::Viewed;

/// Names the Ingress whose addresses a gateway has.
pub(crate) const INGRESS: Key = Key("ingress");

const BY_ANNOTATION: Named =
    Named::new("its annotation ingress names", "correct the annotation or remove it");

/// `name` or `namespace/name`, as objects name others in some place. The name alone is in the namespace of the object.
pub(crate) fn full_name<'a>(
    reference: &'a str,
    own: &'a str,
    place: &'static str,
) -> Result<(&'a str, &'a str), Stop> {
    let (namespace, name) = reference.split_once('/').unwrap_or((own, reference));
    if name.contains('/') {
        return Err(Stop::Fault(JoinFault::Reference { place, text: reference.into() }));
    }
    Ok((namespace, name))
}

/// What is wrong with something that an object names. It is not known what the object wants then.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinFault {
    /// A text that is no reference.
    #[error("{place} is {text:?}; it must be name or namespace/name")]
    Reference {
        /// Where it stands, such as "its annotation ingress".
        place: &'static str,
        /// What stands there.
        text: EcoString,
    },
    /// There is no such object.
    #[error("{} the {kind} {name:?}, and there is none; {}", named.how, named.remedy)]
    Missing {
        /// How the object names it.
        named: Named,
        /// Its kind.
        kind: &'static str,
        /// `namespace/name`.
        name: EcoString,
    },
    /// The fault is that of an object which the object names.
    #[error("the {kind} {name:?}: {fault}")]
    Of {
        /// Its kind.
        kind: &'static str,
        /// `namespace/name`.
        name: EcoString,
        /// What is wrong with it.
        fault: Box<JoinFault>,
    },
}

/// How an object names another one that must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Reads before the kind: "its annotation ingress names".
    pub(crate) how: &'static str,
    /// What the user can do.
    pub(crate) remedy: &'static str,
}

impl Named {
    pub(crate) const fn new(how: &'static str, remedy: &'static str) -> Self {
        Self { how, remedy }
    }
}

impl Fault for JoinFault {
    fn effect(&self) -> Effect {
        Effect::FailsSource
    }
}

/// What ends the work on an object that is joined with others.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something is wrong with what it names.
    Fault(JoinFault),
    /// The manifests hold no object of this kind, which it needs.
    NotHeld(&'static str),
    /// A single object that it names may not be read; the text says which, and why.
    Forbidden(EcoString),
    /// The cluster does not answer.
    Read(ReadError),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl Stop {
    /// The same, where it is an object that the object names which is at fault.
    pub(crate) fn of<K: Projection>(self, named: &K) -> Self {
        let Self::Fault(fault) = self else { return self };
        let (kind, name) = (K::RESOURCE.kind, named.metadata().full_name());
        Self::Fault(JoinFault::Of { kind, name, fault: Box::new(fault) })
    }

    /// What the error says that came for a single object.
    fn of_single<K: Projection>(namespace: &str, name: &str) -> impl FnOnce(ReadError) -> Self {
        move |error| match *error.kind {
            ReadErrorKind::Forbidden { .. } => {
                let kind = K::RESOURCE.kind;
                Self::Forbidden(eco_format!("the {kind} \"{namespace}/{name}\": {error}"))
            }
            _ => Self::Read(error),
        }
    }

    /// Stops an object that needs others of this kind, where the manifests hold none.
    fn unless_held<K: Projection>(view: &ClusterView) -> Result<(), Self> {
        if view.holds::<K>() { Ok(()) } else { Err(Self::NotHeld(K::RESOURCE.kind)) }
    }
}

/// An object that waits for those that it is joined with.
pub(crate) struct Waiting<K> {
    pub(crate) object: Viewed<K>,
    /// The same as templates see it.
    pub(crate) view: Option<Arc<Object>>,
    pub(crate) names: Vec<Name>,
    pub(crate) traits: Traits,
}

/// The objects that others name: those of the namespace that a run looks at are one list of each kind, and those outside of
/// it are read one by one.
#[derive(Clone, Copy)]
pub(crate) struct ByName<'v> {
    pub(crate) view: &'v ClusterView,
    namespace: Option<&'v str>,
}

/// An object that another one names.
pub(crate) enum Found<K> {
    Listed(Arc<SharedList<K>>, usize),
    Single(Arc<K>),
}

impl<K: Projection> Deref for Found<K> {
    type Target = K;

    fn deref(&self) -> &K {
        match self {
            Self::Listed(list, at) => &list[*at],
            Self::Single(object) => object,
        }
    }
}

impl<'v> ByName<'v> {
    /// The objects of a namespace, or of all.
    pub(crate) fn within(view: &'v ClusterView, namespace: Option<&'v str>) -> Self {
        Self { view, namespace }
    }

    /// The object of this name, if there is one. Where manifests hold no object of the kind, it is not known whether there
    /// is. Where the run may not read single objects of other namespaces, it is the one object that stops.
    pub(crate) async fn get<K: Projection + Sync>(
        self,
        (namespace, name): (&str, &str),
    ) -> Result<Option<Found<K>>, Stop> {
        Stop::unless_held::<K>(self.view)?;
        if self.namespace.is_some_and(|own| own != namespace) {
            let found = self.view.object(namespace, name).boxed().await;
            return Ok(found.map_err(Stop::of_single::<K>(namespace, name))?.map(Found::Single));
        }
        let list: Arc<SharedList<K>> = self.view.shared(self.namespace).boxed().await?;
        Ok(list.position(namespace, name).map(|at| Found::Listed(list, at)))
    }

    /// The object of this name, which must be there.
    pub(crate) async fn require<K: Projection + Sync>(
        self,
        (namespace, name): (&str, &str),
        named: Named,
    ) -> Result<Found<K>, Stop> {
        let found = self.get((namespace, name)).await?;
        found.ok_or_else(|| {
            let (kind, name) = (K::RESOURCE.kind, eco_format!("{namespace}/{name}"));
            Stop::Fault(JoinFault::Missing { named, kind, name })
        })
    }

    /// The objects of these names, which must be there.
    pub(crate) async fn require_all<K: Projection + Sync>(
        self,
        keys: impl Iterator<Item = (&str, &str)> + Send,
        named: Named,
    ) -> Result<Vec<Found<K>>, Stop> {
        let mut found = Vec::new();
        for key in keys {
            found.push(self.require(key, named).await?);
        }
        Ok(found)
    }

    /// The addresses of the Ingress that an object of this namespace names in its annotation.
    pub(crate) async fn ingress(self, reference: &str, own: &str) -> Result<TargetGroups, Stop> {
        let name = full_name(reference, own, "its annotation ingress")?;
        let ingress = self.require::<Viewed<Ingress>>(name, BY_ANNOTATION).await?;
        Ok(ingress.status.load_balancer.addresses_first())
    }
}

/// What objects that wait are joined with.
#[async_trait]
pub(crate) trait Join<W>: Send {
    /// Adds what an object wants to what was found.
    async fn publish(
        &mut self,
        waiting: &W,
        by: &Arc<Resource>,
        found: &mut Sink,
    ) -> Result<(), Stop>;

    /// The names that an object has in any case.
    fn names(&self, waiting: W) -> Vec<Name>;
}

/// Joins one object after the other, and puts into the sink what came of each: what it wants, or why its records stay as
/// they are.
pub(crate) async fn join_all<W: Send + Sync>(
    mut join: Box<dyn Join<W> + '_>,
    waiting: Vec<(Arc<Resource>, W)>,
    sink: &mut Sink,
) -> Result<(), SourceError> {
    for (by, waiting) in waiting {
        let mut found = sink.sibling();
        let joined = join.publish(&waiting, &by, &mut found).await;
        conclude(joined.map(|()| found), join.names(waiting), &by, sink)?;
    }
    Ok(())
}

/// What came of an object: what it wants, or why its records stay as they are.
fn conclude(
    result: Result<Sink, Stop>,
    names: Vec<Name>,
    by: &Arc<Resource>,
    sink: &mut Sink,
) -> Result<(), ReadError> {
    match result {
        Ok(found) => sink.absorb(found),
        Err(Stop::Fault(fault)) => sink.fail(by, &fault),
        Err(Stop::NotHeld(kind)) => {
            sink.frozen.push(Frozen::of_manifests(Arc::clone(by), names, &[kind]));
        }
        Err(Stop::Forbidden(reason)) => {
            let (resource, reason) = (Arc::clone(by), eco_format!("{by} is at {reason}"));
            sink.frozen.push(Frozen { resource, names, reason });
        }
        Err(Stop::Read(error)) => return Err(error),
    }
    Ok(())
}

/// Services by what they select.
pub(crate) struct Selecting {
    services: Arc<SharedList<Viewed<Service>>>,
    /// Positions in the list, by each pair of the selector.
    by_pair: HashMap<(EcoString, EcoString), Vec<usize>>,
    /// What was asked already.
    known: HashMap<Vec<(EcoString, EcoString)>, TargetGroups>,
}

impl Selecting {
    pub(crate) async fn read(view: &ClusterView, namespace: Option<&str>) -> Result<Self, Stop> {
        Stop::unless_held::<Viewed<Service>>(view)?;
        let services: Arc<SharedList<Viewed<Service>>> = view.shared(namespace).boxed().await?;
        let mut by_pair: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, service) in services.iter().enumerate() {
            for pair in owned(&service.spec.selector) {
                by_pair.entry(pair).or_default().push(at);
            }
        }
        Ok(Self { services, by_pair, known: HashMap::new() })
    }

    /// The addresses of the services whose selector has all of these pairs; without a pair, of all services.
    pub(crate) fn targets(&mut self, pairs: &Pairs) -> TargetGroups {
        let key: Vec<_> = owned(pairs).collect();
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let with = |pair| self.by_pair.get(pair).map_or(&[][..], Vec::as_slice);
        let rarest = key.iter().map(with).min_by_key(|services| services.len());
        let mut targets = TargetGroups::default();
        let mut add = |service: &Service| targets.extend(&addresses(service));
        match rarest {
            None => self.services.iter().for_each(|service| add(service)),
            Some(services) => services
                .iter()
                .map(|at| &self.services[*at])
                .filter(|service| service.spec.selector.include(pairs))
                .for_each(|service| add(service)),
        }
        targets.normalise();
        self.known.insert(key, targets.clone());
        targets
    }
}

/// External IPs, else what the load balancer says.
fn addresses(service: &Service) -> TargetGroups {
    match &service.spec.external_ips[..] {
        [] => service.status.load_balancer.addresses_first(),
        addresses => addresses.iter().collect(),
    }
}

fn owned(pairs: &Pairs) -> impl Iterator<Item = (EcoString, EcoString)> {
    pairs.iter().map(|(key, value)| (key.into(), value.into()))
}

#[cfg(test)]
mod tests {
    use super::full_name;

    #[test]
    fn references() {
        let table = [
            ("a", Some(("own", "a"))),
            ("ns/a", Some(("ns", "a"))),
            ("a/b/c", None),
            ("", Some(("own", ""))),
        ];
        for (reference, expected) in table {
            assert_eq!(full_name(reference, "own", "it").ok(), expected, "{reference:?}");
        }
    }
}
