//! The changes of a POST, decoded as Go decodes them: members match in any case, and unknown ones are skipped.

use std::fmt;

use extdns_model::Endpoint;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::wire::received::Received;
use super::endpoint;

/// The four lists as they came.
#[derive(Default)]
pub(super) struct Changes {
    create: Vec<Received>,
    update_old: Vec<Received>,
    update_new: Vec<Received>,
    delete: Vec<Received>,
}

/// What is to be done.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) create: Vec<Endpoint>,
    /// As it was, and as it shall be.
    pub(super) update: Vec<(Endpoint, Endpoint)>,
    pub(super) delete: Vec<Endpoint>,
}

impl Checked {
    pub(super) fn is_empty(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty()
    }
}

impl Changes {
    /// The changes, if each endpoint can be used and the updates are pairs.
    pub(super) fn checked(self) -> Result<Checked, String> {
        let Self { create, update_old, update_new, delete } = self;
        if update_old.len() != update_new.len() {
            let (old, new) = (update_old.len(), update_new.len());
            return Err(format!("{old} endpoints in updateOld, and {new} in updateNew"));
        }
        let all =
            |list: Vec<Received>| list.into_iter().map(endpoint).collect::<Result<Vec<_>, _>>();
        let update = all(update_old)?.into_iter().zip(all(update_new)?).collect();
        Ok(Checked { create: all(create)?, update, delete: all(delete)? })
    }
}

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ChangesVisitor)
    }
}

struct ChangesVisitor;

impl<'de> Visitor<'de> for ChangesVisitor {
    type Value = Changes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("changes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Changes, A::Error> {
        let mut changes = Changes::default();
        while let Some(name) = map.next_key::<String>()? {
            let list = match name.to_ascii_lowercase().as_str() {
                "create" => &mut changes.create,
                "updateold" => &mut changes.update_old,
                "updatenew" => &mut changes.update_new,
                "delete" => &mut changes.delete,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *list = map.next_value::<Option<Vec<Received>>>()?.unwrap_or_default();
        }
        Ok(changes)
    }
}
