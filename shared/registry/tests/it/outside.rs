//! Ownership in a store outside the zones: what is read of it, and what is to be written. The
//! numbers are those of the cases that the specification has for such registries.

use extdns_model::{Endpoint, GroupId, Name, Opaque, Owners, Permit, Visibility, Zone};
use extdns_plan::{Clusters, Hold, Input, Made, compute};
use extdns_registry::{
    Annotated, Entry, EntryAction, EntryChange, Groups, Loaded, Orphan, Outside, Refused, Registry,
    Settled, Store, StoreError,
};

use crate::world::{World, endpoint, line, owned, settings, show};

/// A store for the pure half, which never asks it.
struct Nothing;

#[async_trait::async_trait]
impl Store for Nothing {
    async fn load(&self) -> Result<Loaded, StoreError> {
        Ok(Loaded::default())
    }

    async fn claim(&self, _: &Permit, _: &[&EntryChange]) -> Vec<(GroupId, Refused)> {
        Vec::new()
    }

    async fn settle(
        &self,
        _: &Permit,
        _: &[(&EntryChange, Settled)],
    ) -> Vec<(GroupId, extdns_model::Failure)> {
        Vec::new()
    }
}

fn registry() -> Outside {
    let owners = Owners::new([(Default::default(), "me".into())]).expect("a valid id");
    Outside::new(owners, Box::new(Nothing))
}

/// `TYPE name l:owner=.. l:resource=..`
fn entry(text: &str) -> Entry {
    let own: Endpoint = endpoint(text);
    let shown = format!("row {}#{}", own.set.name, own.set.rtype);
    let labels = own.all_labels();
    Entry { set: own.set, labels, shown, origin: Opaque::none() }
}

fn annotated(world: &World, entries: &[&str]) -> Annotated {
    let entries: Vec<_> = entries.iter().map(|text| entry(text)).collect();
    registry().annotate(world.inventory(), entries.into())
}

/// The changes of zones and of the store, each in order, and what is held back.
fn run(world: &World, entries: &[&str], desired: &[&str]) -> (Vec<String>, Vec<String>, Vec<Hold>) {
    let registry = registry();
    let annotated = annotated(world, entries);
    let desired: Vec<_> = desired.iter().map(|text| endpoint(text)).collect();
    let (settings, clusters) = (settings(&registry), Clusters::default());
    let made = Made::new();
    let mut plan = compute(Input {
        inventory: &annotated.inventory,
        desired: &desired,
        settings: &settings,
        clusters: &clusters,
        kept: &[],
        made: &made,
    });
    let groups = registry.decorate(&mut plan, &annotated, &|_, _| None);
    let held = plan.decisions().filter_map(|(_, decision)| decision.held().cloned()).collect();
    (changes(&groups), stored(&groups), held)
}

fn changes(groups: &Groups) -> Vec<String> {
    groups.groups.iter().flat_map(|group| &group.changes).map(show).collect()
}

fn stored(groups: &Groups) -> Vec<String> {
    let text = |change: &EntryChange| {
        let group = change.group.0;
        match &change.action {
            EntryAction::Make { set, reused, .. } => {
                let how = if reused.is_some() { "reuse" } else { "make" };
                format!("{group} {how} {}", set.name)
            }
            EntryAction::Rewrite { set, labels, .. } => {
                let resource = labels.resource().unwrap_or_default();
                format!("{group} rewrite {} {resource}", set.name)
            }
            EntryAction::Remove(old) => format!("{group} remove {}", old.set.name),
        }
    };
    groups.entries.iter().map(text).collect()
}

#[test]
fn ownership_is_joined_by_name_type_and_set_identifier() {
    let world = World::pseudo(&[
        "A www.a.org v",
        "AAAA www.a.org ::1",
        "A WWW.b.org/one v",
        "A www.b.org/two v",
        "TXT a-www.a.org ~owner=me",
    ]);
    let annotated = annotated(
        &world,
        &[
            "A www.a.org v l:owner=me l:resource=service/x/y",
            "A www.b.org/one v l:owner=other",
            "A gone.a.org v l:owner=me",
            "CNAME theirs.a.org v l:owner=other",
        ],
    );
    assert_eq!(
        owned(&annotated),
        [
            "A www.a.org {owner=me,resource=service/x/y}",
            "AAAA www.a.org {}",
            "A WWW.b.org/one {owner=other}",
            "A www.b.org/two {}",
            // A TXT record is a record like any other here.
            "TXT a-www.a.org {}",
        ]
    );
    let orphans: Vec<_> = annotated.orphans().map(|left| left.shown()).collect();
    let reserved: Vec<_> = annotated.reserved().map(|left| left.shown()).collect();
    assert_eq!(
        (orphans, reserved),
        (vec!["row gone.a.org#A".into()], vec!["row theirs.a.org#CNAME".into()])
    );
}

