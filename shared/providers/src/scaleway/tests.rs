//! Scaleway over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome, Record};
use extdns_testkit::http::{Reply, Request};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::Environment;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let auth = Auth::header("x-auth-token", SECRET);
    let rest = Context::default().rest(&SERVICE, Some(url), auth);
    let capabilities = Capabilities { request_time: None, ..capabilities(1000) };
    let account = Context::default().account(rest.expect("a client"), capabilities);
    Box::new(account.batched(Scaleway))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("scaleway", name)
}

fn zones(of: &[(&str, &str)]) -> Reply {
    let zone = |(domain, sub): &(&str, &str)| json!({ "domain": domain, "subdomain": sub });
    let zones: Vec<_> = of.iter().map(zone).collect();
    Reply::json(200, &json!({ "dns_zones": zones, "total_count": of.len() }))
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    let record = |id: &str, rtype: &str, name: &str, data: &str| json!({ "id": id, "type": rtype, "name": name, "data": data, "ttl": 300, "priority": 0 });
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/domain/v2beta1/dns-zones") => Some(zones(&[("example.org", "")])),
        ("GET", _) => {
            let records = json!([
                record("r-1", "A", "two", "192.0.2.1"),
                record("r-2", "A", "two", "192.0.2.2"),
                record("r-3", "TXT", "own-a.two", owned),
            ]);
            Some(Reply::json(200, &json!({ "records": records, "total_count": 3 })))
        }
        _ => None,
    }
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/domain/v2beta1/dns-zones?page_size=1000" => recorded("tf-list-zones").reply(),
        "/domain/v2beta1/dns-zones/test-arobase.example.com/records?page_size=1000" => {
            recorded("tf-list-srv").reply()
        }
        other => panic!("{other}"),
    });
    let expected = "_proxy-preproduction._tcp.test-arobase.example.com 3600 IN SRV  \
                    100 1 3128 bigbox.example.com. []";
    assert_eq!(sets.await.expect("readable"), [expected]);
    let zone = Zone::new("example.com", Name::as_listed("example.com"));
    let exchange = recorded("list-records");
    let items = exchange.answered()["records"].as_array().expect("records");
    let record = |it| RECORD.record(&capabilities(1000), &zone, it).expect("whole");
    let records: Vec<Record> = items.iter().filter_map(record).collect();
    // One is an SOA.
    assert_eq!(records.len(), 20);
    assert_eq!(records[0].set.targets.as_slice(), ["ns0.dom.scw.cloud"]);
    assert_eq!(records[2].set.targets.as_slice(), ["\"challengetoken2\""]);
}

