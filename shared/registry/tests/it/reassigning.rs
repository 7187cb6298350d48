//! Owners that change at the user's word: adopted, released, transferred.

use extdns_model::{ClusterId, Name};
use extdns_plan::{Cluster, Clusters, Hold, Plan, Reading, Settings, reassign, remove};
use extdns_registry::{
    Annotated, ClusterOwner, Groups, Holder, Loaded, Orphan, Reassigned, Registry, successors,
};

use crate::world::{World, registry_of, settings, show};

/// Three clusters, two of which share an owner id.
const CLUSTERS: [(&str, &str); 3] = [("eu", "central"), ("us", "central"), ("lab", "lab")];

fn registry(args: &str) -> Box<dyn Registry> {
    let cluster = |(id, (name, owner)): (u16, &(&str, &str))| ClusterOwner {
        id: ClusterId(id),
        name: (*name).into(),
        owner: Some((*owner).into()),
        affix: None,
    };
    let list: Vec<ClusterOwner> = (0..).zip(&CLUSTERS).map(cluster).collect();
    registry_of(args, &list)
}

fn clusters() -> Clusters {
    let known = Reading::Complete { endpoints: 0 };
    let list = (0..).zip(&CLUSTERS);
    Clusters::new(list.map(|(id, (name, _))| Cluster::new(ClusterId(id), *name, known)).collect())
}

/// What is changed and what is held.
fn shown(plan: &Plan<'_>, groups: &Groups) -> (Vec<String>, Vec<Hold>) {
    let changes = groups.groups.iter().flat_map(|group| &group.changes).map(show).collect();
    let held = plan.decisions().filter_map(|(_, decision)| decision.held().cloned());
    (changes, held.collect())
}

fn reassigned(
    registry: &dyn Registry,
    world: &mut World,
    settings: &Settings,
    choose: impl Fn(&Annotated) -> Vec<Reassigned<'_>>,
) -> (Vec<String>, Vec<Hold>) {
    let annotated = registry.annotate(world.inventory(), Loaded::default());
    let chosen = choose(&annotated);
    let changes: Vec<_> = chosen.iter().map(Reassigned::reassignment).collect();
    let mut plan = reassign(&changes, &annotated.inventory, settings, &clusters());
    let groups = registry.decorate(&mut plan, &annotated, &|_, _| None);
    world.apply(&groups.groups);
    shown(&plan, &groups)
}

fn adopt(registry: &dyn Registry, world: &mut World, to: &str, names: &[&str]) -> Vec<String> {
    let names: Vec<Name> = names.iter().map(|name| Name::as_listed(name)).collect();
    let settings = settings(registry);
    let owners = registry.owners();
    let to = successors(owners, to);
    let (changes, held) = reassigned(registry, world, &settings, |annotated| {
        annotated.adopted(&names, &to, owners, &settings.types).0
    });
    assert!(held.is_empty(), "{held:?}");
    changes
}

fn transfer(registry: &dyn Registry, world: &mut World, from: &Holder, to: &str) -> Vec<String> {
    let settings = settings(registry);
    let to = successors(registry.owners(), to);
    let (changes, held) = reassigned(registry, world, &settings, |annotated| {
        annotated.transferred(from, &to, registry.owners(), &settings.filter)
    });
    assert!(held.is_empty(), "{held:?}");
    changes
}

#[test]
fn a_foreign_or_unowned_record_is_adopted() {
    let registry = registry("");
    let mut world = World::pseudo(&[
        "A theirs.org 1.1.1.1",
        "TXT a-theirs.org ~owner=other,resource=service/a/b",
        "A nobodys.org 1.1.1.2",
        "CNAME nobodys.net v",
        "A left.org 1.1.1.3",
        "A ours.org 1.1.1.4",
        "TXT a-ours.org ~owner=lab",
    ]);
    let names = ["theirs.org", "NOBODYS.org.", "nobodys.net", "ours.org", "none.org"];
    assert_eq!(
        adopt(&*registry, &mut world, "lab", &names),
        [
            "+ TXT cname-nobodys.net ~owner=lab",
            "+ TXT a-nobodys.org ~owner=lab",
            "~ TXT a-theirs.org ~owner=other,resource=service/a/b -> ~owner=lab,resource=service/a/b",
        ]
    );
    assert!(adopt(&*registry, &mut world, "lab", &names).is_empty());
    // A cluster that shares its id is named.
    assert_eq!(
        adopt(&*registry, &mut world, "us", &["left.org"]),
        ["+ TXT a-left.org ~cluster=us,owner=central"]
    );
}

#[test]
fn what_is_not_clear_or_not_to_be_changed_is_not_adopted() {
    let registry = registry("");
    let settings = Settings {
        protected: extdns_plan::Protected::new(vec!["kept.*".parse().expect("a pattern")]),
        ..settings(&*registry)
    };
    let mut world = World::pseudo(&[
        "A doubt.org 1.1.1.1",
        "TXT a-doubt.org ~owner=other;~owner=third",
        "A kept.org 1.1.1.2",
        "A text.org 1.1.1.3",
        "TXT a-text.org v=spf1",
    ]);
    let names = ["doubt.org", "kept.org", "text.org"].map(Name::as_listed);
    let to = successors(registry.owners(), "lab");
    let (changes, held) = reassigned(&*registry, &mut world, &settings, |annotated| {
        annotated.adopted(&names, &to, registry.owners(), &settings.types).0
    });
    assert!(changes.is_empty(), "{changes:?}");
    let [doubt, kept, text] = held.as_slice() else { panic!("{held:?}") };
    assert!(matches!(doubt, Hold::InDoubt(_)), "{doubt:?}");
    assert!(matches!(kept, Hold::Protected { .. }), "{kept:?}");
    assert!(matches!(text, Hold::InDoubt(_) | Hold::CannotBeOwned { .. }), "{text:?}");
}

