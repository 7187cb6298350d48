//! The whole program: its command line, runs against a real API server, what it says of bad input.

mod artefacts;
mod aws;
mod bad_input;
mod broken;
mod cli;
mod commands;
mod crd_registry;
mod deploy;
mod docs;
mod eks;
mod guide;
mod hanging;
mod image;
mod many_clusters;
mod plans;
mod program;
mod real_api;
mod relay;
mod same_plan;
mod secrets;
mod setups;
mod side_by_side;
mod silence;
mod three_runs;
mod warnings;
