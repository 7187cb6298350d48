//! One report of the reports of several targets.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use extdns_model::{ClusterId, DomainFilter, Endpoint, Name};
use extdns_sources::Dropped;

use super::listing::first_few;
use super::{
    ClusterReport, ClusterState, Durations, FailureKind, Notice, Report, RunFailure, TargetReport,
    Unmade, notices,
};

/// What one target of several adds to the report of a run.
pub(crate) struct Part {
    /// The report, as if there were no other target.
    pub(crate) report: Report,
    /// How many of its first notices are not about the target alone.
    pub(crate) shared_notices: usize,
    /// What lies in none of its zones.
    pub(crate) unrouted: Vec<Unrouted>,
    /// What its pipeline left out.
    pub(crate) dropped: Vec<Dropped>,
    /// What it takes.
    pub(crate) scope: Scope,
}

/// Which names a target takes, and of which clusters.
pub(crate) struct Scope {
    pub(crate) filter: DomainFilter,
    pub(crate) clusters: Vec<ClusterId>,
}

/// A name that lies in none of the zones of a target.
#[derive(Debug, Clone)]
pub(crate) struct Unrouted {
    name: Name,
    clusters: Vec<ClusterId>,
    notice: Notice,
}

impl Unrouted {
    /// What is to be said of an endpoint whose name lies in no zone.
    pub(crate) fn of(endpoint: &Endpoint) -> Self {
        let resources = endpoint.attribution.resources().iter();
        Self {
            name: endpoint.set.name.clone(),
            clusters: resources.map(|resource| resource.cluster).collect(),
            notice: notices::unrouted(endpoint),
        }
    }
}

impl Scope {
    fn takes(&self, unrouted: &Unrouted) -> bool {
        let of_cluster = |cluster| self.clusters.contains(cluster);
        let is_listed = unrouted.clusters.is_empty() || unrouted.clusters.iter().any(of_cluster);
        is_listed && self.filter.matches(&unrouted.name)
    }
}

impl Part {
    /// A target that failed. What failed for the clusters failed for all targets.
    pub(crate) fn of_failure(
        target: &str,
        failure: RunFailure,
        clusters: Vec<ClusterReport>,
    ) -> Self {
        let target = TargetReport {
            name: target.to_owned(),
            failure: Some(failure),
            ..TargetReport::default()
        };
        let report = Report { clusters, targets: vec![target], ..Report::default() };
        let scope = Scope { filter: DomainFilter::default(), clusters: Vec::new() };
        Self { report, shared_notices: 0, unrouted: Vec::new(), dropped: Vec::new(), scope }
    }
}

/// The report of all targets, in their order. `dropped` is what the sources left out, `unmatched` are the
/// names that no target takes.
pub(crate) fn join(parts: Vec<Part>, dropped: &[Dropped], unmatched: &BTreeSet<String>) -> Report {
    let mut joined = Report { failure: failure_of_clusters(&parts), ..Report::default() };
    let (unrouted, nowhere) = (unrouted(&parts), is_nowhere(&parts));
    let all_dropped = dropped.iter().chain(parts.iter().flat_map(|part| &part.dropped));
    joined.unmade = Unmade::before_plan(all_dropped, &[]);
    let mut notices = Notices::default();
    for part in &parts {
        let shared = part.report.notices.iter().take(part.shared_notices);
        shared.for_each(|notice| notices.add(notice.clone()));
    }
    if let Some(notice) = notice_of_unmatched(unmatched) {
        notices.add(notice);
    }
    unrouted.values().for_each(|notice| notices.add(notice.clone()));
    for Part { report, shared_notices, .. } in parts {
        add_clusters(&mut joined.clusters, report.clusters);
        add_durations(&mut joined.run.durations, report.run.durations);
        add_unmade(&mut joined.unmade, report.unmade);
        let name = report.targets.first().map_or("", |target| &target.name).to_owned();
        for Notice { subject, message } in report.notices.into_iter().skip(shared_notices) {
            notices.add(Notice { subject: format!("target {name}: {subject}"), message });
        }
        joined.targets.extend(report.targets);
    }
    if joined.failure.is_some() {
        joined.targets.iter_mut().for_each(|target| target.failure = None);
    }
    joined.notices = notices.list;
    joined.unmade.no_target = unmatched.len();
    joined.unmade.no_zone = unrouted.len();
    joined.unmade.nowhere = nowhere;
    joined
}

