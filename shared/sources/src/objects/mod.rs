//! What is read of the objects that several sources look at.

mod load_balancer;
mod node;

pub(crate) use load_balancer::LoadBalancerStatus;
pub(crate) use node::{NODES, Node, nodes_by_name};

/// Says where the API serves the objects of a projection, all of version `v1`.
macro_rules! projection {
    ($kind:ident: $group:literal, $plural:literal, $namespaced:literal) => {
        impl extdns_clusters::Projection for $kind {
            const RESOURCE: extdns_clusters::ResourceType = extdns_clusters::ResourceType {
                group: $group,
                version: "v1",
                plural: $plural,
                kind: stringify!($kind),
                namespaced: $namespaced,
            };

            fn metadata(&self) -> &extdns_clusters::Metadata {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut extdns_clusters::Metadata {
                &mut self.metadata
            }
        }
    };
}
pub(crate) use projection;
