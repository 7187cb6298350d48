//! A real etcd, and values as upstream writes them.

use extdns_model::Outcome;
use extdns_testkit::etcd::Etcd as Server;
use serde_json::{Value, json};

use super::*;
use crate::Environment;
use crate::conformance::SECRET;
use crate::conformance::contract::sync;
use crate::engine::text;
use crate::etcd::kit::{Codec, Real, keys, put};
use service::key_of_address;

const CODEC: Codec = Codec {
    prefix: "/rdnsv3/",
    make: |url| make(url, "example.org"),
    encode: |set, target, _| {
        let ttl = set.ttl.seconds().unwrap_or(0);
        match set.rtype {
            RecordType::A => {
                Some((key_of_address(&set.name, target), json!({ "host": target, "ttl": ttl })))
            }
            RecordType::Txt => {
                Some((key_of(&set.name), json!({ "text": text::bare(target), "ttl": ttl })))
            }
            _ => None,
        }
    },
    decode: |key, value| {
        let service: Service = serde_json::from_value(value.clone()).expect("a service");
        let Place { name, .. } = place_of(key).expect("a place");
        let (rtype, target) = match service.host.as_str() {
            "" => (RecordType::Txt, service.text.as_str()),
            host => (RecordType::A, host),
        };
        let ttl = Ttl::from_seconds(service.ttl.into());
        let ttl = if service.ttl == 0 { Ttl::UNSET } else { ttl };
        RecordSet::new(name, rtype, ttl, [target].into_iter().collect())
    },
    names: |key| place_of(key).into_iter().map(|place| place.name).collect(),
};

fn make(url: &str, root: &str) -> Box<dyn Provider> {
    let all = [
        ("ETCD_URLS", url),
        ("ETCD_USERNAME", "root"),
        ("ETCD_PASSWORD", SECRET),
        ("RDNS_ROOT_DOMAIN", root),
    ];
    let context = Context { environment: Environment::from(all), ..Context::default() };
    Box::new(provider(&context).expect("a provider"))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test]
        Real::start(CODEC).await
    }
}

async fn read(provider: &dyn Provider) -> Vec<String> {
    let inventory = provider.read().await.expect("readable");
    let mut sets: Vec<String> = inventory.records().map(|(_, it)| it.set.to_string()).collect();
    sets.sort();
    sets
}

const OWN: &str = "\"heritage=external-dns,external-dns/owner=kit\"";

#[tokio::test]
async fn addresses_texts_and_values_of_both() {
    let Some(etcd) = Server::start_or_skip("addresses_texts_and_values_of_both", false).await
    else {
        return;
    };
    let pairs: [(&str, Value); 8] = [
        (
            "/rdnsv3/cloud/rancher/lb/p1/1_1_1_1",
            json!({ "host": "1.1.1.1", "text": "both", "ttl": 60 }),
        ),
        (
            "/rdnsv3/cloud/rancher/lb/p1/2_2_2_2",
            json!({ "host": "2.2.2.2", "text": "both", "ttl": 60 }),
        ),
        // A name that begins as the other one is no part of it.
        ("/rdnsv3/cloud/rancher/lb/p11/3_3_3_3", json!({ "host": "3.3.3.3" })),
        ("/rdnsv3/cloud/rancher/lb/p1/x/4_4_4_4", json!({ "host": "4.4.4.4" })),
        ("/rdnsv3/cloud/rancher/lb/t", json!({ "text": "only" })),
        ("/rdnsv3/cloud/rancher/lb/own-a/p1", json!({ "text": OWN })),
        ("/rdnsv3/cloud/rancher/lb/p1/own-a", json!({ "text": OWN })),
        ("/rdnsv3/cloud/rancher/lb2/5_5_5_5", json!({ "host": "5.5.5.5" })),
    ];
    for (key, value) in &pairs {
        put(etcd.port(), key, value).await;
    }
    let provider = make(&etcd.url(), "lb.rancher.cloud");
    let own = "heritage=external-dns,external-dns/owner=kit";
    assert_eq!(
        read(provider.as_ref()).await,
        [
            format!("own-a.p1.lb.rancher.cloud 0 IN TXT  {own} []"),
            "p1.lb.rancher.cloud 60 IN A  1.1.1.1;2.2.2.2 []".to_owned(),
            "p1.lb.rancher.cloud 60 IN TXT  both []".to_owned(),
            format!("p1.own-a.lb.rancher.cloud 0 IN TXT  {own} []"),
            "p11.lb.rancher.cloud 0 IN A  3.3.3.3 []".to_owned(),
            "t.lb.rancher.cloud 0 IN TXT  only []".to_owned(),
            "x.p1.lb.rancher.cloud 0 IN A  4.4.4.4 []".to_owned(),
        ]
    );
    // The one address that is not wanted goes, the text stays, and so do all other names.
    let outcomes = sync(provider.as_ref(), &["p1.lb.rancher.cloud A 60 1.1.1.1"]).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    let left: Vec<String> =
        keys(etcd.port(), "/rdnsv3/").await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(left.len(), pairs.len(), "the text of the address that went stands alone: {left:?}");
    let found = read(provider.as_ref()).await;
    assert!(found.contains(&"p1.lb.rancher.cloud 60 IN A  1.1.1.1 []".to_owned()), "{found:?}");
    assert!(found.contains(&"p1.lb.rancher.cloud 60 IN TXT  both []".to_owned()), "{found:?}");
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused() {
    let provider = make("http://127.0.0.1:1", "example.org");
    let zone = Zone::new("example.org", Name::as_listed("example.org"));
    let texts = crate::conformance::contract::set("t.example.org TXT 0 a;b");
    let reason = provider.refusal(&texts, Surroundings::alone(&zone, &texts));
    assert!(reason.is_some_and(|it| it.contains("one text of a name")));
    let values = ["192.0.2.1"; 11].join(";");
    let many = crate::conformance::contract::set(&format!("a.example.org A 0 {values}"));
    let reason = provider.refusal(&many, Surroundings::alone(&zone, &many));
    assert!(reason.is_some_and(|it| it.contains("10 values")));
    let Err(error) = super::provider(&Context::default()) else { panic!("a domain is needed") };
    assert!(error.message.starts_with("needed root domain environment"), "{error}");
}
