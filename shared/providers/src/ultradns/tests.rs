//! UltraDNS over a server that speaks as it does.

use std::sync::Mutex;

use extdns_model::{FailureKind, Name, Outcome, Record};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use super::dialect::{DIALECT, FRONT};
use super::*;
use crate::Environment;
use crate::conformance::contract::{failing_reads, read, refusals, set, writes};
use crate::conformance::recorded::Exchange;
use crate::conformance::{OverHttp, SECRET};

const SITE_BACKER: Pools = Pools::SiteBacker { probes: true, acts: false };
const SITE_BACKER_POOLS: [(&str, &str); 2] =
    [("ULTRADNS_POOL_TYPE", "sbpool"), ("ULTRADNS_ENABLE_ACTONPROBE", "false")];

/// Without the bound of a request: the clock that the tests stop runs ahead while an answer is on its way.
fn with(url: &str, more: &[(&str, &str)]) -> Box<dyn Provider> {
    let capabilities = Capabilities { request_time: None, ..capabilities() };
    Box::new(over(&context(url, more), capabilities).expect("a client"))
}

/// The variables of the user `kit`, and more of them.
fn context(url: &str, more: &[(&str, &str)]) -> Context {
    let (password, base) = (STANDARD.encode(SECRET), format!("{url}/"));
    let usual = [
        ("ULTRADNS_USERNAME", "kit"),
        ("ULTRADNS_PASSWORD", &password),
        ("ULTRADNS_BASEURL", &base),
    ];
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let environment = Environment::new(usual.iter().chain(more).map(owned).collect());
    Context { environment, ..Context::default() }
}

fn make(url: &str) -> Box<dyn Provider> {
    with(url, &[])
}

fn site_backer(url: &str) -> Box<dyn Provider> {
    with(url, &SITE_BACKER_POOLS)
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::behind(FRONT, DIALECT, make)
    }
}

fn recorded(name: &str) -> Exchange {
    Exchange::of("ultradns", name)
}

fn login() -> Reply {
    recorded("docs-manage-auth-token").reply()
}

fn rrset(owner: &str, rtype: &str, rdata: &[&str]) -> Value {
    json!({ "ownerName": owner, "rrtype": rtype, "ttl": 300, "rdata": rdata })
}

fn rrsets(sets: &Value, offset: usize, total: usize) -> Reply {
    let count = sets.as_array().expect("sets").len();
    let info = json!({ "totalCount": total, "offset": offset, "returnedCount": count });
    Reply::json(200, &json!({ "zoneName": "example.org.", "rrSets": sets, "resultInfo": info }))
}

fn zones(names: &[&str]) -> Reply {
    let zones: Vec<Value> =
        names.iter().map(|it| json!({ "properties": { "name": it } })).collect();
    let info = json!({ "totalCount": names.len(), "offset": 0, "returnedCount": names.len() });
    Reply::json(200, &json!({ "zones": zones, "resultInfo": info }))
}

fn reads(request: &Request) -> Option<Reply> {
    match (request.method.as_str(), request.target().as_str()) {
        ("POST", "/authorization/token") => Some(login()),
        ("GET", "/zones/?limit=1000") => Some(zones(&["example.org."])),
        ("GET", "/zones/example.org./rrsets?limit=1000") => {
            let mut pool = rrset("two.example.org.", "A (1)", &["192.0.2.1", "192.0.2.2"]);
            pool["profile"] =
                json!({ "@context": "http://schemas.ultradns.com/RDPool.jsonschema" });
            let owned = "heritage=external-dns,external-dns/owner=kit";
            let sets = json!([pool, rrset("own-a.two.example.org.", "TXT (16)", &[owned])]);
            Some(rrsets(&sets, 0, 2))
        }
        _ => None,
    }
}

fn successful(_: &Request) -> Reply {
    recorded("v2-create-rrset-a").reply()
}

#[tokio::test]
async fn recorded_lists_are_read_whole() {
    let sets = read(make, |request| match request.target().as_str() {
        "/authorization/token" => login(),
        "/zones/?limit=1000" => zones(&["example-abtest.com."]),
        "/zones/example-abtest.com./rrsets?limit=1000" => recorded("v2-list-rrsets").reply(),
        other => panic!("{other}"),
    });
    let sets = sets.await.expect("readable");
    // All but the SOA.
    assert_eq!(sets.len(), 28, "{sets:#?}");
    for expected in [
        "_acme-challenge.createrecordset.example-abtest.com 3600 IN TXT  challengetoken1;challengetoken2 []",
        // The service has put the name of the zone behind a host without a final dot.
        "docs.example-abtest.com 3600 IN CNAME  docs.example.com.example-abtest.com []",
        "example-abtest.com 300 IN MX  10 mail10.example.com;20 mail20.example.com []",
        "localhost.example-abtest.com 3600 IN A  127.0.0.1 []",
    ] {
        assert!(sets.iter().any(|it| it == expected), "{expected} of {sets:#?}");
    }
}

