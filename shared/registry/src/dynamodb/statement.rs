//! The PartiQL statements, in the words of ExternalDNS, so that its rights suffice.

use ecow::EcoString;
use extdns_model::Labels;
use serde_json::{Value, json};

use super::item::map_of;

/// What is done with one item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    /// It is made, unless it is there.
    Insert { key: EcoString, owner: EcoString, labels: Labels },
    /// Its labels change.
    Update { key: EcoString, labels: Labels },
    /// It gets another owner: `from` that one only, or from whoever has it.
    TakeOver { key: EcoString, owner: EcoString, labels: Labels, from: Option<EcoString> },
    /// It goes, if it is this owner's.
    Delete { key: EcoString, owner: EcoString },
}

impl Statement {
    /// The key of the item.
    pub(super) fn key(&self) -> &EcoString {
        match self {
            Self::Insert { key, .. }
            | Self::Update { key, .. }
            | Self::TakeOver { key, .. }
            | Self::Delete { key, .. } => key,
        }
    }

    /// What is done, as errors begin.
    pub(super) fn doing(&self) -> &'static str {
        match self {
            Self::Insert { .. } => "inserting",
            Self::Update { .. } | Self::TakeOver { .. } => "updating",
            Self::Delete { .. } => "deleting",
        }
    }

    /// The statement as logs name it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Insert { .. } => "INSERT",
            Self::Update { .. } | Self::TakeOver { .. } => "UPDATE",
            Self::Delete { .. } => "DELETE",
        }
    }

    /// The request for it.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementRequest.html>
    pub(super) fn request(&self, table: &str) -> Value {
        let text = |own: &str| json!({ "S": own });
        match self {
            Self::Insert { key, owner, labels } => json!({
                "Statement": format!("INSERT INTO \"{table}\" VALUE {{'k':?, 'o':?, 'l':?}}"),
                "Parameters": [text(key), text(owner), map_of(labels)],
                "ConsistentRead": true,
            }),
            Self::Update { key, labels } => json!({
                "Statement": format!("UPDATE \"{table}\" SET \"l\"=? WHERE \"k\"=?"),
                "Parameters": [map_of(labels), text(key)],
            }),
            Self::TakeOver { key, owner, labels, from } => {
                let mut statement =
                    format!("UPDATE \"{table}\" SET \"o\"=? SET \"l\"=? WHERE \"k\"=?");
                let mut parameters = vec![text(owner), map_of(labels), text(key)];
                if let Some(from) = from {
                    statement.push_str(" AND \"o\"=?");
                    parameters.push(text(from));
                }
                json!({ "Statement": statement, "Parameters": parameters })
            }
            Self::Delete { key, owner } => json!({
                "Statement": format!("DELETE FROM \"{table}\" WHERE \"k\"=? AND \"o\"=?"),
                "Parameters": [text(key), text(owner)],
            }),
        }
    }
}
