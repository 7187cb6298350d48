//! OVHcloud over a server that speaks as it does.

use extdns_model::{FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use reqwest::header::HeaderMap;
use serde_json::json;

use super::dialect::{DIALECT, FRONT};
use super::sign::Signature;
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::rest::{Auth, Outgoing};
use crate::{Environment, Reader as _};

fn args(is_relative: bool) -> OvhArgs {
    OvhArgs {
        ovh_endpoint: "ovh-eu".to_owned(),
        ovh_api_rate_limit: 20,
        ovh_enable_cname_relative: is_relative,
    }
}

fn signed(base: &str) -> Auth {
    let anybody = Auth::header("x-ovh-application", "app");
    let clock = Context::default().rest(&SERVICE, Some(base), anybody).expect("a client");
    Auth::signed(Signature::new(["app", SECRET, "consumer"], clock), vec![SECRET.to_owned()])
}

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn with(url: &str, is_relative: bool) -> Box<dyn Provider> {
    let base = format!("{url}/1.0");
    let rest = Context::default().rest(&SERVICE, Some(&base), signed(&base)).expect("a client");
    let args = args(is_relative);
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities(&args) };
    Box::new(Context::default().account(rest, capabilities).stepped(Ovh))
}

fn make(url: &str) -> Box<dyn Provider> {
    with(url, false)
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("ovh", name)
}

/// Two zones with the same names, and what the service answers of their records by id.
fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    let record = |id: u32, name: &str, rtype: &str, target: &str| json!({ "id": id, "zone": "example.org", "subDomain": name, "fieldType": rtype, "target": target, "ttl": 300 });
    let body = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/1.0/auth/time") => json!(1_700_000_000),
        ("GET", "/1.0/domain/zone") => json!(["example.org", "example.net"]),
        ("GET", "/1.0/domain/zone/example.org/record") => json!([42, 43, 44, 45]),
        ("GET", "/1.0/domain/zone/example.net/record") => json!([52]),
        ("GET", path) => match path.rsplit('/').next()? {
            "42" => record(42, "two", "A", "192.0.2.42"),
            "43" => record(43, "two", "A", "192.0.2.43"),
            "44" => record(44, "own-a.two", "TXT", owned),
            "45" => record(45, "ns", "NS", "ns1.example.net."),
            "52" => record(52, "two", "A", "192.0.2.42"),
            _ => {
                return Some(Reply::json(
                    404,
                    &json!({ "message": "This service does not exist" }),
                ));
            }
        },
        _ => return None,
    };
    Some(Reply::json(200, &body))
}

fn outgoing(method: &str, url: &str, body: &str) -> Outgoing {
    Outgoing {
        method: method.parse().expect("a method"),
        url: url.parse().expect("a URL"),
        headers: HeaderMap::new(),
        body: (!body.is_empty()).then(|| body.to_owned().into()),
    }
}

#[test]
fn signatures_are_those_of_the_vendor() {
    let clock = || Context::default().rest(&SERVICE, None, Auth::none()).expect("a client");
    let own = Signature::new(["a", "s3cr3tAppSecret01", "c0nsumerKeyExample"], clock());
    let theirs = Signature::new(
        ["a", "9ufkBmLaTQ9nz5yMUlg79taH0GNnzDjk", "5mBuy6SUQcRw2ZUxg0cG68BoDKpED4KY"],
        clock(),
    );
    let body = r#"{"subDomain":"www","ttl":60,"target":"203.0.113.7","fieldType":"A"}"#;
    let zone = "https://eu.api.ovh.com/1.0/domain/zone";
    let record = "https://eu.api.ovh.com/1.0/domain/zone/example.net/record";
    let auth = "https://eu.api.ovh.com/1.0/auth";
    let table = [
        (
            &own,
            1_700_000_000,
            outgoing("GET", zone, ""),
            "$1$a192130a0d4215b22773201750221c0908c039f8",
        ),
        (
            &own,
            1_700_000_000,
            outgoing("POST", record, body),
            "$1$082d2522e85599ea90616156410ddf3674543a56",
        ),
        (
            &theirs,
            1_457_018_875,
            outgoing("GET", auth, ""),
            "$1$e9556054b6309771395efa467c22e627407461ad",
        ),
        (
            &theirs,
            1_457_018_875,
            outgoing("DELETE", auth, ""),
            "$1$a1eecd00b3b02b6cf5708b84b9ff42059a950d85",
        ),
    ];
    for (signature, time, request, expected) in table {
        assert_eq!(signature.value(&request, time), expected, "{} {}", request.method, request.url);
    }
}

