//! Random zones and desired endpoints over few names, so that they meet.

use std::sync::Arc;

use extdns_model::{
    ClusterId, DomainFilter, Endpoint, Inventory, LabelKey, Name, Opaque, Owners, Properties,
    Record, RecordSet, RecordType, Refresh, Resource, ResourceKind, Routing, Targets, Ttl,
    Unreadable, Unready, Visibility, Zone, ZoneIndex, ZoneInventory, ZoneKey,
};
use extdns_plan::{
    Cluster, Clusters, Guard, Input, Made, Plan, Policy, Protected, Reading, RecordChange,
    RecordTypes, Settings, Sharing, compute,
};
use proptest::prelude::*;

/// A target with its zones, what is wanted there, and how it is planned.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) zones: Vec<Content>,
    pub(crate) desired: Vec<Endpoint>,
    pub(crate) settings: Settings,
    pub(crate) clusters: Clusters,
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
        let made = Made::new();
        let input = Input {
            inventory: &inventory,
            desired: &self.desired,
            settings: &self.settings,
            clusters: &self.clusters,
            kept: &[],
            made: &made,
        };
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
                        let index = records.iter().position(|it| is_changed(it, record));
                        records[index.expect("an update of something that is there")] =
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

    /// As the registry writes it: whoever wants it owns it. What nobody in particular wants stays
    /// with whoever of ours has it, unless its owner id is migrated.
    fn stored(&self, endpoint: &Endpoint, owner: Option<&str>) -> Record {
        let mut record = Record::new(endpoint.set.clone(), Opaque::none());
        let owners = &self.settings.owners;
        record.labels =
            if owners.is_empty() { endpoint.all_labels() } else { owners.stamp(endpoint) };
        let is_nobodys = endpoint.attribution.first().is_none();
        if let Some(owner) = owner.filter(|owner| is_nobodys && !owners.is_migrating(owner)) {
            record.labels.set(LabelKey::OWNER, owner);
        }
        record
    }
}

prop_compose! {
    pub(crate) fn world()(
        zones in zones(),
        desired in desired(),
        settings in settings(),
        clusters in clusters(),
        routing in prop::sample::select(vec![
            Routing::Longest, Routing::PrivateAndLongestPublic, Routing::All,
        ]),
    ) -> World {
        World { zones, desired, settings, clusters, routing }
    }
}

/// The clusters of every world; which owner ids they have is up to the settings.
pub(crate) const CLUSTERS: [&str; 3] = ["eu", "us", "lab"];

/// What all clusters want.
pub(crate) fn desired() -> impl Strategy<Value = Vec<Endpoint>> {
    prop::collection::vec(endpoint(), 0..12)
}

prop_compose! {
    pub(crate) fn clusters()(
        readings in prop::array::uniform3(prop::sample::select(vec![
            Reading::Complete { endpoints: 1 },
            Reading::Complete { endpoints: 1 },
            Reading::Complete { endpoints: 0 },
            Reading::Failed,
        ])),
        may_be_empty in prop::array::uniform3(prop::bool::weighted(0.2)),
        unready in prop::collection::vec((name(), 1..4u8), 0..2),
    ) -> Clusters {
        let list = CLUSTERS.iter().zip(0..).zip(readings).zip(may_be_empty);
        let list = list.map(|(((name, id), reading), may_be_empty)| Cluster {
            may_be_empty, ..Cluster::new(ClusterId(id), *name, reading)
        });
        let unready = unready.into_iter().map(|(name, number)| Unready {
            name: Name::as_listed(name), resource: resource(number),
        });
        Clusters::new(list.collect()).with_unready(unready.collect(), true)
    }
}

/// The clusters, all of them read in full.
pub(crate) fn all_read() -> Clusters {
    let reading = Reading::Complete { endpoints: 1 };
    let list = CLUSTERS.iter().zip(0..);
    Clusters::new(list.map(|(name, id)| Cluster::new(ClusterId(id), *name, reading)).collect())
}

