//! One run over three clusters and two targets: a cluster of EKS behind bearer tokens and TLS, one whose kubeconfig
//! is in Secrets Manager, one of manifests; a zone of Route 53 in a second account, and one of a PowerDNS. STS, EKS,
//! Secrets Manager and DynamoDB are moto. The configuration file is that of `docs/many-clusters.md`.

mod moving_in;
mod page;
mod scale;
mod state;
mod world;

use extdns_testkit::kube_sim::{Effect, Fault};
use serde_json::Value;

use crate::many_clusters::world::{World, services};

/// The first run makes everything, the second finds nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn three_clusters_are_synced_to_two_targets_and_then_there_is_nothing_to_do() {
    let test = "three_clusters_are_synced_to_two_targets";
    let Some(world) = World::with_secret(test, "state: none").await else { return };
    let first = world.run(&[]);
    assert_eq!(first.run.code, 0, "{}", first.run.log);
    assert_eq!(first.total("create"), 12 + 12 + 4 + 2);
    let (public, internal) = (world.public(), world.internal().await);
    assert_eq!((public.len(), internal.len()), (12 + 12 + 4, 2), "{public:?} {internal:?}");
    for (name, owner) in [("a00", "prod-eu"), ("b00", "lab"), ("c00.preview", "central")] {
        assert_eq!(world.owner_of(&format!("{name}.example.org")), owner);
    }

    let second = world.run(&[]);
    assert_eq!(second.run.code, 0, "{}", second.run.log);
    assert_eq!(second.changes().count(), 0);
    assert_eq!((world.public(), world.internal().await), (public, internal));
    assert_eq!(world.route53.writes(), 1, "the first run wrote one batch");
}

/// One cluster goes dark, one wants half of what it wanted, one changes a name: the first is frozen, the second is
/// held by the guard, though all the deletes together are few, and the third gets its change.
#[tokio::test(flavor = "multi_thread")]
async fn a_dark_cluster_is_frozen_a_halved_one_guarded_and_the_third_gets_its_change() {
    let test = "a_dark_cluster_is_frozen";
    let Some(world) = World::with_secret(test, "state: none").await else { return };
    let first = world.run(&[]);
    assert_eq!(first.run.code, 0, "{}", first.run.log);
    let (public, internal) = (world.public(), world.internal().await);

    world.prod.fail(Fault::new("*", Effect::HangUp));
    services('b', 6, "example.org").for_each(|own| assert!(world.lab.delete(&own)));
    world.preview("192.0.2.99");
    let second = world.run(&[]);
    assert_eq!(second.run.code, 4, "{}", second.run.log);
    let states = ["failed", "complete", "complete"];
    let clusters = second.report["clusters"].as_array().expect("clusters").iter();
    assert!(clusters.map(|own| &own["state"]).eq(states), "{second:?}");
    let count = |cluster: &str, outcome: &str| {
        let of_it = |own: &&Value| own["cluster"] == cluster && own["outcome"] == outcome;
        second.changes().filter(of_it).count()
    };
    assert_eq!((count("prod-eu", "frozen"), count("lab", "guarded")), (12 + 1, 6), "{second:?}");
    assert_eq!(count("preview", "applied"), 1);
    assert_eq!(second.changes().count(), 13 + 6 + 1);
    let totals = second.report["clusters"].as_array().expect("clusters").iter();
    let totals = totals.map(|own| [&own["totals"]["frozen"], &own["totals"]["guarded"]]);
    assert!(totals.eq([[13, 0], [0, 6], [0, 0]]), "{second:?}");
    let mut expected = public;
    expected.insert("c00.preview.example.org.".to_owned(), vec!["192.0.2.99".to_owned()]);
    assert_eq!((world.public(), world.internal().await), (expected, internal));

    // With the flag that the message names, the halved cluster loses its half, and the dark one nothing.
    let allowed = world.run(&["--allow-deletes=example.org:6", "--allow-deletes=example.net"]);
    assert_eq!(allowed.run.code, 3, "{}", allowed.run.log);
    assert_eq!(world.public().len(), 12 + 6 + 4);
    // A zone that one of the targets has is known; one that none has is told once.
    let unknown: Vec<_> =
        allowed.run.log.lines().filter(|line| line.contains("it allows nothing")).collect();
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].contains("--allow-deletes=example.net:"), "{unknown:?}");

    world.prod.heal();
    let healed = world.run(&[]);
    assert_eq!((healed.run.code, healed.changes().count()), (0, 0), "{}", healed.run.log);
}
