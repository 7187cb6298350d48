//! What the user has to look at before the changes themselves: the run failed, the plan is another
//! one, a cluster is frozen, the guard stopped something.

use std::collections::BTreeMap;

use extdns_plan::{ExceededLimit, GuardKind, Limit, Outage};

use super::listing::first_few;
use super::words::closing;
use super::{
    ClusterReport, ClusterState, FailureKind, GuardStop, Report, TargetReport, ZoneReport,
    ZonedOutage,
};

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    /// What it is about.
    pub(super) subject: String,
    /// What is the matter.
    pub(super) message: String,
    /// If it is meant to be: the flag that lets it through, and what does the same for the function.
    pub(super) allow: Option<Remedy>,
}

/// How to let something through, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remedy {
    /// On the command line.
    pub(super) flag: String,
    /// For the function: a member of its direct invocation, or a variable.
    pub(super) function: String,
}

impl Alert {
    /// Names the target, where there are several.
    fn at(self, target: &TargetReport, report: &Report) -> Self {
        match report.targets.len() {
            0 | 1 => self,
            _ => Self { subject: format!("{} of target {}", self.subject, target.name), ..self },
        }
    }

    /// What is the matter and what to do, in one line.
    pub(super) fn sentence(&self) -> String {
        let Self { subject, message, allow } = self;
        match allow {
            None => format!("{subject}: {message}"),
            Some(allow) => format!("{subject}: {message}; {}", allow.sentence()),
        }
    }
}

impl Remedy {
    pub(super) fn sentence(&self) -> String {
        let Self { flag, function } = self;
        format!("if this is meant: {flag}, or for the function: {function}")
    }
}

/// Everything to look at, the gravest first.
pub(super) fn alerts(report: &Report) -> Vec<Alert> {
    let mut alerts = Vec::new();
    if let Some(failure) = &report.failure {
        alerts.push(Alert {
            subject: "run failed".to_owned(),
            message: failure.message.clone(),
            allow: None,
        });
    }
    alerts.extend(report.targets.iter().filter_map(failed));
    alerts.extend(report.targets.iter().filter_map(other_plan));
    alerts.extend(report.unmade.nowhere.then(|| nowhere(report)));
    for target in &report.targets {
        alerts.extend(
            target
                .exceeded_limits
                .iter()
                .map(|exceeded| guard_stop(exceeded, report.only_ownership))
                .map(|alert| alert.at(target, report)),
        );
        alerts.extend(target.outages.iter().map(broken).map(|alert| alert.at(target, report)));
    }
    // Why a run failed for its clusters has their failures in it.
    let of_clusters = [FailureKind::Clusters, FailureKind::Deadline];
    let is_reported = report.failure.as_ref().is_some_and(|why| of_clusters.contains(&why.kind));
    alerts.extend(report.clusters.iter().filter(|_| !is_reported).filter_map(frozen));
    for zone in report.zones() {
        alerts.extend(zone.unreadable.as_ref().map(|reason| Alert {
            subject: format!("zone {}", zone.zone),
            message: format!("could not be read, nothing in it is changed: {reason}"),
            allow: None,
        }));
        alerts.extend(closed(zone));
    }
    alerts
}

/// Why a zone took no more changes (it is full, or its API is down), once for all that are left out.
fn closed(zone: &ZoneReport) -> impl Iterator<Item = Alert> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for failure in zone.changes.iter().filter_map(|change| closing(&change.result)) {
        *reasons.entry(&failure.message).or_default() += 1;
    }
    reasons.into_iter().map(|(reason, count)| {
        let what = match count {
            1 => "1 change is not made".to_owned(),
            _ => format!("{count} changes are not made"),
        };
        let (subject, message) = (format!("zone {}", zone.zone), format!("{what}: {reason}"));
        Alert { subject, message, allow: None }
    })
}

fn failed(target: &TargetReport) -> Option<Alert> {
    let failure = target.failure.as_ref()?;
    let subject = format!("target {} failed", target.name);
    Some(Alert { subject, message: failure.message.clone(), allow: None })
}

fn other_plan(target: &TargetReport) -> Option<Alert> {
    let expected = target.expected_hash.as_ref().filter(|_| target.hash_differs())?;
    let hash = target.hash.as_deref().unwrap_or("none");
    Some(Alert {
        subject: format!("target {}", target.name),
        message: format!(
            "the plan is not the one that was to be applied, so nothing was written: its hash is \
             {hash}, not {expected}; below is what it is now, and if that is right, the new hash \
             applies it"
        ),
        allow: None,
    })
}

