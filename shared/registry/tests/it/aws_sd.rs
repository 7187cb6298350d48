//! Ownership in the descriptions of Cloud Map's services. The number is that of the specification's case.

use extdns_model::{Action, Change, Labels};
use extdns_plan::{Clusters, Hold, Input, Made, compute};
use extdns_registry::{Groups, Loaded, Registry};

use crate::world::{World, endpoint, owned, registry, settings};

const ME: &str = "heritage=external-dns,external-dns/owner=me";

/// A name with an address, and the description of its service.
fn world(services: &[(&str, Option<&str>)]) -> World {
    let mut world = World::zones(&["dev.local"]);
    for (name, description) in services {
        world.put("dev.local", &[&format!("A {name}.dev.local 192.0.2.1")]);
        let (_, record) = world.records.last_mut().expect("a record");
        if let Some(description) = description {
            record.labels.set("aws-sd-description", *description);
        }
    }
    world
}

fn run(registry: &dyn Registry, world: &World, desired: &[&str]) -> (Groups, Vec<Hold>) {
    let annotated = registry.annotate(world.inventory(), Loaded::default());
    let desired: Vec<_> = desired.iter().map(|text| endpoint(text)).collect();
    let (settings, clusters, made) = (settings(registry), Clusters::default(), Made::new());
    let mut plan = compute(Input {
        inventory: &annotated.inventory,
        desired: &desired,
        settings: &settings,
        clusters: &clusters,
        kept: &[],
        made: &made,
    });
    let groups = registry.decorate(&mut plan, &annotated, &|_, _| None);
    let held = plan.decisions().filter_map(|(_, own)| own.held().cloned()).collect();
    (groups, held)
}

fn new_labels(change: &Change) -> Option<&Labels> {
    match &change.action {
        Action::Create(new) | Action::Update { new, .. } => Some(&new.labels),
        Action::Delete(_) => None,
    }
}

/// Each change as its name and the description that it writes.
fn written(groups: &Groups) -> Vec<String> {
    let changes = groups.groups.iter().flat_map(|group| &group.changes);
    let shown = |change: &Change| {
        let description = new_labels(change).and_then(|own| own.get("aws-sd-description"));
        format!("{} {}", change.set().name, description.unwrap_or("-"))
    };
    changes.map(shown).collect()
}

#[test]
fn s1_a_description_that_is_no_text_of_labels_is_not_ours() {
    let registry = registry("--registry=aws-sd --txt-owner-id=me");
    let world = world(&[
        ("broken", Some("made by hand")),
        ("mine", Some(&format!("{ME},external-dns/resource=service/x/y"))),
        ("none", None),
        ("theirs", Some("heritage=external-dns,external-dns/owner=other")),
    ]);
    let annotated = registry.annotate(world.inventory(), Loaded::default());
    assert_eq!(
        owned(&annotated),
        [
            "A broken.dev.local {}",
            "A mine.dev.local {owner=me,resource=service/x/y}",
            "A none.dev.local {}",
            "A theirs.dev.local {owner=other}",
        ]
    );
    // Nothing is wanted: only what is ours goes.
    let (groups, _) = run(&*registry, &world, &[]);
    assert_eq!(written(&groups), ["mine.dev.local -"]);
}

/// What is made and changed has the description with it, and there are no TXT records.
#[test]
fn a_change_carries_the_description() {
    let registry = registry("--registry=aws-sd --txt-owner-id=me");
    let world = world(&[("old", Some(ME)), ("theirs", Some("x"))]);
    let desired = [
        "A new.dev.local 192.0.2.2 l:resource=service/default/web",
        "A old.dev.local 192.0.2.3",
        "A theirs.dev.local 192.0.2.4",
    ];
    let (groups, held) = run(&*registry, &world, &desired);
    let new = format!("new.dev.local {ME},external-dns/resource=service/default/web");
    assert_eq!(written(&groups), [new, format!("old.dev.local {ME}")]);
    assert_eq!(held, [Hold::Foreign { owner: None }]);
}

/// A description of the old owner is written anew, though nothing else changes; one of ours is left alone.
#[test]
fn the_owner_alone_is_written_too() {
    let registry = registry("--registry=aws-sd --txt-owner-id=me --migrate-from-txt-owner=before");
    let before = "heritage=external-dns,external-dns/owner=before";
    let world = world(&[("a", Some(before)), ("b", Some(ME))]);
    let desired = ["A a.dev.local 192.0.2.1", "A b.dev.local 192.0.2.1"];
    let (groups, held) = run(&*registry, &world, &desired);
    assert_eq!(written(&groups), [format!("a.dev.local {ME}")]);
    assert!(held.is_empty(), "{held:?}");
}
