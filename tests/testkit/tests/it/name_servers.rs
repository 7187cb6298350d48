//! Name servers: they answer from what they were given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use extdns_testkit::bind::{Access, Bind};
use extdns_testkit::coredns::CoreDns;
use extdns_testkit::dns::{dig, transfer, update};
use extdns_testkit::etcd::{Etcd, PASSWORD};
use extdns_testkit::knot::Knot;
use serde_json::json;

#[tokio::test]
async fn bind_and_knot_take_updates() {
    let zones = ["example.org"];
    let Some(bind) = Bind::start_or_skip("bind_takes_updates", &zones, Access::Open).await else {
        return;
    };
    let Some(knot) = Knot::start_or_skip("knot_takes_updates", &zones, Access::Open).await else {
        return;
    };
    for (port, log) in [(bind.port, bind.log()), (knot.port, knot.log())] {
        let added = "update add www.example.org. 300 A 192.0.2.1".to_owned();
        update(port, "example.org", &[added]);
        assert_eq!(dig(port, "www.example.org", "A"), ["192.0.2.1"], "{log}");
        assert_eq!(transfer(port, "example.org", None).len(), 2, "with the NS");
    }
}

#[tokio::test]
async fn coredns_answers_from_etcd() {
    let Some(etcd) = Etcd::start_or_skip("coredns_answers_from_etcd", false).await else { return };
    let url = etcd.url();
    let started =
        CoreDns::start_or_skip("coredns_answers_from_etcd", &["example.org"], &url, "/skydns");
    let Some(coredns) = started.await else { return };
    let key = STANDARD.encode("/skydns/org/example/www/1f3a90c2");
    let value = STANDARD.encode(r#"{"host":"192.0.2.10","ttl":300,"targetstrip":1}"#);
    let (status, answer) = etcd.call("/v3/kv/put", &json!({ "key": key, "value": value })).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(dig(coredns.port, "www.example.org", "A"), ["192.0.2.10"]);
    etcd.enable_auth().await;
    let (status, _) = etcd.call("/v3/kv/range", &json!({ "key": key })).await;
    assert_eq!(status, 400, "it asks who that is");
    let login = json!({ "name": "root", "password": PASSWORD });
    assert_eq!(etcd.call("/v3/auth/authenticate", &login).await.0, 200);
}

#[tokio::test]
async fn etcd_over_tls_is_ready() {
    let Some(etcd) = Etcd::start_or_skip("etcd_over_tls_is_ready", true).await else { return };
    assert!(etcd.url().starts_with("https://"));
    assert!(["ca.crt", "client.crt", "client.key"].iter().all(|name| etcd.file(name).is_file()));
}
