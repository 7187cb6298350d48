//! Which zones the desired endpoints belong to, and which of them a plan is not about.

use ecow::EcoString;
use extdns_model::{Endpoint, Inventory, RecordType, ResourceKind};

use crate::Unmanaged;
use crate::conflict::preference;
use crate::decide::Decider;
use crate::runs::{Keyed, by_set};

/// All desired endpoints.
pub(crate) struct Routed<'a> {
    /// Those in scope of each zone of the index.
    pub(crate) desired: Vec<Vec<Keyed<'a, Endpoint>>>,
    /// Those in scope that lie in no zone.
    pub(crate) unrouted: Vec<&'a Endpoint>,
    pub(crate) unmanaged: Vec<Unmanaged>,
}

pub(crate) fn route<'a>(
    decider: &Decider<'a>,
    inventory: &Inventory,
    desired: &'a [Endpoint],
) -> Routed<'a> {
    let mut by_zone: Vec<Vec<_>> = inventory.index.iter().map(|_| Vec::new()).collect();
    let mut unrouted = Vec::new();
    let mut unmanaged = Vec::new();
    for endpoint in desired {
        let set = &endpoint.set;
        if !decider.manages(set.rtype) {
            let is_reported = !decider.excludes(set.rtype) && !is_by_product(endpoint);
            if is_reported && decider.filters_match(&set.name) {
                note(&mut unmanaged, set.rtype, &set.name.key());
            }
            continue;
        }
        if !decider.filters_match(&set.name) {
            continue;
        }
        let keyed = Keyed::new(endpoint);
        let zones = inventory.index.route(&keyed.key, endpoint.hints().zone.as_deref());
        let Some((first, others)) = zones.split_first() else {
            unrouted.push(keyed);
            continue;
        };
        for zone in others {
            by_zone[zone.0 as usize].push(Keyed { key: keyed.key.clone(), item: endpoint });
        }
        by_zone[first.0 as usize].push(keyed);
    }
    unrouted.sort_by(|a, b| by_set(a, b).then_with(|| preference(a.item, b.item)));
    let unrouted = unrouted.into_iter().map(|keyed| keyed.item).collect();
    unmanaged.sort_by_key(|unmanaged| unmanaged.rtype);
    Routed { desired: by_zone, unrouted, unmanaged }
}

/// Whether a record is a by-product that no annotation asks for: every Service of type NodePort comes
/// with SRV records, which few clusters manage.
fn is_by_product(endpoint: &Endpoint) -> bool {
    let resources = endpoint.attribution.resources();
    endpoint.set.rtype == RecordType::Srv
        && !resources.is_empty()
        && resources.iter().all(|resource| resource.kind == ResourceKind::SERVICE)
}

/// At most this many names are listed for a type that is not managed.
const NAMES: usize = 10;

fn note(unmanaged: &mut Vec<Unmanaged>, rtype: RecordType, key: &str) {
    let known = unmanaged.iter().position(|of_type| of_type.rtype == rtype);
    let index = known.unwrap_or_else(|| {
        unmanaged.push(Unmanaged { rtype, count: 0, names: Vec::new() });
        unmanaged.len() - 1
    });
    let Unmanaged { count, names, .. } = &mut unmanaged[index];
    *count += 1;
    if let Err(index) = names.binary_search_by(|name| name.as_str().cmp(key))
        && index < NAMES
    {
        names.insert(index, EcoString::from(key));
        names.truncate(NAMES);
    }
}
