//! The acceptance cases of the specification, by their numbers.

use extdns_model::{Endpoint, Outcome, RecordType};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};

use super::super::*;
use super::support::{
    adjusted, apply, endpoint, listed, plain, plan, run, sent, server, with, written,
};
use super::{args, make, make_with};
use crate::{Environment, ErrorKind, Reader as _};

use RecordType::{A, Aaaa, Cname, Mx, Ns, Srv, Txt};

/// What a run that finds nothing sends for one endpoint.
async fn creates(endpoint: Endpoint) -> Vec<String> {
    let server = plain(json!([]));
    run(&*make(&server.url()), vec![endpoint]).await;
    sent(&server)
}

fn posts(records: &[String]) -> [String; 1] {
    [format!("POST dns_records/batch {{\"posts\":[{}]}}", records.join(","))]
}

#[tokio::test]
async fn cloudflare_case_01_each_address_is_a_record_of_its_own() {
    let both = ["127.0.0.1", "127.0.0.2"];
    let expected = both.map(|it| written("A", "bar.com", it, 1, false));
    assert_eq!(creates(endpoint("bar.com", A, 0, &both)).await, posts(&expected));
}

#[tokio::test]
async fn cloudflare_case_02_each_target_of_a_cname_is_a_record_of_its_own() {
    let both = ["google.com", "facebook.com"];
    let expected = both.map(|it| written("CNAME", "cname.bar.com", it, 1, false));
    assert_eq!(creates(endpoint("cname.bar.com", Cname, 0, &both)).await, posts(&expected));
}

