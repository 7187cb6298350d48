//! Names whose objects have no address yet, as rows. They are no changes, so no total counts them.

use super::words::printable;
use super::{ClusterReport, Report};

/// How many names are shown of a cluster.
const SHOWN: usize = 10;

/// What a row begins with.
pub(super) const MARK: &str = "?";

/// The rows of a cluster, without their mark: `A web.example.org (address not known yet: service/shop/web)`.
pub(super) fn rows_of(cluster: &ClusterReport) -> impl Iterator<Item = String> {
    let row = |(name, resource): (&str, &str)| {
        let (name, resource) = (printable(name), printable(resource));
        format!("A {name} (address not known yet: {resource})")
    };
    let names = cluster.unready.iter().map(|own| (own.name.as_str(), own.resource.as_str()));
    let more = cluster.unready.len().checked_sub(SHOWN).filter(|more| *more > 0);
    let more =
        more.map(|more| format!("and {more} more names of cluster {}", printable(&cluster.name)));
    names.take(SHOWN).map(row).chain(more)
}

/// The rows of all clusters.
pub(super) fn rows(report: &Report) -> impl Iterator<Item = String> {
    report.clusters.iter().flat_map(rows_of)
}
