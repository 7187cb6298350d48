//! The JSON document: what is written can be read, is what the schema says, and what version 1 has
//! been stays readable.

use serde_json::Value;

use super::sample::{everything, failed, other_plan, plan};
use crate::report::document::{Change, Document, DocumentError};
use crate::report::{Report, render_json};

/// Set to take the generated schema over.
const UPDATE: &str = "UPDATE_EXPECT";

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/report.schema.json");

fn samples() -> [Report; 5] {
    [everything(), failed(), other_plan(), plan(), Report::default()]
}

#[test]
fn the_schema_in_the_documentation_is_that_of_the_types() {
    let schema = schemars::schema_for!(Document);
    let mut generated = serde_json::to_string_pretty(&schema).expect("JSON");
    generated.push('\n');
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(SCHEMA, &generated).expect("schema written");
    }
    let checked_in = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(
        checked_in == generated,
        "docs/report.schema.json is out of date; {UPDATE}=1 takes the new one over:\n{generated}"
    );
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(SCHEMA).expect("schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("schema");
    for report in samples() {
        let document: Value = serde_json::from_str(&render_json(&report)).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let version_1: Value = serde_json::from_str(VERSION_1).expect("JSON");
    assert!(validator.is_valid(&version_1), "a document of version 1 stays valid");
    assert!(!validator.is_valid(&serde_json::json!({"schemaVersion": 1})));
}

#[test]
fn what_is_written_can_be_read() {
    for report in samples() {
        let text = render_json(&report);
        let document = Document::read(text.as_bytes()).expect("a document");
        let again = serde_json::to_string_pretty(&document).expect("JSON");
        assert_eq!(again.trim_end(), text.trim_end());
        assert_eq!(document.changes(None).count(), report.changes().count());
    }
}

/// A document as the first release wrote it. It is never changed: whatever a later version adds,
/// this one is read.
const VERSION_1: &str = include_str!("report-v1.json");

#[test]
fn a_document_of_the_first_release_is_read() {
    let document = Document::read(VERSION_1.as_bytes()).expect("a document");
    let changes: Vec<&Change> = document.changes(None).map(|(_, change)| change).collect();
    assert_eq!(changes.len(), 2);
    let before = changes[1].before.as_ref().expect("before");
    assert_eq!(before.targets, ["192.0.2.1"]);
    assert_eq!(before.labels.get("owner").map(String::as_str), Some("me"));
    // Whatever is added later is passed over.
    let later = VERSION_1.replacen("\"exitCode\"", "\"added\": {\"later\": [1]}, \"exitCode\"", 1);
    assert_eq!(Document::read(later.as_bytes()).expect("a document"), document);
}

#[test]
fn what_is_no_report_is_refused_with_the_reason() {
    let table = [
        ("", "not a report of extdns: EOF while parsing a value"),
        ("[]", "not a report of extdns: invalid length 0"),
        ("{\"schemaVersion\": 1}", "not a report of extdns: missing field `mode`"),
        (
            "{\"schemaVersion\": 2, \"unheard\": 1}",
            "the report has schemaVersion 2, and this program reads 1; use the version that wrote it",
        ),
    ];
    for (text, expected) in table {
        let error: DocumentError = Document::read(text.as_bytes()).expect_err(text);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
