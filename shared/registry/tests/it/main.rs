//! The registries through their public interface, with plans of the plan crate, over zones in
//! memory.

mod affixes;
mod aws_sd;
mod crd;
mod encryption;
mod moving;
mod outside;
mod ownership;
mod properties;
mod reading;
mod reassigning;
mod replacing;
mod world;
mod writing;
mod zones;
