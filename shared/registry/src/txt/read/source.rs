//! Which ownership record decides who owns a record, where several may stand for it.

use extdns_model::{DoubtCause, LabelKey, Name, RecordSet, RecordType, ZoneKey, property_names};

use crate::txt::join::Join;
use crate::txt::ownership_records::Found;

/// The ownership records that may stand for a record.
#[derive(Default)]
pub(super) struct Candidates {
    /// That of its type.
    pub(super) typed: Option<usize>,
    /// That of a CNAME for an alias: older versions marked those so.
    pub(super) as_cname: Option<usize>,
    /// One of the oldest format, which has no type.
    pub(super) untyped: Option<usize>,
}

/// Who owns a record, as far as its ownership records say.
pub(super) enum Source {
    OwnershipRecord(usize),
    Doubt(usize, DoubtCause),
    Nothing,
}

impl Join<'_> {
    pub(super) fn candidates(&self, zone: ZoneKey, set: &RecordSet, key: &str) -> Candidates {
        let alias = is_address_alias(set);
        Candidates {
            typed: self.find(zone, set, key, Some(set.rtype)),
            as_cname: alias.then(|| self.find(zone, set, key, Some(RecordType::Cname))).flatten(),
            // An AAAA record was never marked in the oldest format.
            untyped: (set.rtype != RecordType::Aaaa)
                .then(|| self.find(zone, set, key, None))
                .flatten(),
        }
    }

    /// The ownership record that decides, if one does.
    pub(super) fn source(&self, set: &RecordSet, key: &str, candidates: &Candidates) -> Source {
        let Candidates { typed, as_cname, untyped } = *candidates;
        let mut doubt = Source::Nothing;
        for at in [typed, as_cname, untyped].into_iter().flatten() {
            let found = &self.ownership_records.list[at];
            if found.is_contested || self.is_contradicted(at, set, key) {
                return Source::Doubt(at, DoubtCause::Contested);
            }
            let why = match (self.older.get(&at), found.rtype()) {
                (Some(older), Some(_)) => {
                    DoubtCause::Shared { with: older.name.clone(), rtype: older.rtype }
                }
                (_, None) => match self.superseded(at, set, key) {
                    Some(rtype) => DoubtCause::Superseded { rtype },
                    None => return Source::OwnershipRecord(at),
                },
                (None, Some(_)) => return Source::OwnershipRecord(at),
            };
            if matches!(doubt, Source::Nothing) {
                doubt = Source::Doubt(at, why);
            }
        }
        doubt
    }

    /// Whether another ownership record of the same standing says something else.
    fn is_contradicted(&self, at: usize, set: &RecordSet, key: &str) -> bool {
        let found = &self.ownership_records.list[at];
        let is_peer = |other: &&Found| {
            other.stands_for(found.stored.zone, found.rtype(), set.set_identifier())
                && other.is_canonical() == found.is_canonical()
                && names(other, set)
        };
        let mut peers = self.ownership_records.named(key).filter(is_peer);
        peers.any(|other| other.is_contested || !other.says_as(found))
    }

    /// The type of a record of this name for which an ownership record of the oldest format was
    /// made: the one that has another one, which says the same, in the format of today. Versions
    /// that wrote both did so for every record.
    fn superseded(&self, at: usize, set: &RecordSet, key: &str) -> Option<RecordType> {
        let found = &self.ownership_records.list[at];
        let others = self.ownership_records.named(key);
        others
            .filter(|other| {
                other.is_canonical()
                    && other.rtype() != Some(set.rtype)
                    && other.stored.zone == found.stored.zone
                    && other.stored.set.set_identifier() == set.set_identifier()
                    && !other.is_contested
                    && other.says_as(found)
            })
            .filter_map(Found::rtype)
            .min()
    }

    pub(in crate::txt) fn find(
        &self,
        zone: ZoneKey,
        set: &RecordSet,
        key: &str,
        rtype: Option<RecordType>,
    ) -> Option<usize> {
        let mut candidates = self.ownership_records.of(key).peekable();
        candidates.peek()?;
        let home = self.registry.zone_of_ownership_record(self.index, zone, &set.name, rtype)?;
        candidates
            .filter(|at| {
                let found = &self.ownership_records.list[*at];
                found.stands_for(home, rtype, set.set_identifier()) && names(found, set)
            })
            .max_by(|a, b| {
                let [a, b] = [a, b].map(|at| &self.ownership_records.list[*at]);
                let by_name = || a.stored.set.name.cmp(&b.stored.set.name);
                a.is_canonical().cmp(&b.is_canonical()).then_with(by_name)
            })
    }
}

/// Whether an ownership record that names its record names this one.
fn names(found: &Found, set: &RecordSet) -> bool {
    if !found.names_record {
        return true;
    }
    let labels = found.labels();
    let named = labels.get(LabelKey::OWNED_RECORD);
    named.is_none_or(|name| Name::as_listed(name).key() == set.name.key())
}

/// Whether it is an A record that older versions marked as a CNAME.
fn is_address_alias(set: &RecordSet) -> bool {
    set.rtype == RecordType::A
        && matches!(set.properties().get(property_names::ALIAS), Some("true" | "A"))
}
