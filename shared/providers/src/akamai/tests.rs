//! Akamai over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome};
use extdns_testkit::http::{Reply, Request as Asked, ScriptedServer};
use reqwest::header::HeaderMap;

use super::dialect::{DIALECT, FRONT};
use super::sign::EdgeGrid;
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes, wrong_clock};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::rest::Outgoing;
use crate::{Environment, Reader as _};

fn key(secret: &str) -> EdgeGrid {
    EdgeGrid {
        client_token: "akab-ct".to_owned(),
        client_secret: secret.to_owned(),
        access_token: "akab-at".to_owned(),
        most_of_body: 131_072,
    }
}

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let auth = Auth::signed(key(SECRET), vec![SECRET.to_owned()]);
    let rest = Context::default().rest(&SERVICE, Some(url), auth).expect("a client");
    let capabilities = Capabilities { request_time: None, ..capabilities() };
    Box::new(Context::default().account(rest, capabilities).batched(Akamai))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("akamai", name)
}

#[test]
fn signatures_are_those_of_the_vendor() {
    let (time, nonce) = ("20240102T03:04:05+0000", "11111111-2222-4333-8444-555555555555");
    let body =
        r#"{"recordsets":[{"name":"a.example.com","type":"A","ttl":600,"rdata":["1.2.3.4"]}]}"#;
    let table = [
        (
            "GET",
            "zones?showAll=true&types=primary",
            "",
            "0iuMyGA+si4G0HX8olAUUMCG0vq+tQNJBDNerkvO3IA=",
        ),
        (
            "POST",
            "zones/example.com/recordsets",
            body,
            "Kiin5SqZdWy8FjCDRdhGeBkaPeldEe5jlG5sxdTwees=",
        ),
    ];
    for (method, path, body, expected) in table {
        let url = format!("https://akab-host.luna.akamaiapis.net/config-dns/v2/{path}");
        let outgoing = Outgoing {
            method: method.parse().expect("a method"),
            url: url.parse().expect("a URL"),
            headers: HeaderMap::new(),
            body: (!body.is_empty()).then(|| body.into()),
        };
        let value = key("secret").value(&outgoing, time, nonce);
        let auth = format!(
            "EG1-HMAC-SHA256 client_token=akab-ct;access_token=akab-at;timestamp={time};nonce={nonce};"
        );
        assert_eq!(value, format!("{auth}signature={expected}"), "{path}");
    }
    // The bodies of other methods are not hashed.
    let outgoing = |body: &'static str| Outgoing {
        method: Method::PUT,
        url: "https://h/x".parse().expect("a URL"),
        headers: HeaderMap::new(),
        body: Some(body.into()),
    };
    let value = |body| key("secret").value(&outgoing(body), time, nonce);
    assert_eq!(value("a"), value("b"));
}

fn reads(request: &Asked) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    let set = |name: &str, rtype: &str, rdata: &[&str]| json!({ "name": name, "type": rtype, "ttl": 600, "rdata": rdata });
    match (request.method.as_str(), request.target().as_str()) {
        ("GET", "/config-dns/v2/zones?showAll=true&types=primary") => Some(Reply::json(
            200,
            &json!({ "zones": [{ "contractId": "1-2ABCDE", "zone": "example.org" }] }),
        )),
        ("GET", "/config-dns/v2/zones/example.org/recordsets?showAll=true") => {
            let sets = [
                set("two.example.org", "A", &["192.0.2.1", "192.0.2.2"]),
                set("six.example.org", "AAAA", &["2001:0db8:0000:0000:0000:0000:0000:0006"]),
                set("own-a.two.example.org", "TXT", &[owned]),
                set("own-aaaa.six.example.org", "TXT", &[owned]),
            ];
            Some(Reply::json(200, &json!({ "metadata": {}, "recordsets": sets })))
        }
        ("GET", other) => panic!("{other}"),
        _ => None,
    }
}

#[tokio::test]
async fn the_lists_of_the_vendor_are_read_whole() {
    let sets = read(make, |request| match request.path.as_str() {
        "/config-dns/v2/zones" => {
            Reply::json(200, &json!({ "zones": [{ "contractId": "c", "zone": "unit.tests" }] }))
        }
        _ => recorded("list-recordsets").reply(),
    });
    let sets = sets.await.expect("readable");
    for expected in [
        "_srv._tcp.unit.tests 600 IN SRV  10 20 30 foo-1.unit.tests. 12 20 30 foo-2.unit.tests. []",
        "aaaa.unit.tests 600 IN AAAA  2001:db8::947a []",
        "cname.unit.tests 300 IN CNAME  unit.tests []",
        "unit.tests 300 IN A  1.2.3.4;1.2.3.5 []",
    ] {
        let expected: Vec<&str> = expected.split([' ', ';']).collect();
        let has = |line: &String| line.split([' ', ';']).collect::<Vec<_>>() == expected;
        assert!(sets.iter().any(has), "{expected:?}: {sets:#?}");
    }
    // The list of zones of the vendor's client has more members than are read.
    let zone = ZONE.zone(&recorded("list-zones").answered()["zones"][0]).expect("whole");
    let zone = zone.expect("served");
    assert_eq!((zone.id.as_str(), ZoneLayout::other_id(&zone)), ("example.com", "1-2ABCDE"));
}

