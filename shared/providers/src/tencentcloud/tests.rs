//! Tencent Cloud over a server that speaks as it does.

use extdns_model::{FailureKind, Name, Outcome, RecordSet};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::dialect::{DIALECT, FRONT, PRIVATE_DIALECT, PRIVATE_FRONT};
use super::*;
use crate::conformance::contract::{failing_reads, read, refusals, set, wrong_clock};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};
use crate::rest::Outgoing;

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn with(api: &'static Actions, url: &str) -> Box<dyn Provider> {
    let auth = Auth::signed(Tc3::new(api.name, "id", SECRET), vec![SECRET.to_owned()]);
    let rest = Context::default().rest(&api.service, Some(url), auth).expect("a client");
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities(api) };
    let account = Context::default().account(rest, capabilities);
    over(account, api, "vpc-1".to_owned())
}

fn make(url: &str) -> Box<dyn Provider> {
    with(&PUBLIC, url)
}

fn make_private(url: &str) -> Box<dyn Provider> {
    with(&PRIVATE, url)
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
    Exchange::of("tencentcloud", name)
}

fn action(request: &Request) -> &str {
    request.header("x-tc-action").unwrap_or_default()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

fn response(body: &Value) -> Reply {
    Reply::json(200, &json!({ "Response": body }))
}

fn fails(code: &str) -> Reply {
    response(&json!({ "Error": { "Code": code, "Message": "no" } }))
}

#[test]
fn signatures_are_those_of_the_vendor() {
    let table = [
        (
            Tc3::new("dnspod", "AKIDEXAMPLEEXAMPLE", "SKEXAMPLEexample0123456789"),
            ("https://dnspod.tencentcloudapi.com/", "application/json", 1_700_000_000),
            r#"{"Limit":3000,"Offset":0}"#,
            "TC3-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLE/2023-11-14/dnspod/tc3_request, \
             SignedHeaders=content-type;host, \
             Signature=8d817ca29c1bb9c8fba0c4c5631093e02f5a5f7d44d45d848488ffe0c70aad14",
        ),
        (
            Tc3::new(
                "cvm",
                "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
                "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            ),
            ("https://cvm.tencentcloudapi.com/", "application/json; charset=utf-8", 1_551_113_065),
            r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, \
             SignedHeaders=content-type;host, \
             Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        ),
    ];
    for (key, (url, media, time), text, expected) in table {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media))]);
        let outgoing = Outgoing {
            method: reqwest::Method::POST,
            url: url.parse().expect("a URL"),
            headers,
            body: Some(text.into()),
        };
        let time = Timestamp::from_second(time).expect("a time");
        assert_eq!(key.value(&outgoing, time), expected);
    }
}

fn reads(request: &Request) -> Option<Reply> {
    let owned = "heritage=external-dns,external-dns/owner=kit";
    let record = |id: u32, name: &str, rtype: &str, value: &str, line: &str| json!({ "RecordId": id, "Name": name, "Type": rtype, "Value": value, "TTL": 600, "MX": 0, "Line": "x", "LineId": line });
    Some(response(&match action(request) {
        "DescribeDomainList" => {
            json!({ "DomainCountInfo": { "AllTotal": 1 }, "DomainList": [{ "DomainId": 1, "Name": "example.org" }] })
        }
        "DescribeRecordList" => {
            let records = [
                record(1, "two", "A", "192.0.2.1", "0"),
                record(2, "two", "A", "192.0.2.2", "0"),
                record(3, "own-a.two", "TXT", owned, "0"),
                record(4, "two", "A", "192.0.2.3", "10=1"),
                record(5, "@", "NS", "f1g1ns1.dnspod.net.", "0"),
                record(6, "alias", "CNAME", "lb.example.net.", "0"),
                record(7, "own-cname.alias", "TXT", owned, "0"),
            ];
            json!({ "RecordCountInfo": { "TotalCount": 7 }, "RecordList": records })
        }
        _ => return None,
    }))
}