/// A provider may rewrite labels of its own. ExternalDNS copies them into the object after a run; here the zone
/// is read in every run, and what it says counts.
#[test]
fn a_label_that_the_provider_rewrites_is_as_the_zone_has_it_and_the_owner_as_the_store_says() {
    let mut inventory = World::pseudo(&["A www.a.org v"]).inventory();
    let records = inventory.zones.iter_mut().flat_map(|zone| zone.records.iter_mut().flatten());
    records
        .for_each(|own| own.labels = [("prefix", "new"), ("owner", "other")].into_iter().collect());
    let stored = entry("A www.a.org v l:owner=me l:prefix=old l:note=kept");
    let annotated = registry().annotate(inventory, vec![stored].into());
    let (_, record) = annotated.inventory.records().next().expect("a record");
    let labels: Vec<_> = record.labels.iter().collect();
    assert_eq!(labels, [("note", "kept"), ("owner", "me"), ("prefix", "new")]);
}

/// The first part of D1, D3, D7, D8, D10 and C1, C3: which ownership record goes with which change.
#[test]
fn each_change_has_its_ownership_record() {
    let world = World::pseudo(&["A there.a.org v", "A leaves.a.org v", "A same.a.org v"]);
    let entries = [
        "A there.a.org v l:owner=me l:resource=service/x/old",
        "A leaves.a.org v l:owner=me",
        "A same.a.org v l:owner=me",
        "A back.a.org v l:owner=me",
    ];
    let desired =
        ["A new.a.org v", "A back.a.org v", "A there.a.org w l:resource=x", "A same.a.org v"];
    let (changes, stored, held) = run(&world, &entries, &desired);
    assert_eq!(
        changes,
        ["+ A back.a.org v", "- A leaves.a.org v", "+ A new.a.org v", "~ A there.a.org v -> w"]
    );
    assert_eq!(
        stored,
        [
            "0 reuse back.a.org",
            "1 remove leaves.a.org",
            "2 make new.a.org",
            "3 rewrite there.a.org x"
        ]
    );
    assert!(held.is_empty(), "{held:?}");
}

/// What another owner has is not made, whether its record is there or not.
#[test]
fn the_name_of_another_owner_is_not_taken() {
    let world = World::pseudo(&["A theirs.a.org v"]);
    let entries = ["A theirs.a.org v l:owner=other", "A reserved.a.org v l:owner=other"];
    let (changes, stored, held) =
        run(&world, &entries, &["A theirs.a.org w", "A reserved.a.org v", "A free.a.org v"]);
    assert_eq!(
        (changes, stored),
        (vec!["+ A free.a.org v".into()], vec!["0 make free.a.org".into()])
    );
    let foreign = Hold::Foreign { owner: Some("other".into()) };
    assert_eq!(held, [foreign.clone(), foreign]);
}

/// A record that no ownership record stands for is nobody's.
#[test]
fn an_unowned_record_is_never_touched() {
    let world = World::pseudo(&["A www.a.org v", "CNAME other.a.org v"]);
    let (changes, stored, held) = run(&world, &[], &["A www.a.org w"]);
    assert_eq!((changes.len(), stored.len()), (0, 0));
    assert_eq!(held, [Hold::Foreign { owner: None }]);
}

