//! What the server checks of an Event of `events.k8s.io/v1`.

use serde_json::Value;

use super::kinds::Kind;
use super::status::{self, Answer};

/// The group of the Events that are checked.
const GROUP: &str = "events.k8s.io";
/// Fields that must be there, with the most characters that they may have.
const REQUIRED: [(&str, usize); 5] = [
    ("eventTime", 64),
    ("reportingController", 253),
    ("reportingInstance", 128),
    ("action", 128),
    ("reason", 128),
];
/// Most characters of a note.
const LONGEST_NOTE: usize = 1024;

/// Checks an Event that is sent to a namespace.
pub(super) fn validate(kind: &Kind, name: &str, sent: &Value) -> Result<(), Answer> {
    if kind.group != GROUP {
        return Ok(());
    }
    let invalid = |field: &str, cause: &str| Err(status::invalid(kind, name, field, cause));
    let text = |field: &str| sent[field].as_str().unwrap_or_default();
    for (field, longest) in REQUIRED {
        match text(field).len() {
            0 => return invalid(field, "Required value"),
            length if length > longest => {
                return invalid(
                    field,
                    &format!("Invalid value: can have at most {longest} characters"),
                );
            }
            _ => {}
        }
    }
    if !matches!(text("type"), "Normal" | "Warning") {
        return invalid("type", "Invalid value: has invalid value");
    }
    if text("note").len() > LONGEST_NOTE {
        return invalid("note", "Invalid value: can have at most 1024 characters");
    }
    let own = sent["metadata"]["namespace"].as_str().unwrap_or_default();
    let of_object = sent["regarding"]["namespace"].as_str().unwrap_or_default();
    let fits = own == of_object || of_object.is_empty() && own == "default";
    if !fits {
        return invalid(
            "involvedObject.namespace",
            "Invalid value: does not match event.namespace",
        );
    }
    Ok(())
}
