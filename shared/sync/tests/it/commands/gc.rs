//! Ownership records without a record: found, shown, removed, and nothing else.

use std::sync::Arc;

use extdns_providers::Provider;
use extdns_sync::report::{ChangeKind, ChangeResult, Palette, Report, render_text};
use extdns_sync::{ExitCode, Mode, RunRequest, gc};
use extdns_testkit::route53::{RecordSet, Route53Sim, Zone};

use crate::commands::support::{route53, settings, wiring};

fn ownership_value(owner: &str) -> String {
    format!("heritage=external-dns,external-dns/owner={owner},external-dns/resource=service/a/b")
}

async fn collect(provider: &Arc<dyn Provider>, flags: &[&str], mode: Mode) -> Report {
    let flags: Vec<&str> = ["--source=empty"].iter().chain(flags).copied().collect();
    let (arguments, _) = settings(&flags);
    let request = RunRequest { mode, ..RunRequest::of(&arguments).expect("a request") };
    let report = gc::collect(&wiring(provider, &flags), &request).await;
    assert!(report.failure.is_none(), "{:?}", report.failure);
    report
}

/// `kind TYPE name`, and `held` where it is.
fn shown(report: &Report) -> Vec<String> {
    let text = |change: &extdns_sync::report::ReportedChange| {
        let set = change.set().expect("a set");
        let kind = match change.kind {
            ChangeKind::Delete => "-",
            ChangeKind::Update => "~",
            _ => "?",
        };
        let held = if matches!(change.result, ChangeResult::Held(_)) { " held" } else { "" };
        format!("{kind} {} {}{held}", set.rtype, set.name)
    };
    report.changes().map(text).collect()
}

fn names(zone: &Zone) -> Vec<String> {
    zone.own_records().iter().map(|set| format!("{} {}", set.record_type, set.name)).collect()
}

/// A zone with one record of ours, orphans of ours, and foreign records.
fn seeded(sim: &Route53Sim) -> Zone {
    let zone = sim.zone("example.org");
    zone.seed([
        RecordSet::a("there.example.org", "192.0.2.1"),
        RecordSet::txt("a-there.example.org", &ownership_value("me")),
        RecordSet::txt("a-gone.example.org", &ownership_value("me")),
        RecordSet::txt("cname-lost.example.org", &ownership_value("me")),
        RecordSet::txt("a-theirs.example.org", &ownership_value("other")),
        RecordSet::txt("a-text.example.org", "v=spf1 -all"),
        RecordSet::txt("mail.example.org", "hello"),
        // Of an older format, for a host that is there.
        RecordSet::a("old.example.org", "192.0.2.2"),
        RecordSet::txt("old.example.org", &ownership_value("me")),
    ]);
    zone
}

const GONE: [&str; 2] = ["- TXT a-gone.example.org", "- TXT cname-lost.example.org"];

#[tokio::test]
async fn exactly_the_orphans_of_ours_go_and_a_second_run_does_nothing() {
    let sim = Route53Sim::start();
    let zone = seeded(&sim);
    let flags = ["--provider=aws", "--aws-requests-per-second=1000"];
    let (arguments, _) = settings(&[&["--source=empty"], &flags[..]].concat());
    let provider = route53(&sim, &arguments);
    let before = names(&zone);

    let planned = collect(&provider, &flags, Mode::Plan).await;
    assert_eq!(shown(&planned), GONE);
    assert!(planned.changes().all(|change| change.result == ChangeResult::Planned));
    assert!(planned.notices.is_empty(), "{:?}", planned.notices);
    assert_eq!((names(&zone), sim.writes()), (before.clone(), 0));

    let applied = collect(&provider, &flags, Mode::Apply).await;
    assert_eq!(shown(&applied), GONE);
    assert_eq!(sim.writes(), 1);
    let left: Vec<String> = before
        .into_iter()
        .filter(|name| !name.contains(" a-gone.") && !name.contains(" cname-lost."))
        .collect();
    assert_eq!(names(&zone), left);

    sim.forget_calls();
    let again = collect(&provider, &flags, Mode::Apply).await;
    assert_eq!((again.changes().count(), sim.writes()), (0, 0));
}