#[tokio::test]
async fn cloudflare_case_03_mx_has_a_priority_and_a_malformed_one_is_left_out() {
    let record = |priority: u16, host: &str| {
        let text = written("MX", "mx.bar.com", host, 1, false);
        text.replace(r#","ttl""#, &format!(r#","priority":{priority},"ttl""#))
    };
    let both = endpoint("mx.bar.com", Mx, 0, &["10 a.com", "20 b.com"]);
    let expected = [record(10, "a.com"), record(20, "b.com")];
    assert_eq!(creates(both).await, posts(&expected));
    assert_eq!(creates(endpoint("mx.bar.com", Mx, 0, &["10"])).await, [""; 0]);
    let server = plain(json!([]));
    let part = endpoint("mx.bar.com", Mx, 0, &["10", "20 b.com"]);
    let adjusted = adjusted(&*make(&server.url()), vec![part]).await;
    assert_eq!(adjusted.endpoints[0].set.targets.as_slice(), ["20 b.com"]);
    assert!(adjusted.notes[0].reason.contains("\"10\" is no MX value"), "{:?}", adjusted.notes);
}

#[tokio::test]
async fn cloudflare_case_04_text_is_sent_as_it_is_given() {
    for text in ["v=spf1 -all", "\"v=spf1 -all\"", "\"a\" \"b\""] {
        let expected =
            format!("POST dns_records {}", written("TXT", "txt.bar.com", text, 1, false));
        assert_eq!(creates(endpoint("txt.bar.com", Txt, 0, &[text])).await, [expected]);
        // It comes back in quotes or without.
        for stored in [text, &crate::engine::text::quoted(text)] {
            let server = plain(json!([listed("r1", "TXT", "txt.bar.com", stored, 1)]));
            run(&*make(&server.url()), vec![endpoint("txt.bar.com", Txt, 0, &[text])]).await;
            assert_eq!(sent(&server), [""; 0], "{text} {stored}");
        }
    }
}

#[tokio::test]
async fn cloudflare_case_05_a_ttl_is_kept() {
    for (ttl, expected) in [(120, 120), (1, 1), (0, 1), (20, 60), (90_000, 86_400)] {
        let record = written("A", "ttl.bar.com", "127.0.0.1", expected, false);
        let found = creates(endpoint("ttl.bar.com", A, ttl, &["127.0.0.1"])).await;
        assert_eq!(found, [format!("POST dns_records {record}")], "{ttl}");
    }
}

/// The property that an endpoint gets with this flag.
async fn proxied(endpoint: Endpoint, flag: bool) -> (String, usize) {
    let server = plain(json!([]));
    let args = CloudflareArgs { cloudflare_proxied: flag, ..args() };
    let adjusted = adjusted(&*make_with(&server.url(), args), vec![endpoint]).await;
    let value = adjusted.endpoints[0].set.properties().get(properties::PROXIED);
    (value.expect("always there").to_owned(), adjusted.notes.len())
}

#[tokio::test]
async fn cloudflare_case_06_the_annotation_wins_over_the_flag() {
    let table = [
        (None, true, "true", 0),
        (Some("true"), false, "true", 0),
        (Some("T"), false, "true", 0),
        (Some("false"), true, "false", 0),
        (Some("0"), true, "false", 0),
        (Some("perhaps"), false, "false", 1),
        (Some("perhaps"), true, "true", 1),
    ];
    for (value, flag, expected, notes) in table {
        let own = endpoint("a.bar.com", A, 0, &["127.0.0.1"]);
        let own = with(own, &value.map(|value| ("proxied", value)).into_iter().collect::<Vec<_>>());
        assert_eq!(proxied(own, flag).await, (expected.to_owned(), notes), "{value:?} {flag}");
    }
}

#[tokio::test]
async fn cloudflare_case_07_only_addresses_and_cnames_are_proxied() {
    let table = [
        ("a.bar.com", A, "1.2.3.4", "true"),
        ("*.bar.com", A, "1.2.3.4", "true"),
        ("*.c.bar.com", Cname, "foo.com", "true"),
        ("a.bar.com", Aaaa, "2001:db8::1", "true"),
        ("t.bar.com", Txt, "text", "false"),
        ("m.bar.com", Mx, "10 mail.com", "false"),
        ("n.bar.com", Ns, "ns.com", "false"),
        ("_s._tcp.bar.com", Srv, "1 2 3 s.com.", "false"),
    ];
    for (name, rtype, target, expected) in table {
        let own = with(endpoint(name, rtype, 0, &[target]), &[("proxied", "true")]);
        assert_eq!(proxied(own, false).await.0, expected, "{name} {rtype}");
    }
}

#[tokio::test]
async fn cloudflare_case_08_zones_that_are_named_by_id_are_not_listed() {
    let zone = |id: &str| json!({ "result": { "id": id, "name": format!("z{id}.com") } });
    let server = ScriptedServer::sequence([
        ("GET", "/client/v4/zones/001", Reply::json(200, &zone("001"))),
        ("GET", "/client/v4/zones/002", Reply::json(200, &zone("002"))),
    ]);
    let base = format!("{}/client/v4", server.url());
    let rest = Context::default().rest(&SERVICE, Some(&base), crate::rest::Auth::none());
    let domains = extdns_model::DomainFilter::lists(["other.com"], []);
    let filter = ZoneFilter::new(domains, &["001".to_owned(), "002".to_owned()]);
    let api = Cloudflare {
        rest: rest.expect("a client"),
        args: args(),
        capabilities: capabilities(),
        filter,
        beside: Mutex::default(),
    };
    let via = api.rest.transport(&api.capabilities);
    let zones = api.zones(&via).await.expect("both");
    assert_eq!(zones.iter().map(ToString::to_string).collect::<Vec<_>>(), ["z001.com", "z002.com"]);
}

fn failing(status: u16, message: &str) -> Reply {
    let error = json!({ "code": 1, "message": message });
    Reply::json(status, &json!({ "success": false, "errors": [error], "result": null }))
}

#[tokio::test(start_paused = true)]
async fn cloudflare_case_09_which_failures_may_pass() {
    let table = [
        (429, "more than 1200 requests", true),
        (500, "internal", true),
        (400, "exceeded available rate limit retries", true),
        (0, "", true),
        (400, "bad request", false),
        (401, "unauthorised", false),
        (404, "not found", false),
    ];
    for (status, message, soft) in table {
        let server = ScriptedServer::start(move |_| match status {
            0 => Reply::hang_up(),
            status => failing(status, message),
        });
        let error = make(&server.url()).read().await.expect_err("failed");
        assert_eq!(error.failure().kind.may_pass(), soft, "{status} {message}: {error:?}");
    }
}

#[tokio::test]
async fn cloudflare_case_10_pages_are_as_large_as_the_flag_says() {
    for (size, first) in [(1, "?per_page=1"), (0, "")] {
        let server = server("free", json!([]), move |request| {
            let path = "/client/v4/zones/001/dns_records";
            let second = if first.is_empty() { "?page=2" } else { "?per_page=1&page=2" };
            let page = match request.target().strip_prefix(path)? {
                query if query == first => 1,
                query if query == second => 2,
                query => panic!("{query}"),
            };
            let record =
                listed(&format!("r{page}"), "A", "a.bar.com", &format!("192.0.2.{page}"), 1);
            let info = json!({ "page": page, "total_pages": 2, "total_count": 2 });
            Some(Reply::json(200, &json!({ "result": [record], "result_info": info })))
        });
        let args = CloudflareArgs { cloudflare_dns_records_per_page: size, ..args() };
        let inventory = make_with(&server.url(), args).read().await.expect("readable");
        let (_, record) = inventory.records().next().expect("one");
        assert_eq!(record.set.targets.as_slice(), ["192.0.2.1", "192.0.2.2"]);
        assert_eq!(server.requests().len(), 1 + 2, "no page is asked for in vain");
    }
}

#[tokio::test]
async fn cloudflare_case_11_ways_to_authenticate() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), " from-file\n").expect("written");
    let named = format!("file:{}", file.path().display());
    let key = [("CF_API_KEY", "k3y-of-mine"), ("CF_API_EMAIL", "me@bar.com")];
    type Seen = [Option<&'static str>; 3];
    let by_key: Seen = [None, Some("k3y-of-mine"), Some("me@bar.com")];
    let bearer = |text| -> Seen { [Some(text), None, None] };
    let table: Vec<(Vec<(&str, &str)>, Seen)> = vec![
        (vec![("CF_API_TOKEN", "t0ken-1")], bearer("Bearer t0ken-1")),
        (vec![("CLOUDFLARE_API_TOKEN", "t0ken-2")], bearer("Bearer t0ken-2")),
        (vec![("CF_API_TOKEN", "t0ken-1"), key[0], key[1]], bearer("Bearer t0ken-1")),
        (vec![("CF_API_TOKEN", &named)], bearer("Bearer from-file")),
        (key.to_vec(), by_key),
        (vec![("CLOUDFLARE_API_KEY", key[0].1), ("CLOUDFLARE_EMAIL", key[1].1)], by_key),
    ];
    for (variables, expected) in table {
        let server = ScriptedServer::start(|_| Reply::json(200, &json!({ "result": [] })));
        let url = format!("{}/client/v4", server.url());
        let all = variables.iter().copied().chain([("CLOUDFLARE_BASE_URL", url.as_str())]);
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let context = Context { environment: Environment::new(all), ..Context::default() };
        provider(&args(), &context).expect("credentials").read().await.expect("readable");
        let request = server.requests().remove(0);
        let names = ["authorization", "x-auth-key", "x-auth-email"];
        assert_eq!(names.map(|name| request.header(name)), expected, "{variables:?}");
    }
    let missing = [
        (("CF_API_TOKEN", "file:/nowhere/token"), "the token file /nowhere/token cannot be used"),
        (("CF_API_KEY", "k3y"), "cloudflare credentials are not configured: set CF_API_TOKEN"),
        (("CF_API_EMAIL", "me@bar.com"), "cloudflare credentials are not configured"),
    ];
    for (variable, text) in missing {
        let environment = Environment::from([variable]);
        let error = provider(&args(), &Context { environment, ..Context::default() });
        let error = error.err().expect("no credentials");
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains(text), "{error}");
    }
}

