//! BlueCat over a server that speaks as the workflow of its gateway does.

use clap::Parser as _;
use extdns_model::{FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::Value;

use super::dialect::{DIALECT, FRONT, shown};
use super::*;
use crate::Environment;
use crate::conformance::contract::{failing_reads, read, refusals, set, sync, writes};
use crate::conformance::{OverHttp, SECRET};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: BluecatArgs,
}

/// No such file, so that the flags count.
const NO_FILE: &str = "--bluecat-config-file=/nonexistent/bluecat.json";

fn flags(words: &[&str]) -> BluecatArgs {
    Cli::try_parse_from(["test", NO_FILE].iter().chain(words)).expect("flags").args
}

fn login() -> Context {
    let pairs = [("BLUECAT_USERNAME", "user"), ("BLUECAT_PASSWORD", SECRET)];
    Context { environment: Environment::from(pairs), ..Context::default() }
}

fn make_with(url: &str, more: &[&str], context: &Context) -> Box<dyn Provider> {
    let host = format!("--bluecat-gateway-host={url}");
    let own = [
        host.as_str(),
        "--bluecat-dns-configuration=cfg",
        "--bluecat-dns-view=internal",
        "--bluecat-root-zone=org",
    ];
    let config = flags(&[&own[..], more].concat()).config().expect("settings");
    // Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
    let can = Capabilities { request_time: None, ..capabilities() };
    Box::new(over(config, context, can).expect("a provider"))
}

fn make(url: &str) -> Box<dyn Provider> {
    make_with(url, &[], &login())
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make).without_moves()
    }
}

const VIEW: &str = "/api/v1/configurations/cfg/views/internal/";

fn logged_in() -> Reply {
    let body = json!({ "access_token": format!("BAMAuthToken: {SECRET}") });
    Reply::json(200, &body)
        .header("set-cookie", "session=c00kie; Path=/")
        .header("set-cookie", "other=x")
}

/// A view with one zone, and what it has of each kind.
fn view(request: &Request, of_kind: impl Fn(&str) -> Value) -> Option<Reply> {
    let zone = json!({ "id": 42, "name": "example", "type": "Zone", "properties": "absoluteName=example.org|" });
    let body = match request.path.strip_prefix(VIEW) {
        None if request.path == "/rest_login" => return Some(logged_in()),
        _ if request.method != "GET" => return None,
        Some("zones/org/zones/") => json!([zone]),
        Some("zones/org/zones/example/zones/") => json!([]),
        Some(path) => of_kind(path.strip_prefix("zones/org/zones/example/")?),
        None => return None,
    };
    Some(Reply::json(200, &body))
}

fn nothing(request: &Request) -> Option<Reply> {
    view(request, |_| json!([]))
}

fn created(request: &Request) -> Reply {
    let name = request.json()["absolute_name"].as_str().unwrap_or_default().to_owned();
    Reply::json(201, &json!({ "id": 7, "properties": format!("absoluteName={name}|") }))
}

