//! What one run leaves for the next, where a store is configured: the hash gate and the lease.
//!
//! The *gate* is the hash of what a run wanted, kept when it ended with everything read and written. A later
//! run that wants the same has nothing to do, and calls no provider. The *lease* keeps a second run from
//! writing to the same target at the same time.
//!
//! The core does no I/O: [`decide`] says whether a run is gated, [`fingerprint`] makes the hash, [`Document`] is
//! what is stored for a target. A [`Store`] keeps documents in a [`Backend`] that can replace a text only while
//! it is as it was read: a DynamoDB table, S3 objects, Kubernetes Lease objects, a file. All rules are in
//! the store, so the backends differ only in how they read and write one text.
//!
//! The gate is a hint: where it cannot be read, the run does everything. The lease is none: a run that cannot
//! take it writes nothing.

mod args;
#[cfg(feature = "aws")]
mod aws;
mod backend;
mod clock;
mod document;
#[cfg(feature = "aws")]
mod dynamodb;
mod file;
mod fingerprint;
mod gate;
mod holder;
mod kubernetes;
mod lease;
#[cfg(test)]
mod messages;
#[cfg(feature = "aws")]
mod s3;
mod store;
pub mod testing;

pub use args::{Args, Context, OpenError, Place, PlaceError};
#[cfg(feature = "aws")]
pub use aws::Aws;
pub use backend::{Backend, BackendError, Revision, Stored, WriteError};
pub use clock::{ClockSource, SystemClock};
pub use document::{Document, DocumentError, Known, LeaseEntry};
#[cfg(feature = "aws")]
pub use dynamodb::DynamoDbBackend;
pub use extdns_clusters::Keeper;
pub use file::FileBackend;
pub use fingerprint::{Hash, Inputs, InvalidHash, fingerprint};
pub use gate::{Gate, Verdict, Why, decide};
pub use holder::holder_of_process;
pub use kubernetes::KubernetesBackend;
pub use lease::{Lease, LeaseEnd, MARGIN, WITHOUT_DEADLINE};
#[cfg(feature = "aws")]
pub use s3::S3Backend;
pub use store::{Claim, StateError, Store, Taken};
