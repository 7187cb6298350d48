//! Every kind of record, and values that disagree.

use extdns_model::{Name, RecordSet, RecordType, Ttl};

use super::{Make, all_applied, converged, run, set};
use crate::conformance::Harness;
use crate::conformance::simple_plan::is_ownership_record;
use crate::engine::text;
use crate::engine::wire::normal;
use crate::{Capabilities, Stores, TxtQuoting};

/// The number of CAA among the types.
const CAA: RecordType = RecordType::Other(257);

/// What stands in front of the zone, the type and the values.
const KINDS: &[(&str, RecordType, &[&str])] = &[
    ("", RecordType::A, &["192.0.2.1", "192.0.2.2"]),
    ("", RecordType::Mx, &["10 mail.example.net", "20 backup.example.net."]),
    ("*.wild.", RecordType::A, &["192.0.2.3"]),
    ("addresses.", RecordType::Aaaa, &["2001:db8::1"]),
    ("dotted.", RecordType::Cname, &["elsewhere.example.net."]),
    ("mail.", RecordType::Mx, &["0 mail.example.net"]),
    ("_sip._tcp.", RecordType::Srv, &["10 5 5060 sip.example.net."]),
    ("delegated.", RecordType::Ns, &["ns1.example.net", "ns2.example.net."]),
    ("authorities.", CAA, &["0 issue \"ca.example.net\""]),
    ("strings.", RecordType::Txt, &["\"one\" \"two\""]),
];

/// Every kind of record that the provider manages is stored and read as it is desired: at the apex, as a
/// wildcard, of every type, with final dots, as long text and text in several strings. Ownership records
/// have a TTL, and the second run has nothing to do.
pub async fn stores_every_kind<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let provider = kit.provider().await;
    let desired = kinds(&kit, provider.capabilities());
    all_applied(&run(&kit, &desired).await);
    kit.settle().await;
    let inventory = provider.read().await.expect("readable");
    for set in &desired {
        let is = |other: &RecordSet| other.name.key() == set.name.key() && other.rtype == set.rtype;
        let mut found = inventory.records().map(|(_, record)| &record.set).filter(|it| is(it));
        let stored = found.next().unwrap_or_else(|| panic!("not read: {set}"));
        assert_eq!(values(stored), values(set), "{}", set.name);
    }
    let contents = kit.contents().await;
    // Who keeps records as they are given has no TTL of its own to give, nor has a service with a default that no read
    // shows.
    let can = provider.capabilities();
    let needs_ttl = can.follows_dns && (can.default_ttl.is_set() || can.min_ttl.is_set());
    let is_without = |set: &RecordSet| is_ownership_record(set) && !set.ttl.is_set();
    let without = contents.iter().find(|set| needs_ttl && is_without(set));
    assert_eq!(without, None, "an ownership record without a TTL");
    let outcomes = run(&kit, &desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
}

fn kinds(kit: &impl Harness, can: &Capabilities) -> Vec<RecordSet> {
    let at = |front: &str, rtype, targets: &[&str]| {
        let name = Name::as_listed(&format!("{front}{}", kit.zone()));
        RecordSet::new(name, rtype, Ttl::from_seconds(300), targets.iter().copied().collect())
    };
    // The ownership record of a wildcard has a * inside its name.
    let takes = |front: &str| can.label_characters.is_none() || !front.starts_with('*');
    let kinds = KINDS.iter().filter(|(front, rtype, _)| can.manages(*rtype) && takes(front));
    let mut kinds: Vec<RecordSet> =
        kinds.map(|(front, rtype, targets)| at(front, *rtype, targets)).collect();
    if can.manages(RecordType::Txt) {
        kinds.push(at("long.", RecordType::Txt, &[&text::quoted(&"t".repeat(600))]));
    }
    kinds
}

fn values(set: &RecordSet) -> Vec<String> {
    let one = |value: &ecow::EcoString| normal(set.rtype, value, TxtQuoting::Bare).to_string();
    let mut values: Vec<String> = set.targets.iter().map(one).collect();
    values.sort();
    values
}

/// Values of one set that disagree about their TTL are made alike, and then there is nothing to do.
pub async fn heals_values_that_disagree<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    if matches!(kit.provider().await.capabilities().stores, Stores::Sets(_)) {
        return;
    }
    let desired = [set(&kit, "two", RecordType::A, &["192.0.2.1", "192.0.2.2"])];
    all_applied(&run(&kit, &desired).await);
    for (first, second) in [(300, 3600), (3600, 300), (60, 3600)] {
        let of = |target, ttl| {
            let mut one = set(&kit, "two", RecordType::A, &[target]);
            one.ttl = Ttl::from_seconds(ttl);
            one
        };
        if !kit.alter(&[of("192.0.2.1", first)]).await {
            return;
        }
        kit.seed(&[of("192.0.2.2", second)]).await;
        let outcomes = run(&kit, &desired).await;
        assert_eq!(outcomes.len(), 1, "{first} and {second} are not 300");
        all_applied(&outcomes);
        converged(&kit, &desired).await;
        let outcomes = run(&kit, &desired).await;
        assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
    }
}

/// A name below a child zone lies there, and the parent has nothing of it.
pub async fn keeps_child_zones_apart<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let Some(child) = kit.child() else { return };
    let below = Name::as_listed(&format!("www.{child}"));
    let mut inside = set(&kit, "www", RecordType::A, &["192.0.2.1"]);
    let beside = inside.clone();
    inside.name = below.clone();
    let desired = [beside, inside];
    all_applied(&run(&kit, &desired).await);
    kit.settle().await;
    let is_below = |set: &&RecordSet| set.name.key() == below.key();
    assert_eq!(kit.contents().await.iter().filter(is_below).count(), 0, "in the parent");
    assert_eq!(kit.contents_of_child().await.iter().filter(is_below).count(), 1, "in the child");
    let outcomes = run(&kit, &desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
}
