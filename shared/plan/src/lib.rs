//! From what zones have and what clusters want to what is to be done: pure functions without I/O,
//! clock, Kubernetes or providers.
//!
//! [`compute`] makes [`Row`]s, one per zone and name; every row holds the [`Decision`]s about its
//! record sets, each with its [`Cause`] and its [`Verdict`]. Later stages (policy, freeze, guard,
//! the registry) never drop a decision: they hold it back and say why.

mod args;
mod compute;
mod conflict;
mod decide;
mod policy;
mod row;
mod runs;
mod settings;
mod unit;

pub use args::{Args, ArgsError};
pub use compute::{Input, compute};
pub use row::{
    Cause, Decision, Differences, Hold, Loser, Plan, RecordChange, Row, Rule, Unit, Verdict,
};
pub use settings::{Policy, RecordTypes, Settings};