/// A value takes the place of another in one operation, where upstream deletes and creates.
#[tokio::test]
async fn cloudflare_case_12_an_update_of_targets_and_proxy() {
    let server = plain(json!([
        listed("r1", "A", "a.bar.com", "1.2.3.4", 120),
        listed("r2", "A", "a.bar.com", "3.4.5.6", 120),
    ]));
    let own = endpoint("a.bar.com", A, 120, &["1.2.3.4", "2.3.4.5"]);
    let outcomes = run(&*make(&server.url()), vec![with(own, &[("proxied", "true")])]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    let put = |id: &str, value| {
        written("A", "a.bar.com", value, 1, true).replacen('{', &format!("{{\"id\":\"{id}\","), 1)
    };
    let puts = [put("r1", "1.2.3.4"), put("r2", "2.3.4.5")].join(",");
    assert_eq!(sent(&server), [format!("POST dns_records/batch {{\"puts\":[{puts}]}}")]);
}

#[tokio::test]
async fn cloudflare_case_13_the_ttl_of_a_proxied_record_is_automatic() {
    let mut record = listed("r1", "A", "a.bar.com", "1.2.3.4", 1);
    record["proxied"] = true.into();
    let server = plain(json!([record]));
    let own = with(endpoint("a.bar.com", A, 300, &["1.2.3.4"]), &[("proxied", "true")]);
    run(&*make(&server.url()), vec![own]).await;
    assert_eq!(sent(&server), [""; 0]);
}

#[tokio::test]
async fn cloudflare_case_14_what_was_written_is_read_as_it_is_desired() {
    let comment = |record: &mut Value| record["comment"] = "mine".into();
    let tags = |record: &mut Value| record["tags"] = json!(["b", "a"]);
    type Case = (&'static [(&'static str, &'static str)], fn(&mut Value), &'static str, bool);
    let table: Vec<Case> = vec![
        (&[], |_| {}, "", true),
        (&[("proxied", "false")], |_| {}, "", true),
        (&[("proxied", "true")], |record| record["proxied"] = true.into(), "", true),
        (&[("proxied", "true")], |_| {}, "", false),
        (&[("record-comment", "mine")], comment, "", true),
        (&[("record-comment", "")], |_| {}, "", true),
        (&[], comment, "", false),
        (&[("tags", " b, a ,,")], tags, "", true),
        (&[("tags", " , ")], |_| {}, "", true),
        (&[("custom-hostname", "")], |_| {}, "", true),
        (&[("region-key", "us")], |_| {}, "us", true),
        (&[("region-key", "us")], |_| {}, "eu", false),
        (&[("other", "x")], |_| {}, "", true),
    ];
    for (properties, edit, region, same) in table {
        let mut record = listed("r1", "A", "a.bar.com", "1.2.3.4", 1);
        edit(&mut record);
        let server = server("pro", json!([record]), move |request| {
            let regional = request.path.ends_with("regional_hostnames") && request.method == "GET";
            let own = json!([{ "hostname": "a.bar.com", "region_key": region }]);
            regional.then(|| Reply::json(200, &json!({ "result": own })))
        });
        let on = !region.is_empty();
        let args = CloudflareArgs { cloudflare_regional_services: on, ..args() };
        let own = with(endpoint("a.bar.com", A, 0, &["1.2.3.4"]), properties);
        run(&*make_with(&server.url(), args), vec![own]).await;
        assert_eq!(sent(&server).is_empty(), same, "{properties:?}");
    }
    // Another prefix of annotations means the same.
    let server = plain(json!([]));
    let mut own = endpoint("a.bar.com", A, 0, &["1.2.3.4"]);
    let name = "external-dns.alpha.kubernetes.io/cloudflare-proxied";
    own.set.edit_properties(|all| all.set(name, "true"));
    let adjusted = adjusted(&*make(&server.url()), vec![own]).await;
    let shown = adjusted.endpoints[0].set.to_string();
    assert!(shown.ends_with("[{external-dns.kubernetes.io/cloudflare-proxied true}]"), "{shown}");
}

#[tokio::test]
async fn cloudflare_case_15_comments_are_as_long_as_the_plan_allows() {
    for (plan, given, kept) in
        [("free", 101, 100), ("free", 100, 100), ("pro", 501, 500), ("pro", 500, 500)]
    {
        let server = server(plan, json!([]), |_| None);
        let comment = "ö".repeat(given);
        let own = endpoint("a.bar.com", A, 0, &["1.2.3.4"]);
        let own = with(own, &[("record-comment", &comment)]);
        let adjusted = adjusted(&*make(&server.url()), vec![own]).await;
        let found = adjusted.endpoints[0].set.properties().get(properties::COMMENT);
        assert_eq!(found.map(|it| it.chars().count()), Some(kept), "{plan} {given}");
        assert_eq!(adjusted.notes.len(), usize::from(given != kept));
    }
}

#[tokio::test]
async fn cloudflare_case_16_one_bad_record_does_not_stop_the_others() {
    let server = server("free", json!([]), |request| {
        let bad =
            request.method == "POST" && String::from_utf8_lossy(&request.body).contains("bad");
        bad.then(|| failing(400, "DNS Validation Error"))
    });
    let both = ["bad.bar.com", "good.bar.com"].map(|name| endpoint(name, A, 0, &["1.2.3.4"]));
    let outcomes = run(&*make(&server.url()), both.to_vec()).await;
    let Outcome::Rejected(failure) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("1: DNS Validation Error; correct the target"), "{failure}");
    assert_eq!(outcomes[1], Outcome::Applied);
    let [bad, good] =
        ["bad.bar.com", "good.bar.com"].map(|it| written("A", it, "1.2.3.4", 1, false));
    let expected = [
        format!("POST dns_records/batch {{\"posts\":[{bad},{good}]}}"),
        format!("POST dns_records {bad}"),
        format!("POST dns_records {good}"),
    ];
    assert_eq!(sent(&server), expected);
}

