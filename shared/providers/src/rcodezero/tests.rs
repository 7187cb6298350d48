//! RcodeZero over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome, RecordType};
use extdns_testkit::http::{Reply, Request};
use serde_json::{Value, json};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::Environment;
use crate::conformance::contract::{failing_reads, read, refusals, set, sync, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{HttpSim, OverHttp, SECRET};

/// The key of the sheet's vector.
const KEY: &str = "0123456789abcdef";

fn with(url: &str, crypt: Option<Crypt>) -> Box<dyn Provider> {
    let base = format!("{url}/api/v1");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    // Without the budget and the bound of a request: the tests make more calls than a run, and the clock that they stop runs
    // ahead while an answer is on its way.
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities() };
    Box::new(over(Context::default().account(rest.expect("a client"), capabilities), crypt))
}

fn make(url: &str) -> Box<dyn Provider> {
    with(url, None)
}

fn crypt(key: &str) -> Result<Crypt, ProviderError> {
    Crypt::find(&Environment::new([("RC0_ENC_KEY".to_owned(), key.to_owned())].into()))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("rcodezero", name)
}

fn page(items: &Value, number: u32, last: u32) -> Reply {
    let body = json!({ "data": items, "current_page": number, "last_page": last, "total": 18 });
    Reply::json(200, &body)
}

/// The list of zones, with the zone of this recorded answer.
fn zones() -> Reply {
    page(&json!([recorded("get-zone").answered()]), 1, 1)
}

fn rrset(name: &str, content: &str) -> Value {
    let record = json!({ "content": content, "disabled": false });
    json!({ "name": name, "type": "A", "ttl": 300, "records": [record] })
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/api/v1/zones?page_size=100" => zones(),
        "/api/v1/zones/example.at/rrsets?page_size=100" => recorded("list-rrsets-short").reply(),
        other => panic!("{other}"),
    });
    let text = |name: &str, values: &str| format!("{name}.example.at 3600 IN TXT  {values} []");
    let (one, two) = ("\"challengetoken\"", "\"challengetoken2\";\"challengetoken1\"");
    let expected = [
        "localhost.example.at 3600 IN A  127.0.0.1 []".to_owned(),
        text("random.fqdntest", one),
        text("random.fulltest", one),
        text("random.test", one),
        text("_acme-challenge.test", one),
        text("updated.test", one),
        text("_acme-challenge.deleterecordinset", "\"challengetoken2\""),
        text("_acme-challenge.listrecordset", two),
        text("_acme-challenge.createrecordset", two),
        "docs.example.at 3600 IN CNAME  docs.example.com.example.at []".to_owned(),
        text("_acme-challenge.noop", one),
        text("updated.testfqdn", one),
        text("ttl.fqdn", "\"ttlshouldbe3600\""),
        text("_acme-challenge.fqdn", one),
        text("updated.testfull", one),
        text("_acme-challenge.full", one),
    ];
    assert_eq!(sets.await.expect("readable"), expected);
}

#[tokio::test]
async fn pages_are_read_to_the_last_and_not_behind_it() {
    let sets = read(make, |request| match request.target().as_str() {
        "/api/v1/zones?page_size=100" => page(&json!([]), 1, 2),
        "/api/v1/zones?page_size=100&page=2" => {
            page(&json!([recorded("get-zone").answered()]), 2, 2)
        }
        "/api/v1/zones/example.at/rrsets?page_size=100" => {
            page(&json!([rrset("a.example.at.", "192.0.2.1")]), 1, 3)
        }
        "/api/v1/zones/example.at/rrsets?page_size=100&page=2" => {
            page(&json!([rrset("b.example.at.", "192.0.2.2")]), 2, 3)
        }
        // What was on it is gone.
        "/api/v1/zones/example.at/rrsets?page_size=100&page=3" => page(&json!([]), 3, 2),
        other => panic!("{other}"),
    });
    let expected = ["a.example.at 300 IN A  192.0.2.1 []", "b.example.at 300 IN A  192.0.2.2 []"];
    assert_eq!(sets.await.expect("readable"), expected);
}

