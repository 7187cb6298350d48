//! The XML of requests and answers.

mod answers;
mod record_set;

use serde::{Deserialize, Serialize};

use super::answer::ApiError;
use super::record::RecordSet;
pub(super) use answers::*;
pub(super) use record_set::WireRecordSet;

/// The namespace of every Route 53 document.
pub(super) const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// A whole document. Its namespace is put in here, so that no struct carries it.
pub(super) fn document<T: Serialize>(root: &str, namespace: &str, content: &T) -> String {
    let body = quick_xml::se::to_string_with_root(root, content)
        .unwrap_or_else(|error| panic!("an answer that is no XML: {error}"));
    let rest = &body[1 + root.len()..];
    format!("<?xml version=\"1.0\"?>\n<{root} xmlns=\"{namespace}\"{rest}")
}

/// Reads the body of a request.
pub(super) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| ApiError::invalid_input(format!("Invalid XML ; {error}")))?;
    quick_xml::de::from_str(text)
        .map_err(|error| ApiError::invalid_input(format!("Invalid XML ; {error}")))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeRequest {
    change_batch: ChangeBatch,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeBatch {
    changes: Changes,
}

#[derive(Deserialize)]
struct Changes {
    #[serde(rename = "Change", default)]
    list: Vec<WireChange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WireChange {
    action: String,
    resource_record_set: WireRecordSet,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagsRequest {
    pub(super) resource_ids: ResourceIds,
}

#[derive(Deserialize)]
pub(super) struct ResourceIds {
    #[serde(rename = "ResourceId", default)]
    pub(super) list: Vec<String>,
}

/// What a change does with its record set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes one that is not there.
    Create,
    /// Removes one that is there exactly so.
    Delete,
    /// Makes or replaces one.
    Upsert,
}

/// One change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What to do.
    pub action: Action,
    /// With which record set.
    pub record_set: RecordSet,
}

impl ChangeRequest {
    /// The changes, if each is whole. What is wrong with them beyond that is [`super::change`]'s to say.
    pub(super) fn changes(self) -> Result<Vec<Change>, ApiError> {
        let list = self.change_batch.changes.list;
        if list.is_empty() {
            let text = "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Changes' is not complete.";
            return Err(ApiError::invalid_input(text));
        }
        list.into_iter().map(WireChange::change).collect()
    }
}

impl WireChange {
    fn change(self) -> Result<Change, ApiError> {
        let action = match self.action.as_str() {
            "CREATE" => Action::Create,
            "DELETE" => Action::Delete,
            "UPSERT" => Action::Upsert,
            other => return Err(not_in(other, "[CREATE, DELETE, UPSERT]")),
        };
        Ok(Change { action, record_set: self.resource_record_set.record_set(&self.action)? })
    }
}

fn not_in(value: &str, values: &str) -> ApiError {
    ApiError::invalid_input(format!(
        "Invalid XML ; cvc-enumeration-valid: Value '{value}' is not facet-valid with respect to enumeration \
         '{values}'. It must be a value from the enumeration."
    ))
}
