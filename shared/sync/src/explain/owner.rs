//! Whose a record is.

use extdns_model::{Doubt, Owners, Record};

/// Whose a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Ours, by this owner id.
    Ours(String),
    /// Ours, because the registry keeps no owners.
    Everybody,
    /// Of another owner, with this id.
    Foreign(String),
    /// It has no ownership record, so it was not made by us.
    Nobody,
    /// The ownership records are not clear.
    InDoubt(Box<Doubt>),
    /// The provider does not let it be changed: why not, after "it".
    Fixed(&'static str),
}

impl Owner {
    pub(super) fn of(record: &Record, owners: &Owners) -> Self {
        match (record.read_only(), record.labels.owner()) {
            (Some(why), _) => Self::Fixed(why),
            (None, _) if owners.is_empty() => Self::Everybody,
            (None, Some(owner)) if owners.contains(owner) => Self::Ours(owner.to_owned()),
            (None, Some(owner)) => Self::Foreign(owner.to_owned()),
            (None, None) => {
                record.doubt().map_or(Self::Nobody, |doubt| Self::InDoubt(Box::new(doubt.clone())))
            }
        }
    }
}
