//! What is replaced goes with what replaces it, or after it: never without it.

use extdns_model::{After, GroupId, NotSent, Outcome};

use super::{Isolation, Open, Part};

impl<'a> Isolation<'a> {
    /// The part without the groups whose replacement is neither in it nor made: those go with the part that has
    /// the replacement, or are not sent.
    pub(super) fn with_replacements(&mut self, mut part: Part<'a>) -> Part<'a> {
        if !part.groups.iter().any(|open| replacements(open).next().is_some()) {
            return part;
        }
        let here: Vec<GroupId> = part.groups.iter().map(|open| open.group.id).collect();
        let missing = |open: &Open<'a>| {
            replacements(open).find(|by| !here.contains(by) && !self.is_applied(*by))
        };
        let (go, stay): (Vec<_>, Vec<_>) = part
            .groups
            .into_iter()
            .map(|open| (missing(&open), open))
            .partition(|it| it.0.is_none());
        part.groups = go.into_iter().map(|(_, open)| open).collect();
        for (by, open) in stay {
            let has_it =
                |part: &&mut Part<'a>| part.groups.iter().any(|other| Some(other.group.id) == by);
            match self.open.iter_mut().find(has_it) {
                Some(later) => later.groups.push(open),
                None => self.settle(&[open], &Outcome::NotSent(NotSent::Replacement)),
            }
        }
        part
    }

    fn is_applied(&self, group: GroupId) -> bool {
        let mut pairs = self.groups.iter().zip(&self.outcomes);
        pairs.any(|(own, outcome)| own.id == group && *outcome == Outcome::Applied)
    }
}

fn replacements(open: &Open<'_>) -> impl Iterator<Item = GroupId> {
    open.group.after.iter().filter_map(|after| match after {
        After::Replacement(group) => Some(*group),
        _ => None,
    })
}
