//! The objects that have a name, and what became of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use extdns_clusters::ClusterView;
use extdns_model::{ClusterId, Endpoint, Name, RecordType, Resource, Targets};
use extdns_plan::{Plan, Rule};
use extdns_providers::{AdaptationKind, Adjusted};
use extdns_registry::Annotated;
use extdns_sources::{DropReason, Dropped, HiddenBy, Sighting};

use crate::gather::Gathered;
use crate::wiring::Target;

/// One object that has the name, and one record type that it wants there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The object; `None` for a record that a run makes by itself (PTR).
    pub resource: Option<Arc<Resource>>,
    /// Its cluster, where there are several.
    pub cluster: Option<String>,
    /// The type, where it came so far as to have one.
    pub rtype: Option<RecordType>,
    /// The targets, where it came so far as to have some.
    pub targets: Targets,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a desired endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The object, or the place in it where the name stands, is not looked at.
    Hidden(HiddenBy),
    /// It has no address yet.
    Unready,
    /// It has nothing to publish under the name.
    NothingToPublish,
    /// It cannot become a record.
    Dropped(DropReason),
    /// The provider stores it in another form: in which, and why.
    Changed(String),
    /// The provider cannot store it: why not.
    Refused(String),
    /// The user's filter leaves the name out.
    OutsideFilter,
    /// The provider's own filter leaves the name out.
    OutsideProvider,
    /// The type is not managed.
    TypeNotManaged(RecordType),
    /// The name lies in no zone.
    NoZone,
    /// Another object has the record set.
    Lost {
        /// That object; the record, if no object made it.
        to: String,
        /// By which rule.
        rule: Rule,
    },
    /// The plan uses it.
    Taken,
    /// It is not known, because the zones could not be read.
    Unknown,
}

/// What is known of an object that has the name.
#[derive(Clone, Default)]
struct Known {
    hidden: Option<HiddenBy>,
    /// What it came to, but for endpoints.
    fates: Vec<(Option<RecordType>, Fate)>,
}

/// The objects that have the name, in order.
#[derive(Clone)]
pub(super) struct Sighted {
    key: String,
    /// Names of clusters by number, where there are several.
    clusters: BTreeMap<u16, String>,
    known: BTreeMap<Option<Arc<Resource>>, Known>,
}

impl Sighted {
    pub(super) fn new(name: &Name, views: &[ClusterView]) -> Self {
        let several = views.iter().filter(|_| views.len() > 1);
        let clusters = several.map(|view| (view.id().0, view.name().to_string())).collect();
        Self { key: name.key().into_owned(), clusters, known: BTreeMap::new() }
    }

    /// Those of some clusters.
    pub(super) fn only_of(mut self, clusters: &[ClusterId]) -> Self {
        self.known.retain(|resource, _| {
            resource.as_ref().is_none_or(|own| clusters.contains(&own.cluster))
        });
        self
    }

    pub(super) fn add_sightings(&mut self, sightings: Vec<Sighting>) {
        for Sighting { resource, hidden } in sightings {
            self.known.entry(Some(resource)).or_default().hidden = hidden;
        }
    }

    /// Adds what an ordinary run found.
    pub(super) fn add_found(&mut self, gathered: &Gathered, dropped: &[Dropped], name: &Name) {
        for unready in gathered.unready.iter().filter(|unready| unready.name.key() == name.key()) {
            self.note(Some(&unready.resource), None, Fate::Unready);
        }
        for dropped in gathered.dropped.iter().chain(dropped) {
            for resource in some_or_none(&dropped.resources) {
                // An object that is dropped as a whole is so under each of its names.
                let is_meant = match &dropped.name {
                    Some(name) => *Name::as_listed(name).key() == *self.key,
                    None => self.known.contains_key(&resource.cloned()),
                };
                if is_meant {
                    self.note(resource, dropped.rtype, Fate::Dropped(dropped.reason.clone()));
                }
            }
        }
    }

    /// Adds what the provider stores in another form, or not at all.
    pub(super) fn add_adapted(&mut self, adjusted: &Adjusted, name: &Name) {
        for note in adjusted.notes.iter().filter(|note| note.name.key() == name.key()) {
            let fate = match note.kind {
                AdaptationKind::Changed => Fate::Changed(note.reason.clone()),
                AdaptationKind::Dropped | AdaptationKind::Missing => {
                    Fate::Refused(note.reason.clone())
                }
            };
            for resource in some_or_none(note.attribution.resources()) {
                self.note(resource, Some(note.rtype), fate.clone());
            }
        }
    }

    fn note(&mut self, resource: Option<&Arc<Resource>>, rtype: Option<RecordType>, fate: Fate) {
        let known = self.known.entry(resource.cloned()).or_default();
        if !known.fates.iter().any(|noted| *noted == (rtype, fate.clone())) {
            known.fates.push((rtype, fate));
        }
    }

