//! What stands beside records and is none itself, such as the region of a host name: each is known by a key and has a
//! value, and a record set says which it wants. [`Wants::of`] compares what the changes of some groups take away and
//! what they bring, [`Wants::against`] says what is to be done about what the service has.

use std::collections::{BTreeMap, BTreeSet};

use extdns_model::{Action, ChangeGroup, RecordSet};

/// A key and its value. An empty value says that there shall be none of this key.
pub type Pair = (String, String);

/// What the changes of some groups want of the things beside records.
#[derive(Debug, Default)]
pub struct Wants {
    /// What records wanted that are gone or changed, with the position of their group.
    gone: BTreeMap<Pair, usize>,
    /// The value of each key that records want now.
    come: BTreeMap<String, (usize, String)>,
}

/// What is to be done about one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step<'w> {
    /// The record that wanted it was deleted: remove it, unless others want it too.
    Orphaned,
    /// Remove it: its record says that there shall be none.
    Remove,
    /// Give it this value in place of that of a record of ours.
    Change(&'w str),
    /// It has another value, and no record of ours gave it that: the value that is wanted, and the one it has.
    Taken(&'w str, &'w str),
    /// Make it with this value.
    Make(&'w str),
}

impl Wants {
    /// What these groups want, where a record set wants the pairs of `of`. What stays as it is does not count, whatever
    /// else changes of its record.
    #[must_use]
    pub fn of(groups: &[&ChangeGroup], of: impl Fn(&RecordSet) -> Vec<Pair>) -> Self {
        let mut wants = Self::default();
        for (at, group) in groups.iter().enumerate() {
            for change in &group.changes {
                let (old, new) = match &change.action {
                    Action::Create(new) => (None, Some(&new.set)),
                    Action::Update { old, new } => (Some(&old.set), Some(&new.set)),
                    Action::Delete(old) => (Some(&old.set), None),
                };
                wants.gone.extend(old.into_iter().flat_map(&of).map(|pair| (pair, at)));
                for (key, value) in new.into_iter().flat_map(&of) {
                    // A value wins over none.
                    let own = wants.come.entry(key).or_insert((at, String::new()));
                    if own.1.is_empty() {
                        *own = (at, value);
                    }
                }
            }
        }
        let stays = |(key, value): &Pair| wants.come.get(key).is_some_and(|(_, own)| own == value);
        let same: Vec<Pair> = wants.gone.keys().filter(|pair| stays(pair)).cloned().collect();
        for pair in same {
            wants.gone.remove(&pair);
            wants.come.remove(&pair.0);
        }
        wants
    }

    /// The positions of the groups that want something.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<usize> {
        self.gone.values().copied().chain(self.come.values().map(|(at, _)| *at)).collect()
    }

    /// What is to be done where these are the values that the service has, by their keys: the position of the group, the
    /// key, the step; what goes comes first.
    #[must_use]
    pub fn against<'w>(
        &'w self,
        known: &'w BTreeMap<String, String>,
    ) -> Vec<(usize, &'w str, Step<'w>)> {
        let mut steps = Vec::new();
        for ((key, value), at) in &self.gone {
            if !self.come.contains_key(key) && known.get(key) == Some(value) {
                steps.push((*at, key.as_str(), Step::Orphaned));
            }
        }
        for (key, (at, value)) in &self.come {
            let step = match known.get(key).filter(|is| !is.is_empty()) {
                Some(is) if is == value => continue,
                None if value.is_empty() => continue,
                None => Step::Make(value),
                Some(_) if value.is_empty() => Step::Remove,
                Some(is) if self.gone.contains_key(&(key.clone(), is.clone())) => {
                    Step::Change(value)
                }
                Some(is) => Step::Taken(value, is),
            };
            steps.push((*at, key, step));
        }
        steps.sort_by_key(|(_, _, step)| !matches!(step, Step::Orphaned | Step::Remove));
        steps
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::{
        Change, GroupId, Hints, Labels, Name, Opaque, Planned, RecordType, Role, Stored, Targets,
        Ttl, ZoneKey,
    };

    use super::*;

    const COLOUR: &str = "colour";

    fn set(name: &str, colour: &str) -> RecordSet {
        let mut set =
            RecordSet::new(Name::as_listed(name), RecordType::A, Ttl::UNSET, Targets::new());
        set.edit_properties(|own| own.set(COLOUR, colour));
        set
    }

    fn of(set: &RecordSet) -> Vec<Pair> {
        let colour = set.properties().get(COLOUR).filter(|it| *it != "-");
        colour.map(|it| (set.name.to_string(), it.to_owned())).into_iter().collect()
    }

    /// A group that makes, changes or deletes a record of `www` with these colours.
    fn group(old: Option<&str>, new: Option<&str>) -> ChangeGroup {
        let stored = |colour| Stored {
            set: set("www", colour),
            labels: Labels::new(),
            origin: Opaque::default(),
        };
        let planned = |colour| Planned {
            set: set("www", colour),
            labels: Labels::new(),
            hints: Hints::default(),
        };
        let action = match (old.map(stored), new.map(planned)) {
            (Some(old), Some(new)) => Action::Update { old, new },
            (Some(old), None) => Action::Delete(old),
            (None, new) => Action::Create(new.expect("one of both")),
        };
        ChangeGroup {
            id: GroupId(0),
            zone: ZoneKey(0),
            name: Name::as_listed("www"),
            changes: vec![Change { role: Role::Record, action }],
            after: Vec::new(),
            requires: Vec::new(),
        }
    }

    #[test]
    fn what_is_to_be_done_about_a_key() {
        let table = [
            // what is known, what goes and comes, what is to be done
            (None, None, Some("red"), Some(Step::Make("red"))),
            (Some("red"), None, Some("red"), None),
            (Some("blue"), None, Some("red"), Some(Step::Taken("red", "blue"))),
            (Some("blue"), Some("blue"), Some("red"), Some(Step::Change("red"))),
            (Some("blue"), Some("blue"), Some("blue"), None),
            (None, Some("blue"), Some("blue"), None),
            (Some("blue"), Some("blue"), Some(""), Some(Step::Remove)),
            (None, Some("blue"), Some(""), None),
            (Some("blue"), Some("blue"), Some("-"), Some(Step::Orphaned)),
            (Some("blue"), Some("blue"), None, Some(Step::Orphaned)),
            (Some("red"), Some("blue"), None, None),
            (None, Some("blue"), None, None),
        ];
        for (known, old, new, expected) in table {
            let group = group(old, new);
            let wants = Wants::of(&[&group], of);
            let known = known.map(|it| ("www".to_owned(), it.to_owned())).into_iter().collect();
            let steps = wants.against(&known);
            let expected: Vec<_> = expected.map(|step| (0, "www", step)).into_iter().collect();
            assert_eq!(steps, expected, "{known:?} {old:?} {new:?}");
        }
    }

    #[test]
    fn a_value_wins_over_none_in_either_order() {
        for colours in [["red", ""], ["", "red"]] {
            let groups = colours.map(|colour| group(None, Some(colour)));
            let wants = Wants::of(&groups.each_ref(), of);
            let at = usize::from(colours[0].is_empty());
            assert_eq!(wants.against(&BTreeMap::new()), [(at, "www", Step::Make("red"))]);
            assert_eq!(wants.groups(), BTreeSet::from([at]));
        }
    }
}