#[tokio::test]
async fn what_the_settings_leave_out_stays() {
    let table: &[(&[&str], &[&str])] = &[
        (&["--domain-filter=gone.example.org"], &GONE[..1]),
        (&["--exclude-domains=gone.example.org"], &GONE[1..]),
        (
            &["--policy=upsert-only"],
            &["- TXT a-gone.example.org held", "- TXT cname-lost.example.org held"],
        ),
        (&["--txt-owner-id=nobody"], &[]),
        (&["--txt-owner-id=other"], &["- TXT a-theirs.example.org"]),
        (&["--registry=noop"], &[]),
    ];
    for (flags, expected) in table {
        let sim = Route53Sim::start();
        let zone = seeded(&sim);
        let all = [&["--source=empty", "--provider=aws"], *flags].concat();
        let (arguments, _) = settings(&[&["--source=empty"], &["--provider=aws"][..]].concat());
        let provider = route53(&sim, &arguments);
        let report = collect(&provider, &all, Mode::Apply).await;
        assert_eq!(shown(&report), *expected, "{flags:?}");
        let removed = expected.iter().filter(|line| !line.ends_with("held")).count();
        assert_eq!(zone.own_records().len(), 9 - removed, "{flags:?}");
        let says_why = report.notices.iter().any(|notice| notice.subject == "--registry=noop");
        assert_eq!(says_why, flags == &["--registry=noop"], "{flags:?}");
    }
}

/// The ownership record of an apex lies in the parent zone. While the child cannot be read, or is
/// not among the zones of the run, nobody knows that it has no record.
#[tokio::test]
async fn names_of_zones_that_are_not_seen_are_never_touched() {
    for (case, flags, denied) in [
        ("unread", &["--provider=aws"][..], true),
        ("filtered", &["--provider=aws", "--zone-id-filter="][..], false),
    ] {
        let sim = Route53Sim::start();
        let parent = sim.zone("org");
        let child = sim.zone("example.org");
        parent.seed([
            RecordSet::txt("a-example.org", &ownership_value("me")),
            RecordSet::txt("a-gone.org", &ownership_value("me")),
            RecordSet::new("example.org", "NS").value("ns-1.example.net."),
        ]);
        child.seed([RecordSet::a("example.org", "192.0.2.1")]);
        if denied {
            sim.fault(
                extdns_testkit::route53::Fault::error(403, "AccessDenied", "no")
                    .on(extdns_testkit::route53::Operation::ListResourceRecordSets)
                    .in_zone(child.id())
                    .always(),
            );
        }
        let filter = format!("--zone-id-filter={}", parent.id());
        let flags: Vec<&str> = flags
            .iter()
            .map(|flag| if flag.ends_with('=') { filter.as_str() } else { *flag })
            .collect();
        let (arguments, _) = settings(&[&["--source=empty"], &flags[..]].concat());
        let provider = route53(&sim, &arguments);
        let report = collect(&provider, &flags, Mode::Apply).await;
        assert_eq!(shown(&report), ["- TXT a-gone.org"], "{case}");
        let left = names(&parent);
        assert!(left.contains(&"TXT a-example.org.".to_owned()), "{case}: {left:?}");
    }
}

/// Too many at once are held back until the user gives their number; what is protected stays.
#[tokio::test]
async fn the_guard_and_protection_hold_here_too() {
    let table: &[(&[&str], usize, ExitCode)] = &[
        (&[], 0, ExitCode::Guarded),
        (&["--allow-deletes=example.org:8"], 0, ExitCode::Guarded),
        (&["--allow-deletes=example.org:9"], 9, ExitCode::Success),
        (&["--max-delete-percent=50"], 9, ExitCode::Success),
        (&["--max-delete-percent=50", "--max-deletes=8"], 0, ExitCode::Guarded),
        (&["--guard-min-records=19"], 9, ExitCode::Success),
        (&["--no-guard"], 9, ExitCode::Success),
        (&["--no-guard", "--protect=gone-1.example.org"], 8, ExitCode::Success),
        (&["--no-guard", "--protect=*"], 0, ExitCode::Success),
    ];
    for (flags, removed, code) in table {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        let there = (0..9).flat_map(|n| {
            let host = format!("there-{n}.example.org");
            [
                RecordSet::a(&host, "192.0.2.1"),
                RecordSet::txt(&format!("a-{host}"), &ownership_value("me")),
            ]
        });
        let gone = (0..9)
            .map(|n| RecordSet::txt(&format!("a-gone-{n}.example.org"), &ownership_value("me")));
        zone.seed(there.chain(gone));
        let flags = [&["--provider=aws"], *flags].concat();
        let (arguments, _) = settings(&[&["--source=empty"], &flags[..]].concat());
        let provider = route53(&sim, &arguments);
        let report = collect(&provider, &flags, Mode::Apply).await;
        assert_eq!(27 - zone.own_records().len(), *removed, "{flags:?}");
        assert_eq!(report.exit_code(), *code, "{flags:?}");
        assert_eq!(report.changes().count(), 9, "{flags:?}");
    }
}

