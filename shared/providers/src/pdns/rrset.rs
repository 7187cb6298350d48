//! Record sets, both ways.

use extdns_model::{
    Action, Change, Name, Opaque, Record, RecordSet, RecordType, Ttl, property_names,
};
use serde::{Deserialize, Serialize};

use super::FORM;
use crate::engine::wire::fqdn;
use crate::{ErrorKind, ProviderError};

/// What PowerDNS calls a CNAME that it resolves itself.
const ALIAS: &str = "ALIAS";

#[derive(Deserialize, Serialize)]
pub(super) struct Rrset {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    /// A delete has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    #[serde(default, skip_deserializing)]
    changetype: &'static str,
    records: Vec<Content>,
}

#[derive(Deserialize, Serialize)]
struct Content {
    content: String,
    disabled: bool,
}

impl Rrset {
    /// What makes a change: where a CNAME becomes an alias, or no longer is one, the other type goes.
    pub(super) fn of(change: &Change) -> Vec<Self> {
        match &change.action {
            Action::Create(new) => vec![Self::replace(&new.set)],
            Action::Delete(old) => vec![Self::delete(&old.set)],
            Action::Update { old, new } => {
                let other =
                    (type_of(&old.set) != type_of(&new.set)).then(|| Self::delete(&old.set));
                other.into_iter().chain([Self::replace(&new.set)]).collect()
            }
        }
    }

    fn replace(set: &RecordSet) -> Self {
        Self { ttl: Some(FORM.ttl(set.ttl)), changetype: "REPLACE", ..Self::delete(set) }
    }

    fn delete(set: &RecordSet) -> Self {
        let content = |target| Content { content: FORM.value(set.rtype, target), disabled: false };
        Self {
            name: fqdn(set.name.as_str()),
            rtype: type_of(set),
            ttl: None,
            changetype: "DELETE",
            records: set.targets.iter().map(|target| content(target)).collect(),
        }
    }

    /// Whether the whole set goes.
    pub(super) fn goes(&self) -> bool {
        self.changetype == "DELETE"
    }

    /// The record set as it is served; `None` if it is switched off, or of a type without a name
    /// elsewhere.
    pub(super) fn record(&self) -> Option<Record> {
        let alias = self.rtype == ALIAS;
        let rtype = if alias { RecordType::Cname } else { self.rtype.parse().ok()? };
        let served = self.records.iter().filter(|record| !record.disabled);
        let targets = served.map(|record| FORM.read(rtype, &record.content)).collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or_default().into());
        let mut set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        if alias {
            set.edit_properties(|own| own.set(property_names::ALIAS, "true"));
        }
        (!set.targets.is_empty()).then(|| Record::new(set, Opaque::none()))
    }
}

fn type_of(set: &RecordSet) -> String {
    let alias = set.rtype == RecordType::Cname
        && set.properties().get(property_names::ALIAS) == Some("true");
    if alias { ALIAS.to_owned() } else { set.rtype.to_string() }
}

/// The error of a batch, with the name that the server refuses in it: `Record NAME/TYPE ..`,
/// `RRset NAME IN TYPE ..`.
pub(super) fn blame(mut error: ProviderError) -> ProviderError {
    let ErrorKind::Rejected(names) = &mut error.kind else { return error };
    let blamed = |front: &str, behind: &str| {
        let (_, rest) = error.message.split_once(front)?;
        rest.split_once(behind).map(|(name, _)| name).filter(|name| !name.contains(' '))
    };
    let name = blamed("RRset ", " IN ").or_else(|| blamed("Record ", "/"));
    names.extend(name.map(Name::as_listed));
    let names = std::mem::take(names);
    if error.message.contains("Conflicts with pre-existing") {
        error.kind = ErrorKind::Conflict(names);
    } else {
        error.kind = ErrorKind::Rejected(names);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_to_blame() {
        let table = [
            (
                "RRset c.example.com. IN A: Conflicts with pre-existing RRset",
                ErrorKind::Conflict(vec![Name::as_listed("c.example.com")]),
            ),
            (
                "Record t.example.com./TXT 'plain text': Parsing record content",
                ErrorKind::Rejected(vec![Name::as_listed("t.example.com")]),
            ),
            ("Key 'ttl' not an Integer or not present", ErrorKind::Rejected(Vec::new())),
        ];
        for (message, expected) in table {
            let message = format!("PowerDNS: PATCH /zones/x: HTTP 422: {message}");
            let error = blame(ProviderError::new(ErrorKind::Rejected(Vec::new()), message));
            assert_eq!(error.kind, expected, "{error}");
        }
    }
}