/// Upstream takes a zone whose records cannot be read for an empty one.
#[tokio::test(start_paused = true)]
async fn a_zone_that_cannot_be_read_is_not_empty() {
    for name in ["error-500", "error-500-problem-json"] {
        let error = read(make, move |request| match request.path.as_str() {
            "/config-dns/v2/zones" => reads(request).expect("a read"),
            _ => recorded(name).reply(),
        });
        let text = if name == "error-500" {
            "Error fetching authorities"
        } else {
            "An internal error occurred"
        };
        assert!(error.await.expect_err("unreadable").message.contains(text));
    }
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 700 192.0.2.2;192.0.2.9",
        "six.example.org AAAA 600 2001:db8::6",
        "a.example.org CNAME 0 lb.example.net",
        "*.wild.example.org TXT 0 a b",
    ];
    let done = |request: &Asked| match request.method.as_str() {
        "POST" => Reply::new(204),
        _ => recorded("update-record").reply(),
    };
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let posts: Vec<String> = sent.iter().filter(|line| line.starts_with("POST")).cloned().collect();
    assert_eq!(posts.len(), 1, "{sent:#?}");
    let (path, body) = posts[0].split_once(" {").expect("a body");
    assert_eq!(path, "POST /config-dns/v2/zones/example.org/recordsets");
    let body: serde_json::Value = serde_json::from_str(&format!("{{{body}")).expect("JSON");
    let sets = body["recordsets"].as_array().expect("sets").clone();
    let own: Vec<_> = sets.into_iter().filter(|it| !it.to_string().contains("heritage")).collect();
    assert_eq!(
        own,
        [
            json!({ "name": "*.wild.example.org", "type": "TXT", "ttl": 600, "rdata": ["\"a b\""] }),
            json!({ "name": "a.example.org", "type": "CNAME", "ttl": 600, "rdata": ["lb.example.net"] }),
        ]
    );
    sent.retain(|line| !line.contains("heritage"));
    assert_eq!(
        sent,
        [
            r#"PUT /config-dns/v2/zones/example.org/names/two.example.org/types/A {"name":"two.example.org","type":"A","ttl":700,"rdata":["192.0.2.2","192.0.2.9"]}"#
        ]
    );
    let (sent, _) = writes(make, reads, done, &["two.example.org A 600 192.0.2.1;192.0.2.2"]).await;
    let sent: Vec<_> = sent.iter().filter(|line| !line.contains("own-")).collect();
    assert_eq!(sent, ["DELETE /config-dns/v2/zones/example.org/names/six.example.org/types/AAAA"]);
}