/// One ownership record stands for the name in every zone: it goes with the last.
#[test]
fn a_name_of_two_zones_has_one_ownership_record() {
    let mut world = World::zones(&["a.org", "b.a.org"]);
    world.put("a.org", &["A www.b.a.org v"]);
    world.put("b.a.org", &["A www.b.a.org v"]);
    let entries = ["A www.b.a.org v l:owner=me"];
    let (changes, stored, _) = run(&world, &entries, &[]);
    assert_eq!(changes.len(), 2);
    assert!(stored.is_empty(), "it becomes one without a record: {stored:?}");
    // The name moves: its ownership record is written over, and is not removed with the old record.
    world.records.retain(|(zone, _)| *zone == world.index.by_id("a.org").expect("a zone"));
    let (changes, stored, _) = run(&world, &entries, &["A www.b.a.org v"]);
    assert_eq!(changes, ["+ A www.b.a.org v", "- A www.b.a.org v"]);
    assert_eq!(stored, ["0 reuse www.b.a.org"]);
}

/// The ownership record of a name stands for it in every zone: it is not made while another zone has a record of the name
/// that is not ours, or may have one.
#[test]
fn a_name_that_another_zone_has_is_not_made_ours() {
    let twin =
        |id: &str, visibility| Zone { visibility, ..Zone::new(id, Name::as_listed("a.org")) };
    let twins =
        || World::of(vec![twin("inner", Visibility::Private), twin("outer", Visibility::Public)]);
    let mut world = twins();
    world.put("outer", &["A www.a.org 9.9.9.9"]);
    let desired = ["A www.a.org 1.1.1.1", "A new.a.org 1.1.1.1"];
    let (changes, stored, held) = run(&world, &[], &desired);
    assert_eq!(changes, ["+ A new.a.org 1.1.1.1", "+ A new.a.org 1.1.1.1"]);
    assert_eq!(stored, ["0 make new.a.org"]);
    let foreign = Hold::Foreign { owner: None };
    assert_eq!(held, [foreign.clone(), foreign], "one is there, the other would make it ours");

    let mut world = twins();
    world.unreadable = vec![world.index.by_id("outer").expect("a zone")];
    let (changes, stored, held) = run(&world, &[], &["A www.a.org 1.1.1.1"]);
    assert_eq!((changes.len(), stored.len()), (0, 0), "{held:?}");
    assert!(held.contains(&Hold::UnreadableZone), "{held:?}");
}

/// Only the ownership record changes: a group that changes nothing in the zone.
#[test]
fn a_change_of_ownership_alone_sends_nothing_to_the_zone() {
    let world = World::pseudo(&["A www.a.org v"]);
    let owners = Owners::new([(Default::default(), "me".into())]).expect("a valid id");
    let registry = Outside::new(owners.migrating_from(Some("old".into())), Box::new(Nothing));
    let annotated =
        registry.annotate(world.inventory(), vec![entry("A www.a.org v l:owner=old")].into());
    let desired = [endpoint("A www.a.org v")];
    let (settings, clusters) = (settings(&registry), Clusters::default());
    let made = Made::new();
    let mut plan = compute(Input {
        inventory: &annotated.inventory,
        desired: &desired,
        settings: &settings,
        clusters: &clusters,
        kept: &[],
        made: &made,
    });
    let groups = registry.decorate(&mut plan, &annotated, &|_, _| None);
    assert_eq!((groups.groups.len(), groups.subjects.len()), (1, 1));
    assert!(groups.groups[0].changes.is_empty());
    assert_eq!(stored(&groups), ["0 rewrite www.a.org "]);
}

/// The last part of D1: one without a record is removed on request.
#[test]
fn an_ownership_record_without_a_record_is_removed_by_gc() {
    let world = World::pseudo(&["A www.a.org v"]);
    let registry = registry();
    let mut annotated =
        annotated(&world, &["A www.a.org v l:owner=me", "A gone.a.org v l:owner=me"]);
    let orphans = annotated.take_removable(&Default::default());
    let removals: Vec<_> = orphans.iter().map(Orphan::removal).collect();
    let plan = extdns_plan::remove(
        &removals,
        &annotated.inventory,
        &settings(&registry),
        &Clusters::default(),
    );
    let groups = Groups::removing(&plan, &orphans);
    let shown: Vec<_> = plan.decisions().map(|(_, own)| line(own.change.set())).collect();
    assert_eq!(shown, ["A gone.a.org v"]);
    assert!(groups.groups[0].changes.is_empty());
    assert_eq!(stored(&groups), ["0 remove gone.a.org"]);
}
