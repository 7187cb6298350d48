//! Alibaba Cloud over a server that speaks as it does.

use std::collections::BTreeMap;

use extdns_model::{FailureKind, Name, Outcome};
use extdns_testkit::http::{Reply, Request as Asked, ScriptedServer};
use serde_json::json;

use super::dialect::{DIALECT, FRONT, PRIVATE_DIALECT, PRIVATE_FRONT, VPC};
use super::sign::signature;
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, writes, wrong_clock};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::{Environment, ErrorKind, Reader as _};

fn of_key(vpc: &str) -> Arc<AlibabaIdentity> {
    let [id, secret, vpc] = ["id", SECRET, vpc].map(str::to_owned);
    Arc::new(AlibabaIdentity::of_key(id, secret, vpc))
}

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn with(api: &'static Actions, url: &str, vpc: &str) -> Box<dyn Provider> {
    let (region, identity) = (REGION.to_owned(), of_key(vpc));
    let signer = Rpc { version: api.version, region, identity: Arc::clone(&identity) };
    let auth = Auth::signed(signer, vec![SECRET.to_owned()]);
    let rest = Context::default().rest(&api.service, Some(url), auth).expect("a client");
    let own = Capabilities { request_time: None, ..api.capabilities("alibabacloud") };
    Box::new(over(Context::default().account(rest, own), api, identity))
}

fn make(url: &str) -> Box<dyn Provider> {
    with(&PUBLIC, url, "")
}

fn make_private(url: &str) -> Box<dyn Provider> {
    with(&PRIVATE, url, VPC)
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

mod private {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(PRIVATE_FRONT, PRIVATE_DIALECT, make_private)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("alibabacloud", name)
}

/// A parameter of a request.
fn parameter(request: &Asked, name: &str) -> String {
    request
        .pairs()
        .into_iter()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value)
        .unwrap_or_default()
}

