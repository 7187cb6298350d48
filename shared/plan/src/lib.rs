//! From current records and desired endpoints to decisions: pure functions without I/O, clock,
//! Kubernetes or providers. It knows `model` only.
//!
//! [`compute`] makes [`Row`]s, one per zone and name; every row holds the [`Decision`]s about its
//! record sets, each with its [`Cause`] and its [`DecisionState`]. Later stages (policy, freeze, guard,
//! the registry) never drop a decision: they hold it back and say why. Start reading at
//! `compute.rs`, then `stages.rs`; `unit.rs`, `whole.rs` and `guard` have an example each.

mod args;
mod claim;
mod clusters;
mod compute;
mod conflict;
mod decide;
mod decision;
mod freeze;
mod guard;
mod hash;
mod hold;
mod input;
mod kept;
#[cfg(test)]
mod messages;
mod moves;
mod plan;
mod policy;
mod protect;
mod reassign;
mod removal;
mod route;
mod row;
mod runs;
mod settings;
mod sharing;
mod stages;
mod storable;
mod unit;
mod unready;
mod whole;

pub use args::{Args, ArgsError, GuardArgs, InvalidAllowance};
pub use clusters::{Cluster, Clusters, DEFAULT_WEIGHT, Reading, UnknownCluster};
pub use compute::{compute, compute_for};
pub use conflict::{Loser, Rule};
pub use decision::{Cause, Decision, Differences, RecordChange, Unit};
pub use freeze::{Frozen, SUSPICIOUS};
pub use guard::{Allow, Allowance, ExceededLimit, Guard, GuardKind, Limit, Outage, Scope};
pub use hash::{InvalidHash, PlanHash};
pub use hold::{DecisionState, FreezeCause, Hold};
pub use input::Input;
pub use plan::{Plan, Unmanaged};
pub use protect::{Glob, GlobError, Protected};
pub use reassign::{Reassignment, reassign};
pub use removal::{Removal, remove};
pub use row::Row;
pub use settings::{Policy, RecordTypes, Settings, Sharing};
pub use sharing::Made;
pub use storable::Refusal;
