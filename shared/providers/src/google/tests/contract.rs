//! Recorded exchanges, failures, and what upstream does not do.

use extdns_model::{FailureKind, Outcome, Surroundings};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};

use super::super::*;
use super::support::{endpoint, private, rrset, run, sent, server, written, zone};
use super::{make, make_with};
use crate::conformance::recorded::Exchange;
use crate::{Environment, Reader as _};

use RecordType::{A, Aaaa, Cname, Txt};

fn recorded(name: &str) -> Exchange {
    Exchange::of("google", name)
}

#[tokio::test]
async fn recorded_lists_are_read() {
    let server = ScriptedServer::start(|request| match request.path.rsplit('/').next() {
        Some("managedZones") => recorded("list-managed-zones").reply(),
        _ => recorded("list-rrsets").reply(),
    });
    let inventory = make(&server.url()).read().await.expect("readable");
    assert!(!inventory.index.is_empty());
    let sets: Vec<String> = inventory.records().map(|(_, it)| it.set.to_string()).collect();
    for expected in [
        "localhost.example.com 3600 IN A  127.0.0.1 []",
        "docs.example.com 3600 IN CNAME  docs.example.com []",
        "_acme-challenge.createrecordset.example.com 3600 IN TXT  \"challengetoken1\";\"challengetoken2\" []",
    ] {
        assert!(sets.iter().any(|set| set == expected), "{expected} in {sets:#?}");
    }
}

