//! Infoblox over a server that speaks as it does, and recorded answers.

use clap::Parser as _;
use extdns_model::{FailureKind, Outcome, RecordSet};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::Reader as _;
use crate::conformance::contract::{failing_reads, refusals, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: InfobloxArgs,
}

fn make_with(url: &str, flags: &[&str]) -> Box<dyn Provider> {
    let (host, port) = url.rsplit_once(':').expect("a port");
    let own = [
        format!("--infoblox-grid-host={host}"),
        format!("--infoblox-wapi-port={port}"),
        format!("--infoblox-wapi-password={SECRET}"),
    ];
    let words =
        ["test"].into_iter().chain(own.iter().map(String::as_str)).chain(flags.iter().copied());
    let args = Cli::try_parse_from(words).expect("flags").args;
    let auth = Auth::basic(&args.infoblox_wapi_username, &args.infoblox_wapi_password);
    let base = format!("{url}/wapi/v2.3.1");
    let rest = Context::default().rest(&SERVICE, Some(&base), auth).expect("a client");
    // Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
    let can = Capabilities { request_time: None, ..capabilities() };
    Box::new(over(rest, can, &args, ZoneFilter::default()))
}

fn make(url: &str) -> Box<dyn Provider> {
    make_with(url, &[])
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

const BASE: &str = "/wapi/v2.3.1/";

fn objects(items: &Value) -> Reply {
    Reply::json(200, &json!({ "result": items }))
}

/// A grid with one zone of names and a reverse zone; what it has of each kind is this.
fn grid(of_kind: impl Fn(&str) -> Value) -> impl Fn(&Request) -> Option<Reply> {
    move |request: &Request| {
        let kind = request.path.strip_prefix(BASE).unwrap_or_default();
        if request.method != "GET" {
            return None;
        }
        let zone = |fqdn: &str, view: &str| json!({ "_ref": format!("zone_auth/{fqdn}/{view}"), "fqdn": fqdn, "view": view });
        let zones = json!([
            zone("example.org", "internal"),
            zone("example.org", "default"),
            zone("10.0.0.0/24", "default")
        ]);
        Some(objects(&if kind == "zone_auth" { zones } else { of_kind(kind) }))
    }
}

fn nothing(request: &Request) -> Option<Reply> {
    grid(|_| json!([]))(request)
}

#[tokio::test]
async fn objects_are_read_in_the_view_of_their_zone() {
    let of_kind = |kind: &str| match kind {
        "record:a" => json!([
            { "_ref": "record:a/1", "name": "multi.example.org", "ipv4addr": "10.0.0.1", "use_ttl": false, "ttl": 0 },
            { "_ref": "record:a/2", "name": "multi.example.org", "ipv4addr": "10.0.0.2", "use_ttl": false },
        ]),
        "record:host" => json!([
            { "_ref": "record:host/1", "name": "host.example.org", "ipv4addrs": [{ "ipv4addr": "10.0.0.9" }],
              "configure_for_dns": true },
            { "_ref": "record:host/2", "name": "hidden.example.org", "ipv4addrs": [{ "ipv4addr": "10.0.0.8" }],
              "configure_for_dns": false },
        ]),
        "record:cname" => json!([
            { "_ref": "record:cname/1", "name": "cn.example.org", "canonical": "lb.example.net", "use_ttl": true, "ttl": 60 },
        ]),
        "record:txt" => json!([
            { "_ref": "record:txt/1", "name": "t.example.org", "text": "oneword" },
            { "_ref": "record:txt/2", "name": "t.example.org", "text": "\"two words\"" },
        ]),
        _ => json!([]),
    };
    let grid = grid(of_kind);
    let server = ScriptedServer::start(move |request| grid(request).expect("a read"));
    let inventory = make(&server.url()).read().await.expect("readable");
    let sets: Vec<String> = inventory
        .records()
        .map(|(_, it)| format!("{} {}", it.set, if it.read_only().is_some() { "kept" } else { "" }))
        .collect();
    assert_eq!(
        sets.iter().map(|set| set.trim_end()).collect::<Vec<_>>(),
        [
            "multi.example.org 0 IN A  10.0.0.1;10.0.0.2 []",
            "host.example.org 0 IN A  10.0.0.9 [] kept",
            "cn.example.org 60 IN CNAME  lb.example.net []",
            "t.example.org 0 IN TXT  oneword;two words []",
        ]
    );
    let targets: Vec<String> = server.requests().iter().map(Request::target).collect();
    let paging = "_paging=1&_return_as_object=1&_max_results=1000";
    for expected in [
        format!("{BASE}zone_auth?_return_fields=fqdn%2Cview&{paging}"),
        format!(
            "{BASE}record:a?_return_fields=ipv4addr%2Cname%2Cttl%2Cuse_ttl&view=default&zone=example.org&{paging}"
        ),
    ] {
        assert!(targets.contains(&expected), "{expected} among {targets:#?}");
    }
    assert!(targets.iter().all(|target| target.contains("_max_results=")), "{targets:#?}");
}

#[tokio::test]
async fn flags_of_the_list_of_zones() {
    let server = ScriptedServer::start(|request| nothing(request).expect("a read"));
    let flags =
        ["--infoblox-view=internal", "--infoblox-fqdn-regex=^ex", "--infoblox-max-results=7"];
    let all = [&flags[..], &["--infoblox-name-regex=^w"]].concat();
    make_with(&server.url(), &all).read().await.expect("readable");
    let targets: Vec<String> = server.requests().iter().map(Request::target).collect();
    let zones = "zone_auth?_return_fields=fqdn%2Cview&view=internal&fqdn%7E=%5Eex&_paging=1&_return_as_object=1&_max_results=7";
    assert!(targets.contains(&format!("{BASE}{zones}")), "{targets:#?}");
    let with_regex = targets.iter().filter(|it| it.contains("fqdn%7E")).count();
    assert_eq!(with_regex, 1, "the expression is for zones alone");
    let of_records = targets.iter().filter(|it| it.contains("/record:")).collect::<Vec<_>>();
    assert!(of_records.iter().all(|it| it.contains("name%7E=%5Ew")), "{targets:#?}");
}

/// Each value is an object: with its TTL where it has one, text in quotes where it has several words.
#[tokio::test]
async fn objects_as_they_are_written() {
    let answer = |_: &Request| Exchange::of("infoblox", "create-txt").reply();
    let desired = [
        "a.example.org A 300 192.0.2.1;192.0.2.2",
        "c.example.org CNAME 0 lb.example.net",
        "t.example.org TXT 0 two words",
        "out.example.net A 0 192.0.2.1",
    ];
    let (lines, outcomes) = writes(make, nothing, answer, &desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    for expected in [
        r#"record:a {"ipv4addr":"192.0.2.1","name":"a.example.org","ttl":300,"use_ttl":true,"view":"default"}"#,
        r#"record:a {"ipv4addr":"192.0.2.2","name":"a.example.org","ttl":300,"use_ttl":true,"view":"default"}"#,
        r#"record:cname {"canonical":"lb.example.net","name":"c.example.org","use_ttl":false,"view":"default"}"#,
        r#"record:txt {"name":"t.example.org","text":"\"two words\"","use_ttl":false,"view":"default"}"#,
        r#"record:txt {"name":"own-txt.t.example.org","text":"heritage=external-dns,external-dns/owner=kit","use_ttl":false,"view":"default"}"#,
    ] {
        let expected = format!("POST {BASE}{expected}");
        assert!(lines.contains(&expected), "{expected} among {lines:#?}");
    }
    assert_eq!(lines.len(), 7, "nothing outside the zone: {lines:#?}");
}

/// One address of several goes alone, by its own reference.
#[tokio::test]
async fn one_value_of_several_goes() {
    fn reads(request: &Request) -> Option<Reply> {
        let own = "heritage=external-dns,external-dns/owner=kit";
        grid(move |kind| match kind {
            "record:a" => json!([
                { "_ref": "record:a/1:a.example.org/default", "name": "a.example.org", "ipv4addr": "192.0.2.1" },
                { "_ref": "record:a/2:a.example.org/default", "name": "a.example.org", "ipv4addr": "192.0.2.2" },
            ]),
            "record:txt" => {
                json!([{ "_ref": "record:txt/3", "name": "own-a.a.example.org", "text": own }])
            }
            _ => json!([]),
        })(request)
    }
    let answer = |_: &Request| Reply::json(200, &json!("record:a/2:a.example.org/default"));
    let (lines, outcomes) = writes(make, reads, answer, &["a.example.org A 0 192.0.2.1"]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(lines, [format!("DELETE {BASE}record:a/2:a.example.org/default")]);
}

/// With an address in a reverse zone comes its PTR record; without one, nothing.
#[tokio::test]
async fn pointers_come_with_addresses() {
    let server = ScriptedServer::start(|request| {
        nothing(request).unwrap_or_else(|| Reply::json(201, &json!("record:x/1")))
    });
    let provider =
        make_with(&server.url(), &["--infoblox-create-ptr", "--infoblox-cache-duration=60"]);
    let inventory = provider.read().await.expect("readable");
    let desired = ["in.example.org A 0 10.0.0.7", "out.example.org A 0 192.0.2.1"]
        .map(|text| extdns_model::Endpoint::from_set(crate::conformance::contract::set(text)));
    let adjusted = provider.adjust(desired.into(), &inventory.index).await.expect("adjusted");
    let sets: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    assert_eq!(
        sets[0].to_string(),
        "in.example.org 60 IN A  10.0.0.7 [{infoblox-ptr-record-exists true}]"
    );
    let outcomes = crate::conformance::suite::apply(provider.as_ref(), &inventory, &sets).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let pointers: Vec<Value> = server
        .requests()
        .iter()
        .filter(|it| it.method == "POST" && it.path == format!("{BASE}record:ptr"))
        .map(Request::json)
        .collect();
    let expected =
        json!({ "ptrdname": "in.example.org", "ipv4addr": "10.0.0.7", "view": "default" });
    assert_eq!(pointers, [expected]);
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let recorded = |name: &str| Exchange::of("infoblox", name).answered().to_string();
    let (conflict, no_parent) =
        (recorded("error-400-conflict"), recorded("error-400-no-parent-zone"));
    let table = [
        (400, conflict.as_str(), FailureKind::Conflict, "already exists."),
        (400, no_parent.as_str(), FailureKind::Rejected, "A parent was not found."),
        (401, "SECRET", FailureKind::Unauthorised, "--infoblox-wapi-password"),
    ];
    refusals(make, nothing, &table).await;
    let not_searchable = recorded("error-400-not-searchable");
    let table = [(
        400,
        not_searchable.as_str(),
        ErrorKind::Rejected(Vec::new()),
        "Field is not searchable",
    )];
    failing_reads(make, &table).await;
}

#[test]
fn a_host_and_a_password_are_needed() {
    let table: [(&[&str], &str); 2] = [
        (&["test"], "no Infoblox Grid Manager host specified"),
        (&["test", "--infoblox-grid-host=grid"], "no Infoblox WAPI password specified"),
    ];
    for (words, text) in table {
        let args = Cli::try_parse_from(words).expect("flags").args;
        let Err(error) = provider(&args, &Context::default()) else { panic!("{text}") };
        assert!(error.message.starts_with(text), "{error}");
    }
}

/// Variables of upstream: how long a request may take, and how many connections there are. What is none is not taken.
#[test]
fn variables_bound_requests_and_connections() {
    let time = "EXTERNAL_DNS_INFOBLOX_HTTP_REQUEST_TIMEOUT";
    let connections = "EXTERNAL_DNS_INFOBLOX_HTTP_POOL_CONNECTIONS";
    let usual = capabilities();
    let words = ["test", "--infoblox-grid-host=grid", "--infoblox-wapi-password=p"];
    let args = Cli::try_parse_from(words).expect("flags").args;
    for (texts, seconds, parallel) in [
        (["7", "2"], Some(Duration::from_secs(7)), 2),
        (["2m", "0"], Some(Duration::from_secs(120)), 1),
        (["x", "many"], usual.request_time, usual.parallel_zones),
    ] {
        let environment = crate::Environment::from([(time, texts[0]), (connections, texts[1])]);
        let context = Context { environment, ..Context::default() };
        let provider = provider(&args, &context).expect("a provider");
        let can = provider.capabilities();
        assert_eq!((can.request_time, can.parallel_zones), (seconds, parallel), "{texts:?}");
    }
}
