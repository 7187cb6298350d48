//! The plan as a value: rows, decisions and causes.

use ecow::EcoString;
use extdns_model::{ClusterId, Endpoint, Record, RecordType, ZoneIndex, ZoneKey};
use smallvec::SmallVec;

use crate::{DecisionState, ExceededLimit, FreezeCause, Hold, Outage};

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

/// A cluster whose records are frozen: none is deleted, none loses a target, and none gets another
/// owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its name.
    pub name: EcoString,
    /// Why.
    pub why: FreezeCause,
}

/// An endpoint whose record set went to another endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Loser<'a> {
    /// The zone.
    pub zone: ZoneKey,
    /// The endpoint that does not get the record set.
    pub endpoint: &'a Endpoint,
    /// The endpoint that gets it.
    pub winner: &'a Endpoint,
    /// Why.
    pub rule: Rule,
}

/// The rule by which one of several endpoints gets a record set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It has fewer targets, or its targets come first.
    Preferred,
    /// It is of the resource that has the record now.
    KeepsResource,
    /// The loser is a CNAME, which cannot stand beside another type of its name.
    NoCnameBeside,
    /// It is of the cluster that has the name now.
    KeepsCluster,
    /// Its cluster comes first in the settings.
    FirstCluster,
    /// The two are of clusters that share the name, but record sets of their types cannot be one.
    CannotMerge,
}

/// Everything about one name in one zone.
#[derive(Debug)]
pub struct Row<'a> {
    /// The zone.
    pub zone: ZoneKey,
    /// The name's key.
    pub name: EcoString,
    /// What is to be done about its record sets: deletes first, then creates and updates, by set
    /// identifier and type.
    pub decisions: Vec<Decision<'a>>,
}

/// One record set and what is to be done about it.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The change.
    pub change: RecordChange<'a>,
    /// Why the plan wants it.
    pub cause: Cause,
    /// Whether it is carried out.
    pub state: DecisionState,
    /// Decisions of a row with the same unit are one change group: they are done together or not
    /// at all (a CNAME that gives way to addresses, a simple record that becomes a routed family).
    pub unit: Unit,
}

/// The number of a unit within its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(pub u16);

/// A change of one record set.
#[derive(Debug, Clone, Copy)]
pub enum RecordChange<'a> {
    /// Create what an endpoint wants.
    Create(&'a Endpoint),
    /// Change a record into what an endpoint wants.
    Update {
        /// The current record.
        record: &'a Record,
        /// The desired endpoint.
        endpoint: &'a Endpoint,
    },
    /// Delete what no endpoint wants.
    Delete(&'a Record),
}

/// Why a change is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The record is wanted and missing.
    Missing,
    /// The record is there, but not as wanted.
    Differs(Differences),
    /// The record is ours and nothing wants it.
    Unwanted,
    /// It is an ownership record of ours without a record.
    Orphaned,
    /// It is the ownership record of a record that the user releases: the record stays.
    Released,
    /// The record is ours and gives way to one that cannot stand beside it: a CNAME to another
    /// type or the reverse, a simple record to routed ones or the reverse.
    GivesWay,
    /// The record is ours, and its name is wanted in another zone now: a child zone appeared, say.
    Moves {
        /// That zone.
        to: ZoneKey,
    },
    /// The record is as it is wanted, but it is not ours.
    Unowned,
}

/// How a record differs from what is desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Differences {
    /// Other targets.
    pub targets: bool,
    /// Another TTL.
    pub ttl: bool,
    /// Other provider-specific properties.
    pub properties: bool,
    /// The ownership record is to be rewritten (older format, migration, another owner or other
    /// clusters).
    pub ownership: bool,
}

impl Differences {
    /// Whether there is any difference.
    #[must_use]
    pub fn any(self) -> bool {
        self.targets || self.ttl || self.properties || self.ownership
    }

    /// Whether the record is right, and only its ownership record is not.
    #[must_use]
    pub fn only_ownership(self) -> bool {
        self.ownership && !(self.targets || self.ttl || self.properties)
    }
}

impl Decision<'_> {
    /// Whether it is carried out.
    #[must_use]
    pub fn goes(&self) -> bool {
        self.state == DecisionState::Go
    }

    /// Why it is held back, if it is.
    #[must_use]
    pub fn held(&self) -> Option<&Hold> {
        match &self.state {
            DecisionState::Go => None,
            DecisionState::Held(hold) => Some(hold),
        }
    }

    /// Holds it back, unless it is held back already.
    pub fn hold(&mut self, hold: Hold) {
        if self.goes() {
            self.state = DecisionState::Held(hold);
        }
    }
}

impl<'a> RecordChange<'a> {
    /// The record that is there.
    #[must_use]
    pub fn record(&self) -> Option<&'a Record> {
        match *self {
            Self::Create(_) => None,
            Self::Update { record, .. } | Self::Delete(record) => Some(record),
        }
    }

    /// The endpoint that is wanted.
    #[must_use]
    pub fn endpoint(&self) -> Option<&'a Endpoint> {
        match *self {
            Self::Create(endpoint) | Self::Update { endpoint, .. } => Some(endpoint),
            Self::Delete(_) => None,
        }
    }

    /// The record set that the change is about: the desired one, or the current one where there is
    /// none.
    #[must_use]
    pub fn set(&self) -> &'a extdns_model::RecordSet {
        match *self {
            Self::Create(endpoint) | Self::Update { endpoint, .. } => &endpoint.set,
            Self::Delete(record) => &record.set,
        }
    }
}

impl Row<'_> {
    /// Holds back what shares a unit with something that is held back. To be called after every
    /// stage that holds decisions back: units are done together or not at all.
    pub fn close_units(&mut self) {
        crate::unit::close(&mut self.decisions);
    }

    /// Whether its name moves to another zone. Such a row only removes records.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.decisions.iter().any(|decision| matches!(decision.cause, Cause::Moves { .. }))
    }
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