/// How many zones a message shows.
const ZONES: usize = 5;

fn nowhere(report: &Report) -> Alert {
    let zones = report.zones().count();
    let names = first_few(report.zones().map(|zone| zone.zone.as_str()), zones, ZONES, ", ");
    let there = if zones == 0 { "there is none".to_owned() } else { format!("there is {names}") };
    Alert {
        subject: "zones".to_owned(),
        message: format!(
            "names are wanted, and none of them lies in a zone that this run manages, so nothing is \
             made ({there}); check --domain-filter, the other filters of zones, and whether the \
             credentials are those of the right account"
        ),
        allow: None,
    }
}

const FROZEN: &str = "its records are frozen: none is deleted, shrunk or taken over";

fn frozen(cluster: &ClusterReport) -> Option<Alert> {
    let (message, allow) = match &cluster.state {
        ClusterState::Complete => return None,
        ClusterState::Failed => (format!("{}; {FROZEN}", failures(cluster)), None),
        ClusterState::SuspiciouslyEmpty { records, filter } => {
            let name = &cluster.name;
            let allow = Remedy {
                flag: format!("--allow-empty={name}"),
                function: format!("\"allowEmpty\": [{name:?}]"),
            };
            let what = match filter {
                None => "it wants nothing".to_owned(),
                Some(filter) => format!("{filter} selects none of its objects"),
            };
            let message =
                format!("{what}, although {records} records belong to it alone; {FROZEN}");
            (message, Some(allow))
        }
    };
    Some(Alert { subject: format!("cluster {}", cluster.name), message, allow })
}

fn failures(cluster: &ClusterReport) -> String {
    let of_sources = cluster.sources.iter().filter_map(|source| {
        let why = source.failure.as_ref()?;
        Some(format!("source {} could not be read in full: {why}", source.name))
    });
    let all: Vec<String> = cluster.failure.iter().cloned().chain(of_sources).collect();
    if all.is_empty() { "it could not be read in full".to_owned() } else { all.join("; ") }
}

fn part_of_target(zone: Option<&str>) -> String {
    zone.map_or_else(|| "all zones together".to_owned(), |zone| format!("zone {zone}"))
}

fn broken(ZonedOutage { zone, outage }: &ZonedOutage) -> Alert {
    let Outage { count, base, max_percent, allow, .. } = outage;
    let names = first_few(outage.names.iter().map(AsRef::as_ref), *count, NAMES, ", ");
    Alert {
        subject: "outage".to_owned(),
        message: format!(
            "{}: {count} of {base} records would go because their objects have no address any \
             more, more than --max-delete-percent={max_percent} allows, so they stay as they are: \
             {names}",
            part_of_target(zone.as_deref())
        ),
        allow: Some(Remedy { flag: allow.to_string(), function: allow.for_function() }),
    }
}

/// How many of the stopped names a message shows.
const NAMES: usize = 10;

fn guard_stop(GuardStop { zone, exceeded }: &GuardStop, only_ownership: bool) -> Alert {
    let ExceededLimit { scope, kind, count, base, .. } = exceeded;
    let of_cluster = scope.cluster().map_or_else(String::new, |name| format!(" of cluster {name}"));
    let part = part_of_target(zone.as_deref());
    let done = match (only_ownership, kind) {
        (true, _) => "removed, all of them ownership records",
        (false, GuardKind::Deletes) => "deleted",
        (false, GuardKind::Updates) => "updated",
    };
    let limit = match (exceeded.limit, kind) {
        (Limit::Percent(percent), GuardKind::Deletes) => format!("--max-delete-percent={percent}"),
        (Limit::Percent(percent), GuardKind::Updates) => format!("--max-update-percent={percent}"),
        (Limit::Count(count), _) => format!("--max-deletes={count}"),
    };
    let names = first_few(exceeded.names.iter().map(AsRef::as_ref), *count, NAMES, ", ");
    Alert {
        subject: "guard".to_owned(),
        message: format!(
            "{part}: {count} of {base} records{of_cluster} would be {done}, more than {limit} \
             allows, so none is: {names}"
        ),
        allow: Some(Remedy {
            flag: exceeded.allow.to_string(),
            function: exceeded.allow.for_function(),
        }),
    }
}
