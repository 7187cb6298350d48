//! The acceptance cases of the specification, by their numbers. Cases 5 and 6 of both kinds are about the domain
//! filter, so they are whole runs: `shared/sync/tests/it/azure.rs`.

use extdns_model::{Endpoint, Outcome};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};

use super::super::*;
use super::support::{endpoint, plan, read, rrset, run, sent, server, values, with};
use super::{make_with, own_group, private, public};
use crate::{Environment, Reader as _};

/// What the fixture of upstream has: the record sets of the apex, and others.
fn fixture(kind: &Kind) -> Vec<Value> {
    let set = |name: &str, rtype: &str, ttl, list| rrset(kind, name, rtype, ttl, list);
    let texts = json!([{ "value": ["heritage=external-dns,external-dns/owner=default"] }]);
    let mut soa = set("@", "A", 3600, json!([]));
    soa["type"] = "Microsoft.Network/dnszones/SOA".into();
    soa["properties"]["SOARecord"] = json!({ "email": "azuredns-hostmaster.microsoft.com" });
    let mut ns = set("@", "A", 172_800, json!([]));
    ns["type"] = format!("Microsoft.Network/{}/NS", kind.zones).into();
    ns["properties"]["NSRecords"] = values("nsdname", &["ns1-01.azure-dns.com."]);
    let mut all = vec![
        ns,
        soa,
        set("@", "A", 0, values("ipv4Address", &["123.123.123.122"])),
        set("@", "AAAA", 0, values("ipv6Address", &["2001::123:123:123:122"])),
        set("@", "TXT", 0, texts.clone()),
        set("nginx", "A", 3600, values("ipv4Address", &["123.123.123.123"])),
        set("nginx", "AAAA", 3600, values("ipv6Address", &["2001::123:123:123:123"])),
        set("nginx", "TXT", 0, texts),
        set("hack", "CNAME", 10, json!({ "cname": "hack.azurewebsites.net" })),
        set("mail", "MX", 4000, json!([{ "preference": 10, "exchange": "example.com" }])),
    ];
    if kind.has_metadata() {
        all.push(set("cloud", "NS", 10, values("nsdname", &["ns1.example.com."])));
    }
    all
}

const FIXTURE: [&str; 8] = [
    "example.com 0 IN A  123.123.123.122 []",
    "example.com 0 IN AAAA  2001::123:123:123:122 []",
    "example.com 0 IN TXT  heritage=external-dns,external-dns/owner=default []",
    "hack.example.com 10 IN CNAME  hack.azurewebsites.net []",
    "mail.example.com 4000 IN MX  10 example.com []",
    "nginx.example.com 0 IN TXT  heritage=external-dns,external-dns/owner=default []",
    "nginx.example.com 3600 IN A  123.123.123.123 []",
    "nginx.example.com 3600 IN AAAA  2001::123:123:123:123 []",
];

#[tokio::test]
async fn azure_case_01_the_zone_is_read_without_its_soa() {
    let server = server(&PUBLIC, vec![("example.com", fixture(&PUBLIC))], |_| None);
    let own = [
        "cloud.example.com 10 IN NS  ns1.example.com []",
        "example.com 172800 IN NS  ns1-01.azure-dns.com []",
    ];
    let mut expected = [&FIXTURE[..], &own].concat();
    expected.sort_unstable();
    assert_eq!(read(&*public(&server.url())).await, expected);
}

#[tokio::test]
async fn azure_private_case_01_the_zone_is_read_without_its_ns_and_soa() {
    let server = server(&PRIVATE, vec![("example.com", fixture(&PRIVATE))], |_| None);
    assert_eq!(read(&*private(&server.url())).await, FIXTURE);
}

