//! Sources over manifests and a simulated cluster, and rules about their code.

mod fixtures;
mod layers;
mod limits;
mod rights;
mod selection;
mod trace;
