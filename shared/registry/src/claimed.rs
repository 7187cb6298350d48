//! The groups that are sent, after the ownership records of a store were claimed.

use std::borrow::Cow;

use extdns_model::{After, ChangeGroup, GroupId, NotSent, Outcome};

use crate::Refused;

/// The groups whose ownership records were made. The others have their outcome already.
#[derive(Debug)]
pub struct Claimed<'a> {
    groups: Cow<'a, [ChangeGroup]>,
    /// Of every group: its outcome, where it is not sent.
    outcomes: Vec<Option<Outcome>>,
}

impl<'a> Claimed<'a> {
    /// Leaves out the groups that were refused, those that wait for one of them, and those that
    /// change nothing in a zone. The others get new ids, as the id of a group is its position.
    #[must_use]
    pub fn new(groups: &'a [ChangeGroup], refused: Vec<(GroupId, Refused)>) -> Self {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; groups.len()];
        for (group, why) in refused {
            outcomes[group.0 as usize] = Some(match why {
                Refused::Taken(failure) => Outcome::Rejected(failure),
                Refused::Foreign(why) => Outcome::NotSent(NotSent::Foreign(why)),
                Refused::Failed(failure) => Outcome::NotSent(NotSent::Stopped(failure)),
            });
        }
        for (at, group) in groups.iter().enumerate().filter(|(_, group)| !group.after.is_empty()) {
            let failed = |after: &&After| {
                let outcome = outcomes[after.group().0 as usize].as_ref();
                outcome.is_some_and(|outcome| *outcome != Outcome::Applied)
            };
            if let (None, Some(after)) = (&outcomes[at], group.after.iter().find(failed)) {
                outcomes[at] = Some(Outcome::NotSent(after.not_sent()));
            }
        }
        for (outcome, group) in outcomes.iter_mut().zip(groups) {
            if outcome.is_none() && group.changes.is_empty() {
                *outcome = Some(Outcome::Applied);
            }
        }
        if outcomes.iter().all(Option::is_none) {
            return Self { groups: Cow::Borrowed(groups), outcomes };
        }
        Self { groups: Cow::Owned(renumbered(groups, &outcomes)), outcomes }
    }

    /// The groups to send.
    #[must_use]
    pub fn groups(&self) -> &[ChangeGroup] {
        &self.groups
    }

    /// The outcome of every group, from those of the groups that were sent, in their order.
    #[must_use]
    pub fn into_outcomes(self, sent: Vec<Outcome>) -> Vec<Outcome> {
        let mut sent = sent.into_iter();
        let outcomes = self.outcomes.into_iter();
        outcomes.map_while(|outcome| outcome.or_else(|| sent.next())).collect()
    }
}

/// The groups without an outcome, numbered anew.
fn renumbered(groups: &[ChangeGroup], outcomes: &[Option<Outcome>]) -> Vec<ChangeGroup> {
    let mut ids: Vec<Option<GroupId>> = Vec::with_capacity(groups.len());
    let mut next = (0..).map(GroupId);
    ids.extend(outcomes.iter().map(|outcome| match outcome {
        None => next.next(),
        Some(_) => None,
    }));
    let sent = groups.iter().filter_map(|group| {
        let id = ids[group.id.0 as usize]?;
        let after = group
            .after
            .iter()
            .filter_map(|after| Some(after.with_group(ids[after.group().0 as usize]?)));
        Some(ChangeGroup { id, after: after.collect(), ..group.clone() })
    });
    sent.collect()
}

#[cfg(test)]
mod tests {
    use extdns_model::{
        Action, Change, Failure, FailureKind, Hints, Labels, Name, Planned, RecordSet, RecordType,
        Role, Targets, Ttl, ZoneKey,
    };

    use super::*;

    fn group(id: u32, after: &[After], is_empty: bool) -> ChangeGroup {
        let name = Name::as_listed("www.example.org");
        let set = RecordSet::new(name.clone(), RecordType::A, Ttl::UNSET, Targets::default());
        let new = Planned { set, labels: Labels::new(), hints: Hints::default() };
        let change = Change { role: Role::Record, action: Action::Create(new) };
        ChangeGroup {
            id: GroupId(id),
            zone: ZoneKey(0),
            name,
            changes: if is_empty { Vec::new() } else { vec![change] },
            after: after.to_vec(),
            requires: Vec::new(),
        }
    }

    fn failure() -> Failure {
        Failure { kind: FailureKind::Conflict, message: "taken".to_owned() }
    }

    #[test]
    fn all_groups_are_lent_where_nothing_is_refused() {
        let groups = [group(0, &[], false), group(1, &[], false)];
        let claimed = Claimed::new(&groups, Vec::new());
        assert!(std::ptr::eq(claimed.groups(), groups.as_slice()));
        let outcomes = claimed.into_outcomes(vec![Outcome::Applied, Outcome::Rejected(failure())]);
        assert_eq!(outcomes, [Outcome::Applied, Outcome::Rejected(failure())]);
    }

    #[test]
    fn what_is_refused_drops_out_and_what_waits_for_it() {
        let (own, moves) = (After::OwnershipRecord, After::Move);
        let groups = [
            group(0, &[], false),
            group(1, &[], true),
            group(2, &[own(GroupId(0))], false),
            group(3, &[own(GroupId(1))], false),
            group(4, &[moves(GroupId(2))], false),
            group(5, &[moves(GroupId(3))], false),
            group(6, &[], false),
        ];
        let refused =
            vec![(GroupId(0), Refused::Taken(failure())), (GroupId(6), Refused::Failed(failure()))];
        let claimed = Claimed::new(&groups, refused);
        let sent: Vec<_> = claimed.groups().iter().map(|g| (g.id.0, g.after.clone())).collect();
        assert_eq!(sent, [(0, vec![]), (1, vec![moves(GroupId(0))])]);
        let unknown = Outcome::Unknown(failure());
        let outcomes = claimed.into_outcomes(vec![Outcome::Applied, unknown.clone()]);
        assert_eq!(
            outcomes,
            [
                Outcome::Rejected(failure()),
                Outcome::Applied,
                Outcome::NotSent(NotSent::Predecessor),
                Outcome::Applied,
                Outcome::NotSent(NotSent::Move),
                unknown,
                Outcome::NotSent(NotSent::Stopped(failure())),
            ]
        );
    }
}
