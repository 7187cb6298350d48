//! What is read of a Namespace.

use extdns_clusters::Metadata;

use super::{parts, projection};

parts! {
    /// A Namespace: its labels.
    pub(crate) struct Namespace {
        pub(crate) metadata: Metadata,
    }
}

projection!(Namespace: "", "namespaces", false);
