//! Random zones and wishes over few names, so that they meet.

use std::sync::Arc;

use extdns_model::{
    ClusterId, DomainFilter, Endpoint, Inventory, LabelKey, Name, Opaque, Owners, Properties,
    Record, RecordSet, RecordType, Refresh, Resource, ResourceKind, Routing, Targets, Ttl,
    Unreadable, Visibility, Zone, ZoneIndex, ZoneInventory, ZoneKey,
};
use extdns_plan::{Input, Plan, Policy, RecordChange, RecordTypes, Settings, compute};
use proptest::prelude::*;

/// A target with its zones, what is wanted there, and how it is planned.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) zones: Vec<Content>,
    pub(crate) desired: Vec<Endpoint>,
    pub(crate) settings: Settings,
    routing: Routing,
}

/// A zone and its records; `None` if it cannot be read.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) zone: Zone,
    pub(crate) records: Option<Vec<Record>>,
}

impl World {
    pub(crate) fn inventory(&self) -> Inventory {
        let zones = self.zones.iter().map(|content| content.zone.clone());
        let index = ZoneIndex::new(zones.collect(), self.routing);
        let zones = self
            .zones
            .iter()
            .map(|content| ZoneInventory {
                zone: index.by_id(&content.zone.id).expect("a zone of this world"),
                records: content.records.clone().ok_or_else(|| Unreadable {
                    zone: content.zone.id.to_string(),
                    reason: "out of order".into(),
                }),
            })
            .collect();
        Inventory { index, filter: DomainFilter::default(), zones }
    }

