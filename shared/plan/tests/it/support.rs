//! Plans in a few lines of text.
//!
//! A record or endpoint is `TYPE NAME[/SET] TARGET[,TARGET].. OPTION..` with the options
//! `ttl=N`, `o=OWNER`, `r=RESOURCE`, `p:NAME=VALUE`; on records also `c=CLUSTERS` (their label),
//! `missing-ownership-record`, `migrate` and `read-only`; on endpoints also `pin=ZONE`, and
//! `by=CLUSTER:NAME[+..]` for the services `ns/NAME` that want it. Where there are several zones, a record is written
//! behind `ZONE: `.
//!
//! A plan is one line a decision: `+ A foo 1.1.1.1`, `- A foo 1.1.1.1`,
//! `~ A foo 1.1.1.1 -> 2.2.2.2 [targets]`; held back, `= + A foo 1.1.1.1 (reason)`.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{
    ClusterId, DomainFilter, Endpoint, Inventory, Kept, LabelKey, Name, Opaque, Owners, Record,
    RecordSet, RecordType, Refresh, Resource, ResourceKind, Routing, Surroundings, Targets, Ttl,
    Unreadable, Unready, Zone, ZoneIndex, ZoneInventory,
};
use extdns_plan::{
    Cause, Cluster, Clusters, Decision, DecisionState, Differences, ExceededLimit, FreezeCause,
    Guard, Hold, Input, Loser, Made, Plan, Policy, Protected, Reading, RecordChange, RecordTypes,
    Row, Settings, Sharing, compute_for,
};

/// A cluster that was read in full and wants something.
pub(crate) const READ: Reading = Reading::Complete { endpoints: 1 };
/// A cluster that was read in full and wants nothing.
pub(crate) const EMPTY: Reading = Reading::Complete { endpoints: 0 };

/// What a plan is made of, and what is expected of it.
pub(crate) struct Case {
    settings: Settings,
    clusters: Clusters,
    kept: Vec<Kept>,
    zones: Vec<(&'static str, &'static str)>,
    unread: Vec<&'static str>,
    routing: Routing,
    provider_filter: DomainFilter,
    records: Vec<String>,
    desired: Vec<Endpoint>,
    refusal: Refuses,
}