/// A cluster that is not among the settings may still have what it marked.
#[tokio::test]
async fn ownership_records_of_unknown_clusters_stay() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let of = |name: &str, clusters: &str| {
        let text =
            format!("heritage=external-dns,external-dns/cluster={clusters},external-dns/owner=me");
        RecordSet::txt(&format!("a-{name}.example.org"), &text)
    };
    zone.seed([
        of("ours", "default"),
        of("all", "*"),
        of("theirs", "lab"),
        of("both", "default+lab"),
    ]);
    let flags = ["--provider=aws"];
    let (arguments, _) = settings(&["--source=empty", "--provider=aws"]);
    let report = collect(&route53(&sim, &arguments), &flags, Mode::Apply).await;
    assert_eq!(
        shown(&report),
        [
            "- TXT a-all.example.org",
            "- TXT a-both.example.org held",
            "- TXT a-ours.example.org",
            "- TXT a-theirs.example.org held"
        ]
    );
    assert_eq!(names(&zone).len(), 2);
}

/// The flags of the run that wrote a zone, what that run wrote, and the flag that `gc` names.
type Flags = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// A zone that was written with other flags looks as if it were full of ownership records without
/// a record. None of them goes.
#[tokio::test]
async fn what_other_flags_explain_stays_and_the_flag_is_named() {
    let table: [Flags; 6] = [
        ("", "www.example.org", "A", "txt.a-www.example.org", "--txt-prefix=txt."),
        ("", "www.example.org", "A", "a-www-own.example.org", "--txt-suffix=-own"),
        ("", "example.org", "A", "x-a.example.org", "--txt-prefix=x-%{record_type}."),
        ("", "www.example.org", "A", "txt-a.www.example.org", "--txt-prefix=txt-%{record_type}."),
        ("", "*.example.org", "A", "a-any.example.org", "--txt-wildcard-replacement=any"),
        (
            "--txt-wildcard-replacement=any",
            "*.example.org",
            "A",
            "a-*.example.org",
            "no --txt-wildcard-replacement",
        ),
    ];
    for (runs, name, rtype, txt, flag) in table {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        zone.seed([
            RecordSet::new(name, rtype).value("192.0.2.1"),
            RecordSet::txt(txt, &ownership_value("me")),
            // The flags of this run are right for some of the zone.
            RecordSet::a("there.example.org", "192.0.2.1"),
            RecordSet::txt("a-there.example.org", &ownership_value("me")),
        ]);
        let flags: Vec<&str> =
            ["--provider=aws", runs].into_iter().filter(|flag| !flag.is_empty()).collect();
        let (arguments, _) = settings(&["--source=empty", "--provider=aws"]);
        let provider = route53(&sim, &arguments);
        for mode in [Mode::Plan, Mode::Apply] {
            let report = collect(&provider, &flags, mode).await;
            assert_eq!((report.changes().count(), sim.writes()), (0, 0), "{txt}");
            let notice = report.notices.iter().find(|notice| notice.subject == flag);
            let message = &notice.unwrap_or_else(|| panic!("{txt}: {:?}", report.notices)).message;
            assert!(
                message.contains(&*txt.replace('*', "\\052")) || message.contains(txt),
                "{message}"
            );
            let told = report.notices.iter().filter(|notice| notice.subject.contains(txt)).count();
            assert_eq!(told, 0, "{txt}: nothing says that it has no record");
        }
    }
}

