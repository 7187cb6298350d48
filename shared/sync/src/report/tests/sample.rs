//! A report in which everything occurs that a report can tell of.

use std::sync::Arc;
use std::time::Duration;

use extdns_auth::{RequestKind, RequestTimes};
use extdns_model::{
    ClusterId, Doubt, DoubtCause, Failure, FailureKind, Name, NotSent, Outcome, RecordSet,
    RecordType, Resource, ResourceKind, Targets, Ttl, ZoneKey,
};
use extdns_plan::{
    Allow, Cause, Differences, ExceededLimit, FreezeCause, GuardKind, Hold, Limit, Outage, Scope,
};
use extdns_sources::Removed;

use crate::report::{
    Call, Calls, ChangeKind, ChangeResult, ClusterReport, ClusterState, Durations, GuardStop,
    Notice, ObjectCount, Report, ReportedChange, Requests, Run, Snapshot, SourceReport,
    TargetReport, TypeCount, UnreadyName, ZoneReport, ZonedOutage,
};

pub(super) fn set(rtype: RecordType, name: &str, ttl: i64, targets: &[&str]) -> RecordSet {
    let targets: Targets = targets.iter().copied().collect();
    RecordSet::new(Name::as_listed(name), rtype, Ttl::from_seconds(ttl), targets)
}

fn owned(set: RecordSet) -> Snapshot {
    let labels = [("owner", "me"), ("resource", "service/shop/web")];
    Snapshot { set, labels: labels.into_iter().collect() }
}

fn change(
    before: Option<RecordSet>,
    after: Option<RecordSet>,
    cause: Cause,
    result: ChangeResult,
) -> ReportedChange {
    let kind = match (&before, &after) {
        (None, _) => ChangeKind::Create,
        (Some(_), Some(_)) => ChangeKind::Update,
        (Some(_), None) => ChangeKind::Delete,
    };
    ReportedChange {
        kind,
        before: before.map(owned),
        after: after.map(owned),
        resource: Some("service/shop/web".to_owned()),
        also: Vec::new(),
        cluster: None,
        cause,
        moves_to: match cause {
            Cause::Moves { .. } => Some("sub.example.org".to_owned()),
            _ => None,
        },
        result,
    }
}

pub(super) fn created(name: &str, result: ChangeResult) -> ReportedChange {
    change(None, Some(set(RecordType::A, name, 0, &["192.0.2.1"])), Cause::Missing, result)
}

pub(super) fn deleted(name: &str, result: ChangeResult) -> ReportedChange {
    change(Some(set(RecordType::A, name, 300, &["192.0.2.1"])), None, Cause::Unwanted, result)
}

pub(super) fn updated(name: &str, result: ChangeResult) -> ReportedChange {
    let differs = Differences { targets: true, ttl: true, ..Differences::default() };
    change(
        Some(set(RecordType::A, name, 60, &["192.0.2.1"])),
        Some(set(RecordType::A, name, 300, &["192.0.2.2"])),
        Cause::Differs(differs),
        result,
    )
}

/// One change of every kind and cause, all with one result.
pub(super) fn of_every_cause(result: &ChangeResult) -> Vec<ReportedChange> {
    let gone = || Some(set(RecordType::Cname, "old.example.org", 0, &["lb.example.net"]));
    let blue =
        set(RecordType::Aaaa, "w.example.org", 0, &["2001:db8::1"]).with_set_identifier("blue");
    let weighted = |weight: &str| {
        let properties = [("aws/weight", weight)].into_iter().collect();
        blue.clone().with_properties(properties)
    };
    let many = || {
        let targets = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"];
        Some(set(RecordType::A, "many.example.org", 0, &targets))
    };
    let properties = Differences { properties: true, ..Differences::default() };
    let ownership = Differences { ownership: true, ..Differences::default() };
    vec![
        change(gone(), None, Cause::Unwanted, result.clone()),
        change(gone(), None, Cause::GivesWay, result.clone()),
        change(gone(), None, Cause::Orphaned, result.clone()),
        change(gone(), None, Cause::Moves { to: ZoneKey(0) }, result.clone()),
        change(gone(), gone(), Cause::Unowned, result.clone()),
        change(None, Some(blue.clone()), Cause::Missing, result.clone()),
        change(None, many(), Cause::Missing, result.clone()),
        updated("api.example.org", result.clone()),
        change(
            Some(weighted("10")),
            Some(weighted("20")),
            Cause::Differs(properties),
            result.clone(),
        ),
        change(many(), many(), Cause::Differs(ownership), result.clone()),
    ]
}

