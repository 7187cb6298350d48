//! Plans in a few lines of text.
//!
//! A record or endpoint is `TYPE NAME[/SET] TARGET[,TARGET].. OPTION..` with the options
//! `ttl=N`, `o=OWNER`, `r=RESOURCE`, `p:NAME=VALUE`; on records also `missing-mark`, `migrate` and
//! `read-only`; on endpoints also `pin=ZONE`. Where there are several zones, a record is written
//! behind `ZONE: `.
//!
//! A plan is one line a decision: `+ A foo 1.1.1.1`, `- A foo 1.1.1.1`,
//! `~ A foo 1.1.1.1 -> 2.2.2.2 [targets]`; held back, `= + A foo 1.1.1.1 (reason)`.

use ecow::EcoString;
use extdns_model::{
    ClusterId, DomainFilter, Endpoint, Inventory, LabelKey, Name, Opaque, Owners, Record,
    RecordSet, RecordType, Refresh, Routing, Targets, Ttl, Unreadable, Zone, ZoneIndex,
    ZoneInventory,
};
use extdns_plan::{
    Cause, Decision, Differences, Hold, Input, Plan, Policy, RecordChange, RecordTypes, Row,
    Settings, Verdict, compute,
};

/// What a plan is made of, and what is expected of it.
pub(crate) struct Case {
    settings: Settings,
    zones: Vec<(&'static str, &'static str)>,
    unread: Vec<&'static str>,
    routing: Routing,
    provider_filter: DomainFilter,
    records: Vec<&'static str>,
    desired: Vec<Endpoint>,
}

/// A case with these owner ids, separated by spaces; none for a registry without owners.
pub(crate) fn owned_by(owners: &str) -> Case {
    Case {
        settings: settings(owners),
        zones: vec![("all", "")],
        unread: Vec::new(),
        routing: Routing::Longest,
        provider_filter: DomainFilter::default(),
        records: Vec::new(),
        desired: Vec::new(),
    }
}

/// Settings of a plan for these owner ids.
pub(crate) fn settings(owners: &str) -> Settings {
    Settings {
        policy: Policy::Sync,
        types: RecordTypes::default(),
        filter: DomainFilter::default(),
        owners: self::owners(owners),
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

    pub(crate) fn has(mut self, records: &[&'static str]) -> Self {
        self.records = records.to_vec();
        self
    }

    pub(crate) fn wants(mut self, endpoints: &[&str]) -> Self {
        self.desired = endpoints.iter().map(|text| endpoint(text)).collect();
        self
    }

    pub(crate) fn wants_endpoints(mut self, endpoints: Vec<Endpoint>) -> Self {
        self.desired = endpoints;
        self
    }

    /// Plans, and shows the plan to the check.
    pub(crate) fn check<T>(&self, check: impl FnOnce(&Plan<'_>, &Inventory) -> T) -> T {
        let inventory = self.inventory();
        let input =
            Input { inventory: &inventory, desired: &self.desired, settings: &self.settings };
        check(&compute(input), &inventory)
    }

    /// The plan is exactly this.
    #[track_caller]
    pub(crate) fn gives(&self, expected: &[&str]) {
        self.check(|plan, inventory| {
            assert_eq!(lines(plan, inventory, decision), expected);
            let nothing_to_do = expected.iter().all(|line| line.contains("= "));
            assert_eq!(plan.is_empty(), nothing_to_do);
            assert!(plan.rows.iter().all(|row| !row.decisions.is_empty()));
        });
    }

    /// The plan is exactly this, each line with the number of its unit before it.
    #[track_caller]
    pub(crate) fn gives_units(&self, expected: &[&str]) {
        let numbered = |it: &Decision<'_>| format!("{} {}", it.unit.0, decision(it));
        self.check(|plan, inventory| assert_eq!(lines(plan, inventory, numbered), expected));
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
            let (zone, text) = text.split_once(": ").unwrap_or((self.zones[0].0, text));
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
            ("missing-mark", _) => record.refresh = Some(Refresh::MissingMark),
            ("migrate", _) => record.refresh = Some(Refresh::Migrate),
            ("read-only", _) => record.read_only = Some("it stands outside the block"),
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
        RecordChange::Delete(record) => format!("- {name} {}", targets(&record.set)),
        RecordChange::Update { record, endpoint } => {
            let (old, new) = (targets(&record.set), targets(&endpoint.set));
            let arrow = if old == new { old } else { format!("{old} -> {new}") };
            let Cause::Differs(differences) = decision.cause else {
                panic!("an update is because of a difference: {decision:?}")
            };
            format!("~ {name} {arrow} [{}]", fields(differences).join(" "))
        }
    };
    match &decision.verdict {
        Verdict::Go => change,
        Verdict::Held(hold) => format!("= {change} ({})", reason(hold)),
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
        Hold::Unit => "unit".to_owned(),
        Hold::UnreadableZone => "unread zone".to_owned(),
        Hold::ReadOnly { .. } => "read-only".to_owned(),
        other => format!("{other:?}"),
    }
}
