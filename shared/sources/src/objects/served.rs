//! Where the API serves the objects of a projection.

/// Says where the API serves the objects of a projection: `projection!(Node: "", "nodes", false)` for a group with the
/// version `v1`, or with the kind and all versions, the newest first.
macro_rules! projection {
    (@kind $type:ident) => { stringify!($type) };
    (@kind $type:ident $kind:literal) => { $kind };
    ($type:ident: $group:literal, $plural:literal, $namespaced:literal) => {
        $crate::objects::served::projection!($type: $group, ["v1"], $plural, $namespaced);
    };
    (
        $type:ident $(as $kind:literal)?:
        $group:literal, [$newest:literal $(, $older:literal)*], $plural:literal, $namespaced:literal
    ) => {
        impl extdns_clusters::Projection for $type {
            const RESOURCE: extdns_clusters::ResourceType = extdns_clusters::ResourceType {
                group: $group,
                version: $newest,
                plural: $plural,
                kind: $crate::objects::served::projection!(@kind $type $($kind)?),
                namespaced: $namespaced,
            };
            const OLDER_VERSIONS: &'static [&'static str] = &[$($older),*];

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
