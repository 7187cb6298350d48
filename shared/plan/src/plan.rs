//! The plan as a value: its rows, and what the stages found.

use ecow::EcoString;
use extdns_model::{Endpoint, RecordType, ZoneIndex};
use smallvec::SmallVec;

use crate::{Decision, ExceededLimit, Frozen, Loser, Outage, Row};

/// What is to be done, by zone and name, in the order of zones and name keys.
///
/// It borrows records and endpoints: only what changes is in it, and nothing is copied.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// One row per zone and name about which there is something to decide.
    pub rows: Vec<Row<'a>>,
    /// Endpoints in scope whose name lies in no zone.
    pub unrouted: Vec<&'a Endpoint>,
    /// Endpoints whose record set went to another endpoint, in the order of zones and name keys,
    /// whether or not something is to be done about the name.
    pub losers: Vec<Loser<'a>>,
    /// Clusters whose records are frozen, in the order of the settings, whether or not something
    /// is held back for it.
    pub frozen: Vec<Frozen>,
    /// Where the guard stopped changes: in all zones, then in the order of zones and clusters.
    pub exceeded_limits: Vec<ExceededLimit>,
    /// Where too much would go because objects have no address any more, in the order of zones.
    pub outages: Vec<Outage>,
    /// Desired records of types that are not managed, in the order of types.
    pub unmanaged: Vec<Unmanaged>,
}

/// Endpoints of a type that is not managed, and not excluded by `--exclude-record-types` either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmanaged {
    /// The type.
    pub rtype: RecordType,
    /// How many there are in scope of the domain filters.
    pub count: usize,
    /// The first ten of their names, in the order of their keys.
    pub names: Vec<EcoString>,
}

impl<'a> Plan<'a> {
    /// The decisions that are carried out, with their rows.
    pub fn going(&self) -> impl Iterator<Item = (&Row<'a>, &Decision<'a>)> {
        self.decisions().filter(|(_, decision)| decision.goes())
    }

    /// Every decision with its row.
    pub fn decisions(&self) -> impl Iterator<Item = (&Row<'a>, &Decision<'a>)> {
        self.rows.iter().flat_map(|row| row.decisions.iter().map(move |decision| (row, decision)))
    }

    /// Holds back the removal of every name that moves to another zone and is held back there. To be
    /// called after every stage that holds decisions back, with the index of the plan's zones.
    pub fn close_moves(&mut self, index: &ZoneIndex) {
        crate::moves::close(&mut self.rows, index);
    }

    /// The rows whose names move to another zone, each with those that want the name there.
    #[must_use]
    pub fn moves(&self) -> Vec<(usize, SmallVec<[usize; 2]>)> {
        crate::moves::moves(&self.rows)
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.going().next().is_none()
    }
}