/// The kit's service is an hour ahead, and takes the requests. So does one that is years behind.
#[tokio::test]
async fn the_time_is_that_of_the_service_and_is_asked_for_once() {
    let server = ScriptedServer::start(|request| reads(request).expect("a read"));
    make(&server.url()).read().await.expect("readable");
    let requests = server.requests();
    let clocks = requests.iter().filter(|it| it.path == "/1.0/auth/time");
    for clock in clocks.clone() {
        assert_eq!(clock.header("x-ovh-application"), Some("app"));
        assert_eq!(clock.header("x-ovh-signature"), None);
    }
    assert_eq!(clocks.count(), 1);
    for request in requests.iter().filter(|it| it.path != "/1.0/auth/time") {
        let time: i64 =
            request.header("x-ovh-timestamp").and_then(|it| it.parse().ok()).expect("a time");
        assert!((1_700_000_000..1_700_000_100).contains(&time), "{time}");
        assert_eq!(request.header("x-ovh-consumer"), Some("consumer"));
        assert_eq!(request.header("content-type"), None);
    }
}

#[tokio::test]
async fn a_recorded_zone_is_read_whole() {
    let sets = read(make, |request| match request.path.as_str() {
        "/1.0/auth/time" => recorded("auth-time").reply(),
        "/1.0/domain/zone" => recorded("list-zones").reply(),
        "/1.0/domain/zone/example.net/record" => recorded("list-record-ids").reply(),
        "/1.0/domain/zone/example.net/record/1553659740" => recorded("create-record-a").reply(),
        "/1.0/domain/zone/example.net/record/1553659741" => recorded("create-record-cname").reply(),
        "/1.0/domain/zone/example.net/record/1553659742" => recorded("create-record-txt").reply(),
        "/1.0/domain/zone/example.net/record/1553659750" => recorded("get-record-txt").reply(),
        // Nobody recorded the others, so they are gone.
        _ => Reply::json(404, &json!({ "message": "The requested object does not exist" })),
    });
    let expected = [
        "localhost.example.net 3600 IN A  127.0.0.1 []",
        "docs.example.net 3600 IN CNAME  docs.example.com []",
        "_acme-challenge.createrecordset.example.net 3600 IN TXT  \"challengetoken1\" []",
        "_acme-challenge.fqdn.example.net 3600 IN TXT  \"challengetoken\" []",
    ];
    assert_eq!(sets.await.expect("readable"), expected);
}

#[tokio::test]
async fn a_zone_of_which_a_record_cannot_be_read_is_not_read() {
    let error = read(make, |request| match request.path.as_str() {
        "/1.0/domain/zone/example.net/record/52" => Reply::json(403, &json!({ "message": "no" })),
        _ => reads(request).expect("a read"),
    });
    assert!(error.await.expect_err("one zone fails").message.contains("HTTP 403"));
}

