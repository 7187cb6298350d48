//! What is to be done about one name in one zone.

use extdns_model::{DomainFilter, Endpoint, Owners, Record, RecordSet, RecordType, ZoneKey};

use crate::conflict::{discards_cname, excludes, preference, rule, winner};
use crate::runs::{HasSet as _, Keyed, Name, Run, runs};
use crate::sharing::Lost;
use crate::{
    Cause, Decision, DecisionState, Differences, Hold, Loser, RecordChange, Rule, Settings, Unit,
};

/// The type of the record with which a zone begins.
const SOA: RecordType = RecordType::Other(6);

/// Decides about names.
pub(crate) struct Decider<'a> {
    settings: &'a Settings,
    provider_filter: &'a DomainFilter,
    /// Whether the name that is decided about is the apex of its zone.
    at_apex: bool,
    losers: Vec<Loser<'a>>,
}

impl<'a> Decider<'a> {
    pub(crate) fn new(settings: &'a Settings, provider_filter: &'a DomainFilter) -> Self {
        Self { settings, provider_filter, at_apex: false, losers: Vec::new() }
    }

    /// Whether the run looks at a record set at all.
    pub(crate) fn is_in_scope(&self, set: &RecordSet) -> bool {
        self.manages(set.rtype) && self.filters_match(&set.name)
    }

    /// Whether a type is managed.
    pub(crate) fn manages(&self, rtype: RecordType) -> bool {
        self.settings.types.contains(rtype)
    }

    /// Whether the user said that a type is not to be managed.
    pub(crate) fn excludes(&self, rtype: RecordType) -> bool {
        self.settings.types.excludes(rtype)
    }

    /// Whether the domain filters let a name through.
    pub(crate) fn filters_match(&self, name: &extdns_model::Name) -> bool {
        let matches = self.settings.filter.matches(name) && self.provider_filter.matches(name);
        if !matches {
            tracing::debug!(%name, "not in scope of the domain filters");
        }
        matches
    }

    /// Says whether the next name is the apex of its zone.
    pub(crate) fn at_apex(&mut self, is_apex: bool) {
        self.at_apex = is_apex;
    }

    /// Notes the endpoints that do not get a name because of what other clusters want.
    pub(crate) fn note_lost(&mut self, zone: ZoneKey, lost: &[Lost<'a>]) {
        self.losers.extend(lost.iter().map(|lost| Loser {
            zone,
            endpoint: lost.endpoint,
            winner: lost.winner,
            rule: lost.rule,
        }));
    }

    pub(crate) fn into_losers(self) -> Vec<Loser<'a>> {
        self.losers
    }

