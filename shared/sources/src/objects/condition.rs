//! Conditions in the status of objects.

use ecow::EcoString;

use super::parts;

parts! {
    /// What somebody says of an object.
    pub(crate) struct Condition {
        #[serde(rename = "type")]
        kind: EcoString,
        status: EcoString,
    }
}

/// Whether a condition is true. Of several with one type the first counts; without any it is not.
pub(crate) fn is_true(conditions: &[Condition], kind: &str) -> bool {
    let first = conditions.iter().find(|condition| condition.kind == kind);
    first.is_some_and(|condition| condition.status == "True")
}
