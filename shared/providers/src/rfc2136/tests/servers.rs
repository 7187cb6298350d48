//! Signatures, TLS and all types, with real servers. What is in the zones is read back by `dig`.

use extdns_model::{Action, GroupId, Hints, Labels, Permit, Planned, Role};
use extdns_testkit::bind::{Access, Bind, KEYS};
use extdns_testkit::dns::dig;
use extdns_testkit::knot::Knot;

use super::kit::{CHILD, ZONE};
use super::*;
use crate::{Deadline, Reader as _};

/// The flags of a key.
fn signed([name, algorithm, secret]: [&str; 3]) -> [String; 3] {
    [
        format!("--rfc2136-tsig-keyname={name}"),
        format!("--rfc2136-tsig-secret-alg={algorithm}"),
        format!("--rfc2136-tsig-secret={secret}"),
    ]
}

fn at(port: u16, more: &[String]) -> Box<dyn Provider> {
    let port = format!("--rfc2136-port={port}");
    let flags: Vec<&str> =
        more.iter().map(String::as_str).chain(["--rfc2136-axfr", &port]).collect();
    make(&flags)
}

/// Each algorithm: records are made, changed and found as they are.
async fn every_algorithm(port: u16) {
    for key in KEYS {
        let [_, algorithm, _] = key;
        let provider = at(port, &signed(key));
        let desired = |address: &str| format!("{algorithm}.example.org A 300 {address}");
        for address in ["192.0.2.1", "192.0.2.2"] {
            let one = desired(address);
            let outcomes = sync(provider.as_ref(), &[&one]).await;
            all_applied(&outcomes);
            assert_eq!(dig(port, &format!("{algorithm}.example.org"), "A"), [address]);
            nothing_to_do(provider.as_ref(), &[&one]).await;
        }
        all_applied(&sync(provider.as_ref(), &[]).await);
    }
}

#[tokio::test]
async fn every_algorithm_of_tsig_at_bind() {
    let test = "every_algorithm_of_tsig_at_bind";
    let Some(server) = Bind::start_or_skip(test, &[ZONE, CHILD], Access::Keys).await else {
        return;
    };
    every_algorithm(server.port).await;
}

#[tokio::test]
async fn every_algorithm_of_tsig_at_knot() {
    let test = "every_algorithm_of_tsig_at_knot";
    let Some(server) = Knot::start_or_skip(test, &[ZONE, CHILD], Access::Keys).await else {
        return;
    };
    every_algorithm(server.port).await;
}

/// Names, types and values, and what `dig` shows of them.
const KINDS: [(&str, &str, &[&str]); 11] = [
    ("a.example.org A 300 192.0.2.1;192.0.2.2", "A", &["192.0.2.1", "192.0.2.2"]),
    ("six.example.org AAAA 300 2001:DB8::0", "AAAA", &["2001:db8::"]),
    ("cname.example.org CNAME 300 Elsewhere.example.net", "CNAME", &["elsewhere.example.net."]),
    ("dname.example.org DNAME 300 example.net", "DNAME", &["example.net."]),
    ("mx.example.org MX 300 010  mail.example.net", "MX", &["10 mail.example.net."]),
    (
        "naptr.example.org NAPTR 300 1 2 \"s\" \"SIP+D2U\" \"\" _sip.example.org.",
        "NAPTR",
        &["1 2 \"s\" \"SIP+D2U\" \"\" _sip.example.org."],
    ),
    ("ns.example.org NS 300 ns1.example.net", "NS", &["ns1.example.net."]),
    ("ptr.example.org PTR 300 host.example.net", "PTR", &["host.example.net."]),
    ("_s._tcp.example.org SRV 300 1 2 3 sip.example.org.", "SRV", &["1 2 3 sip.example.org."]),
    ("txt.example.org TXT 300 \"a \\\"b\\\" c\"", "TXT", &["\"a \\\"b\\\" c\""]),
    ("*.wild.example.org A 300 192.0.2.3", "A", &["192.0.2.3"]),
];

