//! Ownership records across zones: apexes, twins, zones that could not be read; and clusters that
//! share an owner id.

use extdns_model::{
    Attribution, ClusterId, Name, Resource, ResourceKind, Visibility, Zone, ZoneKey,
};
use extdns_plan::Hold;
use extdns_registry::{ClusterOwner, Registry};

use crate::world::{Run, World, endpoint, owned, registry, registry_of, run, run_with, settings};

const NOTHING: [&str; 0] = [];

fn owner() -> Box<dyn Registry> {
    registry("--txt-owner-id=owner")
}

/// Each group as `zone after changes`.
fn groups(world: &World, run: &Run) -> Vec<String> {
    let show = |group: &extdns_model::ChangeGroup| {
        let after = group.after.first();
        let after = after.map_or(String::new(), |after| format!(" after {}", after.group().0));
        let changes: Vec<_> = group.changes.iter().map(crate::world::show).collect();
        format!("{}{after}: {}", world.index.zone(group.zone).id, changes.join(", "))
    };
    run.groups.groups.iter().map(show).collect()
}

#[test]
fn the_ownership_record_of_an_apex_lies_in_the_parent_zone() {
    let registry = owner();
    let mut world = World::zones(&["com", "example.com"]);
    let steps: [(&str, &[&str], &[&str]); 7] = [
        (
            "create",
            &["A example.com 1.1.1.1 l:resource=r"],
            &[
                "com: + TXT a-example.com ~owner=owner,resource=r",
                "example.com after 0: + A example.com 1.1.1.1",
            ],
        ),
        ("again", &["A example.com 1.1.1.1 l:resource=r"], &[]),
        (
            "update of the target",
            &["A example.com 2.2.2.2 l:resource=r"],
            &["example.com: ~ A example.com 1.1.1.1 -> 2.2.2.2"],
        ),
        (
            "update of both",
            &["A example.com 3.3.3.3 l:resource=s"],
            &[
                "example.com: ~ A example.com 2.2.2.2 -> 3.3.3.3",
                "com after 0: ~ TXT a-example.com ~owner=owner,resource=r -> ~owner=owner,resource=s",
            ],
        ),
        (
            "replace",
            &["CNAME example.com v"],
            &[
                "com: + TXT cname-example.com ~owner=owner",
                "example.com after 0: - A example.com 3.3.3.3, + CNAME example.com v",
                "com after 1: - TXT a-example.com ~owner=owner,resource=s",
            ],
        ),
        (
            "delete",
            &[],
            &[
                "example.com: - CNAME example.com v",
                "com after 0: - TXT cname-example.com ~owner=owner",
            ],
        ),
        ("gone", &[], &[]),
    ];
    for (step, desired, expected) in steps {
        let run = run(&*registry, &world, desired);
        assert_eq!(groups(&world, &run), expected, "{step}");
        world.apply(&run.groups.groups);
    }
    assert!(world.records.is_empty());
}

#[test]
fn a_migration_at_the_apex_touches_the_parent_zone_only() {
    let registry = registry("--txt-owner-id=new --migrate-from-txt-owner=old");
    let mut world = World::zones(&["com", "example.com"]);
    world.put("example.com", &["A example.com 1.1.1.1"]);
    world.put("com", &["TXT a-example.com ~owner=old"]);
    let run = run(&*registry, &world, &["A example.com 1.1.1.1"]);
    assert_eq!(groups(&world, &run), ["com: ~ TXT a-example.com ~owner=old -> ~owner=new"]);
}

#[test]
fn an_apex_whose_ownership_record_has_no_zone_is_held() {
    let world = World::zones(&["example.com"]);
    let held = run(&*owner(), &world, &["A example.com 1.1.1.1", "A www.example.com 1.1.1.1"]);
    assert_eq!(
        held.changes,
        ["+ A www.example.com 1.1.1.1", "+ TXT a-www.example.com ~owner=owner"]
    );
    let reason = "its ownership record \"a-example.com\" lies in no managed zone; use a prefix \
                  that ends in a dot behind the type, such as --txt-prefix=x-%{record_type}.";
    assert_eq!(held.held, [Hold::CannotBeOwned { reason: reason.to_owned() }]);

    let inside = registry("--txt-owner-id=owner --txt-prefix=x-%{record_type}.");
    let run = run(&*inside, &world, &["A example.com 1.1.1.1"]);
    assert_eq!(
        groups(&world, &run),
        ["example.com: + A example.com 1.1.1.1, + TXT x-a.example.com ~owner=owner"]
    );
}

#[test]
fn an_apex_marked_in_the_oldest_format_is_ours_from_inside_its_zone() {
    let mut world = World::zones(&["example.com"]);
    world.put("example.com", &["A example.com 1.1.1.1", "TXT example.com ~owner=owner"]);
    let annotated = owner().annotate(world.inventory(), Default::default());
    assert_eq!(owned(&annotated), ["A example.com {owner=owner}"]);
    let run = run(&*owner(), &world, &["A example.com 2.2.2.2"]);
    assert_eq!(run.changes, ["~ A example.com 1.1.1.1 -> 2.2.2.2"]);
}

