//! What tells one plan from another.

use std::fmt;
use std::str::FromStr;

use extdns_model::{Endpoint, LabelKey, Labels, Owners, RecordSet, ZoneIndex};
use sha2::{Digest as _, Sha256};

use crate::{Plan, RecordChange};

/// The hash of a plan: SHA-256 over its logical changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanHash([u8; 32]);

/// A text that is no hash of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plan's hash has 64 hexadecimal digits; copy it from the plan's report")]
pub struct InvalidHash;

/// What is hashed changes with the meaning of plans only: then this changes too.
const VERSION: &str = "extdns plan 1";

impl Plan<'_> {
    /// The hash of what is carried out, in the order of zones and names, with owner and clusters
    /// before and after. What the provider noted, what resources want it, and the order of targets
    /// and properties do not matter. To be taken before ownership records are added.
    #[must_use]
    pub fn hash(&self, index: &ZoneIndex, owners: &Owners) -> PlanHash {
        let mut hasher = Hasher(Sha256::new());
        hasher.text(VERSION);
        for (row, decision) in self.going() {
            let kind = match decision.change {
                RecordChange::Create(_) => "create",
                RecordChange::Update { .. } => "update",
                RecordChange::Delete(_) => "delete",
            };
            let zone = index.zone(row.zone);
            hasher.text(&zone.id);
            hasher.text(&zone.name.key());
            hasher.text(&row.name);
            hasher.text(kind);
            if let Some(record) = decision.change.record() {
                hasher.side(&record.set, &record.labels);
            }
            if let Some(endpoint) = decision.change.endpoint() {
                hasher.side(&endpoint.set, &after(endpoint, owners));
            }
        }
        PlanHash(hasher.0.finalize().into())
    }
}

/// What the ownership record will say of owner and clusters; nothing where none is kept.
fn after(endpoint: &Endpoint, owners: &Owners) -> Labels {
    if owners.is_empty() { Labels::new() } else { owners.stamp(endpoint) }
}

struct Hasher(Sha256);

impl Hasher {
    fn side(&mut self, set: &RecordSet, labels: &Labels) {
        self.text(set.name.as_str());
        self.text(&set.rtype.to_string());
        self.text(set.set_identifier());
        self.number(set.ttl.seconds().unwrap_or(0).into());
        self.list(set.targets.iter().map(|target| target.as_str()).collect());
        let properties = set.properties();
        self.list(properties.iter().map(|property| property.name.as_str()).collect());
        let mut properties: Vec<_> = properties.iter().collect();
        properties.sort_unstable();
        properties.iter().for_each(|property| self.text(&property.value));
        self.text(labels.owner().unwrap_or_default());
        self.text(labels.get(LabelKey::CLUSTER).unwrap_or_default());
    }

    fn list(&mut self, mut texts: Vec<&str>) {
        texts.sort_unstable();
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    /// Each text with its length before it, so that no two lists of texts are the same bytes.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for PlanHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidHash);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| InvalidHash)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidHash)?;
        }
        Ok(Self(bytes))
    }
}