/// The recorded requests of another client, in another order.
#[test]
fn writes_hold_what_the_service_took() {
    let zone = Zone::new("example.net", Name::as_listed("example.net"));
    for (name, text) in [
        ("create-record-a", "localhost.example.net A 3600 127.0.0.1"),
        ("create-record-txt", "_acme-challenge.fqdn.example.net TXT 3600 \"challengetoken\""),
    ] {
        let ours = json!(RECORD.body(&FORM, &zone, &set(text)));
        assert_eq!(ours, *recorded(name).sent(), "{name}");
        let (verb, target) = ("POST", "/1.0/domain/zone/example.net/record");
        assert_eq!(recorded(name).asked(), (verb, target));
    }
    // That client lets the TTL be, and names its CNAME within the zone.
    let changed = set("updated.test.example.net TXT 0 \"challengetoken\"");
    let mut ours = json!(RECORD.changed(&FORM, &zone, &changed));
    ours.as_object_mut().expect("an object").remove("ttl");
    assert_eq!(ours, *recorded("update-record").sent());
    let cname = set("docs.example.net CNAME 3600 docs.example.com");
    let cname = json!(RECORD.body(&FORM, &zone, &cname));
    assert_eq!(cname["target"], "docs.example.com.");
    let (verb, path) = ("GET", "/1.0/domain/zone/example.net/record");
    assert_eq!(recorded("list-record-ids-filtered").asked(), (verb, path));
    assert_eq!(recorded("refresh-zone").asked(), ("POST", "/1.0/domain/zone/example.net/refresh"));
}

fn done(_: &Request) -> Reply {
    Reply::new(200)
}

