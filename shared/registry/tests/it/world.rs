//! A world of zones in memory, and record sets written as text:
//! `TYPE name[/set] target[;target] [ttl=N] [p:property=value] [l:label=value]`.
//! A target `~owner=me,resource=r` is the quoted text of an ownership record.

use clap::Parser;
use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, Inventory, Name, Opaque, Record, RecordSet, RecordType,
    Role, Routing, Targets, Ttl, Unreadable, Zone, ZoneIndex, ZoneInventory, ZoneKey,
};
use extdns_plan::{
    Clusters, Decision, DecisionState, Guard, Hold, Input, Made, Plan, Policy, RecordTypes,
    Refusal, Settings, Sharing, compute,
};
use extdns_registry::{Annotated, Args, ClusterOwner, Groups, Loaded, Registry, from_args};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// The registry of a command line.
pub(crate) fn registry(args: &str) -> Box<dyn Registry> {
    registry_of(args, &[])
}

/// The registry of a command line and clusters.
pub(crate) fn registry_of(args: &str, clusters: &[ClusterOwner]) -> Box<dyn Registry> {
    let cli = Cli::parse_from(std::iter::once("x").chain(args.split_whitespace()));
    from_args(&cli.args, clusters, Default::default()).expect("valid arguments")
}

/// The settings of a plan for a registry: every known type managed.
pub(crate) fn settings(registry: &dyn Registry) -> Settings {
    Settings {
        policy: Policy::Sync,
        types: RecordTypes::new(&RecordType::KNOWN, &[]),
        filter: Default::default(),
        owners: registry.owners().clone(),
        protected: Default::default(),
        guard: Guard::disabled(),
        sharing: Sharing::First,
        weight_property: None,
    }
}

/// Zones and what is in them.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) index: ZoneIndex,
    pub(crate) unreadable: Vec<ZoneKey>,
    pub(crate) records: Vec<(ZoneKey, Record)>,
}

impl World {
    /// One zone that holds every name.
    pub(crate) fn pseudo(lines: &[&str]) -> Self {
        let mut world = Self::of(vec![Zone::new("all", Name::default())]);
        world.put("all", lines);
        world
    }

    /// Zones by name; the id is the name.
    pub(crate) fn zones(names: &[&str]) -> Self {
        Self::of(names.iter().map(|name| Zone::new(*name, Name::as_listed(name))).collect())
    }

    pub(crate) fn of(zones: Vec<Zone>) -> Self {
        let index = ZoneIndex::new(zones, Routing::Longest);
        Self { index, unreadable: Vec::new(), records: Vec::new() }
    }

    pub(crate) fn key(&self, id: &str) -> ZoneKey {
        self.index.by_id(id).expect("a zone of the world")
    }

    pub(crate) fn put(&mut self, id: &str, lines: &[&str]) {
        let zone = self.key(id);
        self.records.extend(
            lines.iter().map(|line| (zone, Record::new(endpoint(line).set, Opaque::none()))),
        );
    }

    pub(crate) fn unread(&mut self, id: &str) {
        self.unreadable.push(self.key(id));
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let zones = self.index.iter().map(|(zone, entry)| {
            let records = if self.unreadable.contains(&zone) {
                Err(Unreadable { zone: entry.to_string(), reason: "access denied".to_owned() })
            } else {
                let records = self.records.iter().filter(|(key, _)| *key == zone);
                Ok(records.map(|(_, record)| record.clone()).collect())
            };
            ZoneInventory { zone, records }
        });
        Inventory { zones: zones.collect(), index: self.index.clone(), ..Inventory::default() }
    }

    /// Carries out groups as an API does that matches old values and refuses duplicates.
    pub(crate) fn apply(&mut self, groups: &[ChangeGroup]) {
        for (index, group) in groups.iter().enumerate() {
            assert_eq!(group.id.0 as usize, index, "ids ascend");
            let first = group.after.iter().all(|after| after.group() < group.id);
            assert!(first, "predecessors come first");
            let mut changes = group.changes.clone();
            changes.sort_by_key(Change::phase);
            for change in changes {
                self.step(group.zone, &change.action);
            }
        }
    }

    pub(crate) fn step(&mut self, zone: ZoneKey, action: &Action) {
        if let Action::Update { old, .. } | Action::Delete(old) = action {
            let at = self.records.iter().position(|(z, r)| *z == zone && r.set == old.set);
            self.records.swap_remove(at.unwrap_or_else(|| panic!("no {} in the zone", old.set)));
        }
        if let Action::Create(new) | Action::Update { new, .. } = action {
            let name = new.set.name.key();
            assert!(self.index.zone(zone).contains(&name), "{name} lies outside its zone");
            let taken = self.records.iter().any(|(z, r)| *z == zone && same_key(&r.set, &new.set));
            assert!(!taken, "{} is there already", new.set);
            self.records.push((zone, Record::new(new.set.clone(), Opaque::none())));
        }
    }

    /// Every record set as a line, sorted.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.records.iter().map(|(_, record)| line(&record.set)).collect();
        lines.sort();
        lines
    }
}

fn same_key(a: &RecordSet, b: &RecordSet) -> bool {
    a.name.key() == b.name.key() && a.rtype == b.rtype && a.set_identifier() == b.set_identifier()
}

/// What one run does.
pub(crate) struct Run {
    pub(crate) changes: Vec<String>,
    pub(crate) groups: Groups,
    pub(crate) held: Vec<Hold>,
    pub(crate) orphans: Vec<String>,
    pub(crate) reserved: Vec<String>,
}