/// What a provider refuses.
type Refuses = fn(&RecordSet, Surroundings<'_>) -> Option<String>;

/// A case with these clusters, each with its owner id and how well it could be read; an empty id
/// for a registry without owners.
pub(crate) fn of_clusters(clusters: &[(&str, &str, Reading)]) -> Case {
    let ids = || (0..).map(ClusterId);
    let owned = clusters.iter().zip(ids()).filter(|((_, owner, _), _)| !owner.is_empty());
    let owners = Owners::new(owned.map(|((_, owner, _), id)| (id, (*owner).into())));
    let names = clusters.iter().zip(ids()).map(|((name, ..), id)| (id, (*name).into()));
    let list = clusters
        .iter()
        .zip(ids())
        .map(|((name, _, reading), id)| Cluster::new(id, *name, *reading));
    let mut case = owned_by("");
    case.settings.owners = owners.expect("owner ids").named(names);
    case.clusters = Clusters::new(list.collect());
    case
}

/// A case with these owner ids, separated by spaces; none for a registry without owners.
pub(crate) fn owned_by(owners: &str) -> Case {
    Case {
        settings: settings(owners),
        clusters: Clusters::default(),
        kept: Vec::new(),
        zones: vec![("all", "")],
        unread: Vec::new(),
        routing: Routing::Longest,
        provider_filter: DomainFilter::default(),
        records: Vec::new(),
        desired: Vec::new(),
        refusal: |_, _| None,
    }
}

/// The guard as it is without flags, of a target called `all`.
pub(crate) fn guard() -> Guard {
    Guard { target: "all".into(), ..Guard::default() }
}

/// Settings of a plan for these owner ids.
pub(crate) fn settings(owners: &str) -> Settings {
    Settings {
        policy: Policy::Sync,
        types: RecordTypes::default(),
        filter: DomainFilter::default(),
        owners: self::owners(owners),
        protected: Protected::default(),
        guard: Guard::disabled(),
        sharing: Sharing::First,
        weight_property: None,
    }
}

fn owners(ids: &str) -> Owners {
    let ids = ids.split_whitespace().zip(0..);
    Owners::new(ids.map(|(id, cluster)| (ClusterId(cluster), id.into()))).expect("owner ids")
}

impl Case {
    pub(crate) fn policy(mut self, policy: Policy) -> Self {
        self.settings.policy = policy;
        self
    }

    pub(crate) fn migrating_from(mut self, old: &str) -> Self {
        self.settings.owners = self.settings.owners.migrating_from(Some(old.into()));
        self
    }

    pub(crate) fn manages(self, types: &str) -> Self {
        self.manages_except(types, "")
    }

    pub(crate) fn manages_except(mut self, types: &str, excluded: &str) -> Self {
        let parse = |types: &str| -> Vec<RecordType> {
            types.split_whitespace().map(|text| text.parse().expect(text)).collect()
        };
        self.settings.types = RecordTypes::new(&parse(types), &parse(excluded));
        self
    }

    pub(crate) fn filter(mut self, include: &[&str], exclude: &[&str]) -> Self {
        self.settings.filter = DomainFilter::lists(include, exclude);
        self
    }

    pub(crate) fn provider_filter(mut self, include: &[&str], exclude: &[&str]) -> Self {
        self.provider_filter = DomainFilter::lists(include, exclude);
        self
    }

    /// Zones by id and name.
    pub(crate) fn zones(mut self, zones: &[(&'static str, &'static str)]) -> Self {
        self.zones = zones.to_vec();
        self
    }

    pub(crate) fn unread(mut self, zone: &'static str) -> Self {
        self.unread.push(zone);
        self
    }

    pub(crate) fn routing(mut self, routing: Routing) -> Self {
        self.routing = routing;
        self
    }

    pub(crate) fn has<S: AsRef<str>>(mut self, records: &[S]) -> Self {
        self.records = records.iter().map(|text| text.as_ref().to_owned()).collect();
        self
    }

    pub(crate) fn wants<S: AsRef<str>>(mut self, endpoints: &[S]) -> Self {
        self.desired = endpoints.iter().map(|text| self.endpoint(text.as_ref())).collect();
        self
    }

    fn endpoint(&self, text: &str) -> Endpoint {
        let (text, by) = text.split_once(" by=").unwrap_or((text, ""));
        let mut endpoint = endpoint(text);
        let resources = by.split('+').filter_map(|by| by.split_once(':'));
        endpoint.attribution =
            resources.map(|(cluster, name)| Arc::new(self.service(cluster, name))).collect();
        endpoint
    }

    fn service(&self, cluster: &str, name: &str) -> Resource {
        let found = self.clusters.iter().find(|own| own.name == cluster);
        Resource {
            cluster: found.expect("a cluster of the case").id,
            kind: ResourceKind::SERVICE,
            namespace: Some("ns".into()),
            name: name.into(),
        }
    }

    pub(crate) fn protects(mut self, globs: &[&str]) -> Self {
        let globs = globs.iter().map(|glob| glob.parse().expect(glob));
        self.settings.protected = Protected::new(globs.collect());
        self
    }

    pub(crate) fn guarded(mut self, guard: Guard) -> Self {
        self.settings.guard = guard;
        self
    }

    pub(crate) fn allow_empty(mut self, clusters: &[&str]) -> Self {
        self.clusters = self.clusters.allow_empty(clusters).expect("clusters of the case");
        self
    }

    /// For a run in which these clusters are no more.
    pub(crate) fn forgetting(mut self, gone: &[&str]) -> Self {
        self.settings.owners =
            self.settings.owners.forgetting(gone.iter().map(|name| EcoString::from(*name)));
        self
    }

    /// With this rule for names that several clusters want. Weights are the property `weight`.
    pub(crate) fn sharing(mut self, sharing: Sharing) -> Self {
        self.settings.sharing = sharing;
        self.settings.weight_property = Some("weight");
        self
    }

    /// A cluster with another weight.
    pub(crate) fn weighs(mut self, cluster: &str, weight: u8) -> Self {
        let list = self.clusters.iter().cloned();
        let list = list.map(|own| if own.name == cluster { own.weighing(weight) } else { own });
        self.clusters = Clusters::new(list.collect());
        self
    }

    /// The endpoints that lose, each as `TYPE NAME TARGETS (RULE)`.
    pub(crate) fn losers(&self) -> Vec<String> {
        self.check(|plan, _| {
            let shown = |loser: &Loser<'_>| {
                let set = &loser.endpoint.set;
                format!("{} {} {} ({:?})", set.rtype, set.name, targets(set), loser.rule)
            };
            plan.losers.iter().map(shown).collect()
        })
    }

    /// What the ownership records of all that is desired and goes will say: `TYPE NAME OWNER
    /// CLUSTERS`.
    pub(crate) fn stamps(&self) -> Vec<String> {
        self.check(|plan, _| {
            let endpoints = plan.going().filter_map(|(_, decision)| decision.change.endpoint());
            let stamp = |endpoint: &Endpoint| {
                let labels = self.settings.owners.stamp(endpoint);
                let owner = labels.owner().unwrap_or_default();
                let clusters = labels.get(LabelKey::CLUSTER).unwrap_or("-");
                format!("{} {} {owner} {clusters}", endpoint.set.rtype, endpoint.set.name)
            };
            endpoints.map(stamp).collect()
        })
    }

    /// A filter that selects nothing in a cluster.
    pub(crate) fn selects_nothing(mut self, cluster: &str, filter: &str) -> Self {
        let list = self
            .clusters
            .iter()
            .cloned()
            .map(|own| if own.name == cluster { own.selecting_nothing(filter) } else { own });
        self.clusters = Clusters::new(list.collect());
        self
    }

    /// Names about which the provider's answer had no targets.
    pub(crate) fn kept(mut self, names: &[&str]) -> Self {
        let kept = names
            .iter()
            .map(|name| Kept { name: Name::as_listed(name), reason: "no targets".to_owned() });
        self.kept = kept.collect();
        self
    }

    /// Names whose services have no address yet, as `CLUSTER:NAME`: they are kept.
    pub(crate) fn keeps(self, unready: &[(&str, &str)]) -> Self {
        self.unready(unready, true)
    }

    /// The same, but as upstream does, they are not kept.
    pub(crate) fn awaits(self, unready: &[(&str, &str)]) -> Self {
        self.unready(unready, false)
    }

    fn unready(mut self, unready: &[(&str, &str)], kept: bool) -> Self {
        let unready = unready.iter().map(|(name, by)| {
            let (cluster, service) = by.split_once(':').expect("cluster and service");
            let resource = Arc::new(self.service(cluster, service));
            Unready { name: Name::as_listed(name), resource }
        });
        self.clusters = self.clusters.clone().with_unready(unready.collect(), kept);
        self
    }

    /// For a provider that refuses this.
    pub(crate) fn refused_by(mut self, refusal: Refuses) -> Self {
        self.refusal = refusal;
        self
    }

    /// The exceeded limits of the guard, each as `ZONE [CLUSTER] KIND COUNT/BASE > LIMIT
    /// (OVERRIDE)`.
    pub(crate) fn exceeded_limits(&self) -> Vec<String> {
        self.check(|plan, inventory| {
            let exceeded = |exceeded: &ExceededLimit| {
                let ExceededLimit { scope, kind, count, base, limit, allow, .. } = exceeded;
                let zone = scope.zone().map_or("target", |zone| &inventory.index.zone(zone).id);
                let cluster = scope.cluster().map(|it| format!(" {it}")).unwrap_or_default();
                format!("{zone}{cluster} {kind} {count}/{base} > {limit} ({allow})")
            };
            plan.exceeded_limits.iter().map(exceeded).collect()
        })
    }

    /// How many decisions are carried out and how many are held back for each reason.
    pub(crate) fn totals(&self) -> Vec<(String, usize)> {
        self.check(|plan, _| {
            let mut totals = std::collections::BTreeMap::new();
            for (_, decision) in plan.decisions() {
                let state = decision.held().map_or_else(|| "go".to_owned(), reason);
                *totals.entry(state).or_insert(0) += 1;
            }
            totals.into_iter().collect()
        })
    }

    pub(crate) fn wants_endpoints(mut self, endpoints: Vec<Endpoint>) -> Self {
        self.desired = endpoints;
        self
    }

    /// Plans, and shows the plan to the check.
    pub(crate) fn check<T>(&self, check: impl FnOnce(&Plan<'_>, &Inventory) -> T) -> T {
        let inventory = self.inventory();
        let made = Made::new();
        let input = Input {
            inventory: &inventory,
            desired: &self.desired,
            settings: &self.settings,
            clusters: &self.clusters,
            kept: &self.kept,
            made: &made,
        };
        check(&compute_for(input, &self.refusal), &inventory)
    }

    /// The plan is exactly this.
    #[track_caller]
    pub(crate) fn gives(&self, expected: &[&str]) {
        self.check(|plan, inventory| {
            assert_eq!(lines(plan, inventory, decision), expected);
            let nothing_to_do = expected.iter().all(|line| line.contains("= "));
            assert_eq!(plan.is_empty(), nothing_to_do, "{expected:?}");
            assert!(plan.rows.iter().all(|row| !row.decisions.is_empty()));
        });
    }

    /// The plan is exactly this, each line with the number of its unit before it.
    #[track_caller]
    pub(crate) fn gives_units(&self, expected: &[&str]) {
        let numbered = |it: &Decision<'_>| format!("{} {}", it.unit.0, decision(it));
        self.check(|plan, inventory| assert_eq!(lines(plan, inventory, numbered), expected));
    }

    pub(crate) fn owners(&self) -> &Owners {
        &self.settings.owners
    }

    pub(crate) fn desired(&self) -> &[Endpoint] {
        &self.desired
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let zones = self.zones.iter().map(|(id, name)| Zone::new(*id, Name::as_listed(name)));
        let index = ZoneIndex::new(zones.collect(), self.routing);
        let mut inventory = Inventory {
            filter: self.provider_filter.clone(),
            zones: index
                .iter()
                .map(|(zone, _)| ZoneInventory { zone, records: Ok(vec![]) })
                .collect(),
            index,
        };
        for text in &self.records {
            let (zone, text) = text.split_once(": ").unwrap_or((self.zones[0].0, text.as_str()));
            let zone = inventory.index.by_id(zone).expect("a zone of the case");
            let records = inventory.zones[zone.0 as usize].records.as_mut();
            records.expect("readable").push(record(text));
        }
        for unread in &self.unread {
            let zone = inventory.index.by_id(unread).expect("a zone of the case");
            inventory.zones[zone.0 as usize].records =
                Err(Unreadable { zone: (*unread).into(), reason: "out of order".into() });
        }
        inventory
    }
}

/// A record set and the options that are not part of it.
fn record_set(text: &str) -> (RecordSet, Vec<&str>) {
    let mut words = text.split_whitespace();
    let mut word = || words.next().unwrap_or_else(|| panic!("{text}: too short"));
    let (rtype, name, targets) = (word(), word(), word());
    let (name, set_identifier) = name.split_once('/').unwrap_or((name, ""));
    let targets: Targets = targets.split(',').collect();
    let rtype = rtype.parse().expect(text);
    let mut set = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets)
        .with_set_identifier(set_identifier);
    let mut options = Vec::new();
    for option in words {
        if let Some(seconds) = option.strip_prefix("ttl=") {
            set.ttl = Ttl::from_seconds(seconds.parse().expect(text));
        } else if let Some((name, value)) =
            option.strip_prefix("p:").and_then(|property| property.split_once('='))
        {
            set.edit_properties(|properties| properties.set(name, value));
        } else {
            options.push(option);
        }
    }
    (set, options)
}