/// Every type is served as it is wanted, read as it is served, and removed.
async fn every_type(port: u16, kinds: &[(&str, &str, &[&str])]) {
    let provider = at(port, &signed(KEYS[2]));
    let desired: Vec<&str> = kinds.iter().map(|(text, ..)| *text).collect();
    let outcomes = sync(provider.as_ref(), &desired).await;
    all_applied(&outcomes);
    for (text, rtype, expected) in kinds {
        let name = text.split(' ').next().expect("a name");
        // A delegation is not answered, but referred to.
        if *rtype != "NS" {
            assert_eq!(dig(port, name, rtype), *expected, "{text}");
        }
    }
    nothing_to_do(provider.as_ref(), &desired).await;
    all_applied(&sync(provider.as_ref(), &[]).await);
    let [name, algorithm, secret] = KEYS[2];
    let key = format!("{algorithm}:{name}:{secret}");
    let left = kit::contents(port, ZONE, Some(&key));
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn every_type_at_bind() {
    let zones = [ZONE, CHILD];
    let Some(server) = Bind::start_or_skip("every_type_at_bind", &zones, Access::Keys).await else {
        return;
    };
    every_type(server.port, &KINDS).await;
}

#[tokio::test]
async fn every_type_at_knot() {
    let zones = [ZONE, CHILD];
    let Some(server) = Knot::start_or_skip("every_type_at_knot", &zones, Access::Keys).await else {
        return;
    };
    // Knot takes nothing below a DNAME, where the plan of these tests has the ownership record.
    let (alone, kinds): (Vec<_>, Vec<_>) =
        KINDS.iter().partition(|(_, rtype, _)| *rtype == "DNAME");
    every_type(server.port, &kinds).await;
    let [(text, rtype, expected)] = alone[..] else { panic!("one: {alone:?}") };
    create_alone(at(server.port, &signed(KEYS[2])).as_ref(), text).await;
    assert_eq!(dig(server.port, "dname.example.org", rtype), *expected);
    let read = at(server.port, &signed(KEYS[2])).read().await.expect("zones");
    let sets: Vec<String> = read.records().map(|(_, it)| it.set.to_string()).collect();
    assert!(
        sets.iter().any(|set| set == "dname.example.org 300 IN DNAME  example.net []"),
        "{sets:?}"
    );
}

/// Makes a record set without an ownership record.
async fn create_alone(provider: &dyn Provider, text: &str) {
    let inventory = empty();
    let new = Planned { set: set(text), labels: Labels::new(), hints: Hints::default() };
    let change = Change { role: Role::Record, action: Action::Create(new) };
    let name = change.set().name.clone();
    let zone = inventory.index.route(&name.key(), None)[0];
    let (id, after, requires) = (GroupId(0), Vec::new(), Vec::new());
    let group = ChangeGroup { id, zone, name, changes: vec![change], after, requires };
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    all_applied(&writer.apply(&[group], Deadline::none()).await);
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_told_from_a_zone_that_is_not_there() {
    let test = "a_key_that_is_not_accepted_is_told_from_a_zone_that_is_not_there";
    let Some(server) = Bind::start_or_skip(test, &[ZONE], Access::Keys).await else { return };
    let [name, algorithm, secret] = KEYS[2];
    let table = [
        (signed(["other.test", algorithm, secret]), "BADKEY"),
        (signed([name, algorithm, "d3JvbmctbGVuZ3RoLXNlY3JldA=="]), "BADSIG"),
    ];
    for (key, expected) in table {
        let inventory = at(server.port, &key).read().await.expect("zones");
        let reasons: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.to_string()).collect();
        assert!(
            reasons.len() == 2 && reasons.iter().all(|it| it.contains(expected)),
            "{reasons:?}"
        );
        assert!(reasons.iter().all(|it| !it.contains("d3Jvbm")), "{reasons:?}");
    }
    let inventory = at(server.port, &signed(KEYS[2])).read().await.expect("zones");
    let reasons: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.to_string()).collect();
    let [reason] = &reasons[..] else { panic!("the zone {CHILD} is not there: {reasons:?}") };
    assert!(reason.contains("NOTAUTH") && reason.contains("has no such zone"), "{reason}");
}

