//! TransIP over a server that speaks as it does.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use extdns_model::{FailureKind, Name, Outcome};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::Value;

use super::dialect::{DIALECT, FRONT, KEY};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, sync, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::{Environment, ErrorKind};

fn key() -> Key {
    Key::of("test-user", KEY).expect("a key")
}

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v6");
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities() };
    let own = over(key(), Some(&base), capabilities, &Context::default());
    Box::new(own.expect("a provider"))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("transip", name)
}

/// A token whose text says that it ended an hour ago: the clock of the service is behind.
fn token() -> Reply {
    let claims = json!({ "iat": 1_600_000_000, "exp": 1_600_001_800 }).to_string();
    Reply::json(201, &json!({ "token": format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)) }))
}

fn reads(request: &Request) -> Option<Reply> {
    let entry = |name: &str, expire: u32, rtype: &str, content: &str| json!({ "name": name, "expire": expire, "type": rtype, "content": content });
    let body = match (request.method.as_str(), request.target().as_str()) {
        ("POST", "/v6/auth") => return Some(token()),
        ("GET", "/v6/domains") => json!({ "domains": [{ "name": "example.org", "tags": [] }] }),
        ("GET", "/v6/domains/example.org/dns") => json!({ "dnsEntries": [
            entry("two", 300, "A", "192.0.2.1"),
            entry("two", 300, "A", "192.0.2.2"),
            entry("own-a.two", 60, "TXT", "\"heritage=external-dns,external-dns/owner=kit\""),
            entry("cn", 300, "CNAME", "lb.example.net."),
            entry("near", 300, "CNAME", "two"),
            entry("top", 300, "CNAME", "@"),
            entry("mx", 300, "MX", "10 mail"),
            entry("mx", 300, "MX", "20 @"),
            entry("_sip._udp", 300, "SRV", "10 20 5060 sip"),
            entry("@", 300, "CAA", "0 issue \"letsencrypt.org\""),
        ] }),
        _ => return None,
    };
    Some(Reply::json(200, &body))
}

/// The same after a login that gives the token which refusals echo.
fn reads_with_the_echoed_token(request: &Request) -> Option<Reply> {
    let is_login = request.target() == "/v6/auth";
    if is_login { Some(Reply::json(201, &json!({ "token": SECRET }))) } else { reads(request) }
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/v6/auth" => recorded("auth").reply(),
        "/v6/domains" => {
            let exchange = recorded("get-domain");
            let domain = &exchange.answered()["domain"];
            Reply::json(200, &json!({ "domains": [domain] }))
        }
        "/v6/domains/example.nl/dns" => recorded("list-dns-entries").reply(),
        other => panic!("{other}"),
    });
    let sets = sets.await.expect("readable");
    // Of 30 entries one is of a type that is not managed, and four are of two names.
    assert_eq!(sets.len(), 27, "{sets:#?}");
    for expected in [
        "example.nl 300 IN A  198.51.100.1 []",
        "example.nl 300 IN AAAA  2001:db8::1 []",
        "example.nl 86400 IN MX  10 services.example.nl []",
        "docs.example.nl 3600 IN CNAME  docs.example.com []",
        "2019._domainkey.example.nl 86400 IN TXT  v=DKIM1;k=rsa;t=s;s=email;p=MIIBEXAMPLEKEY []",
        "_acme-challenge.createrecordset.example.nl 3600 IN TXT  challengetoken1;challengetoken2 []",
    ] {
        assert!(sets.iter().any(|it| it == expected), "{expected} of {sets:#?}");
    }
    let sets = read(make, |request| match request.target().as_str() {
        "/v6/domains" => Reply::json(200, &json!({ "domains": [{ "name": "example.com" }] })),
        "/v6/domains/example.com/dns" => recorded("sdk-list-dns-entries").reply(),
        _ => token(),
    });
    assert_eq!(sets.await.expect("readable"), ["www.example.com 86400 IN A  127.0.0.1 []"]);
}

