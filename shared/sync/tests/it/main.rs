//! Whole runs over the two fakes of the conformance kit, and the invariants of the house.

mod crd;
mod invariants;
mod isolation;
mod killed;
mod missing;
mod outside;
mod revert;
mod support;
mod wire;
