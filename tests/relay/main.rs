//! The function `relay`: its real binary as AWS Lambda runs it.

mod burst;
mod calls;
mod fuzz;
mod start;
mod support;
mod template;