#[tokio::test]
async fn what_is_switched_off_or_has_no_value_is_not_there() {
    let sets = read(make, |request| match request.path.as_str() {
        "/api/v1/zones" => zones(),
        _ => {
            let off = json!({ "content": "192.0.2.1", "disabled": true });
            let on = json!({ "content": "192.0.2.2", "disabled": false });
            let set = |name: &str, records: Value| json!({ "name": name, "type": "A", "ttl": 300, "records": records });
            let sets = [
                set("off.example.at.", json!([off])),
                set("half.example.at.", json!([off, on])),
                set("none.example.at.", json!([])),
            ];
            page(&json!(sets), 1, 1)
        }
    });
    assert_eq!(sets.await.expect("readable"), ["half.example.at 300 IN A  192.0.2.2 []"]);
}

#[test]
fn a_zone_whose_primary_is_elsewhere_is_never_written() {
    for (kind, follows) in [("MASTER", false), ("master", false), ("SLAVE", true), ("slave", true)]
    {
        let zone = ZONE.zone(&json!({ "domain": "example.at", "type": kind }));
        let zone = zone.expect("a zone").expect("one that is served");
        assert_eq!(zone.read_only.is_some(), follows, "{kind}");
    }
}

/// `example.org` with what a test wants of it.
fn reads(request: &Request) -> Option<Reply> {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/api/v1/zones") => {
            Some(page(&json!([{ "domain": "example.org", "type": "MASTER" }]), 1, 1))
        }
        ("GET", _) => {
            let own = json!({ "content": "\"heritage=external-dns,external-dns/owner=kit\"", "disabled": false });
            let record = |content: &str| json!({ "content": content, "disabled": false });
            let sets = json!([
                { "name": "two.example.org.", "type": "A", "ttl": 300, "records": [record("192.0.2.1"), record("192.0.2.2")] },
                { "name": "own-a.two.example.org.", "type": "TXT", "ttl": 3600, "records": [own] },
            ]);
            Some(page(&sets, 1, 1))
        }
        _ => None,
    }
}

