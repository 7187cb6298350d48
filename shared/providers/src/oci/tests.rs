//! Oracle Cloud over a server that speaks as it does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use extdns_auth::{OracleKey, signed_text};
use extdns_model::{FailureKind, Outcome};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use reqwest::header::HeaderMap;

use super::dialect::{DIALECT, FRONT, KEY};
use super::*;
use crate::conformance::OverHttp;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes, wrong_clock};
use crate::conformance::recorded::Exchange;
use crate::rest::Outgoing;
use crate::{Environment, Reader as _};

fn key() -> OracleKey {
    OracleKey::of_pem("t/u/f".to_owned(), &KEY, "").expect("a key")
}

impl crate::rest::Signer for OracleKey {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let Outgoing { method, url, headers, body } = request;
        let now = SystemTime::now();
        Ok(OracleKey::sign(self, (method, url), headers, body.as_deref(), now)?)
    }
}

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn scoped(url: &str, scopes: &'static [&'static str]) -> Box<dyn Provider> {
    let base = format!("{url}/20180115");
    // The kit's secret is in no request here, and must be in no message all the same.
    let auth = Auth::signed(key(), vec![crate::conformance::SECRET.to_owned()]);
    let rest = Context::default().rest(&SERVICE, Some(&base), auth).expect("a client");
    let capabilities = Capabilities { request_time: None, ..capabilities() };
    Box::new(over(Context::default().account(rest, capabilities), "c".to_owned(), scopes))
}

fn make(url: &str) -> Box<dyn Provider> {
    scoped(url, &["GLOBAL"])
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("oci", name)
}

fn outgoing(method: &str, url: &str, body: &str) -> Outgoing {
    Outgoing {
        method: method.parse().expect("a method"),
        url: url.parse().expect("a URL"),
        headers: HeaderMap::new(),
        body: (!body.is_empty()).then(|| body.to_owned().into()),
    }
}

/// The text of the sheet; its signature is checked with the public key.
#[test]
fn the_signed_text_is_that_of_the_vendor() {
    let body = r#"{"items":[{"domain":"www.example.com","operation":"ADD","rdata":"203.0.113.7","rtype":"A","ttl":300}]}"#;
    let zone = "https://dns.us-ashburn-1.oci.oraclecloud.com/20180115/zones/ocid1.dns-zone.oc1..z/records?compartmentId=ocid1.compartment.oc1..c";
    let mut patch = outgoing("PATCH", zone, body);
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let sign = |request: &mut Outgoing| {
        let Outgoing { method, url, headers, body } = request;
        key().sign((method, url), headers, body.as_deref(), time).expect("signed");
    };
    sign(&mut patch);
    let (names, text) = signed_text((&patch.method, &patch.url), &patch.headers, true);
    assert_eq!(names, "date (request-target) host content-length content-type x-content-sha256");
    let expected = "date: Tue, 14 Nov 2023 22:13:20 GMT\n\
         (request-target): patch /20180115/zones/ocid1.dns-zone.oc1..z/records?compartmentId=ocid1.compartment.oc1..c\n\
         host: dns.us-ashburn-1.oci.oraclecloud.com\n\
         content-length: 102\n\
         content-type: application/json\n\
         x-content-sha256: kLaQILXvJ3PYzuYAmBBVIM1GpTXZoCT9HHGbCItwiGk=";
    assert_eq!(text, expected);
    let header = patch.headers["authorization"].to_str().expect("text").to_owned();
    let start = format!(
        "Signature version=\"1\",headers=\"{names}\",keyId=\"t/u/f\",algorithm=\"rsa-sha256\",signature=\""
    );
    let signature =
        header.strip_prefix(&start).and_then(|rest| rest.strip_suffix('"')).expect("a signature");
    let signature = STANDARD.decode(signature).expect("base64");
    let key = key();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public());
    public.verify(text.as_bytes(), &signature).expect("it fits");

    let mut get = outgoing("GET", zone, "");
    sign(&mut get);
    let (names, _) = signed_text((&get.method, &get.url), &get.headers, true);
    assert_eq!(names, "date (request-target) host");
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "\"heritage=external-dns,external-dns/owner=kit\"";
    let record = |domain: &str, rtype: &str, rdata: &str| json!({ "domain": domain, "rtype": rtype, "rdata": rdata, "ttl": 300, "recordHash": "h" });
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/20180115/zones") => {
            Some(Reply::json(200, &json!([{ "id": "z-1", "name": "example.org" }])))
        }
        ("GET", _) => {
            let records = [
                record("two.example.org", "A", "192.0.2.1"),
                record("two.example.org", "A", "192.0.2.2"),
                record("own-a.two.example.org", "TXT", owned),
                record("alias.example.org", "CNAME", "lb.example.net."),
                record("own-cname.alias.example.org", "TXT", owned),
            ];
            Some(Reply::json(200, &json!({ "items": records })))
        }
        _ => None,
    }
}

