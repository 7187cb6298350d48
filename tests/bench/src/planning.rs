//! The plan alone: no cluster, no provider, records and desired endpoints made up.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::Context as _;
use extdns_model::{
    ClusterId, DomainFilter, Endpoint, Inventory, LabelKey, Name, Opaque, Owners, OwnershipRecord,
    Record, RecordSet, RecordType, Resource, ResourceKind, Routing, Targets, Ttl, Zone, ZoneIndex,
    ZoneInventory, ZoneKey,
};
use extdns_plan::{
    Cluster, Clusters, Guard, Input, Made, Policy, Protected, Reading, RecordTypes, Settings,
    Sharing, compute,
};

use crate::figures::{Figures, of_part};

/// The numbers of records of the table.
pub const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

const ZONE: &str = "example.org";
const OWNER: &str = "me";
/// One of so many names is new, one is gone, one has another address.
const CHANGED: usize = 100;

/// Plans for `n` records of ours; the peak counts records and desired endpoints, too.
///
/// # Errors
/// When a plan is not what the desired endpoints ask for.
pub fn plan(n: usize) -> anyhow::Result<Figures> {
    let name = Name::parse(ZONE)?;
    let index = ZoneIndex::new(vec![Zone::new("Z1", name)], Routing::default());
    let zone = index.by_id("Z1").context("the zone is there")?;
    let records = (0..n).map(|number| record(zone, number)).collect::<Result<Vec<_>, _>>()?;
    let inventory = Inventory {
        index,
        filter: DomainFilter::default(),
        zones: vec![ZoneInventory { zone, records: Ok(records) }],
    };
    let desired = (0..n).map(|number| endpoint(n, number)).collect::<Result<Vec<_>, _>>()?;
    let settings = Settings {
        policy: Policy::Sync,
        types: RecordTypes::default(),
        filter: DomainFilter::default(),
        owners: Owners::new([(ClusterId(0), OWNER.into())])?,
        protected: Protected::default(),
        guard: Guard::default(),
        sharing: Sharing::First,
        weight_property: None,
    };
    let reading = Reading::Complete { endpoints: n };
    let clusters = Clusters::new(vec![Cluster::new(ClusterId(0), "bench", reading)]);
    let made = Made::new();
    let input = Input {
        inventory: &inventory,
        desired: &desired,
        settings: &settings,
        clusters: &clusters,
        kept: &[],
        made: &made,
    };
    let (plan, figures) = of_part(|| black_box(compute(input)))?;
    let (found, wanted) = (plan.going().count(), 3 * n.div_ceil(CHANGED));
    anyhow::ensure!(found == wanted, "{found} changes, not {wanted}");
    Ok(figures)
}

fn host(number: usize) -> String {
    format!("svc-{number:07}.{ZONE}")
}

fn address(number: usize) -> String {
    let [a, b, c, d] = u32::try_from(number).unwrap_or_default().to_be_bytes();
    format!("{}.{b}.{c}.{d}", 10 + a)
}

fn set(name: &str, rtype: RecordType, target: &str) -> anyhow::Result<RecordSet> {
    let targets: Targets = [target].into_iter().collect();
    Ok(RecordSet::new(Name::parse(name)?, rtype, Ttl::from_seconds(300), targets))
}

fn record(zone: ZoneKey, number: usize) -> anyhow::Result<Record> {
    let resource = format!("service/default/svc-{number:07}");
    let text = format!(
        "\"heritage=external-dns,external-dns/owner={OWNER},external-dns/resource={resource}\""
    );
    let mut record =
        Record::new(set(&host(number), RecordType::A, &address(number))?, Opaque::none());
    record.labels.set(LabelKey::OWNER, OWNER);
    record.labels.set(LabelKey::RESOURCE, resource);
    let mark = set(&format!("a-{}", host(number)), RecordType::Txt, &text)?;
    record.add_ownership_record(OwnershipRecord { zone, set: mark, origin: Opaque::none() });
    Ok(record)
}

fn endpoint(n: usize, number: usize) -> anyhow::Result<Endpoint> {
    let (name, target) = match number % CHANGED {
        0 => (n + number, number),
        1 => (number, n + number),
        _ => (number, number),
    };
    let resource = Resource {
        cluster: ClusterId(0),
        kind: ResourceKind::SERVICE,
        namespace: Some("default".into()),
        name: format!("svc-{number:07}").into(),
    };
    let set = set(&host(name), RecordType::A, &address(target))?;
    Ok(Endpoint::from_set(set).wanted_by(Arc::new(resource)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_made_up_plan_changes_three_of_a_hundred_names() {
        super::plan(1_000).unwrap();
    }
}