#[tokio::test]
async fn the_lists_of_the_documentation_are_read_whole() {
    let sets = read(make, |request| match action(request) {
        "DescribeDomainList" => {
            let mut body = recorded("dnspod-DescribeDomainList").answered().clone();
            // The example is the first page of a search.
            body["Response"]["DomainCountInfo"]["AllTotal"] = json!(1);
            Reply::json(200, &body)
        }
        _ => recorded("dnspod-DescribeRecordList").reply(),
    });
    // Name servers of the zone itself are none of ours.
    assert!(sets.await.expect("readable").is_empty());
    let sets = read(make_private, |request| match action(request) {
        "DescribePrivateZoneList" => {
            assert_eq!(body(request)["Filters"], json!([{ "Name": "Vpc", "Values": ["vpc-1"] }]));
            response(
                &json!({ "TotalCount": 1, "PrivateZoneSet": [{ "ZoneId": "zone-123456", "Domain": "a.com" }] }),
            )
        }
        // The example is the first page of three.
        _ if body(request)["Offset"] == 0 => {
            recorded("privatedns-DescribePrivateZoneRecordList").reply()
        }
        _ => {
            let mut whole = recorded("privatedns-DescribePrivateZoneRecordList").answered().clone();
            let all = whole["Response"]["RecordSet"].as_array_mut().expect("records");
            let names = ["c", "d", "e"];
            *all = names.iter().map(|name| json!({ "RecordId": name, "SubDomain": name, "RecordType": "A", "RecordValue": "3.3.3.4", "TTL": 600 })).collect();
            Reply::json(200, &whole)
        }
    });
    let sets = sets.await.expect("readable");
    assert_eq!(
        sets[..2],
        ["b.a.com 600 IN A  3.3.3.3 []", "mail.a.com 600 IN MX  10 198.51.100.1 []"]
    );
    assert_eq!(sets.len(), 5);
}