fn many(count: usize) -> Vec<Endpoint> {
    let one = |n| endpoint(&format!("n{n}.bar.com"), A, 0, &["1.2.3.4"]);
    (0..count).map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn cloudflare_case_17_two_calls_with_a_pause() {
    let server = plain(json!([]));
    let start = tokio::time::Instant::now();
    run(&*make(&server.url()), many(201)).await;
    assert!(start.elapsed() >= Duration::from_secs(1), "a pause between the calls");
    assert_eq!(sent(&server).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn five_thousand_changes_take_no_more_calls_than_the_plan_demands() {
    for (plan, calls) in [("free", 25), ("pro", 2)] {
        let server = server(plan, json!([]), |_| None);
        let outcomes = run(&*make(&server.url()), many(5000)).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied));
        assert_eq!(sent(&server).len(), calls, "{plan}");
    }
}

#[tokio::test(start_paused = true)]
async fn cloudflare_case_18_batches_are_filled_in_order() {
    let old = |n: u32, ttl| listed(&format!("r{n}"), "A", &format!("o{n}.bar.com"), "1.2.3.4", ttl);
    let kept = |n: u32| endpoint(&format!("o{n}.bar.com"), A, 600, &["1.2.3.4"]);
    let new = |n: u32| endpoint(&format!("z{n}.bar.com"), A, 600, &["1.2.3.4"]);
    let table = [
        (vec![kept(3), new(1)], ["2 deletes", "1 puts 1 posts", ""]),
        (vec![kept(2), kept(3), new(1), new(2)], ["1 deletes 1 puts", "1 puts 1 posts", "single"]),
    ];
    for (desired, expected) in table {
        let server = plain(json!([old(1, 300), old(2, 300), old(3, 300)]));
        let base = format!("{}/client/v4", server.url());
        let rest = Context::default().rest(
            &SERVICE,
            Some(&base),
            crate::rest::Auth::bearer("s3cr3t-t0ken"),
        );
        let most = std::num::NonZeroUsize::new(2);
        let capabilities = crate::Batches { changes: most, pause: None }.within(super::unbounded());
        let provider = over(rest.expect("one"), args(), capabilities, ZoneFilter::default());
        run(&provider, desired).await;
        let calls = sent(&server).into_iter().map(|call| {
            let Some((_, body)) = call.split_once("batch ") else { return "single".to_owned() };
            let body: Value = serde_json::from_str(body).expect("JSON");
            let parts = ["deletes", "puts", "posts"].into_iter().filter_map(|name| {
                body[name].as_array().map(|list| format!("{} {name}", list.len()))
            });
            parts.collect::<Vec<_>>().join(" ")
        });
        let expected: Vec<_> = expected.into_iter().filter(|it| !it.is_empty()).collect();
        assert_eq!(calls.collect::<Vec<_>>(), expected);
    }
}

/// A delete is done; an update is left to the next run, which sees how the zone is then.
#[tokio::test]
async fn cloudflare_case_19_a_vanished_record() {
    for (desired, text) in [(vec![], None), (many(1), Some("was changed since it was read"))] {
        let reads = std::sync::atomic::AtomicU32::new(0);
        let server = server("free", json!([]), move |request| {
            if request.method != "GET" {
                return Some(failing(404, "Record does not exist."));
            }
            let first = request.path.ends_with("dns_records")
                && reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
            let record = listed("r1", "A", "n0.bar.com", "1.2.3.4", 300);
            first.then(|| Reply::json(200, &json!({ "result": [record] })))
        });
        let desired: Vec<Endpoint> = desired
            .into_iter()
            .map(|mut it: Endpoint| {
                it.set.ttl = Ttl::from_seconds(600);
                it
            })
            .collect();
        let outcomes = run(&*make(&server.url()), desired).await;
        match (text, &outcomes[..]) {
            (None, [Outcome::Applied]) => {}
            (Some(text), [Outcome::Rejected(failure)]) => {
                assert!(failure.message.contains(text), "{failure}");
            }
            _ => panic!("{outcomes:?}"),
        }
    }
}

#[tokio::test]
async fn cloudflare_case_20_srv_has_fields_of_its_own() {
    let table = [("0 1 443 h.example.com.", "h.example.com"), ("0 0 0 .", ".")];
    for (value, target) in table {
        let found = creates(endpoint("_s._tcp.bar.com", Srv, 0, &[value])).await;
        let numbers: Vec<&str> = value.split(' ').collect();
        let [priority, weight, port] = [numbers[0], numbers[1], numbers[2]];
        let expected = format!(
            r#"POST dns_records {{"type":"SRV","name":"_s._tcp.bar.com","data":{{"priority":{priority},"weight":{weight},"port":{port},"target":"{target}"}},"ttl":1,"proxied":false,"comment":"","tags":[]}}"#
        );
        assert_eq!(found, [expected]);
        let mut record =
            listed("r1", "SRV", "_s._tcp.bar.com", &format!("{weight} {port} {target}"), 1);
        record["priority"] = priority.parse::<u16>().expect("a number").into();
        let from_content = record.clone();
        record["data"] = json!({ "priority": record["priority"], "weight": weight.parse::<u16>().ok(),
            "port": port.parse::<u16>().ok(), "target": target });
        for record in [record, from_content] {
            let server = plain(json!([record]));
            let inventory = make(&server.url()).read().await.expect("readable");
            let (_, found) = inventory.records().next().expect("one");
            assert_eq!(found.set.targets.as_slice(), [value]);
        }
    }
    assert_eq!(creates(endpoint("_s._tcp.bar.com", Srv, 0, &["h."])).await, [""; 0]);
}

/// Every type that is managed goes with a batch; upstream's client could not carry all of them. CAA is
/// not managed.
#[tokio::test]
async fn cloudflare_case_21_no_type_needs_calls_of_its_own() {
    let records =
        ["ptr1", "ptr2"].map(|id| listed(id, "PTR", &format!("{id}.bar.com"), "h.com", 300));
    let server = plain(json!(records));
    let own = |id| endpoint(&format!("{id}.bar.com"), RecordType::Ptr, 600, &["h.com"]);
    let caa = endpoint("bar.com", RecordType::Other(257), 0, &["0 issue \"ca.com\""]);
    run(&*make(&server.url()), vec![own("ptr1"), own("ptr2"), caa]).await;
    let sent = sent(&server);
    assert!(
        sent.len() == 1 && sent[0].starts_with("POST dns_records/batch {\"puts\":"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn cloudflare_case_22_a_plan_changes_nothing() {
    let server = plain(json!([listed("r1", "A", "a.bar.com", "1.2.3.4", 300)]));
    let args = CloudflareArgs { cloudflare_region_key: "eu".to_owned(), ..args() };
    let provider = make_with(&server.url(), args);
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(many(3), &inventory.index).await.expect("adjusted");
    assert_eq!(plan(&inventory, &adjusted.endpoints).len(), 4);
    assert_eq!(sent(&server), [""; 0]);
    assert!(provider.calls().iter().all(|count| !count.mutating));
}

#[tokio::test]
async fn cloudflare_case_25_a_label_that_is_too_long_is_skipped() {
    let long = format!("{}.bar.com", "l".repeat(64));
    let server = plain(json!([
        listed("r1", "A", &long, "1.2.3.4", 1),
        listed("r2", "A", "a.bar.com", "1.2.3.4", 1),
    ]));
    let inventory = make(&server.url()).read().await.expect("readable");
    let names: Vec<_> = inventory.records().map(|(_, it)| it.set.name.to_string()).collect();
    assert_eq!(names, ["a.bar.com"]);
}

#[tokio::test]
async fn cloudflare_case_26_tags_are_trimmed_and_sorted() {
    let own = with(endpoint("a.bar.com", A, 0, &["1.2.3.4"]), &[("tags", " b, a ")]);
    let record = written("A", "a.bar.com", "1.2.3.4", 1, false).replace("[]", r#"["a","b"]"#);
    assert_eq!(creates(own).await, [format!("POST dns_records {record}")]);
}

#[tokio::test]
async fn cloudflare_case_27_a_name_outside_all_zones_is_ignored() {
    let server = plain(json!([]));
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    assert!(inventory.index.route("a.foo.com", None).is_empty());
    let own = endpoint("a.foo.com", A, 0, &["1.2.3.4"]);
    let adjusted = provider.adjust(vec![own], &inventory.index).await.expect("adjusted");
    assert_eq!((adjusted.endpoints.len(), adjusted.notes.len()), (1, 0));
    assert!(apply(&*provider, &inventory, &[]).await.is_empty());
}
