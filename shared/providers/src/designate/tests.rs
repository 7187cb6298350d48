//! Designate and Keystone over a server that speaks as they do, and documented answers.

use extdns_model::{FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::json;

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::conformance::OverHttp;
use crate::conformance::contract::{failing_reads, read, refusals, writes};
use crate::conformance::recorded::Exchange;
use crate::{Environment, Reader as _};

fn context(url: &str, more: &[(&str, &str)]) -> Context {
    let all = [
        ("OS_AUTH_URL", url),
        ("OS_USERNAME", "u"),
        ("OS_PASSWORD", "pa55word-of-u"),
        ("OS_PROJECT_NAME", "demo"),
        ("OS_USER_DOMAIN_NAME", "Default"),
    ];
    let pairs =
        all.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let pairs = pairs.filter(|(_, value)| !value.is_empty());
    Context { environment: Environment::new(pairs.collect()), ..Context::default() }
}

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let context = context(url, &[("OS_REGION_NAME", "R1")]);
    let keystone = Arc::new(Keystone::new(&context).expect("an account"));
    Box::new(over(keystone, context, Capabilities { request_time: None, ..capabilities() }))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("designate", name)
}

/// Keystone's answer, with the API on the same server.
fn login(request: &Request) -> Option<Reply> {
    (request.path == "/v3/auth/tokens").then(|| {
        let url = format!("http://{}", request.header("host").expect("a host"));
        let endpoint = json!({ "interface": "public", "region": "R1", "url": url });
        let body = json!({ "token": { "catalog": [{ "type": "dns", "endpoints": [endpoint] }] } });
        Reply::json(202, &body).header("x-subject-token", "t0ken-1")
    })
}

const ZONE: &str = "a86dba58-0043-4cc6-a1bb-69d5e86f3ca3";

/// The documented zones, of which the first is active, and record sets.
fn reads(request: &Request) -> Option<Reply> {
    let zone = json!({ "id": ZONE, "name": "example.org.", "type": "PRIMARY", "status": "ACTIVE" });
    let of_other = |kind: &str, status: &str| json!({ "id": "other", "name": "other.org.", "type": kind, "status": status });
    let zones = [zone, of_other("SECONDARY", "ACTIVE"), of_other("PRIMARY", "PENDING")];
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v2/zones") => Some(Reply::json(200, &json!({ "zones": zones, "links": {} }))),
        ("GET", path) if path == format!("/v2/zones/{ZONE}/recordsets") => {
            let documented = recorded("docs-list-recordsets");
            let sets = &documented.answered()["recordsets"];
            Some(Reply::json(200, &json!({ "recordsets": sets, "links": {} })))
        }
        _ => login(request),
    }
}

#[tokio::test]
async fn documented_lists_are_read() {
    let found = read(make, |request| reads(request).expect("a read")).await.expect("readable");
    assert_eq!(found, ["example.org 3600 IN A  10.1.0.2 []"]);
}

