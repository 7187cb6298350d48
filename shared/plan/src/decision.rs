//! What is to be done about one record set, and why.

use extdns_model::{Endpoint, Record, RecordSet, ZoneKey};

use crate::{DecisionState, Hold};

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
    pub fn set(&self) -> &'a RecordSet {
        match *self {
            Self::Create(endpoint) | Self::Update { endpoint, .. } => &endpoint.set,
            Self::Delete(record) => &record.set,
        }
    }
}