fn resource(number: u8) -> Arc<Resource> {
    Arc::new(Resource {
        cluster: ClusterId(u16::from(number) % 3),
        kind: ResourceKind::SERVICE,
        namespace: Some("ns".into()),
        name: number.to_string().into(),
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a.org", "A.org", "b.org", "x.b.org", "c.com"])
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
        cluster in prop::sample::select(vec![
            None, None, None, Some("eu"), Some("us"), Some("eu+lab"), Some("*"), Some("gone"),
        ]),
        resource in 0..4u8,
        is_missing in prop::bool::weighted(0.1),
        read_only in prop::bool::weighted(0.05),
    ) -> Record {
        let mut record = Record::new(set, Opaque::none());
        if let Some(owner) = owner {
            record.labels.set(LabelKey::OWNER, owner);
        }
        if let Some(cluster) = cluster {
            record.labels.set(LabelKey::CLUSTER, cluster);
        }
        if resource > 0 {
            record.labels.set(LabelKey::RESOURCE, format!("service/ns/{resource}"));
        }
        record.set_refresh(match owner {
            Some("old") => Some(Refresh::Migrate),
            Some("me") if is_missing => Some(Refresh::MissingOwnershipRecord),
            _ => None,
        });
        record.set_read_only(read_only.then_some("it stands outside the block"));
        record
    }
}

prop_compose! {
    fn endpoint()(
        set in record_set(),
        resource in 0..4u8,
        other in prop::sample::select(vec![0, 0, 0, 1, 2, 3]),
        pin in prop::sample::select(vec![None, None, None, None, Some("private"), Some("unknown")]),
    ) -> Endpoint {
        let mut endpoint = Endpoint::from_set(set);
        endpoint.attribution =
            [resource, other].into_iter().filter(|it| *it > 0).map(self::resource).collect();
        if let Some(pin) = pin {
            endpoint.edit_hints(|hints| hints.zone = Some(pin.into()));
        }
        endpoint
    }
}

prop_compose! {
    fn record_set()(
        name in name(),
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
        owners in owners(),
        policy in prop::sample::select(vec![
            Policy::Sync, Policy::Sync, Policy::UpsertOnly, Policy::CreateOnly,
        ]),
        guard in guard(),
        protected in prop::sample::select(vec![None, None, None, Some("x.*"), Some("a.org")]),
        sharing in prop::sample::select(vec![Sharing::First, Sharing::Merge, Sharing::Weighted]),
    ) -> Settings {
        use RecordType::{A, Aaaa, Cname, Mx};
        let globs = protected.into_iter().map(|glob| glob.parse().expect("a pattern"));
        Settings {
            policy,
            types: RecordTypes::new(&[A, Aaaa, Cname, Mx], &[]),
            filter: DomainFilter::default(),
            owners,
            protected: Protected::new(globs.collect()),
            guard,
            sharing,
            weight_property: Some("p/weight"),
        }
    }
}

/// No owners, an owner id for each cluster, or shared ones.
fn owners() -> impl Strategy<Value = Owners> {
    let ids = prop::sample::select(vec![
        None,
        Some(["me", "too", "third"]),
        Some(["me", "me", "too"]),
        Some(["me", "me", "me"]),
    ]);
    ids.prop_map(|ids| {
        let Some(ids) = ids else { return Owners::none() };
        let names = CLUSTERS.iter().zip(0..).map(|(name, id)| (ClusterId(id), (*name).into()));
        let ids = ids.iter().zip(0..).map(|(owner, id)| (ClusterId(id), (*owner).into()));
        Owners::new(ids).expect("valid ids").named(names).migrating_from(Some("old".into()))
    })
}

prop_compose! {
    fn guard()(
        max_delete_percent in prop::sample::select(vec![0, 30, 60, 100]),
        max_update_percent in prop::sample::select(vec![0, 50, 100, 100]),
        max_deletes in prop::option::of(0..3usize),
        min_records in 0..4usize,
        disabled in prop::bool::weighted(0.5),
    ) -> Guard {
        Guard { max_delete_percent, max_update_percent, max_deletes, min_records, disabled, ..Guard::default() }
    }
}
