//! Several endpoints want one record set: which of them gets it.

use std::cmp::Ordering;

use extdns_model::{Endpoint, Property, Record, RecordSet, RecordType, ZoneKey};

use crate::runs::Keyed;

/// An endpoint whose record set went to another endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Loser<'a> {
    /// The zone.
    pub zone: ZoneKey,
    /// The endpoint that does not get the record set.
    pub endpoint: &'a Endpoint,
    /// The endpoint that gets it.
    pub winner: &'a Endpoint,
    /// Why.
    pub rule: Rule,
}

/// The rule by which one of several endpoints gets a record set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It has fewer targets, or its targets come first.
    Preferred,
    /// It is of the resource that has the record now.
    KeepsResource,
    /// The loser is a CNAME, which cannot stand beside another type of its name.
    NoCnameBeside,
    /// It is of the cluster that has the name now.
    KeepsCluster,
    /// Its cluster comes first in the settings.
    FirstCluster,
    /// The two are of clusters that share the name, but record sets of their types cannot be one.
    CannotMerge,
}

/// Whether two record sets of one name cannot stand beside each other: a CNAME beside another type
/// (RFC 1034, 3.6.2), with any set identifiers; a simple record beside a routed one of its
/// type.
pub(crate) fn excludes(a: &RecordSet, b: &RecordSet) -> bool {
    is_cname(a) != is_cname(b) || (a.rtype == b.rtype && is_simple(a) != is_simple(b))
}

fn is_cname(set: &RecordSet) -> bool {
    set.rtype == RecordType::Cname
}

fn is_simple(set: &RecordSet) -> bool {
    set.set_identifier().is_empty()
}

/// Whether the desired endpoints for one set identifier of a name ask for a CNAME and for something
/// else: then the CNAME is discarded.
pub(crate) fn discards_cname(desired: &[Keyed<'_, Endpoint>]) -> bool {
    let is_cname = |endpoint: &Keyed<'_, Endpoint>| is_cname(endpoint.set());
    desired.len() > 1 && desired.iter().any(is_cname) && !desired.iter().all(is_cname)
}

/// The candidate that gets the record set: the best of those of the resource that has it now, else
/// the best of all.
pub(crate) fn winner<'a>(
    current: Option<&Record>,
    candidates: &[Keyed<'a, Endpoint>],
) -> Option<&'a Endpoint> {
    if let [] | [_] = candidates {
        return candidates.first().map(|only| only.item);
    }
    let best = |of: &dyn Fn(&Endpoint) -> bool| {
        let candidates = candidates.iter().map(|candidate| candidate.item);
        candidates.filter(|candidate| of(candidate)).min_by(|a, b| preference(a, b))
    };
    let keeping = current.and_then(|record| {
        let resource = record.labels.resource().unwrap_or_default();
        best(&|candidate| candidate.resource_label().unwrap_or_default() == resource)
    });
    keeping.or_else(|| best(&|_| true))
}

/// The rule by which one candidate won over another.
pub(crate) fn rule(winner: &Endpoint, loser: &Endpoint) -> Rule {
    if preference(loser, winner) == Ordering::Less { Rule::KeepsResource } else { Rule::Preferred }
}

/// The order among candidates. Everything that differs in a report or in a zone is compared, so that
/// the order in which endpoints were found never matters.
pub(crate) fn preference(a: &Endpoint, b: &Endpoint) -> Ordering {
    let properties = |endpoint: &Endpoint| {
        let mut list: Vec<Property> = endpoint.set.properties().iter().cloned().collect();
        list.sort_unstable();
        list
    };
    a.set
        .targets
        .preference(&b.set.targets)
        .then_with(|| a.resource_label().cmp(&b.resource_label()))
        .then_with(|| a.set.targets.as_slice().cmp(b.set.targets.as_slice()))
        .then_with(|| a.set.ttl.cmp(&b.set.ttl))
        .then_with(|| properties(a).cmp(&properties(b)))
        .then_with(|| a.attribution.resources().cmp(b.attribution.resources()))
        .then_with(|| a.set.name.cmp(&b.set.name))
        .then_with(|| a.hints().zone.cmp(&b.hints().zone))
}
