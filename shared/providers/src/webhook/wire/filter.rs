//! The domain filter of a provider, as a server writes it; `received::filter` reads it.

use extdns_model::DomainFilter;
use serde::Serialize;
use serde::ser::Serializer;

/// A domain filter as the protocol has it: empty members are left out.
pub(in crate::webhook) struct SentFilter<'a>(pub(in crate::webhook) &'a DomainFilter);

impl Serialize for SentFilter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize, Default)]
        #[serde(rename_all = "camelCase")]
        struct Members<'a> {
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            include: &'a [String],
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            exclude: &'a [String],
            #[serde(skip_serializing_if = "str::is_empty")]
            regex_include: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            regex_exclude: &'a str,
        }
        let members = match self.0 {
            DomainFilter::List(lists) => {
                Members { include: lists.include(), exclude: lists.exclude(), ..Members::default() }
            }
            DomainFilter::Regex { include, exclude } => Members {
                regex_include: include.as_ref().map_or("", |own| own.as_str()),
                regex_exclude: exclude.as_ref().map_or("", |own| own.as_str()),
                ..Members::default()
            },
        };
        members.serialize(serializer)
    }
}
