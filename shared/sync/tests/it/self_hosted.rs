//! What upstream's own runs leave at systems that people run themselves, simulated in their dialects.

use extdns_providers::conformance::{Dialect, Front, HttpSim, SECRET};
use extdns_providers::pihole::sim::PiholeSim;
use extdns_providers::{bluecat, designate, infoblox, plural, vinyldns};

use super::wire::{Case, Extra, Service, ZONES, replay_with};

fn behind(front: Front, dialect: Dialect, zones: &[&str]) -> Service {
    Service::Http(Box::new(HttpSim::behind(front, dialect, zones)))
}

#[tokio::test(flavor = "multi_thread")]
async fn bluecat_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "bluecat",
        variables: ["BLUECAT_PASSWORD", ""],
        credentials: SECRET,
        path: "",
        seed: &[],
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.org: www.other.org 300 A 192.0.2.9"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 0 A 198.51.100.70"),
            // Upstream writes the first of several addresses.
            (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.21"),
            (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.21"),
            (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.22"),
            (&[3], "+ example.org: two.example.org 1200 A 198.51.100.22"),
        ],
    };
    let service = behind(bluecat::dialect::FRONT, bluecat::dialect::DIALECT, &ZONES);
    let host = format!("--bluecat-gateway-host={}", service.url());
    let extra = Extra {
        variables: &[("BLUECAT_USERNAME", "user")],
        flags: &[
            ("", &host),
            ("", "--bluecat-config-file=/nonexistent/bluecat.json"),
            ("", "--bluecat-dns-configuration=cfg"),
            ("", "--bluecat-dns-view=internal"),
            ("", "--bluecat-root-zone=org"),
        ],
        ..Extra::default()
    };
    replay_with(&case, &service, &extra).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn designate_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "designate",
        variables: ["OS_PASSWORD", "OS_AUTH_URL"],
        credentials: SECRET,
        path: "",
        seed: &[],
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- example.org: example.org 0 NS ns1.designate.test"),
            (&[1, 2, 3, 4], "- example.org: example.org 0 NS ns2.designate.test"),
            (&[1, 2, 3, 4], "- other.test: other.test 0 NS ns1.designate.test"),
            (&[1, 2, 3, 4], "- other.test: other.test 0 NS ns2.designate.test"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 0 NS ns1.designate.test"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 0 NS ns2.designate.test"),
            // Upstream writes no TTL. It takes each value of a record set for a record, and at the end leaves one.
            (&[1, 2, 3], "+ example.org: alias.example.org 600 A 198.51.100.20"),
            (&[1, 2, 3], "+ example.org: alias.example.org 600 A 198.51.100.21"),
            (&[1, 2, 3], "+ example.org: two.example.org 600 A 198.51.100.20"),
            (&[1, 2, 3], "+ example.org: two.example.org 600 A 198.51.100.21"),
            (&[1, 2, 3, 4], "- example.org: alias.example.org 0 A 198.51.100.20"),
            (&[1, 2, 3], "- example.org: alias.example.org 0 A 198.51.100.21"),
            (&[1, 2, 3], "- example.org: two.example.org 0 A 198.51.100.20"),
            (&[1, 2, 3, 4], "- example.org: two.example.org 0 A 198.51.100.21"),
            // It deletes by an id that only what it has read has, and an ownership record is made anew: all of them stay.
            (&[3, 4], "- example.org: m-a-gone.example.org 0 TXT service/web/gone"),
            (&[4], "- example.org: m-a-*.wild.example.org 0 TXT service/web/wild"),
            (&[4], "- example.org: m-a-a.b.c.example.org 0 TXT service/web/deep"),
            (&[4], "- example.org: m-a-alias.example.org 0 TXT service/web/two"),
            (&[4], "- example.org: m-a-one.example.org 0 TXT service/web/one"),
            (&[4], "- example.org: m-a-two.example.org 0 TXT service/web/two"),
            (&[4], "- example.org: m-cname-cn.example.org 0 TXT service/web/cn"),
            (&[4], "- sub.example.org: m-a-x.sub.example.org 0 TXT service/web/sub"),
        ],
    };
    let service = behind(designate::dialect::FRONT, designate::dialect::DIALECT, &ZONES);
    let variables =
        [("OS_USERNAME", "me"), ("OS_PROJECT_NAME", "demo"), ("OS_USER_DOMAIN_NAME", "Default")];
    // The ownership records that upstream leaves.
    let more = &[(3, 1), (4, 7)];
    let extra = Extra { variables: &variables, more, ..Extra::default() };
    replay_with(&case, &service, &extra).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn infoblox_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "infoblox",
        variables: ["", ""],
        credentials: "",
        path: "",
        seed: &[],
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: www.other.test 0 A 10.9.9.9"),
            (&[1, 2, 3, 4], "- other.test: www.other.test 0 A 192.0.2.9"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 0 A 198.51.100.70"),
            // Upstream writes no TTL.
            (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.20"),
            (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.21"),
            (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.20"),
            (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.21"),
            (&[1, 2], "- example.org: alias.example.org 0 A 198.51.100.20"),
            (&[1, 2, 3], "- example.org: alias.example.org 0 A 198.51.100.21"),
            (&[1, 2], "- example.org: two.example.org 0 A 198.51.100.20"),
            (&[1, 2, 3], "- example.org: two.example.org 0 A 198.51.100.21"),
            (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.21"),
            (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.22"),
            (&[3], "+ example.org: two.example.org 1200 A 198.51.100.21"),
            (&[3], "+ example.org: two.example.org 1200 A 198.51.100.22"),
            (&[3], "- example.org: alias.example.org 0 A 198.51.100.22"),
            (&[3], "- example.org: two.example.org 0 A 198.51.100.22"),
        ],
    };
    let service = behind(infoblox::dialect::FRONT, infoblox::dialect::DIALECT, &ZONES);
    let (host, port) = service
        .url()
        .rsplit_once(':')
        .map(|(host, port)| (host.to_owned(), port.to_owned()))
        .expect("a port");
    let flags = [
        ("--infoblox-grid-host=infoblox.test", format!("--infoblox-grid-host={host}")),
        ("--infoblox-wapi-password=secret", format!("--infoblox-wapi-password={SECRET}")),
        ("", format!("--infoblox-wapi-port={port}")),
    ];
    let flags: Vec<(&str, &str)> =
        flags.iter().map(|(theirs, ours)| (*theirs, ours.as_str())).collect();
    replay_with(&case, &service, &Extra { flags: &flags, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vinyldns_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "vinyldns",
        variables: ["VINYLDNS_SECRET_KEY", "VINYLDNS_HOST"],
        credentials: SECRET,
        path: "",
        seed: &[],
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- example.org: example.org 7200 NS ns1.vinyldns.test"),
            (&[1, 2, 3, 4], "- other.test: other.test 7200 NS ns1.vinyldns.test"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 7200 NS ns1.vinyldns.test"),
            // Upstream writes the first of several addresses.
            (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.21"),
            (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.21"),
            (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.22"),
            (&[3], "+ example.org: two.example.org 1200 A 198.51.100.22"),
            // It takes the first zone that a name ends with, and ours the longest.
            (&[1, 2, 3], "+ sub.example.org: m-a-x.sub.example.org 300 TXT service/web/sub"),
            (&[1, 2, 3], "+ sub.example.org: x.sub.example.org 300 A 198.51.100.60"),
            (&[1, 2, 3], "- example.org: m-a-x.sub.example.org 300 TXT service/web/sub"),
            (&[1, 2, 3], "- example.org: x.sub.example.org 300 A 198.51.100.60"),
        ],
    };
    let service = behind(vinyldns::dialect::FRONT, vinyldns::dialect::DIALECT, &ZONES);
    let variables = [("VINYLDNS_ACCESS_KEY", "key")];
    replay_with(&case, &service, &Extra { variables: &variables, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plural_leaves_the_records_that_upstream_leaves() {
    let case = Case {
        provider: "plural",
        variables: ["PLURAL_ACCESS_TOKEN", "PLURAL_ENDPOINT"],
        credentials: SECRET,
        path: "",
        seed: &[],
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- : www.other.test 0 A 192.0.2.9"),
            // Upstream writes the last of several addresses as often as there are some.
            (&[1, 2], "+ : alias.example.org 0 A 198.51.100.20"),
            (&[1, 2], "+ : two.example.org 0 A 198.51.100.20"),
            (&[3], "+ : alias.example.org 0 A 198.51.100.21"),
            (&[3], "+ : two.example.org 0 A 198.51.100.21"),
        ],
    };
    let service = behind(plural::dialect::FRONT, plural::dialect::DIALECT, &[""]);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pihole_leaves_the_lines_that_upstream_leaves() {
    let hosts = ["192.0.2.9 keep.other.test", "192.0.2.8 nas.other.test nas"];
    let sim = PiholeSim::start("sec\"ret\\1", &hosts, &["c.other.test,keep.other.test,77"]);
    let case = Case {
        provider: "pihole",
        variables: ["", ""],
        credentials: "",
        path: "",
        seed: &[],
        differences: &[],
    };
    replay_with(&case, &Service::Pihole(sim), &Extra::default()).await;
}