/// Plans for a world.
pub(crate) fn run(registry: &dyn Registry, world: &World, desired: &[&str]) -> Run {
    let desired: Vec<_> = desired.iter().map(|line| endpoint(line)).collect();
    run_with(registry, world, &desired, &settings(registry))
}

/// Plans for a world with these settings.
pub(crate) fn run_with(
    registry: &dyn Registry,
    world: &World,
    desired: &[Endpoint],
    settings: &Settings,
) -> Run {
    run_for(registry, world, desired, settings, &|_, _| None)
}

/// The same for a provider that refuses some ownership records.
pub(crate) fn run_for(
    registry: &dyn Registry,
    world: &World,
    desired: &[Endpoint],
    settings: &Settings,
    refusal: &Refusal<'_>,
) -> Run {
    let annotated = registry.annotate(world.inventory(), Loaded::default());
    let clusters = Clusters::default();
    let made = Made::new();
    let mut plan = compute(Input {
        inventory: &annotated.inventory,
        desired,
        settings,
        clusters: &clusters,
        kept: &[],
        made: &made,
    });
    let groups = registry.decorate(&mut plan, &annotated, refusal);
    assert_eq!(groups.groups.len(), groups.subjects.len());
    assert_subjects(&plan, &groups);
    let name = |leftover: &extdns_registry::Leftover| leftover.set().name.to_string();
    Run {
        changes: groups.groups.iter().flat_map(|group| &group.changes).map(show).collect(),
        held: plan.decisions().filter_map(|(_, decision)| held(decision)).collect(),
        orphans: annotated.orphans().map(name).collect(),
        reserved: annotated.reserved().map(name).collect(),
        groups,
    }
}

/// Every record change of a group is a going decision of its subject.
fn assert_subjects(plan: &Plan<'_>, groups: &Groups) {
    for group in &groups.groups {
        let subject = groups.subject(group.id).expect("every group has a subject");
        let row = &plan.rows[subject.row];
        let of_unit = || row.decisions.iter().filter(|decision| decision.unit == subject.unit);
        assert!(of_unit().all(Decision::goes));
        for change in group.changes.iter().filter(|change| change.role == Role::Record) {
            assert!(of_unit().any(|decision| decision.change.set() == change.set()));
        }
    }
}

fn held(decision: &Decision<'_>) -> Option<Hold> {
    match &decision.state {
        DecisionState::Go => None,
        DecisionState::Held(hold) => Some(hold.clone()),
    }
}

/// The records of an annotated inventory as lines with their labels.
pub(crate) fn owned(annotated: &Annotated) -> Vec<String> {
    annotated
        .inventory
        .records()
        .map(|(_, record)| {
            let refresh = record.refresh().map_or(String::new(), |refresh| format!(" {refresh:?}"));
            format!("{} {}{refresh}", key(&record.set), short(&record.labels))
        })
        .collect()
}

fn short(labels: &extdns_model::Labels) -> String {
    let pairs: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(","))
}

fn key(set: &RecordSet) -> String {
    let id = set.set_identifier();
    let slash = if id.is_empty() { "" } else { "/" };
    format!("{} {}{slash}{id}", set.rtype, set.name)
}

/// A change as text: `+`, `~` or `-`, and the record set; `old -> new` targets of an update.
pub(crate) fn show(change: &Change) -> String {
    match &change.action {
        Action::Create(new) => format!("+ {}", line(&new.set)),
        Action::Delete(old) => format!("- {}", line(&old.set)),
        Action::Update { old, new } => format!("~ {} -> {}", line(&old.set), targets(&new.set)),
    }
}

/// A record set as text.
pub(crate) fn line(set: &RecordSet) -> String {
    let mut line = format!("{} {}", key(set), targets(set));
    for property in set.properties().iter() {
        line.push_str(&format!(" p:{}={}", property.name, property.value));
    }
    if let Some(ttl) = set.ttl.seconds() {
        line.push_str(&format!(" ttl={ttl}"));
    }
    line
}

fn targets(set: &RecordSet) -> String {
    set.targets.iter().map(|target| shorten(target)).collect::<Vec<_>>().join(";")
}

fn shorten(target: &str) -> String {
    match target.strip_prefix("\"heritage=external-dns").and_then(|rest| rest.strip_suffix('"')) {
        Some(labels) => {
            format!("~{}", labels.replace(",external-dns/", ",").trim_start_matches(','))
        }
        None => target.to_owned(),
    }
}

fn expand(target: &str) -> String {
    let Some(labels) = target.strip_prefix('~') else { return target.to_owned() };
    let labels = labels.split(',').map(|label| format!(",external-dns/{label}"));
    format!("\"heritage=external-dns{}\"", labels.collect::<String>())
}

/// An endpoint from text.
pub(crate) fn endpoint(text: &str) -> Endpoint {
    let mut words = text.split_whitespace();
    let rtype: RecordType = words.next().expect("a type").parse().expect("a record type");
    let name = words.next().expect("a name");
    let (name, id) = name.split_once('/').unwrap_or((name, ""));
    let given = words.next().expect("targets");
    let targets: Targets = given.split(';').filter(|target| *target != "-").map(expand).collect();
    let set = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets);
    let mut endpoint = Endpoint::from_set(set.with_set_identifier(id));
    for word in words {
        let (key, value) = word.split_once('=').expect("key=value");
        match key.split_once(':') {
            Some(("p", name)) => endpoint.set.edit_properties(|all| all.set(name, value)),
            Some(("l", name)) => endpoint.edit_labels(|all| all.set(name, value)),
            _ => endpoint.set.ttl = Ttl::from_seconds(value.parse().expect("seconds")),
        }
    }
    endpoint
}
