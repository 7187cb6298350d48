//! A hosted zone: its record sets in the order of the service, and its pages.

use std::collections::BTreeMap;

use super::answer::ApiError;
use super::name::Name;
use super::record::{Key, RecordSet};
use super::wire::{Next, RecordSetList, RecordSets};

/// Record sets per page, at most and unless a request asks for fewer.
pub(super) const PAGE: usize = 300;
/// Record sets of a zone, until the quota is raised.
const QUOTA: usize = 10_000;
/// What a new zone has: an SOA and an NS record set at its apex.
const NAME_SERVERS: [&str; 4] = [
    "ns-2048.awsdns-64.com.",
    "ns-2049.awsdns-65.net.",
    "ns-2050.awsdns-66.org.",
    "ns-2051.awsdns-67.co.uk.",
];

pub(super) struct HostedZone {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) apex: Name,
    pub(super) private: bool,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) sets: BTreeMap<Key, RecordSet>,
    pub(super) quota: usize,
    /// Until when its last change is in process, in simulated time.
    pub(super) busy_until: std::time::Duration,
}

impl HostedZone {
    pub(super) fn new(id: String, account: &str, apex: Name, private: bool) -> Self {
        let name = apex.to_string();
        let servers = NAME_SERVERS
            .into_iter()
            .fold(RecordSet::new(&name, "NS").ttl(172_800), RecordSet::value);
        let soa =
            format!("{} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", NAME_SERVERS[0]);
        let soa = RecordSet::new(&name, "SOA").ttl(900).value(&soa);
        let mut zone = Self {
            id,
            account: account.to_owned(),
            apex,
            private,
            tags: BTreeMap::new(),
            sets: BTreeMap::new(),
            quota: QUOTA,
            busy_until: std::time::Duration::ZERO,
        };
        zone.seed([servers, soa]);
        zone
    }

    /// Puts record sets in as they are, unchecked but for the name; the quota grows with them.
    pub(super) fn seed(&mut self, sets: impl IntoIterator<Item = RecordSet>) {
        for set in sets {
            let key = set.key().unwrap_or_else(|problem| panic!("{problem}"));
            assert!(
                Name::parse(&set.name).is_ok_and(|name| name.is_in(&self.apex)),
                "{} is not in the zone {}",
                set.name,
                self.apex
            );
            self.sets.insert(key, set);
        }
        self.quota = self.quota.max(self.sets.len());
    }

    /// The record sets of one name and type.
    pub(super) fn family(
        &self,
        name: &Name,
        record_type: Option<&str>,
    ) -> impl Iterator<Item = &RecordSet> {
        let start = Key::start(name, record_type);
        let range = self.sets.range(start.clone()..);
        range.take_while(move |(key, _)| key.starts_with(&start)).map(|(_, set)| set)
    }

    /// A page: from the first record set at or after the given name, type and set identifier.
    pub(super) fn page(&self, query: &Query) -> Result<RecordSetList, ApiError> {
        let from = match (query.get("name"), query.get("type"), query.get("identifier")) {
            (None, None, None) => None,
            (Some(name), record_type, identifier) => {
                let name = Name::parse(name)
                    .map_err(|problem| ApiError::invalid_input(problem.to_string()))?;
                match (record_type, identifier) {
                    (Some(record_type), Some(identifier)) => {
                        Some(Key::new(&name, record_type, identifier))
                    }
                    (record_type, None) => Some(Key::start(&name, record_type)),
                    (None, Some(_)) => return Err(lonely("identifier", "type")),
                }
            }
            (None, Some(_), _) => return Err(lonely("type", "name")),
            (None, None, Some(_)) => return Err(lonely("identifier", "name")),
        };
        let size = query.max_items(PAGE)?;
        let mut sets = match from {
            Some(key) => self.sets.range(key..),
            None => self.sets.range::<Key, _>(..),
        };
        let list = sets.by_ref().take(size).map(|(_, set)| set.into()).collect();
        let next = sets.next().map(|(_, set)| Next {
            name: Some(set.name.clone()),
            record_type: Some(set.record_type.clone()),
            set_identifier: set.set_identifier.clone(),
        });
        Ok(RecordSetList {
            resource_record_sets: RecordSets { list },
            is_truncated: next.is_some(),
            next: next.unwrap_or_default(),
            max_items: size,
        })
    }
}

fn lonely(given: &str, missing: &str) -> ApiError {
    ApiError::invalid_input(format!(
        "The input is not valid: '{given}' is specified but '{missing}' is not"
    ))
}

/// The query of a request.
pub(super) struct Query(pub(super) Vec<(String, String)>);

impl Query {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        pair.map(|(_, value)| value.as_str())
    }

    /// The page size: what is asked for, but never more than `most`.
    pub(super) fn max_items(&self, most: usize) -> Result<usize, ApiError> {
        let Some(text) = self.get("maxitems") else { return Ok(most) };
        match text.parse::<usize>() {
            Ok(wanted) if wanted > 0 => Ok(wanted.min(most)),
            _ => {
                Err(ApiError::invalid_input(format!("The value '{text}' of maxitems is not valid")))
            }
        }
    }
}
