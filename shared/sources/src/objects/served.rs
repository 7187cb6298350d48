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

/// Structs with the fields that are read of an object or of a part of it, each by its name in JSON: what is absent or
/// `null` has its default.
macro_rules! parts {
    ($($(#[$of_struct:meta])* $visible:vis struct $name:ident {
        $($(#[$of_field:meta])* $field_visible:vis $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$of_struct])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        $visible struct $name {
            $($(#[$of_field])*
            #[serde(deserialize_with = "extdns_clusters::nullable")]
            $field_visible $field: $type,)*
        }
    )*};
}
pub(crate) use parts;