async fn reads_several_values(kind: &'static Kind) {
    let mut records = vec![
        rrset(kind, "a", "A", 300, values("ipv4Address", &["192.0.2.1", "192.0.2.2"])),
        rrset(kind, "b", "AAAA", 300, values("ipv6Address", &["2001:db8::1", "2001:db8::2"])),
        rrset(
            kind,
            "c",
            "MX",
            300,
            json!([{ "preference": 10, "exchange": "a.test" }, { "preference": 20, "exchange": "b.test" }]),
        ),
        rrset(
            kind,
            "d",
            "TXT",
            300,
            json!([{ "value": ["one ", "text"] }, { "value": ["another"] }]),
        ),
        rrset(
            kind,
            "e",
            "SRV",
            300,
            json!([{ "priority": 1, "weight": 2, "port": 3, "target": "s.test" }]),
        ),
        rrset(kind, "f", "PTR", 300, values("ptrdname", &["p.test"])),
    ];
    let mut expected = vec![
        "a.example.com 300 IN A  192.0.2.1;192.0.2.2 []",
        "b.example.com 300 IN AAAA  2001:db8::1;2001:db8::2 []",
        "c.example.com 300 IN MX  10 a.test;20 b.test []",
        "d.example.com 300 IN TXT  one text;another []",
        "e.example.com 300 IN SRV  1 2 3 s.test. []",
        "f.example.com 300 IN PTR  p.test []",
    ];
    if kind.has_metadata() {
        records.push(rrset(kind, "g", "NS", 300, values("nsdname", &["n1.test.", "n2.test."])));
        expected.push("g.example.com 300 IN NS  n1.test;n2.test []");
    }
    let server = server(kind, vec![("example.com", records)], |_| None);
    let provider = make_with(&server.url(), kind, own_group(), ZoneFilter::default());
    assert_eq!(read(&*provider).await, expected);
}

#[tokio::test]
async fn azure_case_02_record_sets_with_several_values() {
    reads_several_values(&PUBLIC).await;
}

#[tokio::test]
async fn azure_private_case_02_record_sets_with_several_values() {
    reads_several_values(&PRIVATE).await;
}