#[test]
fn signatures_are_those_of_the_vendor() {
    let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let get = of(&[
        ("AccessKeyId", "testid"),
        ("Action", "DescribeDomainRecords"),
        ("DomainName", "example.com"),
        ("Format", "XML"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "f59ed6a9-83fc-473b-9cc6-99c95df3856e"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2016-03-24T16:41:54Z"),
        ("Version", "2015-01-09"),
    ]);
    assert_eq!(signature("testsecret", "GET", &get), "uRpHwaSEt3J+6KQD//svCh/x+pI=");
    let post = of(&[
        ("AccessKeyId", "testid"),
        ("Action", "AddDomainRecord"),
        ("DomainName", "example.com"),
        ("Format", "JSON"),
        ("RR", "*.a"),
        ("RegionId", "cn-beijing"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "n1"),
        ("SignatureType", ""),
        ("SignatureVersion", "1.0"),
        ("TTL", "600"),
        ("Timestamp", "2024-01-02T03:04:05Z"),
        ("Type", "TXT"),
        ("Value", "\"heritage=external-dns,external-dns/owner=default\""),
        ("Version", "2015-01-09"),
    ]);
    assert_eq!(signature("testsecret", "POST", &post), "mHQ0aabjr3eQ+wgrDzCeIrFJWik=");
}

fn reads(request: &Asked) -> Option<Reply> {
    let record = |id: &str, rr: &str, rtype: &str, value: &str, line: &str| json!({ "RecordId": id, "RR": rr, "Type": rtype, "Value": value, "TTL": 600, "Line": line });
    let body = match parameter(request, "Action").as_str() {
        "DescribeDomains" => {
            json!({ "Domains": { "Domain": [{ "DomainName": "example.org" }] }, "TotalCount": 1 })
        }
        "DescribeDomainRecords" => {
            let owned = "heritage=external-dns,external-dns/owner=kit";
            let records = [
                record("1", "two", "A", "192.0.2.1", "default"),
                record("2", "two", "A", "192.0.2.2", "default"),
                record("3", "own-a.two", "TXT", owned, "default"),
                record("4", "two", "A", "192.0.2.3", "telecom"),
                record("5", "alias", "CNAME", "lb.example.net.", "default"),
            ];
            json!({ "DomainRecords": { "Record": records }, "TotalCount": 5 })
        }
        _ => return None,
    };
    Some(Reply::json(200, &body))
}

#[tokio::test]
async fn the_recorded_records_are_read_whole() {
    let sets = read(make, |request| match parameter(request, "Action").as_str() {
        "DescribeDomains" => Reply::json(
            200,
            &json!({ "Domains": { "Domain": [{ "DomainName": "example.com" }] }, "TotalCount": 1 }),
        ),
        // It has 20 of 22, and the second page two of them again.
        "DescribeDomainRecords" if parameter(request, "PageNumber").is_empty() => {
            recorded("alidns-describe-domain-records").reply()
        }
        "DescribeDomainRecords" => {
            let mut body = recorded("alidns-describe-domain-records").answered().clone();
            let all = body["DomainRecords"]["Record"].as_array_mut().expect("records");
            all.truncate(2);
            all.iter_mut().enumerate().for_each(|(at, it)| it["RR"] = json!(format!("more-{at}")));
            Reply::json(200, &body)
        }
        other => panic!("{other}"),
    });
    let sets = sets.await.expect("readable");
    assert!(
        sets.contains(&"random.test.example.com 3600 IN TXT  challengetoken []".to_owned()),
        "{sets:#?}"
    );
    assert!(
        sets.contains(&"more-1.example.com 3600 IN TXT  challengetoken []".to_owned()),
        "{sets:#?}"
    );
    let empty = read(make, |request| match parameter(request, "Action").as_str() {
        "DescribeDomains" => reads(request).expect("a read"),
        _ => recorded("alidns-describe-domain-records-empty").reply(),
    });
    assert!(empty.await.expect("readable").is_empty());
}

/// 120 domains at 50 a page are three pages; at 100 the third is one past the last.
#[tokio::test]
async fn pages_are_read_to_the_last_and_none_past_it() {
    let server = ScriptedServer::start(|request| {
        let page: usize = parameter(request, "PageNumber").parse().unwrap_or(1);
        let names = (0..120).skip((page - 1) * 50).take(50);
        let domains: Vec<_> =
            names.map(|it| json!({ "DomainName": format!("d{it}.test") })).collect();
        match parameter(request, "Action").as_str() {
            "DescribeDomains" => Reply::json(
                200,
                &json!({ "Domains": { "Domain": domains }, "PageNumber": page, "TotalCount": 120 }),
            ),
            _ => Reply::json(200, &json!({ "DomainRecords": { "Record": [] }, "TotalCount": 0 })),
        }
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    assert_eq!(inventory.index.iter().count(), 120);
    let lists =
        server.requests().into_iter().filter(|it| parameter(it, "Action") == "DescribeDomains");
    let pages: Vec<String> = lists.map(|it| parameter(&it, "PageNumber")).collect();
    assert_eq!(pages, ["", "2", "3"]);
    // A page past the last has nothing, and the list is short.
    let short = read(make, |request| match parameter(request, "PageNumber").as_str() {
        "" => Reply::json(
            200,
            &json!({ "Domains": { "Domain": [{ "DomainName": "a.test" }] }, "TotalCount": 2 }),
        ),
        _ => Reply::json(200, &json!({ "Domains": { "Domain": [] }, "TotalCount": 2 })),
    });
    assert!(short.await.expect_err("short").message.contains("1 of 2"));
}

#[tokio::test]
async fn private_zones_are_those_of_the_vpc() {
    let answer = |request: &Asked| {
        let of = |name: &str| recorded(name).reply();
        match (parameter(request, "Action").as_str(), parameter(request, "ZoneId").as_str()) {
            ("DescribeZones", _) => Reply::json(
                200,
                &json!({ "TotalItems": 2, "Zones": { "Zone": [
                { "ZoneId": "z-1", "ZoneName": "example.com" }, { "ZoneId": "z-2", "ZoneName": "other.test" } ] } }),
            ),
            ("DescribeZoneInfo", "z-1") => of("pvtz-describe-zone-info"),
            ("DescribeZoneInfo", _) => Reply::json(200, &json!({ "BindVpcs": { "Vpc": [] } })),
            ("DescribeZoneRecords", "z-1") => of("pvtz-describe-zone-records"),
            other => panic!("{other:?}"),
        }
    };
    let make = |url: &str| with(&PRIVATE, url, "daily-vpc-id");
    let expected =
        ["www.example.com 60 IN A  1.1.1.1 []", "a49880308bb2.example.com 60 IN A  1.1.1.1 []"];
    assert_eq!(read(make, answer).await.expect("readable"), expected);
    // That nothing is known of a zone does not mean that it belongs to another VPC.
    let fails = move |request: &Asked| match parameter(request, "Action").as_str() {
        "DescribeZoneInfo" => recorded("pvtz-error-zone-invalid-id").reply(),
        _ => answer(request),
    };
    let error = read(make, fails).await.expect_err("a zone that cannot be read");
    assert_eq!(error.kind, ErrorKind::ZoneGone, "{error}");
}

/// The parameters of writes, but for those that all calls have.
fn sent(lines: &[String]) -> Vec<String> {
    let own = |line: &String| {
        let (_, query) = line.split_once('?').expect("a query");
        let url = reqwest::Url::parse(&format!("http://h/?{query}")).expect("a URL");
        let common = ["Format", "AccessKeyId", "RegionId", "Version", "Timestamp", "DomainName"];
        let pairs = url
            .query_pairs()
            .filter(|(name, _)| !name.starts_with("Signature") && !common.contains(&name.as_ref()));
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    let mut sent: Vec<String> = lines.iter().map(own).collect();
    sent.retain(|it| !it.contains("heritage"));
    sent.sort();
    sent
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 700 192.0.2.2;192.0.2.9",
        "alias.example.org CNAME 600 lb.example.net",
        "example.org MX 0 10 mail.example.org",
        "*.a.example.org TXT 0 \"a b\"",
    ];
    let done = |request: &Asked| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
        assert!(request.body.is_empty());
        recorded("alidns-add-domain-record-a").reply()
    };
    let (lines, outcomes) = writes(make, reads, done, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    assert_eq!(
        sent(&lines),
        [
            "Action=AddDomainRecord Priority=10 RR=@ TTL=600 Type=MX Value=mail.example.org",
            "Action=AddDomainRecord RR=*.a TTL=600 Type=TXT Value=a b",
            "Action=UpdateDomainRecord RR=two RecordId=1 TTL=700 Type=A Value=192.0.2.9",
            "Action=UpdateDomainRecord RR=two RecordId=2 TTL=700 Type=A Value=192.0.2.2",
        ]
    );
    let wanted = ["two.example.org A 600 192.0.2.1", "alias.example.org CNAME 600 lb.example.net"];
    let (lines, _) = writes(make, reads, done, &wanted).await;
    assert_eq!(sent(&lines), ["Action=DeleteDomainRecord RecordId=2"]);
}

/// The recorded client sends what ours sends, in its own order and with the zone in an update as well.
#[test]
fn writes_hold_what_the_service_took() {
    let rest = Context::default().rest(&PUBLIC.service, None, Auth::none()).expect("a client");
    let zone = Zone::new("example.com", Name::as_listed("example.com"));
    for (name, text) in [
        ("alidns-add-domain-record-a", "localhost.example.com A 3600 127.0.0.1"),
        (
            "alidns-add-domain-record-txt",
            "_acme-challenge.fqdn.example.com TXT 3600 challengetoken",
        ),
        ("alidns-update-domain-record", "updated.test.example.com TXT 3600 challengetoken"),
    ] {
        let exchange = recorded(name);
        let query = exchange.query();
        let action = query["Action"].as_str().expect("an action");
        let given = PUBLIC.written(&zone, &crate::conformance::contract::set(text));
        let request = PUBLIC.request(&rest, action, &given).expect("a request");
        for (name, value) in request.url().query_pairs() {
            assert_eq!(query[name.as_ref()], value.as_ref(), "{action}: {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let gone = recorded("alidns-describe-domain-info-400").answered().to_string();
    let zone = recorded("pvtz-error-zone-invalid-id").answered().to_string();
    let said = |code: &str| json!({ "Code": code, "Message": "SECRET" }).to_string();
    let table = [
        (
            400,
            said("SignatureDoesNotMatch"),
            FailureKind::Unauthorised,
            "--alibaba-cloud-config-file",
        ),
        (404, said("InvalidAccessKeyId.NotFound"), FailureKind::Unauthorised, "check the key"),
        (401, said("Unauthorized"), FailureKind::Unauthorised, "role of the machine"),
        (403, said("Forbidden.RAM"), FailureKind::Unauthorised, "policies"),
        (400, gone, FailureKind::ZoneGone, "--exclude-domains"),
        (400, zone, FailureKind::ZoneGone, "Zone id is invalid"),
        (400, said("DomainRecordConflict"), FailureKind::Conflict, "in the way"),
        (409, said("LastOperationNotFinished"), FailureKind::Conflict, "in the way"),
        (400, said("InvalidTTL"), FailureKind::Rejected, "free edition"),
        (422, said("odd"), FailureKind::Rejected, "correct the target"),
        (400, said("QuotaExceeded.Record"), FailureKind::Quota, "higher limit"),
        (400, said("Throttling.User"), FailureKind::Throttled, "less often"),
        (429, said("slow"), FailureKind::Throttled, "less often"),
        (503, said("ServiceUnavailable"), FailureKind::Throttled, "less often"),
    ];
    let table: Vec<_> = table
        .iter()
        .map(|(status, body, kind, text)| (*status, body.as_str(), *kind, *text))
        .collect();
    refusals(make, reads, &table).await;
    let bad = said("SignatureDoesNotMatch");
    failing_reads(make, &[(400, bad.as_str(), ErrorKind::Unauthorised, "SignatureDoesNotMatch")])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_an_hour_is_named_with_that_of_the_service() {
    wrong_clock(make, 400, r#"{"Code":"InvalidTimeStamp.Expired","Message":"Specified time stamp or date value is expired."}"#).await;
}

#[tokio::test]
async fn the_role_of_the_machine_gives_key_and_vpc_once() {
    let metadata = ScriptedServer::start(|request| match request.path.as_str() {
        "/m/ram/security-credentials/" => Reply::new(200).body("dns-role"),
        "/m/ram/security-credentials/dns-role" => Reply::json(
            200,
            &json!({ "AccessKeyId": "STS.id",
            "AccessKeySecret": SECRET, "SecurityToken": "t0ken", "Expiration": "2099-01-01T00:00:00Z" }),
        ),
        "/m/vpc-id" => Reply::new(200).body("vpc-9\n"),
        other => panic!("{other}"),
    });
    let server = ScriptedServer::start(|request| {
        assert_eq!(parameter(request, "SecurityToken"), "t0ken");
        assert_eq!(parameter(request, "AccessKeyId"), "STS.id");
        Reply::json(
            200,
            &match parameter(request, "Action").as_str() {
                "DescribeZones" => {
                    json!({ "TotalItems": 1, "Zones": { "Zone": [{ "ZoneId": "z-1", "ZoneName": "example.com" }] } })
                }
                "DescribeZoneInfo" => json!({ "BindVpcs": { "Vpc": [{ "VpcId": "vpc-9" }] } }),
                _ => json!({ "TotalItems": 0, "Records": { "Record": [] } }),
            },
        )
    });
    let base = format!("{}/m", metadata.url());
    let context = Context {
        environment: Environment::from([
            ("ALIBABA_CLOUD_METADATA_URL", base.as_str()),
            ("ALIBABA_CLOUD_API_URL", &server.url()),
        ]),
        ..Context::default()
    };
    let own = args("", "private");
    let inventory = provider(&own, &context).expect("a provider").read().await.expect("readable");
    assert_eq!(inventory.index.iter().count(), 1);
    assert_eq!(metadata.requests().len(), 3);
}

fn args(file: &str, zones: &str) -> AlibabacloudArgs {
    AlibabacloudArgs {
        alibaba_cloud_config_file: file.to_owned(),
        alibaba_cloud_zone_type: zones.to_owned(),
    }
}

#[test]
fn the_file_is_yaml_or_json_and_needs_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let with = |text: &str, zones: &str| {
        let path = folder.path().join("file");
        std::fs::write(&path, text).expect("a file");
        let own = args(path.to_str().expect("a path"), zones);
        provider(&own, &Context::default()).map(drop).map_err(|it| it.message)
    };
    let whole =
        r#"{"regionId":"cn-beijing","accessKeyId":"a","accessKeySecret":"S3CRET","vpcId":"v"}"#;
    assert_eq!(with(whole, "private"), Ok(()));
    assert_eq!(with("accessKeyId: a\naccessKeySecret: b\n", ""), Ok(()));
    assert!(
        with("accessKeyId: a\naccessKeySecret: b\n", "private")
            .expect_err("no VPC")
            .contains("vpcId")
    );
    assert!(with("accessKeyId: a\n", "").expect_err("half a key").contains("accessKeySecret"));
    let bad = with("accessKeySecret: [S3CRET", "").expect_err("no YAML");
    assert!(bad.contains("cannot be used") && !bad.contains("S3CRET"), "{bad}");
    let missing = provider(&args("/no/such/file", ""), &Context::default()).map(drop);
    assert!(missing.expect_err("no file").message.contains("/no/such/file"));
}