/// The body of the only call, as JSON.
async fn sent(desired: &[&str]) -> Value {
    let done = |_: &Request| recorded("patch-ADD-txt").reply();
    let (sent, outcomes) = writes(make, reads, done, desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let [one] = &sent[..] else { panic!("one call for all: {sent:#?}") };
    let body = one.strip_prefix("PATCH /api/v1/zones/example.org/rrsets ").expect(one);
    serde_json::from_str(body).expect("JSON")
}

/// ExternalDNS sent one change a call, the first value of several, and no TTL.
#[tokio::test]
async fn all_changes_of_a_zone_go_in_one_call_with_all_values_and_their_ttl() {
    let wanted =
        ["two.example.org A 600 192.0.2.2;192.0.2.3", "c.example.org CNAME 0 lb.example.net"];
    let record = |content: &str| json!({ "content": content, "disabled": false });
    assert_eq!(
        sent(&wanted).await,
        json!([
            { "name": "two.example.org.", "type": "A", "changetype": "update", "ttl": 600,
              "records": [record("192.0.2.2"), record("192.0.2.3")] },
            { "name": "c.example.org.", "type": "CNAME", "changetype": "add",
              "records": [record("lb.example.net.")] },
            { "name": "own-cname.c.example.org.", "type": "TXT", "changetype": "add",
              "records": [record("\"heritage=external-dns,external-dns/owner=kit\"")] },
        ])
    );
    let gone = |name: &str, rtype: &str| json!({ "name": name, "type": rtype, "changetype": "delete", "records": [] });
    assert_eq!(
        sent(&[]).await,
        json!([gone("two.example.org.", "A"), gone("own-a.two.example.org.", "TXT")])
    );
}

/// The recorded requests have a TTL where it means nothing, and write `ADD`; lego and ExternalDNS write `add`.
#[test]
fn writes_are_those_that_the_service_took() {
    let ours = |text: &str, changetype: &'static str| {
        let set = set(text);
        let change = match changetype {
            "delete" => deleted(&set),
            _ => written(changetype, &set),
        };
        serde_json::to_value(vec![change]).expect("JSON")
    };
    let lego =
        "_acme-challenge.example.com TXT 120 \"ADw2sEd82DUgXcQ9hNBZThJs7zVJkR5v9JeSbAb9mZY\"";
    let table = [
        ("patch-ADD-txt", ours("delete.testfilt.example.at TXT 3600 \"challengetoken\"", "add")),
        ("patch-UPDATE-a", ours("localhost.example.at A 3600 127.0.0.1", "update")),
        (
            "patch-UPDATE-txt",
            ours("_acme-challenge.fqdn.example.at TXT 3600 \"challengetoken\"", "update"),
        ),
        ("patch-rrsets-update", ours(lego, "update")),
        ("patch-DELETE", ours("_acme-challenge.deleterecordset.example.at TXT 0 x", "delete")),
        ("patch-rrsets-delete", ours("_acme-challenge.example.com TXT 0 x", "delete")),
    ];
    for (name, ours) in table {
        let mut took = recorded(name).sent().clone();
        let kind = took[0]["changetype"].as_str().expect("a kind").to_lowercase();
        took[0]["changetype"] = kind.as_str().into();
        if kind == "delete" {
            took[0].as_object_mut().expect("an object").remove("ttl");
            took[0]["records"] = json!([]);
        }
        assert_eq!(ours, took, "{name}");
    }
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
    let zone = Zone::new("example.at", Name::as_listed("example.at"));
    let asked = recorded("patch-ADD-txt");
    let (method, path) = asked.asked();
    assert_eq!(rest.patch(&rrsets(&zone)).to_string(), format!("{method} {path}"));
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let (gone, failed) =
        (recorded("get-zone-404").answered().to_string(), recorded("error").answered().to_string());
    let table = [
        (
            401,
            r#"{"status":"failed","message":"Unauthenticated SECRET"}"#,
            FailureKind::Unauthorised,
            "RC0_API_KEY",
        ),
        (
            403,
            r#"{"status":"failed","message":"read only"}"#,
            FailureKind::Unauthorised,
            "may write",
        ),
        (404, gone.as_str(), FailureKind::ZoneGone, "--exclude-domains"),
        (
            422,
            r#"{"message":"Could not find domain 'example.org'"}"#,
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
        (409, r#"{"status":"failed","message":"in use"}"#, FailureKind::Conflict, "in the way"),
        (
            422,
            r#"{"status":"failed","message":"RRset already exists"}"#,
            FailureKind::Conflict,
            "in the way",
        ),
        (
            422,
            failed.as_str(),
            FailureKind::Rejected,
            "A human readable error message; correct the target",
        ),
        (429, r#"{"message":"Too Many Attempts."}"#, FailureKind::Throttled, "counts the calls"),
        // A status of success is not enough.
        (
            200,
            failed.as_str(),
            FailureKind::Rejected,
            "A human readable error message; correct the target",
        ),
    ];
    refusals(make, reads, &table).await;
    // ExternalDNS took this for an account without zones.
    let table = [
        (401, r#"{"status":"failed","message":"SECRET"}"#, ErrorKind::Unauthorised, "RC0_API_KEY"),
        (200, r#"{"data":"none"}"#, ErrorKind::Transient, "not what the API promises"),
    ];
    failing_reads(make, &table).await;
}

#[test]
fn texts_are_encrypted_as_upstream_does_it() {
    let own = crypt(KEY).expect("a key");
    let plain = "\"heritage=external-dns,external-dns/owner=default\"";
    let sealed = "\"ENC:AAECAwQFBgcICQoLDA0OD4IR_IKLy99xnKj2kfDBO9n6ALz7AVVXNbtBcKojVHBYfnl0TcCUK_yOb_Z5sfsasZ6y\"";
    assert_eq!(own.open(sealed), plain);
    for key in [KEY, "0123456789abcdef01234567", "0123456789abcdef0123456789abcdef"] {
        let own = crypt(key).expect("a key");
        let [one, other] = [(); 2].map(|()| own.seal(plain).expect("sealed"));
        assert_ne!(one, other, "the vector is not random");
        assert_eq!(own.open(&format!("\"{one}\"")), plain);
    }
    // Not encrypted, no base64, and too short.
    for content in ["\"plain\"", "\"ENC:%\"", "\"ENC:AAECAwQFBgc=\""] {
        assert_eq!(own.open(content), content);
    }
    let other = crypt("fedcba9876543210").expect("a key");
    assert_eq!(other.open(sealed), sealed, "with another key it is no text");
    let error = crypt("too short").map(drop).expect_err("no key");
    assert_eq!(error.message, "RC0_ENC_KEY has 9 bytes; a key of AES has 16, 24 or 32");
}

#[tokio::test]
async fn an_encrypted_zone_reads_as_one_that_is_not() {
    let sim = HttpSim::behind(FRONT, DIALECT, &["example.org"]);
    let own = with(&sim.url(), Some(crypt(KEY).expect("a key")));
    let long = format!("long.example.org TXT 300 \"{}\"", "x".repeat(200));
    let desired = ["www.example.org A 300 192.0.2.1", long.as_str()];
    let outcomes = sync(own.as_ref(), &desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let texts = |sets: Vec<RecordSet>| -> Vec<String> {
        let texts = sets.into_iter().filter(|it| it.rtype == RecordType::Txt);
        texts
            .flat_map(|it| it.targets.iter().map(ToString::to_string).collect::<Vec<_>>())
            .collect()
    };
    let stored = texts(sim.server().contents("example.org"));
    assert_eq!(stored.len(), 3);
    for text in &stored {
        assert!(text.starts_with("\"ENC:") && !text.contains("heritage"), "{text}");
    }
    // What is read is what was written, so nothing is done again.
    let inventory = own.read().await.expect("readable");
    let read = texts(inventory.records().map(|(_, it)| it.set.clone()).collect());
    assert!(read.contains(&format!("\"{}\"", "x".repeat(200))), "{read:?}");
    assert!(read.iter().any(|it| it.contains("heritage=external-dns")), "{read:?}");
}

#[test]
fn keys_are_needed() {
    let args = |encrypt| RcodezeroArgs { rcodezero_txt_encrypt: encrypt };
    let context = |variables: &[(&str, &str)]| {
        let all = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Context { environment: Environment::new(all.collect()), ..Context::default() }
    };
    let fails = |args: &RcodezeroArgs, variables: &[(&str, &str)]| {
        provider(args, &context(variables)).map(drop).expect_err("it fails").message
    };
    let message = fails(&args(false), &[]);
    assert_eq!(message, "RC0_API_KEY is not set; it holds an API key of RcodeZero");
    let message = fails(&args(true), &[("RC0_API_KEY", "k")]);
    assert_eq!(message, "RC0_ENC_KEY is not set; it holds the key with which texts are encrypted");
    let message = fails(&args(false), &[("RC0_API_KEY", "k"), ("RC0_BASE_URL", "my.rcodezero.at")]);
    assert!(message.contains("no http or https URL"), "{message}");
    for base in ["https://a.test/api/", "https://a.test/api"] {
        let own = [("RC0_API_KEY", "k"), ("RC0_BASE_URL", base), ("RC0_ENC_KEY", KEY)];
        assert!(provider(&args(true), &context(&own)).is_ok(), "{base}");
    }
}