#[tokio::test]
async fn pages_of_sets_are_read_by_their_offsets_to_the_last_which_may_be_empty() {
    let server = ScriptedServer::start(|request| match request.target().as_str() {
        "/authorization/token" => login(),
        "/zones/?limit=1000" => zones(&["octodns1.test.", "empty.test.", "full.test."]),
        "/zones/octodns1.test./rrsets?limit=1000" => recorded("v2-list-rrsets-page1").reply(),
        // The recorded page has an item more than it says.
        "/zones/octodns1.test./rrsets?limit=1000&offset=11" => {
            recorded("v2-list-rrsets-page2").reply()
        }
        "/zones/empty.test./rrsets?limit=1000" => {
            Reply::json(404, &json!([{ "errorCode": 70002, "errorMessage": "Data not found." }]))
        }
        "/zones/full.test./rrsets?limit=1000" => {
            rrsets(&json!([rrset("a.full.test.", "A (1)", &["192.0.2.1"])]), 0, 2)
        }
        "/zones/full.test./rrsets?limit=1000&offset=1" => rrsets(&json!([]), 1, 1),
        other => panic!("{other}"),
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    let line = |(_, it): (_, &Record)| format!("{} {}", it.set, it.read_only().unwrap_or("ours"));
    let sets: Vec<String> = inventory.records().map(line).collect();
    assert_eq!(sets.len(), 10, "{sets:#?}");
    for expected in [
        "aaaa.octodns1.test 3600 IN AAAA  ::1 [] ours",
        "_srv._tcp.octodns1.test 3600 IN SRV  0 20 443 cname.octodns1.test. [] ours",
        "txt.octodns1.test 3600 IN TXT  foobar;v=spf1 -all [] ours",
        "octodns1.test 3600 IN A  1.2.3.4;1.2.3.5;1.2.3.6 [] ours",
        "a.full.test 300 IN A  192.0.2.1 [] ours",
    ] {
        assert!(sets.iter().any(|it| it == expected), "{expected} of {sets:#?}");
    }
    // A pool that answers by place is no set of addresses that can be written.
    let pool = sets.iter().find(|it| it.starts_with("dirpool.octodns1.test")).expect("a pool");
    assert!(pool.ends_with("manage it at UltraDNS"), "{pool}");
}

#[tokio::test]
async fn zones_are_listed_once_whatever_the_form_of_the_list() {
    const EMPTY: &str = r#"[{"errorCode":70002,"errorMessage":"Data not found."}]"#;
    type Answers = fn(&str) -> Option<Reply>;
    let table: [(Answers, usize); 4] = [
        (
            |target| match target {
                "/zones/?limit=1000" => Some(recorded("v2-list-zones-page1").reply()),
                "/zones/?limit=1000&cursor=b2N0b2RuczE4LnRlc3QuOk5FWFQK" => {
                    Some(recorded("docs-list-zones").reply())
                }
                _ => None,
            },
            12,
        ),
        // Where the list of the first version is gone, that of the third is read.
        (
            |target| match target {
                "/zones/?limit=1000" => Some(Reply::json(410, &json!([]))),
                "/v3/zones?limit=1000" => Some(recorded("docs-list-zones").reply()),
                _ => None,
            },
            2,
        ),
        (
            |target| {
                let empty = Reply::new(404).header("content-type", "application/json").body(EMPTY);
                (target == "/zones/?limit=1000").then_some(empty)
            },
            0,
        ),
        // The last page may be empty.
        (
            |target| match target {
                "/zones/?limit=1000" => {
                    let info = json!({ "totalCount": 2 });
                    let zones = json!([{ "properties": { "name": "a.test." } }]);
                    Some(Reply::json(200, &json!({ "zones": zones, "resultInfo": info })))
                }
                "/zones/?limit=1000&offset=1" => Some(Reply::json(
                    200,
                    &json!({ "zones": [], "resultInfo": { "totalCount": 1 } }),
                )),
                _ => None,
            },
            1,
        ),
    ];
    for (answers, count) in table {
        let server = ScriptedServer::start(move |request| match request.path.as_str() {
            "/authorization/token" => login(),
            path if path.ends_with("/rrsets") => rrsets(&json!([]), 0, 0),
            _ => answers(&request.target()).unwrap_or_else(|| panic!("{}", request.target())),
        });
        let inventory = make(&server.url()).read().await.expect("readable");
        assert_eq!(inventory.zones.len(), count);
    }
    // Upstream asks once for each domain of the filter, and once more for what of the account is left.
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/authorization/token" => login(),
        "/zones/" => zones(&["example.org."]),
        _ => rrsets(&json!([]), 0, 0),
    });
    with(&server.url(), &[("ULTRADNS_ACCOUNTNAME", "My Account")]).read().await.expect("readable");
    let lists: Vec<String> = server.requests().iter().map(Request::target).collect();
    assert_eq!(lists[1], "/zones/?q=account_name%3AMy%2520Account&limit=1000");
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    let wanted = [
        "two.example.org A 600 192.0.2.2",
        "pool.example.org AAAA 300 2001:db8::1;2001:db8::2",
        "example.org A 300 192.0.2.9",
        // A TTL is none of another set: upstream takes the one before.
        "usual.example.org A 0 192.0.2.9",
        "cn.example.org CNAME 0 lb.example.net",
        "*.wild.example.org NS 300 ns1.example.net;ns2.example.net",
        "txt.example.org TXT 300 \"hello world\"",
        "_sip._udp.example.org SRV 300 10 20 5060 sip.example.org.",
    ];
    let (mut sent, outcomes) = writes(make, reads, successful, &wanted).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    sent.retain(|line| !line.contains("heritage"));
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"POST /zones/example.org./rrsets/A/example.org. {"ownerName":"example.org.","rrtype":"A","ttl":300,"rdata":["192.0.2.9"]}"#,
            r#"POST /zones/example.org./rrsets/A/usual.example.org. {"ownerName":"usual.example.org.","rrtype":"A","rdata":["192.0.2.9"]}"#,
            r#"POST /zones/example.org./rrsets/AAAA/pool.example.org. {"ownerName":"pool.example.org.","rrtype":"AAAA","ttl":300,"rdata":["2001:db8::1","2001:db8::2"],"profile":{"@context":"http://schemas.ultradns.com/RDPool.jsonschema","description":"pool.example.org.","order":"ROUND_ROBIN"}}"#,
            r#"POST /zones/example.org./rrsets/CNAME/cn.example.org. {"ownerName":"cn.example.org.","rrtype":"CNAME","rdata":["lb.example.net."]}"#,
            r#"POST /zones/example.org./rrsets/NS/*.wild.example.org. {"ownerName":"*.wild.example.org.","rrtype":"NS","ttl":300,"rdata":["ns1.example.net.","ns2.example.net."]}"#,
            r#"POST /zones/example.org./rrsets/SRV/_sip._udp.example.org. {"ownerName":"_sip._udp.example.org.","rrtype":"SRV","ttl":300,"rdata":["10 20 5060 sip.example.org."]}"#,
            r#"POST /zones/example.org./rrsets/TXT/txt.example.org. {"ownerName":"txt.example.org.","rrtype":"TXT","ttl":300,"rdata":["hello world"]}"#,
            // One address is no pool any more.
            r#"PUT /zones/example.org./rrsets/A/two.example.org. {"ownerName":"two.example.org.","rrtype":"A","ttl":600,"rdata":["192.0.2.2"]}"#,
        ]
    );
}

