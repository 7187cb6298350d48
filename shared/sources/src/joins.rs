//! What gateways are joined with: the Ingress that an annotation names, and the Services that select the same pods.
//!
//! A list is read on first need, and its index is made once for a run.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use ecow::EcoString;
use extdns_clusters::{ClusterView, Pairs, Projection, ReadError, SharedList};
use futures::FutureExt as _;
use tokio::sync::OnceCell;

use crate::annotations::Key;
use crate::fault::{Effect, Fault};
use crate::objects::{Ingress, Service};
use crate::records::TargetGroups;
use crate::templates::Viewed;

/// Names the Ingress whose addresses a gateway has.
pub(crate) const INGRESS: Key = Key("ingress");

/// `name` or `namespace/name`, as objects name others. The name alone is in the namespace of the object.
pub(crate) fn full_name<'a>(reference: &'a str, own: &'a str) -> Option<(&'a str, &'a str)> {
    let (namespace, name) = reference.split_once('/').unwrap_or((own, reference));
    (!name.contains('/')).then_some((namespace, name))
}

/// Why an object that others take their addresses from is not there. It is not known what they want then.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinFault {
    /// The annotation is no reference.
    #[error("its annotation ingress is {0:?}; it must be name or namespace/name")]
    Reference(EcoString),
    /// No such Ingress.
    #[error(
        "its annotation ingress names the Ingress \"{0}/{1}\", and there is none; correct the annotation or remove it"
    )]
    NoIngress(EcoString, EcoString),
}

impl Fault for JoinFault {
    fn effect(&self) -> Effect {
        Effect::FailsSource
    }
}

/// The objects of a kind that others name: those of the namespace that a run looks at are one list, and those outside
/// of it are read one by one.
pub(crate) struct ByName<K> {
    namespace: Option<EcoString>,
    list: OnceCell<Arc<SharedList<K>>>,
}

/// An object that another one names.
pub(crate) enum Found<'a, K> {
    Listed(&'a K),
    Single(Arc<K>),
}

impl<K> Deref for Found<'_, K> {
    type Target = K;

    fn deref(&self) -> &K {
        match self {
            Self::Listed(object) => object,
            Self::Single(object) => object,
        }
    }
}

impl<K: Projection + Sync> ByName<K> {
    /// The objects of a namespace, or of all.
    pub(crate) fn within(namespace: Option<&str>) -> Self {
        Self { namespace: namespace.map(EcoString::from), list: OnceCell::new() }
    }

    /// The object of this name, if there is one.
    pub(crate) async fn get(
        &self,
        view: &ClusterView,
        (namespace, name): (&str, &str),
    ) -> Result<Option<Found<'_, K>>, ReadError> {
        let own = self.namespace.as_deref();
        if own.is_some_and(|own| own != namespace) {
            return Ok(view.object(namespace, name).boxed().await?.map(Found::Single));
        }
        let list = self.list.get_or_try_init(|| view.shared(own).boxed()).await?;
        Ok(list.get(namespace, name).map(Found::Listed))
    }
}

impl ByName<Viewed<Ingress>> {
    /// The addresses of the Ingress that an object of this namespace names in its annotation.
    pub(crate) async fn targets(
        &self,
        view: &ClusterView,
        reference: &str,
        own: &str,
    ) -> Result<Result<TargetGroups, JoinFault>, ReadError> {
        let Some((namespace, name)) = full_name(reference, own) else {
            return Ok(Err(JoinFault::Reference(reference.into())));
        };
        let found = self.get(view, (namespace, name)).await?;
        let targets = found.map(|ingress| ingress.status.load_balancer.addresses_first());
        Ok(targets.ok_or_else(|| JoinFault::NoIngress(namespace.into(), name.into())))
    }
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
    pub(crate) async fn read(
        view: &ClusterView,
        namespace: Option<&str>,
    ) -> Result<Self, ReadError> {
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
            assert_eq!(full_name(reference, "own"), expected, "{reference:?}");
        }
    }
}
