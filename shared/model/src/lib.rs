//! The vocabulary that every other crate speaks: names, record sets, endpoints, labels, filters,
//! zones, inventories and change groups. Plain data without I/O, clock, async, Kubernetes or
//! provider types.
//!
//! It knows no other crate of this project. A record has three stages, with a type for each; start
//! reading there:
//!
//! * [`Endpoint`]: what a cluster object *wants* (a [`RecordSet`] plus who wants it);
//! * [`Record`]: what a zone *has* (a [`RecordSet`] plus who owns it and how the provider knows it);
//! * [`Change`]: what is *done* about the difference, cut into [`ChangeGroup`]s.

mod boolean;
mod change;
mod domain_regex;
mod doubt;
mod duration;
mod endpoint;
mod few;
pub mod fields;
mod filter;
mod inventory;
mod kept;
mod kind;
mod labels;
#[cfg(test)]
mod messages;
mod name;
mod opaque;
mod owner;
mod permit;
mod property;
mod record;
mod record_type;
mod reverse;
mod stamp;
mod surroundings;
mod target;
mod text;
mod ttl;
mod validate;
mod zone;

pub use boolean::parse_go_bool;
pub use change::{
    Action, After, Change, ChangeGroup, Failure, FailureKind, GroupId, NotSent, Outcome, Planned,
    Role, Stored,
};
pub use domain_regex::DomainRegex;
pub use doubt::{Doubt, DoubtCause};
pub use duration::{DurationError, parse_go_duration};
pub use endpoint::{Attribution, ClusterId, Endpoint, Hints, Resource, Unready};
pub use few::Few;
pub use filter::{DomainFilter, DomainFilterError, DomainPatterns, NetFilter, NetFilterError};
pub use inventory::{Inventory, OwnershipRecord, Record, Refresh, Unreadable, ZoneInventory};
pub use kept::Kept;
pub use kind::{KindName, ResourceKind};
pub use labels::{InvalidHeritage, LabelKey, Labels};
pub use name::{Name, NameError};
pub use opaque::Opaque;
pub use owner::{OwnerIdError, Owners};
pub use permit::Permit;
pub use property::{Properties, Property, property_names};
pub use record::RecordSet;
pub use record_type::{RecordType, RecordTypeError};
pub use reverse::reverse_name;
pub use surroundings::Surroundings;
pub use target::{Targets, is_ip_target, suitable_type, target_ip};
pub use text::txt_strings;
pub use ttl::Ttl;
pub use validate::{InvalidEndpoint, Problem};
pub use zone::{Routing, Visibility, Zone, ZoneIndex, ZoneKey};
