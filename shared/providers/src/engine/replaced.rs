//! What is replaced: its group is sent together with the one that makes what comes in its place, and not without it.

use std::collections::HashMap;

use extdns_model::{After, ChangeGroup, GroupId};

/// The groups of a delivery that remove what others of them replace, each with the positions of these.
#[derive(Default)]
pub(crate) struct Replaced(HashMap<usize, Vec<usize>>);

impl Replaced {
    pub(crate) fn among<'g>(groups: impl Iterator<Item = &'g ChangeGroup> + Clone) -> Self {
        let waits = groups.clone().any(|group| group.after.iter().any(is_replacement));
        if !waits {
            return Self::default();
        }
        let positions: HashMap<GroupId, usize> =
            groups.clone().enumerate().map(|(position, group)| (group.id, position)).collect();
        let replaced = groups.enumerate().filter_map(|(position, group)| {
            let by = group.after.iter().filter(|after| is_replacement(after));
            let by: Vec<usize> =
                by.filter_map(|after| positions.get(&after.group()).copied()).collect();
            (!by.is_empty()).then_some((position, by))
        });
        Self(replaced.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The groups without which a group is not sent.
    pub(crate) fn by(&self, position: usize) -> &[usize] {
        self.0.get(&position).map_or(&[], Vec::as_slice)
    }
}

fn is_replacement(after: &After) -> bool {
    matches!(after, After::Replacement(_))
}