#[tokio::test]
async fn records_are_read_with_their_whole_names() {
    let server = ScriptedServer::start(|request| {
        let of_kind = |kind: &str| match kind {
            "host_records/" => json!([
                shown("two.example.org", RecordType::A, 600, &["192.0.2.1", "192.0.2.2"]),
                shown("dual.example.org", RecordType::A, 0, &["192.0.2.3", "2001:db8::3"]),
                { "id": 3, "name": "short", "properties": "addresses=192.0.2.4|nonsense|" },
                { "id": 4, "name": "empty", "properties": "" },
                { "id": 5, "name": "none" },
            ]),
            "cname_records/" => {
                json!([shown("cn.example.org", RecordType::Cname, 0, &["lb.example.net"])])
            }
            "text_records/" => json!([
                { "id": 6, "name": "bare", "properties": "txt=external-dns/owner=me|absoluteName=bare.example.org|" },
                { "id": 7, "name": "q", "properties": "absoluteName=q.example.org|txt=\"a \" \"b\"|ttl=60|" },
            ]),
            other => panic!("{other}"),
        };
        view(request, of_kind).expect("a read")
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    let mut sets: Vec<String> = inventory
        .records()
        .map(|(_, it)| format!("{}{}", it.set, if it.read_only().is_some() { " kept" } else { "" }))
        .collect();
    sets.sort();
    assert_eq!(
        sets,
        [
            "bare.example.org 0 IN TXT  \"external-dns/owner=me\" []",
            "cn.example.org 0 IN CNAME  lb.example.net []",
            "dual.example.org 0 IN A  192.0.2.3 [] kept",
            "dual.example.org 0 IN AAAA  2001:db8::3 [] kept",
            "q.example.org 60 IN TXT  \"a b\" []",
            "short.example.org 0 IN A  192.0.2.4 []",
            "two.example.org 600 IN A  192.0.2.1;192.0.2.2 []",
        ]
    );
    for request in server.requests().iter().filter(|it| it.path != "/rest_login") {
        assert_eq!(request.header("authorization"), Some(format!("Basic {SECRET}").as_str()));
        assert_eq!(request.header("cookie"), Some("session=c00kie"));
        assert_eq!(request.header("accept"), Some("application/json"));
    }
}

/// The zones are those below the root, at any depth, and filters see their whole names and their numbers.
#[tokio::test]
async fn zones_are_found_below_the_root() {
    let answer = |request: &Request| {
        let zone = |id: u32, name: &str| json!({ "id": id, "name": name.split('.').next(), "properties": format!("absoluteName={name}|") });
        let body = match request.path.strip_prefix(VIEW) {
            None => return logged_in(),
            // One without properties, and one that lies elsewhere and would be walked for ever.
            Some("zones/org/zones/") => {
                json!([zone(1, "example.org"), { "id": 9, "name": "plain" }, zone(8, "org")])
            }
            Some("zones/org/zones/example/zones/") => json!([zone(2, "sub.example.org")]),
            Some(_) => json!([]),
        };
        Reply::json(200, &body)
    };
    let found = async |filter: ZoneFilter| {
        let server = ScriptedServer::start(answer);
        let provider = make_with(&server.url(), &[], &Context { zones: filter, ..login() });
        let inventory = provider.read().await.expect("readable");
        let mut names: Vec<String> =
            inventory.index.iter().map(|(_, zone)| format!("{} {}", zone.id, zone.name)).collect();
        names.sort();
        names
    };
    assert_eq!(
        found(ZoneFilter::default()).await,
        ["1 example.org", "2 sub.example.org", "9 plain.org"]
    );
    let domains = extdns_model::DomainFilter::lists(
        &["example.org".to_owned()],
        &["sub.example.org".to_owned()],
    );
    assert_eq!(found(ZoneFilter::new(domains, &[])).await, ["1 example.org"]);
    let ids = ["2".to_owned()];
    let by_id = ZoneFilter::new(extdns_model::DomainFilter::default(), &ids);
    assert_eq!(found(by_id).await, ["2 sub.example.org"]);
}

/// A record in the zone above that of its name stays: a delete by its name could hit the one that took its place.
#[tokio::test]
async fn a_record_in_another_zone_than_its_name_is_left_alone() {
    let answer = |request: &Request| match request.path.strip_prefix(VIEW) {
        Some("zones/org/zones/example/zones/") => {
            let sub =
                json!({ "id": 43, "name": "sub", "properties": "absoluteName=sub.example.org|" });
            Reply::json(200, &json!([sub]))
        }
        Some(path) if path.contains("/sub/") => Reply::json(200, &json!([])),
        _ => {
            let names = ["www.sub.example.org", "www.example.org"];
            let hosts = names.map(|name| shown(name, RecordType::A, 0, &["192.0.2.1"]));
            let of_kind =
                |kind: &str| if kind == "host_records/" { json!(hosts) } else { json!([]) };
            view(request, of_kind).expect("a read")
        }
    };
    let server = ScriptedServer::start(answer);
    let inventory = make(&server.url()).read().await.expect("readable");
    let kept: Vec<(String, bool)> = inventory
        .records()
        .map(|(_, it)| (it.set.name.to_string(), it.read_only().is_some()))
        .collect();
    let expected =
        [("www.sub.example.org".to_owned(), true), ("www.example.org".to_owned(), false)];
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn records_as_they_are_written() {
    let desired = [
        "two.example.org A 600 192.0.2.1;192.0.2.2",
        "*.wild.example.org A 0 192.0.2.3",
        "cn.example.org CNAME 0 lb.example.net",
        "t.example.org TXT 60 two words",
        "out.example.net A 0 192.0.2.1",
    ];
    let (lines, outcomes) = writes(make, nothing, created, &desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let own = r#""\"heritage=external-dns,external-dns/owner=kit\"""#;
    for expected in [
        r#"host_records/ {"absolute_name":"two.example.org","ip4_address":"192.0.2.1,192.0.2.2","properties":"","ttl":600}"#.to_owned(),
        r#"host_records/ {"absolute_name":"*.wild.example.org","ip4_address":"192.0.2.3","properties":"","ttl":-1}"#.to_owned(),
        r#"cname_records/ {"absolute_name":"cn.example.org","linked_record":"lb.example.net","properties":"","ttl":-1}"#.to_owned(),
        r#"text_records/ {"absolute_name":"t.example.org","txt":"\"two words\""}"#.to_owned(),
        format!(r#"text_records/ {{"absolute_name":"own-a.two.example.org","txt":{own}}}"#),
    ] {
        let expected = format!("POST {VIEW}zones/org/zones/example/{expected}");
        assert!(lines.contains(&expected), "{expected} among {lines:#?}");
    }
    assert_eq!(lines.len(), 8, "nothing outside the zone: {lines:#?}");
}

/// What changes is deleted by its whole name and made again; what is gone already is done.
#[tokio::test]
async fn a_record_is_changed_by_a_delete_and_a_create() {
    fn reads(request: &Request) -> Option<Reply> {
        view(request, |kind| match kind {
            "host_records/" => json!([shown("a.example.org", RecordType::A, 0, &["192.0.2.1"])]),
            "text_records/" => {
                let own = "heritage=external-dns,external-dns/owner=kit";
                json!([shown("own-a.a.example.org", RecordType::Txt, 0, &[own])])
            }
            _ => json!([]),
        })
    }
    let answer = |request: &Request| match request.method.as_str() {
        "DELETE" => Reply::new(404).body("\"No matching Host Record(s) found\""),
        _ => created(request),
    };
    let (lines, outcomes) = writes(make, reads, answer, &["a.example.org A 60 192.0.2.9"]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(
        lines,
        [
            format!("DELETE {VIEW}host_records/a.example.org/"),
            format!(
                r#"POST {VIEW}zones/org/zones/example/host_records/ {{"absolute_name":"a.example.org","ip4_address":"192.0.2.9","properties":"","ttl":60}}"#
            ),
        ]
    );
}

/// A run that changes something deploys once, whatever the number of zones; one that changes nothing does not. A deployment
/// that fails is a failure.
#[tokio::test]
async fn changes_are_deployed_once() {
    let with = ["--bluecat-dns-server-name=srv", "--bluecat-dns-deploy-type=full-deploy"];
    for (flags, desired, status, deploys, outcome) in [
        (
            &with[..],
            &["a.example.org A 0 192.0.2.1", "a.sub.example.org A 0 192.0.2.1"][..],
            201,
            1,
            true,
        ),
        (&with[..], &[], 201, 0, true),
        (&with[..1], &["a.example.org A 0 192.0.2.1"], 201, 0, true),
        (&with[1..], &["a.example.org A 0 192.0.2.1"], 201, 0, true),
        (&with[..], &["a.example.org A 0 192.0.2.1"], 400, 1, false),
    ] {
        let server = ScriptedServer::start(move |request| match request.path.as_str() {
            "/api/v1/configurations/cfg/server/full_deploy/" => {
                Reply::new(status).body("\"server srv is not there\"")
            }
            path if path == format!("{VIEW}zones/org/zones/example/zones/") => Reply::json(
                200,
                &json!([{ "id": 43, "name": "sub", "properties": "absoluteName=sub.example.org|" }]),
            ),
            path if request.method == "GET" && path.contains("/sub/") => {
                Reply::json(200, &json!([]))
            }
            _ => nothing(request).unwrap_or_else(|| created(request)),
        });
        let outcomes = sync(&*make_with(&server.url(), flags, &login()), desired).await;
        let all = server.requests();
        let deployed: Vec<String> = all
            .iter()
            .filter(|it| it.path.contains("deploy"))
            .map(|it| {
                format!("{} {} {}", it.method, it.target(), String::from_utf8_lossy(&it.body))
            })
            .collect();
        assert_eq!(deployed.len(), deploys, "{flags:?} {desired:?}: {deployed:?}");
        for request in &deployed {
            let path = "/api/v1/configurations/cfg/server/full_deploy/";
            assert_eq!(*request, format!(r#"POST {path} {{"server_name":"srv"}}"#));
        }
        assert_eq!(outcomes.iter().all(|it| *it == Outcome::Applied), outcome, "{outcomes:?}");
        assert!(outcome || format!("{outcomes:?}").contains("srv is not there"), "{outcomes:?}");
    }
}

/// Some releases of the workflow take the first label alone: what they make is removed, and the record is refused.
#[tokio::test]
async fn a_record_of_another_name_is_removed_again() {
    let answer = |request: &Request| match request.method.as_str() {
        "DELETE" => Reply::new(204),
        _ if request.path.contains("host_records") => Reply::json(
            201,
            &json!({ "id": 7, "properties": "absoluteName=a.example.org|addresses=192.0.2.1|" }),
        ),
        _ => created(request),
    };
    let (lines, outcomes) = writes(make, nothing, answer, &["a.b.example.org A 0 192.0.2.1"]).await;
    assert!(lines.contains(&format!("DELETE {VIEW}host_records/a.example.org/")), "{lines:#?}");
    let [outcome] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(format!("{outcome:?}").contains("made a.example.org of it"), "{outcome:?}");
    assert_ne!(*outcome, Outcome::Applied);
}

#[test]
fn what_cannot_be_stored_is_held() {
    let provider = make("http://127.0.0.1:9");
    let zone = Zone::new("1", Name::as_listed("example.org"));
    for (text, part) in [
        ("t.example.org TXT 0 a;b", "so a name has one"),
        ("t.example.org TXT 0 a|b", "no text can hold one"),
    ] {
        let set = set(text);
        let reason = provider.refusal(&set, Surroundings::alone(&zone, &set));
        assert!(reason.as_deref().is_some_and(|it| it.contains(part)), "{text}: {reason:?}");
    }
    let set = set("a.example.org A 0 192.0.2.1;192.0.2.2");
    assert_eq!(provider.refusal(&set, Surroundings::alone(&zone, &set)), None);
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let table = [
        (404, "\"No matching Zone(s) found\"", FailureKind::ZoneGone, "No matching Zone(s) found"),
        (
            409,
            r#"{"message":"Duplicate of another item"}"#,
            FailureKind::Conflict,
            "Duplicate of another item",
        ),
        (400, r#"{"message":"absolute_name SECRET"}"#, FailureKind::Rejected, "absolute_name"),
        (403, "SECRET", FailureKind::Unauthorised, "the permission for the workflow"),
    ];
    refusals(make, nothing, &table).await;
    let table = [
        (401, "SECRET", ErrorKind::Unauthorised, "check BLUECAT_USERNAME and BLUECAT_PASSWORD"),
        (200, r#"{"token":"x"}"#, ErrorKind::Transient, "not what the API promises"),
    ];
    failing_reads(make, &table).await;
    let found = read(make, |request| match request.path.as_str() {
        "/rest_login" => logged_in(),
        _ => Reply::json(500, &json!({ "message": "a failure" })),
    });
    assert_eq!(found.await.expect_err("a failure").kind, ErrorKind::Transient);
}

/// The file takes the place of all flags, variables win over it, and what is missing is named.
#[test]
fn settings_of_the_file_and_of_the_flags() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let with_file = |text: &str, more: &[&str]| {
        std::fs::write(file.path(), text).expect("written");
        let own = format!("--bluecat-config-file={}", file.path().display());
        let words = ["test", own.as_str()];
        let words = words.iter().chain(more);
        Cli::try_parse_from(words).expect("flags").args.config()
    };
    let whole = r#"{"gatewayHost":"https://gw","gatewayUsername":"u","gatewayPassword":"p","dnsConfiguration":"c",
        "dnsView":"v","rootZone":"","dnsServerName":"srv","dnsDeployType":"full-deploy","skipTLSVerify":true}"#;
    let Ok(config) = with_file(whole, &["--bluecat-gateway-host=https://other"]) else {
        panic!("settings")
    };
    assert_eq!(
        (config.gateway_host.as_str(), config.gateway_username.as_str()),
        ("https://gw", "u")
    );
    assert_eq!((config.root_zone.as_str(), config.deploys_to()), ("com", Some("srv")));
    assert!(config.skip_tls_verify);
    let least = r#"{"gatewayHost":"https://gw","dnsConfiguration":"c","dnsView":"v","dnsServerName":"srv","dnsDeployType":""}"#;
    let Ok(config) = with_file(least, &[]) else { panic!("settings") };
    assert_eq!(config.deploys_to(), None);
    for (text, part) in [
        ("{", "it is not JSON"),
        (r#"{"gatewayHost":"https://gw"}"#, "--bluecat-dns-configuration is missing"),
        (&least.replace(r#""dnsDeployType":"""#, r#""dnsDeployType":"x""#), r#"dnsDeployType "x""#),
    ] {
        let Err(error) = with_file(text, &[]) else { panic!("{part}") };
        assert!(error.message.contains(part), "{error}");
    }
    let Err(error) = flags(&[]).config() else { panic!("a host is needed") };
    assert!(error.message.starts_with("--bluecat-gateway-host is missing"), "{error}");
    let Ok(config) = with_file(least, &[]) else { panic!("settings") };
    let Err(error) = over(config, &Context::default(), capabilities()) else { panic!("a user") };
    assert!(error.message.starts_with("BLUECAT_USERNAME is not set"), "{error}");
}
