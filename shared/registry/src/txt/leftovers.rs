//! The ownership records that no record was found for.

use std::collections::HashMap;

use extdns_model::{Name, Record, RecordType, ZoneIndex, ZoneInventory, ZoneKey};

use super::ownership_records::{Found, OwnershipRecords};
use super::registry::TxtRegistry;
use crate::annotated::Standing;
use crate::{KeptIn, Leftover};

/// What is left of the ownership records, by zone and name.
pub(super) fn leftovers(
    registry: &TxtRegistry,
    index: &ZoneIndex,
    unreadable: &[ZoneKey],
    ownership_records: OwnershipRecords,
    zones: &[ZoneInventory],
) -> Vec<Leftover> {
    let standing = |found: &Found, key: &str| {
        if found.is_contested {
            Standing::Contested
        } else if index.route(key, None).iter().any(|zone| unreadable.contains(zone)) {
            Standing::Unknown
        } else if registry.owners.own(&found.labels()) {
            Standing::Ours
        } else {
            Standing::Foreign
        }
    };
    let mut leftovers: Vec<_> = ownership_records
        .list
        .into_iter()
        .filter(|found| !found.used)
        .filter_map(|found| {
            let name = found.owned_name()?;
            let (rtype, is_canonical) = (found.rtype(), found.is_canonical());
            let standing = standing(&found, &name.key());
            let kept = registry.codec.foreign(&found.stored.set).collect();
            let read_only = found.read_only();
            Some(Leftover {
                name,
                rtype,
                labels: found.labels(),
                kept_in: KeptIn::Zone(found.stored),
                read_only,
                kept,
                standing,
                is_canonical,
                doubtful: found.explains,
                released: false,
            })
        })
        .collect();
    leftovers.sort_by_cached_key(|leftover| {
        let set = leftover.set();
        (leftover.zone(), set.name.key().into_owned(), set.set_identifier().to_owned())
    });
    doubt(registry, zones, &mut leftovers);
    leftovers
}

/// `a-www` marks the A record of `www`, or in the oldest format any record of a host `a-www`. Where
/// a record of either name exists without an ownership record, it is not clear which one is meant.
fn doubt(registry: &TxtRegistry, zones: &[ZoneInventory], leftovers: &mut [Leftover]) {
    let mut by_name: HashMap<(ZoneKey, String), Vec<usize>> = HashMap::new();
    for (at, leftover) in leftovers.iter().enumerate() {
        let other_name = leftover.rtype.and_then(|_| {
            let txt = leftover.set().name.to_unicode().to_lowercase();
            registry.mapper.to_untyped_name(&txt)
        });
        let other_name = other_name.map(|name| Name::as_listed(&name));
        for name in other_name.iter().chain([&leftover.name]) {
            let key = name.key().into_owned();
            by_name.entry((leftover.zone(), key)).or_default().push(at);
        }
    }
    if by_name.is_empty() {
        return;
    }
    for ZoneInventory { zone, records } in zones {
        for record in records.iter().flatten().filter(|record| record.ownership_records.is_empty())
        {
            let raw = record.set.name.key();
            let key = registry.mapper.replace_wildcard(&raw).into_owned();
            for at in by_name.get(&(*zone, key)).into_iter().flatten() {
                let leftover = &mut leftovers[*at];
                leftover.doubtful |= may_stand_for(leftover, record);
            }
        }
    }
}

/// Whether an ownership record that has one of the names of a record may be its.
fn may_stand_for(leftover: &Leftover, record: &Record) -> bool {
    let is_of_name = leftover.name.key() == record.set.name.key();
    leftover.set().set_identifier() == record.set.set_identifier()
        && match leftover.rtype {
            Some(rtype) if is_of_name => rtype == record.set.rtype,
            _ => record.set.rtype != RecordType::Aaaa,
        }
}
