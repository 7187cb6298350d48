//! The calls to the table.

use std::time::Duration;

use extdns_auth::aws_api::{AwsApi, AwsCallError, DYNAMODB};
use extdns_auth::aws_identity;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Place;
use super::item::Item;
use super::statement::Statement;

/// Statements of one call, the most that the API takes.
const AT_ONCE: usize = 25;
/// The largest answer: a page of a scan has at most 1 MiB of items, and JSON of them is larger.
const BOUND: usize = 16 << 20;
/// How often a statement that was refused for a reason that may pass is sent.
const TRIES: u32 = 4;
/// The first pause between two of them; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// Refusals of statements that may pass.
const PASSING: [&str; 5] = [
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
];

/// The table, whose keys are as they must be.
pub(super) struct Table {
    api: AwsApi,
    name: String,
}

/// Why a statement was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The code of DynamoDB, such as `DuplicateItem`; empty where there was no answer.
    pub(super) code: String,
    /// What it says.
    pub(super) message: String,
    /// Whether all other statements will fail as well.
    pub(super) is_of_call: bool,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code.as_str() {
            "" => f.write_str(&self.message),
            code => write!(f, "{code}: {}", self.message),
        }
    }
}

impl Refusal {
    fn of_call(message: String) -> Self {
        Self { code: String::new(), message, is_of_call: true }
    }

    /// Whether the item is there already.
    pub(super) fn is_duplicate(&self) -> bool {
        self.code == "DuplicateItem"
    }

    /// Whether there is no item that the statement is about.
    pub(super) fn is_missing(&self) -> bool {
        self.code == "ConditionalCheckFailed"
    }

