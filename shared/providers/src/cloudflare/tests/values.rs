//! What is sent for each type of record, and what is read.

use extdns_model::{Endpoint, RecordType};
use serde_json::json;

use super::make;
use super::support::{adjusted, endpoint, listed, plain, run, sent, with, written};

use RecordType::{A, Cname, Mx, Srv, Txt};

/// What a run that finds nothing sends for one endpoint.
pub(super) async fn creates(endpoint: Endpoint) -> Vec<String> {
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

#[tokio::test]
async fn cloudflare_case_20_srv_has_fields_of_its_own() {
    let table = [("0 1 443 h.example.com.", "h.example.com"), ("0 0 0 .", ".")];
    for (value, target) in table {
        let found = creates(endpoint("_s._tcp.bar.com", Srv, 0, &[value])).await;
        let numbers: Vec<&str> = value.split(' ').collect();
        let [priority, weight, port] = [numbers[0], numbers[1], numbers[2]];
        let expected = format!(
            r#"POST dns_records {{"type":"SRV","name":"_s._tcp.bar.com","data":{{"port":{port},"priority":{priority},"target":"{target}","weight":{weight}}},"ttl":1,"proxied":false,"comment":"","tags":[]}}"#
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

/// Upstream knows a record by its host alone, and loses the second one.
#[tokio::test]
async fn two_priorities_of_one_mail_host_are_two_records() {
    let of = |id, priority: u16| {
        let mut record = listed(id, "MX", "mx.bar.com", "mail.com", 1);
        record["priority"] = priority.into();
        record
    };
    let server = plain(json!([of("r1", 10), of("r2", 20)]));
    let both = endpoint("mx.bar.com", Mx, 0, &["10 mail.com", "20 mail.com"]);
    run(&*make(&server.url()), vec![both]).await;
    assert_eq!(sent(&server), [""; 0]);
    run(&*make(&server.url()), vec![endpoint("mx.bar.com", Mx, 0, &["10 mail.com"])]).await;
    assert_eq!(sent(&server), ["DELETE dns_records/r2"]);
}

/// Upstream compares with that of any one of them.
#[tokio::test]
async fn values_of_a_name_that_disagree_are_made_alike() {
    let both = ["1.2.3.4", "1.2.3.5"];
    let mut proxied = listed("r2", "A", "a.bar.com", both[1], 1);
    proxied["proxied"] = true.into();
    let other_ttl = listed("r2", "A", "a.bar.com", both[1], 600);
    for second in [proxied, other_ttl] {
        let server = plain(json!([listed("r1", "A", "a.bar.com", both[0], 300), second]));
        run(&*make(&server.url()), vec![endpoint("a.bar.com", A, 300, &both)]).await;
        let sent = sent(&server);
        let expected = written("A", "a.bar.com", both[1], 300, false);
        let one = sent.iter().filter(|call| call.contains(&expected[1..])).count();
        assert_eq!(one, 1, "{sent:?}");
    }
}
