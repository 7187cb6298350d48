//! Failover: Route 53 takes a PRIMARY that is no alias only with a health check, and an ownership record
//! is none.

use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, Name, Outcome, Planned, RecordSet, RecordType, Role,
    Surroundings, Zone, ZoneIndex, ZoneKey,
};
use extdns_providers::engine::Zoned;
use extdns_providers::{Adjusted, Reader as _};
use extdns_testkit::route53::{self as sim, Route53Sim, Routing};

use crate::aws::support::{
    all_applied, apply, found, group, plain, plan_of, provider, record, set, stored, with,
};

const LB: &str = "lb.eu-central-1.elb.amazonaws.com";
const ZONE: ZoneKey = ZoneKey(0);

fn alias(role: &str, more: &[(&str, &str)]) -> RecordSet {
    let pairs = [&[("alias", "true"), ("aws/failover", role)], more].concat();
    with(set("ha.e.test", RecordType::A, 0, &[LB]), &pairs).with_set_identifier(role)
}

async fn adjusted_sets(provider: &Zoned, sets: Vec<RecordSet>) -> Adjusted {
    let endpoints = sets.into_iter().map(Endpoint::from_set).collect();
    provider.adjust(endpoints, &ZoneIndex::default()).await.expect("adjusted")
}

/// The ownership record of a desired endpoint, as the registry plans it: with all properties of its
/// record.
fn ownership_record(endpoint: &Endpoint) -> Planned {
    let text = "\"heritage=external-dns,external-dns/owner=me\"";
    let set = set("a-ha.e.test", RecordType::Txt, 300, &[text])
        .with_set_identifier(endpoint.set.set_identifier())
        .with_properties(endpoint.set.properties().clone());
    plain(set)
}

fn create(endpoint: &Endpoint) -> ChangeGroup {
    let own = Change { role: Role::Ownership, action: Action::Create(ownership_record(endpoint)) };
    group(ZONE, vec![record(Action::Create(plan_of(endpoint))), own])
}

/// What is made of desired endpoints, and of their ownership records the routing.
async fn made(sets: Vec<RecordSet>) -> (Vec<Outcome>, Vec<sim::RecordSet>, Vec<String>) {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let adjusted = adjusted_sets(&provider, sets).await;
    let groups = adjusted.endpoints.iter().map(create).collect();
    let outcomes = apply(&provider, &inventory, groups).await;
    let notes = adjusted.notes.into_iter().map(|note| note.reason).collect();
    (outcomes, zone.find("a-ha.e.test", "TXT"), notes)
}

#[tokio::test]
async fn without_a_health_check_the_ownership_records_are_answers_of_several() {
    let (outcomes, ownership_records, notes) =
        made(vec![alias("PRIMARY", &[]), alias("SECONDARY", &[])]).await;
    all_applied(&outcomes);
    let ids: Vec<_> = ownership_records
        .iter()
        .filter_map(|ownership_record| ownership_record.set_identifier.as_deref())
        .collect();
    assert_eq!(ids, ["PRIMARY", "SECONDARY"]);
    assert!(
        ownership_records
            .iter()
            .all(|ownership_record| ownership_record.routing.as_deref()
                == Some(&Routing::MultiValue))
    );
    assert!(
        ownership_records[0].values[0].contains("heritage=external-dns"),
        "{ownership_records:?}"
    );
    assert!(notes.is_empty(), "{notes:?}");
}