/// Upstream asks for ever where a page is empty before the end.
#[tokio::test]
async fn lists_end_with_their_last_page_and_one_that_is_cut_is_an_error() {
    let server = ScriptedServer::start(|request| {
        let offset =
            usize::try_from(body(request)["Offset"].as_u64().expect("an offset")).expect("small");
        let names = (0..5).skip(offset).take(2);
        let zones: Vec<_> = names.map(|it| json!({ "Name": format!("d{it}.test") })).collect();
        match action(request) {
            "DescribeDomainList" => {
                response(&json!({ "DomainCountInfo": { "AllTotal": 5 }, "DomainList": zones }))
            }
            _ => fails("ResourceNotFound.NoDataOfRecord"),
        }
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    assert_eq!(inventory.index.iter().count(), 5);
    let lists = server.requests().into_iter().filter(|it| action(it) == "DescribeDomainList");
    let offsets: Vec<u64> =
        lists.map(|it| body(&it)["Offset"].as_u64().expect("an offset")).collect();
    assert_eq!(offsets, [0, 2, 4]);
    let cut = read(make, |_| {
        response(&json!({ "DomainCountInfo": { "AllTotal": 5 }, "DomainList": [] }))
    });
    assert!(cut.await.expect_err("cut").message.contains("0 of 5"));
}

fn done(request: &Request) -> Reply {
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    recorded("dnspod-CreateRecord").reply()
}

/// The action and the body of what was sent, but for ownership records.
async fn sent(
    make: fn(&str) -> Box<dyn Provider>,
    reads: fn(&Request) -> Option<Reply>,
    wanted: &[&str],
) -> Vec<String> {
    let server =
        ScriptedServer::start(move |request| reads(request).unwrap_or_else(|| done(request)));
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    let endpoints = wanted.iter().map(|text| extdns_model::Endpoint::from_set(set(text))).collect();
    let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
    let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    let outcomes = crate::conformance::suite::apply(provider.as_ref(), &inventory, &desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let requests = server.requests().into_iter().filter(|request| reads(request).is_none());
    let lines = requests.map(|it| format!("{} {}", action(&it), String::from_utf8_lossy(&it.body)));
    let mut lines: Vec<String> = lines.filter(|line| !line.contains("heritage")).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 700 192.0.2.2;192.0.2.9",
        "alias.example.org CNAME 600 lb.example.net",
        "example.org MX 0 10 mail.example.org",
    ];
    let line = r#""RecordLine":"默认","RecordLineId":"0","#;
    assert_eq!(
        sent(make, reads, &wanted).await,
        [
            format!(
                r#"CreateRecord {{"Domain":"example.org","MX":10,{line}"RecordType":"MX","SubDomain":"@","TTL":600,"Value":"mail.example.org"}}"#
            ),
            format!(
                r#"ModifyRecord {{"Domain":"example.org","RecordId":1,{line}"RecordType":"A","SubDomain":"two","TTL":700,"Value":"192.0.2.9"}}"#
            ),
            format!(
                r#"ModifyRecord {{"Domain":"example.org","RecordId":2,{line}"RecordType":"A","SubDomain":"two","TTL":700,"Value":"192.0.2.2"}}"#
            ),
        ]
    );
    // Upstream compares `lb.example.net.` with a target without its dot, and finds nothing to delete or to keep.
    let wanted = ["two.example.org A 600 192.0.2.1;192.0.2.2"];
    assert_eq!(
        sent(make, reads, &wanted).await,
        [6, 7].map(|id| format!(r#"DeleteRecord {{"Domain":"example.org","RecordId":{id}}}"#))
    );
}

/// Every member of the documented requests that ours has says the same.
#[test]
fn writes_hold_what_the_service_documents() {
    let zone = Zone::new("dnspod.cn", Name::as_listed("dnspod.cn"));
    for (name, api, text) in [
        ("dnspod-CreateRecord", &PUBLIC, "bbbb.dnspod.cn A 600 198.51.100.1"),
        ("dnspod-ModifyRecord", &PUBLIC, "bbbb.dnspod.cn A 600 198.51.100.1"),
        ("privatedns-CreatePrivateZoneRecord", &PRIVATE, "b.dnspod.cn A 600 3.3.3.3"),
        ("privatedns-ModifyPrivateZoneRecord", &PRIVATE, "mail.dnspod.cn MX 300 10 stmp.qq.com"),
    ] {
        for (member, value) in api.written(&zone, &set(text)) {
            assert_eq!(recorded(name).sent()[&member], value, "{name}: {member}");
        }
    }
}

fn private_reads(request: &Request) -> Option<Reply> {
    let owned = "heritage=external-dns,external-dns/owner=kit";
    let record = |id: &str, name: &str, rtype: &str, value: &str| json!({ "RecordId": id, "SubDomain": name, "RecordType": rtype, "RecordValue": value, "TTL": 600 });
    Some(response(&match action(request) {
        "DescribePrivateZoneList" => {
            json!({ "TotalCount": 1, "PrivateZoneSet": [{ "ZoneId": "zone-1", "Domain": "example.org" }] })
        }
        "DescribePrivateZoneRecordList" => json!({ "TotalCount": 3, "RecordSet": [
            record("1", "two", "A", "192.0.2.1"), record("2", "two", "A", "192.0.2.2"), record("3", "own-a.two", "TXT", owned) ] }),
        _ => return None,
    }))
}

#[tokio::test]
async fn a_private_zone_keeps_one_record_and_loses_others_together() {
    let keeps = r#"CreatePrivateZoneRecord {"RecordType":"TXT","RecordValue":"tencent_provider_record","SubDomain":"@","ZoneId":"zone-1"}"#;
    let wanted = sent(make_private, private_reads, &[]).await;
    assert_eq!(wanted[0], keeps);
    assert!(wanted[1..].iter().all(|it| it.starts_with("DeletePrivateZoneRecord")), "{wanted:#?}");
    assert!(wanted[1..].join(" ").contains(r#""RecordIdSet":["1","2""#), "{wanted:#?}");
    // It is there: nothing is made, and nobody sees it.
    let kept = |request: &Request| match action(request) {
        "DescribePrivateZoneRecordList" => Some(response(&json!({ "TotalCount": 1, "RecordSet": [
            { "RecordId": "9", "SubDomain": "@", "RecordType": "TXT", "RecordValue": KEPT[2].1, "TTL": 600 }] }))),
        _ => private_reads(request),
    };
    let own = sent(make_private, kept, &["www.example.org A 0 192.0.2.7"]).await;
    assert_eq!(
        own,
        [
            r#"CreatePrivateZoneRecord {"RecordType":"A","RecordValue":"192.0.2.7","SubDomain":"www","TTL":600,"ZoneId":"zone-1"}"#
        ]
    );
    assert!(
        read(make_private, move |request| kept(request).expect("a read"))
            .await
            .expect("readable")
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |code: &str| {
        json!({ "Response": { "Error": { "Code": code, "Message": "SECRET" } } }).to_string()
    };
    let gone = recorded("dnspod-ModifyTXTRecord-2").answered().to_string();
    let table = [
        (
            200,
            said("AuthFailure.SignatureFailure"),
            FailureKind::Unauthorised,
            "--tencent-cloud-config-file",
        ),
        (200, said("UnauthorizedOperation"), FailureKind::Unauthorised, "policies"),
        (401, said("Unknown"), FailureKind::Unauthorised, "check secretId"),
        (403, said("Unknown"), FailureKind::Unauthorised, "check secretId"),
        (
            200,
            said("InvalidParameterValue.DomainNotExists"),
            FailureKind::ZoneGone,
            "--exclude-domains",
        ),
        (404, said("Unknown"), FailureKind::ZoneGone, "--exclude-domains"),
        (200, gone, FailureKind::RecordGone, "RecordIdInvalid"),
        (200, said("InvalidParameter.DomainRecordExist"), FailureKind::Conflict, "in the way"),
        (409, said("Unknown"), FailureKind::Conflict, "in the way"),
        (
            200,
            said("InvalidParameter.RecordValueInvalid"),
            FailureKind::Rejected,
            "correct the target",
        ),
        (422, said("Unknown"), FailureKind::Rejected, "correct the target"),
        (200, said("LimitExceeded.RecordTtlLimit"), FailureKind::Rejected, "TTL of the record"),
        (200, said("LimitExceeded.SubdomainRecord"), FailureKind::Quota, "higher limit"),
        (200, said("RequestLimitExceeded"), FailureKind::Throttled, "less often"),
        (429, said("Unknown"), FailureKind::Throttled, "less often"),
    ];
    let table: Vec<_> = table
        .iter()
        .map(|(status, body, kind, text)| (*status, body.as_str(), *kind, *text))
        .collect();
    refusals(make, reads, &table).await;
    let bad = said("AuthFailure.SecretIdNotFound");
    failing_reads(make, &[(200, bad.as_str(), ErrorKind::Unauthorised, "SecretIdNotFound")]).await;
}

/// Upstream repeats every failure but this one, and this one not.
#[tokio::test(start_paused = true)]
async fn too_many_calls_are_repeated_and_a_wrong_key_is_not() {
    for (code, least, most) in
        [("RequestLimitExceeded", 2, 100), ("AuthFailure.SecretIdNotFound", 1, 1)]
    {
        let server = ScriptedServer::start(move |_| fails(code));
        make(&server.url()).read().await.expect_err("a failure");
        let calls = server.requests().len();
        assert!((least..=most).contains(&calls), "{code}: {calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_an_hour_is_named_with_that_of_the_service() {
    wrong_clock(
        make,
        200,
        r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire","Message":"no"}}}"#,
    )
    .await;
}

#[test]
fn the_file_is_json_and_needs_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let with = |text: &str, zones: &str| {
        let path = folder.path().join("file");
        std::fs::write(&path, text).expect("a file");
        let args = TencentcloudArgs {
            tencent_cloud_config_file: path.to_str().expect("a path").to_owned(),
            tencent_cloud_zone_type: zones.to_owned(),
        };
        provider(&args, &Context::default()).map(drop).map_err(|it| it.message)
    };
    let whole = r#"{"regionId":"ap-shanghai","secretId":"a","secretKey":"S3CRET","vpcId":"v","internetEndpoint":true}"#;
    assert_eq!(with(whole, "private"), Ok(()));
    assert_eq!(with(r#"{"secretId":"a","secretKey":"b"}"#, "public"), Ok(()));
    assert!(
        with(r#"{"secretId":"a","secretKey":"b"}"#, "private")
            .expect_err("no VPC")
            .contains("vpcId")
    );
    assert!(with(r#"{"secretId":"a"}"#, "").expect_err("half a key").contains("secretKey"));
    let bad = with(r#"{"secretKey":["S3CRET"]}"#, "").expect_err("no text");
    assert!(bad.contains("cannot be used") && !bad.contains("S3CRET"), "{bad}");
}
