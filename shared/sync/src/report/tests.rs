//! Every rendering of a report.

use extdns_model::{
    Failure, FailureKind, Labels, Name, NotSent, Outcome, RecordSet, RecordType, Targets, Ttl,
};
use extdns_plan::{Cause, Differences, Hold};

use super::{
    ChangeKind, ChangeResult, Notice, Palette, Report, ReportedChange, Snapshot, TargetReport,
    ZoneReport, render_text,
};
use crate::ExitCode;

fn set(rtype: RecordType, name: &str, ttl: i64, targets: &[&str]) -> RecordSet {
    let targets: Targets = targets.iter().copied().collect();
    RecordSet::new(Name::as_listed(name), rtype, Ttl::from_seconds(ttl), targets)
}

fn change(
    kind: ChangeKind,
    before: Option<RecordSet>,
    after: Option<RecordSet>,
    cause: Cause,
    result: ChangeResult,
) -> ReportedChange {
    let resource = Some("service/shop/web".to_owned());
    let snapshot = |set| Snapshot { set, labels: Labels::new() };
    let (before, after) = (before.map(snapshot), after.map(snapshot));
    ReportedChange { kind, before, after, resource, cluster: None, cause, result }
}

fn created(name: &str, result: ChangeResult) -> ReportedChange {
    let wish = set(RecordType::A, name, 0, &["192.0.2.1"]);
    change(ChangeKind::Create, None, Some(wish), Cause::Missing, result)
}

fn report(planned_only: bool, changes: Vec<ReportedChange>) -> Report {
    let zone =
        ZoneReport { zone: "example.org".to_owned(), records: 9, changes, ..ZoneReport::default() };
    let target = TargetReport { zones: vec![zone], ..TargetReport::default() };
    Report { planned_only, targets: vec![target], ..Report::default() }
}

#[test]
fn a_plan_reads_as_a_table() {
    let differs = Differences { targets: true, ttl: true, ..Differences::default() };
    let mark = Differences { ownership: true, ..Differences::default() };
    let old = set(RecordType::A, "api.example.org", 60, &["192.0.2.1"]);
    let new = set(RecordType::A, "api.example.org", 300, &["192.0.2.2"]);
    let gone = set(RecordType::Cname, "old.example.org", 0, &["lb.example.net"]);
    let blue =
        set(RecordType::Aaaa, "w.example.org", 0, &["2001:db8::1"]).with_set_identifier("blue");
    let many = set(
        RecordType::A,
        "many.example.org",
        0,
        &["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"],
    );
    let planned = || ChangeResult::Planned;
    let mut plan = report(
        true,
        vec![
            change(ChangeKind::Delete, Some(gone.clone()), None, Cause::Unwanted, planned()),
            change(ChangeKind::Delete, Some(gone), None, Cause::GivesWay, planned()),
            change(ChangeKind::Create, None, Some(blue), Cause::Missing, planned()),
            change(ChangeKind::Create, None, Some(many.clone()), Cause::Missing, planned()),
            change(ChangeKind::Update, Some(old), Some(new), Cause::Differs(differs), planned()),
            change(
                ChangeKind::Update,
                Some(many.clone()),
                Some(many),
                Cause::Differs(mark),
                planned(),
            ),
        ],
    );
    plan.notices.push(Notice { subject: "service/a/b (x.org)".into(), message: "no zone".into() });
    let expected = "\
zone example.org
  - CNAME old.example.org       lb.example.net  (service/shop/web; nothing wants it any more)
  - CNAME old.example.org       lb.example.net  (service/shop/web; gives way to another type)
  + AAAA  w.example.org [blue]  2001:db8::1  (service/shop/web)
  + A     many.example.org      192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4 and 1 more  (service/shop/web)
  ~ A     api.example.org       192.0.2.1 -> 192.0.2.2, ttl 60 -> 300  (service/shop/web)
  ~ A     many.example.org      192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4 and 1 more  \
(service/shop/web; its ownership record is rewritten)

note service/a/b (x.org): no zone
2 to create, 2 to update, 2 to delete
";
    assert_eq!(render_text(&plan, Palette::Plain), expected);
    assert!(render_text(&plan, Palette::Ansi).contains("\x1b[32m+\x1b[0m"));
}

