//! What became of each group of an apply, and which may go next.

use std::collections::{BTreeMap, HashMap};

use extdns_model::{After, ChangeGroup, Failure, GroupId, NotSent, Outcome, ZoneKey};

/// What became of each group, and which may go next.
pub(super) struct Ledger<'g> {
    groups: &'g [ChangeGroup],
    places: HashMap<GroupId, usize>,
    outcomes: Vec<Option<Outcome>>,
    /// Whether the new zones of moved names show them, by the places of the groups there.
    seen: HashMap<usize, bool>,
}

impl<'g> Ledger<'g> {
    pub(super) fn new(groups: &'g [ChangeGroup]) -> Self {
        let places = groups.iter().enumerate().map(|(place, group)| (group.id, place)).collect();
        Self { groups, places, outcomes: vec![None; groups.len()], seen: HashMap::new() }
    }

    /// The groups that wait for nothing any more, by zone. A group whose predecessor was not
    /// applied, or does not take part in this apply, is out.
    pub(super) fn ready(&mut self) -> BTreeMap<ZoneKey, Vec<usize>> {
        let mut ready: BTreeMap<ZoneKey, Vec<usize>> = BTreeMap::new();
        loop {
            let mut dropped = false;
            for (place, group) in self.groups.iter().enumerate() {
                if self.outcomes[place].is_some() {
                    continue;
                }
                match self.predecessor(group) {
                    Predecessor::Waiting => {}
                    Predecessor::Done => {
                        let places = ready.entry(group.zone).or_default();
                        if !places.contains(&place) {
                            places.push(place);
                        }
                    }
                    Predecessor::Failed(why) => {
                        self.outcomes[place] = Some(Outcome::NotSent(why));
                        dropped = true;
                    }
                }
            }
            if !dropped {
                return ready;
            }
        }
    }

    /// The first of the group's predecessors that does not let it go, if there is one.
    fn predecessor(&self, group: &ChangeGroup) -> Predecessor {
        let states = group.after.iter().map(|after| self.state(*after));
        states.reduce(Predecessor::worse).unwrap_or(Predecessor::Done)
    }

    fn state(&self, after: After) -> Predecessor {
        let place = self.places.get(&after.group());
        let outcome = place.map(|place| &self.outcomes[*place]);
        match (outcome, after) {
            (Some(None), _) => Predecessor::Waiting,
            (Some(Some(Outcome::Applied)), After::OwnershipRecord(_)) => Predecessor::Done,
            (Some(Some(Outcome::Applied)), After::Move(_)) => {
                match place.and_then(|place| self.seen.get(place)) {
                    None => Predecessor::Waiting,
                    Some(true) => Predecessor::Done,
                    Some(false) => Predecessor::Failed(NotSent::Move),
                }
            }
            (_, After::OwnershipRecord(_)) => Predecessor::Failed(NotSent::Predecessor),
            (_, After::Move(_)) => Predecessor::Failed(NotSent::Move),
        }
    }

    /// The groups that made a name in its new zone, and of which nobody has looked yet whether it
    /// is there.
    pub(super) fn unseen_moves(&self) -> Vec<(ZoneKey, usize)> {
        let waiting =
            self.groups.iter().zip(&self.outcomes).filter(|(_, outcome)| outcome.is_none());
        let mut unseen: Vec<(ZoneKey, usize)> = waiting
            .flat_map(|(group, _)| &group.after)
            .filter(|after| matches!(after, After::Move(_)))
            .filter_map(|after| self.places.get(&after.group()).copied())
            .filter(|place| self.outcomes[*place] == Some(Outcome::Applied))
            .filter(|place| !self.seen.contains_key(place))
            .map(|place| (self.groups[place].zone, place))
            .collect();
        unseen.sort_unstable();
        unseen.dedup();
        unseen
    }

    pub(super) fn see(&mut self, place: usize, seen: bool) {
        self.seen.insert(place, seen);
    }

    pub(super) fn enter(&mut self, places: &[usize], outcomes: Vec<Outcome>) {
        for (place, outcome) in places.iter().zip(outcomes) {
            self.outcomes[*place] = Some(outcome);
        }
    }

    /// The zones in which something was or may have been changed, with the groups that did it.
    pub(super) fn touched(&self) -> BTreeMap<ZoneKey, Vec<usize>> {
        let mut touched: BTreeMap<ZoneKey, Vec<usize>> = BTreeMap::new();
        for (place, outcome) in self.outcomes.iter().enumerate() {
            if let Some(Outcome::Applied | Outcome::Partial { .. } | Outcome::Unknown(_)) = outcome
            {
                touched.entry(self.groups[place].zone).or_default().push(place);
            }
        }
        touched
    }

    /// The zone of these groups holds what was sent, but does not serve it yet.
    pub(super) fn unfinished(&mut self, places: &[usize], failure: &Failure) {
        for place in places {
            if self.outcomes[*place] == Some(Outcome::Applied) {
                let done = self.groups[*place].changes.len();
                let reason = failure.clone();
                self.outcomes[*place] = Some(Outcome::Partial { done, left: 0, reason });
            }
        }
    }

    /// Groups that wait for each other in a circle were never ready.
    pub(super) fn into_outcomes(self) -> Vec<Outcome> {
        let circle = || Outcome::NotSent(NotSent::Predecessor);
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(circle)).collect()
    }
}

enum Predecessor {
    Done,
    Waiting,
    /// The group that waits for it is not sent for this reason.
    Failed(NotSent),
}

impl Predecessor {
    /// Of two groups that one waits for, the one that lets it go less.
    fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed(why), _) | (_, Self::Failed(why)) => Self::Failed(why),
            (Self::Waiting, _) | (_, Self::Waiting) => Self::Waiting,
            (Self::Done, Self::Done) => Self::Done,
        }
    }
}
