//! Settings, wiring, the run itself and its report: the one crate that knows both sides.

mod apply;
mod error;
mod exit;
mod logging;
pub mod program;
pub mod report;
mod run;
pub mod settings;
mod status;
mod wiring;

pub use error::RunError;
pub use exit::ExitCode;
pub use run::run;
pub use wiring::{Mode, Wiring};
