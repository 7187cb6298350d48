//! Runs over several clusters and targets, as a configuration file names them.

mod clusters;
mod moved;
mod support;
mod targets;
