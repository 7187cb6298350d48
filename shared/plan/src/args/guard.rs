//! Flags of what a plan does not do, whatever is wanted.

use std::str::FromStr;

use clap::ArgAction;

use crate::{Allowance, Glob, Guard, Protected};

/// What keeps a plan from doing damage.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Guard")]
#[group(skip)]
pub struct GuardArgs {
    /// Delete at most this many of a hundred of our records, in each zone and of each cluster in it.
    #[arg(long, default_value_t = 30, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_delete_percent: u8,

    /// Update at most this many of a hundred of our records; 100 for any number.
    #[arg(long, default_value_t = 100, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_update_percent: u8,

    /// Delete at most this many records, in each zone and of each cluster in it.
    #[arg(long, value_name = "COUNT")]
    pub max_deletes: Option<usize>,

    /// Guard only where this many records are ours. A cluster with as many that suddenly wants
    /// nothing loses nothing, see --allow-empty.
    #[arg(long, default_value_t = 10, value_name = "COUNT")]
    pub guard_min_records: usize,

    /// Allow deletes beyond the limits in this zone, given by name or id, or by the name of the
    /// target; at most COUNT, if given (repeatable). For one run: the guard's message has the value.
    #[arg(long, value_name = "ZONE[:COUNT]", action = ArgAction::Append)]
    pub allow_deletes: Vec<Allowance>,

    /// Allow any number of deletes and updates, and that a cluster wants nothing.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub no_guard: bool,

    /// Never delete or update names that match this pattern, like *.prod.example.org (repeatable).
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub protect: Vec<Glob>,

    /// Keep the records of objects that exist but have no address yet, like a load balancer that is
    /// pending. Without it, they are kept where there are several clusters.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub keep_unready: Option<bool>,

    /// Believe that this cluster wants nothing, although it has records (repeatable). For one run.
    #[arg(long, value_name = "CLUSTER", action = ArgAction::Append)]
    pub allow_empty: Vec<String>,
}

/// A text that allows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name a zone or the target, like example.org or example.org:40")]
pub struct InvalidAllowance;

impl GuardArgs {
    /// The guard of a target.
    #[must_use]
    pub fn guard(&self, target: &str) -> Guard {
        Guard {
            max_delete_percent: self.max_delete_percent,
            max_update_percent: self.max_update_percent,
            max_deletes: self.max_deletes,
            min_records: self.guard_min_records,
            allow_deletes: self.allow_deletes.clone(),
            disabled: self.no_guard,
            target: target.into(),
        }
    }

    /// The names that are never deleted or updated.
    #[must_use]
    pub fn protected(&self) -> Protected {
        Protected::new(self.protect.clone())
    }

    /// Whether records of objects without an address are kept, given how many clusters there are.
    #[must_use]
    pub fn keeps_unready(&self, clusters: usize) -> bool {
        self.keep_unready.unwrap_or(clusters > 1)
    }
}

/// `example.org`, `Z0123456789`, `example.org:40`
impl FromStr for Allowance {
    type Err = InvalidAllowance;

    fn from_str(text: &str) -> Result<Self, InvalidAllowance> {
        let counted = text
            .rsplit_once(':')
            .and_then(|(place, count)| Some((place, Some(count.parse().ok()?))));
        let (place, count) = counted.unwrap_or((text, None));
        if place.trim().is_empty() {
            return Err(InvalidAllowance);
        }
        Ok(Self { place: place.trim().into(), count })
    }
}