#[tokio::test]
async fn pages_are_read_as_long_as_there_are_more() {
    let of = |id: u32, total: u32| {
        let record = json!({ "id": id.to_string(), "type": "A", "name": "", "data": format!("192.0.2.{id}"), "ttl": 60 });
        Reply::json(200, &json!({ "records": [record], "total_count": total }))
    };
    let sets = read(make, move |request| match request.target().as_str() {
        "/domain/v2beta1/dns-zones?page_size=1000" => zones(&[("example.com", "test")]),
        "/domain/v2beta1/dns-zones/test.example.com/records?page_size=1000" => of(1, 2),
        "/domain/v2beta1/dns-zones/test.example.com/records?page_size=1000&page=2" => of(2, 2),
        other => panic!("{other}"),
    });
    let sets = sets.await.expect("readable");
    assert_eq!(sets, ["test.example.com 60 IN A  192.0.2.1;192.0.2.2 [{scw/priority 0}]"]);
    // An empty page before the end is no end.
    let sets = read(make, move |request| match request.path.as_str() {
        "/domain/v2beta1/dns-zones" => zones(&[("example.com", "")]),
        _ if request.target().contains("page=2") => {
            Reply::json(200, &json!({ "records": [], "total_count": 2 }))
        }
        _ => of(1, 2),
    });
    assert!(sets.await.expect_err("cut").message.contains("1 of 2 items came"));
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 600 192.0.2.2;192.0.2.3",
        "c.example.org CNAME 0 lb.example.net",
        "example.org MX 0 10 mail.example.org",
    ];
    let done = |_: &Request| Reply::json(200, &json!({ "records": [] }));
    let (sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let [one] = &sent[..] else { panic!("one call for all: {sent:#?}") };
    let (target, body) = one
        .rsplit_once(" {")
        .map(|_| one.split_at(one.find('{').expect("a body")))
        .expect("a body");
    assert_eq!(target, "PATCH /domain/v2beta1/dns-zones/example.org/records ");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["disallow_new_zone_creation"], true);
    let text = body.to_string();
    for part in [
        json!({ "set": { "id": "r-1", "records": [{ "name": "two", "type": "A", "data": "192.0.2.3", "priority": 0, "ttl": 600 }] } }),
        json!({ "name": "c", "type": "CNAME", "data": "lb.example.net.", "priority": 0, "ttl": 300 }),
        json!({ "name": "", "type": "MX", "data": "mail.example.org.", "priority": 10, "ttl": 300 }),
    ] {
        assert!(text.contains(&part.to_string()), "{part} in {text}");
    }
    let (sent, _) = writes(make, reads, done, &["two.example.org A 300 192.0.2.2"]).await;
    let body = r#"{"changes":[{"delete":{"id":"r-1"}}],"return_all_records":false,"disallow_new_zone_creation":true}"#;
    assert_eq!(sent, [format!("PATCH /domain/v2beta1/dns-zones/example.org/records {body}")]);
    let (sent, _) = writes(make, reads, done, &["two.example.org A 300 192.0.2.1;192.0.2.2"]).await;
    assert!(sent.is_empty(), "{sent:?}");
}

/// The recorded requests are of clients that send more or fewer members with a record.
#[test]
fn writes_hold_what_the_service_took() {
    let table = [
        (
            "tf-patch-add-apex",
            "test-arobase.example.com",
            "test-arobase.example.com TXT 3600 this-is-a-test",
            Some("\"this-is-a-test\""),
        ),
        (
            "tf-patch-add-cname",
            "test-basic-cname.example.com",
            "tf.test-basic-cname.example.com CNAME 3600 xxx.scw.cloud",
            None,
        ),
        ("patch-add-a", "example.com", "localhost.example.com A 3600 127.0.0.1", None),
    ];
    for (name, zone, text, data) in table {
        let zone = Zone::new(zone, Name::as_listed(zone));
        let exchange = recorded(name);
        let took = &exchange.sent()["changes"][0]["add"]["records"][0];
        let ours = json!(RECORD.body(&FORM, &zone, &set(text)));
        for member in ["name", "type", "ttl"] {
            assert_eq!(ours[member], took[member], "{name} {member}");
        }
        // Text goes out as it comes back.
        assert_eq!(ours["data"], data.map_or(took["data"].clone(), Into::into), "{name}");
    }
    let deleted = recorded("patch-delete");
    assert!(deleted.sent()["changes"][0]["delete"]["id"].is_string());
    let replaced = recorded("patch-set");
    assert!(replaced.sent()["changes"][0]["set"]["id"].is_string());
}

