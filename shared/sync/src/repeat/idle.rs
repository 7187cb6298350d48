//! Runs that would find nothing new.

use std::time::Duration;

use extdns_auth::RequestTimes;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::report::{self, ChangeResult, Durations, Report, Requests};
use crate::settings::Arguments;
use crate::wiring::{Watching, Wiring};

/// What is known since the last run that left nothing to do.
pub(super) struct Idle {
    /// For how long the zones are taken for unchanged; not at all without `--txt-cache-interval` and
    /// `--provider-cache-time`.
    cached_for: Duration,
    /// Whether what the clusters want depends on more than their objects.
    looks_up: bool,
    last: Option<Last>,
}

struct Last {
    began: Instant,
    /// How many changes there were in the clusters by then.
    changes: u64,
    /// What it reported, if it wrote nothing: a run with the same clusters and the same zones reports the same.
    report: Option<Report>,
}

/// What a run would be now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// The clusters are the same, and the zones are taken for unchanged.
    Idle,
    /// The clusters are the same, and the last run wrote nothing: so would this one, if the zones are the same, too.
    UpToZones,
    /// Nothing is known.
    Open,
}

impl Idle {
    pub(super) fn new(arguments: &Arguments) -> Self {
        // Load balancers whose names are looked up change without a change in the cluster.
        let looks_up = |own: &crate::settings::Given| {
            own.flag == "resolve-service-load-balancer-hostname" && own.text != "false"
        };
        let clusters = &arguments.cluster_entries;
        let looks_up = clusters.iter().any(|own| own.arguments.given.iter().any(looks_up));
        let of_targets = arguments.target_entries.iter().map(|own| {
            let flags = &own.arguments;
            flags.registry.txt_cache_interval.max(flags.providers.provider_cache_time)
        });
        let cached_for = if looks_up { None } else { of_targets.min() };
        Self { cached_for: cached_for.unwrap_or_default(), looks_up, last: None }
    }

    /// A run ended that began then; it may have left something to do.
    pub(super) fn ended(&mut self, began: Instant, changes: u64, is_done: bool, report: Report) {
        let wrote = report.wrote_statuses
            || report.changes().any(|own| matches!(own.result, ChangeResult::Sent(_)));
        let report = (!wrote).then_some(report);
        self.last = is_done.then_some(Last { began, changes, report });
    }

    /// What a run would be that began now.
    pub(super) fn outlook(&self, now: Instant, wiring: &Wiring, watching: &Watching) -> Outlook {
        let same = |last: &&Last| {
            last.changes == watching.changes().number() && watching.is_current(&wiring.clusters)
        };
        match self.last.as_ref().filter(same) {
            Some(last) if now.duration_since(last.began) < self.cached_for => Outlook::Idle,
            Some(Last { report: Some(_), .. }) if !self.looks_up => Outlook::UpToZones,
            _ => Outlook::Open,
        }
    }

    /// What the last run reported, as the report of one that began then and had made so many requests before.
    pub(super) fn again(
        &mut self,
        began: Instant,
        started: Timestamp,
        requests: &[RequestTimes],
    ) -> Option<&Report> {
        let last = self.last.as_mut()?;
        last.began = began;
        let report = last.report.as_mut()?;
        report.run.started = Some(started);
        report.run.finished = Some(Timestamp::now());
        report.run.durations = Durations { read: Some(began.elapsed()), ..Durations::default() };
        report.run.peak_memory = report::peak_memory();
        report.run.requests = Requests::since(requests);
        Some(report)
    }
}
