//! DNS providers: the traits that a plan and an apply need, the engine that implements them for
//! every API with zones, and one folder per provider. It knows `model` and `auth` only.
//!
//! To add a provider, start at `api.rs` and `digitalocean` (single values) or `gandi` (record
//! sets).
//!
//! * A plan reads through [`Reader`]; an apply writes through [`Writer`], which only a
//!   [`Permit`](extdns_model::Permit) makes. [`Provider`] is both.
//! * Most providers describe themselves with [`Capabilities`] and implement [`ZoneReader`] and
//!   either [`BatchWriter`] or [`RecordWriter`]; [`engine::batched`] and [`engine::stepped`] make
//!   a [`Provider`] of them.
//! * A system that is no zone API implements [`Reader`], [`Writer`] and [`Provider`] itself.

pub mod akamai;
pub mod alibabacloud;
mod api;
mod args;
#[cfg(feature = "aws")]
pub mod aws;
pub mod azure;
pub mod bluecat;
mod capabilities;
pub mod civo;
#[cfg(test)]
mod claims;
pub mod cloudflare;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod context;
pub mod coredns;
mod deadline;
pub mod designate;
pub mod digitalocean;
pub mod dnsimple;
pub mod r#dyn;
pub mod engine;
mod environment;
mod error;
mod etcd;
pub mod exoscale;
mod files;
pub mod gandi;
pub mod godaddy;
pub mod google;
pub mod hosts;
pub mod ibmcloud;
pub mod infoblox;
pub mod inmemory;
pub mod linode;
#[cfg(test)]
mod messages;
#[cfg(test)]
#[path = "../../../templates/provider/mod.rs"]
pub mod newapi;
pub mod ns1;
pub mod oci;
pub mod ovh;
#[cfg(test)]
mod pages;
pub mod pdns;
pub mod pihole;
pub mod plural;
mod provider;
pub mod rcodezero;
pub mod rdns;
pub mod rest;
pub mod rfc2136;
pub mod safedns;
pub mod scaleway;
mod shared;
mod storable;
mod table;
#[cfg(test)]
mod template;
pub mod tencentcloud;
pub mod transip;
pub mod ultradns;
pub mod vinyldns;
pub mod vultr;
pub mod webhook;
pub mod zonefile;
mod zones;

pub use api::{BatchWriter, Cost, Cursor, Page, PageFrom, RecordWriter, Step, ZoneReader};
pub use args::Args;
pub use capabilities::{
    BatchLimits, Batching, Capabilities, Conditions, RateLimit, Stores, TxtQuoting, Updates,
};
pub use context::{Batches, Context};
pub use deadline::{Deadline, Stopper};
pub use engine::{Accounts, CallCount, Transport};
pub use environment::Environment;
pub use error::{ErrorKind, Limit, ProviderError};
pub use provider::{Adaptation, AdaptationKind, Adjusted, Provider, Reader, Writer};
pub use shared::{Shared, Uses};
pub use table::{PROVIDERS, ProviderEntry};
pub use zones::{Parents, ZoneFilter, ZoneType};
