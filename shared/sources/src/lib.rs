//! From cluster objects to endpoints. It knows `model` and `clusters` only.
//!
//! [`Sources::gather`] runs the sources of a run over one cluster: each is one entry in the table
//! of sources and reads the objects through a [`ClusterView`](extdns_clusters::ClusterView). The
//! [`Pipeline`] then makes one list of what all clusters want. The smallest source to read is
//! `node`; `driver.rs` runs it.

mod ambassador_host;
mod annotations;
mod args;
mod ask;
mod cloudfoundry;
mod common;
mod connector;
mod context;
mod contour_httpproxy;
mod crd;
mod driver;
mod empty;
mod error;
mod events;
mod f5;
mod fake;
mod fault;
#[cfg(test)]
mod fields;
mod gateway;
mod gloo_proxy;
mod ingress;
mod istio;
#[cfg(test)]
#[path = "../tests/joined/mod.rs"]
mod joined;
mod joins;
mod kong_tcpingress;
mod merge;
#[cfg(test)]
mod messages;
mod needs;
#[cfg(test)]
#[path = "../../../templates/source/mod.rs"]
mod newkind;
mod node;
mod objects;
mod openshift_route;
mod options;
#[cfg(test)]
mod pages;
mod pipeline;
mod pod;
mod records;
mod resolver;
mod selection;
mod service;
mod sink;
mod skipper_routegroup;
mod source;
mod sources;
mod table;
mod templates;
mod trace;
mod traefik_proxy;
mod ttl;
mod unstructured;
mod visit;

pub use args::Args;
pub use error::{Interruption, OptionsError, SourceError};
pub use events::{EventReasons, References};
pub use needs::{Need, WatchedKind};
pub use options::{GatherOptions, Options};
pub use pipeline::{Desired, Pipeline, PipelineOptions, Removed, SourceCounts, retain_properties};
pub use resolver::{ResolveError, Resolver, SystemResolver};
pub use selection::NothingSelected;
pub use sink::{DropReason, Dropped, Frozen, Sink};
pub use sources::{Found, Sightings, SourceFailure, Sources};
pub use table::source_of;
pub use trace::{HiddenBy, Sighting};