#[test]
fn writes_hold_what_the_service_took() {
    let zone = Zone::new("example-abtest.com.", Name::as_listed("example-abtest.com"));
    for name in ["v2-create-rrset-a", "v2-create-rrset-txt", "v2-update-rrset"] {
        let exchange = recorded(name);
        let sent = exchange.sent();
        let [owner, rtype] = ["ownerName", "rrtype"].map(|it| sent[it].as_str().expect("text"));
        let values: Vec<&str> =
            sent["rdata"].as_array().expect("values").iter().filter_map(Value::as_str).collect();
        let wanted =
            set(&format!("{} {rtype} 3600 {}", owner.trim_end_matches('.'), values.join(";")));
        let mut ours = serde_json::to_value(written(&zone, &wanted, SITE_BACKER)).expect("JSON");
        let sorted = |it: &Value| {
            let mut all: Vec<String> =
                it.as_array().expect("values").iter().map(Value::to_string).collect();
            all.sort();
            all
        };
        // The order of values means nothing.
        assert_eq!(sorted(&ours["rdata"]), sorted(&sent["rdata"]), "{name}");
        ours["rdata"] = sent["rdata"].clone();
        assert_eq!(&ours, sent, "{name}");
    }
    let rest = Context::default().rest(&SERVICE, Some("http://h/v2"), crate::rest::Auth::none());
    let (verb, target) =
        ("DELETE", "/v2/zones/example-abtest.com./rrsets/TXT/delete.testfilt.example-abtest.com.");
    assert_eq!(recorded("v2-delete-rrset").asked(), (verb, target));
    let path =
        ["zones", "example-abtest.com.", "rrsets", "TXT", "delete.testfilt.example-abtest.com."];
    assert_eq!(rest.expect("a client").delete(&path).to_string(), format!("{verb} {target}"));
}