/// As upstream writes it, where Route 53 takes that.
#[tokio::test]
async fn with_a_health_check_the_ownership_records_have_the_same_failover() {
    let check = [("aws/health-check-id", "hc-1")];
    let (outcomes, ownership_records, notes) =
        made(vec![alias("PRIMARY", &check), alias("SECONDARY", &[])]).await;
    all_applied(&outcomes);
    let failover = |role: &str| Some(Routing::Failover(role.to_owned()));
    let routing: Vec<_> = ownership_records
        .iter()
        .map(|ownership_record| ownership_record.routing.as_deref().cloned())
        .collect();
    assert_eq!(routing, [failover("PRIMARY"), failover("SECONDARY")]);
    assert_eq!(ownership_records[0].health_check_id.as_deref(), Some("hc-1"));
    assert!(notes.is_empty(), "{notes:?}");
    let (outcomes, ownership_records, notes) = made(vec![alias("SECONDARY", &[])]).await;
    all_applied(&outcomes);
    assert_eq!(ownership_records[0].routing.as_deref(), failover("SECONDARY").as_ref());
    assert!(notes.is_empty(), "{notes:?}");
}

/// An ownership record that is rewritten without its record keeps its routing, and is deleted as it is.
#[tokio::test]
async fn the_routing_of_an_ownership_record_is_kept_when_it_is_rewritten_and_deleted() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let adjusted =
        adjusted_sets(&provider, vec![alias("PRIMARY", &[]), alias("SECONDARY", &[])]).await;
    let groups = adjusted.endpoints.iter().map(create).collect();
    all_applied(&apply(&provider, &inventory, groups).await);

    let inventory = provider.read().await.expect("readable");
    let old = stored(found(&inventory, "a-ha.e.test", RecordType::Txt));
    let mut new = ownership_record(&adjusted.endpoints[0]);
    new.set.targets = ["\"heritage=external-dns,external-dns/owner=you\""].into_iter().collect();
    let own = Change { role: Role::Ownership, action: Action::Update { old, new } };
    all_applied(&apply(&provider, &inventory, vec![group(ZONE, vec![own])]).await);
    let ownership_records = zone.find("a-ha.e.test", "TXT");
    assert!(ownership_records[0].values[0].contains("owner=you"), "{ownership_records:?}");
    assert!(
        ownership_records
            .iter()
            .all(|ownership_record| ownership_record.routing.as_deref()
                == Some(&Routing::MultiValue))
    );

    let inventory = provider.read().await.expect("readable");
    let all = inventory.records().filter(|(_, it)| it.set.rtype != RecordType::Ns);
    let deletes = all.map(|(_, it)| record(Action::Delete(stored(it)))).collect();
    all_applied(&apply(&provider, &inventory, vec![group(ZONE, deletes)]).await);
    assert!(zone.own_records().is_empty());
}

/// The ownership record of a SECONDARY may be there as upstream writes it, maybe from another cluster.
#[tokio::test]
async fn a_primary_beside_an_older_ownership_record_needs_a_health_check_which_is_reported() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let older = sim::RecordSet::txt("a-ha.e.test", "heritage=external-dns,external-dns/owner=you");
    zone.seed([older.routed("SECONDARY", Routing::Failover("SECONDARY".to_owned()))]);
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let adjusted = adjusted_sets(&provider, vec![alias("PRIMARY", &[])]).await;
    let outcomes = apply(&provider, &inventory, vec![create(&adjusted.endpoints[0])]).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("give the PRIMARY aws/health-check-id"), "{failure}");
    assert_eq!(zone.own_records().len(), 1);
}

#[tokio::test]
async fn a_primary_that_is_no_alias_needs_a_health_check_which_is_reported() {
    let desired =
        with(set("ha.e.test", RecordType::A, 60, &["192.0.2.1"]), &[("aws/failover", "primary")]);
    let desired = desired.with_set_identifier("PRIMARY");
    let sim = Route53Sim::start();
    let provider = provider(&sim, &[]);
    let adjusted = adjusted_sets(&provider, vec![desired.clone()]).await.endpoints.remove(0).set;
    let zone = Zone::new("Z1", Name::as_listed("e.test"));
    let refused = provider.refusal(&adjusted, Surroundings::alone(&zone, &adjusted));
    let refused = refused.expect("a reason");
    assert!(refused.ends_with("annotate aws-health-check-id"), "{refused}");
    let (outcomes, ownership_records, _) = made(vec![desired]).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("must have an associated health check"), "{failure}");
    assert!(ownership_records.is_empty());
}
