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
///
/// What templates see of a part stands beside it: `struct Spec as "ProxySpec"` has the name of the type in Go,
/// `hosts as "Hosts"` that of the field, `= Type::..` how templates see it where its type here does not say so, and
/// `+ "Bind": Type::Text` is a field that only templates read.
macro_rules! parts {
    () => {};
    (
        $(#[$of_struct:meta])* $visible:vis struct $name:ident $(as $go:literal)? {
            $($(#[$of_field:meta])* $of:vis $field:ident $(as $text:literal)?: $type:ty $(= $seen:expr)?,)*
            $(+ $more:literal: $kind:expr,)*
        }
        $($rest:tt)*
    ) => {
        $(#[$of_struct])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        $visible struct $name {
            $($(#[$of_field])*
            #[serde(deserialize_with = "extdns_clusters::nullable")]
            $of $field: $type,)*
        }
        $crate::objects::served::parts!(@seen $name $($go)? [] {
            $($field $(as $text)?: ($type) $(= $seen)?,)* $(+ $more: $kind,)*
        });
        $crate::objects::served::parts! { $($rest)* }
    };
    // Of one struct, field by field.
    (@seen $name:ident [] { $($field:tt)* }) => {};
    (@seen $name:ident $go:literal [$($done:tt)*] { $field:ident: ($type:ty), $($rest:tt)* }) => {
        $crate::objects::served::parts!(@seen $name $go [$($done)*] { $($rest)* });
    };
    (@seen $name:ident $go:literal [$($done:tt)*] { $field:ident as $text:literal: ($type:ty), $($rest:tt)* }) => {
        $crate::objects::served::parts!(@seen $name $go
            [$($done)* ($text, <$type as $crate::templates::schemas::Seen>::TYPE),] { $($rest)* });
    };
    (@seen $name:ident $go:literal [$($done:tt)*] {
        $field:ident as $text:literal: ($type:ty) = $seen:expr, $($rest:tt)*
    }) => {
        $crate::objects::served::parts!(@seen $name $go [$($done)* ($text, $seen),] { $($rest)* });
    };
    (@seen $name:ident $go:literal [$($done:tt)*] { + $text:literal: $kind:expr, $($rest:tt)* }) => {
        $crate::objects::served::parts!(@seen $name $go [$($done)* ($text, $kind),] { $($rest)* });
    };
    (@seen $name:ident $go:literal [$($done:tt)*] {}) => {
        impl $crate::templates::schemas::Seen for $name {
            const TYPE: extdns_template::Type = extdns_template::Type::Struct(&Self::SEEN);
        }

        impl $name {
            /// What templates see.
            const SEEN: extdns_template::Struct =
                extdns_template::Struct { name: $go, fields: &[$($done)*] };
        }
    };
}
pub(crate) use parts;
