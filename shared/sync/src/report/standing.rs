//! What the store of state said of a target, in words and in the JSON document.

use super::document::{StateOutcome, TargetState};
use super::{Report, Standing, TargetReport};

impl Standing {
    /// Whether nothing was done because of it.
    pub(super) fn is_final(&self) -> bool {
        !matches!(self, Self::Full { .. })
    }

    /// For people.
    fn sentence(&self) -> String {
        match self {
            Self::Gated { full_read_at } => format!(
                "there is nothing to do: the last run wrote the same, and the zones were read in full at {full_read_at}"
            ),
            Self::Full { reason } => format!("the zones are read, because {reason}"),
            Self::Held { holder, until } => format!(
                "another run holds the lease, until {until} at the latest: {holder}; nothing was read or written"
            ),
        }
    }
}

impl TargetReport {
    /// A target of which no more is known than what the store says.
    pub(crate) fn of_standing(name: &str, standing: Option<Standing>) -> Self {
        Self { name: name.to_owned(), standing, ..Self::default() }
    }

    /// What the store said, for people, where nothing was done because of it.
    pub(super) fn standing_sentence(&self) -> Option<String> {
        let standing = self.standing.as_ref().filter(|standing| standing.is_final())?;
        Some(format!("target {}: {}", self.name, standing.sentence()))
    }
}

impl Report {
    /// What the store said of the targets at which nothing was done because of it.
    pub(super) fn standings(&self) -> impl Iterator<Item = String> {
        self.targets.iter().filter_map(TargetReport::standing_sentence)
    }

    /// What happened in all, where nothing was done anywhere because of what the store said.
    pub(super) fn standing_total(&self) -> Option<&'static str> {
        let mut standings = self.targets.iter().map(|target| target.standing.as_ref());
        let are_final = |own: Option<&Standing>| own.is_some_and(Standing::is_final);
        if self.targets.is_empty() || !standings.clone().all(are_final) {
            return None;
        }
        let is_held = standings.any(|own| matches!(own, Some(Standing::Held { .. })));
        Some(if is_held { "nothing was done" } else { "nothing to do, nothing has changed" })
    }

    /// Logs what the store said of each target.
    pub(super) fn log_standings(&self) {
        for target in &self.targets {
            if let Some(standing) = &target.standing {
                tracing::info!(target = target.name, "{}", standing.sentence());
            }
        }
    }
}

impl From<&Standing> for TargetState {
    fn from(standing: &Standing) -> Self {
        let nothing = Self {
            outcome: StateOutcome::Full,
            reason: None,
            full_read_at: None,
            holder: None,
            until: None,
        };
        match standing {
            Standing::Full { reason } => Self { reason: Some(reason.clone()), ..nothing },
            Standing::Gated { full_read_at } => Self {
                outcome: StateOutcome::Gated,
                full_read_at: Some(full_read_at.to_string()),
                ..nothing
            },
            Standing::Held { holder, until } => Self {
                outcome: StateOutcome::LeaseHeld,
                holder: Some(holder.clone()),
                until: Some(until.to_string()),
                ..nothing
            },
        }
    }
}