/// Upstream gives one endpoint for each entry, and takes a host without a final dot for a whole name.
#[tokio::test]
async fn entries_are_record_sets_with_whole_names_on_one_page() {
    let server = ScriptedServer::start(|request| reads(request).expect("a read"));
    let inventory = make(&server.url()).read().await.expect("readable");
    let sets: Vec<String> = inventory.records().map(|(_, it)| it.set.to_string()).collect();
    let expected = [
        "two.example.org 300 IN A  192.0.2.1;192.0.2.2 []",
        "own-a.two.example.org 60 IN TXT  \"heritage=external-dns,external-dns/owner=kit\" []",
        "cn.example.org 300 IN CNAME  lb.example.net []",
        "near.example.org 300 IN CNAME  two.example.org []",
        "top.example.org 300 IN CNAME  example.org []",
        "mx.example.org 300 IN MX  10 mail.example.org;20 example.org []",
        "_sip._udp.example.org 300 IN SRV  10 20 5060 sip.example.org. []",
    ];
    assert_eq!(sets, expected);
    // No page is asked for: a list without that is whole.
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 300 192.0.2.2;192.0.2.3",
        "example.org A 0 192.0.2.9",
        "least.example.org A 59 192.0.2.9",
        "more.example.org A 61 192.0.2.9",
        "ns.example.org NS 300 ns1.example.net",
        "_sip._tcp.example.org SRV 300 10 20 5060 sip.example.org.",
    ];
    let done = |_: &Request| Reply::json(201, &json!([]));
    let (mut sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.retain(|line| !line.contains("heritage"));
    let place = |sent: &[String], text: &str| sent.iter().position(|line| line.contains(text));
    // What comes is there before what goes is gone; what stays is left alone.
    assert!(place(&sent, "192.0.2.3") < place(&sent, "192.0.2.1"), "{sent:#?}");
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"DELETE /v6/domains/example.org/dns {"dnsEntry":{"content":"192.0.2.1","expire":300,"name":"two","type":"A"}}"#,
            r#"POST /v6/domains/example.org/dns {"dnsEntry":{"content":"10 20 5060 sip.example.org.","expire":300,"name":"_sip._tcp","type":"SRV"}}"#,
            r#"POST /v6/domains/example.org/dns {"dnsEntry":{"content":"192.0.2.3","expire":300,"name":"two","type":"A"}}"#,
            r#"POST /v6/domains/example.org/dns {"dnsEntry":{"content":"192.0.2.9","expire":60,"name":"@","type":"A"}}"#,
            r#"POST /v6/domains/example.org/dns {"dnsEntry":{"content":"192.0.2.9","expire":60,"name":"least","type":"A"}}"#,
            r#"POST /v6/domains/example.org/dns {"dnsEntry":{"content":"192.0.2.9","expire":61,"name":"more","type":"A"}}"#,
            r#"POST /v6/domains/example.org/dns {"dnsEntry":{"content":"ns1.example.net.","expire":300,"name":"ns","type":"NS"}}"#,
        ]
    );
}

#[test]
fn writes_hold_what_the_service_took() {
    let zone = Zone::new("example.nl", Name::as_listed("example.nl"));
    for name in ["create-entry-a", "create-entry-cname", "create-entry-txt", "delete-entry"] {
        let exchange = recorded(name);
        let sent = &exchange.sent()["dnsEntry"];
        let [own, rtype, content] =
            ["name", "type", "content"].map(|it| sent[it].as_str().expect(it));
        let wanted = set(&format!("{own}.example.nl {rtype} {} {content}", sent["expire"]));
        let ours = serde_json::to_value(Entry::of(&wanted, &zone)).expect("JSON");
        assert_eq!(&ours, sent, "{name}");
        assert_eq!(exchange.asked().1, "/v6/domains/example.nl/dns", "{name}");
    }
}

/// Upstream deletes everything of a name and type, whatever its value: here a TTL that was changed by hand stays what it is.
#[tokio::test]
async fn a_delete_names_the_entry_as_it_was_read() {
    let server = ScriptedServer::start(|request| {
        reads(request).unwrap_or_else(|| Reply::json(201, &json!([])))
    });
    let outcomes = sync(make(&server.url()).as_ref(), &[] as &[&str]).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let sent = server.requests().into_iter().filter(|it| it.method == "DELETE");
    let sent: Vec<Value> = sent.map(|it| serde_json::from_slice(&it.body).expect("JSON")).collect();
    let entry = |name: &str, expire: u32, rtype: &str, content: &str| json!({ "dnsEntry": { "name": name, "expire": expire, "type": rtype, "content": content } });
    assert_eq!(
        sent,
        [
            entry("two", 300, "A", "192.0.2.1"),
            entry("two", 300, "A", "192.0.2.2"),
            entry("own-a.two", 60, "TXT", "\"heritage=external-dns,external-dns/owner=kit\""),
        ]
    );
}

#[test]
fn the_signature_is_that_of_the_vendor() {
    let body = r#"{"login":"test-user","nonce":"98475920834","read_only":false,"expiration_time":"","global_key":false}"#;
    let expected = "TKjrjkdRqJLTQJI9QtI3JETV554bnrCmWUbUNdpUg/9OwOYHmtK76gjGs5nyWHVgOBHO9KZ15bCjkup/mzZP2sBnUtqfXxqXBfSh6bn/7a/1gOJzK71RtO84S0q1x7+DGago1OuYSMOdj8mgEMBUtY4aHHpHEy7eCahsCJCTEfMUb05Cq87mhE4XrjjGN2BJ8tEHPMxpWHjEtX1Z8uyaL0XY5l6dBmy1QP+ChyISrNe1n3gYZs9tyyPA9vgW+TqEVgq7mHL8l+g2Va1BwxR+rChoa5gTiJcA9fKJ8evVIBfcocXjRduMFzQW/SMp/yp3I4P7J0lUO0vDWVjEO8LX4A==";
    assert_eq!(key().signature(body.as_bytes()).as_deref(), Some(expected));
}