#[test]
fn writes_hold_what_the_service_took() {
    let zone = Zone::new("example.com", Name::as_listed("example.com"));
    let wanted = set("www.example.com A 300 10.0.0.2;10.0.0.3");
    let ours = json!(RECORDSET.body(&FORM, &zone, &wanted));
    for name in ["create-record-201", "get-record", "update-record"] {
        assert_eq!(ours, *recorded(name).answered(), "{name}");
    }
    let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("a client");
    let own = Akamai(Context::default().account(rest, capabilities()));
    let request = own.at(Method::PUT, &zone, &set("www.example.com A 300 10.0.0.2")).to_string();
    let (verb, target) = ("PUT", "/config-dns/v2/zones/example.com/names/www.example.com/types/A");
    assert_eq!(request, format!("{verb} {target}"));
    assert_eq!(recorded("update-record").asked(), (verb, target));
    let wild = own.at(Method::DELETE, &zone, &set("*.wild.example.com A 300 10.0.0.2")).to_string();
    assert!(wild.ends_with("/names/*.wild.example.com/types/A"), "{wild}");
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let busy = r#"{"type":"https://problems.luna.akamaiapis.net/config-dns/concurrentZoneModification","title":"SECRET"}"#;
    let table = [
        (
            401,
            r#"{"title":"Not authorized","detail":"SECRET"}"#,
            FailureKind::Unauthorised,
            "check the tokens",
        ),
        (403, r#"{"title":"Forbidden"}"#, FailureKind::Unauthorised, "DNS Zone Record Management"),
        (404, r#"{"title":"Zone not found"}"#, FailureKind::ZoneGone, "--exclude-domains"),
        (409, busy, FailureKind::Throttled, "less often"),
        (409, r#"{"title":"Record set already exists"}"#, FailureKind::Conflict, "in the way"),
        (400, r#"{"title":"Invalid rdata"}"#, FailureKind::Rejected, "correct the target"),
        (422, r#"{"title":"odd"}"#, FailureKind::Rejected, "correct the target"),
        (429, r#"{"title":"slow"}"#, FailureKind::Throttled, "less often"),
    ];
    refusals(make, reads, &table).await;
    let bad = r#"{"title":"Invalid authorization signature"}"#;
    failing_reads(make, &[(401, bad, ErrorKind::Unauthorised, "Invalid authorization")]).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_an_hour_is_named_with_that_of_the_service() {
    wrong_clock(make, 401, r#"{"title":"Invalid timestamp"}"#).await;
}

#[tokio::test]
async fn the_zone_ids_are_those_of_contracts_and_the_account_is_in_every_request() {
    let server = ScriptedServer::start(|request| {
        assert!(request.pairs().contains(&("accountSwitchKey".to_owned(), "1-XYZ".to_owned())));
        match request.path.as_str() {
            "/config-dns/v2/zones" => Reply::json(
                200,
                &json!({ "zones": [
                { "contractId": "1-2ABCDE", "zone": "a.test" }, { "contractId": "9-9", "zone": "b.test" }] }),
            ),
            _ => Reply::json(200, &json!({ "recordsets": [] })),
        }
    });
    let environment =
        Environment::from([("AKAMAI_ACCOUNT_KEY", "1-XYZ"), ("AKAMAI_API_URL", &server.url())]);
    let context = Context { environment, ..Context::default() };
    let provider = provider(&args(["h", "ct", SECRET, "at"], ""), &context).expect("a provider");
    let zones = provider.read().await.expect("readable").index;
    assert_eq!(zones.iter().count(), 2);
}

fn args([host, client, secret, access]: [&str; 4], file: &str) -> AkamaiArgs {
    AkamaiArgs {
        akamai_serviceconsumerdomain: host.to_owned(),
        akamai_client_token: client.to_owned().into(),
        akamai_client_secret: secret.to_owned().into(),
        akamai_access_token: access.to_owned().into(),
        akamai_edgerc_path: file.to_owned(),
        akamai_edgerc_section: String::new(),
    }
}

#[test]
fn credentials_are_flags_then_variables_then_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".edgerc");
    let text = "[default]\nhost = file.test/\nclient_token = a\nclient_secret = b=\naccess_token = c\nmax_body = 9\n[ccu]\nhost = x\n";
    std::fs::write(&path, text).expect("a file");
    let home = folder.path().to_str().expect("a path");
    let all = [
        ("AKAMAI_HOST", "plain.test"),
        ("AKAMAI_CLIENT_TOKEN", "a"),
        ("AKAMAI_CLIENT_SECRET", "b"),
        ("AKAMAI_ACCESS_TOKEN", "c"),
    ];
    let find = |args: &AkamaiArgs, variables: &[(&str, &str)]| {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Login::find(args, &Environment::new(owned.collect())).map_err(|it| it.message)
    };
    let host =
        |args: &AkamaiArgs, variables: &[(&str, &str)]| find(args, variables).map(|it| it.host);
    let flags = args(["flag.test", "a", "b", "c"], "");
    assert_eq!(host(&flags, &all).as_deref(), Ok("flag.test"));
    // Of the four one is missing, so none of them counts.
    let half = args(["flag.test", "a", "", "c"], "");
    assert_eq!(host(&half, &all).as_deref(), Ok("plain.test"));
    assert_eq!(host(&half, &[("HOME", home)]).as_deref(), Ok("file.test"));
    let named = args(["", "", "", ""], path.to_str().expect("a path"));
    let login = find(&named, &[]).expect("a file");
    assert_eq!((login.key.most_of_body, login.key.client_secret.as_str()), (9, "b="));
    let other = AkamaiArgs { akamai_edgerc_section: "ccu".to_owned(), ..named.clone() };
    assert!(find(&other, &[]).map(drop).expect_err("half").contains("section ccu"));
    let of_section = [
        ("AKAMAI_CCU_HOST", "ccu.test"),
        ("AKAMAI_CCU_CLIENT_TOKEN", "a"),
        ("AKAMAI_CCU_CLIENT_SECRET", "b"),
        ("AKAMAI_CCU_ACCESS_TOKEN", "c"),
    ];
    assert_eq!(host(&other, &of_section).as_deref(), Ok("ccu.test"));
    assert!(!format!("{:?}", args(["h", "a", SECRET, "c"], "")).contains(SECRET));
    std::fs::write(&path, "[default\n").expect("a file");
    assert!(find(&named, &[]).map(drop).expect_err("no INI").contains("cannot be read"));
}
