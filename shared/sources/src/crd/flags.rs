//! The flags of the source `crd`: which kind of object holds the entries.

use clap::Args;
use extdns_clusters::Projection as _;

use crate::error::OptionsError;
use crate::needs::Kind;

use super::object::DnsEndpoint;

/// The flags of the source `crd`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Group and version of the objects that the source crd reads.
    #[arg(long, default_value = "externaldns.k8s.io/v1alpha1", value_name = "GROUP/VERSION")]
    crd_source_apiversion: String,

    /// Kind of the objects that the source crd reads.
    #[arg(long, default_value = "DNSEndpoint", value_name = "KIND")]
    crd_source_kind: String,
}

/// A flag of the source `crd` that says something wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrdFlagError {
    /// There can be no such kind of object.
    #[error(
        "--crd-source-apiversion={api_version:?} and --crd-source-kind={kind:?} name no kind of object; they look like externaldns.k8s.io/v1alpha1 and DNSEndpoint"
    )]
    Kind {
        /// `--crd-source-apiversion`.
        api_version: String,
        /// `--crd-source-kind`.
        kind: String,
    },
}

/// The kind that the flags name. What everybody has needs no discovery.
pub(super) fn kind(flags: &Flags) -> Result<Kind, OptionsError> {
    let (api_version, kind) = (&flags.crd_source_apiversion, &flags.crd_source_kind);
    let error = || CrdFlagError::Kind { api_version: api_version.clone(), kind: kind.clone() };
    let named = parse(api_version, kind).ok_or_else(|| OptionsError::source(error()))?;
    let usual = DnsEndpoint::RESOURCE;
    let is_usual = named == Kind::named(usual.group, usual.version, usual.kind);
    Ok(if is_usual { Kind::of::<DnsEndpoint>() } else { named })
}

fn parse(api_version: &str, kind: &str) -> Option<Kind> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let complete = !version.is_empty() && !version.contains('/') && !kind.is_empty();
    complete.then(|| Kind::named(group, version, kind))
}

#[cfg(test)]
mod tests {
    use super::{Kind, parse};

    #[test]
    fn kinds() {
        let kind = |group: &str, version: &str, kind: &str| Some(Kind::named(group, version, kind));
        let table = [
            (
                ("externaldns.k8s.io/v1alpha1", "DNSEndpoint"),
                kind("externaldns.k8s.io", "v1alpha1", "DNSEndpoint"),
            ),
            (("v1", "Thing"), kind("", "v1", "Thing")),
            (("a.org/", "Thing"), None),
            (("a.org/v1/x", "Thing"), None),
            (("", "Thing"), None),
            (("a.org/v1", ""), None),
        ];
        for ((api_version, name), expected) in table {
            assert_eq!(parse(api_version, name), expected, "{api_version} {name}");
        }
    }
}