/// Notices, each once.
#[derive(Default)]
struct Notices {
    list: Vec<Notice>,
    seen: HashSet<(String, String)>,
}

impl Notices {
    fn add(&mut self, notice: Notice) {
        if self.seen.insert((notice.subject.clone(), notice.message.clone())) {
            self.list.push(notice);
        }
    }
}

/// Why no target could do anything, where that is for the clusters.
fn failure_of_clusters(parts: &[Part]) -> Option<RunFailure> {
    let mut failures = parts.iter().map(|part| part.report.first_failure());
    let first = failures.next()??;
    let is_same = |failure: Option<&RunFailure>| failure == Some(first);
    (first.kind == FailureKind::Clusters && failures.all(is_same)).then(|| first.clone())
}

/// The names that lie in no zone of any target that takes them. What a failed target has is not known.
fn unrouted(parts: &[Part]) -> BTreeMap<String, Notice> {
    let mut names: BTreeMap<String, Notice> = BTreeMap::new();
    if parts.iter().any(|part| part.report.first_failure().is_some()) {
        return names;
    }
    let by_target: Vec<HashSet<&str>> = parts
        .iter()
        .map(|part| part.unrouted.iter().map(|own| own.name.as_str()).collect())
        .collect();
    for own in parts.iter().flat_map(|part| &part.unrouted) {
        let mut takers = parts.iter().zip(&by_target).filter(|(part, _)| part.scope.takes(own));
        if takers.all(|(_, unrouted)| unrouted.contains(own.name.as_str())) {
            names.entry(own.name.to_string()).or_insert_with(|| own.notice.clone());
        }
    }
    names
}

/// Whether names are wanted of some target, and lie in no zone of any.
fn is_nowhere(parts: &[Part]) -> bool {
    let wants = |part: &&Part| {
        let counts = part.report.targets.iter().flat_map(|target| target.counts.values());
        counts.map(|count| count.wanted).sum::<usize>() > 0
    };
    let mut wanting = parts.iter().filter(wants).peekable();
    wanting.peek().is_some() && wanting.all(|part| part.report.unmade.nowhere)
}

/// How many names a notice shows.
const SHOWN: usize = 5;

fn notice_of_unmatched(names: &BTreeSet<String>) -> Option<Notice> {
    let count = names.len();
    let shown = first_few(names.iter().map(String::as_str), count, SHOWN, ", ");
    let what = match count {
        0 => return None,
        1 => "1 name matches the filters of no target".to_owned(),
        _ => format!("{count} names match the filters of no target"),
    };
    Some(Notice {
        subject: "targets".to_owned(),
        message: format!(
            "{what} that lists their cluster, so nothing is made of it: {shown}; add the domain to \
             the domainFilter of a target"
        ),
    })
}

/// A cluster that is frozen at one target is told as frozen.
fn add_clusters(known: &mut Vec<ClusterReport>, of_target: Vec<ClusterReport>) {
    for cluster in of_target {
        match known.iter_mut().find(|own| own.name == cluster.name) {
            None => known.push(cluster),
            Some(own) if own.state == ClusterState::Complete => own.state = cluster.state,
            Some(_) => {}
        }
    }
}

/// The targets are worked on at the same time: the longest counts.
fn add_durations(known: &mut Durations, of_target: Durations) {
    known.read = known.read.max(of_target.read);
    known.plan = known.plan.max(of_target.plan);
    known.apply = known.apply.max(of_target.apply);
}

/// What is counted for each target on its own.
fn add_unmade(known: &mut Unmade, of_target: Unmade) {
    known.refused += of_target.refused;
    known.unanswered += of_target.unanswered;
    known.contested += of_target.contested;
    known.unmanaged += of_target.unmanaged;
    known.unselected |= of_target.unselected;
}
