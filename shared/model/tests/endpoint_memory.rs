//! A run holds an endpoint per desired name and a record per stored one: both stay small, and the
//! questions that each stage asks of each of them cost no allocation.

use std::hint::black_box;
use std::sync::Arc;

use allocation_counter::measure;
use ecow::EcoString;
use extdns_model::{
    ClusterId, DomainFilter, Endpoint, Labels, Name, Opaque, OwnershipRecord, Record, RecordSet,
    RecordType, Resource, ResourceKind, Routing, Targets, Ttl, Zone, ZoneIndex, ZoneKey,
};

const COUNT: usize = 100_000;

/// Bytes that stay allocated per item of a list.
fn live_bytes<T>(make: impl Fn(usize) -> T) -> f64 {
    let mut list = Vec::new();
    let info = measure(|| {
        list = Vec::with_capacity(COUNT);
        list.extend((0..COUNT).map(make));
    });
    assert_eq!(black_box(&list).len(), COUNT);
    info.bytes_current as f64 / COUNT as f64
}

fn set(name: &str, rtype: RecordType, target: impl Into<EcoString>) -> RecordSet {
    let targets: Targets = [target].into_iter().collect();
    let name = Name::parse(name).expect("a valid name");
    RecordSet::new(name, rtype, Ttl::from_seconds(300), targets)
}

fn address(index: usize) -> String {
    format!("10.{}.{}.{}", index >> 16, index >> 8 & 0xff, index & 0xff)
}

/// Today 197: 80 for the endpoint, 37 for its name, 80 for its resource.
#[test]
fn an_endpoint_takes_less_than_200_bytes() {
    let bytes = live_bytes(|index| {
        let name = format!("svc-{index:05}.example.org");
        let resource = Resource {
            cluster: ClusterId(1),
            kind: ResourceKind::SERVICE,
            namespace: Some(format!("namespace-{index}").into()),
            name: format!("name-{index}").into(),
        };
        let set = set(&name, RecordType::A, address(index));
        Endpoint::from_set(set).wanted_by(Arc::new(resource))
    });
    assert!(bytes < 200.0, "an endpoint takes {bytes} bytes");
}

/// Today 457, of which 224 are the ownership record; the labels read from it are its text.
#[test]
fn an_owned_record_takes_less_than_480_bytes() {
    let bytes = live_bytes(|index| {
        let name = format!("svc-{index:05}.example.org");
        let mut record = Record::new(set(&name, RecordType::A, address(index)), Opaque::none());
        let resource = format!("service/namespace-{index}/name-{index}");
        let labels: Labels = [("owner", "default"), ("resource", &resource)].into_iter().collect();
        let text = EcoString::from(format!("\"{}\"", labels.to_text()));
        record.labels = Labels::parse_stored(&text).expect("an ownership value");
        record.add_ownership_record(OwnershipRecord {
            zone: ZoneKey(0),
            set: set(&format!("a-{name}"), RecordType::Txt, text),
            origin: Opaque::none(),
        });
        record
    });
    assert!(bytes < 480.0, "a record with its ownership takes {bytes} bytes");
}

/// Today 157.
#[test]
fn a_plain_record_takes_less_than_160_bytes() {
    let bytes = live_bytes(|index| {
        let name = format!("svc-{index:05}.example.org");
        Record::new(set(&name, RecordType::A, address(index)), Opaque::none())
    });
    assert!(bytes < 160.0, "a record takes {bytes} bytes");
}

#[test]
fn questions_about_canonical_names_allocate_nothing() {
    let name = Name::parse("svc-12345.example.org").expect("a valid name");
    let twin = Name::parse("svc-12345.example.org").expect("a valid name");
    let filter = DomainFilter::lists(["other.org", "example.org"], ["internal.example.org"]);
    let zones = ["example.org", "org", "example.com"]
        .map(|zone| Zone::new(zone, Name::parse(zone).expect("a valid name")));
    let index = ZoneIndex::new(zones.to_vec(), Routing::Longest);
    let addresses: Targets = ["192.0.2.1", "192.0.2.2"].into_iter().collect();
    let turned: Targets = ["192.0.2.2", "192.0.2.1"].into_iter().collect();
    let cname = Endpoint::from_set(set(
        "svc-12345.example.org",
        RecordType::Cname,
        "load-balancer.example.com",
    ));

    let questions: [(&str, &dyn Fn() -> bool); 7] = [
        ("key", &|| name.key() == twin.key()),
        ("to_ascii", &|| name.to_ascii().is_ok()),
        ("to_unicode", &|| name.to_unicode() == name.as_str()),
        ("filter", &|| filter.matches(&name)),
        ("route", &|| index.route(&name.key(), None).len() == 1),
        ("same_as", &|| addresses.same_as(&turned, RecordType::A)),
        ("validate", &|| cname.validate().is_ok()),
    ];
    for (question, ask) in questions {
        let info = measure(|| assert!(black_box(ask()), "{question}"));
        assert_eq!(info.count_total, 0, "{question} allocates");
    }
}
