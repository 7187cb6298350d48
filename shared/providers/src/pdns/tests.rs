//! PowerDNS: a real server, and recorded exchanges.

mod kit;
mod many;

use clap::Parser as _;
use extdns_model::{
    Action, Endpoint, Hints, Labels, Name, Opaque, Outcome, Planned, RecordSet, Role, Routing,
    Stored, Ttl,
};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::pdns::KEY;
use serde_json::{Value, json};

use super::*;
use crate::ErrorKind;
use crate::conformance::recorded::Exchange;
use crate::conformance::{Harness, suite};
use kit::{CHILD, Real, ZONE};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: PdnsArgs,
}

fn args(flags: &[&str]) -> PdnsArgs {
    Cli::try_parse_from(["test"].iter().chain(flags)).expect("flags").args
}

fn make(url: &str) -> Box<dyn Provider> {
    let flags = [format!("--pdns-server={url}"), format!("--pdns-api-key={KEY}")];
    let flags = args(&[&flags[0], &flags[1]]);
    Box::new(provider(&flags, &Context::default()).expect("a provider"))
}

fn set(name: &str, rtype: RecordType, targets: &[&str]) -> RecordSet {
    let targets = targets.iter().copied().collect();
    RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets)
}

fn alias(set: RecordSet, value: &str) -> RecordSet {
    set.with_properties([(ALIAS, value)].into_iter().collect())
}

/// Applies what is desired, and a second time, where nothing is left to do.
async fn apply_twice(kit: &Real, desired: &[RecordSet]) {
    let outcomes = suite::run(kit, desired).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
    let left = suite::run(kit, desired).await;
    assert!(left.is_empty(), "still to do: {left:?}");
}

