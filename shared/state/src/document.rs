//! What is stored for a target: one JSON text.
//!
//! ```text
//! {"version":1,"lease":{"holder":"run 4f2a of pod dns-7c","until":"2026-03-01T12:00:40Z"},
//!  "gate":{"hash":"9f86d0..","fullReadAt":"2026-03-01T11:20:00Z"}}
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Gate;

/// The version that is written. A text of another version is never overwritten: a newer program may be
/// writing under its lease.
const VERSION: u64 = 1;

/// Longest text that is read: a document has a few hundred bytes.
pub(crate) const LIMIT: usize = 64 * 1024;

/// What is stored for a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Who may write.
    pub lease: Option<LeaseEntry>,
    /// What the last run left.
    pub gate: Known,
}

/// Who may write, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseEntry {
    /// The run.
    pub holder: String,
    /// From then on another run may take the lease.
    pub until: Timestamp,
}

/// What is known of the last run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Known {
    /// It left nothing.
    #[default]
    Nothing,
    /// It left this.
    Gate(Gate),
    /// It left something that cannot be read, with the reason.
    Unreadable(String),
}

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is something else.
    #[error(
        "what is stored there is no state of external-dns ({0}); delete it, or name another place"
    )]
    Unreadable(String),
    /// It is of another version of the program.
    #[error(
        "what is stored there has version {found}, and this program knows version {VERSION}; use the newer \
         program, or delete it once no run is under way"
    )]
    Version {
        /// The version that it says.
        found: u64,
    },
}

/// The form in which a document is written.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gate: Option<Value>,
}

impl Document {
    /// Reads a text. The gate is only a hint, so one that cannot be read is no error; a lease that cannot be
    /// read is.
    ///
    /// # Errors
    /// When the text is no document of this version.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        let unreadable = |error: serde_json::Error| DocumentError::Unreadable(error.to_string());
        let Head { version } = serde_json::from_str(text).map_err(unreadable)?;
        if version != VERSION {
            return Err(DocumentError::Version { found: version });
        }
        let Written { lease, gate } = serde_json::from_str(text).map_err(unreadable)?;
        let gate = match gate.map(serde_json::from_value) {
            None => Known::Nothing,
            Some(Ok(gate)) => Known::Gate(gate),
            Some(Err(error)) => Known::Unreadable(error.to_string()),
        };
        Ok(Self { lease, gate })
    }

    /// The text, on one line. A gate that could not be read is left out.
    #[must_use]
    pub fn text(&self) -> String {
        let gate = match &self.gate {
            Known::Gate(gate) => Some(gate),
            Known::Nothing | Known::Unreadable(_) => None,
        };
        let mut text = serde_json::json!({ "version": VERSION });
        if let Some(lease) = &self.lease {
            text["lease"] = serde_json::json!(lease);
        }
        if let Some(gate) = gate {
            text["gate"] = serde_json::json!(gate);
        }
        text.to_string()
    }

    /// The lease, while it holds.
    #[must_use]
    pub fn held(&self, now: Timestamp) -> Option<&LeaseEntry> {
        self.lease.as_ref().filter(|lease| now < lease.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hash;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn gate() -> Gate {
        Gate { hash: Hash::of(b"x"), full_read_at: at("2026-03-01T11:20:00Z") }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let lease =
            LeaseEntry { holder: "run 1 \"é\"\n".to_owned(), until: at("2026-03-01T12:00:40.5Z") };
        for lease in [None, Some(lease)] {
            for gate in [Known::Nothing, Known::Gate(gate())] {
                let document = Document { lease: lease.clone(), gate };
                let text = document.text();
                assert!(!text.contains('\n'), "{text}");
                assert_eq!(Document::parse(&text), Ok(document), "{text}");
            }
        }
    }

    #[test]
    fn the_form_of_version_1_stays() {
        let lease = LeaseEntry { holder: "run 1".to_owned(), until: at("2026-03-01T12:00:40Z") };
        let text = Document { lease: Some(lease), gate: Known::Gate(gate()) }.text();
        let hash = Hash::of(b"x");
        assert_eq!(
            text,
            format!(
                "{{\"gate\":{{\"fullReadAt\":\"2026-03-01T11:20:00Z\",\"hash\":\"{hash}\"}},\
                 \"lease\":{{\"holder\":\"run 1\",\"until\":\"2026-03-01T12:00:40Z\"}},\"version\":1}}"
            )
        );
    }

    #[test]
    fn a_gate_that_cannot_be_read_is_a_hint_less_and_not_written_again() {
        let gates = [
            r#""text""#,
            r#"{"hash":"9f"}"#,
            r#"{"hash":"zz","fullReadAt":"2026-03-01T11:20:00Z"}"#,
            r#"{"hash":7,"fullReadAt":"soon"}"#,
        ];
        for gate in gates {
            let document = Document::parse(&format!(r#"{{"version":1,"gate":{gate}}}"#));
            let document = document.unwrap_or_else(|error| panic!("{gate}: {error}"));
            assert!(matches!(document.gate, Known::Unreadable(_)), "{gate}");
            assert_eq!(document.text(), r#"{"version":1}"#);
        }
    }

    #[test]
    fn a_text_that_may_hide_a_lease_is_an_error() {
        let texts = [
            "",
            "no JSON",
            "[]",
            "{}",
            r#"{"version":"1"}"#,
            r#"{"version":-1}"#,
            r#"{"version":1,"lease":{"holder":"x"}}"#,
            r#"{"version":1,"lease":{"holder":"x","until":"soon"}}"#,
            r#"{"version":1,"lease":"x"}"#,
        ];
        for text in texts {
            let error = Document::parse(text).expect_err(text);
            assert!(matches!(error, DocumentError::Unreadable(_)), "{text}: {error}");
        }
        for found in [0, 2, 900] {
            let text = format!(r#"{{"version":{found},"lock":"of another form"}}"#);
            assert_eq!(Document::parse(&text), Err(DocumentError::Version { found }));
        }
    }

    #[test]
    fn unknown_fields_of_version_1_are_ignored() {
        let document = Document::parse(r#"{"version":1,"note":"by hand","gate":null}"#);
        assert_eq!(document, Ok(Document::default()));
    }

    #[test]
    fn a_lease_holds_until_its_end() {
        let until = at("2026-03-01T12:00:00Z");
        let lease = LeaseEntry { holder: "run 1".to_owned(), until };
        let document = Document { lease: Some(lease), gate: Known::Nothing };
        assert!(document.held(at("2026-03-01T11:59:59.999Z")).is_some());
        assert!(document.held(until).is_none());
    }
}
