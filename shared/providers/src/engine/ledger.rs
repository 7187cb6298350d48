//! What became of each group of an apply, and which may go next.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use extdns_model::{After, ChangeGroup, Failure, GroupId, NotSent, Outcome, ZoneKey};

/// What became of each group, and which may go next. The groups that depend on one outcome
/// are found without a search over all groups.
pub(crate) struct Ledger<'g> {
    groups: &'g [ChangeGroup],
    outcomes: Vec<Option<Outcome>>,
    /// The groups that wait for each group.
    followers: Vec<Vec<(usize, After)>>,
    /// For how many others each group waits.
    waits: Vec<usize>,
    /// The groups that wait for nothing any more and were not taken yet.
    free: BTreeMap<ZoneKey, Vec<usize>>,
    /// Whether what is replaced is taken together with what replaces it.
    together: bool,
    /// The groups that were taken together with those for which they wait.
    joined: BTreeSet<usize>,
    /// The groups that made a name in its new zone, and which were not read again yet to see
    /// whether it is there.
    unseen: BTreeSet<(ZoneKey, usize)>,
}

impl<'g> Ledger<'g> {
    /// A ledger for a sender that sends what is replaced together with what replaces it, and not without it.
    pub(crate) fn together(groups: &'g [ChangeGroup]) -> Self {
        Self { together: true, ..Self::new(groups) }
    }

    pub(crate) fn new(groups: &'g [ChangeGroup]) -> Self {
        let count = groups.len();
        let mut ledger = Self {
            groups,
            outcomes: vec![None; count],
            followers: vec![Vec::new(); count],
            waits: groups.iter().map(|group| group.after.len()).collect(),
            free: BTreeMap::new(),
            together: false,
            joined: BTreeSet::new(),
            unseen: BTreeSet::new(),
        };
        let positions: HashMap<GroupId, usize> =
            groups.iter().enumerate().map(|(position, group)| (group.id, position)).collect();
        let mut stopped = Vec::new();
        for (position, group) in groups.iter().enumerate() {
            if group.after.is_empty() {
                ledger.free.entry(group.zone).or_default().push(position);
            }
            for after in &group.after {
                match positions.get(&after.group()) {
                    Some(before) => ledger.followers[*before].push((position, *after)),
                    // It takes no part in this apply.
                    None => stopped.push((position, *after)),
                }
            }
        }
        stopped.into_iter().for_each(|(position, after)| ledger.stop(position, after));
        ledger
    }

    /// The groups that wait for nothing any more, by zone.
    pub(crate) fn ready(&mut self) -> BTreeMap<ZoneKey, Vec<usize>> {
        let mut ready = std::mem::take(&mut self.free);
        ready.iter_mut().for_each(|(zone, positions)| self.join(*zone, positions));
        ready
    }

    /// Those of the first zone that has any.
    pub(crate) fn ready_in_one_zone(&mut self) -> Option<(ZoneKey, Vec<usize>)> {
        let (zone, mut positions) = self.free.pop_first()?;
        self.join(zone, &mut positions);
        Some((zone, positions))
    }

    /// Adds the groups that wait only for groups among these, as they make what comes in the place of what those
    /// remove.
    fn join(&mut self, zone: ZoneKey, positions: &mut Vec<usize>) {
        if self.together {
            let mut waiting: BTreeMap<usize, usize> = BTreeMap::new();
            for (follower, after) in positions.iter().flat_map(|own| &self.followers[*own]) {
                if matches!(after, After::Replacement(_)) && self.groups[*follower].zone == zone {
                    *waiting.entry(*follower).or_default() += 1;
                }
            }
            waiting.retain(|follower, count| {
                self.waits[*follower] == *count && self.outcomes[*follower].is_none()
            });
            positions.extend(waiting.keys());
            self.joined.extend(waiting.into_keys());
        }
        positions.sort_unstable();
    }

    /// The groups that made a name in its new zone, and which were not read again yet to see
    /// whether it is there.
    pub(crate) fn unseen_moves(&mut self) -> BTreeSet<(ZoneKey, usize)> {
        std::mem::take(&mut self.unseen)
    }

    /// Whether the new zone shows the name that a group made there.
    pub(crate) fn see(&mut self, position: usize, seen: bool) {
        for (follower, after) in self.followers[position].clone() {
            match (after, seen) {
                (After::OwnershipRecord(_) | After::Replacement(_), _) => {}
                (After::Move(_), true) => self.release(follower),
                (After::Move(_), false) => self.stop(follower, after),
            }
        }
    }

    pub(crate) fn enter(&mut self, positions: &[usize], outcomes: Vec<Outcome>) {
        for (position, outcome) in positions.iter().zip(outcomes) {
            self.settle(*position, outcome);
        }
    }

    fn settle(&mut self, position: usize, outcome: Outcome) {
        let applied = outcome == Outcome::Applied;
        self.outcomes[position] = Some(outcome);
        for (follower, after) in self.followers[position].clone() {
            match (after, applied) {
                (After::OwnershipRecord(_) | After::Replacement(_), true) => self.release(follower),
                (After::Move(_), true) => {
                    self.unseen.insert((self.groups[position].zone, position));
                }
                (_, false) => self.stop(follower, after),
            }
        }
    }

    /// One of the groups for which this one waits lets it go.
    fn release(&mut self, position: usize) {
        self.waits[position] -= 1;
        let is_new = self.outcomes[position].is_none() && !self.joined.contains(&position);
        if self.waits[position] == 0 && is_new {
            self.free.entry(self.groups[position].zone).or_default().push(position);
        }
    }

    /// The group is not sent, nor is any that waits for it.
    fn stop(&mut self, position: usize, after: After) {
        let mut stopped = vec![(position, after)];
        while let Some((position, after)) = stopped.pop() {
            if self.outcomes[position].is_none() {
                self.outcomes[position] = Some(Outcome::NotSent(after.not_sent()));
                stopped.extend(&self.followers[position]);
            }
        }
    }

    /// The zones in which something was or may have been changed, with the groups that did it.
    pub(crate) fn touched(&self) -> BTreeMap<ZoneKey, Vec<usize>> {
        let mut touched: BTreeMap<ZoneKey, Vec<usize>> = BTreeMap::new();
        for (position, outcome) in self.outcomes.iter().enumerate() {
            if let Some(Outcome::Applied | Outcome::Partial { .. } | Outcome::Unknown(_)) = outcome
            {
                touched.entry(self.groups[position].zone).or_default().push(position);
            }
        }
        touched
    }

    /// The zone of these groups holds what was sent, but does not serve it yet.
    pub(crate) fn unfinished(&mut self, positions: &[usize], failure: &Failure) {
        for position in positions {
            if self.outcomes[*position] == Some(Outcome::Applied) {
                let done = self.groups[*position].changes.len();
                let reason = failure.clone();
                self.outcomes[*position] = Some(Outcome::Partial { done, left: 0, reason });
            }
        }
    }

    /// Groups that wait for each other in a circle were never ready.
    pub(crate) fn into_outcomes(self) -> Vec<Outcome> {
        let circle = || Outcome::NotSent(NotSent::Predecessor);
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(circle)).collect()
    }
}