    /// The decisions about a name of a zone that was read.
    pub(crate) fn decide(&mut self, zone: ZoneKey, name: &Name<'_, 'a>) -> Vec<Decision<'a>> {
        let mut decisions = self.propose(zone, name);
        if !decisions.is_empty() {
            self.refuse_creates(&mut decisions, name.records);
            note_what_gives_way(&mut decisions);
            self.settings.policy.restrict(&mut decisions);
            crate::unit::assign(&mut decisions);
        }
        decisions
    }

    /// The decisions about a name in a zone that could not be read: all of them are held.
    pub(crate) fn hold_desired(&mut self, zone: ZoneKey, name: &Name<'_, 'a>) -> Vec<Decision<'a>> {
        let mut decisions = self.propose(zone, name);
        hold_all(&mut decisions, &Hold::UnreadableZone);
        crate::unit::assign(&mut decisions);
        decisions
    }

    /// The decisions that turn the current records into the desired ones, by set identifier and
    /// type.
    fn propose(&mut self, zone: ZoneKey, name: &Name<'_, 'a>) -> Vec<Decision<'a>> {
        let mut decisions = Vec::new();
        let sets = runs(
            name.records,
            name.desired,
            |record| record.set().set_identifier(),
            |endpoint| endpoint.set().set_identifier(),
        );
        for set in sets {
            self.propose_for_set(zone, name.key, &set, &mut decisions);
        }
        decisions
    }

    fn propose_for_set(
        &mut self,
        zone: ZoneKey,
        name: &str,
        set: &Run<'_, 'a, &str>,
        decisions: &mut Vec<Decision<'a>>,
    ) {
        let no_cname = discards_cname(set.desired);
        let mut first_winner = None;
        let types = runs(
            set.records,
            set.desired,
            |record| record.set().rtype,
            |endpoint| endpoint.set().rtype,
        );
        for Run { key: rtype, records, desired } in types {
            let discarded = no_cname && rtype == RecordType::Cname;
            let candidates = if discarded { &[] } else { desired };
            // Of records with one key, the last one counts.
            let current = records.last().map(|record| record.item);
            let chosen = winner(current, candidates);
            if let Some(chosen) = chosen {
                first_winner = first_winner.or(Some(chosen));
                self.note_losers(zone, chosen, candidates, |loser| rule(chosen, loser));
            }
            decisions.extend(self.propose_change(records, current, chosen, discarded));
        }
        if let (true, Some(first)) = (no_cname, first_winner) {
            tracing::debug!(name, "conflicting record types are wanted; the CNAME is discarded");
            let is_cname =
                |endpoint: &&Keyed<'a, Endpoint>| endpoint.set().rtype == RecordType::Cname;
            self.note_losers(zone, first, set.desired.iter().filter(is_cname), |_| {
                Rule::NoCnameBeside
            });
        }
    }

    /// Losers stand in the order of preference, not in the order in which they were found.
    fn note_losers<'s>(
        &mut self,
        zone: ZoneKey,
        winner: &'a Endpoint,
        candidates: impl IntoIterator<Item = &'s Keyed<'a, Endpoint>>,
        rule: impl Fn(&Endpoint) -> Rule,
    ) where
        'a: 's,
    {
        let first = self.losers.len();
        let losers = candidates.into_iter().map(|candidate| candidate.item);
        self.losers.extend(
            losers.filter(|loser| !std::ptr::eq(*loser, winner)).map(|endpoint| Loser {
                zone,
                endpoint,
                winner,
                rule: rule(endpoint),
            }),
        );
        self.losers[first..].sort_by(|a, b| preference(a.endpoint, b.endpoint));
    }

    /// The change of one record set, if there is one.
    fn propose_change(
        &self,
        records: &[Keyed<'a, Record>],
        current: Option<&'a Record>,
        wanted: Option<&'a Endpoint>,
        discarded: bool,
    ) -> Option<Decision<'a>> {
        let owners = &self.settings.owners;
        let strange = || records.iter().find_map(|record| self.hold_of_strange(record.item));
        match (current, wanted) {
            (None, None) => None,
            (None, Some(endpoint)) => Some(go(RecordChange::Create(endpoint), Cause::Missing)),
            (Some(record), None) => strange().is_none().then(|| {
                let cause = if discarded { Cause::GivesWay } else { Cause::Unwanted };
                go(RecordChange::Delete(record), cause)
            }),
            (Some(record), Some(endpoint)) => {
                let mut differences = differences(record, endpoint, owners);
                let strange = strange();
                // Never rewrite an ownership record of another owner.
                differences.ownership &= strange.is_none();
                let is_another = matches!(strange, Some(Hold::Foreign { .. } | Hold::InDoubt(_)));
                let cause = match differences.any() {
                    true => Cause::Differs(differences),
                    // The record is as desired; the only thing to report is that it is not ours.
                    false if is_another => Cause::Unowned,
                    false => return None,
                };
                let mut update = go(RecordChange::Update { record, endpoint }, cause);
                if let Some(hold) = strange {
                    update.hold(hold);
                }
                Some(update)
            }
        }
    }

    /// Why a record is not ours to change; `None` if it is ours.
    fn hold_of_strange(&self, record: &Record) -> Option<Hold> {
        let owners = &self.settings.owners;
        if let Some(reason) = record.read_only() {
            return Some(Hold::ReadOnly { reason });
        }
        if self.is_zones_own(record) {
            return Some(Hold::ReadOnly { reason: "belongs to the zone itself" });
        }
        if owners.own(&record.labels) {
            return None;
        }
        Some(match record.doubt() {
            Some(doubt) => Hold::InDoubt(Box::new(doubt.clone())),
            None => Hold::Foreign { owner: record.labels.owner().map(Into::into) },
        })
    }

    /// Whether a record is the NS or SOA set with which its zone was made. It belongs to no owner,
    /// even without ownership records, unless an ownership record says that it is ours.
    fn is_zones_own(&self, record: &Record) -> bool {
        self.at_apex
            && matches!(record.set.rtype, RecordType::Ns | SOA)
            && (record.labels.owner().is_none() || !self.settings.owners.own(&record.labels))
    }

    /// Holds back creates where a record that is not ours stands in the way.
    fn refuse_creates(&self, decisions: &mut [Decision<'_>], records: &[Keyed<'_, Record>]) {
        for decision in decisions {
            if let RecordChange::Create(endpoint) = decision.change
                && let Some(hold) = records.iter().find_map(|record| {
                    let in_the_way = self.is_in_the_way(record.item, endpoint);
                    in_the_way.then(|| self.hold_of_strange(record.item)).flatten()
                })
            {
                decision.hold(hold);
            }
        }
    }

    /// Whether a record that is not ours prevents a create. Members of a routed family are
    /// siblings; a simple record excludes every other one, except the NS and SOA sets of an apex.
    /// Without ownership records, only what DNS does not allow is prevented.
    fn is_in_the_way(&self, record: &Record, endpoint: &Endpoint) -> bool {
        if self.settings.owners.is_empty() || self.is_zones_own(record) {
            return excludes(record.set(), endpoint.set());
        }
        let (theirs, wanted) = (record.set.set_identifier(), endpoint.set.set_identifier());
        theirs.is_empty() || wanted.is_empty() || theirs == wanted
    }
}

/// Holds back all decisions about a name for one reason.
pub(crate) fn hold_all(decisions: &mut [Decision<'_>], hold: &Hold) {
    for decision in decisions {
        decision.hold(hold.clone());
    }
}

fn go<'a>(change: RecordChange<'a>, cause: Cause) -> Decision<'a> {
    Decision { change, cause, state: DecisionState::Go, unit: Unit(0) }
}

/// How a record differs from what is desired. Of its labels only owner and clusters are compared,
/// and a TTL that is not configured is not compared.
fn differences(record: &Record, endpoint: &Endpoint, owners: &Owners) -> Differences {
    let (have, want) = (&record.set, &endpoint.set);
    Differences {
        targets: !want.targets.same_as(&have.targets, want.rtype),
        ttl: want.ttl.is_set() && want.ttl != have.ttl,
        properties: !want.properties().same_as(have.properties()),
        ownership: record.refresh().is_some() || !owners.attributes(&record.labels, endpoint),
    }
}

/// A record that is deleted because another one replaces it has a cause of its own.
fn note_what_gives_way(decisions: &mut [Decision<'_>]) {
    let coming: smallvec::SmallVec<[&RecordSet; 4]> = decisions
        .iter()
        .filter(|decision| matches!(decision.change, RecordChange::Create(_)))
        .map(|decision| decision.change.set())
        .collect();
    for decision in decisions {
        if let RecordChange::Delete(record) = decision.change
            && coming.iter().any(|set| excludes(set, &record.set))
        {
            decision.cause = Cause::GivesWay;
        }
    }
}