/// `TYPE content` of the record sets of a name, as the server shows them.
async fn stored(kit: &Real, name: &str) -> Vec<String> {
    let zone = kit.server.zone(ZONE).await;
    let rrsets = zone["rrsets"].as_array().expect("record sets").iter();
    let of_name = rrsets.filter(|rrset| rrset["name"] == format!("{name}."));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut lines: Vec<String> = of_name
        .flat_map(|rrset| {
            let records = rrset["records"].as_array().expect("records").iter();
            records.map(|own| format!("{} {}", text(&rrset["type"]), text(&own["content"])))
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn every_type_is_stored_in_one_form_and_read_back_the_same() {
    use RecordType::{A, Aaaa, Cname, Dname, Mx, Naptr, Ns, Ptr, Srv, Txt};
    let kit = Real::start().await;
    let cases = [
        ("a", A, "192.0.2.1", "A 192.0.2.1"),
        ("six", Aaaa, "2001:DB8::0", "AAAA 2001:db8::"),
        ("cname", Cname, "Elsewhere.example.net", "CNAME elsewhere.example.net."),
        ("dname", Dname, "example.net", "DNAME example.net."),
        ("mx", Mx, "010  Mail.example.org", "MX 10 mail.example.org."),
        ("null", Mx, "0 ", "MX 0 ."),
        (
            "naptr",
            Naptr,
            "1 2 \"s\" \"SIP+D2U\" \"\" _sip.example.org.",
            "NAPTR 1 2 \"s\" \"SIP+D2U\" \"\" _sip.example.org.",
        ),
        ("ns", Ns, "ns1.example.net", "NS ns1.example.net."),
        ("ptr", Ptr, "host.example.net", "PTR host.example.net."),
        ("_s._tcp", Srv, "1 2 3 sip.example.org.", "SRV 1 2 3 sip.example.org."),
        ("txt", Txt, "a \"b\"", "TXT \"a \\\"b\\\"\""),
        ("*.wild", A, "192.0.2.2", "A 192.0.2.2"),
    ];
    let name = |label: &str| format!("{label}.{ZONE}");
    let desired = cases.map(|(label, rtype, value, _)| set(&name(label), rtype, &[value]));
    // The ownership record of a wildcard would have `*` inside a label, which the server refuses.
    let (wild, desired) = desired.split_last().expect("cases");
    apply_twice(&kit, desired).await;
    for (label, _, value, expected) in &cases[..desired.len()] {
        assert_eq!(stored(&kit, &name(label)).await, [*expected], "{value}");
    }
    let mut all = desired.to_vec();
    all.push(wild.clone());
    let outcomes = suite::run(&kit, &all).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("refused: {outcomes:?}") };
    assert!(failure.message.contains("HTTP 422"), "{failure}");
}

#[tokio::test]
async fn a_cname_at_the_apex_or_that_wants_to_is_an_alias() {
    let kit = Real::start().await;
    let (apex, other) = (ZONE.to_owned(), format!("other.{ZONE}"));
    let cname = |name: &str| set(name, RecordType::Cname, &["lb.example.net"]);
    apply_twice(&kit, &[cname(&apex), cname(&other)]).await;
    assert!(stored(&kit, &apex).await.contains(&"ALIAS lb.example.net.".to_owned()));
    assert_eq!(stored(&kit, &other).await, ["CNAME lb.example.net."]);
    let inventory = kit.provider().await.read().await.expect("readable");
    assert_eq!(inventory.records().filter(|(_, it)| it.set.rtype == RecordType::Cname).count(), 2);

    let desired = vec![Endpoint::from_set(alias(cname(&other), "true"))];
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let desired =
        provider.adjust(desired, &inventory.index).await.expect("adjusted").endpoints.remove(0).set;
    let (_, old) = inventory
        .records()
        .find(|(_, record)| record.set.name == desired.name && record.set.rtype == desired.rtype)
        .expect("the CNAME");
    assert!(!old.set.properties().same_as(desired.properties()), "a difference that the plan sees");
    let old = Stored { set: old.set.clone(), labels: Labels::new(), origin: Opaque::none() };
    let new = Planned { set: desired, labels: Labels::new(), hints: Hints::default() };
    let change = Change { role: Role::Record, action: Action::Update { old, new } };
    let rrsets = Rrset::of(&change);
    let body = serde_json::to_value(Patch { rrsets }).expect("JSON");
    assert_eq!(body["rrsets"][0]["type"], "CNAME");
    assert_eq!(body["rrsets"][0]["changetype"], "DELETE");
    assert_eq!(body["rrsets"][1]["type"], "ALIAS");
    assert_eq!(kit.server.patch(ZONE, &body).await.0, 204);
    assert_eq!(stored(&kit, &other).await, ["ALIAS lb.example.net."]);
}

/// What is an apex is known from the index alone: this provider has read nothing.
#[tokio::test]
async fn an_apex_is_known_from_the_index() {
    let cname = |name: &str| Endpoint::from_set(set(name, RecordType::Cname, &["lb.example.net"]));
    let zones = ZoneIndex::new(vec![Zone::new(ZONE, Name::as_listed(ZONE))], Routing::Longest);
    let cases = [(zones, [Some("true"), None]), (ZoneIndex::default(), [None, None])];
    for (zones, expected) in cases {
        let desired = vec![cname("Example.org"), cname("other.example.org")];
        let adjusted = make("http://127.0.0.1:1").adjust(desired, &zones).await.expect("adjusted");
        let aliases = adjusted.endpoints.iter().map(|it| it.set.properties().get("alias"));
        assert_eq!(aliases.collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_type_change_is_one_transaction() {
    let kit = Real::start().await;
    let name = format!("swap.{ZONE}");
    apply_twice(&kit, &[set(&name, RecordType::Cname, &["lb.example.net"])]).await;
    apply_twice(&kit, &[set(&name, RecordType::A, &["192.0.2.1", "192.0.2.2"])]).await;
    assert_eq!(stored(&kit, &name).await, ["A 192.0.2.1", "A 192.0.2.2"]);
}

#[tokio::test]
async fn zones_that_follow_another_primary_are_not_written() {
    let kit = Real::start().await;
    kit.server.create_zone("slave.example.org", "Slave").await;
    kit.server.create_zone("follower.test", "Slave").await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let zones: Vec<String> =
        inventory.index.iter().map(|(_, zone)| zone.name.to_string()).collect();
    assert_eq!(zones, [ZONE, "slave.example.org", CHILD], "the child keeps its names");
    let read_only: Vec<bool> =
        inventory.index.iter().map(|(_, zone)| zone.read_only.is_some()).collect();
    assert_eq!(read_only, [false, true, false]);
}

#[tokio::test]
async fn records_that_are_switched_off_are_not_seen() {
    let kit = Real::start().await;
    let content = |content: &str, disabled| json!({ "content": content, "disabled": disabled });
    let rrset = |name: &str, records: &[Value]| {
        json!({ "name": format!("{name}.{ZONE}."), "type": "A", "ttl": 60, "changetype": "REPLACE",
            "records": records })
    };
    let body = json!({ "rrsets": [
        rrset("three", &[content("192.0.2.1", false), content("192.0.2.2", false), content("192.0.2.3", true)]),
        rrset("none", &[content("192.0.2.4", true)]),
    ] });
    assert_eq!(kit.server.patch(ZONE, &body).await.0, 204);
    let inventory = kit.provider().await.read().await.expect("readable");
    let sets: Vec<String> = inventory
        .records()
        .map(|(_, record)| record.set.to_string())
        .filter(|set| set.contains(" A "))
        .collect();
    assert_eq!(sets, ["three.example.org 60 IN A  192.0.2.1;192.0.2.2 []"]);
}

#[tokio::test]
async fn a_path_in_front_of_the_api_is_kept_and_the_id_goes_as_it_is() {
    for slash in ["", "/"] {
        let server = ScriptedServer::start(|request| match request.path.as_str() {
            "/pdns/api/v1/servers/localhost/zones" => {
                Exchange::of("powerdns", "live-09-list-zones").reply()
            }
            "/pdns/api/v1/servers/localhost/zones/0=2F25.2.0.192.in-addr.arpa." => {
                Exchange::of("powerdns", "live-37-get-classless-zone").reply()
            }
            path if path.starts_with("/pdns/api/v1/servers/localhost/zones/") => {
                Reply::json(200, &json!({ "rrsets": [] }))
            }
            path => panic!("an unexpected request for {path}"),
        });
        let inventory = make(&format!("{}/pdns{slash}", server.url())).read().await;
        let inventory = inventory.expect("readable");
        let names: Vec<_> = inventory.records().map(|(_, it)| it.set.to_string()).collect();
        assert!(
            names.contains(&"0/25.2.0.192.in-addr.arpa 3600 IN NS  ns1.example.org []".to_owned()),
            "{names:?}"
        );
        let key =
            |request: &extdns_testkit::http::Request| request.header("x-api-key") == Some(KEY);
        assert!(server.requests().iter().all(key));
    }
}

#[test]
fn flags_that_cannot_be_right() {
    let key = "--pdns-api-key=k3y-of-mine";
    let table: [(&[&str], &str); 2] = [
        (&[], "the API key of PowerDNS is missing; specify it with --pdns-api-key"),
        (
            &[key, "--pdns-server=localhost"],
            "--pdns-server: the URL of the API of PowerDNS is no http or https URL; write it like https://host/path",
        ),
    ];
    for (flags, expected) in table {
        let Err(error) = provider(&args(flags), &Context::default()) else { panic!("{flags:?}") };
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Config, expected));
    }
    assert!(provider(&args(&[key]), &Context::default()).is_ok());
}
