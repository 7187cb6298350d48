//! Providers over real HTTP, one folder each. They are one program, as linking takes longer than running.

#[cfg(feature = "aws")]
mod aws;
mod webhook;