/// A run that only reads has a token that can only read, and one that writes has another for that. The text of a token says
/// when it ends by the clock of the service, which counts for nothing here.
#[tokio::test]
async fn each_login_is_its_own_and_is_made_once_whatever_the_clocks_say() {
    let server = ScriptedServer::start(|request| {
        reads(request).unwrap_or_else(|| Reply::json(201, &json!([])))
    });
    let provider = make(&server.url());
    let logins = |server: &ScriptedServer| -> Vec<Value> {
        let all = server.requests().into_iter().filter(|it| it.path == "/v6/auth");
        all.map(|it| serde_json::from_slice(&it.body).expect("JSON")).collect()
    };
    provider.read().await.expect("readable");
    let first = logins(&server);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["read_only"], true);
    sync(provider.as_ref(), &["one.example.org A 300 192.0.2.1"]).await;
    let all = logins(&server);
    assert_eq!(all.len(), 2);
    assert_eq!((&all[1]["read_only"], &all[1]["login"]), (&json!(false), &json!("test-user")));
    let nonce = |at: usize| all[at]["nonce"].as_str().expect("a nonce").to_owned();
    assert!(nonce(0) != nonce(1) && nonce(0).len() == 32, "{all:?}");
    assert_ne!(all[0]["label"], all[1]["label"]);
}

/// The answer to a login is lost, so that its nonce may be used up.
#[tokio::test(start_paused = true)]
async fn a_login_that_is_repeated_is_another_one() {
    let failed = std::sync::atomic::AtomicBool::new(false);
    let server = ScriptedServer::start(move |request| {
        if request.path == "/v6/auth" && !failed.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return Reply::json(500, &json!({ "error": "later" }));
        }
        reads(request).expect("a read")
    });
    make(&server.url()).read().await.expect("readable");
    let logins: Vec<_> = server.requests().into_iter().filter(|it| it.path == "/v6/auth").collect();
    assert_eq!(logins.len(), 2);
    assert_ne!(logins[0].body, logins[1].body);
    assert_ne!(logins[0].header("signature"), logins[1].header("signature"));
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_an_hour_is_named_with_that_of_the_service() {
    let error = read(make, |request| match request.path.as_str() {
        "/v6/auth" => {
            let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
            Reply::json(401, &json!({ "error": "The signature is invalid" })).header("date", &date)
        }
        _ => reads(request).expect("a read"),
    });
    let error = error.await.expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Unauthorised);
    for text in
        ["the clock of this machine says", "The signature is invalid; check that --transip-keyfile"]
    {
        assert!(error.message.contains(text), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let table = [
        (
            401,
            r#"{"error":"Your access token has been revoked"}"#,
            FailureKind::Unauthorised,
            "check that --transip-keyfile",
        ),
        (403, r#"{"error":"SECRET: forbidden"}"#, FailureKind::Unauthorised, "API is enabled"),
        (
            404,
            r#"{"error":"Domain with name 'example.org' not found"}"#,
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
        (
            406,
            r#"{"error":"This is not a valid IPv4 address"}"#,
            FailureKind::Rejected,
            "address; correct the target",
        ),
        (406, r#"{"error":"The entry already exists"}"#, FailureKind::Conflict, "in the way"),
        (
            409,
            r#"{"error":"DNS Entries are currently being saved"}"#,
            FailureKind::Throttled,
            "one change of a zone at a time",
        ),
        (422, r#"{"error":"odd"}"#, FailureKind::Rejected, "correct the target"),
        (
            429,
            r#"{"error":"Rate limit exceeded"}"#,
            FailureKind::Throttled,
            "1,000 calls of an account in 15 minutes",
        ),
    ];
    refusals(make, reads_with_the_echoed_token, &table).await;
    let refused = r#"{"error":"The signature is invalid"}"#;
    failing_reads(make, &[(401, refused, ErrorKind::Unauthorised, "--transip-account")]).await;
}

#[test]
fn the_key_is_that_of_a_file_in_either_form() {
    let of = |account: &str, file: &str| {
        let args = TransipArgs { transip_account: account.into(), transip_keyfile: file.into() };
        let context = Context { environment: Environment::default(), ..Context::default() };
        provider(&args, &context).map(drop).map_err(|error| error.message)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("transip.key");
    let name = path.to_str().expect("a path");
    let fails = |account: &str, text: &str| {
        let error = of(account, if account == "none" { "" } else { name }).expect_err(text);
        assert!(error.contains(text) && !error.contains("MIIE"), "{error}");
    };
    fails("", "--transip-account is not set");
    fails("none", "--transip-keyfile is not set");
    fails("test-user", "No such file");
    std::fs::write(&path, KEY).expect("written");
    assert_eq!(of("test-user", name), Ok(()));
    // PKCS#1 stands behind the head of PKCS#8.
    let body: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(body).expect("base64");
    let inner = base64::engine::general_purpose::STANDARD.encode(&der[26..]);
    let pkcs1 =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{inner}\n-----END RSA PRIVATE KEY-----\n");
    std::fs::write(&path, pkcs1).expect("written");
    assert_eq!(of("test-user", name), Ok(()));
    std::fs::write(&path, "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n")
        .expect("written");
    fails("test-user", "holds no RSA key in PEM");
}