/// What upstream does to the zone example.net here is its defect: it takes the records of all zones for those of one.
#[tokio::test]
async fn requests_are_those_of_the_service_and_stay_in_their_zone() {
    let table: [(&[&str], &[&str]); 5] = [
        (
            // A target more.
            &["two.example.org A 300 192.0.2.42;192.0.2.43;192.0.2.44"],
            &[
                r#"POST {zone}/record {"subDomain":"two","ttl":300,"target":"192.0.2.44","fieldType":"A"}"#,
            ],
        ),
        (
            // Another target takes the place of one.
            &["two.example.org A 300 192.0.2.43;192.0.2.44"],
            &[r#"PUT {zone}/record/42 {"subDomain":"two","ttl":300,"target":"192.0.2.44"}"#],
        ),
        (&["two.example.org A 300 192.0.2.43"], &["DELETE {zone}/record/42"]),
        (
            // A TTL alone, which upstream never changes.
            &["two.example.org A 600 192.0.2.42;192.0.2.43"],
            &[
                r#"PUT {zone}/record/42 {"subDomain":"two","ttl":600,"target":"192.0.2.42"}"#,
                r#"PUT {zone}/record/43 {"subDomain":"two","ttl":600,"target":"192.0.2.43"}"#,
            ],
        ),
        (&["two.example.org A 300 192.0.2.42;192.0.2.43"], &[]),
    ];
    for (wanted, expected) in table {
        let (mut sent, outcomes) = writes(make, reads, done, wanted).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
        sent.retain(|line| !line.contains("heritage"));
        let zone = "/1.0/domain/zone/example.org";
        let mut expected: Vec<String> =
            expected.iter().map(|it| it.replace("{zone}", zone)).collect();
        if !expected.is_empty() {
            assert_eq!(sent.pop(), Some(format!("POST {zone}/refresh")), "the refresh comes last");
        }
        sent.sort();
        expected.sort();
        assert_eq!(sent, expected, "{wanted:?}");
    }
}

/// Upstream publishes nothing where one change failed, and lets what was made lie there.
#[tokio::test(start_paused = true)]
async fn what_was_made_is_published_also_if_a_change_failed() {
    let answer = |request: &Request| match String::from_utf8_lossy(&request.body).contains("bad") {
        true => recorded("error-400").reply(),
        false => Reply::new(200),
    };
    let wanted = ["good.example.org A 0 192.0.2.1", "bad.example.org A 0 192.0.2.2"];
    let (sent, outcomes) = writes(make, reads, answer, &wanted).await;
    assert!(outcomes.iter().any(|it| matches!(it, Outcome::Rejected(_))), "{outcomes:?}");
    assert!(sent.iter().any(|line| line.contains(r#""subDomain":"good","ttl":0"#)), "{sent:#?}");
    assert_eq!(sent.last().map(String::as_str), Some("POST /1.0/domain/zone/example.org/refresh"));
}

#[tokio::test]
async fn names_values_and_relative_targets() {
    let zone = |name: &str| Zone::new(name, Name::as_listed(name));
    for (is_relative, given, expected) in [
        (false, "a.example.org CNAME 0 lb.example.net", "lb.example.net."),
        (true, "a.example.org CNAME 0 ovh", "ovh"),
        (true, "a.example.org CNAME 0 lb.example.net.", "lb.example.net."),
        (true, "a.example.org NS 0 ns1.example.net", "ns1.example.net."),
        (false, "a.example.org DNAME 0 example.net", "example.net."),
        (false, "a.example.org MX 0 10 mail.example.net", "10 mail.example.net."),
        (false, "a.example.org TXT 0 hello world", "hello world"),
    ] {
        let form = capabilities(&args(is_relative)).form;
        let written = |zone: &Zone, text: &str| json!(RECORD.body(&form, zone, &set(text)));
        assert_eq!(written(&zone("example.org"), given)["target"], expected, "{given}");
        let wide = zone("xn--testcass-e1ae.fr");
        let wide = written(&wide, "example.testécassé.fr A 0 192.0.2.1");
        assert_eq!(wide["subDomain"], "example");
        let apex = written(&zone("example.org"), "example.org A 0 192.0.2.1");
        assert_eq!(apex["subDomain"], "");
    }
    // What is stored so is left alone.
    let relative = |request: &Request| match request.path.rsplit('/').next() {
        Some("45") => Some(Reply::json(
            200,
            &json!({ "id": 45, "subDomain": "c", "fieldType": "CNAME", "target": "ovh", "ttl": 60 }),
        )),
        _ => reads(request),
    };
    let wanted = ["c.example.org CNAME 60 ovh", "two.example.org A 300 192.0.2.42;192.0.2.43"];
    let (sent, _) = writes(|url| with(url, true), relative, done, &wanted).await;
    assert!(sent.iter().all(|line| !line.contains("CNAME") && !line.contains("/45")), "{sent:?}");
}

/// Upstream compares the stored `ns1.example.net.` with a target without its dot, and finds nothing to delete.
#[tokio::test]
async fn a_stored_final_dot_is_none_of_the_name() {
    let sets = read(make, |request| reads(request).expect("a read")).await.expect("readable");
    assert!(sets.contains(&"ns.example.org 300 IN NS  ns1.example.net []".to_owned()), "{sets:?}");
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |name: &str| recorded(name).answered().to_string();
    let (bad, key, invalid, granted) = (
        said("error-400"),
        said("error-403-application-key"),
        said("error-403-invalid-key"),
        said("error-403-not-granted"),
    );
    let iam = r#"{"class":"Client::Forbidden","message":"SECRET","details":{"unauthorizedActionsByIAM":"dnsZone:apiovh:record/create"}}"#;
    let table = [
        (401, r#"{"message":"You must login first"}"#, FailureKind::Unauthorised, "check the keys"),
        (403, key.as_str(), FailureKind::Unauthorised, "This application key is invalid"),
        (403, invalid.as_str(), FailureKind::Unauthorised, "lists the rights"),
        (403, granted.as_str(), FailureKind::Unauthorised, "has not been granted"),
        (403, iam, FailureKind::Unauthorised, "dnsZone:apiovh:record/create"),
        (
            404,
            r#"{"message":"This service does not exist"}"#,
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
        (400, bad.as_str(), FailureKind::Rejected, "Invalid ip"),
        (400, r#"{"message":"The record already exists"}"#, FailureKind::Conflict, "in the way"),
        (
            409,
            r#"{"message":"a change is under way"}"#,
            FailureKind::Throttled,
            "--ovh-api-rate-limit",
        ),
        (422, r#"{"message":"odd"}"#, FailureKind::Rejected, "correct the target"),
        (429, r#"{"message":"slow"}"#, FailureKind::Throttled, "--ovh-api-rate-limit"),
        (460, r#"{"message":"This service is expired"}"#, FailureKind::Rejected, "expired"),
    ];
    refusals(make, reads, &table).await;
    failing_reads(make, &[(403, granted.as_str(), ErrorKind::Unauthorised, "not been granted")])
        .await;
}

fn find(endpoint: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let all = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::new(all.collect());
    let context = Context { environment, ..Context::default() };
    login::find(endpoint, &context).map(|(url, _)| url).map_err(|it| it.message)
}

#[test]
fn credentials_are_variables_or_of_the_section_of_the_endpoint() {
    const KEYS: [(&str, &str); 2] = [("OVH_APPLICATION_KEY", "a"), ("OVH_APPLICATION_SECRET", "b")];
    const CLIENT: [(&str, &str); 2] = [("OVH_CLIENT_ID", "a"), ("OVH_CLIENT_SECRET", "b")];
    let fails = |endpoint: &str, variables: &[(&str, &str)], text: &str| {
        let error = find(endpoint, variables).expect_err(text);
        assert!(error.contains(text), "{error}");
    };
    fails("ovh-eu", &[], "no credentials");
    fails("ovh-eu", &KEYS[..1], "OVH_APPLICATION_SECRET is not set");
    fails("ovh-eu", &CLIENT[..1], "OVH_CLIENT_SECRET is not set");
    fails("ovh-eu", &[KEYS[0], CLIENT[0], CLIENT[1]], "several kinds");
    fails("ovh-xx", &KEYS, "use one of ovh-eu");
    fails("kimsufi-eu", &CLIENT, "gives no tokens");
    assert_eq!(find("ovh-ca", &KEYS).as_deref(), Ok("https://ca.api.ovh.com/1.0"));
    assert_eq!(find("ovh-us", &CLIENT).as_deref(), Ok("https://api.us.ovhcloud.com/1.0"));
    assert_eq!(find("http://h/1.0", &[("OVH_ACCESS_TOKEN", "t")]).as_deref(), Ok("http://h/1.0"));

    let home = tempfile::tempdir().expect("a folder");
    let file = "; of a user\n[default]\nendpoint=ovh-ca\n[ovh-ca]\napplication_key=k\napplication_secret = a\\b#c\n";
    std::fs::write(home.path().join(".ovh.conf"), file).expect("a file");
    let folder = home.path().to_str().expect("a path");
    assert_eq!(find("", &[("HOME", folder)]).as_deref(), Ok("https://ca.api.ovh.com/1.0"));
    fails("ovh-eu", &[("HOME", folder)], "no credentials");
    std::fs::write(home.path().join(".ovh.conf"), "[ovh-ca\n").expect("a file");
    fails("ovh-ca", &[("HOME", folder)], ".ovh.conf cannot be read");
}

#[tokio::test]
async fn a_client_gets_a_token_with_a_form() {
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/token" => Reply::json(200, &json!({ "access_token": "t0ken", "expires_in": 3600 })),
        _ => reads(request).expect("a read"),
    });
    let base = format!("{}/1.0", server.url());
    let context = Context::default();
    let tokens = format!("{}/token", server.url());
    let rest = context.rest(&SERVICE, Some(&tokens), Auth::none()).expect("a client");
    let (id, secret) = ("id".to_owned(), SECRET.to_owned());
    let auth = Auth::tokens(crate::rest::ClientCredentials { rest, id, secret, scope: "all" });
    let rest = context.rest(&SERVICE, Some(&base), auth).expect("a client");
    let account = context.account(rest, capabilities(&args(false)));
    account.stepped(Ovh).read().await.expect("readable");
    let requests = server.requests();
    let first = &requests[0];
    let form =
        format!("grant_type=client_credentials&client_id=id&client_secret={SECRET}&scope=all");
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/token"));
    assert_eq!(String::from_utf8_lossy(&first.body), form);
    assert_eq!(first.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(requests[1..].iter().all(|it| it.header("authorization") == Some("Bearer t0ken")));
}