#[test]
fn a_record_that_is_released_stays_and_only_its_ownership_records_go() {
    let registry = registry("");
    let mut world = World::pseudo(&[
        "A www.org 1.1.1.1",
        "TXT a-www.org ~owner=lab",
        "AAAA www.org ::1",
        "TXT aaaa-www.org ~owner=lab;v=spf1",
        "A other.org 1.1.1.1",
        "TXT a-other.org ~owner=lab",
        "A theirs.org 1.1.1.1",
        "TXT a-theirs.org ~owner=other",
    ]);
    let names = ["www.org", "theirs.org", "none.org"].map(Name::as_listed);
    let annotated = registry.annotate(world.inventory(), Loaded::default());
    let (released, missing) = annotated.released(&names, &*registry);
    let missing: Vec<_> = missing.iter().map(|name| name.as_str()).collect();
    assert_eq!(missing, ["theirs.org", "none.org"]);
    let removals: Vec<_> = released.iter().map(Orphan::removal).collect();
    let guard = extdns_plan::Guard { min_records: 0, ..Default::default() };
    let guarded = Settings { guard, ..settings(&*registry) };
    let plan = remove(&removals, &annotated.inventory, &guarded, &clusters());
    // Two of three records of ours are more than 30 %: a release counts as a delete.
    let (changes, held) = shown(&plan, &Groups::removing(&plan, &released));
    assert!(
        changes.is_empty() && matches!(held.as_slice(), [Hold::Guarded { .. }, ..]),
        "{held:?}"
    );
    let exceeded = &plan.exceeded_limits[0];
    assert_eq!((exceeded.count, exceeded.base), (2, 3));
    let plan = remove(&removals, &annotated.inventory, &settings(&*registry), &clusters());
    let groups = Groups::removing(&plan, &released);
    let (changes, held) = shown(&plan, &groups);
    assert_eq!(
        changes,
        ["- TXT a-www.org ~owner=lab", "~ TXT aaaa-www.org ~owner=lab;v=spf1 -> v=spf1"]
    );
    assert!(held.is_empty());
    world.apply(&groups.groups);
    let annotated = registry.annotate(world.inventory(), Loaded::default());
    let (released, missing) = annotated.released(&names, &*registry);
    assert!(released.is_empty() && missing.len() == 3);
}

#[test]
fn records_are_transferred_from_an_owner_id_a_cluster_or_a_label() {
    let registry = registry("");
    let world = World::pseudo(&[
        "A a.org 1.1.1.1",
        "TXT a-a.org ~owner=old,resource=service/a/b",
        "A b.org 1.1.1.1",
        "TXT a-b.org ~cluster=us,owner=central",
        "A c.org 1.1.1.1",
        "TXT a-c.org ~cluster=eu+gone,owner=central,resource=service/a/c",
        "A d.org 1.1.1.1",
        "TXT a-d.org ~owner=lab",
        "A e.org 1.1.1.1",
        "TXT a-e.org ~cluster=gone,owner=other",
    ]);
    let owners = registry.owners();
    let cases: [(Holder, &str, &[&str]); 5] = [
        (
            Holder::of(owners, "old"),
            "lab",
            &["~ TXT a-a.org ~owner=old,resource=service/a/b -> ~owner=lab,resource=service/a/b"],
        ),
        (
            Holder::of(owners, "us"),
            "eu",
            &["~ TXT a-b.org ~cluster=us,owner=central -> ~cluster=eu,owner=central"],
        ),
        (
            Holder::of(owners, "lab"),
            "us",
            &["~ TXT a-d.org ~owner=lab -> ~cluster=us,owner=central"],
        ),
        (
            Holder::Label("gone".to_owned()),
            "lab",
            &["~ TXT a-c.org ~cluster=eu+gone,owner=central,resource=service/a/c -> \
               ~cluster=eu+lab,owner=lab,resource=service/a/c"],
        ),
        (Holder::Owner("nobody".to_owned()), "lab", &[]),
    ];
    for (from, to, expected) in cases {
        let mut world = world.clone();
        assert_eq!(transfer(&*registry, &mut world, &from, to), expected, "{from:?} {to}");
        assert!(transfer(&*registry, &mut world, &from, to).is_empty(), "{from:?} {to}, again");
    }
}

#[test]
fn records_of_a_forgotten_cluster_are_ours_once() {
    let lines = [
        "A a.org 1.1.1.1",
        "TXT a-a.org ~owner=old",
        "A b.org 1.1.1.1",
        "TXT a-b.org ~cluster=gone,owner=central",
    ];
    let deletes = |args: &str| {
        let registry = registry(args);
        let annotated = registry.annotate(World::pseudo(&lines).inventory(), Loaded::default());
        let (settings, clusters) = (settings(&*registry), clusters());
        let made = extdns_plan::Made::new();
        let plan = extdns_plan::compute(extdns_plan::Input {
            inventory: &annotated.inventory,
            desired: &[],
            settings: &settings,
            clusters: &clusters,
            kept: &[],
            made: &made,
        });
        plan.going().map(|(row, _)| row.name.to_string()).collect::<Vec<_>>()
    };
    assert!(deletes("").is_empty());
    assert_eq!(deletes("--forget-cluster=old"), ["a.org"]);
    assert_eq!(deletes("--forget-cluster=gone"), ["b.org"]);
    assert_eq!(deletes("--forget-cluster=gone --forget-cluster=old"), ["a.org", "b.org"]);
}
