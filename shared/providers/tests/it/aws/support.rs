//! A simulator, a provider over it, and just enough of a plan to drive both.

use clap::Parser;
use extdns_auth::AwsIdentity;
use extdns_model::{
    Action, Change, ChangeGroup, DomainFilter, Endpoint, GroupId, Hints, Inventory, Labels, Name,
    Outcome, Permit, Planned, Properties, Record, RecordSet, RecordType, Role, Stored, Ttl,
    ZoneIndex, ZoneKey,
};
use extdns_providers::aws::{self, AwsArgs, Login};
use extdns_providers::engine::Zoned;
use extdns_providers::{Context, Deadline, Provider as _, Reader as _, ZoneFilter};
use extdns_testkit::route53::{self as sim, Route53Sim};

#[derive(Debug, Parser)]
pub(crate) struct Cli {
    #[command(flatten)]
    aws: AwsArgs,
}

/// The flags of a test: without pauses, and with a budget that is not felt.
pub(crate) fn args(flags: &[&str]) -> AwsArgs {
    const QUICK: [&str; 2] = ["--aws-batch-change-interval=0s", "--aws-requests-per-second=1000"];
    let quick = QUICK.iter().filter(|flag| {
        let name = flag.split_once('=').map_or(**flag, |(name, _)| name);
        !flags.iter().any(|given| given.starts_with(name))
    });
    Cli::try_parse_from(["test"].iter().chain(quick).chain(flags)).expect("valid flags").aws
}

/// An identity at the simulator, by its access key.
pub(crate) fn login(sim: &Route53Sim, profile: &str, key: &str, account: &str) -> Login {
    let config = sim.sdk_config(key);
    Login::new(profile, &AwsIdentity { config, account: account.to_owned() })
}

/// A run's provider over the simulator.
pub(crate) fn provider(sim: &Route53Sim, flags: &[&str]) -> Zoned {
    filtered(sim, flags, &[], &DomainFilter::default())
}

pub(crate) fn filtered(
    sim: &Route53Sim,
    flags: &[&str],
    zone_ids: &[&str],
    filter: &DomainFilter,
) -> Zoned {
    let logins = vec![login(sim, "default", "AKIATEST", sim::ACCOUNT)];
    let ids: Vec<String> = zone_ids.iter().map(ToString::to_string).collect();
    let zones = ZoneFilter::new(filter.clone(), &ids);
    aws::over(logins, &args(flags), &Context { zones, ..Context::default() })
}

pub(crate) fn set(name: &str, rtype: RecordType, ttl: i64, targets: &[&str]) -> RecordSet {
    RecordSet::new(
        Name::as_listed(name),
        rtype,
        Ttl::from_seconds(ttl),
        targets.iter().copied().collect(),
    )
}

pub(crate) fn with(set: RecordSet, pairs: &[(&str, &str)]) -> RecordSet {
    set.with_properties(pairs.iter().copied().collect::<Properties>())
}

/// What the provider makes of desired endpoints.
pub(crate) async fn adjusted(provider: &Zoned, desired: Vec<RecordSet>) -> Vec<Endpoint> {
    let desired = desired.into_iter().map(Endpoint::from_set).collect();
    provider.adjust(desired, &ZoneIndex::default()).await.expect("adjusted").endpoints
}

pub(crate) fn plan_of(endpoint: &Endpoint) -> Planned {
    Planned { set: endpoint.set.clone(), labels: Labels::new(), hints: endpoint.hints().clone() }
}

pub(crate) fn plain(set: RecordSet) -> Planned {
    Planned { set, labels: Labels::new(), hints: Hints::default() }
}

pub(crate) fn stored(record: &Record) -> Stored {
    Stored { set: record.set.clone(), labels: record.labels.clone(), origin: record.origin.clone() }
}

pub(crate) fn found<'i>(inventory: &'i Inventory, name: &str, rtype: RecordType) -> &'i Record {
    let mut records = inventory.records().map(|(_, record)| record);
    records
        .find(|record| record.set.name.as_str() == name && record.set.rtype == rtype)
        .unwrap_or_else(|| panic!("no {name} {rtype}"))
}

pub(crate) fn record(action: Action) -> Change {
    Change { role: Role::Record, action }
}

/// A group of changes; numbered when they are applied.
pub(crate) fn group(zone: ZoneKey, changes: Vec<Change>) -> ChangeGroup {
    let name = changes[0].set().name.clone();
    ChangeGroup { id: GroupId(0), zone, name, changes, after: Vec::new(), requires: Vec::new() }
}

/// One group for each desired endpoint and each of its zones.
pub(crate) fn creates(inventory: &Inventory, desired: &[Endpoint]) -> Vec<ChangeGroup> {
    let mut groups = Vec::new();
    for endpoint in desired {
        let zones =
            inventory.index.route(&endpoint.set.name.key(), endpoint.hints().zone.as_deref());
        groups.extend(
            zones.iter().map(|zone| group(*zone, vec![record(Action::Create(plan_of(endpoint)))])),
        );
    }
    groups
}

/// A record and its ownership record.
pub(crate) fn pair(zone: ZoneKey, set: RecordSet, text: &str) -> ChangeGroup {
    let ownership_record = self::set(&format!("a-{}", set.name), RecordType::Txt, 300, &[text]);
    let own = Change { role: Role::Ownership, action: Action::Create(plain(ownership_record)) };
    group(zone, vec![record(Action::Create(plain(set))), own])
}

pub(crate) async fn apply(
    provider: &Zoned,
    inventory: &Inventory,
    mut groups: Vec<ChangeGroup>,
) -> Vec<Outcome> {
    for (index, group) in groups.iter_mut().enumerate() {
        group.id = GroupId(u32::try_from(index).expect("few groups"));
    }
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(&groups, Deadline::none()).await
}

/// What a run writes of desired endpoints, applied.
pub(crate) async fn create(provider: &Zoned, desired: Vec<RecordSet>) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    let desired = adjusted(provider, desired).await;
    apply(provider, &inventory, creates(&inventory, &desired)).await
}

pub(crate) fn all_applied(outcomes: &[Outcome]) {
    let others: Vec<_> = outcomes.iter().filter(|it| **it != Outcome::Applied).collect();
    assert!(!outcomes.is_empty() && others.is_empty(), "{others:#?}");
}

/// The actions, names and types of the batches so far.
pub(crate) fn batches(sim: &Route53Sim) -> Vec<Vec<String>> {
    let calls = sim.calls();
    calls
        .iter()
        .filter(|call| call.operation.is_write())
        .map(|call| {
            let text = |change: &sim::Change| {
                let action = format!("{:?}", change.action).to_uppercase();
                let set = &change.record_set;
                format!("{action} {} {}", set.name, set.record_type)
            };
            call.changes.iter().map(text).collect()
        })
        .collect()
}
