//! The metrics of endpoints and records.

use std::collections::BTreeMap;

use extdns_model::LabelKey;
use extdns_plan::Hold;
use extdns_sources::{Removed, SourceCounts};

use super::super::{
    ChangeKind, ChangeResult, FailureKind, Report, RunFailure, Summary, TypeCount, TypeCounts,
};
use super::{Column, Page, lower};

/// How many zones, or lists of zones, and how many sources could not be read.
pub(super) fn errors_of(report: &Report) -> (usize, usize) {
    let provider_failed = |failure: &RunFailure| failure.kind == FailureKind::Provider;
    let of_targets = report.targets.iter().filter_map(|target| target.failure.as_ref());
    let failures = report.failure.iter().chain(of_targets).filter(|own| provider_failed(own));
    let unread = Summary::of(report).unreadable_zones + failures.count();
    let failed = report.clusters.iter().map(|cluster| {
        let sources = cluster.sources.iter().filter(|source| source.failure.is_some()).count();
        sources + usize::from(cluster.failure.is_some())
    });
    (unread, failed.sum())
}

/// Upstream's numbers of endpoints and records. Its label values are lower-case.
pub(super) fn of_records(page: &mut Page, report: &Report) {
    let mut counts = TypeCounts::new();
    for (rtype, count) in report.targets.iter().flat_map(|target| &target.counts) {
        let sum = counts.entry(*rtype).or_default();
        sum.wanted += count.wanted;
        sum.stored += count.stored;
        sum.verified += count.verified;
    }
    let total: usize = counts.values().map(|count| count.stored).sum();
    page.gauge("registry_endpoints_total", "Records in all zones.").sample(&[], total);
    let wanted: usize = report.clusters.iter().map(|cluster| cluster.endpoints).sum();
    page.gauge("source_endpoints_total", "Endpoints of all sources.").sample(&[], wanted);
    let by_type: [Column<TypeCount>; 3] = [
        ("registry_records", "Records in all zones, by type.", |count| count.stored),
        ("source_records", "Endpoints of all sources, by type.", |count| count.wanted),
        (
            "controller_verified_records",
            "Endpoints whose name and type are in a zone, by type.",
            |count| count.verified,
        ),
    ];
    for (name, help, value) in by_type {
        let metric = page.gauge(name, help);
        for (rtype, count) in &counts {
            metric.sample(&[("record_type", &lower(rtype))], value(count));
        }
    }
    of_removed(page, report);
    of_strange_owners(page, report);
}

/// What the steps between sources and plan removed.
fn of_removed(page: &mut Page, report: &Report) {
    type Counts = fn(&Removed) -> &SourceCounts;
    let metrics: [(_, _, Counts); 2] = [
        ("source_invalid_endpoints", "Endpoints that do not fit their record type.", |removed| {
            &removed.invalid
        }),
        (
            "source_deduplicated_endpoints",
            "Endpoints that another one already asks for.",
            |removed| &removed.twins,
        ),
    ];
    for (name, help, counts) in metrics {
        let mut sums = SourceCounts::new();
        for (key, count) in report.targets.iter().flat_map(|target| counts(&target.removed)) {
            *sums.entry(*key).or_default() += count;
        }
        let metric = page.gauge(name, help);
        for ((rtype, source), count) in sums {
            metric.sample(&[("record_type", &lower(rtype)), ("source_type", source)], count);
        }
    }
}

fn of_strange_owners(page: &mut Page, report: &Report) {
    let mut skipped: BTreeMap<[String; 4], usize> = BTreeMap::new();
    for change in report.changes().filter(|change| change.kind == ChangeKind::Create) {
        let owner = match &change.result {
            ChangeResult::Held(Hold::Foreign { owner }) => owner.as_deref(),
            ChangeResult::Held(Hold::InDoubt(_)) => None,
            _ => continue,
        };
        if let Some(after) = &change.after {
            let ours = after.labels.get(LabelKey::OWNER).unwrap_or_default();
            let theirs = owner.unwrap_or_default();
            let name = after.set.name.key();
            let labels = [
                lower(after.set.rtype),
                lower(ours),
                lower(theirs),
                naked_domain(&name).to_owned(),
            ];
            *skipped.entry(labels).or_default() += 1;
        }
    }
    let metric = page.gauge(
        "registry_skipped_records_owner_mismatch_per_sync",
        "Records that are not made because a record of the name is foreign.",
    );
    for ([rtype, ours, theirs, domain], count) in &skipped {
        let labels = [
            ("record_type", rtype.as_str()),
            ("owner", ours.as_str()),
            ("foreign_owner", theirs.as_str()),
            ("domain", domain.as_str()),
        ];
        metric.sample(&labels, *count);
    }
}

/// The name without its first label, where the rest still has a dot.
fn naked_domain(name: &str) -> &str {
    name.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.')).unwrap_or(name)
}
