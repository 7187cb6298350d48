//! Which decisions about a name are done together or not at all.
//!
//! Example: two addresses of `shop` give way to a CNAME, and `api` changes its address and gets a
//! text. The CNAME cannot stand beside the addresses, so the three decisions about `shop` are one
//! unit. The two about `api` do not need each other.
//!
//! ```text
//! current                 desired                   decisions                    unit
//! shop A    192.0.2.1     shop CNAME lb.example.net  - shop A                    0
//! shop AAAA 2001:db8::1                              - shop AAAA                 0
//!                                                    + shop CNAME                0
//! api  A    192.0.2.2     api  A     192.0.2.3       ~ api A                     0
//!                         api  TXT   hello           + api TXT                   1
//! ```
//!
//! If the CNAME is then held, [`close`] holds both deletes with [`Hold::Unit`]: `shop` keeps its
//! addresses. Units are numbered within a name.

use smallvec::SmallVec;

use extdns_model::{RecordSet, RecordType, property_names};

use crate::conflict::excludes;
use crate::runs::id_and_type;
use crate::{Decision, DecisionState, Hold, RecordChange, Unit};

/// Gives units to the decisions about one name, which come in the order of set identifiers, and
/// holds back what cannot be done alone.
///
/// Each decision is a unit of its own, but for four cases:
/// * a record that gives way, with what comes in its place;
/// * a record set that is refused because of a record of another owner, with the deletes under its
///   set identifier: a name must not lose its records and get nothing instead;
/// * a name that turns from simple to routed or back, or of which a routed part turns into CNAMEs
///   or back, with everything that comes and goes;
/// * a routed name whose members get another kind of policy or another type, with all members.
///
/// What only the provider knows comes with [`join_exclusive`].
pub(crate) fn assign(decisions: &mut [Decision<'_>]) {
    for (index, decision) in decisions.iter_mut().enumerate() {
        decision.unit = number(index);
    }
    if decisions.len() > 1 {
        for range in by_set_identifier(decisions) {
            let decisions = &mut decisions[range];
            join(decisions, &replacement(decisions));
            join(decisions, &refusal(decisions));
        }
        join(decisions, &turn(decisions));
        close(decisions);
        join(decisions, &new_kind(decisions));
    }
    order(decisions);
}

/// Puts into one unit the members of a routed name of which one gets what another one has until now,
/// and of which only one may have it: a latency region, a failover role. `excludes` says whether the
/// first cannot stand beside the second.
///
/// ```text
/// current                          desired                         decisions        unit
/// web/east A  region us-east-1     web/east A  region us-west-2    ~ web/east A     0
/// web/west A  region us-west-2     web/west A  region us-east-1    ~ web/west A     0
/// ```
pub(crate) fn join_exclusive(
    decisions: &mut [Decision<'_>],
    excludes: impl Fn(&RecordSet, &RecordSet) -> bool,
) {
    let routed = members(decisions, |decision| decision.goes() && is_routed(decision));
    let pairs = routed.iter().flat_map(|new| routed.iter().map(move |old| (*new, *old)));
    let mut is_joined = false;
    for (new, old) in pairs {
        let (coming, going) = (&decisions[new], &decisions[old]);
        let (Some(endpoint), Some(record)) = (coming.change.endpoint(), going.change.record())
        else {
            continue;
        };
        if coming.unit != going.unit && excludes(&endpoint.set, &record.set) {
            join(decisions, &Members::from_slice(&[new, old]));
            is_joined = true;
        }
    }
    if is_joined {
        order(decisions);
    }
}

/// Holds back what shares a unit with something that is held back.
pub(crate) fn close(decisions: &mut [Decision<'_>]) {
    let mut held: SmallVec<[Unit; 4]> = decisions
        .iter()
        .filter(|decision| !decision.goes())
        .map(|decision| decision.unit)
        .collect();
    held.sort_unstable();
    for decision in decisions {
        if held.binary_search(&decision.unit).is_ok() {
            decision.hold(Hold::Unit);
        }
    }
}

type Members = SmallVec<[usize; 8]>;

/// Deletes with the creates that they give way to.
fn replacement(decisions: &[Decision<'_>]) -> Members {
    let (going, coming) = (members(decisions, is_delete), members(decisions, is_create));
    let meets = |one: usize, others: &Members| {
        let set = decisions[one].change.set();
        others.iter().any(|other| excludes(set, decisions[*other].change.set()))
    };
    let pairs = |from: &Members, to: &Members| -> Members {
        from.iter().copied().filter(|index| meets(*index, to)).collect()
    };
    let mut all = pairs(&going, &coming);
    all.extend(pairs(&coming, &going));
    all
}

/// Creates that are refused because of a record of another owner, with all deletes.
fn refusal(decisions: &[Decision<'_>]) -> Members {
    let mut all = members(decisions, |decision| is_create(decision) && !decision.goes());
    let going = members(decisions, is_delete);
    if all.is_empty() || going.is_empty() {
        return Members::new();
    }
    all.extend(going);
    all
}

/// Everything that comes and goes, if simple records give way to routed ones or the reverse, or a
/// routed name turns into CNAMEs or back.
fn turn(decisions: &[Decision<'_>]) -> Members {
    let (going, coming) = (members(decisions, is_delete), members(decisions, is_create));
    let turns = going.iter().any(|gone| {
        coming.iter().any(|new| {
            let (gone, new) = (&decisions[*gone], &decisions[*new]);
            let (gone, new) = (gone.change.set(), new.change.set());
            gone.set_identifier() != new.set_identifier() && excludes(gone, new)
        })
    });
    if turns { going.into_iter().chain(coming).collect() } else { Members::new() }
}

/// All changes of routed members, if what is there and what is wanted are of different kinds.
fn new_kind(decisions: &[Decision<'_>]) -> Members {
    let all = members(decisions, |decision| decision.goes() && is_routed(decision));
    if all.len() < 2 {
        return Members::new();
    }
    let changes = || all.iter().map(|index| &decisions[*index].change);
    let before = kinds(changes().filter_map(|change| change.record()).map(|record| &record.set));
    let after =
        kinds(changes().filter_map(|change| change.endpoint()).map(|endpoint| &endpoint.set));
    if before.is_empty() || after.is_empty() || before == after { Members::new() } else { all }
}

/// The kinds of routing among record sets. What a provider's properties mean is not known here, but
/// a policy of another kind (weights, regions, ..) has properties of other names.
fn kinds<'a>(sets: impl Iterator<Item = &'a RecordSet>) -> Vec<(bool, Vec<&'a str>)> {
    let mut kinds: Vec<_> = sets
        .map(|set| {
            let names = set.properties().iter().map(|property| property.name.as_str());
            let mut names: Vec<_> = names.filter(|name| *name != property_names::ALIAS).collect();
            names.sort_unstable();
            (set.rtype == RecordType::Cname, names)
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn members(decisions: &[Decision<'_>], belongs: impl Fn(&Decision<'_>) -> bool) -> Members {
    (0..decisions.len()).filter(|index| belongs(&decisions[*index])).collect()
}

/// Whether something goes, unless it stays for reasons that concern it alone.
fn is_delete(decision: &Decision<'_>) -> bool {
    matches!(decision.change, RecordChange::Delete(_)) && !stands_alone(decision)
}

fn is_create(decision: &Decision<'_>) -> bool {
    matches!(decision.change, RecordChange::Create(_)) && !stands_alone(decision)
}

/// The policy has already decided about these, and about those that they exclude.
fn stands_alone(decision: &Decision<'_>) -> bool {
    matches!(decision.state, DecisionState::Held(Hold::Policy | Hold::Coexistence))
}

fn is_routed(decision: &Decision<'_>) -> bool {
    !decision.change.set().set_identifier().is_empty()
}

fn by_set_identifier(decisions: &[Decision<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut start = 0;
    decisions
        .chunk_by(|a, b| a.change.set().set_identifier() == b.change.set().set_identifier())
        .map(|chunk| {
            let range = start..start + chunk.len();
            start = range.end;
            range
        })
        .collect()
}

/// Puts these decisions, and those that share a unit with one of them, into one unit.
fn join(decisions: &mut [Decision<'_>], together: &Members) {
    let mut units: SmallVec<[Unit; 8]> =
        together.iter().map(|index| decisions[*index].unit).collect();
    units.sort_unstable();
    let Some(&first) = units.first() else { return };
    for decision in decisions {
        if units.binary_search(&decision.unit).is_ok() {
            decision.unit = first;
        }
    }
}

/// Deletes first, then the rest, by set identifier and type; units are numbered as they appear.
fn order(decisions: &mut [Decision<'_>]) {
    let is_kept = |decision: &Decision<'_>| !matches!(decision.change, RecordChange::Delete(_));
    decisions.sort_by(|a, b| {
        let order = is_kept(a).cmp(&is_kept(b));
        order.then_with(|| id_and_type(a.change.set()).cmp(&id_and_type(b.change.set())))
    });
    let mut seen: SmallVec<[(Unit, Unit); 8]> = SmallVec::new();
    for decision in decisions {
        let next = number(seen.len());
        decision.unit = match seen.binary_search_by_key(&decision.unit, |(old, _)| *old) {
            Ok(found) => seen[found].1,
            Err(index) => {
                seen.insert(index, (decision.unit, next));
                next
            }
        };
    }
}

/// Beyond 65,536 decisions about one name, the rest is one unit.
fn number(index: usize) -> Unit {
    Unit(u16::try_from(index).unwrap_or(u16::MAX))
}