#[test]
fn several_addresses_are_a_pool_of_the_kind_that_is_set() {
    let two = set("two.example.org A 300 192.0.2.1;192.0.2.2");
    let each = json!({ "state": "NORMAL", "runProbes": true, "priority": 1, "threshold": 1, "weight": null });
    let expected = json!({
        "@context": "http://schemas.ultradns.com/SBPool.jsonschema", "description": "two.example.org.", "runProbes": true,
        "actOnProbes": false, "order": "ROUND_ROBIN", "maxActive": 2, "maxServed": 2, "rdataInfo": [each, each], "backupRecords": [],
    });
    assert_eq!(SITE_BACKER.profile(&two), Some(expected.clone()));
    assert_eq!(pool::foreign(&json!({ "profile": expected })), None);
    let v6 = set("six.example.org AAAA 300 2001:db8::1;2001:db8::2");
    let refused = SITE_BACKER.refusal(&v6).expect("refused");
    assert!(refused.contains("ULTRADNS_POOL_TYPE=rdpool"), "{refused}");
    for (pools, text) in [
        (Pools::ResourceDistribution, "six.example.org AAAA 300 2001:db8::1;2001:db8::2"),
        (SITE_BACKER, "six.example.org AAAA 300 2001:db8::1"),
        (SITE_BACKER, "txt.example.org TXT 300 a;b"),
    ] {
        assert_eq!(pools.refusal(&set(text)), None, "{text}");
    }
    assert_eq!(SITE_BACKER.profile(&set("txt.example.org TXT 300 a;b")), None);
}

#[tokio::test]
async fn a_pool_becomes_one_of_another_kind_with_one_call() {
    for (make, context) in [(make as fn(&str) -> _, "RDPool"), (site_backer, "SBPool")] {
        let wanted = ["two.example.org A 300 192.0.2.1;192.0.2.3"];
        let (sent, _) = writes(make, reads, successful, &wanted).await;
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0].starts_with("PUT ") && sent[0].contains(context), "{sent:?}");
    }
}

/// Upstream deletes a CNAME whose name a text shall have, and then says that both cannot be.
#[tokio::test]
async fn a_text_beside_a_cname_is_held_back_and_deletes_nothing() {
    let server =
        ScriptedServer::start(|request| reads(request).unwrap_or_else(|| successful(request)));
    let provider = make(&server.url());
    provider.read().await.expect("readable");
    let [cname, text] =
        ["cn.example.org CNAME 300 lb.example.net", "cn.example.org TXT 300 a"].map(set);
    let zone = Zone::new("example.org.", Name::as_listed("example.org"));
    let around = Surroundings { beside: &[&cname], ..Surroundings::alone(&zone, &text) };
    assert!(provider.refusal(&text, around).expect("held back").contains("CNAME"));
    assert!(server.requests().iter().all(|it| it.method != "DELETE"));
}