#[tokio::test]
async fn over_tls() {
    let Some(server) = Bind::start_or_skip("over_tls", &[ZONE, CHILD], Access::Keys).await else {
        return;
    };
    let port = format!("--rfc2136-port={}", server.tls_port);
    let key = signed(KEYS[2]);
    let flags = ["--rfc2136-axfr", "--rfc2136-use-tls", "--rfc2136-zone=example.org", &port];
    let provider = |more: &[&str], context: &Context| {
        let key = key.iter().map(String::as_str);
        let flags: Vec<&str> = flags.iter().chain(more).copied().chain(key).collect();
        provider(&args(&flags), context).expect("a provider")
    };
    let mut trusting = Context::default();
    trusting.http.ca = Some(server.ca_file());
    let localhost = ["--rfc2136-host=localhost"];
    let secured = provider(&localhost, &trusting);
    all_applied(&sync(&secured, &["www.example.org A 300 192.0.2.1"]).await);
    assert_eq!(dig(server.port, "www.example.org", "A"), ["192.0.2.1"]);
    let any =
        provider(&["--rfc2136-host=127.0.0.1", "--rfc2136-skip-tls-verify"], &Context::default());
    nothing_to_do(&any, &["www.example.org A 300 192.0.2.1"]).await;
    let inventory = provider(&localhost, &Context::default()).read().await.expect("zones");
    let reason = inventory.unreadable().next().map(|(_, it)| it.reason.to_string());
    assert!(reason.as_ref().is_some_and(|it| it.contains("certificate")), "{reason:?}");
}

/// Names with addresses, as a zone of their own would have them.
fn many(count: usize) -> Vec<String> {
    let one = |n: usize| format!("n{n}.example.org A 300 10.0.{}.{}", n / 250, n % 250 + 1);
    (0..count).map(one).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_in_the_middle_has_no_record_without_its_ownership_record() {
    let test = "a_server_that_is_killed_in_the_middle";
    let zones = [ZONE, CHILD];
    let Some(mut server) = Bind::start_or_skip(test, &zones, Access::Keys).await else { return };
    let port = server.port;
    let provider = at(port, &signed(KEYS[2]));
    let desired = many(1000);
    let desired: Vec<&str> = desired.iter().map(String::as_str).collect();
    let kill = async {
        let begin = std::time::Instant::now();
        while dig(port, "n100.example.org", "A").is_empty() {
            assert!(begin.elapsed().as_secs() < 60, "the record comes");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        server.kill();
    };
    let (outcomes, ()) = tokio::join!(sync(provider.as_ref(), &desired), kill);
    assert!(outcomes.iter().any(|it| *it != Outcome::Applied), "it was killed in the middle");
    server.restart().await;
    let [name, algorithm, secret] = KEYS[2];
    let key = format!("{algorithm}:{name}:{secret}");
    let left = kit::contents(port, ZONE, Some(&key));
    let of = |rtype: RecordType| left.iter().filter(move |set| set.rtype == rtype).count();
    assert!((25..1000).contains(&of(RecordType::A)), "{}", of(RecordType::A));
    assert_eq!(of(RecordType::A), of(RecordType::Txt));
    all_applied(&sync(provider.as_ref(), &desired).await);
    nothing_to_do(provider.as_ref(), &desired).await;
    assert_eq!(dig(port, "n999.example.org", "A"), ["10.0.3.250"]);
}

/// Most record sets of a message are 50, so 20,000 (10,000 with their ownership records) need 400 messages.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_records_take_the_least_number_of_messages() {
    let test = "ten_thousand_records_take_the_least_number_of_messages";
    let zones = [ZONE, CHILD];
    let Some(server) = Bind::start_or_skip(test, &zones, Access::Keys).await else { return };
    let provider = at(server.port, &signed(KEYS[2]));
    let desired = many(10_000);
    let desired: Vec<&str> = desired.iter().map(String::as_str).collect();
    all_applied(&sync(provider.as_ref(), &desired).await);
    let updates = provider.calls().into_iter().find(|it| it.operation == UPDATE);
    assert_eq!(updates.map(|it| it.calls), Some(400));
    nothing_to_do(provider.as_ref(), &desired).await;
    assert_eq!(dig(server.port, "n9999.example.org", "A"), ["10.0.39.250"]);
}
