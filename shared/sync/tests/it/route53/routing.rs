//! Record sets of one name that take each other's place, and those that cannot stand beside it.

use extdns_plan::Hold;
use extdns_sync::ExitCode;
use extdns_sync::report::{ChangeResult, Summary};
use extdns_testkit::route53::Route53Sim;

use crate::route53::support::{Service, all_good, run, service};

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
    for (name, values) in [
        ("aws-region", ["us-east-1", "us-west-2"]),
        ("aws-geolocation-country-code", ["DE", "FR"]),
        ("aws-failover", ["PRIMARY", "SECONDARY"]),
    ] {
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