    /// Plans, and shows the plan to the check.
    pub(crate) fn plan<T>(&self, check: impl FnOnce(&Plan<'_>, &Inventory) -> T) -> T {
        let inventory = self.inventory();
        let input =
            Input { inventory: &inventory, desired: &self.desired, settings: &self.settings };
        check(&compute(input), &inventory)
    }

    /// The world after the plan was carried out.
    pub(crate) fn applied(&self) -> Self {
        let mut after = self.clone();
        self.plan(|plan, inventory| {
            for (row, decision) in plan.going() {
                let records = after.records_mut(inventory, row.zone);
                let is_changed = |record: &Record, changed: &Record| {
                    record.set.name.key() == changed.set.name.key()
                        && record.set.rtype == changed.set.rtype
                        && record.set.set_identifier() == changed.set.set_identifier()
                };
                match decision.change {
                    RecordChange::Create(endpoint) => {
                        records.push(self.stored(endpoint, None));
                    }
                    RecordChange::Update { record, endpoint } => {
                        let place = records.iter().position(|it| is_changed(it, record));
                        records[place.expect("an update of something that is there")] =
                            self.stored(endpoint, record.labels.owner());
                    }
                    RecordChange::Delete(record) => {
                        let before = records.len();
                        records.retain(|it| !is_changed(it, record));
                        assert!(records.len() < before, "a delete of something that is there");
                    }
                }
            }
        });
        after
    }

    fn records_mut(&mut self, inventory: &Inventory, zone: ZoneKey) -> &mut Vec<Record> {
        let id = &inventory.index.zone(zone).id;
        let content = self.zones.iter_mut().find(|content| content.zone.id == *id);
        content.and_then(|content| content.records.as_mut()).expect("a zone that was read")
    }

    fn stored(&self, endpoint: &Endpoint, owner: Option<&str>) -> Record {
        let mut record = Record::new(endpoint.set.clone(), Opaque::none());
        record.labels = endpoint.all_labels();
        let owners = &self.settings.owners;
        let inherited = owner.filter(|owner| !owners.is_migrating(owner));
        if let Some(owner) = inherited.or_else(|| owners.id_of(None).map(|id| id.as_str())) {
            record.labels.set(LabelKey::OWNER, owner);
        }
        record
    }
}

prop_compose! {
    pub(crate) fn world()(
        zones in zones(),
        desired in prop::collection::vec(endpoint(), 0..12),
        settings in settings(),
        routing in prop::sample::select(vec![
            Routing::Longest, Routing::PrivateAndLongestPublic, Routing::All,
        ]),
    ) -> World {
        World { zones, desired, settings, routing }
    }
}

/// Twins of a zone, one private, and a zone below them.
fn zones() -> impl Strategy<Value = Vec<Content>> {
    let content = |name: &'static str, id: &'static str, visibility: Visibility| {
        let records = prop::collection::vec(record(), 0..10).prop_map(distinct);
        let records = prop_oneof![5 => records.prop_map(Some), 1 => Just(None)];
        records.prop_map(move |records| {
            let zone = Zone { visibility, ..Zone::new(id, Name::as_listed(name)) };
            Content { zone, records }
        })
    };
    (
        content("org", "public", Visibility::Public),
        content("org", "private", Visibility::Private),
        content("b.org", "child", Visibility::Public),
    )
        .prop_map(|(one, two, three)| vec![one, two, three])
}

/// Of records with one key, only the first: what a zone holds twice is a case of its own.
fn distinct(records: Vec<Record>) -> Vec<Record> {
    let mut kept: Vec<Record> = Vec::new();
    for record in records {
        let same = |other: &Record| {
            other.set.name.key() == record.set.name.key()
                && other.set.rtype == record.set.rtype
                && other.set.set_identifier() == record.set.set_identifier()
        };
        if !kept.iter().any(same) {
            kept.push(record);
        }
    }
    kept
}

prop_compose! {
    fn record()(
        set in record_set(),
        owner in prop::sample::select(vec![None, Some("me"), Some("me"), Some("too"), Some("old"), Some("other")]),
        resource in 0..4u8,
        missing_mark in prop::bool::weighted(0.1),
        read_only in prop::bool::weighted(0.05),
    ) -> Record {
        let mut record = Record::new(set, Opaque::none());
        if let Some(owner) = owner {
            record.labels.set(LabelKey::OWNER, owner);
        }
        if resource > 0 {
            record.labels.set(LabelKey::RESOURCE, format!("service/ns/{resource}"));
        }
        record.refresh = match owner {
            Some("old") => Some(Refresh::Migrate),
            Some("me") if missing_mark => Some(Refresh::MissingMark),
            _ => None,
        };
        record.read_only = read_only.then_some("it stands outside the block");
        record
    }
}

prop_compose! {
    fn endpoint()(
        set in record_set(),
        resource in 0..4u8,
        pin in prop::sample::select(vec![None, None, None, None, Some("private"), Some("unknown")]),
    ) -> Endpoint {
        let mut endpoint = Endpoint::from_set(set);
        if resource > 0 {
            endpoint = endpoint.wanted_by(Arc::new(Resource {
                cluster: ClusterId(u16::from(resource) % 2),
                kind: ResourceKind::Service,
                namespace: Some("ns".into()),
                name: resource.to_string().into(),
            }));
        }
        if let Some(pin) = pin {
            endpoint.edit_hints(|hints| hints.zone = Some(pin.into()));
        }
        endpoint
    }
}

prop_compose! {
    fn record_set()(
        name in prop::sample::select(vec!["a.org", "A.org", "b.org", "x.b.org", "c.com"]),
        rtype in prop::sample::select(vec![
            RecordType::A, RecordType::A, RecordType::Aaaa, RecordType::Cname, RecordType::Mx,
        ]),
        set_identifier in prop::sample::select(vec!["", "", "", "s1", "s2"]),
        targets in prop::collection::vec(0..3u8, 1..3),
        ttl in prop::sample::select(vec![0, 0, 60, 300]),
        property in prop::sample::select(vec![None, None, Some("p/weight"), Some("p/region")]),
    ) -> RecordSet {
        let targets: Targets = targets.iter().map(|target| match rtype {
            RecordType::A => format!("192.0.2.{target}"),
            RecordType::Aaaa => format!("2001:db8::{target}"),
            _ => format!("target{target}.org"),
        }).collect();
        let properties: Properties = property.map(|name| (name, "1")).into_iter().collect();
        RecordSet::new(Name::as_listed(name), rtype, Ttl::from_seconds(ttl), targets)
            .with_set_identifier(set_identifier)
            .with_properties(properties)
    }
}

prop_compose! {
    fn settings()(
        owned in prop::bool::weighted(0.8),
        policy in prop::sample::select(vec![
            Policy::Sync, Policy::Sync, Policy::UpsertOnly, Policy::CreateOnly,
        ]),
    ) -> Settings {
        use RecordType::{A, Aaaa, Cname, Mx};
        let ids = [(ClusterId(0), "me".into()), (ClusterId(1), "too".into())];
        let owners = if owned {
            Owners::new(ids).expect("valid ids").migrating_from(Some("old".into()))
        } else {
            Owners::none()
        };
        let types = RecordTypes::new(&[A, Aaaa, Cname, Mx], &[]);
        Settings { policy, types, filter: DomainFilter::default(), owners }
    }
}
