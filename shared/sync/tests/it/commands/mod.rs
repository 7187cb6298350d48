//! `doctor`, `explain` and `gc` over real parts: clusters, providers, registries.

mod doctor;
mod explain;
mod gathering;
mod gc;
mod hashes;
mod holders;
mod outage;
mod ownership;
mod sharing;
pub(crate) mod support;
