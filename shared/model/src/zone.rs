//! Zones, and which of them a name belongs to.

use std::collections::HashMap;
use std::fmt;

use ecow::EcoString;
use foldhash::quality::RandomState;
use smallvec::SmallVec;

use crate::{Name, Opaque};

/// A zone of this run's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneKey(pub u32);

/// Who can resolve the names of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// A network of the account.
    Private,
}

/// A zone as its provider names it.
#[derive(Debug, Clone)]
pub struct Zone {
    /// The provider's id: what flags, pins and messages name.
    pub id: EcoString,
    /// The domain; the root name stands for a pseudo-zone that holds every name.
    pub name: Name,
    /// Who can resolve it.
    pub visibility: Visibility,
    /// Why nothing in it can be written, although it can be read: a fragment that reads after "it".
    pub read_only: Option<&'static str>,
    /// The provider's own data.
    pub data: Opaque,
}

impl Zone {
    /// A public zone.
    #[must_use]
    pub fn new(id: impl Into<EcoString>, name: Name) -> Self {
        Self {
            id: id.into(),
            name,
            visibility: Visibility::Public,
            read_only: None,
            data: Opaque::none(),
        }
    }

    /// Whether a name, given by its [key](Name::key), is the apex or lies below it.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        let apex = self.name.key();
        apex.is_empty()
            || key
                .strip_suffix(apex.as_ref())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// `example.org`, or the id of a zone that has no name of its own
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { f.write_str(&self.id) } else { self.name.fmt(f) }
    }
}

/// The rule by which a name finds its zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Routing {
    /// The longest matching zone names; several zones of that name all get the record.
    #[default]
    Longest,
    /// Every matching private zone, and the public zones of the longest matching name.
    PrivateAndLongestPublic,
    /// Every matching zone.
    All,
}

/// The zones of a target, sorted by name and id, and the way from a name to them.
///
/// Zones that could not be read stay in the index: their names never fall to a parent zone.
#[derive(Debug, Clone, Default)]
pub struct ZoneIndex {
    zones: Vec<Zone>,
    /// Asked for every suffix of every name.
    by_name: HashMap<String, SmallVec<[ZoneKey; 1]>, RandomState>,
    by_id: HashMap<EcoString, ZoneKey>,
    routing: Routing,
}

impl ZoneIndex {
    /// An index over these zones. Keys follow the order of names and ids, so they do not depend on
    /// the order in which the provider listed the zones.
    #[must_use]
    pub fn new(mut zones: Vec<Zone>, routing: Routing) -> Self {
        zones.sort_by_cached_key(|zone| {
            (zone.name.key().into_owned(), zone.visibility, zone.id.clone())
        });
        let mut by_name: HashMap<String, SmallVec<[ZoneKey; 1]>, RandomState> = HashMap::default();
        let mut by_id = HashMap::with_capacity(zones.len());
        for (index, zone) in zones.iter().enumerate() {
            by_name.entry(zone.name.key().into_owned()).or_default().push(key_at(index));
            by_id.entry(zone.id.clone()).or_insert(key_at(index));
        }
        Self { zones, by_name, by_id, routing }
    }

    /// The zone of a key of this index.
    ///
    /// # Panics
    /// If the key comes from another index.
    #[must_use]
    pub fn zone(&self, key: ZoneKey) -> &Zone {
        &self.zones[key.0 as usize]
    }

    /// Every zone with its key, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ZoneKey, &Zone)> {
        self.zones.iter().enumerate().map(|(index, zone)| (key_at(index), zone))
    }

    /// How many zones there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.zones.len()
    }

    /// Whether there is no zone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// Whether a name, given by its [key](Name::key), is the apex of a zone.
    #[must_use]
    pub fn is_apex(&self, key: &str) -> bool {
        self.by_name.contains_key(key)
    }

    /// The zone with this provider id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<ZoneKey> {
        self.by_id.get(id).copied()
    }

    /// The zones of a name, given by its [key](Name::key). A pin (zone id) on the endpoint wins,
    /// if it names a zone of this index that contains the name; a pin elsewhere gives no zone.
    #[must_use]
    pub fn route(&self, key: &str, pin: Option<&str>) -> SmallVec<[ZoneKey; 1]> {
        if let Some(pin) = pin {
            return self
                .by_id(pin)
                .filter(|zone| self.zone(*zone).contains(key))
                .into_iter()
                .collect();
        }
        let mut found = SmallVec::new();
        let mut public_done = false;
        for suffix in suffixes(key) {
            let Some(zones) = self.by_name.get(suffix) else { continue };
            match self.routing {
                Routing::Longest => return zones.clone(),
                Routing::All => found.extend_from_slice(zones),
                Routing::PrivateAndLongestPublic => {
                    let public = |zone: &ZoneKey| self.zone(*zone).visibility == Visibility::Public;
                    found
                        .extend(zones.iter().copied().filter(|zone| !public(zone) || !public_done));
                    public_done |= zones.iter().any(public);
                }
            }
        }
        found
    }
}

/// A name's suffixes at label borders, from the name itself down to the root.
fn suffixes(key: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(key);
    std::iter::from_fn(move || {
        let current = rest?;
        rest = if current.is_empty() {
            None
        } else {
            Some(current.split_once('.').map_or("", |(_, tail)| tail))
        };
        Some(current)
    })
}

fn key_at(index: usize) -> ZoneKey {
    ZoneKey(u32::try_from(index).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
