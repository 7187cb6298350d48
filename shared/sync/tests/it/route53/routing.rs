//! Record sets of one name that take each other's place, and those that cannot stand beside it.

use extdns_plan::Hold;
use extdns_sync::ExitCode;
use extdns_sync::report::{ChangeResult, Summary};
use extdns_testkit::route53::{RecordSet, Route53Sim};

use crate::route53::support::{Service, all_good, run, service};

/// What only one member of a name may have.
const SWAPS: [(&str, [&str; 2]); 3] = [
    ("aws-region", ["us-east-1", "us-west-2"]),
    ("aws-geolocation-country-code", ["DE", "FR"]),
    ("aws-failover", ["PRIMARY", "SECONDARY"]),
];

/// A member of the name, with an annotation of its routing.
fn member(
    host: &str,
    id: &'static str,
    target: &str,
    routing: (&'static str, &'static str),
) -> Service {
    service(host, target).annotated("set-identifier", id).annotated(routing.0, routing.1)
}

/// Both members in one object file; their Services need names of their own, so that the second has
/// the host in upper case.
fn pair(name: &'static str, values: [&'static str; 2]) -> Vec<Service> {
    let checked = |member: Service, check| member.annotated("aws-health-check-id", check);
    vec![
        checked(member("web.example.org", "east", "192.0.2.1", (name, values[0])), "hc-1"),
        checked(member("WEB.example.org", "west", "192.0.2.2", (name, values[1])), "hc-2"),
    ]
}

/// Regions, countries and failover roles swap in one run.
#[tokio::test]
async fn routing_swap_arrives_in_one_run() {
    for (name, values) in SWAPS {
        let sim = Route53Sim::start();
        let _zone = sim.zone("example.org");
        all_good(&run(&sim, &pair(name, values), &[]).await.expect("run"));
        let [first, second] = values;
        let swapped = pair(name, [second, first]);
        let summary = all_good(&run(&sim, &swapped, &[]).await.expect("run"));
        assert_eq!(summary.update, 2, "{name}");
        let again = run(&sim, &swapped, &[]).await.expect("run");
        assert_eq!(again.changes().count(), 0, "{name}");
    }
}

/// What swaps is one unit, and so one batch, also where the batch is full of something else.
#[tokio::test]
async fn routing_swap_is_never_cut_into_two_batches() {
    let small = ["--aws-batch-change-size=4"];
    for (name, values) in SWAPS {
        let sim = Route53Sim::start();
        let _zone = sim.zone("example.org");
        all_good(&run(&sim, &pair(name, values), &small).await.expect("run"));
        let [first, second] = values;
        let mut swapped = pair(name, [second, first]);
        swapped.push(service("a.example.org", "192.0.2.9"));
        let summary = all_good(&run(&sim, &swapped, &small).await.expect("run"));
        assert_eq!((summary.create, summary.update), (1, 2), "{name}");
    }
}

/// What is wrong, the Services that show it, the flags, the code, and how many records are created and held.
type RefusedCase = (&'static str, Vec<Service>, &'static [&'static str], ExitCode, (usize, usize));

/// Whatever is refused: the plan promises what applying it makes, and ends with its code. Each case
/// says how many records are created and how many are held. With another prefix, a record that is there
/// is not ours.
#[tokio::test]
async fn a_plan_ends_with_the_code_of_its_apply() {
    let one = |service: Service| vec![service];
    let region = |id, value| member("r.example.org", id, "192.0.2.1", ("aws-region", value));
    let mut second = region("b", "us-east-1");
    second.host = "R.example.org".to_owned();
    let long = format!("{}.example.org", "l".repeat(62));
    let cases: [RefusedCase; 8] = [
        ("nothing wrong", vec![], &[], ExitCode::Success, (1, 0)),
        (
            "an empty label",
            one(service("a..example.org", "192.0.2.1")),
            &[],
            ExitCode::Partial,
            (1, 1),
        ),
        (
            "a CNAME at the apex",
            one(service("example.org", "lb.example.net")),
            &["--txt-prefix=x-%{record_type}."],
            ExitCode::Partial,
            (1, 2),
        ),
        (
            "a CNAME beside a record of a type that is not managed",
            one(service("mixed.example.org", "lb.example.net")),
            &[],
            ExitCode::Partial,
            (1, 1),
        ),
        (
            "two policies",
            one(region("a", "us-east-1").annotated("aws-weight", "1")),
            &[],
            ExitCode::Partial,
            (1, 1),
        ),
        (
            "one region twice",
            vec![region("a", "us-east-1"), second],
            &[],
            ExitCode::Partial,
            (2, 1),
        ),
        (
            "a PRIMARY without a health check",
            one(member("f.example.org", "a", "192.0.2.1", ("aws-failover", "PRIMARY"))),
            &[],
            ExitCode::Partial,
            (1, 1),
        ),
        (
            "no room for the ownership record's name",
            one(service(&long, "192.0.2.1")),
            &[],
            ExitCode::Success,
            (1, 1),
        ),
    ];
    for (case, mut services, flags, code, (made, held)) in cases {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        zone.seed([RecordSet::txt("mixed.example.org", "hello")]);
        zone.seed(service("there.example.org", "192.0.2.1").records());
        services.push(service("fine.example.org", "192.0.2.2"));
        services.push(service("there.example.org", "192.0.2.1"));
        let planned =
            run(&sim, &services, &[flags, &["--dry-run"][..]].concat()).await.expect("plan");
        let applied = run(&sim, &services, flags).await.expect("apply");
        assert_eq!((planned.exit_code(), applied.exit_code()), (code, code), "{case}");
        let totals = |report| {
            let sum = Summary::of(report);
            (sum.create, sum.update, sum.delete, sum.held, sum.failed)
        };
        assert_eq!(totals(&planned), (made, 0, 0, held, 0), "{case}");
        assert_eq!(totals(&applied), totals(&planned), "{case}");
    }
}

/// A plan holds back what applying it would see refused, and ends with the same code.
#[tokio::test]
async fn what_route_53_refuses_is_held_in_the_plan_with_its_code() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let desired = [
        service("a..example.org", "192.0.2.1"),
        member("w.example.org", "a", "192.0.2.1", ("aws-weight", "256")),
        service("none.example.org", "192.0.2.1").annotated("set-identifier", "a"),
        service("fine.example.org", "192.0.2.1"),
    ];
    for flags in [&["--dry-run"][..], &[]] {
        let report = run(&sim, &desired, flags).await.expect("run");
        assert_eq!(report.exit_code(), ExitCode::Partial, "{flags:?}");
        let held = report.changes().filter(|change| {
            matches!(change.result, ChangeResult::Held(Hold::CannotBeStored { .. }))
        });
        assert_eq!(held.count(), 3, "{flags:?}");
        assert_eq!(Summary::of(&report).failed, 0, "{flags:?}");
    }
    assert_eq!(zone.own_records().len(), 2);
}
