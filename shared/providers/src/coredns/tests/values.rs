//! Values as upstream and others write them, and what becomes of them.

use extdns_model::ClusterId;

use super::*;
use crate::etcd::kit::put;

/// An etcd with these keys and values; `None` where there is none.
async fn with(test: &str, pairs: &[(&str, Value)]) -> Option<Server> {
    let etcd = Server::start_or_skip(test, false).await?;
    for (key, value) in pairs {
        put(etcd.port(), key, value).await;
    }
    Some(etcd)
}

async fn stored(etcd: &Server) -> Vec<String> {
    let line = |(key, value): &(String, Value)| format!("{key} {value}");
    keys(etcd.port(), PREFIX).await.iter().map(line).collect()
}

const OWN: &str = "\"heritage=external-dns,external-dns/owner=kit\"";

#[tokio::test]
async fn one_value_is_an_address_a_name_a_text_or_two_of_them() {
    let pairs = [
        ("/skydns/com/example", json!({ "host": "1.2.3.4" })),
        ("/skydns/com/example/c", json!({ "host": "example.net", "ttl": 60 })),
        ("/skydns/com/example/t", json!({ "text": "x" })),
        (
            "/skydns/com/example/two/1",
            json!({ "host": "::1", "text": "y", "targetstrip": 1, "group": "g1" }),
        ),
        // An address of each family stands apart.
        ("/skydns/com/example/two/2", json!({ "host": "192.0.2.1", "targetstrip": 1 })),
        ("/skydns/arpa/in-addr/172/26/0/2", json!({ "host": "h.example.net" })),
        ("/skydns/com/odd", json!({ "host": "192.0.2.1", "targetstrip": 7 })),
        ("/elsewhere/com/odd", json!({ "host": "192.0.2.1" })),
    ];
    let Some(etcd) = with("one_value_is_an_address", &pairs).await else { return };
    let provider = make(&etcd.url());
    assert_eq!(
        read(provider.as_ref()).await,
        [
            "2.0.26.172.in-addr.arpa 0 IN PTR  h.example.net []",
            "example.com 0 IN A  1.2.3.4 []",
            "c.example.com 60 IN CNAME  example.net []",
            "t.example.com 0 IN TXT  x []",
            "two.example.com 0 IN AAAA  ::1 [{coredns/group g1}]",
            "two.example.com 0 IN TXT  y []",
            "two.example.com 0 IN A  192.0.2.1 []",
        ]
    );
    put(etcd.port(), "/skydns/com/bad", &json!("no service")).await;
    let inventory = provider.read().await.expect("one zone");
    let (_, unreadable) = inventory.unreadable().next().expect("a value that is no service");
    assert!(unreadable.reason.contains("failed to unmarshal \"/skydns/com/bad\""), "{unreadable}");
}

#[tokio::test]
async fn an_address_and_a_text_of_one_name_share_a_key_where_they_are_made_together() {
    let Some(etcd) = with("an_address_and_a_text_of_one_name_share_a_key", &[]).await else {
        return;
    };
    let provider = make(&etcd.url());
    let desired =
        ["a.example.org A 60 192.0.2.1", "a.example.org TXT 60 x", "c.example.org CNAME 60 b.org"];
    all_applied(&sync(provider.as_ref(), &desired).await);
    let shown = stored(&etcd).await;
    let is_own = |line: &&String| line.contains("/org/example/a/") && !line.contains("/own-");
    let joint: Vec<_> = shown.iter().filter(is_own).collect();
    let [joint] = joint[..] else { panic!("one key: {joint:?}") };
    let service = r#"{"host":"192.0.2.1","targetstrip":1,"text":"x","ttl":60}"#;
    assert!(joint.ends_with(service), "{joint}");
    assert!(sync(provider.as_ref(), &desired).await.is_empty());
    // Another address, and another TTL of the text.
    for (desired, expected) in [
        (["a.example.org A 60 192.0.2.9", "a.example.org TXT 60 x"], 1),
        (["a.example.org A 60 192.0.2.9", "a.example.org TXT 90 x"], 2),
    ] {
        all_applied(&sync(provider.as_ref(), &desired).await);
        assert!(sync(provider.as_ref(), &desired).await.is_empty());
        let shown = stored(&etcd).await;
        assert_eq!(shown.iter().filter(is_own).count(), expected);
    }
}