/// An ownership text that cannot be read without its key is a user's own text: it stays.
#[tokio::test]
async fn encrypted_ownership_records_stay_without_their_key() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let key = "--txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF";
    let flags = ["--provider=aws", key, "--txt-encrypt-enabled", "--source=service"];
    let (arguments, _) = settings(&["--source=empty", "--provider=aws"]);
    let provider = route53(&sim, &arguments);
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n  \
                   annotations: { external-dns.kubernetes.io/hostname: www.example.org }\n\
                   spec: { type: LoadBalancer }\n\
                   status: { loadBalancer: { ingress: [ { ip: 192.0.2.1 } ] } }\n";
    crate::commands::support::apply(&provider, &[&flags[..], &["--manifests=-"]].concat(), service)
        .await;
    let before = names(&zone);
    assert_eq!(before.len(), 2);
    for flags in [&flags[..1], &["--provider=aws", key], &["--provider=aws", "--txt-prefix=x."]] {
        let report = collect(&provider, flags, Mode::Apply).await;
        assert_eq!(report.changes().count(), 0, "{flags:?}");
        assert_eq!(names(&zone), before, "{flags:?}");
    }
}

/// Values of others in an ownership record stay, and the plan says so.
#[tokio::test]
async fn only_our_value_of_a_shared_set_goes() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let spf = "\"v=spf1 include:_spf.example.net ~all\"";
    zone.seed([
        RecordSet::txt("a-gone.example.org", &ownership_value("me")).value(spf),
        RecordSet::txt("a-two.example.org", &ownership_value("me"))
            .value(&format!("\"{}\"", ownership_value("other"))),
    ]);
    let (arguments, _) = settings(&["--source=empty", "--provider=aws"]);
    let provider = route53(&sim, &arguments);
    let flags = ["--provider=aws"];
    let planned = collect(&provider, &flags, Mode::Plan).await;
    assert_eq!(shown(&planned), ["~ TXT a-gone.example.org"]);
    let expected = format!(
        "the ownership record holds values of others too: only the ownership value is removed, and \
         {spf} stays"
    );
    let notice = planned.notices.iter().find(|notice| notice.subject == "a-gone.example.org");
    assert_eq!(notice.map(|notice| notice.message.as_str()), Some(&*expected));
    let applied = collect(&provider, &flags, Mode::Apply).await;
    assert_eq!(applied.exit_code(), ExitCode::Success, "{applied:?}");
    let left: Vec<_> = zone.own_records().iter().map(|set| set.values.clone()).collect();
    assert_eq!(left[0], [spf]);
    assert_eq!(left[1].len(), 2);
    assert_eq!(collect(&provider, &flags, Mode::Apply).await.changes().count(), 0);
}

/// What `gc` does is to remove ownership records, and it says so.
#[tokio::test]
async fn it_speaks_of_ownership_records() {
    let sim = Route53Sim::start();
    seeded(&sim);
    let (arguments, _) = settings(&["--source=empty", "--provider=aws"]);
    let provider = route53(&sim, &arguments);
    let flags = ["--provider=aws", "--guard-min-records=1"];
    let text = |report: &Report| render_text(report, Palette::Plain);
    let stopped = text(&collect(&provider, &flags, Mode::Plan).await);
    assert!(stopped.contains("would be removed, all of them ownership records"), "{stopped}");
    let flags = ["--provider=aws", "--no-guard"];
    let planned = text(&collect(&provider, &flags, Mode::Plan).await);
    assert!(planned.contains("2 ownership records to remove"), "{planned}");
    let applied = text(&collect(&provider, &flags, Mode::Apply).await);
    assert!(applied.contains("2 ownership records removed"), "{applied}");
    let nothing = text(&collect(&provider, &flags, Mode::Apply).await);
    assert!(nothing.contains("no ownership record of ours is known to be without"), "{nothing}");
    for text in [stopped, planned, applied, nothing] {
        assert!(!text.contains("to delete") && !text.contains(" deleted"), "{text}");
    }
}