/// A change is done when its task is: upstream asks on for ever, and takes a failure for a success.
#[tokio::test(start_paused = true)]
async fn a_change_that_is_a_task_is_waited_for() {
    const WANTED: [&str; 1] = ["new.example.org A 300 192.0.2.1"];
    let task = |code: &str| {
        Reply::json(200, &json!({ "taskId": "t-1", "code": code, "message": "no such pool" }))
    };
    let table = [
        (&["PENDING", "IN_PROCESS", "COMPLETE"][..], None),
        (&["PENDING", "ERROR"], Some((FailureKind::Rejected, "no such pool; correct"))),
        (&["PENDING"; 40], Some((FailureKind::Transient, "does not end"))),
    ];
    for (codes, expected) in table {
        let left = Mutex::new(codes.to_vec());
        let answer = move |request: &Request| match (request.method.as_str(), request.path.as_str())
        {
            ("GET", "/tasks/t-1") => {
                let mut left = left.lock().expect("codes");
                let code = left.remove(0);
                if left.is_empty() {
                    left.push(code);
                }
                task(code)
            }
            ("POST", path) if path.contains("/TXT/") => successful(request),
            ("POST", _) => Reply::json(202, &json!({})).header("x-task-id", "t-1"),
            _ => Reply::new(204),
        };
        let (_, outcomes) = writes(make, reads, answer, &WANTED).await;
        match (outcomes.last().expect("an outcome"), expected) {
            (Outcome::Applied, None) => {}
            (
                Outcome::Rejected(failure)
                | Outcome::Failed(failure)
                | Outcome::Partial { reason: failure, .. }
                | Outcome::Unknown(failure),
                Some((kind, text)),
            ) => {
                assert_eq!(failure.kind, kind, "{failure}");
                assert!(failure.message.contains(text), "{failure}");
            }
            (outcome, _) => panic!("{outcome:?}"),
        }
    }
    let done = recorded("docs-check-task");
    assert_eq!(done.answered()["code"], "COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let said = |name: &str| recorded(name).answered().to_string();
    let (header, bad, gone) = (said("error-400"), said("error-401"), said("v2-zone-404"));
    let table = [
        (
            400,
            header.as_str(),
            FailureKind::Unauthorised,
            "Authorization Header required; check ULTRADNS_USERNAME",
        ),
        (401, bad.as_str(), FailureKind::Unauthorised, "ULTRADNS_PASSWORD"),
        (
            403,
            r#"[{"errorCode":7021,"errorMessage":"SECRET: no permission"}]"#,
            FailureKind::Unauthorised,
            "may change the records",
        ),
        (
            404,
            gone.as_str(),
            FailureKind::ZoneGone,
            "Zone does not exist in the system.; add the zone",
        ),
        (
            400,
            r#"[{"errorCode":2111,"errorMessage":"Resource Record already exists."}]"#,
            FailureKind::Conflict,
            "in the way",
        ),
        (409, r#"[{"errorCode":1,"errorMessage":"in use"}]"#, FailureKind::Conflict, "in the way"),
        (
            400,
            r#"{"errorCode":53005,"errorMessage":"Cannot parse rdata"}"#,
            FailureKind::Rejected,
            "Cannot parse rdata; correct the target",
        ),
        (422, r#"[{"errorMessage":"odd"}]"#, FailureKind::Rejected, "correct the target"),
        (429, r#"[{"errorMessage":"slow"}]"#, FailureKind::Throttled, "less often"),
    ];
    refusals(make, reads, &table).await;
    failing_reads(
        make,
        &[(
            401,
            r#"{"errorCode":60001,"errorMessage":"SECRET"}"#,
            ErrorKind::Unauthorised,
            "ULTRADNS_USERNAME",
        )],
    )
    .await;
}

#[test]
fn every_variable_is_held_to_what_it_may_be() {
    let pools = |more| Pools::find(&context("http://h", more).environment).expect("pools");
    assert_eq!(pools(&[]), Pools::ResourceDistribution);
    assert_eq!(pools(&SITE_BACKER_POOLS), SITE_BACKER);
    for (name, value, text) in [
        ("ULTRADNS_USERNAME", "", "ULTRADNS_USERNAME is not set"),
        ("ULTRADNS_PASSWORD", "", "ULTRADNS_PASSWORD is not set"),
        ("ULTRADNS_BASEURL", "", "ULTRADNS_BASEURL is not set"),
        ("ULTRADNS_PASSWORD", "s3cr3t!", "ULTRADNS_PASSWORD is not in base64"),
        ("ULTRADNS_BASEURL", "ultradns", "https://host/path"),
        ("ULTRADNS_ENABLE_PROBING", "yes", "use true or false"),
        ("ULTRADNS_ENABLE_ACTONPROBE", "1", "use true or false"),
        ("ULTRADNS_POOL_TYPE", "tcpool", "use rdpool or sbpool"),
    ] {
        let error = provider(&context("http://h", &[(name, value)])).err().expect(text).message;
        assert!(error.contains(text) && !error.contains("s3cr3t"), "{error}");
    }
}