    /// The desired endpoints where nothing could be planned.
    pub(super) fn unplanned(self, desired: &[Endpoint]) -> Vec<Desired> {
        self.settle(desired, |_| Fate::Unknown)
    }

    /// The desired endpoints, and what the plan made of them.
    pub(super) fn planned(
        self,
        target: &Target,
        annotated: &Annotated,
        desired: &[Endpoint],
        plan: &Plan<'_>,
    ) -> Vec<Desired> {
        self.settle(desired, |endpoint| {
            let set = &endpoint.set;
            let same = |other: &&Endpoint| std::ptr::eq(*other, endpoint);
            if !target.plan.filter.matches(&set.name) {
                Fate::OutsideFilter
            } else if !annotated.inventory.filter.matches(&set.name) {
                Fate::OutsideProvider
            } else if !target.plan.types.contains(set.rtype) {
                Fate::TypeNotManaged(set.rtype)
            } else if plan.unrouted.iter().any(same) {
                Fate::NoZone
            } else if let Some(lost) = plan.losers.iter().find(|lost| same(&lost.endpoint)) {
                let winner = lost.winner.attribution.first();
                let to = winner.map_or_else(|| lost.winner.set.to_string(), ToString::to_string);
                Fate::Lost { to, rule: lost.rule }
            } else {
                Fate::Taken
            }
        })
    }

    /// One entry for each object and type.
    fn settle(mut self, desired: &[Endpoint], fate: impl Fn(&Endpoint) -> Fate) -> Vec<Desired> {
        let mut found: Vec<(Option<Arc<Resource>>, &Endpoint)> = Vec::new();
        for endpoint in desired.iter().filter(|endpoint| *endpoint.set.name.key() == *self.key) {
            for resource in some_or_none(endpoint.attribution.resources()) {
                self.known.entry(resource.cloned()).or_default();
                found.push((resource.cloned(), endpoint));
            }
        }
        let Self { clusters, known, .. } = self;
        let mut desired = Vec::new();
        for (resource, Known { hidden, fates }) in known {
            let cluster = resource.as_ref().and_then(|own| clusters.get(&own.cluster.0).cloned());
            let entry = |rtype, targets, fate| Desired {
                resource: resource.clone(),
                cluster: cluster.clone(),
                rtype,
                targets,
                fate,
            };
            let own = found.iter().filter(|(of, _)| *of == resource).map(|(_, endpoint)| *endpoint);
            let own = own.map(|it| entry(Some(it.set.rtype), it.set.targets.clone(), fate(it)));
            let mut all: Vec<Desired> =
                fates.into_iter().map(|(rtype, fate)| entry(rtype, Targets::new(), fate)).collect();
            all.extend(own);
            if all.is_empty() {
                let fate = hidden.map_or(Fate::NothingToPublish, Fate::Hidden);
                all.push(entry(None, Targets::new(), fate));
            }
            desired.append(&mut all);
        }
        desired
    }
}

/// The resources; nothing, once, if there are none.
fn some_or_none(resources: &[Arc<Resource>]) -> impl Iterator<Item = Option<&Arc<Resource>>> {
    resources.iter().map(Some).chain(resources.is_empty().then_some(None))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use extdns_model::{ClusterId, Name, Resource, ResourceKind};
    use extdns_sources::{DropReason, Dropped, Sighting};

    use super::{Fate, Sighted};
    use crate::gather::Gathered;
    use crate::report;

    #[test]
    fn an_object_that_is_dropped_as_a_whole_is_so_under_each_of_its_names() {
        let object = |name: &str| {
            let (cluster, kind) = (ClusterId(0), ResourceKind::other("httproute"));
            Arc::new(Resource { cluster, kind, namespace: Some("shop".into()), name: name.into() })
        };
        let reason = DropReason::Source("a parentRef has no name".into());
        let whole = |name: &str| Dropped {
            resources: vec![object(name)],
            name: None,
            rtype: None,
            reason: reason.clone(),
        };
        let gathered =
            Gathered { dropped: vec![whole("web"), whole("other")], ..Gathered::default() };
        let name = Name::as_listed("www.example.org");
        let mut sighted = Sighted::new(&name, &[]);
        sighted.add_sightings(vec![Sighting { resource: object("web"), hidden: None }]);
        sighted.add_found(&gathered, &[], &name);
        let found = sighted.unplanned(&[]);
        assert_eq!(found.len(), 1, "the other object does not have the name: {found:?}");
        assert_eq!(found[0].resource, Some(object("web")));
        assert_eq!(found[0].fate, Fate::Dropped(reason));

        let notice = report::dropped(&gathered.dropped[0]);
        assert_eq!(notice.subject, "httproute/shop/web");
        assert_eq!(notice.message, "a parentRef has no name");
    }
}
