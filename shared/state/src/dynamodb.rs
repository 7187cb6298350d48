//! State in items of a DynamoDB table, one for each target.
//!
//! The table has the partition key `target`, a text, and no sort key; the attribute `document` holds the text.
//! It is read consistently, and written with `UpdateItem` under the condition that `document` is still as it
//! was read. So the role needs `dynamodb:GetItem` and `dynamodb:UpdateItem` on the table, and nothing else.

use async_trait::async_trait;
use extdns_auth::aws_api::{AwsCallError, DYNAMODB};
use extdns_model::Permit;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::document::LIMIT;
use crate::{Backend, BackendError, Document, Revision, Stored, WriteError};

/// The partition key of the table.
const KEY: &str = "target";
/// The attribute with the text.
const DOCUMENT: &str = "document";

/// Keeps documents in items of a table.
pub struct DynamoDbBackend {
    aws: Aws,
    table: String,
}

impl DynamoDbBackend {
    /// In this table; AWS is not called before it is needed.
    #[must_use]
    pub fn new(aws: Aws, table: &str) -> Self {
        Self { aws, table: table.to_owned() }
    }

    async fn call(&self, operation: &str, body: &Value) -> Result<Value, Refused> {
        let failed = |reason| Refused::Other(BackendError(reason));
        let api = self.aws.api().await.map_err(Refused::Other)?;
        let body = body.to_string().into_bytes();
        match api.json(&DYNAMODB, None, operation, body, 2 * LIMIT).await {
            Ok(answer) => serde_json::from_slice(&answer)
                .map_err(|_| failed("the answer is no JSON; is a proxy in between?".to_owned())),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                Err(Refused::Condition)
            }
            Err(error) => Err(failed(self.words(&error, operation, api.region()))),
        }
    }

    /// What went wrong, and what to do about it.
    fn words(&self, error: &AwsCallError, operation: &str, region: &str) -> String {
        let table = &self.table;
        match error.code() {
            Some("ResourceNotFoundException") => format!(
                "there is no table {table} in {region}; make it with the partition key {KEY} (a text), or check the \
                 name and AWS_REGION"
            ),
            Some("ValidationException") => {
                format!("{error}; the table needs the partition key {KEY}, a text, and no sort key")
            }
            Some("AccessDeniedException") => {
                format!("{error}; grant dynamodb:{operation} on the table to this identity")
            }
            _ => error.to_string(),
        }
    }
}

enum Refused {
    /// The item is not as it was read.
    Condition,
    Other(BackendError),
}

impl Refused {
    /// Of a call without a condition.
    fn without_condition(self) -> BackendError {
        match self {
            Self::Condition => BackendError("a read was refused by a condition".to_owned()),
            Self::Other(error) => error,
        }
    }
}

#[async_trait]
impl Backend for DynamoDbBackend {
    fn place(&self, target: &str) -> String {
        format!("item {target:?} of DynamoDB table {}", self.table)
    }

    async fn read(&self, target: &str) -> Result<Option<Stored>, BackendError> {
        let question = json!({
            "TableName": self.table,
            "Key": { KEY: { "S": target } },
            "ConsistentRead": true,
        });
        let answer = self.call("GetItem", &question).await;
        let answer = answer.map_err(Refused::without_condition)?;
        let Some(item) = answer.get("Item") else { return Ok(None) };
        let text = item[DOCUMENT]["S"].as_str().ok_or_else(|| {
            BackendError(format!(
                "it has no text {DOCUMENT:?}, so it is something else; delete it, or name another table"
            ))
        })?;
        Ok(Some(Stored { text: text.to_owned(), revision: Revision(text.into()) }))
    }

    async fn write(
        &self,
        _permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Revision, WriteError> {
        let text = document.text();
        let mut change = json!({
            "TableName": self.table,
            "Key": { KEY: { "S": target } },
            "UpdateExpression": "SET #document = :new",
            "ConditionExpression": "attribute_not_exists(#document)",
            "ExpressionAttributeNames": { "#document": DOCUMENT },
            "ExpressionAttributeValues": { ":new": { "S": text } },
        });
        if let Some(Revision(old)) = read {
            change["ConditionExpression"] = json!("#document = :old");
            change["ExpressionAttributeValues"][":old"] = json!({ "S": old });
        }
        match self.call("UpdateItem", &change).await {
            Ok(_) => Ok(Revision(text.into())),
            Err(Refused::Condition) => Err(WriteError::Conflict),
            Err(Refused::Other(error)) => Err(error.into()),
        }
    }
}
