//! From configuration to a view of a cluster. It knows `model` and `auth` only.
//!
//! A [`Cluster`] says where objects come from: a Kubernetes API (kubeconfig, in-cluster, EKS, GKE, AKS) or manifests on disk.
//! [`Cluster::connect`] makes a [`ClusterView`] of it, over which the sources run. They name what they read as
//! small [`Projection`]s and [fold](ClusterView::fold) over the objects as they arrive, so a list of any length
//! costs the memory of one object. Both kinds of cluster answer alike.
//!
//! ```no_run
//! use extdns_clusters::{ClusterView, ListScope, Metadata, ObjectFilter, Projection, ReadError, ResourceType};
//!
//! /// The fields of a service that are used; serde skips the rest.
//! #[derive(serde::Deserialize)]
//! struct Service {
//!     metadata: Metadata,
//! }
//!
//! impl Projection for Service {
//!     const RESOURCE: ResourceType =
//!         ResourceType { group: "", version: "v1", plural: "services", kind: "Service", namespaced: true };
//!     fn metadata(&self) -> &Metadata {
//!         &self.metadata
//!     }
//!     fn metadata_mut(&mut self) -> &mut Metadata {
//!         &mut self.metadata
//!     }
//! }
//!
//! async fn names(view: &ClusterView, filter: &ObjectFilter) -> Result<Vec<String>, ReadError> {
//!     let scope = ListScope { namespace: None, filter };
//!     view.fold(scope, Vec::new, |names, service: Service, result| {
//!         if result.is_admitted() {
//!             names.push(service.metadata.full_name().to_string());
//!         }
//!     })
//!     .await
//! }
//! ```

mod access;
mod aks;
mod answer;
mod api;
mod args;
mod call;
mod connect;
mod connections;
mod credentials;
mod discovery;
#[cfg(feature = "aws")]
mod eks;
mod environment;
mod error;
mod events;
mod exchange;
mod exec;
mod filter;
mod gke;
mod identity;
mod keeper;
mod kept;
mod kubeconfig;
mod link;
mod list;
mod manifests;
#[cfg(test)]
mod messages;
mod object;
mod pace;
mod page;
mod pages;
mod pause;
mod progress;
mod receiver;
mod renewal;
mod rules;
mod selector;
mod served;
mod server;
mod shared;
mod single;
mod slots;
mod stream;
#[cfg(test)]
mod testing;
mod versions;
mod view;
mod watch;
mod watched;
mod writer;
mod writing;

pub use access::Right;
pub use aks::{Aks, AksArgs};
pub use api::Limits;
pub use args::Args;
pub use connect::{Access, ApiOptions, Cluster};
#[cfg(feature = "aws")]
pub use eks::{Eks, EksArgs};
pub use environment::Environment;
pub use error::{ClusterError, ManifestError, ReadError, ReadErrorKind};
pub use events::{Event, ObjectReference};
pub use extdns_auth::documents::Place;
pub use filter::{DroppedBy, FilterResult, ObjectFilter};
pub use gke::{Gke, GkeArgs};
pub use keeper::Keeper;
pub use kubeconfig::KubeconfigSource;
pub use object::{Metadata, Pairs, Projection, ResourceType, nullable};
pub use rules::Rule;
pub use selector::{LabelSelector, Selector, SelectorError};
pub use shared::SharedList;
pub use slots::Connections;
pub use view::{ClusterView, ListCount, ListScope};
pub use watched::Changes;
pub use writer::{StatusUpdate, WriteError, Writer};
pub use writing::{ObjectRef, ObjectVersion};
