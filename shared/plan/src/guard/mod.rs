//! The guard: too many deletes or updates at once are taken for a mistake until the user allows
//! them.
//!
//! Example: the target has one zone, `example.org`, with 20 records of ours. At most 30 % of them may
//! be deleted. Six deletes are 30 %, so they go on. Seven are 35 %: all seven are held with
//! [`Hold::Guarded`](crate::Hold::Guarded), and the plan has one [`ExceededLimit`].
//!
//! ```text
//! deletes  what becomes of them  exceeded limit
//! 6 of 20  go                    none
//! 7 of 20  held, all of them     count 7, base 20, limit 30 %, --allow-deletes=example.org:7
//! ```
//!
//! Creates and updates of the zone are not concerned: each kind is counted by itself.

mod judge;
mod other;
mod outage;
mod record_counts;
mod stop;

use std::fmt;

use ecow::EcoString;
use extdns_model::ZoneKey;

pub use outage::Outage;
pub(crate) use record_counts::RecordCounts;
pub(crate) use stop::stop;

/// How much a plan may delete and update: over all zones, per zone, and per cluster within a zone.
#[derive(Debug, Clone)]
pub struct Guard {
    /// At most this percentage of our records is deleted.
    pub max_delete_percent: u8,
    /// At most this percentage of our records is updated.
    pub max_update_percent: u8,
    /// At most this many records are deleted, in all zones together, even where the percentage allows more.
    pub max_deletes: Option<usize>,
    /// Where fewer records than this are ours, percentages do not apply.
    pub min_records: usize,
    /// What may be deleted beyond that.
    pub allow_deletes: Vec<Allowance>,
    /// Whether the guard is off, and clusters may want nothing.
    pub disabled: bool,
    /// The name of the target, which stands for a system without zones.
    pub target: EcoString,
}

/// Deletes that are allowed although they exceed the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// A zone's name or id, or the name of the target.
    pub zone_or_target: EcoString,
    /// At most this many in the zone; `None` for any number.
    pub count: Option<usize>,
}

/// The part of a target that a guard counts over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All its zones together.
    Target,
    /// A zone.
    Zone(ZoneKey),
    /// A cluster's part of a zone.
    Cluster {
        /// The zone.
        zone: ZoneKey,
        /// The name of the cluster.
        name: EcoString,
    },
}

impl Scope {
    /// The zone; `None` for all of them.
    #[must_use]
    pub fn zone(&self) -> Option<ZoneKey> {
        match *self {
            Self::Target => None,
            Self::Zone(zone) | Self::Cluster { zone, .. } => Some(zone),
        }
    }

    /// The name of the cluster, where only its part is meant.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        match self {
            Self::Target | Self::Zone(_) => None,
            Self::Cluster { name, .. } => Some(name),
        }
    }
}

/// A limit that a plan exceeds: the guard holds every change of this kind in this part of the
/// target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceededLimit {
    /// The part of the target.
    pub scope: Scope,
    /// The kind of change of which there are too many.
    pub kind: GuardKind,
    /// How many records would have changed.
    pub count: usize,
    /// How many records are ours in this part.
    pub base: usize,
    /// The limit that is exceeded.
    pub limit: Limit,
    /// The first ten of their names, in the order of zones and keys.
    pub names: Vec<EcoString>,
    /// The flag that allows exactly this, once.
    pub allow: Allow,
}

/// What a guard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GuardKind {
    /// Records that go and that nothing replaces.
    Deletes,
    /// Records that change or are replaced.
    Updates,
}

/// A limit of the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A percentage.
    Percent(u8),
    /// A number of records.
    Count(usize),
}

/// The flag that allows what the guard stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allow {
    /// This many deletes in a zone, or in all of them.
    Deletes {
        /// The zone's name, its id where the name is not unique, or the target's name.
        zone_or_target: EcoString,
        /// How many.
        count: usize,
    },
    /// Another percentage of updates.
    Updates {
        /// The least percentage that allows them.
        percent: u8,
    },
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            max_delete_percent: 30,
            max_update_percent: 100,
            max_deletes: None,
            min_records: 10,
            allow_deletes: Vec::new(),
            disabled: false,
            target: EcoString::new(),
        }
    }
}

impl Guard {
    /// No guard.
    #[must_use]
    pub fn disabled() -> Self {
        Self { disabled: true, ..Self::default() }
    }
}

/// As a flag: `--allow-deletes=example.org:40`.
impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deletes { zone_or_target, count } => {
                write!(f, "--allow-deletes={zone_or_target}:{count}")
            }
            Self::Updates { percent } => write!(f, "--max-update-percent={percent}"),
        }
    }
}

impl Allow {
    /// For the function: a member of its direct invocation, or one of its variables.
    #[must_use]
    pub fn for_function(&self) -> String {
        match self {
            Self::Deletes { zone_or_target, count } => {
                format!("\"allowDeletes\": {{{zone_or_target:?}: {count}}}")
            }
            Self::Updates { percent } => format!("EXTERNAL_DNS_MAX_UPDATE_PERCENT={percent}"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent} %"),
            Self::Count(count) => count.fmt(f),
        }
    }
}

impl fmt::Display for GuardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deletes => "deletes",
            Self::Updates => "updates",
        })
    }
}
