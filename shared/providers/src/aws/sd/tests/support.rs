//! The simulator of Cloud Map, the provider over it, and just enough of a plan to drive both.

use clap::Parser;
use extdns_model::{
    Action, After, Change, ChangeGroup, ClusterId, Endpoint, GroupId, Hints, Inventory, LabelKey,
    Labels, Name, Outcome, Owners, Permit, Planned, Record, RecordSet, RecordType, Role, Stored,
};
use extdns_testkit::cloudmap::{CloudMapSim, Kind};

use crate::aws::sd::*;
use crate::conformance::contract::set;
use crate::{Deadline, Environment, Provider};

#[derive(Parser)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) aws: AwsArgs,
    #[command(flatten)]
    pub(super) sd: AwsSdArgs,
}

pub(super) fn environment(url: &str) -> Environment {
    let variables = [
        ("AWS_ENDPOINT_URL_SERVICEDISCOVERY", url),
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-aws"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Environment::new(variables.into_iter().collect())
}

/// The provider of the owner `me`, or of nobody.
pub(super) async fn of(url: &str, owner: Option<&str>, flags: &[&str]) -> Box<dyn Provider> {
    let args = Cli::try_parse_from(std::iter::once(&"test").chain(flags)).expect("flags");
    let owners = owner.map(|id| Owners::new([(ClusterId(0), id.into())]).expect("an id"));
    let context = Context {
        environment: environment(url),
        owners: owners.unwrap_or_default(),
        may_delete: true,
        ..Context::default()
    };
    Box::new(provider(&args.sd, &args.aws, &context).await.expect("a provider"))
}

pub(super) async fn mine(sim: &CloudMapSim) -> Box<dyn Provider> {
    of(&sim.url(), Some("me"), &[]).await
}

pub(super) const ME: &str = "heritage=external-dns,external-dns/owner=me";

pub(super) fn described(text: &str) -> Labels {
    [(LabelKey::AWS_SD_DESCRIPTION, text)].into_iter().collect()
}

pub(super) fn key(set: &RecordSet) -> (String, RecordType) {
    (set.name.key().into_owned(), set.rtype)
}

/// What makes the records what is desired, as the plan of the registry does: what is of another owner stays, and a CNAME
/// changes places with an address in one group.
pub(super) fn plan(inventory: &Inventory, desired: &[RecordSet]) -> Vec<ChangeGroup> {
    let is_ours = |record: &Record| {
        record
            .labels
            .get(LabelKey::AWS_SD_DESCRIPTION)
            .is_none_or(|own| own == ME || own.is_empty())
    };
    let stored = |record: &Record| Stored {
        set: record.set.clone(),
        labels: record.labels.clone(),
        origin: record.origin.clone(),
    };
    let planned = |set: &RecordSet| Planned {
        set: set.clone(),
        labels: described(ME),
        hints: Hints::default(),
    };
    let mut groups: Vec<ChangeGroup> = Vec::new();
    let mut add = |zone, name: &Name, actions: Vec<Action>, after: Vec<After>| {
        let id = GroupId(u32::try_from(groups.len()).expect("few"));
        let changes = actions.into_iter().map(|action| Change { role: Role::Record, action });
        let requires = Vec::new();
        groups.push(ChangeGroup {
            id,
            zone,
            name: name.clone(),
            changes: changes.collect(),
            after,
            requires,
        });
    };
    let mut gone: Vec<_> = inventory.records().filter(|(_, own)| is_ours(own)).collect();
    gone.retain(|(_, own)| !desired.iter().any(|new| key(new) == key(&own.set)));
    for new in desired {
        for zone in inventory.index.route(&new.name.key(), None) {
            let current =
                inventory.records().find(|(at, own)| *at == zone && key(&own.set) == key(new));
            let way = gone
                .iter()
                .position(|(at, own)| *at == zone && own.set.name.key() == new.name.key());
            let actions = match (current, way) {
                (None, Some(way)) => {
                    vec![Action::Delete(stored(gone.remove(way).1)), Action::Create(planned(new))]
                }
                (None, None) => vec![Action::Create(planned(new))],
                (Some((_, old)), _) if !is_ours(old) => continue,
                (Some((_, old)), _)
                    if old.set.targets.same_as(&new.targets, new.rtype)
                        && old.set.ttl == new.ttl =>
                {
                    continue;
                }
                (Some((_, old)), _) => {
                    vec![Action::Update { old: stored(old), new: planned(new) }]
                }
            };
            add(zone, &new.name, actions, Vec::new());
        }
    }
    for (zone, record) in gone {
        add(zone, &record.set.name, vec![Action::Delete(stored(record))], Vec::new());
    }
    groups
}

pub(super) async fn read(provider: &dyn Provider) -> Inventory {
    let inventory = provider.read().await.expect("readable");
    let problems: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.clone()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    inventory
}

pub(super) async fn shown(provider: &dyn Provider) -> Vec<String> {
    let inventory = read(provider).await;
    let mut all: Vec<String> = inventory
        .records()
        .map(|(_, own)| {
            let mut targets: Vec<_> = own.set.targets.iter().map(ToString::to_string).collect();
            targets.sort();
            let ttl = own.set.ttl.seconds().unwrap_or_default();
            format!("{} {} {ttl} {}", own.set.name, own.set.rtype, targets.join(";"))
        })
        .collect();
    all.sort();
    all
}

pub(super) async fn sync(provider: &dyn Provider, desired: &[&str]) -> Vec<Outcome> {
    let inventory = read(provider).await;
    let endpoints = desired.iter().map(|text| Endpoint::from_set(set(text))).collect();
    let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
    let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    let groups = plan(&inventory, &desired);
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(&groups, Deadline::none()).await
}

pub(super) fn all_applied(outcomes: &[Outcome]) {
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
}

pub(super) fn local() -> (CloudMapSim, String) {
    let sim = CloudMapSim::start();
    let id = sim.namespace("dev.local", Kind::Private);
    (sim, id)
}
