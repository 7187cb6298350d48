//! The whole program: its command line, runs against a real API server, what it says of bad input.

mod bad_input;
mod cli;
mod program;
mod real_api;
