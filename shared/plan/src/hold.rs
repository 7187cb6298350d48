//! Whether decisions are carried out, and why not.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{Doubt, Resource};

use crate::{GuardKind, Scope};

/// Whether a decision is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionState {
    /// It is carried out.
    Go,
    /// It is held back.
    Held(Hold),
}

/// Why a decision is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// A record of the name belongs to another owner.
    Foreign {
        /// Its owner; `None` if there is no ownership record.
        owner: Option<EcoString>,
    },
    /// The ownership records do not say clearly who owns a record of the name.
    InDoubt(Box<Doubt>),
    /// The policy does not allow changes of this kind.
    Policy,
    /// A record that stays, or that comes as well, cannot stand beside this one: a CNAME beside
    /// another type, a simple record beside a routed one.
    Coexistence,
    /// The change belongs to a unit of which another change is held back.
    Unit,
    /// The record's ownership record could not be written.
    CannotBeOwned {
        /// Why, and the remedy.
        reason: String,
    },
    /// The provider would refuse to store it.
    CannotBeStored {
        /// Why, and the remedy.
        reason: String,
    },
    /// The zone of the name could not be read.
    UnreadableZone,
    /// The provider does not let the record be changed.
    ReadOnly {
        /// Why, a fragment that reads after "it".
        reason: &'static str,
    },
    /// The provider does not let anything in the zone be changed.
    ReadOnlyZone {
        /// Why, a fragment that reads after "it".
        reason: &'static str,
    },
    /// The record belongs to a cluster whose desired endpoints are not known in full.
    Frozen {
        /// The name of the cluster.
        cluster: EcoString,
        /// Why they are not known.
        why: FreezeCause,
    },
    /// The record belongs to a cluster that is not configured.
    UnknownCluster {
        /// The name in its label.
        name: EcoString,
    },
    /// The object that has the name has no address yet.
    Unready {
        /// The object.
        resource: Arc<Resource>,
    },
    /// The object that has the name has no address any more, like too many others at the same time.
    Outage {
        /// The object.
        resource: Arc<Resource>,
    },
    /// The record stays until its name is made in the zone that it moves to, and there it is held
    /// back.
    Moves {
        /// The name of that zone.
        zone: EcoString,
        /// Why it is held back there.
        why: Box<Hold>,
    },
    /// The record stays, because its name is desired in a zone that does not exist.
    NoZone,
    /// The provider's answer about the name was incomplete, so nothing of it is taken away.
    Kept {
        /// What was incomplete.
        reason: EcoString,
    },
    /// The user protects the name.
    Protected {
        /// The pattern that matches it.
        glob: EcoString,
    },
    /// The change would exceed a limit of the guard; the exceeded limits of the plan say which.
    Guarded {
        /// Whether it counts among deletes or updates.
        kind: GuardKind,
        /// The part of the target in which the limit is exceeded.
        scope: Scope,
    },
}

/// Why the records of a cluster are frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreezeCause {
    /// It could not be read in full.
    Failed,
    /// It wants nothing, or a filter selects none of its objects, although it has records.
    Empty {
        /// How many records belong to it alone.
        records: usize,
        /// The filter that selects nothing, as its flag is written.
        filter: Option<EcoString>,
    },
}
