//! What a record has beside DNS: proxied or not, comments, tags.

use extdns_model::{Endpoint, RecordType};
use extdns_testkit::http::Reply;
use serde_json::{Value, json};

use super::super::*;
use super::support::{adjusted, endpoint, listed, plain, run, sent, server, with};
use super::{args, make, make_with};

use RecordType::{A, Aaaa, Cname, Mx, Ns, Srv, Txt};

/// The property that an endpoint gets with this flag.
async fn proxied(endpoint: Endpoint, flag: bool) -> (String, usize) {
    let server = plain(json!([]));
    let args = CloudflareArgs { cloudflare_proxied: flag, ..args() };
    let adjusted = adjusted(&*make_with(&server.url(), args), vec![endpoint]).await;
    let value = adjusted.endpoints[0].set.properties().get(keys::PROXIED);
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
        // A name that only begins alike is another one.
        (&[("tags-x", "a")], |_| {}, "", true),
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
        let found = adjusted.endpoints[0].set.properties().get(keys::COMMENT);
        assert_eq!(found.map(|it| it.chars().count()), Some(kept), "{plan} {given}");
        assert_eq!(adjusted.notes.len(), usize::from(given != kept));
    }
}
