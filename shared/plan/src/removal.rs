//! The plan that removes ownership records without a record, and those of records that the user
//! releases: it comes from no endpoint, so it has stages of its own.

use ecow::EcoString;
use extdns_model::{Inventory, Labels, Name, Record, ZoneKey};

use crate::claim::Claims;
use crate::{
    Cause, Clusters, Decision, DecisionState, Hold, Plan, Policy, RecordChange, Row, Settings, Unit,
};

/// An ownership record of ours that goes without its record, and what removes it.
#[derive(Debug, Clone, Copy)]
pub struct Removal<'a> {
    /// The zone that holds it.
    pub zone: ZoneKey,
    /// The name of the record that it stands for.
    pub owned: &'a Name,
    /// Its labels.
    pub labels: &'a Labels,
    /// Why the provider does not let it be changed, if it does not.
    pub read_only: Option<&'static str>,
    /// The change that removes it: an update where values of others stay.
    pub change: RecordChange<'a>,
    /// Why it goes: it has no record, or the user releases its record.
    pub cause: Cause,
}

impl Removal<'_> {
    /// Why it has to stay.
    fn hold(
        &self,
        inventory: &Inventory,
        settings: &Settings,
        claims: &Claims<'_>,
    ) -> Option<Hold> {
        let Settings { policy, protected, .. } = settings;
        if let Some(reason) = inventory.index.zone(self.zone).read_only {
            return Some(Hold::ReadOnlyZone { reason });
        }
        if let Some(reason) = self.read_only {
            return Some(Hold::ReadOnly { reason });
        }
        if *policy != Policy::Sync {
            return Some(Hold::Policy);
        }
        if let Some(glob) = protected.find(self.owned) {
            return Some(Hold::Protected { glob: glob.as_str().into() });
        }
        // What the user releases goes whoever its label names.
        let unknown = (self.cause == Cause::Orphaned).then(|| claims.of_record(self.labels));
        unknown?.unknown.map(|name| Hold::UnknownCluster { name })
    }
}

/// Plans removals: a row for each zone and name, a unit for each ownership record, in the order in
/// which they are given (by zone and name). The guard counts over all that is ours, the ownership
/// records that go included.
#[must_use]
pub fn remove<'a>(
    removals: &[Removal<'a>],
    inventory: &Inventory,
    settings: &Settings,
    clusters: &Clusters,
) -> Plan<'a> {
    let claims = Claims::new(&settings.owners, clusters);
    let mut rows: Vec<Row<'a>> = Vec::new();
    for removal in removals {
        let name = removal.change.set().name.key();
        let held = removal.hold(inventory, settings, &claims);
        let mut decision = Decision {
            change: removal.change,
            cause: removal.cause,
            state: held.map_or(DecisionState::Go, DecisionState::Held),
            unit: Unit(0),
        };
        match rows.last_mut() {
            Some(row) if row.zone == removal.zone && row.name == *name => {
                decision.unit = Unit(u16::try_from(row.decisions.len()).unwrap_or(u16::MAX));
                row.decisions.push(decision);
            }
            _ => rows.push(Row {
                zone: removal.zone,
                name: EcoString::from(name),
                decisions: vec![decision],
            }),
        }
    }
    let is_ours = |record: &Record| {
        settings.owners.own(&record.labels) && settings.filter.matches(&record.set.name)
    };
    let records = inventory.records().filter(|(_, record)| is_ours(record));
    let records = records.map(|(zone, record)| (zone, &record.labels));
    // A record that is released is among those already.
    let orphans = removals.iter().filter(|removal| removal.cause == Cause::Orphaned);
    let ours = records.chain(orphans.map(|removal| (removal.zone, removal.labels)));
    let mut plan = Plan { rows, ..Plan::default() };
    plan.guard(ours, &inventory.index, settings, clusters);
    plan
}

#[cfg(test)]
mod tests {
    use extdns_model::{
        ClusterId, Opaque, Owners, RecordSet, RecordType, Routing, Targets, Ttl, Zone, ZoneIndex,
    };

    use super::*;
    use crate::{Cluster, Guard, Reading, RecordTypes, Sharing};

    fn settings(policy: Policy, protected: &[&str]) -> Settings {
        let globs = protected.iter().map(|glob| glob.parse().expect("a pattern"));
        Settings {
            policy,
            types: RecordTypes::new(&RecordType::KNOWN, &[]),
            filter: Default::default(),
            owners: Owners::new([(ClusterId(0), "me".into())]).expect("a valid id"),
            protected: crate::Protected::new(globs.collect()),
            guard: Guard::disabled(),
            sharing: Sharing::First,
            weight_property: None,
        }
    }

    fn hold_of(labels: &[(&str, &str)], settings: &Settings) -> Option<Hold> {
        let zone = Zone::new("z", Name::as_listed("example.org"));
        let index = ZoneIndex::new(vec![zone], Routing::Longest);
        let inventory = Inventory { index, ..Inventory::default() };
        let name = Name::as_listed("a-www.example.org");
        let set = RecordSet::new(name, RecordType::Txt, Ttl::default(), Targets::default());
        let record = Record::new(set, Opaque::none());
        let (owned, labels) = (Name::as_listed("www.example.org"), labels.iter().copied());
        let labels: Labels = labels.collect();
        let removal = Removal {
            zone: ZoneKey(0),
            owned: &owned,
            labels: &labels,
            read_only: None,
            change: RecordChange::Delete(&record),
            cause: Cause::Orphaned,
        };
        let known = Reading::Complete { endpoints: 0 };
        let clusters = Clusters::new(vec![Cluster::new(ClusterId(0), "eu", known)]);
        let plan = remove(&[removal, removal], &inventory, settings, &clusters);
        let [row] = plan.rows.as_slice() else { panic!("one row for one name") };
        let units: Vec<_> = row.decisions.iter().map(|decision| decision.unit).collect();
        assert_eq!(units, [Unit(0), Unit(1)], "each ownership record goes by itself");
        row.decisions.iter().find_map(|decision| decision.held().cloned())
    }

    #[test]
    fn what_holds_a_removal() {
        let sync = settings(Policy::Sync, &[]);
        let unknown = |name: &str| Some(Hold::UnknownCluster { name: name.into() });
        let cases: [(&str, Option<Hold>); 5] = [
            ("", None),
            ("eu", None),
            ("*", None),
            ("gone", unknown("gone")),
            ("eu+lost", unknown("lost")),
        ];
        for (cluster, expected) in cases {
            let labels = [("owner", "me"), ("cluster", cluster)];
            let labels = if cluster.is_empty() { &labels[..1] } else { &labels[..] };
            assert_eq!(hold_of(labels, &sync), expected, "{cluster}");
        }
        let labels = [("owner", "me")];
        let upsert = settings(Policy::UpsertOnly, &[]);
        assert_eq!(hold_of(&labels, &upsert), Some(Hold::Policy));
        let protected = settings(Policy::Sync, &["www.*"]);
        let by_glob = Some(Hold::Protected { glob: "www.*".into() });
        assert_eq!(hold_of(&labels, &protected), by_glob);
    }
}