/// A text that shares a key with an address goes alone, and so does the address.
#[tokio::test]
async fn what_shares_a_key_goes_without_the_other() {
    for (desired, left) in [
        ("www.example.org A 60 192.0.2.1", r#"{"host":"192.0.2.1","targetstrip":1,"ttl":60}"#),
        ("www.example.org TXT 60 x", r#"{"targetstrip":1,"text":"x","ttl":60}"#),
    ] {
        let own = |name: &'static str| (name, json!({ "text": OWN, "targetstrip": 1 }));
        let pairs = [
            (
                "/skydns/org/example/www/1",
                json!({ "host": "192.0.2.1", "text": "x", "ttl": 60, "targetstrip": 1 }),
            ),
            own("/skydns/org/example/www/own-a/2"),
            own("/skydns/org/example/www/own-txt/3"),
        ];
        let Some(etcd) = with("what_shares_a_key_goes_without_the_other", &pairs).await else {
            return;
        };
        all_applied(&sync(make(&etcd.url()).as_ref(), &[desired]).await);
        let shown = stored(&etcd).await;
        assert!(shown.contains(&format!("/skydns/org/example/www/1 {left}")), "{shown:?}");
        assert_eq!(shown.len(), 2, "{shown:?}");
    }
}

/// No name goes because its key begins as that of another one.
#[tokio::test]
async fn no_sibling_goes_with_a_name() {
    let own = |key: &'static str| (key, json!({ "text": OWN, "targetstrip": 1 }));
    let host = |key: &'static str| (key, json!({ "host": "192.0.2.1", "targetstrip": 1 }));
    let pairs = [
        host("/skydns/org/example/www/1"),
        host("/skydns/org/example/www/2"),
        own("/skydns/org/example/www/own-a/3"),
        host("/skydns/org/example/www/below/4"),
        host("/skydns/org/example/www2/5"),
        host("/skydns/org/example/ww/6"),
    ];
    let Some(etcd) = with("no_sibling_goes_with_a_name", &pairs).await else { return };
    all_applied(&sync(make(&etcd.url()).as_ref(), &[""; 0]).await);
    let left: Vec<String> =
        keys(etcd.port(), PREFIX).await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(
        left,
        [
            "/skydns/org/example/ww/6",
            "/skydns/org/example/www/below/4",
            "/skydns/org/example/www2/5"
        ]
    );
}

#[tokio::test]
async fn values_of_other_owners_are_neither_seen_nor_changed() {
    let value = |host: &str, owner: &str| json!({ "host": host, "owner": owner, "targetstrip": 1 });
    let pairs = [
        ("/skydns/org/example/a/1", value("192.0.2.1", "me")),
        ("/skydns/org/example/a/2", value("192.0.2.2", "other")),
        ("/skydns/org/example/a/3", json!({ "host": "192.0.2.3", "targetstrip": 1 })),
        ("/skydns/arpa/in-addr/172/26/0/2", json!({ "host": "h.example.net", "owner": "other" })),
    ];
    let Some(etcd) = with("values_of_other_owners", &pairs).await else { return };
    let owners = Owners::new([(ClusterId(0), "me".into())]).expect("an owner id");
    let context = Context { owner_ids: owners, ..environment(&[("ETCD_URLS", &etcd.url())]) };
    let provider = make_of(&["--coredns-strictly-owned"], &context);
    let inventory = provider.read().await.expect("readable");
    let seen: Vec<_> = inventory.records().collect();
    let [(_, record)] = seen[..] else { panic!("one value is ours: {seen:?}") };
    assert_eq!(record.set.to_string(), "a.example.org 0 IN A  192.0.2.1 []");
    assert_eq!(record.labels.owner(), Some("me"));
    let outcomes = sync(
        provider.as_ref(),
        &["b.example.org A 60 192.0.2.4", "2.0.26.172.in-addr.arpa PTR 60 x.example.net"],
    )
    .await;
    let refused: Vec<_> = outcomes.iter().filter(|it| **it != Outcome::Applied).collect();
    let [Outcome::Rejected(failure)] = refused[..] else { panic!("the PTR: {outcomes:?}") };
    assert!(failure.message.contains("belongs to another owner"), "{failure}");
    let shown = stored(&etcd).await;
    assert!(
        shown.iter().any(|it| it.contains("/b/") && it.contains(r#""owner":"me""#)),
        "{shown:?}"
    );
    assert!(shown.contains(
        &r#"/skydns/arpa/in-addr/172/26/0/2 {"host":"h.example.net","owner":"other"}"#.to_owned()
    ));
}

#[tokio::test]
async fn a_group_goes_both_ways_and_a_reverse_name_has_one_target() {
    let Some(etcd) = with("a_group_goes_both_ways", &[]).await else { return };
    let provider = make_of(&["--coredns-prefix=/dns"], &environment(&[("ETCD_URLS", &etcd.url())]));
    let grouped = set("www.example.org A 60 192.0.2.1")
        .with_properties([(GROUP, "g1")].into_iter().collect());
    let desired = vec![
        Endpoint::from_set(grouped),
        Endpoint::from_set(set("2.0.26.172.in-addr.arpa PTR 60 a.org;b.org")),
    ];
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(desired, &inventory.index).await.expect("adjusted");
    let notes: Vec<&str> = adjusted.notes.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(notes, ["the key of a reverse name holds one target; a.org is stored"]);
    let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    all_applied(&suite::apply(provider.as_ref(), &inventory, &desired).await);
    let found = read(provider.as_ref()).await;
    for expected in [
        "www.example.org 60 IN A  192.0.2.1 [{coredns/group g1}]",
        "2.0.26.172.in-addr.arpa 60 IN PTR  a.org []",
    ] {
        assert!(found.contains(&expected.to_owned()), "{found:?}");
    }
    assert!(keys(etcd.port(), PREFIX).await.is_empty(), "all below the other prefix");
}