#[test]
fn every_result_says_what_became_of_the_change() {
    let failure = || Failure { kind: FailureKind::Rejected, message: "bad value".to_owned() };
    let sent = ChangeResult::Sent;
    let held = ChangeResult::Held;
    let table = [
        (sent(Outcome::Applied), "+", ""),
        (sent(Outcome::Rejected(failure())), "!", "; rejected: bad value"),
        (
            sent(Outcome::Partial { done: 1, left: 2, reason: failure() }),
            "!",
            "; 1 of 3 steps done, then: bad value",
        ),
        (
            sent(Outcome::Unknown(failure())),
            "!",
            "; unconfirmed, the next run looks again: bad value",
        ),
        (
            sent(Outcome::NotSent(NotSent::Deadline)),
            "=",
            "; deferred: the run's time was nearly over",
        ),
        (
            sent(Outcome::NotSent(NotSent::Predecessor)),
            "!",
            "; not sent: its ownership record in the other zone was not applied",
        ),
        (sent(Outcome::NotSent(NotSent::Stopped(failure()))), "!", "; not sent: bad value"),
        (
            held(Hold::Foreign { owner: Some("other".into()) }),
            "=",
            "; held back: the name belongs to owner \"other\"",
        ),
        (
            held(Hold::Foreign { owner: None }),
            "=",
            "; held back: the name has a record without an ownership record, so somebody else made it",
        ),
        (held(Hold::Policy), "=", "; held back: --policy does not allow it"),
        (
            held(Hold::Coexistence),
            "=",
            "; held back: a record of the name stays, and a CNAME cannot stand beside others",
        ),
        (held(Hold::Unit), "=", "; held back: a change that belongs to it is held back"),
        (
            held(Hold::CannotBeOwned { reason: "its TXT has no zone".into() }),
            "=",
            "; held back: its TXT has no zone",
        ),
        (held(Hold::UnreadableZone), "=", "; held back: its zone could not be read"),
        (
            held(Hold::ReadOnly { reason: "stands outside the block" }),
            "=",
            "; held back: it stands outside the block",
        ),
    ];
    for (result, sign, about) in table {
        let text = render_text(&report(false, vec![created("a.org", result)]), Palette::Plain);
        let line = format!("  {sign} A a.org  192.0.2.1  (service/shop/web{about})");
        assert_eq!(text.lines().nth(1), Some(line.as_str()));
    }
}

#[test]
fn totals_and_exit_codes() {
    let failure = Failure { kind: FailureKind::Limit, message: "too long".to_owned() };
    let table = [
        (vec![], "nothing to do, all records are up to date", ExitCode::Success),
        (vec![ChangeResult::Sent(Outcome::Applied)], "1 created", ExitCode::Success),
        (vec![ChangeResult::Held(Hold::Policy)], "1 held back", ExitCode::Success),
        (
            vec![
                ChangeResult::Sent(Outcome::Applied),
                ChangeResult::Sent(Outcome::Rejected(failure)),
            ],
            "1 created, 1 failed",
            ExitCode::Partial,
        ),
        (
            vec![ChangeResult::Sent(Outcome::NotSent(NotSent::Deadline))],
            "1 deferred",
            ExitCode::Partial,
        ),
    ];
    for (results, total, code) in table {
        let report =
            report(false, results.into_iter().map(|result| created("a.org", result)).collect());
        assert_eq!(render_text(&report, Palette::Plain).lines().last(), Some(total));
        assert_eq!(report.exit_code(), code, "{total}");
    }
    let mut unread = report(false, vec![]);
    unread.targets[0].zones[0].unreadable = Some("permission denied".to_owned());
    assert_eq!(unread.exit_code(), ExitCode::Partial);
    let text = render_text(&unread, Palette::Plain);
    assert_eq!(text.lines().nth(1), Some("  ! permission denied"), "{text}");
}
