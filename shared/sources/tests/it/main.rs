//! Sources over manifests and a simulated cluster, and rules about their code.

mod api;
mod fixtures;
mod layers;
mod limits;
mod mixed;
mod published;
mod rights;
mod selection;
mod templates;
mod trace;
