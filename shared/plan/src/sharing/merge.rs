//! All clusters get a name: its records have the targets of each.

use std::sync::Arc;

use extdns_model::{Attribution, Endpoint, Record, RecordSet, RecordType, Resource, Targets};

use super::{Candidate, Lost, Shared, Sharer, keyed, same_identifier};
use crate::Rule;
use crate::claim::ClusterSet;
use crate::conflict::{excludes, rule, winner};
use crate::runs::{Keyed, Name};

impl<'a> Sharer<'_, 'a> {
    /// Whether a record belongs to a frozen cluster that is not among these: what it wants is not
    /// known.
    pub(super) fn lacks(&self, record: &Record, wanting: &ClusterSet) -> bool {
        let claim = self.claims.of_record(&record.labels);
        claim.clusters.iter().any(|id| self.freeze.is_frozen(id) && !wanting.contains(id))
    }

    /// The union of targets, where types allow; whoever comes later loses where they do not.
    pub(super) fn merge(&self, name: &Name<'_, 'a>) -> Shared<'a> {
        let candidates = self.candidates(name);
        let mut accepted: Vec<Candidate<'a>> = Vec::new();
        let mut lost = Vec::new();
        for candidate in &candidates {
            let is_out = |it: &Candidate<'a>| is_discarded(it, &candidates);
            let rivals: Vec<_> = accepted.iter().filter(|it| !is_out(it)).copied().collect();
            match candidate.rival(&rivals, cannot_merge).filter(|_| !is_out(candidate)) {
                Some(rival) => {
                    lost.push(Lost { rule: Rule::CannotMerge, ..candidate.loses_to(rival) })
                }
                None => accepted.push(*candidate),
            }
        }
        let mut desired = Vec::new();
        while let Some(first) = accepted.first().copied() {
            let is_of_set = |it: &mut Candidate<'a>| {
                same_identifier(it, &first) && it.set().rtype == first.set().rtype
            };
            let of_set: Vec<_> = accepted.extract_if(.., is_of_set).collect();
            self.unite(name, &of_set, &mut desired, &mut lost);
        }
        Shared { desired: keyed(desired.into_iter()), lost }
    }

    /// Unites the endpoints of one record set: of each cluster the one that it would get alone.
    fn unite(
        &self,
        name: &Name<'_, 'a>,
        of_set: &[Candidate<'a>],
        desired: &mut Vec<&'a Endpoint>,
        lost: &mut Vec<Lost<'a>>,
    ) {
        let Some(first) = of_set.first() else { return };
        let current = self.records(name).find(|record| is_same(&record.set, first.set()));
        let wanting: ClusterSet =
            of_set.iter().flat_map(|it| it.endpoint.attribution.clusters()).collect();
        let is_kept = current.is_some_and(|record| self.lacks(record, &wanting));
        let is_shared = of_set.iter().any(|it| it.is_of_another(first));
        let is_nobodys = wanting.iter().next().is_none();
        if !is_mergeable(first.set()) || !(is_kept || is_shared) || is_nobodys {
            desired.extend(of_set.iter().map(|it| it.endpoint));
            return;
        }
        let mut ranks: Vec<_> = wanting.iter().map(|cluster| self.rank(name, cluster)).collect();
        ranks.sort_unstable();
        let mut winners: Vec<&'a Endpoint> = Vec::new();
        let mut losers: Vec<Lost<'a>> = Vec::new();
        for rank in ranks {
            let of_cluster = of_set.iter().filter(|it| it.rank.is_none() || it.is_of(rank.cluster));
            let of_cluster: Vec<_> = of_cluster.map(|it| Keyed::new(it.endpoint)).collect();
            let Some(chosen) = winner(current, &of_cluster) else { continue };
            if !is_among(&winners, chosen) {
                winners.push(chosen);
            }
            losers.extend(of_cluster.iter().map(|it| Lost {
                endpoint: it.item,
                winner: chosen,
                rule: rule(chosen, it.item),
            }));
        }
        for loser in losers {
            let known: Vec<_> = lost.iter().map(|it| it.endpoint).collect();
            if !is_among(&winners, loser.endpoint) && !is_among(&known, loser.endpoint) {
                lost.push(loser);
            }
        }
        desired.extend(self.united(&winners, current, is_kept));
    }

    /// One endpoint with the targets of all. Where the current record belongs to a cluster that
    /// could not be read in full, its targets are kept, and so is that cluster among those that want
    /// it.
    fn united(
        &self,
        winners: &[&'a Endpoint],
        current: Option<&Record>,
        is_kept: bool,
    ) -> Option<&'a Endpoint> {
        let mut united = Endpoint::clone(winners.first()?);
        let rtype = united.set.rtype;
        // A cluster may name one target twice. Without this, the targets would depend on who is first.
        united.set.targets = Targets::default();
        united.attribution = Attribution::default();
        for winner in winners {
            add(&mut united.set.targets, &winner.set.targets, rtype);
            united.attribution.unite(&winner.attribution);
        }
        if let Some(record) = current {
            if is_kept
                && !record.set.is_alias()
                && let Some(missing) = self.missing(record, &united.attribution)
            {
                add(&mut united.set.targets, &record.set.targets, rtype);
                united.attribution = missing;
            }
            united.attribution = self.kept_order(record, &united.attribution);
        }
        Some(self.made.keep(united))
    }

    /// The attribution with the frozen clusters that the record belongs to, as if they still wanted
    /// it for the object that its label names. `None` if that is not known.
    fn missing(&self, record: &Record, known: &Attribution) -> Option<Attribution> {
        let object = record.labels.resource().and_then(Resource::of_label)?;
        let claim = self.claims.of_record(&record.labels);
        let clusters = known.clusters();
        let frozen = claim.clusters.iter();
        let frozen = frozen.filter(|id| self.freeze.is_frozen(*id) && !clusters.contains(id));
        let missing = frozen.map(|cluster| Arc::new(Resource { cluster, ..object.clone() }));
        Some(missing.chain(known.resources().iter().cloned()).collect())
    }

    /// The attribution in an order that keeps the owner id of the record: the first resource decides
    /// it. The rank of a cluster follows from all records of the name, so that two records of one
    /// name would exchange their owner ids in each run.
    fn kept_order(&self, record: &Record, known: &Attribution) -> Attribution {
        let mut all: Vec<Arc<Resource>> = known.resources().to_vec();
        all.sort_by_key(|own| !self.claims.bears_id_of(&record.labels, own.cluster));
        all.into_iter().collect()
    }
}

