//! The names that are there or wanted, as far as names of ownership records depend on them.

use std::collections::HashSet;

use extdns_model::{LabelKey, Labels, Name, RecordSet, RecordType};
use extdns_plan::{Hold, Plan};

use super::ownership_records::Reading;
use super::registry::TxtRegistry;
use crate::Annotated;

/// Names of records that are there, and of those that the plan makes or would make.
#[derive(Default)]
pub(super) struct Names {
    /// All of them, by key and type: looked up only where the plan needs it.
    all: HashSet<(String, RecordType)>,
    /// Keys of those whose ownership record in the format of older versions may read as that of
    /// another record.
    older: HashSet<String>,
}

impl Names {
    /// The names that a plan needs.
    pub(super) fn survey(registry: &TxtRegistry, plan: &Plan<'_>, annotated: &Annotated) -> Self {
        let mut names = Self::default();
        let going = || plan.going().filter_map(|(_, decision)| decision.change.endpoint());
        if going().next().is_none() {
            return names;
        }
        let mapper = &registry.mapper;
        let needs_all = going().any(|endpoint| {
            endpoint.set.rtype == RecordType::Txt
                || mapper.may_read_as_typed(&endpoint.set.name.key())
        });
        let there = annotated.inventory.records().map(|(_, record)| &record.set);
        let wanted = plan.decisions().filter_map(|(_, decision)| decision.change.endpoint());
        // An ownership record without a record explains other ownership records as a record does.
        for left in annotated.leftovers.iter().filter(|left| left.rtype.is_some()) {
            let key = left.name.key();
            if left.rtype != Some(RecordType::Aaaa) && mapper.may_read_as_typed(&key) {
                names.older.insert(key.into_owned());
            }
        }
        for set in there.chain(wanted.map(|endpoint| &endpoint.set)) {
            let raw = set.name.key();
            let key = mapper.replace_wildcard(&raw);
            if set.rtype != RecordType::Aaaa && mapper.may_read_as_typed(&key) {
                names.older.insert(key.clone().into_owned());
            }
            if needs_all {
                names.all.insert((key.into_owned(), set.rtype));
            }
        }
        names
    }

    /// Adds the name of the record to what its ownership record says, where the name of the
    /// ownership record alone is ambiguous.
    pub(super) fn disambiguate(
        &self,
        registry: &TxtRegistry,
        set: &RecordSet,
        labels: &mut Labels,
    ) {
        if self.is_ambiguous(registry, set) {
            labels.set(LabelKey::OWNED_RECORD, &*set.name.key());
        }
    }

    /// Whether the ownership record of a record may read as the older one of another record, or its
    /// own older one as the ownership record of another record.
    fn is_ambiguous(&self, registry: &TxtRegistry, set: &RecordSet) -> bool {
        if self.older.is_empty() {
            return false;
        }
        let raw = set.name.key();
        let key = registry.mapper.replace_wildcard(&raw);
        let txt = registry.mapper.to_txt_name(&key, Some(set.rtype));
        let other = registry.mapper.to_untyped_name(&txt);
        let other = other.map(|name| Name::as_listed(&name).key().into_owned());
        if other.is_some_and(|other| other != *key && self.older.contains(&other)) {
            return true;
        }
        let Some((_, Reading { owned, .. })) = registry.older_name(&key, set.rtype) else {
            return false;
        };
        let Some(rtype) = owned.rtype else { return false };
        self.all.contains(&(owned.name.key().into_owned(), rtype))
    }

    /// Why a TXT record is not made: its name is that of an ownership record.
    pub(super) fn refuse_text(&self, registry: &TxtRegistry, txt: &Name) -> Option<Hold> {
        let of_record = |name: &Name, rtype| {
            self.all.contains(&(name.key().into_owned(), rtype)).then_some(rtype)
        };
        let lower = txt.to_unicode().to_lowercase();
        let owned = registry.mapper.to_endpoint_name(&lower)?;
        let typed = owned.rtype.and_then(|rtype| of_record(&owned.name, rtype));
        let found = typed.map(|rtype| (owned.name, rtype)).or_else(|| {
            // Without an affix the older format has the name of the record itself.
            let name = registry.mapper.to_untyped_name(&lower).filter(|name| *name != lower)?;
            let name = Name::as_listed(&name);
            let not_aaaa = |rtype: &RecordType| *rtype != RecordType::Aaaa;
            let mut types = RecordType::KNOWN.into_iter().filter(not_aaaa);
            let rtype = types.find_map(|rtype| of_record(&name, rtype))?;
            Some((name, rtype))
        });
        let (name, rtype) = found?;
        let reason = format!(
            "{txt} is the name of the ownership record of the {rtype} record {name}; choose another \
             name, or another --txt-prefix or --txt-suffix"
        );
        Some(Hold::CannotBeOwned { reason })
    }
}