pub(super) fn failure(message: &str) -> Failure {
    Failure { kind: FailureKind::Rejected, message: message.to_owned() }
}

/// Every way in which sending a change can end.
pub(super) fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Applied,
        Outcome::Partial { done: 1, left: 2, reason: failure("bad value") },
        Outcome::NotSent(NotSent::Deadline),
        Outcome::NotSent(NotSent::Predecessor),
        Outcome::NotSent(NotSent::Move),
        Outcome::NotSent(NotSent::Replacement),
        Outcome::NotSent(NotSent::Stopped(failure("access denied"))),
        Outcome::Rejected(failure("bad value (request 4711)")),
        Outcome::Failed(failure("HTTP 503 (request 4712)")),
        Outcome::Unknown(failure("the connection was closed")),
    ]
}

/// Every reason for which a change is held back.
pub(super) fn holds() -> Vec<Hold> {
    let resource = Arc::new(Resource {
        cluster: ClusterId(0),
        kind: ResourceKind::SERVICE,
        namespace: Some("shop".into()),
        name: "web".into(),
    });
    vec![
        Hold::Foreign { owner: Some("other".into()) },
        Hold::Foreign { owner: None },
        Hold::Policy,
        Hold::Coexistence,
        Hold::Unit,
        Hold::CannotBeOwned { reason: "its TXT has no zone".to_owned() },
        Hold::CannotBeStored { reason: "a CNAME has one target, not 2".to_owned() },
        Hold::UnreadableZone,
        Hold::ReadOnly { reason: "stands outside the block" },
        Hold::Frozen { cluster: "prod".into(), why: FreezeCause::Failed },
        Hold::Frozen {
            cluster: "lab".into(),
            why: FreezeCause::Empty { records: 12, filter: None },
        },
        Hold::UnknownCluster { name: "gone".into() },
        Hold::Unready { resource: Arc::clone(&resource) },
        Hold::Kept { reason: "the webhook gave back no targets for it".into() },
        Hold::Frozen {
            cluster: "lab".into(),
            why: FreezeCause::Empty { records: 12, filter: Some("--namespace=shpo".into()) },
        },
        Hold::Protected { glob: "*.db.example.org".into() },
        Hold::Guarded { kind: GuardKind::Deletes, scope: Scope::Zone(ZoneKey(0)) },
        Hold::Guarded { kind: GuardKind::Updates, scope: part() },
        Hold::Guarded { kind: GuardKind::Deletes, scope: Scope::Target },
        Hold::Outage { resource: Arc::clone(&resource) },
        Hold::Moves { zone: "sub.example.org".into(), why: Box::new(Hold::Policy) },
        Hold::NoZone,
        Hold::InDoubt(Box::new(Doubt {
            txt: Name::as_listed("a-www.example.org"),
            why: DoubtCause::Contested,
        })),
    ]
}

/// A cluster's part of the zone.
fn part() -> Scope {
    Scope::Cluster { zone: ZoneKey(0), name: "prod".into() }
}

