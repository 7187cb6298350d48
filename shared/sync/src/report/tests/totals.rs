//! What a report adds up to: the last line, and the exit code.

use extdns_model::{NotSent, Outcome};
use extdns_plan::{FreezeCause, Hold};

use super::sample::{created, everything, failed, failure, other_plan, plan, target};
use crate::ExitCode;
use crate::report::{
    ChangeResult, ClusterReport, ClusterState, FailureKind, Palette, Report, Summary, Unmade,
    render_text,
};

fn report(changes: Vec<ChangeResult>) -> Report {
    let mut target = target(changes.into_iter().map(|result| created("a.org", result)).collect());
    target.zones.truncate(1);
    Report { targets: vec![target], ..Report::default() }
}

fn total(report: &Report) -> String {
    let text = render_text(report, Palette::Plain);
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn totals_and_exit_codes() {
    let sent = ChangeResult::Sent;
    let held = ChangeResult::Held;
    let applied = || sent(Outcome::Applied);
    let frozen = || held(Hold::Frozen { cluster: "c".into(), why: FreezeCause::Failed });
    let guarded = || {
        held(Hold::Guarded {
            kind: extdns_plan::GuardKind::Deletes,
            scope: extdns_plan::Scope::Target,
        })
    };
    let table = [
        (vec![], "nothing to do, all records are up to date", ExitCode::Success),
        (vec![applied()], "1 created", ExitCode::Success),
        (vec![held(Hold::Policy)], "1 held back", ExitCode::Success),
        (vec![held(Hold::Foreign { owner: None })], "1 held back", ExitCode::Success),
        (vec![held(Hold::Protected { glob: "*".into() })], "1 held back", ExitCode::Success),
        (
            vec![held(Hold::CannotBeOwned { reason: String::new() })],
            "up to date; 1 name cannot be owned",
            ExitCode::Success,
        ),
        (
            vec![applied(), sent(Outcome::Rejected(failure("no")))],
            "1 created, 1 failed",
            ExitCode::Partial,
        ),
        (vec![sent(Outcome::Unknown(failure("no")))], "1 failed", ExitCode::Partial),
        (vec![sent(Outcome::NotSent(NotSent::Deadline))], "1 deferred", ExitCode::Partial),
        (vec![frozen()], "1 frozen", ExitCode::Partial),
        (vec![held(Hold::UnknownCluster { name: "x".into() })], "1 frozen", ExitCode::Partial),
        (vec![guarded()], "1 stopped by the guard", ExitCode::Guarded),
        (
            vec![guarded(), frozen(), sent(Outcome::Rejected(failure("no")))],
            "1 frozen, 1 stopped by the guard, 1 failed",
            ExitCode::Guarded,
        ),
    ];
    for (results, expected, code) in table {
        let report = report(results);
        assert_eq!(total(&report), expected);
        assert_eq!(report.exit_code(), code, "{expected}");
        assert_eq!(Summary::of(&report).exit_code(), code, "{expected}");
    }
}

#[test]
fn what_the_provider_cannot_store_is_held_back_and_has_a_code() {
    let hold = Hold::CannotBeStored { reason: String::new() };
    let unstorable = report(vec![ChangeResult::Held(hold)]);
    assert_eq!(Summary::of(&unstorable).held, 1);
    assert_eq!(unstorable.exit_code(), ExitCode::Partial);
}

/// What the provider left out of the desired endpoints is reported in a plan and in an apply, with
/// the same code.
#[test]
fn what_a_provider_left_out_has_an_exit_code() {
    for planned_only in [false, true] {
        let mut dropped = Report { planned_only, ..report(vec![]) };
        dropped.unmade = Unmade { refused: 1, ..Unmade::default() };
        assert_eq!(dropped.exit_code(), ExitCode::Partial);
        assert_eq!(dropped.detailed_exit_code(), ExitCode::Partial);
        assert_eq!(total(&dropped), "up to date; 1 name cannot be stored");
    }
}

#[test]
fn what_could_not_be_read_is_not_in_sync() {
    let mut unread = report(vec![]);
    unread.targets[0].zones[0].unreadable = Some("permission denied".to_owned());
    let mut failed = report(vec![]);
    failed.clusters = vec![ClusterReport::failed("far", "no route to host")];
    let mut empty = report(vec![]);
    empty.clusters = vec![ClusterReport {
        state: ClusterState::SuspiciouslyEmpty { records: 10, filter: None },
        ..ClusterReport::default()
    }];
    for report in [unread, failed, empty] {
        assert_eq!(report.exit_code(), ExitCode::Partial);
        assert_eq!(total(&report), "nothing to do in what could be read");
    }
}

#[test]
fn what_comes_to_nothing_is_counted_behind_what_is_done() {
    let unmade = Unmade {
        no_zone: 4,
        invalid: 1,
        refused: 2,
        contested: 1,
        unmanaged: 1,
        ..Unmade::default()
    };
    let mut some = report(vec![ChangeResult::Held(Hold::CannotBeOwned { reason: String::new() })]);
    some.unmade = unmade;
    let told = "up to date; 4 names lie in no zone, 1 name cannot be owned, 1 name cannot be a \
                record, 2 names cannot be stored, 1 name is wanted by several objects, 1 record is \
                of a type that is not managed";
    assert_eq!(total(&some), told);
    assert_eq!(some.exit_code(), ExitCode::Partial, "names that cannot be stored");
    some.unmade = Unmade { refused: 0, unanswered: 1, ..unmade };
    assert_eq!(some.exit_code(), ExitCode::Success, "a CronJob must not retry for ever");
    assert!(
        total(&some).contains("1 name is missing in the provider's answer"),
        "{}",
        total(&some)
    );
    some = report(vec![ChangeResult::Sent(Outcome::Applied)]);
    some.unmade = Unmade { no_zone: 1, ..Unmade::default() };
    assert_eq!(total(&some), "1 created; 1 name lies in no zone");
}

#[test]
fn names_that_are_wanted_nowhere_are_not_in_sync() {
    for planned_only in [false, true] {
        let mut nowhere = Report { planned_only, ..report(vec![]) };
        nowhere.unmade = Unmade { no_zone: 2, nowhere: true, ..Unmade::default() };
        assert_eq!(nowhere.exit_code(), ExitCode::Partial);
        assert_eq!(nowhere.detailed_exit_code(), ExitCode::Partial);
        assert_eq!(total(&nowhere), "nothing to do; 2 names lie in no zone");
        // A filter left them out before.
        nowhere.unmade.no_zone = 0;
        assert_eq!(
            total(&nowhere),
            "nothing to do; no name that is wanted lies in a zone of this run"
        );
    }
}

#[test]
fn a_run_that_selects_no_object_is_not_up_to_date() {
    for planned_only in [false, true] {
        let mut idle = Report { planned_only, ..report(vec![]) };
        idle.unmade = Unmade { unselected: true, ..Unmade::default() };
        assert_eq!(total(&idle), "nothing to do; no object is selected");
        assert_eq!(idle.exit_code(), ExitCode::Success, "the namespace may be made later");
    }
}

#[test]
fn names_without_an_address_change_no_code() {
    let mut waiting = report(vec![]);
    waiting.clusters =
        vec![ClusterReport { unready: vec![Default::default()], ..ClusterReport::default() }];
    assert_eq!(waiting.exit_code(), ExitCode::Success);
}

#[test]
fn precedence_of_codes() {
    let configuration = Report::of_failure(FailureKind::Configuration, "no");
    assert_eq!(configuration.exit_code(), ExitCode::Configuration);
    for kind in
        [FailureKind::Clusters, FailureKind::Provider, FailureKind::Deadline, FailureKind::Other]
    {
        assert_eq!(Report::of_failure(kind, "no").exit_code(), ExitCode::Failed);
    }
    // Failed, another plan, guarded, partly applied: in this order.
    let mut report = everything();
    assert_eq!(report.exit_code(), ExitCode::Guarded);
    report.targets[0].expected_hash = Some("00".repeat(32));
    assert_eq!(report.exit_code(), ExitCode::HashDiffers);
    report.failure = failed().failure;
    assert_eq!(report.exit_code(), ExitCode::Failed);
    assert_eq!(other_plan().exit_code(), ExitCode::HashDiffers);
}

#[test]
fn a_plan_with_changes_has_a_code_of_its_own_if_asked() {
    let plan = plan();
    assert_eq!(plan.exit_code(), ExitCode::Success);
    assert_eq!(plan.detailed_exit_code(), ExitCode::Changes);
    let mut frozen = plan;
    frozen.clusters = vec![ClusterReport::failed("far", "no route to host")];
    assert_eq!(frozen.detailed_exit_code(), ExitCode::Partial);
    let mut held = report(vec![ChangeResult::Held(Hold::Policy)]);
    held.planned_only = true;
    assert_eq!(held.detailed_exit_code(), ExitCode::Success);
    let mut empty = report(vec![]);
    empty.planned_only = true;
    assert_eq!(empty.detailed_exit_code(), ExitCode::Success);
}

#[test]
fn changes_are_counted_by_cluster() {
    let report = everything();
    let of = |name: &str| {
        let cluster = report.clusters.iter().find(|cluster| cluster.name == name);
        report.summary_of(cluster.expect("cluster")).all()
    };
    assert_eq!((of("good"), of("prod")), (1, 0));
    let mut alone = plan();
    alone.clusters.truncate(1);
    assert_eq!(alone.summary_of(&alone.clusters[0]).all(), alone.changes().count());
}
