//! The function `relay`: its real binary as AWS Lambda runs it.

mod burst;
mod calls;
mod start;
mod support;
mod template;