#[test]
fn a_priority_is_compared_where_it_says_something() {
    use extdns_model::Endpoint;
    let endpoint = |text: &str, priority: Option<&str>| {
        let mut set = set(text);
        set.set_properties(priority.map(|it| (PRIORITY, it)).into_iter().collect());
        Endpoint::from_set(set)
    };
    let table = [
        (endpoint("a.test A 60 192.0.2.1", None), Some("0"), 0),
        (endpoint("a.test A 60 192.0.2.1", Some("30")), Some("30"), 0),
        (endpoint("a.test A 60 192.0.2.1", Some("high")), Some("0"), 1),
        (endpoint("_s._tcp.a.test SRV 60 100 1 2 b.test.", Some("30")), None, 0),
        (endpoint("a.test MX 60 10 b.test", None), None, 0),
    ];
    for (endpoint, priority, notes) in table {
        let adjusted =
            with_priority(Adjusted { endpoints: vec![endpoint], notes: Vec::new() }, PRIORITY);
        let own = adjusted.endpoints[0].set.properties().get(PRIORITY);
        assert_eq!((own, adjusted.notes.len()), (priority, notes));
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |name: &str| recorded(name).answered().to_string();
    let (denied, gone, sub) = (
        said("error-permissions-denied"),
        said("list-records-403"),
        said("error-403-subdomain-text"),
    );
    let (busy, taken, odd) = (
        said("error-transient-state"),
        said("error-already-exists"),
        said("error-invalid-arguments"),
    );
    let table = [
        (
            401,
            r#"{"message":"authentication is denied SECRET","type":"denied_authentication"}"#,
            FailureKind::Unauthorised,
            "SCW_SECRET_KEY",
        ),
        (403, denied.as_str(), FailureKind::Unauthorised, "DomainsDNSFullAccess"),
        (403, gone.as_str(), FailureKind::ZoneGone, "check its policy"),
        (403, sub.as_str(), FailureKind::ZoneGone, "check its policy"),
        (
            404,
            r#"{"message":"resource is not found","type":"not_found"}"#,
            FailureKind::RecordGone,
            "not found",
        ),
        (409, busy.as_str(), FailureKind::Throttled, "until the zone is ready"),
        (409, taken.as_str(), FailureKind::Conflict, "in the way"),
        (400, odd.as_str(), FailureKind::Rejected, "message authentication failed"),
        (
            403,
            r#"{"message":"too many","type":"quotas_exceeded"}"#,
            FailureKind::Quota,
            "higher limit",
        ),
        (422, r#"{"message":"odd"}"#, FailureKind::Rejected, "correct the target"),
        (
            429,
            r#"{"message":"slow","type":"too_many_requests"}"#,
            FailureKind::Throttled,
            "less often",
        ),
    ];
    refusals(make, reads, &table).await;
    failing_reads(make, &[(403, denied.as_str(), ErrorKind::Unauthorised, "DomainsDNSFullAccess")])
        .await;
}

#[test]
fn keys_are_those_of_variables_or_of_a_profile() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = "access_key: SCW00000000000000001\nsecret_key: 00000000-0000-4000-8000-000000000001\n\
                profiles:\n  foo:\n    secret_key: 00000000-0000-4000-8000-00000000000f\n    api_url: https://foo.test\n";
    std::fs::write(file.path(), text).expect("written");
    let path = file.path().to_str().expect("a path");
    let find = |variables: &[(&str, &str)]| {
        let all = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Login::find(&Environment::new(all.collect())).map_err(|error| error.message)
    };
    let secret = |end: &str| format!("00000000-0000-4000-8000-00000000000{end}");
    let of_file = find(&[("SCW_CONFIG_PATH", path)]).expect("a login");
    assert_eq!((of_file.secret_key, of_file.url), (secret("1"), None));
    let of_profile = find(&[("SCW_CONFIG_PATH", path), ("SCW_PROFILE", "foo")]).expect("a login");
    assert_eq!(of_profile.secret_key, secret("f"));
    assert_eq!(of_profile.url.as_deref(), Some("https://foo.test"));
    let own = secret("2");
    let pair = [("SCW_ACCESS_KEY", "SCW00000000000000002"), ("SCW_SECRET_KEY", own.as_str())];
    assert_eq!(find(&pair).expect("a login").secret_key, own);
    let sized = [pair[0], pair[1], ("SCW_DEFAULT_PAGE_SIZE", "ten"), ("SCW_INSECURE", "true")];
    let sized = find(&sized).expect("a login");
    assert_eq!((sized.page_size, sized.insecure), (1000, true));
    let table = [
        (&[pair[1]][..], "SCW_ACCESS_KEY is not set"),
        (&[pair[0]], "SCW_SECRET_KEY is not set"),
        (&[pair[0], ("SCW_SECRET_KEY", "dummy")], "which is a UUID"),
        (&[("SCW_ACCESS_KEY", "dummy"), pair[1]], "SCW and 17"),
        (
            &[pair[0], pair[1], ("SCW_CONFIG_PATH", path), ("SCW_PROFILE", "bar")],
            "the profile \"bar\"",
        ),
    ];
    for (variables, text) in table {
        let error = find(variables).expect_err("wrong");
        assert!(error.contains(text) && !error.contains("dummy"), "{error}");
    }
}