fn exceeded_limits() -> Vec<GuardStop> {
    let names = |count: usize| (0..count).map(|n| format!("n{n}.example.org").into()).collect();
    let zone = || Some("example.org".to_owned());
    vec![
        GuardStop {
            zone: None,
            exceeded: ExceededLimit {
                scope: Scope::Target,
                kind: GuardKind::Deletes,
                count: 179,
                base: 180,
                limit: Limit::Percent(30),
                names: names(10),
                allow: Allow::Deletes { zone_or_target: "aws".into(), count: 179 },
            },
        },
        GuardStop {
            zone: zone(),
            exceeded: ExceededLimit {
                scope: Scope::Zone(ZoneKey(0)),
                kind: GuardKind::Deletes,
                count: 14,
                base: 20,
                limit: Limit::Percent(30),
                names: names(10),
                allow: Allow::Deletes { zone_or_target: "example.org".into(), count: 14 },
            },
        },
        GuardStop {
            zone: zone(),
            exceeded: ExceededLimit {
                scope: part(),
                kind: GuardKind::Deletes,
                count: 3,
                base: 20,
                limit: Limit::Count(2),
                names: names(3),
                allow: Allow::Deletes { zone_or_target: "Z0123".into(), count: 3 },
            },
        },
        GuardStop {
            zone: zone(),
            exceeded: ExceededLimit {
                scope: Scope::Zone(ZoneKey(0)),
                kind: GuardKind::Updates,
                count: 11,
                base: 20,
                limit: Limit::Percent(50),
                names: names(10),
                allow: Allow::Updates { percent: 55 },
            },
        },
    ]
}

fn outages() -> Vec<ZonedOutage> {
    let outage = |scope, zone_or_target: &str| Outage {
        scope,
        count: 5,
        base: 12,
        max_percent: 30,
        names: vec!["a.example.org".into(), "b.example.org".into()],
        allow: Allow::Deletes { zone_or_target: zone_or_target.into(), count: 6 },
    };
    let zone = outage(Scope::Zone(ZoneKey(0)), "example.org");
    vec![
        ZonedOutage { zone: Some("example.org".to_owned()), outage: zone },
        ZonedOutage { zone: None, outage: outage(Scope::Target, "aws") },
    ]
}

fn clusters() -> Vec<ClusterReport> {
    let source = |name: &str, endpoints, failure: Option<&str>| SourceReport {
        name: name.to_owned(),
        endpoints,
        failure: failure.map(str::to_owned),
    };
    let objects = |resource: &str, count| ObjectCount { resource: resource.to_owned(), count };
    vec![
        ClusterReport {
            name: "prod".to_owned(),
            state: ClusterState::Failed,
            sources: vec![
                source("service", 7, None),
                source("ingress", 0, Some("list of ingresses.networking.k8s.io broke off")),
            ],
            objects: vec![objects("ingresses.networking.k8s.io", 0), objects("services", 9)],
            endpoints: 7,
            unready: vec![UnreadyName {
                name: "soon.example.org".to_owned(),
                resource: "service/shop/soon".to_owned(),
            }],
            ..ClusterReport::default()
        },
        ClusterReport {
            name: "lab".to_owned(),
            state: ClusterState::SuspiciouslyEmpty { records: 12, filter: None },
            sources: vec![source("service", 0, None)],
            ..ClusterReport::default()
        },
        ClusterReport::failed("far", "failed to connect to cluster \"far\": no route to host"),
        ClusterReport {
            name: "good".to_owned(),
            sources: vec![source("service", 2, None)],
            endpoints: 2,
            ..ClusterReport::default()
        },
    ]
}

fn run() -> Run {
    let time = |text: &str| text.parse().ok();
    Run {
        version: "1.2.3".to_owned(),
        started: time("2026-01-02T03:04:05Z"),
        finished: time("2026-01-02T03:04:09.5Z"),
        durations: Durations {
            read: Some(Duration::from_millis(2500)),
            plan: Some(Duration::from_micros(1500)),
            apply: Some(Duration::from_secs(2)),
        },
        peak_memory: Some(12_345_344),
        requests: Requests {
            times: vec![request_times()],
            count: 3,
            took: Duration::from_millis(450),
        },
    }
}

