//! The function `sync`: its real binary as AWS Lambda runs it.

mod chain;
mod deadline;
mod event;
mod moto;
mod queue;
mod role;
mod size;
mod start;
mod support;
mod warm;