#[tokio::test]
async fn a_recorded_zone_is_read_whole() {
    let sets = read(make, |request| match request.path.as_str() {
        "/20180115/zones" => {
            // The recorded client asked for the one zone.
            let zone = recorded("get-zone").answered().clone();
            Reply::json(200, &json!([{ "id": "z-1", "name": zone["name"] }]))
        }
        _ => recorded("list-zone-records").reply(),
    });
    let sets = sets.await.expect("readable");
    assert!(
        sets.contains(&"docs.example.com 3600 IN CNAME  docs.example.com []".to_owned()),
        "{sets:#?}"
    );
    // The name servers of the zone itself are protected.
    assert!(sets.iter().all(|it| !it.contains(" IN NS ") && !it.contains("SOA")), "{sets:#?}");
    for name in ["get-domain-records-txt", "list-zone-records-txt", "patch-zone-records"] {
        let zone = Zone::new("z", extdns_model::Name::as_listed("example.com"));
        let exchange = recorded(name);
        for item in exchange.answered()["items"].as_array().expect("items") {
            RECORD.record(&capabilities(), &zone, item).expect(name);
        }
    }
}

/// Two pages of each scope, and one token more would be one past the last.
#[tokio::test]
async fn pages_are_read_by_their_tokens_in_every_scope() {
    let answer = |request: &Request| {
        let asked = request.pairs();
        let value =
            |name: &str| asked.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value);
        assert_eq!(value("compartmentId"), "c");
        if request.path != "/20180115/zones" {
            return Reply::json(200, &json!({ "items": [] }));
        }
        let (scope, page) = (value("scope").to_lowercase(), value("page"));
        let zone = |at: u8| json!([{ "id": format!("{scope}-{at}"), "name": format!("z{at}.{scope}.test") }]);
        match page {
            "" => Reply::json(200, &zone(1)).header("opc-next-page", "p2"),
            "p2" => Reply::json(200, &zone(2)),
            other => panic!("{other}"),
        }
    };
    for (scopes, count) in [(&["GLOBAL"][..], 2), (&["PRIVATE"], 2), (&["GLOBAL", "PRIVATE"], 4)] {
        let server = ScriptedServer::start(answer);
        let zones = scoped(&server.url(), scopes).read().await.expect("readable").index;
        assert_eq!(zones.iter().count(), count, "{scopes:?}");
    }
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 600 192.0.2.2;192.0.2.9",
        "alias.example.org A 0 192.0.2.5",
        "example.org TXT 0 hello world",
    ];
    let done = |request: &Request| {
        assert_eq!(request.target(), "/20180115/zones/z-1/records?compartmentId=c");
        recorded("patch-zone-records").reply()
    };
    let (sent, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    assert_eq!(sent.len(), 1, "{sent:#?}");
    let (_, body) = sent[0].split_once(" {").expect("a body");
    let body: serde_json::Value = serde_json::from_str(&format!("{{{body}")).expect("JSON");
    let lines = body["items"].as_array().expect("items").iter().map(|item| {
        let text = |name: &str| item[name].as_str().expect("text").to_owned();
        let words = ["operation", "domain", "rtype", "rdata"].map(text);
        format!("{} {}", words.join(" "), item["ttl"])
    });
    let mut lines: Vec<String> = lines.filter(|line| !line.contains("heritage")).collect();
    // What goes comes first: a name cannot be CNAME and A.
    let removes = lines.iter().take_while(|line| line.starts_with("REMOVE")).count();
    assert_eq!(
        lines.iter().filter(|line| line.starts_with("REMOVE")).count(),
        removes,
        "{lines:#?}"
    );
    lines.sort();
    assert_eq!(
        lines,
        [
            "ADD alias.example.org A 192.0.2.5 300",
            "ADD example.org TXT \"hello world\" 300",
            // A new TTL takes no REMOVE; upstream adds and removes the same value in one call.
            "ADD two.example.org A 192.0.2.2 600",
            "ADD two.example.org A 192.0.2.9 600",
            "REMOVE alias.example.org CNAME lb.example.net. 300",
            "REMOVE two.example.org A 192.0.2.1 300",
        ]
    );
}

