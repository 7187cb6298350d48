//! Transactions: all changes are made if every key is as it was read, else none.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_model::Name;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Etcd, Header, Listed};
use crate::{ErrorKind, ProviderError, Transport};

/// What becomes of a key.
#[derive(Debug, Clone)]
pub(crate) struct Edit<T> {
    /// The revision as it was read; `None` for a key that must not be there.
    pub(crate) revision: Option<String>,
    /// Its value.
    pub(crate) value: T,
    /// The names that the change is about.
    pub(crate) names: Vec<Name>,
}

/// Changes of keys, with what they rely on.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    compare: Vec<Value>,
    success: Vec<Value>,
    failure: Vec<Value>,
    /// Of each comparison: the revision, and who is to blame.
    expected: Vec<(Option<String>, Vec<Name>)>,
}

impl Transaction {
    /// What becomes of these keys: those without a value go.
    pub(crate) fn of(edits: BTreeMap<String, Edit<Option<Vec<u8>>>>) -> Self {
        let mut all = Self::default();
        for (key, edit) in edits {
            let encoded = STANDARD.encode(&key);
            all.success.push(match edit.value {
                Some(value) => {
                    json!({ "request_put": { "key": encoded, "value": STANDARD.encode(value) } })
                }
                None => json!({ "request_delete_range": { "key": encoded } }),
            });
            all.require(&key, edit.revision, edit.names);
        }
        all
    }

    /// Nothing is changed unless the key is as it was read.
    pub(crate) fn require(&mut self, key: &str, revision: Option<String>, names: Vec<Name>) {
        let key = STANDARD.encode(key);
        self.compare.push(match &revision {
            Some(revision) => {
                json!({ "key": key, "target": "MOD", "result": "EQUAL", "mod_revision": revision })
            }
            None => {
                json!({ "key": key, "target": "CREATE", "result": "EQUAL", "create_revision": "0" })
            }
        });
        self.failure.push(json!({ "request_range": { "key": key, "keys_only": true } }));
        self.expected.push((revision, names));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.success.is_empty()
    }
}

impl Etcd {
    /// Makes the changes.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with the names whose keys are no longer as they were read.
    pub(crate) async fn commit(
        &self,
        via: &Transport,
        operation: &'static str,
        transaction: Transaction,
    ) -> Result<(), ProviderError> {
        if transaction.is_empty() {
            return Ok(());
        }
        let Transaction { compare, success, failure, expected } = transaction;
        let body = json!({ "compare": compare, "success": success, "failure": failure });
        let request = self.rest.post(&["v3", "kv", "txn"]).json(&body)?;
        let answer = self.rest.send(via, operation, &request).await?;
        // What came is no answer of etcd, so it is not known what it did.
        let answer: Committed =
            answer.json().map_err(|error| ProviderError { kind: ErrorKind::Lost, ..error })?;
        if answer.succeeded {
            return Ok(());
        }
        let now = answer
            .responses
            .iter()
            .map(|own| own.response_range.kvs.first().map(|found| found.mod_revision.as_str()));
        let differs = expected.iter().zip(now).filter(|((read, _), now)| read.as_deref() != *now);
        let names: Vec<Name> = differs.flat_map(|((_, names), _)| names.clone()).collect();
        let who = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let message = format!(
            "{who}: a key was changed since it was read, or belongs to another owner, so this change is not made; the \
             next run sees how it is now"
        );
        Err(ProviderError::new(ErrorKind::Conflict(names), message))
    }
}

#[derive(Deserialize)]
struct Committed {
    #[serde(rename = "header")]
    _header: Header,
    #[serde(default)]
    succeeded: bool,
    #[serde(default)]
    responses: Vec<Response>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    response_range: Ranged,
}

#[derive(Deserialize, Default)]
struct Ranged {
    #[serde(default)]
    kvs: Vec<Listed>,
}
