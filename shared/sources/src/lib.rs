//! From cluster objects to endpoints.
//!
//! [`Sources::gather`] runs the sources of a run over one cluster: each is one entry in the table
//! of sources and reads the objects through a [`ClusterView`](extdns_clusters::ClusterView). The
//! [`Pipeline`] then makes one list of what all clusters want.

mod annotations;
mod args;
mod crd;
mod empty;
mod error;
mod fake;
mod ingress;
mod merge;
#[cfg(test)]
mod messages;
mod needs;
mod node;
mod objects;
mod options;
mod pipeline;
mod pod;
mod records;
mod resolver;
mod selection;
mod service;
mod source;
mod sources;
mod table;
mod trace;
mod ttl;

pub use args::Args;
pub use error::SourceError;
pub use needs::Need;
pub use options::{GatherOptions, Options, OptionsError, PipelineOptions};
pub use pipeline::{Desired, Pipeline, retain_properties};
pub use resolver::{ResolveError, Resolver, SystemResolver};
pub use selection::NothingSelected;
pub use source::{DropReason, Dropped, Sink, Source};
pub use sources::{Found, SourceFailure, Sources};
pub use table::source_of;
pub use trace::{HiddenBy, Sighting, Sightings};