#[test]
fn writes_hold_what_the_service_took() {
    for (name, text) in [
        ("patch-domain-records-add-a", "localhost.example.com A 3600 127.0.0.1"),
        ("patch-domain-records-add-cname", "docs.example.com CNAME 3600 docs.example.com"),
    ] {
        let zone = Zone::new("z", extdns_model::Name::as_listed("example.com"));
        let ours = json!(RECORD.body(&FORM, &zone, &set(text)).with("operation", "ADD"));
        let mut theirs = recorded(name).sent()["items"][0].clone();
        // The service puts the final dot behind it.
        theirs["rdata"] = recorded(name).answered()["items"][0]["rdata"].clone();
        assert_eq!(ours, theirs, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let gone = recorded("get-zone-404").answered().to_string();
    let table = [
        (
            401,
            r#"{"code":"NotAuthenticated","message":"SECRET"}"#,
            FailureKind::Unauthorised,
            "--oci-config-file",
        ),
        (403, r#"{"code":"NotAllowed","message":"no"}"#, FailureKind::Unauthorised, "manage dns"),
        (404, gone.as_str(), FailureKind::ZoneGone, "check the compartment and the policy"),
        (
            409,
            r#"{"code":"IncorrectState","message":"busy"}"#,
            FailureKind::Throttled,
            "less often",
        ),
        (
            409,
            r#"{"code":"InvalidatedRetryToken","message":"in the way"}"#,
            FailureKind::Conflict,
            "delete or rename",
        ),
        (
            400,
            r#"{"code":"InvalidParameter","message":"odd"}"#,
            FailureKind::Rejected,
            "correct the target",
        ),
        (
            422,
            r#"{"code":"Unprocessable","message":"odd"}"#,
            FailureKind::Rejected,
            "correct the target",
        ),
        (
            429,
            r#"{"code":"TooManyRequests","message":"slow"}"#,
            FailureKind::Throttled,
            "less often",
        ),
    ];
    refusals(make, reads, &table).await;
    failing_reads(
        make,
        &[(404, gone.as_str(), ErrorKind::ZoneGone, "Authorization failed or requested")],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_an_hour_is_named_with_that_of_the_service() {
    wrong_clock(make, 401, r#"{"code":"NotAuthenticated"}"#).await;
}

/// A token that is good for an hour.
fn token(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs();
    let payload = json!({ "iat": now, "exp": now + 3600, "sub": name }).to_string();
    format!("head.{}.sign", URL_SAFE_NO_PAD.encode(payload))
}

fn args(file: &str, machine: bool, compartment: &str) -> OciArgs {
    OciArgs {
        oci_config_file: file.to_owned(),
        oci_compartment_ocid: compartment.to_owned(),
        oci_auth_instance_principal: machine,
        oci_zone_scope: "GLOBAL".to_owned(),
        oci_zones_cache_duration: Duration::ZERO,
    }
}

#[tokio::test]
async fn a_machine_proves_itself_with_its_certificate() {
    // Of a certificate only the text counts that names the tenancy.
    let name = b"opc-tenant:ocid1.tenancy.oc1..t";
    let length = u8::try_from(name.len()).expect("short");
    let der = [&[0x30, length + 2, 0x0c, length][..], name].concat();
    let leaf = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(der)
    );
    let pem = KEY.clone();
    let own = leaf.clone();
    let metadata = ScriptedServer::start(move |request| {
        assert_eq!(request.header("authorization"), Some("Bearer Oracle"));
        match request.path.as_str() {
            "/opc/v2/instance/region" => Reply::new(200).body("iad"),
            "/opc/v2/identity/cert.pem" | "/opc/v2/identity/intermediate.pem" => {
                Reply::new(200).body(own.clone())
            }
            "/opc/v2/identity/key.pem" => Reply::new(200).body(pem.clone()),
            other => panic!("{other}"),
        }
    });
    let tokens = ScriptedServer::start(|request| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/x509"));
        let header = request.header("authorization").expect("signed");
        assert!(
            header.contains(
                "headers=\"date (request-target) content-length content-type x-content-sha256\""
            ),
            "{header}"
        );
        assert!(header.contains("keyId=\"ocid1.tenancy.oc1..t/fed-x509-sha256/"), "{header}");
        let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(body["fingerprintAlgorithm"], "SHA256");
        assert!(!body.to_string().contains("BEGIN") && !body.to_string().contains("\\n"), "{body}");
        Reply::json(200, &json!({ "token": token("machine") }))
    });
    let server = ScriptedServer::start(|request| {
        let header = request.header("authorization").expect("signed");
        assert!(header.contains("keyId=\"ST$head."), "{header}");
        reads(request).expect("a read")
    });
    let environment = Environment::from([
        ("OCI_METADATA_BASE_URL", format!("{}/opc/v2", metadata.url()).as_str()),
        ("OCI_AUTH_API_URL", &tokens.url()),
        ("OCI_DNS_API_URL", &format!("{}/20180115", server.url())),
    ]);
    let context = Context { environment, ..Context::default() };
    let provider = provider(&args("", true, "c"), &context).await.expect("a provider");
    provider.read().await.expect("readable");
    assert_eq!(tokens.requests().len(), 1);
    let missing =
        super::provider(&args("", true, ""), &context).await.map(drop).expect_err("no compartment");
    assert!(missing.message.contains("--oci-compartment-ocid"), "{missing}");
}

#[tokio::test]
async fn a_service_account_proves_itself_with_its_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "s3rvice-acc0unt\n").expect("a file");
    let proxy = ScriptedServer::start(|request| {
        assert_eq!(request.path, "/resourcePrincipalSessionTokens");
        assert_eq!(request.header("authorization"), Some("Bearer s3rvice-acc0unt"));
        let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        assert!(
            body["podKey"].as_str().expect("a key").starts_with("-----BEGIN PUBLIC KEY-----\n")
        );
        let inner = json!({ "token": format!("ST${}", token("pod")) }).to_string();
        Reply::json(200, &json!(STANDARD.encode(inner)))
    });
    let server = ScriptedServer::start(|request| {
        let header = request.header("authorization").expect("signed");
        assert!(header.contains("keyId=\"ST$head."), "{header}");
        reads(request).expect("a read")
    });
    let config = folder.path().join("oci.yaml");
    std::fs::write(
        &config,
        "auth:\n  region: us-ashburn-1\n  useWorkloadIdentity: true\ncompartment: c\n",
    )
    .expect("a file");
    let environment = Environment::from([
        ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
        ("OCI_PROXY_API_URL", proxy.url().as_str()),
        ("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", file.to_str().expect("a path")),
        ("OCI_DNS_API_URL", &format!("{}/20180115", server.url())),
    ]);
    let context = Context { environment, ..Context::default() };
    let own = args(config.to_str().expect("a path"), false, "");
    provider(&own, &context).await.expect("a provider").read().await.expect("readable");
    let outside = provider(&own, &Context::default()).await.map(drop).expect_err("no cluster");
    assert!(
        outside.message.contains("error creating OCI workload identity config provider"),
        "{outside}"
    );
}

#[tokio::test]
async fn the_file_says_one_identity_and_shows_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("oci.yaml");
    let own = args(path.to_str().expect("a path"), false, "");
    for (text, expected) in [
        ("auth:\n  useInstancePrincipal: true\n  useWorkloadIdentity: true\n", "only one of"),
        ("auth:\n  key: S3CRET\n", "PEM data was not found in buffer"),
        ("auth: [S3CRET", "not the YAML"),
    ] {
        std::fs::write(&path, text).expect("a file");
        let error = provider(&own, &Context::default()).await.map(drop).expect_err(expected);
        assert!(error.message.contains(expected), "{error}");
        assert!(!error.message.contains("S3CRET"), "{error}");
    }
    let key = KEY.replace('\n', "\n    ");
    std::fs::write(&path, format!("auth:\n  region: fra\n  tenancy: t\n  user: u\n  fingerprint: f\n  key: |\n    {key}\ncompartment: c\n")).expect("a file");
    assert!(provider(&own, &Context::default()).await.is_ok());
    std::fs::remove_file(&path).expect("gone");
    let error = provider(&own, &Context::default()).await.map(drop).expect_err("no file");
    assert!(error.message.contains("--oci-config-file"), "{error}");
}

#[test]
fn the_region_and_its_realm_say_where_the_api_is() {
    let of = |name: &str, domain: &str| {
        base(&OracleRegion { name: name.to_owned(), domain: domain.to_owned() })
    };
    let commercial = of("us-ashburn-1", "oraclecloud.com");
    assert_eq!(commercial, "https://dns.us-ashburn-1.oci.oraclecloud.com/20180115");
    let sovereign = of("eu-frankfurt-2", "oraclecloud.eu");
    assert_eq!(sovereign, "https://dns.eu-frankfurt-2.oci.oraclecloud.eu/20180115");
}

/// The keys themselves are tested in `shared/auth`.
#[tokio::test]
async fn an_encrypted_key_needs_the_passphrase_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("oci.yaml");
    let own = args(path.to_str().expect("a path"), false, "");
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n    AA==\n    -----END ENCRYPTED PRIVATE KEY-----";
    for (passphrase, text) in [("", "give its passphrase"), ("s3cret-word", "passphrase is wrong")]
    {
        let file = format!("auth:\n  passphrase: \"{passphrase}\"\n  key: |\n    {locked}\n");
        std::fs::write(&path, file).expect("a file");
        let error = provider(&own, &Context::default()).await.map(drop).expect_err(text);
        assert!(error.message.contains("initializing OCI DNS API client"), "{error}");
        assert!(error.message.contains(text) && !error.message.contains("s3cret-word"), "{error}");
    }
}
