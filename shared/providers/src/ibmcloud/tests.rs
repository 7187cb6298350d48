//! IBM Cloud over servers that speak as its two services do.

use extdns_model::{Endpoint, FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use super::args::instance;
use super::dialect::{CIS, DIALECT, DNS_SERVICES, FRONT, PRIVATE_DIALECT};
use super::*;
use crate::ErrorKind;
use crate::conformance::contract::{failing_reads, read, refusals, set, sync, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn with(url: &str, crn: &str, proxied: bool) -> Box<dyn Provider> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = json!({ "apiKey": SECRET, "instanceCrn": crn, "endpoint": url, "iamUrl": format!("{url}/identity/token") });
    std::fs::write(file.path(), text.to_string()).expect("written");
    let path = file.path().to_str().expect("a path").to_owned();
    let args = IbmcloudArgs { ibmcloud_config_file: path, ibmcloud_proxied: proxied };
    let unbound = |usual| Capabilities { request_time: None, ..usual };
    Box::new(over(&args, &Context::default(), unbound).expect("a client"))
}

fn make(url: &str) -> Box<dyn Provider> {
    with(url, CIS, false)
}

fn private(url: &str) -> Box<dyn Provider> {
    with(url, DNS_SERVICES, false)
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

mod kit_of_private_zones {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, PRIVATE_DIALECT, private)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("ibmcloud", name)
}

const OWNED: &str = "\"heritage=external-dns,external-dns/owner=kit\"";
const CRN: &str = "/v1/crn:v1:bluemix:public:internet-svcs:global:a%2F0123456789abcdef:5a6b7c8d::";

fn token() -> Reply {
    Reply::json(
        200,
        &json!({ "access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600 }),
    )
}

fn page(number: usize, total: usize, result: &Value) -> Reply {
    let count = result.as_array().expect("a list").len();
    let info = json!({ "page": number, "per_page": 20, "count": count, "total_count": total });
    Reply::json(
        200,
        &json!({ "success": true, "errors": [], "result": result, "result_info": info }),
    )
}

/// What stands behind the instance in the path, as it is sent.
fn behind(request: &Request) -> String {
    let target = request.target();
    let front = [CRN, "/instances/5a6b7c8d"].into_iter().find_map(|it| target.strip_prefix(it));
    front.unwrap_or(&target).to_owned()
}

fn reads(request: &Request) -> Option<Reply> {
    let record = |id: &str, name: &str, rtype: &str, content: &str, proxied: bool| json!({ "id": id, "name": name, "type": rtype, "content": content, "ttl": 300, "proxied": proxied });
    match (request.method.as_str(), behind(request).as_str()) {
        ("POST", "/identity/token") => Some(token()),
        ("GET", "/zones?per_page=100") => {
            Some(page(1, 1, &json!([{ "id": "z1", "name": "example.org", "status": "active" }])))
        }
        ("GET", "/zones/z1/dns_records?per_page=100") => Some(page(
            1,
            4,
            &json!([
                record("r1", "two.example.org", "A", "192.0.2.1", false),
                record("r2", "two.example.org", "A", "192.0.2.2", false),
                record("r3", "own-a.two.example.org", "TXT", OWNED, false),
                record("r4", "loc.example.org", "LOC", "52 N", false),
            ]),
        )),
        _ => None,
    }
}

fn reads_of_private(request: &Request) -> Option<Reply> {
    let record = |id: &str, name: &str, rtype: &str, rdata: Value| json!({ "id": id, "name": name, "type": rtype, "rdata": rdata, "ttl": 300 });
    let zone =
        |id: &str, name: &str, state: &str| json!({ "id": id, "name": name, "state": state });
    let body = match (request.method.as_str(), behind(request).as_str()) {
        ("POST", "/identity/token") => return Some(token()),
        ("GET", "/dnszones?limit=200") => json!({ "total_count": 2, "dnszones": [
            zone("p1", "example.org", "PENDING_NETWORK_ADD"), zone("p2", "example.net", "active"),
        ] }),
        ("GET", "/dnszones/p1/resource_records?limit=200") => {
            json!({ "total_count": 5, "resource_records": [
                record("A:1", "two.example.org", "A", json!({ "ip": "192.0.2.1" })),
                record("A:2", "two.example.org", "A", json!({ "ip": "192.0.2.2" })),
                record("TXT:3", "own-a.two.example.org", "TXT", json!({ "text": OWNED })),
                record("CNAME:4", "cn.example.org", "CNAME", json!({ "cname": "lb.example.net" })),
                record("MX:5", "mx.example.org", "MX", json!({ "exchange": "mail", "preference": 10 })),
            ] })
        }
        ("GET", "/dnszones/p2/resource_records?limit=200") => {
            json!({ "total_count": 0, "resource_records": [] })
        }
        _ => return None,
    };
    Some(Reply::json(200, &body))
}

#[tokio::test]
async fn records_are_read_with_whether_they_are_proxied() {
    let sets = read(make, |request| match behind(request).as_str() {
        "/zones/z1/dns_records?per_page=100" => {
            let record = |id: u32, rtype: &str, content: &str, proxied: bool| json!({ "id": id.to_string(), "name": "www.example.org", "type": rtype, "content": content, "ttl": 1, "proxied": proxied });
            page(
                1,
                2,
                &json!([record(1, "A", "192.0.2.1", true), record(2, "TXT", "\"a\"", false)]),
            )
        }
        _ => reads(request).expect("a read"),
    });
    let expected = [
        "www.example.org 1 IN A  192.0.2.1 [ibmcloud/proxied true]",
        "www.example.org 1 IN TXT  \"a\" [ibmcloud/proxied false]",
    ];
    let found = sets.await.expect("readable");
    assert_eq!(found.len(), 2, "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        let words = |text: &str| {
            text.replace(['{', '}', '[', ']', '"', ','], " ")
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(found), words(expected));
    }
}

#[tokio::test]
async fn private_records_are_read_by_the_member_of_their_type() {
    let sets = read(private, |request| reads_of_private(request).expect("a read"));
    let expected = [
        "two.example.org 300 IN A  192.0.2.1;192.0.2.2 []",
        "own-a.two.example.org 300 IN TXT  \"heritage=external-dns,external-dns/owner=kit\" []",
        "cn.example.org 300 IN CNAME  lb.example.net []",
    ];
    let found = sets.await.expect("readable");
    assert_eq!(found[..3], expected);
    // What is not written is seen, as it can stand in the way.
    assert!(found[3].starts_with("mx.example.org 300 IN MX "), "{found:?}");
}

/// Upstream takes pages for as long as it would like them, and reads one page of zones.
#[tokio::test]
async fn pages_are_read_to_the_last_whatever_their_size() {
    let record = |n: usize| json!({ "id": n.to_string(), "name": format!("n{n}.example.org"), "type": "A", "content": "192.0.2.1", "ttl": 1 });
    let server = ScriptedServer::start(move |request| {
        let (front, number) = match behind(request) {
            target if target.contains("&page=") => {
                let (front, number) = target.rsplit_once("&page=").expect("a page");
                (front.to_owned(), number.parse().expect("a number"))
            }
            target => (target, 1),
        };
        match front.as_str() {
            "/identity/token" => token(),
            "/zones?per_page=100" => {
                let zone =
                    json!([{ "id": format!("z{number}"), "name": format!("z{number}.org") }]);
                page(number, 2, &zone)
            }
            "/zones/z1/dns_records?per_page=100" => {
                let first = (number - 1) * 20;
                page(number, 45, &(first..(first + 20).min(45)).map(record).collect())
            }
            // One went while the pages were read, so that the last is empty.
            "/zones/z2/dns_records?per_page=100" if number == 1 => page(1, 2, &json!([record(1)])),
            "/zones/z2/dns_records?per_page=100" => page(2, 1, &json!([])),
            other => panic!("{other}"),
        }
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    assert_eq!(inventory.records().count(), 46);

    let server = ScriptedServer::start(|request| match behind(request).as_str() {
        "/identity/token" => token(),
        "/dnszones?limit=200" => recorded("dnssvcs-list-zones-page1").reply(),
        "/dnszones?limit=200&offset=1" => Reply::json(
            200,
            &json!({ "total_count": 2, "dnszones": [{ "id": "p2", "name": "example.net" }] }),
        ),
        target if target.starts_with("/dnszones/p2/") => match target.contains("offset=1") {
            true => Reply::json(200, &json!({ "total_count": 1, "resource_records": [] })),
            false => Reply::json(
                200,
                &json!({ "total_count": 2, "resource_records": [
                { "id": "A:1", "name": "a.example.net", "type": "A", "ttl": 1, "rdata": { "ip": "192.0.2.1" } },
            ] }),
            ),
        },
        _ => recorded("dnssvcs-list-records").reply(),
    });
    let inventory = private(&server.url()).read().await.expect("readable");
    assert_eq!((inventory.zones.len(), inventory.records().count()), (2, 2));
}

/// The exchanges are those of the tests of the vendor's client.
#[tokio::test]
async fn the_answers_of_the_vendor_are_understood() {
    let list = recorded("cis-list-records");
    let mut body = list.answered().clone();
    body["result_info"]["total_count"] = json!(1);
    let body = std::sync::Arc::new(body);
    let sets = read(make, move |request| match behind(request).as_str() {
        "/zones/z1/dns_records?per_page=100" => Reply::json(200, &body),
        _ => reads(request).expect("a read"),
    });
    let found = sets.await.expect("readable");
    assert!(found[0].starts_with("host-1.test-example.com 120 IN A  169.154.10.10"), "{found:?}");
    // As the vendor has it, 1,999 records are missing.
    let missing = read(make, move |request| match behind(request).as_str() {
        "/zones/z1/dns_records?per_page=100" => recorded("cis-list-records").reply(),
        "/zones/z1/dns_records?per_page=100&page=2" => page(2, 2000, &json!([])),
        _ => reads(request).expect("a read"),
    });
    assert!(missing.await.expect_err("missing").message.contains("1 of 2000 items"));
    let answers = |request: &Request| match request.method.as_str() {
        "DELETE" => recorded("cis-delete-record").reply(),
        _ => recorded("cis-create-record").reply(),
    };
    let (_, outcomes) = writes(make, reads, answers, &["new.example.org A 300 192.0.2.9"]).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let answers = |request: &Request| match request.method.as_str() {
        "DELETE" => Reply::new(204),
        _ => recorded("dnssvcs-create-record").reply(),
    };
    let wanted = ["new.example.org A 300 192.0.2.9"];
    let (_, outcomes) = writes(private, reads_of_private, answers, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
}

fn done(_: &Request) -> Reply {
    Reply::json(200, &json!({ "success": true, "result": {} }))
}

#[tokio::test]
async fn requests_of_public_zones_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 300 192.0.2.1;192.0.2.3",
        "example.org A 0 192.0.2.9",
        "ns.example.org NS 600 ns1.example.net",
        "txt.example.org TXT 300 \"hello world\"",
    ];
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.retain(|line| !line.contains("heritage"));
    sent.sort();
    let own = |line: &str| line.replace("CRN", CRN);
    assert_eq!(
        sent,
        [
            own(
                r#"POST CRN/zones/z1/dns_records {"content":"192.0.2.9","name":"example.org","proxied":false,"ttl":1,"type":"A"}"#
            ),
            own(
                r#"POST CRN/zones/z1/dns_records {"content":"\"hello world\"","name":"txt.example.org","proxied":false,"ttl":300,"type":"TXT"}"#
            ),
            own(
                r#"POST CRN/zones/z1/dns_records {"content":"ns1.example.net","name":"ns.example.org","proxied":false,"ttl":600,"type":"NS"}"#
            ),
            own(
                r#"PUT CRN/zones/z1/dns_records/r2 {"content":"192.0.2.3","name":"two.example.org","proxied":false,"ttl":300,"type":"A"}"#
            ),
        ]
    );
    // One more address is one call.
    let more = ["two.example.org A 300 192.0.2.1;192.0.2.2;192.0.2.4"];
    let (sent, _) = writes(make, reads, done, &more).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].starts_with("POST "), "{sent:?}");
}

/// Upstream makes a record without saying that it is proxied, so that it is only with a later change.
#[tokio::test]
async fn what_is_made_is_proxied_at_once_where_it_can_be() {
    fn proxied(url: &str) -> Box<dyn Provider> {
        with(url, CIS, true)
    }
    let wanted = [
        "new.example.org A 300 192.0.2.9",
        "*.wild.example.org A 300 192.0.2.9",
        "txt.example.org TXT 300 a",
    ];
    let (sent, _) = writes(proxied, reads, done, &wanted).await;
    let of = |name: &str| {
        sent.iter().find(|line| line.contains(&format!("\"name\":\"{name}\""))).expect(name)
    };
    assert!(of("new.example.org").contains(r#""proxied":true,"ttl":1"#), "{sent:#?}");
    for name in ["*.wild.example.org", "txt.example.org"] {
        assert!(of(name).contains(r#""proxied":false,"ttl":300"#), "{sent:#?}");
    }
}

#[test]
fn annotations_say_what_is_proxied() {
    let table = [
        ("www.example.org A 300 192.0.2.1", None, false, "false", Some(300), ""),
        ("www.example.org A 300 192.0.2.1", Some("true"), false, "true", None, ""),
        ("www.example.org A 300 192.0.2.1", Some("false"), true, "false", Some(300), ""),
        (
            "www.example.org A 300 192.0.2.1",
            Some("maybe"),
            true,
            "true",
            None,
            "neither true nor false",
        ),
        ("*.example.org A 300 192.0.2.1", Some("true"), false, "false", Some(300), ""),
        ("www.example.org TXT 300 a", Some("true"), true, "false", Some(300), ""),
    ];
    for (text, given, default, expected, ttl, note) in table {
        for name in PROXIED {
            let mut set = set(text);
            set.set_properties(given.map(|value| (name, value)).into_iter().collect());
            let said = fit(&mut set, default).unwrap_or_default();
            assert!(said.contains(note) && said.is_empty() == note.is_empty(), "{said}");
            assert_eq!(set.properties().get(PROXIED[0]), Some(expected), "{text} {given:?}");
            assert_eq!(set.properties().iter().count(), 1, "{text} {given:?}");
            assert_eq!(set.ttl.seconds(), ttl, "{text} {given:?}");
        }
    }
}

/// Upstream finds a private record by its name and type alone, so that of two values it changes one twice.
#[tokio::test]
async fn requests_of_private_zones_name_each_value() {
    let wanted = [
        "two.example.org A 300 192.0.2.7;192.0.2.8",
        "cn.example.org CNAME 300 lb.example.net",
        "new.example.org AAAA 0 2001:db8::1",
    ];
    let (mut sent, outcomes) = writes(private, reads_of_private, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.retain(|line| !line.contains("heritage"));
    sent.sort();
    let own = "/instances/5a6b7c8d/dnszones/p1/resource_records";
    assert_eq!(
        sent,
        [
            format!(
                r#"POST {own} {{"name":"new.example.org","rdata":{{"ip":"2001:db8::1"}},"type":"AAAA"}}"#
            ),
            format!(
                r#"PUT {own}/A:1 {{"name":"two.example.org","rdata":{{"ip":"192.0.2.7"}},"ttl":300}}"#
            ),
            format!(
                r#"PUT {own}/A:2 {{"name":"two.example.org","rdata":{{"ip":"192.0.2.8"}},"ttl":300}}"#
            ),
        ]
    );
}

/// The network is permitted once, in the zone that waits for it.
#[tokio::test]
async fn a_zone_that_waits_for_a_network_gets_that_of_the_annotation() {
    const VPC_CRN: &str =
        "crn:v1:bluemix:public:is:eu-de:a/bcf1865e99742d38d2d5fc3fb80a5496::vpc:6e6cc326";
    let permits = async |value: &str, names: [&str; 2]| {
        let server = ScriptedServer::start(|request| {
            reads_of_private(request).unwrap_or_else(|| {
                match request.path.ends_with("/permitted_networks") {
                    true => recorded("dnssvcs-create-permitted-network").reply(),
                    false => done(request),
                }
            })
        });
        let provider = private(&server.url());
        let inventory = provider.read().await.expect("readable");
        let endpoint = |name: &&str| {
            let mut set = set(&format!("{name} A 300 192.0.2.9"));
            set.set_properties([(VPC[1], value)].into_iter().collect());
            Endpoint::from_set(set)
        };
        let endpoints = names.iter().map(endpoint).collect();
        let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
        assert!(adjusted.endpoints.iter().all(|it| it.set.properties().iter().count() == 0));
        sync(provider.as_ref(), &names.map(|name| format!("{name} A 300 192.0.2.9"))).await;
        let sent =
            server.requests().into_iter().filter(|it| it.path.ends_with("/permitted_networks"));
        let sent: Vec<String> = sent
            .map(|it| format!("{} {}", behind(&it), String::from_utf8_lossy(&it.body)))
            .collect();
        (sent, adjusted.notes.len())
    };
    let (sent, notes) = permits(VPC_CRN, ["a.example.org", "b.example.org"]).await;
    let body = format!(r#"{{"permitted_network":{{"vpc_crn":"{VPC_CRN}"}},"type":"vpc"}}"#);
    assert_eq!(sent, [format!("/dnszones/p1/permitted_networks {body}")]);
    assert_eq!(notes, 0);
    // What is no VPC is said.
    let (sent, notes) = permits(CIS, ["a.example.org", "b.example.org"]).await;
    assert!(sent.is_empty() && notes == 2, "{sent:?} {notes}");
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let table = [
        (
            401,
            r#"{"errors":[{"code":10000,"message":"Authentication error"}]}"#,
            FailureKind::Unauthorised,
            "Authentication error; check that apiKey",
        ),
        (
            403,
            r#"{"errors":[{"code":1,"message":"SECRET: forbidden"}]}"#,
            FailureKind::Unauthorised,
            "role Manager",
        ),
        (
            404,
            r#"{"errors":[{"code":1001,"message":"Invalid zone identifier"}]}"#,
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
        (
            400,
            r#"{"errors":[{"code":81057,"message":"An identical record already exists."}]}"#,
            FailureKind::Conflict,
            "in the way",
        ),
        (
            400,
            r#"{"errors":[{"code":9005,"message":"Content for A record is invalid."}]}"#,
            FailureKind::Rejected,
            "invalid.; correct the target",
        ),
        (409, r#"{"message":"conflict"}"#, FailureKind::Conflict, "in the way"),
        (422, r#"{"message":"odd"}"#, FailureKind::Rejected, "correct the target"),
        (
            429,
            r#"{"errors":[{"code":971,"message":"slow down"}]}"#,
            FailureKind::Throttled,
            "less often",
        ),
    ];
    refusals(make, reads, &table).await;
    refusals(private, reads_of_private, &table).await;
    let key = r#"{"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found. SECRET"}"#;
    failing_reads(
        make,
        &[(400, key, ErrorKind::Unauthorised, "BXNIM0415E: Provided API key could not be found.")],
    )
    .await;
}

#[test]
fn a_crn_says_which_service_it_is() {
    for (crn, api, id) in [(CIS, &PUBLIC, CIS), (DNS_SERVICES, &PRIVATE, "5a6b7c8d")] {
        let own = instance(crn).expect("an instance");
        assert_eq!((own.api.base, &*own.id), (api.base, id));
    }
    for (crn, text) in [
        ("crn:v1:bluemix:public:internet-svcs", "is no CRN"),
        ("arn:v1:bluemix:public:internet-svcs:global:a/0:5a::", "is no CRN"),
        ("crn:v1:bluemix:public:internet-svcs:global:a/b/c:5a::", "malformed scope"),
        ("crn:v1:bluemix:public:kms:global:a/0:5a::", "another service"),
    ] {
        let error = instance(crn).expect_err(text).message;
        assert!(error.contains(text) && error.contains("copy the CRN"), "{error}");
    }
}

#[test]
fn the_file_says_which_instance_with_which_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ibmcloud.json");
    let of = |text: &str| {
        std::fs::write(&path, text).expect("written");
        let own = path.to_str().expect("a path").to_owned();
        let args = IbmcloudArgs { ibmcloud_config_file: own, ibmcloud_proxied: false };
        args.find(&Context::default())
            .map(|(rest, instance)| (rest.get(&[]).url().to_string(), instance.id))
            .map_err(|it| it.message)
    };
    let dns = format!("apiKey: k\ninstanceCrn: {DNS_SERVICES:?}\n");
    let private = "5a6b7c8d".to_owned();
    assert_eq!(of(&dns), Ok(("https://api.dns-svcs.cloud.ibm.com/v1".to_owned(), private.clone())));
    let own = format!(
        "{{\"apiKey\":\"k\",\"instanceCrn\":{DNS_SERVICES:?},\"endpoint\":\"http://h/v1\"}}"
    );
    assert_eq!(of(&own), Ok(("http://h/v1".to_owned(), private)));
    for (text, expected) in [
        ("apiKey: s3cret", "instanceCrn is not set"),
        ("instanceCrn: x", "apiKey is not set"),
        ("[s3cret", "not the YAML or JSON"),
    ] {
        let error = of(text).expect_err(expected);
        assert!(error.contains(expected) && !error.contains("s3cret"), "{error}");
    }
    let missing =
        IbmcloudArgs { ibmcloud_config_file: "/no/such/file".to_owned(), ibmcloud_proxied: false };
    assert!(
        missing
            .find(&Context::default())
            .expect_err("none")
            .message
            .contains("--ibmcloud-config-file")
    );
}