pub(crate) fn record(text: &str) -> Record {
    let (set, options) = record_set(text);
    let mut record = Record::new(set, Opaque::none());
    for option in options {
        match option.split_once('=').unwrap_or((option, "")) {
            ("o", owner) => record.labels.set(LabelKey::OWNER, owner),
            ("r", resource) => record.labels.set(LabelKey::RESOURCE, resource),
            ("c", clusters) => record.labels.set(LabelKey::CLUSTER, clusters),
            ("missing-ownership-record", _) => {
                record.set_refresh(Some(Refresh::MissingOwnershipRecord));
            }
            ("migrate", _) => record.set_refresh(Some(Refresh::Migrate)),
            ("read-only", _) => record.set_read_only(Some("it stands outside the block")),
            _ => panic!("{text}: {option}?"),
        }
    }
    record
}

pub(crate) fn endpoint(text: &str) -> Endpoint {
    let (set, options) = record_set(text);
    let mut endpoint = Endpoint::from_set(set);
    for option in options {
        match option.split_once('=') {
            Some(("r", resource)) => {
                endpoint.edit_labels(|labels| labels.set(LabelKey::RESOURCE, resource));
            }
            Some(("pin", zone)) => endpoint.edit_hints(|hints| hints.zone = Some(zone.into())),
            _ => panic!("{text}: {option}?"),
        }
    }
    endpoint
}