/// The next page is followed to its end, on the server that named it.
#[tokio::test]
async fn pages_are_followed() {
    let server = ScriptedServer::start(|request| {
        if let Some(reply) = login(request) {
            return reply;
        }
        assert_eq!(request.header("x-auth-token"), Some("t0ken-1"));
        let zone = |id: &str| json!({ "id": id, "name": format!("{id}.org."), "type": "primary", "status": "ACTIVE" });
        let host = request.header("host").expect("a host");
        match request.target().as_str() {
            "/v2/zones?limit=1000" => {
                let next = format!("http://{host}/v2/zones?limit=1000&marker=a");
                let body = json!({ "zones": [zone("a")], "links": { "next": next } });
                Reply::json(200, &body)
            }
            "/v2/zones?limit=1000&marker=a" => {
                Reply::json(200, &json!({ "zones": [zone("b")], "links": { "self": "x" } }))
            }
            target if target.ends_with("/recordsets?limit=1000") => {
                Reply::json(200, &json!({ "recordsets": [], "links": {} }))
            }
            target => panic!("an unexpected request for {target}"),
        }
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    let zones: Vec<String> = inventory.index.iter().map(|(_, it)| it.name.to_string()).collect();
    assert_eq!(zones, ["a.org", "b.org"]);
}

#[tokio::test]
async fn a_set_is_written_whole_with_its_ttl() {
    let answer = |_: &Request| Reply::json(202, &json!({ "status": "PENDING" }));
    let desired = [
        "two.example.org A 0 192.0.2.1;192.0.2.2",
        "alias.example.org CNAME 600 Lb.example.net",
        "text.example.org TXT 60 a b",
        "out.example.net A 0 192.0.2.1",
    ];
    let reads = |request: &Request| match request.path.ends_with("/recordsets")
        && request.method == "GET"
    {
        true => Some(Reply::json(200, &json!({ "recordsets": [], "links": {} }))),
        false => self::reads(request),
    };
    let (lines, outcomes) = writes(make, reads, answer, &desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let path = format!("POST /v2/zones/{ZONE}/recordsets");
    for body in [
        r#"{"name":"two.example.org.","type":"A","records":["192.0.2.1","192.0.2.2"]}"#,
        r#"{"name":"alias.example.org.","type":"CNAME","records":["lb.example.net."],"ttl":600}"#,
        r#"{"name":"text.example.org.","type":"TXT","records":["\"a b\""],"ttl":60}"#,
    ] {
        assert!(lines.contains(&format!("{path} {body}")), "{body} among {lines:#?}");
    }
    assert_eq!(lines.len(), 6, "with their ownership records, and nothing outside: {lines:#?}");
}

/// A record set that is still being written is written a second later.
#[tokio::test(start_paused = true)]
async fn a_pending_set_is_written_once_more() {
    let tried = std::sync::Mutex::new(0);
    let answer = move |request: &Request| {
        let mut tried = tried.lock().expect("one thread");
        *tried += usize::from(request.method == "PUT");
        match (request.method.as_str(), *tried) {
            ("PUT", 1) => Reply::json(409, &json!({ "code": 409, "message": "in PENDING" })),
            _ => Reply::json(202, &json!({})),
        }
    };
    let reads = |request: &Request| match request.path.ends_with("/recordsets")
        && request.method == "GET"
    {
        true => {
            let set = |id: &str, name: &str, rtype: &str, value: &str| json!({ "id": id, "name": name, "type": rtype, "records": [value], "ttl": null });
            let own = "\"heritage=external-dns,external-dns/owner=kit\"";
            let sets = [
                set("r1", "www.example.org.", "A", "192.0.2.9"),
                set("r2", "own-a.www.example.org.", "TXT", own),
            ];
            Some(Reply::json(200, &json!({ "recordsets": sets, "links": {} })))
        }
        false => self::reads(request),
    };
    let (lines, outcomes) = writes(make, reads, answer, &["www.example.org A 0 192.0.2.1"]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    let put =
        format!("PUT /v2/zones/{ZONE}/recordsets/r1 {}", r#"{"records":["192.0.2.1"],"ttl":null}"#);
    assert_eq!(lines, [put.clone(), put]);
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let table = [
        (
            400,
            r#"{"code":400,"type":"invalid_object","message":"bad"}"#,
            FailureKind::Rejected,
            "invalid_object: bad",
        ),
        (
            413,
            r#"{"code":413,"type":"over_quota","message":"Quota exceeded"}"#,
            FailureKind::Quota,
            "delete records",
        ),
        (403, r#"{"code":403,"type":"forbidden"}"#, FailureKind::Unauthorised, "role of a member"),
        (
            404,
            r#"{"code":404,"type":"zone_not_found"}"#,
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
    ];
    refusals(make, reads, &table).await;
    let table = [
        (
            401,
            r#"{"error":{"code":401,"message":"The request you have made requires authentication."}}"#,
            ErrorKind::Unauthorised,
            "check OS_USERNAME",
        ),
        (200, r#"{"token":{"catalog":[]}}"#, ErrorKind::Transient, "no header X-Subject-Token"),
    ];
    failing_reads(make, &table).await;
}

#[tokio::test]
async fn without_an_endpoint_of_dns_the_region_is_named() {
    let server = ScriptedServer::start(|_| {
        Reply::json(201, &json!({ "token": { "catalog": [] } }))
            .header("x-subject-token", "t0ken-1")
    });
    let error = make(&server.url()).read().await.expect_err("no endpoint");
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("no public endpoint of the type dns in R1"), "{error}");
}

/// What Keystone is asked for each kind of account.
#[tokio::test]
async fn accounts_on_the_wire() {
    let user = json!({ "name": "u", "domain": { "name": "Default" }, "password": "pa55word-of-u" });
    let password = json!({ "methods": ["password"], "password": { "user": user } });
    let project = json!({ "project": { "name": "demo", "domain": { "name": "Default" } } });
    let credential = json!({ "id": "c1", "secret": "s3cret-of-c1" });
    let application =
        json!({ "methods": ["application_credential"], "application_credential": credential });
    let table = [
        (vec![], "/v3/auth/tokens", json!({ "auth": { "identity": password, "scope": project } })),
        (
            vec![("OS_TENANT_ID", "p1"), ("OS_PROJECT_NAME", "")],
            "/v3/auth/tokens",
            json!({ "auth": { "identity": password, "scope": { "project": { "id": "p1" } } } }),
        ),
        (
            vec![("OS_SYSTEM_SCOPE", "all")],
            "/v3/auth/tokens",
            json!({ "auth": { "identity": password, "scope": { "system": { "all": true } } } }),
        ),
        (
            vec![
                ("OS_APPLICATION_CREDENTIAL_ID", "c1"),
                ("OS_APPLICATION_CREDENTIAL_SECRET", "s3cret-of-c1"),
            ],
            "/v3/auth/tokens",
            json!({ "auth": { "identity": application } }),
        ),
        (
            vec![("VERSION", "/v2.0")],
            "/v2.0/tokens",
            json!({ "auth": { "passwordCredentials": { "username": "u", "password": "pa55word-of-u" },
                "tenantName": "demo" } }),
        ),
    ];
    for (more, path, expected) in table {
        let server = ScriptedServer::start(|_| Reply::new(401));
        let version = more.iter().find(|(name, _)| *name == "VERSION").map_or("", |(_, it)| it);
        let url = format!("{}{version}", server.url());
        let read = provider(&context(&url, &more)).expect("an account").read().await;
        let error = read.expect_err("401");
        assert!(!error.message.contains("pa55word-of-u"), "{error}");
        let request = &server.requests()[0];
        assert_eq!((request.path.as_str(), request.json()), (path, expected), "{more:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let table = [
        ("OS_AUTH_URL", "OS_AUTH_URL is not set; it holds the URL of Keystone"),
        ("OS_USERNAME", "OS_USERNAME is not set"),
        ("OS_PASSWORD", "OS_PASSWORD is not set"),
    ];
    for (missing, text) in table {
        let whole = context("http://keystone.test", &[]);
        let mut variables = whole.environment.variables().clone();
        variables.remove(missing);
        let context = Context { environment: Environment::new(variables), ..whole };
        let Err(error) = provider(&context) else { panic!("{missing} is needed") };
        assert!(error.message.starts_with(text), "{error}");
    }
}