#[test]
fn what_a_zone_that_could_not_be_read_may_hold() {
    // The parent, where the ownership record would be.
    let mut world = World::zones(&["com", "example.com"]);
    world.put("example.com", &["A example.com 1.1.1.1"]);
    world.unread("com");
    let unowned = run(&*owner(), &world, &[]);
    assert_eq!((unowned.changes.len(), unowned.held.len()), (0, 0));
    world.records.clear();
    let held = run(&*owner(), &world, &["A example.com 1.1.1.1"]);
    assert_eq!((held.changes.len(), held.held), (0, vec![Hold::UnreadableZone]));

    // The child, where the record may be.
    let mut world = World::zones(&["com", "example.com"]);
    world.put("com", &["TXT a-example.com ~owner=owner", "TXT a-x.com ~owner=owner"]);
    assert_eq!(run(&*owner(), &world, &[]).orphans, ["a-example.com", "a-x.com"]);
    world.unread("example.com");
    let unknown = run(&*owner(), &world, &["A example.com 1.1.1.1"]);
    assert_eq!(unknown.orphans, ["a-x.com"]);
    assert_eq!((unknown.changes.len(), unknown.held), (0, vec![Hold::UnreadableZone]));
}

#[test]
fn records_of_two_zones_of_one_name_keep_their_own_ownership_records() {
    let twin =
        |id: &str, visibility| Zone { visibility, ..Zone::new(id, Name::as_listed("example.com")) };
    let mut world = World::of(vec![
        twin("inner", Visibility::Private),
        twin("outer", Visibility::Public),
        Zone::new("com", Name::as_listed("com")),
    ]);
    world.put("inner", &["A www.example.com 1.1.1.1"]);
    world.put("outer", &["A www.example.com 1.1.1.1", "TXT a-www.example.com ~owner=owner"]);
    let both = ["A www.example.com 2.2.2.2", "A new.example.com 1.1.1.1"];
    let only_outer = run(&*owner(), &world, &both);
    assert_eq!(
        groups(&world, &only_outer),
        [
            "outer: + A new.example.com 1.1.1.1, + TXT a-new.example.com ~owner=owner",
            "outer: ~ A www.example.com 1.1.1.1 -> 2.2.2.2",
            "inner: + A new.example.com 1.1.1.1, + TXT a-new.example.com ~owner=owner",
        ]
    );
    assert_eq!(only_outer.held, [Hold::Foreign { owner: None }]);

    // Their apexes share the one parent zone, and with it the ownership record.
    world.records.clear();
    let apex = run(&*owner(), &world, &["A example.com 1.1.1.1"]);
    assert_eq!(
        groups(&world, &apex),
        [
            "com: + TXT a-example.com ~owner=owner",
            "outer after 0: + A example.com 1.1.1.1",
            "inner after 0: + A example.com 1.1.1.1",
        ]
    );
    world.apply(&apex.groups.groups);
    assert_eq!(run(&*owner(), &world, &["A example.com 1.1.1.1"]).changes, NOTHING);
    let gone = run(&*owner(), &world, &[]);
    assert_eq!(gone.changes, ["- A example.com 1.1.1.1", "- A example.com 1.1.1.1"]);
    world.apply(&gone.groups.groups);
    assert_eq!(run(&*owner(), &world, &[]).orphans, ["a-example.com"]);
}

/// Twins that share a parent zone share one ownership record: it is not made while the other twin has an apex record that
/// is not ours, or may have one.
#[test]
fn a_twin_with_a_foreign_apex_keeps_the_other_from_being_owned() {
    let twin =
        |id: &str, visibility| Zone { visibility, ..Zone::new(id, Name::as_listed("example.com")) };
    let twins = || {
        World::of(vec![
            twin("inner", Visibility::Private),
            twin("outer", Visibility::Public),
            Zone::new("com", Name::as_listed("com")),
        ])
    };
    let mut world = twins();
    world.put("outer", &["A example.com 9.9.9.9"]);
    let foreign = run(&*owner(), &world, &["A example.com 1.1.1.1"]);
    assert_eq!(foreign.changes, NOTHING);
    assert_eq!(foreign.held, [Hold::Foreign { owner: None }, Hold::Foreign { owner: None }]);
    let mut world = twins();
    world.unreadable = vec![world.index.by_id("outer").expect("a zone")];
    let unread = run(&*owner(), &world, &["A example.com 1.1.1.1"]);
    assert_eq!(unread.changes, NOTHING);
    assert!(unread.held.iter().all(|hold| *hold == Hold::UnreadableZone), "{:?}", unread.held);
}

