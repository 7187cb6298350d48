//! The relay: what it answers, what it asks for, and that no change is lost behind it.

mod fuzz;
mod handler;
mod refused;
mod review;
mod server;
mod simulation;
mod support;
