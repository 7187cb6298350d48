use proptest::prelude::*;

use super::*;

fn zone(id: &str, name: &str, visibility: Visibility) -> Zone {
    Zone { visibility, ..Zone::new(id, Name::as_listed(name)) }
}

fn ids(index: &ZoneIndex, name: &str, pin: Option<&str>) -> Vec<String> {
    let key = Name::as_listed(name);
    index.route(&key.key(), pin).iter().map(|zone| index.zone(*zone).id.to_string()).collect()
}

#[test]
fn contains() {
    let cases = [
        ("example.org", "example.org", true),
        ("example.org", "a.example.org", true),
        ("example.org", "anexample.org", false),
        ("example.org", "org", false),
        ("Example.ORG.", "*.a.EXAMPLE.org", true),
        ("xn--c1yn36f.org", "a.點看.org", true),
        ("點看.org", "a.xn--c1yn36f.org", true),
        ("", "anything", true),
        ("", "", true),
        ("org", "", false),
    ];
    for (apex, name, expected) in cases {
        let zone = Zone::new("Z", Name::as_listed(apex));
        assert_eq!(zone.contains(&Name::as_listed(name).key()), expected, "{name} in {apex}");
    }
}

#[test]
fn routes() {
    use Routing::{All, Longest, PrivateAndLongestPublic};
    use Visibility::{Private, Public};
    let zones = vec![
        zone("pub-org", "example.org", Public),
        zone("pub-org-2", "example.org.", Public),
        zone("pub-sub", "sub.Example.org", Public),
        zone("priv-org", "example.org", Private),
        zone("priv-sub", "sub.example.org", Private),
        zone("priv-deep", "deep.sub.example.org", Private),
        zone("idn", "xn--c1yn36f.org", Public),
    ];
    let cases: &[(Routing, &str, Option<&str>, &[&str])] = &[
        (Longest, "example.org", None, &["pub-org", "pub-org-2", "priv-org"]),
        (Longest, "a.sub.example.org", None, &["pub-sub", "priv-sub"]),
        (Longest, "a.deep.sub.example.org", None, &["priv-deep"]),
        (Longest, "A.點看.org", None, &["idn"]),
        (Longest, "anexample.org", None, &[]),
        (Longest, "org", None, &[]),
        (Longest, "", None, &[]),
        (
            PrivateAndLongestPublic,
            "a.deep.sub.example.org",
            None,
            &["priv-deep", "pub-sub", "priv-sub", "priv-org"],
        ),
        (PrivateAndLongestPublic, "a.example.org", None, &["pub-org", "pub-org-2", "priv-org"]),
        (
            All,
            "a.sub.example.org",
            None,
            &["pub-sub", "priv-sub", "pub-org", "pub-org-2", "priv-org"],
        ),
        (Longest, "a.sub.example.org", Some("priv-org"), &["priv-org"]),
        (Longest, "a.sub.example.org", Some("priv-deep"), &[]),
        (Longest, "a.sub.example.org", Some("elsewhere"), &[]),
        (All, "a.sub.example.org", Some("pub-org"), &["pub-org"]),
    ];
    for (routing, name, pin, expected) in cases {
        let index = ZoneIndex::new(zones.clone(), *routing);
        assert_eq!(ids(&index, name, *pin), *expected, "{routing:?} {name:?} {pin:?}");
    }
}

#[test]
fn a_pseudo_zone_takes_what_no_other_takes() {
    let zones = vec![Zone::new("all", Name::default()), Zone::new("a", Name::as_listed("a.org"))];
    let index = ZoneIndex::new(zones, Routing::Longest);
    assert_eq!(ids(&index, "x.a.org", None), ["a"]);
    assert_eq!(ids(&index, "x.b.org", None), ["all"]);
    assert_eq!(ids(&index, "", None), ["all"]);
    assert_eq!(
        index.iter().map(|(_, zone)| zone.to_string()).collect::<Vec<_>>(),
        ["all", "a.org"]
    );
}

fn any_name() -> impl Strategy<Value = String> {
    "([a-b]{1,2}\\.){0,3}[a-b]?"
}

fn any_zones() -> impl Strategy<Value = Vec<Zone>> {
    let visibility = proptest::sample::select(vec![Visibility::Public, Visibility::Private]);
    proptest::collection::vec((any_name(), visibility), 0..8).prop_map(|zones| {
        zones
            .iter()
            .enumerate()
            .map(|(index, (name, visibility))| zone(&format!("Z{index}"), name, *visibility))
            .collect()
    })
}

/// The rule as one would say it, without an index.
fn naive(zones: &[Zone], key: &str, routing: Routing) -> Vec<String> {
    let matching: Vec<_> = zones.iter().filter(|zone| zone.contains(key)).collect();
    let longest =
        |zones: &mut dyn Iterator<Item = &&Zone>| zones.map(|zone| zone.name.key().len()).max();
    let best = longest(&mut matching.iter());
    let public = |zone: &&&Zone| zone.visibility == Visibility::Public;
    let best_public = longest(&mut matching.iter().filter(public));
    let mut ids: Vec<_> = matching
        .iter()
        .filter(|zone| {
            let length = Some(zone.name.key().len());
            match routing {
                Routing::All => true,
                Routing::Longest => length == best,
                Routing::PrivateAndLongestPublic => !public(zone) || length == best_public,
            }
        })
        .map(|zone| zone.id.to_string())
        .collect();
    ids.sort();
    ids
}

proptest! {
    #[test]
    fn routes_like_a_naive_search_in_any_order_of_zones(
        (zones, shuffled) in any_zones()
            .prop_flat_map(|zones| (Just(zones.clone()), Just(zones).prop_shuffle())),
        name in any_name(),
    ) {
        for routing in [Routing::Longest, Routing::PrivateAndLongestPublic, Routing::All] {
            let index = ZoneIndex::new(zones.clone(), routing);
            let found = ids(&index, &name, None);
            let other = ZoneIndex::new(shuffled.clone(), routing);
            prop_assert_eq!(&found, &ids(&other, &name, None));

            let mut sorted = found;
            sorted.sort();
            prop_assert_eq!(sorted, naive(&zones, &Name::as_listed(&name).key(), routing));
        }
    }

    #[test]
    fn keys_follow_names_and_ids(
        (zones, shuffled) in any_zones()
            .prop_flat_map(|zones| (Just(zones.clone()), Just(zones).prop_shuffle())),
    ) {
        let [left, right] = [zones, shuffled].map(|zones| ZoneIndex::new(zones, Routing::Longest));
        prop_assert!(left.iter().map(|(_, zone)| &zone.id).eq(right.iter().map(|(_, zone)| &zone.id)));
        for (key, zone) in left.iter() {
            prop_assert_eq!(left.by_id(&zone.id), Some(key));
        }
    }
}