/// Records that go, and those that come, in two zones.
async fn mixed(kind: &'static Kind) -> Vec<String> {
    let old = vec![
        rrset(kind, "olda", "A", 300, values("ipv4Address", &["192.0.2.1"])),
        rrset(kind, "oldaaaa", "AAAA", 300, values("ipv6Address", &["2001:db8::1"])),
        rrset(kind, "oldcname", "CNAME", 300, json!({ "cname": "x.test" })),
        rrset(kind, "newa", "A", 300, values("ipv4Address", &["192.0.2.1"])),
    ];
    let server = server(kind, vec![("example.com", old), ("other.com", vec![])], |_| None);
    let mut desired = vec![
        endpoint("nope.com", A, 0, &["192.0.2.9"]),
        endpoint("example.com", A, 0, &["1.2.3.4"]),
        endpoint("example.com", Txt, 0, &["\"tag\""]),
        endpoint("newa.example.com", A, 3600, &["1.2.3.4", "5.6.7.8"]),
        endpoint("newcname.example.com", Cname, 10, &["other.com."]),
        endpoint("newmail.example.com", Mx, 7200, &["10 bar.other.com"]),
        endpoint("a.other.com", Aaaa, 0, &["2001:db8::2"]),
    ];
    if kind.has_metadata() {
        desired.push(endpoint("newns.example.com", Ns, 10, &["ns1.example.com"]));
    }
    let provider = make_with(&server.url(), kind, own_group(), ZoneFilter::default());
    let outcomes = run(&*provider, desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    let mut sent = sent(&server);
    sent.sort();
    sent
}

#[tokio::test]
async fn azure_case_03_changes_go_to_the_zones_of_their_names() {
    let expected = [
        "DELETE example.com/A/olda if etag-of-olda-A",
        "DELETE example.com/AAAA/oldaaaa if etag-of-oldaaaa-AAAA",
        "DELETE example.com/CNAME/oldcname if etag-of-oldcname-CNAME",
        r#"PUT example.com/A/@ if none {"properties":{"ARecords":[{"ipv4Address":"1.2.3.4"}],"TTL":300}}"#,
        r#"PUT example.com/A/newa if etag-of-newa-A {"properties":{"ARecords":[{"ipv4Address":"1.2.3.4"},{"ipv4Address":"5.6.7.8"}],"TTL":3600}}"#,
        r#"PUT example.com/CNAME/newcname if none {"properties":{"CNAMERecord":{"cname":"other.com"},"TTL":10}}"#,
        r#"PUT example.com/MX/newmail if none {"properties":{"MXRecords":[{"exchange":"bar.other.com","preference":10}],"TTL":7200}}"#,
        r#"PUT example.com/NS/newns if none {"properties":{"NSRecords":[{"nsdname":"ns1.example.com"}],"TTL":10}}"#,
        r#"PUT example.com/TXT/@ if none {"properties":{"TTL":300,"TXTRecords":[{"value":["\"tag\""]}]}}"#,
        r#"PUT other.com/AAAA/a if none {"properties":{"AAAARecords":[{"ipv6Address":"2001:db8::2"}],"TTL":300}}"#,
    ];
    assert_eq!(mixed(&PUBLIC).await, expected);
}

#[tokio::test]
async fn azure_private_case_03_changes_go_to_the_zones_of_their_names() {
    let sent = mixed(&PRIVATE).await;
    assert_eq!(sent.len(), 9, "{sent:#?}");
    assert!(
        sent.contains(&"DELETE example.com/CNAME/oldcname if etag-of-oldcname-CNAME".to_owned())
    );
}

async fn plans_only(kind: &'static Kind) {
    let server = server(kind, vec![("example.com", fixture(kind))], |_| None);
    let provider = make_with(&server.url(), kind, own_group(), ZoneFilter::default());
    let inventory = provider.read().await.expect("readable");
    let desired = vec![endpoint("new.example.com", A, 0, &["192.0.2.1"])];
    let adjusted = provider.adjust(desired, &inventory.index).await.expect("adjusted");
    assert!(plan(&inventory, &adjusted.endpoints).len() > 5);
    assert_eq!(sent(&server), [""; 0]);
    assert!(provider.calls().iter().all(|count| !count.mutating), "{:?}", provider.calls());
}

#[tokio::test]
async fn azure_case_04_planning_writes_nothing() {
    plans_only(&PUBLIC).await;
}

#[tokio::test]
async fn azure_private_case_04_planning_writes_nothing() {
    plans_only(&PRIVATE).await;
}

/// The properties of an endpoint with these tags, as they are stored.
async fn tagged(kind: &'static Kind, tags: Option<&str>) -> String {
    let server = server(kind, vec![("example.com", vec![])], |_| None);
    let provider = make_with(&server.url(), kind, own_group(), ZoneFilter::default());
    let tags: Vec<_> = tags.map(|tags| ("azure/tags", tags)).into_iter().collect();
    let own = with(endpoint("a.example.com", A, 0, &["192.0.2.1"]), &tags);
    let inventory = provider.read().await.expect("readable");
    let mut adjusted = provider.adjust(vec![own], &inventory.index).await.expect("adjusted");
    let set = adjusted.endpoints.remove(0).set;
    let all = set.properties().iter().map(|own| format!("{}={}", own.name, own.value));
    all.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn azure_case_07_tags_become_metadata() {
    let table = [
        (Some("owner=web,env=prod"), "azure/metadata-env=prod azure/metadata-owner=web"),
        (Some(" owner = web , env = prod "), "azure/metadata-env=prod azure/metadata-owner=web"),
        (Some("owner=web,,=x,y=, ,alone"), "azure/metadata-owner=web"),
        (Some("owner=a=b"), "azure/metadata-owner=a=b"),
        (Some(""), ""),
        (None, ""),
    ];
    for (tags, expected) in table {
        assert_eq!(tagged(&PUBLIC, tags).await, expected, "{tags:?}");
        assert_eq!(tagged(&PRIVATE, tags).await, "", "private zones have none");
    }
}

#[tokio::test]
async fn azure_case_08_two_tags_are_written_once() {
    let own = || {
        let tags = [("azure/tags", "owner=web, env=prod")];
        vec![with(endpoint("a.example.com", A, 0, &["192.0.2.1"]), &tags)]
    };
    let empty = server(&PUBLIC, vec![("example.com", vec![])], |_| None);
    run(&*public(&empty.url()), own()).await;
    let body = r#"{"properties":{"ARecords":[{"ipv4Address":"192.0.2.1"}],"TTL":300,"metadata":{"env":"prod","owner":"web"}}}"#;
    assert_eq!(sent(&empty), [format!("PUT example.com/A/a if none {body}")]);
    let mut written: Value = serde_json::from_str(body).expect("JSON");
    let mut record = rrset(&PUBLIC, "a", "A", 300, json!([]));
    record["properties"] = written["properties"].take();
    record["properties"]["metadata"]["none"] = Value::Null;
    let server = server(&PUBLIC, vec![("example.com", vec![record])], |_| None);
    for _ in 0..20 {
        run(&*public(&server.url()), own()).await;
    }
    assert_eq!(sent(&server), [""; 0]);
    // Metadata that nobody wants goes with the next write.
    run(&*public(&server.url()), vec![endpoint("a.example.com", A, 0, &["192.0.2.1"])]).await;
    let body = r#"{"properties":{"ARecords":[{"ipv4Address":"192.0.2.1"}],"TTL":300}}"#;
    assert_eq!(sent(&server), [format!("PUT example.com/A/a if etag-of-a-A {body}")]);
}

#[tokio::test]
async fn azure_case_09_an_mx_has_a_preference_and_a_host() {
    for (target, expected) in [
        ("10 example.com", Ok(r#"[{"exchange":"example.com","preference":10}]"#)),
        ("20  Example.com.", Ok(r#"[{"exchange":"example.com","preference":20}]"#)),
        ("example.com 10", Err(())),
        ("example.com", Err(())),
        ("aa example.com", Err(())),
    ] {
        let server = server(&PUBLIC, vec![("example.com", vec![])], |_| None);
        let provider = public(&server.url());
        let own = endpoint("m.example.com", Mx, 0, &[target]);
        let inventory = provider.read().await.expect("readable");
        let zone = inventory.index.iter().next().expect("one").1;
        let around = extdns_model::Surroundings::alone(zone, &own.set);
        let held = provider.refusal(&own.set, around);
        let outcome = run(&*provider, vec![own]).await.remove(0);
        match expected {
            Ok(list) => {
                assert_eq!(held, None);
                let body = format!(r#"{{"properties":{{"MXRecords":{list},"TTL":300}}}}"#);
                assert_eq!(sent(&server), [format!("PUT example.com/MX/m if none {body}")]);
            }
            Err(()) => {
                let held = held.expect("the plan holds it");
                assert!(held.contains("write it like 10 mail.example.org"), "{held}");
                let Outcome::Rejected(failure) = outcome else { panic!("{outcome:?}") };
                assert!(
                    failure.message.contains("needs to be of form '10 example.com'"),
                    "{failure}"
                );
                assert_eq!(sent(&server), [""; 0]);
            }
        }
    }
}

/// What a provider of these flags asks for first. Its identity comes from the same server.
async fn first_list(file: Value, own: impl FnOnce(&mut AzureArgs)) -> String {
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/tenant-1/oauth2/v2.0/token" => {
            Reply::json(200, &json!({ "access_token": "s3cr3t-t0ken", "expires_in": 3599 }))
        }
        _ => Reply::json(200, &json!({ "value": [] })),
    });
    let url = server.url();
    let mut fields = json!({ "cloud": "AzureStackCloud", "tenantId": "tenant-1", "subscriptionId": "sub-of-file",
        "resourceGroup": "group-of-file", "aadClientId": "app-1", "aadClientSecret": "s3cr3t-of-app",
        "activeDirectoryAuthorityHost": url, "resourceManagerEndpoint": url, "resourceManagerAudience": "https://arm.test" });
    fields.as_object_mut().expect("fields").extend(file.as_object().cloned().unwrap_or_default());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("azure.json");
    std::fs::write(&path, fields.to_string()).expect("written");
    let mut args = args();
    args.azure_config_file = path.display().to_string();
    own(&mut args);
    let provider = provider("azure", &PUBLIC, &args, &Context::default()).expect("a provider");
    provider.read().await.expect("readable");
    let requests = server.requests();
    assert!(
        requests[1..].iter().all(|it| it.header("authorization") == Some("Bearer s3cr3t-t0ken"))
    );
    requests[1..].iter().map(|it| it.path.clone()).collect::<Vec<_>>().join(" ")
}

pub(super) fn args() -> AzureArgs {
    AzureArgs {
        azure_config_file: "/etc/kubernetes/azure.json".to_owned(),
        azure_resource_group: String::new(),
        azure_subscription_id: String::new(),
        azure_user_assigned_identity_client_id: String::new(),
        azure_maxretries_count: 3,
        azure_zones_cache_duration: std::time::Duration::ZERO,
    }
}

#[tokio::test]
async fn azure_case_10_flags_win_over_the_file() {
    let path = |group: &str| format!("/subscriptions/{group}/providers/Microsoft.Network/dnsZones");
    let of_file = first_list(json!({}), |_| {}).await;
    assert_eq!(of_file, path("sub-of-file/resourceGroups/group-of-file"));
    let of_flags = first_list(json!({}), |args| {
        args.azure_resource_group = "group-1".to_owned();
        args.azure_subscription_id = "sub-1".to_owned();
    });
    assert_eq!(of_flags.await, path("sub-1/resourceGroups/group-1"));
    // Several groups, one of another subscription, and a whole one.
    let several =
        first_list(json!({}), |args| args.azure_resource_group = "a, sub-2/b,sub-3/*".to_owned());
    let expected = ["sub-of-file/resourceGroups/a", "sub-2/resourceGroups/b", "sub-3"].map(path);
    assert_eq!(several.await, expected.join(" "));
    let missing = Environment::from([("IDENTITY_ENDPOINT", "x")]);
    let missing = provider(
        "azure",
        &PUBLIC,
        &args(),
        &Context { environment: missing, ..Context::default() },
    );
    let missing = missing.err().expect("no group");
    assert_eq!(missing.kind, ErrorKind::Config);
    assert!(
        missing.message.starts_with("it is not known where the zones are: set subscriptionId"),
        "{missing}"
    );
}

/// Each place is tested where it is: `extdns_auth`.
#[test]
fn without_credentials_every_place_is_named() {
    let context = Context::default();
    let error = provider("azure", &PUBLIC, &args(), &context).err().expect("no credentials");
    assert_eq!(error.kind, ErrorKind::Config);
    let expected = "authenticating to Azure: no credentials in any of 9 places: (1) aadClientId and aadClientSecret in ";
    assert!(error.message.starts_with(expected), "{error}");
}

/// The table of the clouds is tested where it is: `extdns_auth`.
#[test]
fn azure_case_11_the_cloud_decides_where_requests_go() {
    let provider = |variables: [(&str, &str); 4]| {
        let environment = Environment::from(variables);
        provider("azure", &PUBLIC, &args(), &Context { environment, ..Context::default() })
            .map(drop)
    };
    let with = |cloud| {
        [
            ("AZURE_ENVIRONMENT", cloud),
            ("IDENTITY_ENDPOINT", "x"),
            ("AZURE_RESOURCE_GROUP", "g"),
            ("AZURE_SUBSCRIPTION_ID", "s"),
        ]
    };
    for cloud in ["AzurePublicCloud", "AzureUSGovernmentCloud", "AzureChinaCloud", "azurecloud"] {
        assert_eq!(provider(with(cloud)), Ok(()), "{cloud}");
    }
    let error = provider(with("AzureGermanCloud")).expect_err("unknown");
    assert!(error.message.starts_with("unknown cloud name: AZUREGERMANCLOUD"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn azure_case_12_a_call_is_repeated_with_one_id() {
    for (retries, succeeds, expected) in [(3, true, 3), (0, true, 3), (-1, false, 1)] {
        let server = server(&PUBLIC, vec![("example.com", vec![])], |_| None);
        let tries = std::sync::atomic::AtomicU32::new(0);
        let throttled = ScriptedServer::start(move |_| {
            match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 | 1 => Reply::new(429).header("retry-after", "1"),
                _ => Reply::json(200, &json!({ "value": [] })),
            }
        });
        let args = AzureArgs { azure_maxretries_count: retries, ..args() };
        let capabilities = Capabilities { attempts: attempts(&args), ..super::unbounded(&PUBLIC) };
        let rest = Context::default().rest(
            &PUBLIC.service,
            Some(&throttled.url()),
            Auth::bearer("s3cr3t-t0ken"),
        );
        let provider =
            over(rest.expect("one"), &PUBLIC, own_group(), capabilities, ZoneFilter::default());
        assert_eq!(provider.read().await.is_ok(), succeeds, "{retries}");
        let ids: Vec<_> = throttled
            .requests()
            .iter()
            .map(|it| it.header("x-ms-client-request-id").map(str::to_owned))
            .collect();
        assert_eq!(ids.len(), expected, "{retries}");
        assert!(ids.iter().all(|id| id.is_some() && *id == ids[0]), "{ids:?}");
        drop(server);
    }
}

#[tokio::test(start_paused = true)]
async fn azure_case_13_a_write_that_fails_is_reported() {
    let failing = |request: &extdns_testkit::http::Request| {
        let is_bad = request.method == "PUT" && request.path.ends_with("/bad");
        is_bad.then(|| {
            Reply::json(
                400,
                &json!({ "code": "BadRequest", "message": "The domain name 'bad' is invalid." }),
            )
        })
    };
    let server = server(&PUBLIC, vec![("example.com", vec![])], failing);
    let of = |name: &str| endpoint(&format!("{name}.example.com"), A, 0, &["192.0.2.1"]);
    let outcomes = run(&*public(&server.url()), vec![of("bad"), of("good")]).await;
    let Outcome::Rejected(failure) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert!(
        failure.message.contains("HTTP 400: BadRequest: The domain name 'bad' is invalid."),
        "{failure}"
    );
    assert_eq!(outcomes[1], Outcome::Applied, "others go on");
}

#[tokio::test]
async fn azure_private_case_07_the_type_stands_before_the_name_and_fields_are_in_lower_case() {
    let server = server(&PRIVATE, vec![("example.com", vec![])], |_| None);
    let desired = vec![
        endpoint("a.example.com", A, 0, &["192.0.2.1"]),
        endpoint("b.example.com", Cname, 60, &["x.test"]),
        endpoint("_s._tcp.example.com", Srv, 60, &["1 2 3 x.test."]),
    ];
    run(&*private(&server.url()), desired).await;
    let mut sent = sent(&server);
    sent.sort();
    let expected = [
        r#"PUT example.com/A/a if none {"properties":{"aRecords":[{"ipv4Address":"192.0.2.1"}],"ttl":300}}"#,
        r#"PUT example.com/CNAME/b if none {"properties":{"cnameRecord":{"cname":"x.test"},"ttl":60}}"#,
        r#"PUT example.com/SRV/_s._tcp if none {"properties":{"srvRecords":[{"port":3,"priority":1,"target":"x.test","weight":2}],"ttl":60}}"#,
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn azure_private_case_08_ns_records_are_left_out_and_others_go_on() {
    let server = server(&PRIVATE, vec![("example.com", vec![])], |_| None);
    let desired: Vec<Endpoint> = vec![
        endpoint("n.example.com", Ns, 0, &["ns1.test"]),
        endpoint("a.example.com", A, 0, &["192.0.2.1"]),
    ];
    let provider = private(&server.url());
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(desired.clone(), &inventory.index).await.expect("adjusted");
    assert_eq!(adjusted.notes[0].reason, "azure does not store NS records");
    run(&*provider, desired).await;
    assert_eq!(sent(&server).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn five_thousand_changes_take_one_call_each() {
    let server = server(&PUBLIC, vec![("example.com", vec![])], |_| None);
    let one = |n| endpoint(&format!("n{n}.example.com"), A, 0, &["192.0.2.1"]);
    let provider = public(&server.url());
    let outcomes = run(&*provider, (0..5000).map(one).collect()).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied));
    let calls: Vec<_> = provider.calls().iter().map(|it| (it.operation, it.calls)).collect();
    assert_eq!(calls, [(CREATE, 5000), ("list record sets", 1), ("list zones", 1)]);
}
