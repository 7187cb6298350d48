//! Settings, wiring, the run itself and its report: the one crate that knows both clusters and
//! providers.
//!
//! Start reading at `run.rs`: [`run()`] reads, plans and applies once. `settings` reads arguments
//! and environment variables, [`Wiring`] makes the parts of a run of them, [`report`] renders what
//! was done. [`doctor`], [`explain`], [`gc`], [`ownership`] and [`revert`] are the other commands, and [`program`]
//! is the command line.

mod apply;
mod attempt;
pub mod doctor;
mod domains;
mod error;
mod events;
mod exit;
pub mod explain;
mod files;
mod function;
mod gather;
pub mod gc;
mod logging;
#[cfg(test)]
mod messages;
pub mod moving;
mod outlets;
pub mod ownership;
mod panics;
mod permit;
mod phase;
pub mod program;
mod progress;
pub mod rbac;
pub mod relay;
mod repeat;
pub mod report;
mod request;
pub mod revert;
mod rounds;
mod run;
mod serve;
pub mod settings;
mod stand_in;
mod state;
mod status;
mod stdin;
mod target;
mod turn;
pub mod webhook_server;
mod wiring;

pub use error::RunError;
pub use exit::ExitCode;
pub use extdns_providers::Deadline;
pub use function::Settings as FunctionSettings;
pub use logging::start as start_logging;
pub use outlets::Outlets;
pub use panics::{catch_panics, take_panic};
pub use request::{Mode, Overrides, RunRequest};
pub use run::run;
pub use state::State;
pub use stdin::Input;
pub use wiring::{SetAside, Target, WiredCluster, Wiring};
