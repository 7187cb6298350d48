//! The whole program: its command line, runs against a real API server, what it says of bad input.

mod aws;
mod bad_input;
mod cli;
mod commands;
mod eks;
mod plans;
mod program;
mod real_api;
mod same_plan;
mod three_runs;