/// Whether two record sets of one name, of different clusters, can neither be one nor stand beside
/// each other.
fn cannot_merge(a: &RecordSet, b: &RecordSet) -> bool {
    excludes(a, b) || (is_same(a, b) && !(is_mergeable(a) && is_mergeable(b)))
}

fn is_same(a: &RecordSet, b: &RecordSet) -> bool {
    a.rtype == b.rtype && a.set_identifier() == b.set_identifier()
}

/// Whether a record set may have the targets of several clusters. An alias has one target.
fn is_mergeable(set: &RecordSet) -> bool {
    use RecordType::{A, Aaaa, Mx, Srv, Txt};
    matches!(set.rtype, A | Aaaa | Mx | Srv | Txt) && !set.is_alias()
}

/// Whether a CNAME gives way to what its own cluster wants beside it.
fn is_discarded(candidate: &Candidate<'_>, all: &[Candidate<'_>]) -> bool {
    let is_cname = |it: &Candidate<'_>| it.set().rtype == RecordType::Cname;
    is_cname(candidate)
        && all.iter().any(|it| {
            !is_cname(it) && !it.is_of_another(candidate) && same_identifier(it, candidate)
        })
}

fn is_among(endpoints: &[&Endpoint], one: &Endpoint) -> bool {
    endpoints.iter().any(|it| std::ptr::eq(*it, one))
}

/// Adds the targets that are not there yet.
fn add(targets: &mut Targets, more: &Targets, rtype: RecordType) {
    for target in more {
        if !targets.cover(&std::iter::once(target.clone()).collect(), rtype) {
            targets.push(target.clone());
        }
    }
}