fn request_times() -> RequestTimes {
    let text = str::to_owned;
    let kind = RequestKind {
        scheme: text("https"),
        host: text("api.example.com"),
        path: text("zones"),
        method: text("GET"),
        status: text("200"),
    };
    let took = [(0.5, 100), (0.9, 200), (0.99, 200)];
    RequestTimes {
        kind,
        count: 3,
        sum: Duration::from_millis(450),
        quantiles: took.map(|(part, took)| (part, Duration::from_millis(took))),
    }
}

/// The one target, with these changes in its first zone; its second one could not be read.
pub(super) fn target(changes: Vec<ReportedChange>) -> TargetReport {
    let count = |wanted, stored, verified| TypeCount { wanted, stored, verified };
    TargetReport {
        name: "aws".to_owned(),
        zones: vec![
            ZoneReport {
                zone: "example.org".to_owned(),
                id: "/hostedzone/Z1".to_owned(),
                records: 25,
                owned: 20,
                unreadable: None,
                changes,
            },
            ZoneReport {
                zone: "example.net".to_owned(),
                id: "/hostedzone/Z2".to_owned(),
                unreadable: Some("access denied (request 42)".to_owned()),
                ..ZoneReport::default()
            },
        ],
        calls: Calls {
            made: vec![
                Call { operation: "ChangeResourceRecordSets".to_owned(), count: 2 },
                Call { operation: "ListResourceRecordSets".to_owned(), count: 3 },
            ],
            least: Some(4),
        },
        counts: [(RecordType::A, count(8, 20, 6)), (RecordType::Cname, count(1, 5, 0))].into(),
        removed: Removed {
            invalid: [((RecordType::Mx, "crd"), 1)].into(),
            twins: [((RecordType::A, "ingress"), 2), ((RecordType::Srv, "unknown"), 1)].into(),
        },
        ..TargetReport::default()
    }
}

/// A plan with changes of every cause, and nothing wrong.
pub(super) fn plan() -> Report {
    let mut target = target(of_every_cause(&ChangeResult::Planned));
    target.zones.truncate(1);
    target.hash = Some("ab".repeat(32));
    Report {
        planned_only: true,
        run: run(),
        clusters: vec![ClusterReport { name: "default".to_owned(), ..ClusterReport::default() }],
        targets: vec![target],
        ..Report::default()
    }
}

/// A run in which everything happened.
pub(super) fn everything() -> Report {
    let mut changes = of_every_cause(&ChangeResult::Sent(Outcome::Applied));
    let results = outcomes().into_iter().map(ChangeResult::Sent);
    for (index, result) in results.chain(holds().into_iter().map(ChangeResult::Held)).enumerate() {
        let name = format!("n{index}.example.org");
        changes.push(match (index + 2) % 3 {
            0 => created(&name, result),
            1 => updated(&name, result),
            _ => deleted(&name, result),
        });
    }
    changes[0].cluster = Some("good".to_owned());
    let mut target = target(changes);
    target.exceeded_limits = exceeded_limits();
    target.outages = outages();
    target.hash = Some("cd".repeat(32));
    target.expected_hash.clone_from(&target.hash);
    Report {
        run: run(),
        clusters: clusters(),
        targets: vec![target],
        notices: vec![
            Notice { subject: "service/a/b (x.org)".to_owned(), message: "no zone".to_owned() },
            Notice {
                subject: "odd".to_owned(),
                message: "`<b>` @team *x* [l](u)\nand \x1b[31mred".to_owned(),
            },
        ],
        ..Report::default()
    }
}

/// A run that failed before there was a plan.
pub(super) fn failed() -> Report {
    let mut clusters = clusters();
    clusters.truncate(1);
    let message = "failed to read cluster \"prod\": no answer; nothing is changed";
    Report {
        run: Run { durations: Durations::default(), ..run() },
        clusters,
        ..Report::of_failure(crate::report::FailureKind::Clusters, message)
    }
}

/// An apply whose plan is another one.
pub(super) fn other_plan() -> Report {
    let mut report = plan();
    report.planned_only = false;
    report.targets[0].expected_hash = Some("ef".repeat(32));
    report
}
