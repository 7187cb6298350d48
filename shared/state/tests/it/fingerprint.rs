//! The hash of what a run wants: of everything that matters, in any order.

use std::sync::Arc;

use extdns_model::{
    Attribution, ClusterId, Endpoint, Name, RecordType, Resource, ResourceKind, Targets, Ttl,
    Unready,
};
use extdns_state::{Hash, Inputs, fingerprint};
use proptest::prelude::*;

fn resource(cluster: u16, name: &str) -> Arc<Resource> {
    Arc::new(Resource {
        cluster: ClusterId(cluster),
        kind: ResourceKind::SERVICE,
        namespace: Some("default".into()),
        name: name.into(),
    })
}

fn endpoint(name: &str, ttl: i64, targets: &[&str]) -> Endpoint {
    let name = Name::parse(name).expect("a name");
    let targets: Targets = targets.iter().copied().collect();
    Endpoint::new(name, RecordType::A, Ttl::from_seconds(ttl), targets)
        .wanted_by(resource(0, "web"))
}

fn of(desired: &[Endpoint]) -> Hash {
    fingerprint(&Inputs { desired, unready: &[], settings: &[("policy", "sync")], version: "1.0" })
}

#[test]
fn everything_that_a_plan_depends_on_changes_the_hash() {
    let base = endpoint("www.example.org", 300, &["192.0.2.1"]);
    let changed = |change: &dyn Fn(&mut Endpoint)| {
        let mut other = base.clone();
        change(&mut other);
        of(&[other])
    };
    let unready = |name: &str| Unready {
        name: Name::parse(name).expect("a name"),
        resource: resource(0, "a"),
    };
    let own = std::slice::from_ref(&base);
    let plain =
        Inputs { desired: own, unready: &[], settings: &[("policy", "sync")], version: "1.0" };
    let waiting = [unready("api.example.org")];
    let hashes = [
        ("base", of(own)),
        ("nothing", of(&[])),
        ("twice", of(&[base.clone(), base.clone()])),
        ("name", of(&[endpoint("api.example.org", 300, &["192.0.2.1"])])),
        ("TTL", of(&[endpoint("www.example.org", 60, &["192.0.2.1"])])),
        ("no TTL", of(&[endpoint("www.example.org", 0, &["192.0.2.1"])])),
        ("target", of(&[endpoint("www.example.org", 300, &["192.0.2.2"])])),
        ("targets", of(&[endpoint("www.example.org", 300, &["192.0.2.1", "192.0.2.2"])])),
        ("type", changed(&|own| own.set.rtype = RecordType::Txt)),
        ("set identifier", changed(&|own| own.set.set_set_identifier("blue"))),
        ("property", changed(&|own| own.set.edit_properties(|all| all.set("aws/weight", "1")))),
        ("label", changed(&|own| own.edit_labels(|all| all.set("owner", "x")))),
        ("object", changed(&|own| own.attribution = Attribution::One(resource(0, "api")))),
        ("cluster", changed(&|own| own.attribution = Attribution::One(resource(1, "web")))),
        ("no object", changed(&|own| own.attribution = Attribution::None)),
        ("unready", fingerprint(&Inputs { unready: &waiting, ..plain })),
        ("setting", fingerprint(&Inputs { settings: &[("policy", "upsert-only")], ..plain })),
        ("settings", fingerprint(&Inputs { settings: &[("policy", "sync"), ("x", "")], ..plain })),
        ("moved text", fingerprint(&Inputs { settings: &[("policysync", "")], ..plain })),
        ("version", fingerprint(&Inputs { version: "1.1", ..plain })),
    ];
    for (index, (one, hash)) in hashes.iter().enumerate() {
        for (other, same) in &hashes[..index] {
            assert_ne!(hash, same, "{one} and {other}");
        }
    }
}

#[test]
fn a_hash_is_read_as_it_is_shown() {
    let hash = Hash::of(b"x");
    let text = hash.to_string();
    assert_eq!(text.len(), 64);
    assert_eq!(text.parse(), Ok(hash));
    for odd in ["", "2d71", &text[1..], &format!("{text}0"), &text.to_uppercase(), &"zz".repeat(32)]
    {
        assert!(odd.parse::<Hash>().is_err(), "{odd}");
    }
}

fn endpoints() -> impl Strategy<Value = Vec<Endpoint>> {
    let one = (0..6_u8, 0..3_i64, prop::collection::vec(0..4_u8, 1..4), 0..3_u16).prop_map(
        |(name, ttl, targets, cluster)| {
            let targets: Vec<String> = targets.iter().map(|it| format!("192.0.2.{it}")).collect();
            let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
            let mut own = endpoint(&format!("n{name}.example.org"), ttl * 60, &targets);
            own.attribution =
                Attribution::Many([resource(cluster, "a"), resource(0, "b")].into_iter().collect());
            own.set.edit_properties(|all| {
                all.set("aws/weight", "1");
                all.set("alias", "false");
            });
            own
        },
    );
    prop::collection::vec(one, 0..8)
}

proptest! {
    #[test]
    fn the_order_of_objects_targets_and_properties_does_not_matter(
        (plain, mixed) in endpoints().prop_flat_map(|plain| (Just(plain.clone()), Just(plain).prop_shuffle())),
    ) {
        let turned: Vec<Endpoint> = mixed
            .iter()
            .map(|own| {
                let mut turned = own.clone();
                turned.set.targets = own.set.targets.as_slice().iter().rev().cloned().collect();
                let mut objects = own.attribution.resources().to_vec();
                objects.reverse();
                turned.attribution = Attribution::Many(objects.into_iter().collect());
                turned.set.edit_properties(|all| {
                    let weight = all.remove("aws/weight").unwrap_or_default();
                    all.set("aws/weight", weight);
                });
                turned
            })
            .collect();
        prop_assert_eq!(of(&plain), of(&turned));
    }

    #[test]
    fn one_endpoint_less_is_another_hash(all in endpoints(), at in any::<prop::sample::Index>()) {
        prop_assume!(!all.is_empty());
        let mut fewer = all.clone();
        fewer.remove(at.index(all.len()));
        prop_assert_ne!(of(&all), of(&fewer));
    }
}