    pub(super) fn may_pass(&self) -> bool {
        self.code.is_empty() || PASSING.contains(&self.code.as_str())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    last_evaluated_key: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answers {
    #[serde(default)]
    responses: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Table {
    /// Finds the credentials and looks at the keys of the table.
    pub(super) async fn open(place: &Place) -> Result<Self, String> {
        let mut options = place.aws.options.clone();
        if !place.region.is_empty() {
            options.region = Some(place.region.clone());
        }
        let identity = aws_identity(&options).await.map_err(|error| error.to_string())?;
        let api = AwsApi::new(&options, &identity).map_err(|error| error.to_string())?;
        let api = match place.aws.attempts {
            0 => api,
            attempts => api.with_attempts(attempts),
        };
        let table = Self { api, name: place.table.clone() };
        let answer = table.call("DescribeTable", &json!({ "TableName": table.name })).await?;
        check_keys(&table.name, &answer["Table"])?;
        Ok(table)
    }

    /// The items of an owner.
    pub(super) async fn scan(&self, owner: &str) -> Result<Vec<Item>, String> {
        let mut items = Vec::new();
        let mut question = json!({
            "TableName": self.name,
            "FilterExpression": "o = :ownerval",
            "ExpressionAttributeValues": { ":ownerval": { "S": owner } },
            "ProjectionExpression": "k,l",
            "ConsistentRead": true,
        });
        loop {
            let answer = self.call("Scan", &question).await?;
            let page: Page = serde_json::from_value(answer)
                .map_err(|error| format!("an item is not as ExternalDNS writes it: {error}"))?;
            items.extend(page.items.into_iter().map(|item| item.of(owner)));
            match page.last_evaluated_key.filter(|key| !key.is_null()) {
                Some(key) => question["ExclusiveStartKey"] = key,
                None => return Ok(items),
            }
        }
    }

    /// What became of each statement, in their order. After a call that was refused as a whole, nothing more
    /// is sent.
    pub(super) async fn execute(&self, statements: &[Statement]) -> Vec<Result<(), Refusal>> {
        let mut results: Vec<Result<(), Refusal>> = Vec::with_capacity(statements.len());
        for chunk in statements.chunks(AT_ONCE) {
            let stopped = results.last().and_then(|last| last.as_ref().err());
            let stopped = stopped.filter(|refusal| refusal.is_of_call).cloned();
            match stopped {
                Some(refusal) => results.extend(chunk.iter().map(|_| Err(refusal.clone()))),
                None => results.extend(self.patiently(chunk).await),
            }
        }
        for (statement, result) in statements.iter().zip(&results) {
            if result.is_ok() {
                tracing::info!("{} dynamodb record {:?}", statement.word(), statement.key());
            }
        }
        results
    }

    /// One call, and again for the statements that may fare better later.
    async fn patiently(&self, chunk: &[Statement]) -> Vec<Result<(), Refusal>> {
        let mut results: Vec<Result<(), Refusal>> = self.batch(chunk).await;
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            let is_open = |result: &Result<(), Refusal>| {
                result.as_ref().is_err_and(|own| !own.is_of_call && own.may_pass())
            };
            let open: Vec<usize> =
                (0..results.len()).filter(|position| is_open(&results[*position])).collect();
            if open.is_empty() {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            let again: Vec<Statement> = open.iter().map(|at| chunk[*at].clone()).collect();
            for (at, result) in open.into_iter().zip(self.batch(&again).await) {
                results[at] = result;
            }
        }
        results
    }

    async fn batch(&self, chunk: &[Statement]) -> Vec<Result<(), Refusal>> {
        let requests: Vec<Value> = chunk.iter().map(|own| own.request(&self.name)).collect();
        let answer = self.call("BatchExecuteStatement", &json!({ "Statements": requests })).await;
        let answers = answer.and_then(|answer| {
            let answers: Answers =
                serde_json::from_value(answer).map_err(|error| error.to_string())?;
            match answers.responses.len() == chunk.len() {
                true => Ok(answers.responses),
                false => Err(format!(
                    "dynamodb:BatchExecuteStatement: {} statements have {} answers",
                    chunk.len(),
                    answers.responses.len()
                )),
            }
        });
        match answers {
            Ok(answers) => answers.into_iter().map(Answer::result).collect(),
            Err(why) => chunk.iter().map(|_| Err(Refusal::of_call(why.clone()))).collect(),
        }
    }

    async fn call(&self, operation: &str, body: &Value) -> Result<Value, String> {
        let body = body.to_string().into_bytes();
        let answer = self.api.json(&DYNAMODB, None, operation, body, BOUND).await;
        let answer = answer.map_err(|error| self.words(&error, operation))?;
        serde_json::from_slice(&answer).map_err(|_| {
            format!("dynamodb:{operation}: the answer is no JSON; is a proxy in between?")
        })
    }

    /// What went wrong, and what to do about it.
    fn words(&self, error: &AwsCallError, operation: &str) -> String {
        let remedy = match error.code() {
            Some("ResourceNotFoundException") => format!(
                "; make the table in {} with the partition key k (a text), or check --dynamodb-table and \
                 --dynamodb-region",
                self.api.region()
            ),
            Some("AccessDeniedException") => format!("; {}", right(operation)),
            _ => String::new(),
        };
        format!("dynamodb:{operation}: {error}{remedy}")
    }
}

/// Which rights an operation needs: those of its statements where it has some.
fn right(operation: &str) -> String {
    let rights = match operation {
        "BatchExecuteStatement" => {
            "dynamodb:PartiQLInsert, dynamodb:PartiQLUpdate and dynamodb:PartiQLDelete".to_owned()
        }
        other => format!("dynamodb:{other}"),
    };
    format!("allow {rights} on the table in the policy of this identity")
}

impl Answer {
    fn result(self) -> Result<(), Refusal> {
        match self.error {
            None => Ok(()),
            Some(AnswerError { code, message }) => {
                Err(Refusal { code, message, is_of_call: false })
            }
        }
    }
}

/// Refuses a table with other keys, in ExternalDNS's words.
fn check_keys(table: &str, description: &Value) -> Result<(), String> {
    let list = |member: &str| description[member].as_array().cloned().unwrap_or_default();
    let definition =
        list("AttributeDefinitions").into_iter().find(|own| own["AttributeName"] == "k");
    match definition {
        Some(own) if own["AttributeType"] == "S" => {}
        Some(_) => return Err(format!("table {table:?} attribute \"k\" must have type \"S\"")),
        None => {
            return Err(format!("table {table:?} must have attribute \"k\" of type \"S\""));
        }
    }
    let keys = list("KeySchema");
    if !keys.iter().any(|own| own["KeyType"] == "HASH" && own["AttributeName"] == "k") {
        return Err(format!("table {table:?} must have hash key \"k\""));
    }
    if keys.len() > 1 {
        return Err(format!("table {table:?} must not have a range key"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_other_keys_is_refused() {
        let table = [
            (json!([["k", "S"]]), json!([["k", "HASH"]]), ""),
            (
                json!([["k", "N"]]),
                json!([["k", "HASH"]]),
                "table \"T\" attribute \"k\" must have type \"S\"",
            ),
            (
                json!([["x", "S"]]),
                json!([["x", "HASH"]]),
                "table \"T\" must have attribute \"k\" of type \"S\"",
            ),
            (
                json!([["x", "S"], ["k", "S"]]),
                json!([["x", "HASH"]]),
                "table \"T\" must have hash key \"k\"",
            ),
            (
                json!([["k", "S"], ["o", "S"]]),
                json!([["k", "HASH"], ["o", "RANGE"]]),
                "table \"T\" must not have a range key",
            ),
        ];
        for (attributes, keys, expected) in table {
            let member =
                |own: &Value, name: &str, value: &str| json!({ name: own[0], value: own[1] });
            let all = |own: &Value, name: &str, value: &str| -> Vec<Value> {
                own.as_array().expect("a list").iter().map(|own| member(own, name, value)).collect()
            };
            let description = json!({
                "AttributeDefinitions": all(&attributes, "AttributeName", "AttributeType"),
                "KeySchema": all(&keys, "AttributeName", "KeyType"),
            });
            let found = check_keys("T", &description).err().unwrap_or_default();
            assert_eq!(found, expected);
        }
    }
}
