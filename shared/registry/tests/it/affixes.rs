//! Clusters whose ownership TXT records are named in different ways.

use std::sync::Arc;

use extdns_model::{ClusterId, Resource, ResourceKind};
use extdns_registry::{Affix, ClusterOwner};

use crate::world::{World, endpoint, registry_of, run_with, settings};

/// Ten clusters with an owner id each, two of them with an affix of their own.
fn ten() -> Vec<ClusterOwner> {
    let affix = |id: u16| match id {
        3 => Some(Affix::Prefix("ext-".into())),
        7 => Some(Affix::Suffix("-own".into())),
        _ => None,
    };
    let cluster = |id: u16| ClusterOwner {
        id: ClusterId(id),
        name: format!("c{id}").into(),
        owner: Some(format!("id{id}").into()),
        affix: affix(id),
    };
    (0..10).map(cluster).collect()
}

/// The name of the ownership TXT record that a cluster's own run gave the A record of a host.
fn txt_of(id: u16, host: &str) -> String {
    match id {
        3 => format!("ext-a-{host}.org"),
        7 => format!("a-{host}-own.org"),
        _ => format!("a-{host}.org"),
    }
}

#[test]
fn ten_clusters_that_ran_on_their_own_move_into_one_run_and_the_first_plan_is_empty() {
    let registry = registry_of("", &ten());
    let lines: Vec<String> = (0..10u16)
        .flat_map(|id| {
            let text = format!("~owner=id{id},resource=service/ns/web{id}");
            [
                format!("A host{id}.org 1.1.1.{id}"),
                format!("TXT {} {text}", txt_of(id, &format!("host{id}"))),
            ]
        })
        .collect();
    let mut world = World::pseudo(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let wanted = |id: u16, host: u16| {
        endpoint(&format!("A host{host}.org 1.1.1.{host}")).wanted_by(Arc::new(Resource {
            cluster: ClusterId(id),
            kind: ResourceKind::SERVICE,
            namespace: Some("ns".into()),
            name: format!("web{host}").into(),
        }))
    };
    let settings = settings(&*registry);
    let desired: Vec<_> = (0..10).map(|id| wanted(id, id)).collect();
    let first = run_with(&*registry, &world, &desired, &settings);
    assert!(first.changes.is_empty() && first.held.is_empty(), "{:?}", first.changes);
    assert!(first.orphans.is_empty(), "{:?}", first.orphans);

    // What moves to a cluster with another affix gets an ownership record of that name.
    let moved: Vec<_> =
        (0..10).map(|host| wanted(if host == 0 { 3 } else { host.min(2) }, host)).collect();
    let second = run_with(&*registry, &world, &moved, &settings);
    for expected in [
        "+ TXT ext-a-host0.org ~owner=id3,resource=service/ns/web0",
        "- TXT a-host0.org ~owner=id0,resource=service/ns/web0",
        "+ TXT a-host3.org ~owner=id2,resource=service/ns/web3",
        "- TXT ext-a-host3.org ~owner=id3,resource=service/ns/web3",
        "+ TXT a-host7.org ~owner=id2,resource=service/ns/web7",
        "- TXT a-host7-own.org ~owner=id7,resource=service/ns/web7",
    ] {
        assert!(
            second.changes.iter().any(|it| it == expected),
            "{expected}: {:#?}",
            second.changes
        );
    }
    world.apply(&second.groups.groups);
    let third = run_with(&*registry, &world, &moved, &settings);
    assert!(third.changes.is_empty() && third.held.is_empty(), "{:?}", third.changes);
    let nothing = run_with(&*registry, &world, &[], &settings);
    world.apply(&nothing.groups.groups);
    assert!(world.records.is_empty(), "{:?}", world.lines());
}