#[test]
fn twins_with_twin_parents_look_at_those_of_their_kind() {
    let zone = |id: &str, name: &str, visibility| Zone {
        visibility,
        ..Zone::new(id, Name::as_listed(name))
    };
    let mut world = World::of(vec![
        zone("inner", "example.com", Visibility::Private),
        zone("outer", "example.com", Visibility::Public),
        zone("inner-com", "com", Visibility::Private),
        zone("outer-com", "com", Visibility::Public),
    ]);
    let run = run(&*owner(), &world, &["A example.com 1.1.1.1"]);
    assert_eq!(
        groups(&world, &run),
        [
            "outer-com: + TXT a-example.com ~owner=owner",
            "outer after 0: + A example.com 1.1.1.1",
            "inner-com: + TXT a-example.com ~owner=owner",
            "inner after 2: + A example.com 1.1.1.1",
        ]
    );
    world.apply(&run.groups.groups);
}

#[test]
fn an_ownership_record_that_is_left_in_the_parent_zone_is_used_again() {
    let mut world = World::zones(&["com", "example.com"]);
    world.put("com", &["TXT a-example.com ~owner=owner,resource=old"]);
    let again = run(&*owner(), &world, &["A example.com 1.1.1.1 l:resource=old"]);
    assert_eq!(groups(&world, &again), ["example.com: + A example.com 1.1.1.1"]);
    let other = run(&*owner(), &world, &["A example.com 1.1.1.1"]);
    assert_eq!(
        groups(&world, &other),
        [
            "example.com: + A example.com 1.1.1.1",
            "com after 0: ~ TXT a-example.com ~owner=owner,resource=old -> ~owner=owner",
        ]
    );
}

fn clusters(owners: [Option<&str>; 2]) -> Vec<ClusterOwner> {
    let cluster = |(index, owner): (u16, &Option<&str>)| ClusterOwner {
        id: ClusterId(index),
        name: format!("c{index}").into(),
        owner: owner.map(Into::into),
        affix: None,
    };
    (0..).zip(&owners).map(cluster).collect()
}

fn wanted_by(text: &str, ids: &[u16]) -> extdns_model::Endpoint {
    let mut endpoint = endpoint(text);
    let resource = |id: &u16| {
        std::sync::Arc::new(Resource {
            cluster: ClusterId(*id),
            kind: ResourceKind::SERVICE,
            namespace: Some("ns".into()),
            name: "web".into(),
        })
    };
    endpoint.attribution = ids.iter().map(resource).collect::<Attribution>();
    endpoint
}

/// Owner ids of the clusters, the clusters that want the record, the labels that are written.
type Line = ([Option<&'static str>; 2], &'static [u16], &'static str);

#[test]
fn clusters_that_share_an_id_are_named() {
    let cases: [Line; 5] = [
        ([None, None], &[1], "cluster=c1,owner=central,"),
        ([None, Some("own")], &[1], "owner=own,"),
        ([None, Some("own")], &[0], "owner=central,"),
        ([None, Some("own")], &[1, 0], "cluster=c0+c1,owner=own,"),
        ([None, None], &[0, 1], "cluster=c0+c1,owner=central,"),
    ];
    for (owners, ids, expected) in cases {
        let registry = registry_of("--txt-owner-id=central", &clusters(owners));
        let mut world = World::pseudo(&[]);
        let desired = [wanted_by("A x.org 1.1.1.1", ids)];
        let run = run_with(&*registry, &world, &desired, &settings(&*registry));
        let expected = format!("+ TXT a-x.org ~{expected}resource=service/ns/web");
        assert_eq!(run.changes, ["+ A x.org 1.1.1.1", &expected]);
        world.apply(&run.groups.groups);
        assert_eq!(run_with(&*registry, &world, &desired, &settings(&*registry)).changes, NOTHING);
    }
}

#[test]
fn an_update_names_the_cluster_that_wants_it_now() {
    let registry = registry_of("--txt-owner-id=central", &clusters([None, Some("own")]));
    let world = World::pseudo(&["A x.org 1.1.1.1", "TXT a-x.org ~owner=central"]);
    let desired = [wanted_by("A x.org 2.2.2.2", &[1])];
    let run = run_with(&*registry, &world, &desired, &settings(&*registry));
    assert_eq!(
        run.changes,
        [
            "~ A x.org 1.1.1.1 -> 2.2.2.2",
            "~ TXT a-x.org ~owner=central -> ~owner=own,resource=service/ns/web",
        ]
    );
    assert_eq!(run.groups.groups[0].zone, ZoneKey(0));
}

#[test]
fn one_ownership_record_cannot_stand_for_the_records_of_two_clusters() {
    let registry = registry_of(
        "--txt-owner-id=central --txt-wildcard-replacement=any",
        &clusters([None, Some("own")]),
    );
    let desired = [wanted_by("A *.org 1.1.1.1", &[0]), wanted_by("A any.org 1.1.1.1", &[1])];
    let run = run_with(&*registry, &World::pseudo(&[]), &desired, &settings(&*registry));
    assert_eq!(run.groups.groups.len(), 1);
    assert!(matches!(&run.held[..], [Hold::CannotBeOwned { reason }]
        if reason.starts_with("its ownership record a-any.org is also that of *.org")));
}