fn lines(
    plan: &Plan<'_>,
    inventory: &Inventory,
    show: impl Fn(&Decision<'_>) -> String,
) -> Vec<String> {
    let zone = |row: &Row<'_>| match inventory.index.len() {
        1 => String::new(),
        _ => format!("{}: ", inventory.index.zone(row.zone).id),
    };
    plan.decisions().map(|(row, decision)| format!("{}{}", zone(row), show(decision))).collect()
}

/// One decision as a line.
pub(crate) fn decision(decision: &Decision<'_>) -> String {
    let set = decision.change.set();
    let name = match set.set_identifier() {
        "" => format!("{} {}", set.rtype, set.name),
        id => format!("{} {}/{id}", set.rtype, set.name),
    };
    let change = match decision.change {
        RecordChange::Create(endpoint) => format!("+ {name} {}", targets(&endpoint.set)),
        RecordChange::Delete(record) => {
            let moves = matches!(decision.cause, Cause::Moves { .. });
            format!("- {name} {}{}", targets(&record.set), if moves { " [moves]" } else { "" })
        }
        RecordChange::Update { record, endpoint } => {
            let (old, new) = (targets(&record.set), targets(&endpoint.set));
            let arrow = if old == new { old } else { format!("{old} -> {new}") };
            match decision.cause {
                Cause::Differs(differences) => {
                    format!("~ {name} {arrow} [{}]", fields(differences).join(" "))
                }
                Cause::Unowned => format!("~ {name} {arrow} []"),
                _ => panic!("an update is because of a difference: {decision:?}"),
            }
        }
    };
    match &decision.state {
        DecisionState::Go => change,
        DecisionState::Held(hold) => format!("= {change} ({})", reason(hold)),
    }
}