/// Each recorded change is made of the records that it deletes and adds.
#[test]
fn changes_are_those_that_the_service_took() {
    let of = |value: &Value| -> Vec<Rrset> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| serde_json::from_value(it.clone()).expect("a set"))
            .collect()
    };
    for name in [
        "create-change-add-a",
        "create-change-replace-txt",
        "kcc-change-add",
        "kcc-change-delete",
        "kcc-change-replace",
    ] {
        let exchange = recorded(name);
        let sent = exchange.sent();
        let (deletions, additions) = (of(&sent["deletions"]), of(&sent["additions"]));
        let record = |set: &Rrset| set.clone().record().expect("a record");
        let actions = deletions.iter().map(|set| {
            let Record { set, labels, origin, .. } = record(set);
            extdns_model::Action::Delete(Stored { set, labels, origin })
        });
        let new = additions.iter().map(|set| {
            let (labels, hints) = Default::default();
            extdns_model::Action::Create(extdns_model::Planned {
                set: record(set).set,
                labels,
                hints,
            })
        });
        let mut changes = Changes::default();
        actions.chain(new).for_each(|action| changes.add(&action));
        let ours = json!(changes);
        for list in ["additions", "deletions"] {
            assert_eq!(of(&ours[list]), of(&sent[list]), "{name}");
            assert_eq!(
                ours[list].is_null(),
                sent[list].as_array().is_none_or(Vec::is_empty),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_name_with_a_routing_policy_is_left_alone() {
    let exchange = recorded("kcc-list-rrset-routing-policy");
    let routed: Value = serde_json::from_slice(exchange.reply().content()).expect("JSON");
    let routed = routed["rrsets"][0].clone();
    let name = "cnrm-dns-example-abc123.com";
    let records = vec![
        routed,
        rrset(&format!("{name}."), "AAAA", 300, &["2001:db8::1"]),
        rrset(&format!("www.{name}."), "A", 300, &["192.0.2.1"]),
    ];
    let server =
        server(vec![zone(1, "zone-1", &format!("{name}."))], vec![("zone-1", records)], |_| None);
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    let names: Vec<String> =
        inventory.records().map(|(_, record)| record.set.name.to_string()).collect();
    assert_eq!(names, [format!("www.{name}")]);
    let zone = inventory.index.iter().next().expect("a zone").1;
    let refusal = |name: &str, rtype| {
        let set = endpoint(name, rtype, 300, &["192.0.2.7"]).set;
        provider.refusal(&set, Surroundings::alone(zone, &set))
    };
    for rtype in [A, Aaaa, Txt] {
        let reason = refusal(name, rtype).expect("refused");
        assert!(reason.contains("a routing policy, which is never touched; delete"), "{reason}");
    }
    assert_eq!(refusal(&format!("www.{name}"), A), None);
}

#[tokio::test]
async fn of_zones_with_one_domain_the_public_one_is_managed_unless_all_shall_be() {
    let zones = || {
        vec![
            private(zone(3, "inside", "example.org.")),
            zone(20, "second", "example.org."),
            zone(4, "first", "example.org."),
            private(zone(9, "b", "local.")),
            private(zone(10, "a", "local.")),
        ]
    };
    let desired = || {
        ["www.example.org", "www.local"].map(|name| endpoint(name, A, 0, &["192.0.2.1"])).to_vec()
    };
    let table: [(&[&str], &[&str]); 3] = [
        (&[], &["b", "first"]),
        (&["--google-zone-visibility=private"], &["b", "inside"]),
        (&["--google-split-horizon"], &["a", "b", "first", "inside", "second"]),
    ];
    for (flags, expected) in table {
        let server = server(zones(), Vec::new(), |_| None);
        let outcomes =
            run(&*make_with(&server.url(), flags, ZoneFilter::default()), desired()).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
        let mut written: Vec<String> = sent(&server).into_iter().map(|(zone, _)| zone).collect();
        written.sort();
        assert_eq!(written, expected, "{flags:?}");
    }
}

/// A deletion must be exactly what is there, also where ours would be written otherwise.
#[tokio::test]
async fn what_is_deleted_is_what_was_read() {
    let records = vec![
        rrset("long.example.org.", "TXT", 42, &["\"one \" \"text\""]),
        rrset("odd.example.org.", "CNAME", 0, &["Lb.Example.NET."]),
        rrset("two.example.org.", "A", 300, &["192.0.2.9", "192.0.2.1"]),
    ];
    let expected = [
        written("long.example.org.", "TXT", 42, &["\"one \" \"text\""]),
        written("odd.example.org.", "CNAME", 0, &["Lb.Example.NET."]),
        written("two.example.org.", "A", 300, &["192.0.2.9", "192.0.2.1"]),
    ];
    let server =
        server(vec![zone(1, "zone-1", "example.org.")], vec![("zone-1", records)], |_| None);
    run(&*make(&server.url()), Vec::new()).await;
    let [(_, body)] = &sent(&server)[..] else { panic!("one change") };
    assert_eq!(body["additions"], Value::Null);
    let mut deletions = body["deletions"].as_array().expect("some").clone();
    deletions.sort_by_key(|set| set["name"].to_string());
    assert_eq!(deletions, expected);
}

#[tokio::test]
async fn properties_and_set_identifiers_are_not_stored() {
    let server = server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), |_| None);
    let provider = make(&server.url());
    let mut own = endpoint("www.example.org", Cname, 0, &["lb.example.net"]);
    own.set.set_set_identifier("blue");
    own.set.edit_properties(|all| {
        for name in ["alias", "record-type", "google/other"] {
            all.set(name, "true");
        }
    });
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(vec![own], &inventory.index).await.expect("adjusted");
    let set = &adjusted.endpoints[0].set;
    assert_eq!(set.to_string(), "www.example.org 300 IN CNAME  lb.example.net []");
    assert_eq!(adjusted.notes.len(), 2, "{:?}", adjusted.notes);
}

fn refusing(status: u16, reason: &str, message: &str) -> Reply {
    let error = json!({ "domain": "global", "reason": reason, "message": message });
    Reply::json(
        status,
        &json!({ "error": { "code": status, "message": message, "errors": [error] } }),
    )
}

/// The error that names a bad record takes out that one: no more calls than needed.
#[tokio::test]
async fn what_is_refused_by_name_or_number_does_not_stop_the_others() {
    let table = [
        (400, "invalid", "Invalid value for 'entity.change.additions[1].rrdata[0]': 'x'"),
        (
            409,
            "alreadyExists",
            "The resource 'entity.change.additions[bad.example.org.][A]' named 'bad.example.org. (A)' already exists",
        ),
        (
            404,
            "notFound",
            "The 'entity.change.additions[1]' resource named 'bad.example.org. (A)' does not exist.",
        ),
        (412, "conditionNotMet", "Precondition not met for 'entity.change.additions[1]'"),
    ];
    for (status, reason, message) in table {
        let server = server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), move |request| {
            let bad = String::from_utf8_lossy(&request.body).contains("bad.example.org");
            bad.then(|| refusing(status, reason, message))
        });
        let names = ["a.example.org", "bad.example.org", "c.example.org", "d.example.org"];
        let desired = names.map(|name| endpoint(name, A, 0, &["192.0.2.1"]));
        let flags = ["--google-batch-change-interval=0s"];
        let outcomes =
            run(&*make_with(&server.url(), &flags, ZoneFilter::default()), desired.to_vec()).await;
        let applied = outcomes.iter().filter(|it| **it == Outcome::Applied).count();
        assert_eq!(applied, 3, "{message}: {outcomes:?}");
        let Outcome::Rejected(failure) = &outcomes[1] else { panic!("{outcomes:?}") };
        assert!(failure.message.contains(message), "{failure}");
        assert_eq!(sent(&server).len(), 2, "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_what_they_mean() {
    let table = [
        (
            401,
            "authError",
            "Invalid Credentials",
            FailureKind::Unauthorised,
            "give the account roles/dns.admin",
        ),
        (403, "forbidden", "Forbidden", FailureKind::Unauthorised, "check --google-project"),
        (403, "rateLimitExceeded", "Slow down", FailureKind::Throttled, "HTTP 403: Slow down"),
        (
            403,
            "quotaExceeded",
            "Quota exceeded for quota metric 'Write requests' per minute",
            FailureKind::Throttled,
            "per minute",
        ),
        (
            403,
            "quotaExceeded",
            "The zone is full",
            FailureKind::Quota,
            "ask the provider for a higher limit",
        ),
        (429, "rateLimitExceeded", "Slow down", FailureKind::Throttled, "HTTP 429"),
        (413, "uploadTooLarge", "Too large", FailureKind::Limit, "HTTP 413"),
        (404, "notFound", "managedZone \"zone-1\" not found", FailureKind::ZoneGone, "not found"),
    ];
    for (status, reason, message, kind, text) in table {
        let server = server(vec![zone(1, "zone-1", "example.org.")], Vec::new(), move |request| {
            (request.method == "POST").then(|| refusing(status, reason, message))
        });
        let desired = vec![endpoint("www.example.org", A, 0, &["192.0.2.1"])];
        let outcome = run(&*super::unbounded(&server.url()), desired).await.remove(0);
        let (Outcome::Rejected(failure) | Outcome::Failed(failure)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(text), "{failure}");
    }
}

/// Anything that is no list is no empty list.
#[tokio::test(start_paused = true)]
async fn an_answer_of_another_kind_is_no_empty_list() {
    for body in [json!({}), json!({ "error": {} }), json!([])] {
        let server = ScriptedServer::start(move |_| Reply::json(200, &body));
        let error = super::unbounded(&server.url()).read().await.expect_err("no list");
        assert_eq!(error.kind, ErrorKind::Transient, "{error}");
    }
}

/// The whole way: the credentials of a file, the project of the flag, the header of the project that pays.
#[tokio::test]
async fn credentials_are_those_of_the_environment() {
    let server = ScriptedServer::start(|request| {
        if request.path == "/token" {
            return Reply::json(200, &json!({ "access_token": "a-token", "expires_in": 3600 }));
        }
        assert_eq!(request.header("authorization"), Some("Bearer a-token"));
        assert_eq!(request.header("x-goog-user-project"), Some("pays"));
        let target = "/dns/v1/projects/example-project/managedZones?prettyPrint=false";
        assert_eq!(request.target(), target);
        Reply::json(200, &json!({ "kind": "dns#managedZonesListResponse" }))
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    let login = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "a-secret",
        "refresh_token": "a-refresh-token", "token_uri": format!("{}/token", server.url()),
        "quota_project_id": "pays" });
    std::fs::write(file.path(), login.to_string()).expect("written");
    let (path, url) = (file.path().display().to_string(), format!("{}/", server.url()));
    let environment = Environment::from([
        ("GOOGLE_APPLICATION_CREDENTIALS", path.as_str()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS", url.as_str()),
    ]);
    let context = Context { environment, ..Context::default() };
    let flags = super::args(&["--google-project=example-project"]);
    let provider = provider(&flags, &context).await.expect("a provider");
    for _ in 0..2 {
        assert!(provider.read().await.expect("readable").index.is_empty());
    }
    assert_eq!(server.requests().len(), 1 + 2, "one token for both");
}

#[tokio::test]
async fn without_a_project_every_place_is_named() {
    let environment = Environment::from([("GCE_METADATA_HOST", "metadata.invalid")]);
    let context = Context { environment, ..Context::default() };
    let Err(error) = provider(&super::args(&[]), &context).await else { panic!("no project") };
    assert_eq!(error.kind, ErrorKind::Config);
    let expected = "failed to auto-detect the project id: no project in any of 4 places: (1) --google-project: not given; ";
    assert!(error.message.starts_with(expected), "{error}");
    assert!(
        error.message.contains("(3) the environment (GOOGLE_CLOUD_PROJECT): not set;"),
        "{error}"
    );
}

#[tokio::test]
async fn without_credentials_every_place_is_named() {
    let environment = Environment::from([("GCE_METADATA_HOST", "metadata.invalid")]);
    let context = Context { environment, ..Context::default() };
    let flags = super::args(&["--google-project=example-project"]);
    let provider = provider(&flags, &context).await.expect("nothing is sent yet");
    let error = provider.read().await.expect_err("no credentials");
    assert_eq!(error.kind, ErrorKind::Unauthorised);
    let text = error.to_string();
    for place in [
        "no credentials in any of 3 places: (1) the environment (GOOGLE_APPLICATION_CREDENTIALS): not set; ",
        "(2) the login in the home folder: HOME is not set; run gcloud auth application-default login. ",
        "(3) the metadata server metadata.invalid: ",
    ] {
        assert!(text.contains(place), "{text}");
    }
}

/// Upstream stops at the first change that fails.
#[tokio::test(start_paused = true)]
async fn a_zone_that_fails_does_not_stop_the_others() {
    let zones = vec![zone(1, "zone-1", "a.example.org."), zone(2, "zone-2", "b.example.org.")];
    let server = server(zones, Vec::new(), |request| {
        let fails = request.method == "POST" && request.path.contains("/zone-1/");
        fails.then(|| refusing(403, "forbidden", "Forbidden"))
    });
    let names = ["www.a.example.org", "www.b.example.org"];
    let desired = names.map(|name| endpoint(name, A, 0, &["192.0.2.1"])).to_vec();
    let outcomes = run(&*super::unbounded(&server.url()), desired).await;
    let [Outcome::Failed(_) | Outcome::Rejected(_), Outcome::Applied] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    let zones: Vec<String> = sent(&server).into_iter().map(|(zone, _)| zone).collect();
    assert!(zones.contains(&"zone-2".to_owned()), "{zones:?}");
}
