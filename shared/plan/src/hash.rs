//! The hash of a plan: two plans have the same hash if a reader sees the same in both.

use std::fmt;
use std::str::FromStr;

use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, LabelKey, Labels, Owners, RecordSet, Role, ZoneIndex,
    ZoneKey,
};
use sha2::{Digest as _, Sha256};

use crate::{Cause, Decision, Hold, Plan, RecordChange};

/// The hash of a plan: SHA-256 over everything that a reader of it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanHash([u8; 32]);

/// A text that is no hash of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plan's hash has 64 hexadecimal digits; copy it from the plan's report")]
pub struct InvalidHash;

/// The version of the hashed format. It changes only when the meaning of plans changes.
const VERSION: &str = "extdns plan 2";

impl Plan<'_> {
    /// The hash of everything that a reader of the plan sees: what is carried out and what is held
    /// back for which kind of reason, in the order of zones and names, each with its zone, owner,
    /// clusters and resources before and after, and the ownership records of the groups; then what
    /// lies in no zone, and what lost to another endpoint. What the provider noted, what is
    /// encrypted, and the order of targets and properties do not matter. To be taken after ownership
    /// records were added, with the groups that came of that.
    #[must_use]
    pub fn hash(&self, index: &ZoneIndex, owners: &Owners, groups: &[ChangeGroup]) -> PlanHash {
        let mut hasher = Hasher { sha: Sha256::new(), index, owners };
        hasher.text(VERSION);
        hasher.number(self.rows.len() as u64);
        for row in &self.rows {
            hasher.zone(row.zone);
            hasher.text(&row.name);
            hasher.number(row.decisions.len() as u64);
            row.decisions.iter().for_each(|decision| hasher.decision(decision));
        }
        let of_group = |group: &ChangeGroup| {
            group.changes.iter().filter(|it| it.role == Role::Ownership).count()
        };
        hasher.number(groups.iter().map(of_group).sum::<usize>() as u64);
        for group in groups {
            let ownership_records =
                group.changes.iter().filter(|change| change.role == Role::Ownership);
            ownership_records
                .for_each(|ownership_record| hasher.ownership_record(group.zone, ownership_record));
        }
        hasher.number(self.unrouted.len() as u64);
        self.unrouted.iter().for_each(|endpoint| hasher.endpoint(endpoint));
        hasher.number(self.losers.len() as u64);
        for loser in &self.losers {
            hasher.zone(loser.zone);
            hasher.endpoint(loser.endpoint);
            hasher.endpoint(loser.winner);
        }
        PlanHash(hasher.sha.finalize().into())
    }
}

struct Hasher<'a> {
    sha: Sha256,
    index: &'a ZoneIndex,
    owners: &'a Owners,
}

impl Hasher<'_> {
    fn decision(&mut self, decision: &Decision<'_>) {
        self.text(match decision.change {
            RecordChange::Create(_) => "create",
            RecordChange::Update { .. } => "update",
            RecordChange::Delete(_) => "delete",
        });
        if let Cause::Moves { to } = decision.cause {
            self.text("moves");
            self.zone(to);
        }
        self.text(decision.held().map_or("go", kind));
        if let Some(record) = decision.change.record() {
            self.set(&record.set);
            self.labels(&record.labels);
            self.text(record.labels.resource().unwrap_or_default());
        }
        if let Some(endpoint) = decision.change.endpoint() {
            self.endpoint(endpoint);
        }
    }

    /// An endpoint, and what its ownership record will say of owner and clusters; nothing where
    /// none is kept.
    fn endpoint(&mut self, endpoint: &Endpoint) {
        self.set(&endpoint.set);
        let none = self.owners.is_empty();
        let labels = if none { Labels::new() } else { self.owners.stamp(endpoint) };
        self.labels(&labels);
        let resources: Vec<String> =
            endpoint.attribution.resources().iter().map(ToString::to_string).collect();
        self.list(resources.iter().map(String::as_str).collect());
    }

    /// An ownership record that comes, changes or goes: where it is, what it stands for, and whether
    /// its text can be read, but not that text.
    fn ownership_record(&mut self, zone: ZoneKey, change: &Change) {
        let (kind, owned) = match &change.action {
            Action::Create(new) => ("create", &new.labels),
            Action::Update { new, .. } => ("update", &new.labels),
            Action::Delete(old) => ("delete", &old.labels),
        };
        let set = change.set();
        let is_plain = |text: &str| text.trim_start_matches('"').starts_with("heritage=");
        self.zone(zone);
        self.text(kind);
        self.text(set.name.as_str());
        self.text(set.set_identifier());
        self.text(owned.get(LabelKey::OWNED_RECORD).unwrap_or_default());
        self.text(if set.targets.iter().all(|it| is_plain(it)) { "plain" } else { "encrypted" });
    }

    fn zone(&mut self, zone: ZoneKey) {
        let zone = self.index.zone(zone);
        self.text(&zone.id);
        self.text(&zone.name.key());
    }

    fn labels(&mut self, labels: &Labels) {
        self.text(labels.owner().unwrap_or_default());
        self.text(labels.get(LabelKey::CLUSTER).unwrap_or_default());
    }

    fn set(&mut self, set: &RecordSet) {
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
    }

    fn list(&mut self, mut texts: Vec<&str>) {
        texts.sort_unstable();
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    /// Each text with its length before it, so that no two lists of texts are the same bytes.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.sha.update(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.sha.update(number.to_be_bytes());
    }
}

/// The kind of a reason to hold something back.
fn kind(hold: &Hold) -> &'static str {
    match hold {
        Hold::Foreign { .. } => "foreign",
        Hold::InDoubt(_) => "in doubt",
        Hold::Policy => "policy",
        Hold::Coexistence => "coexistence",
        Hold::Unit => "unit",
        Hold::CannotBeOwned { .. } => "cannot be owned",
        Hold::CannotBeStored { .. } => "cannot be stored",
        Hold::UnreadableZone => "unreadable zone",
        Hold::ReadOnly { .. } | Hold::ReadOnlyZone { .. } => "read-only",
        Hold::Frozen { .. } => "frozen",
        Hold::UnknownCluster { .. } => "unknown cluster",
        Hold::Unready { .. } => "unready",
        Hold::Outage { .. } => "outage",
        Hold::Moves { .. } => "moves",
        Hold::NoZone => "no zone",
        Hold::Kept { .. } => "kept",
        Hold::Protected { .. } => "protected",
        Hold::Guarded { .. } => "guarded",
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