fn targets(set: &RecordSet) -> String {
    set.targets.iter().map(EcoString::as_str).collect::<Vec<_>>().join(",")
}

fn fields(differences: Differences) -> Vec<&'static str> {
    let Differences { targets, ttl, properties, ownership } = differences;
    [(targets, "targets"), (ttl, "ttl"), (properties, "properties"), (ownership, "ownership")]
        .into_iter()
        .filter_map(|(differs, field)| differs.then_some(field))
        .collect()
}

fn reason(hold: &Hold) -> String {
    match hold {
        Hold::Foreign { owner: Some(owner) } => format!("foreign {owner}"),
        Hold::Foreign { owner: None } => "foreign".to_owned(),
        Hold::Policy => "policy".to_owned(),
        Hold::Coexistence => "coexistence".to_owned(),
        Hold::CannotBeStored { reason } => format!("refused: {reason}"),
        Hold::Unit => "unit".to_owned(),
        Hold::UnreadableZone => "unread zone".to_owned(),
        Hold::ReadOnly { .. } => "read-only".to_owned(),
        Hold::ReadOnlyZone { .. } => "read-only zone".to_owned(),
        Hold::Frozen { cluster, why: FreezeCause::Failed } => format!("{cluster} failed"),
        Hold::Frozen { cluster, why: FreezeCause::Empty { records, filter: Some(filter) } } => {
            format!("{cluster} by {filter}, has {records}")
        }
        Hold::Frozen { cluster, why: FreezeCause::Empty { records, .. } } => {
            format!("{cluster} empty, has {records}")
        }
        Hold::UnknownCluster { name } => format!("unknown {name}"),
        Hold::Unready { resource } => format!("unready {}", resource.name),
        Hold::Protected { glob } => format!("protected {glob}"),
        Hold::Outage { resource } => format!("outage {}", resource.name),
        Hold::Moves { zone, why } => format!("moves to {zone}, there {}", reason(why)),
        Hold::NoZone => "no zone".to_owned(),
        Hold::Kept { reason } => format!("kept, {reason}"),
        Hold::Guarded { kind, scope } => {
            format!(
                "guarded {kind}{}",
                scope.cluster().map(|it| format!(" {it}")).unwrap_or_default()
            )
        }
        other => format!("{other:?}"),
    }
}
