//! What the provider cannot store is held back, with what would have gone to make room for it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use extdns_model::{Record, RecordSet, Role, Surroundings, Zone};
use smallvec::SmallVec;

use crate::runs::Name;
use crate::{Decision, Hold, RecordChange, RecordTypes};

/// Why a record set could not be stored where it would stand: a lower-case fragment with the remedy.
/// `None` if it can be stored.
pub type Refusal<'f> = dyn Fn(&RecordSet, Surroundings<'_>) -> Option<String> + 'f;

/// The zone of a name that is decided about.
pub(crate) struct Site<'s, 'a> {
    pub(crate) zone: &'s Zone,
    pub(crate) at_apex: bool,
    pub(crate) untouched: &'s Untouched<'a>,
}

/// The record sets of a zone that no plan touches, because their types are not managed: what comes
/// stands beside them. Collected only where something comes.
pub(crate) struct Untouched<'a> {
    records: &'a [Record],
    managed: &'a RecordTypes,
    by_name: OnceCell<HashMap<Cow<'a, str>, SmallVec<[&'a RecordSet; 2]>>>,
}

impl<'a> Untouched<'a> {
    pub(crate) fn new(records: &'a [Record], managed: &'a RecordTypes) -> Self {
        Self { records, managed, by_name: OnceCell::new() }
    }

    fn of(&self, key: &str) -> &[&'a RecordSet] {
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: HashMap<_, SmallVec<[_; 2]>> = HashMap::new();
            let sets = self.records.iter().map(|record| &record.set);
            for set in sets.filter(|set| !self.managed.contains(set.rtype)) {
                by_name.entry(set.name.key()).or_default().push(set);
            }
            by_name
        });
        by_name.get(key).map_or(&[], |sets| sets.as_slice())
    }
}

/// Holds back what is refused. A name must not lose its records and get nothing instead, so the
/// deletes under the set identifier of a create that is refused are held back with it.
pub(crate) fn hold<'r>(
    refusal: &Refusal<'_>,
    site: &Site<'_, 'r>,
    name: &Name<'_, 'r>,
    decisions: &mut [Decision<'r>],
) {
    let mut is_any_refused = false;
    for at in 0..decisions.len() {
        let decision = &decisions[at];
        let Some(endpoint) = decision.change.endpoint().filter(|_| decision.goes()) else {
            continue;
        };
        let beside = beside(site, name, decisions, at);
        let set = &endpoint.set;
        let (zone, at_apex) = (site.zone, site.at_apex);
        let around = Surroundings { zone, at_apex, role: Role::Record, beside: &beside };
        let Some(reason) = refusal(set, around) else { continue };
        let refused = match decision.change {
            RecordChange::Create(_) => Some(set.set_identifier()),
            _ => None,
        };
        is_any_refused = true;
        decisions[at].hold(Hold::CannotBeStored { reason });
        let gone = decisions.iter_mut().filter(|decision| {
            matches!(decision.change, RecordChange::Delete(_)) && decision.goes()
        });
        for decision in gone {
            if refused == Some(decision.change.set().set_identifier()) {
                decision.hold(Hold::Unit);
            }
        }
    }
    if is_any_refused {
        crate::unit::close(decisions);
    }
}

/// Whether a record set cannot stand beside another member of its name, which is all that speaks
/// against it.
pub(crate) fn excludes(
    refusal: &Refusal<'_>,
    site: &Site<'_, '_>,
    new: &RecordSet,
    old: &RecordSet,
) -> bool {
    let (zone, at_apex) = (site.zone, site.at_apex);
    let refuses = |beside: &[&RecordSet]| {
        refusal(new, Surroundings { zone, at_apex, role: Role::Record, beside }).is_some()
    };
    new.rtype == old.rtype
        && new.set_identifier() != old.set_identifier()
        && refuses(&[old])
        && !refuses(&[])
}

/// What the name has beside one of its decisions once all that go are carried out.
fn beside<'r>(
    site: &Site<'_, 'r>,
    name: &Name<'_, 'r>,
    decisions: &[Decision<'r>],
    but: usize,
) -> SmallVec<[&'r RecordSet; 4]> {
    let going = |decision: &&Decision<'r>| decision.goes();
    let is_replaced = |set: &RecordSet| {
        let records = decisions.iter().filter(going).filter_map(|it| it.change.record());
        records.into_iter().any(|record| std::ptr::eq(&record.set, set))
    };
    let stays = name.records.iter().map(|record| &record.item.set);
    let stays = stays.filter(|set| !is_replaced(set));
    let others = decisions.iter().enumerate().filter(|(at, _)| *at != but);
    let comes = others.map(|(_, decision)| decision).filter(going);
    let comes =
        comes.filter_map(|decision| decision.change.endpoint()).map(|endpoint| &endpoint.set);
    stays.chain(comes).chain(site.untouched.of(name.key).iter().copied()).collect()
}
