//! A table of DynamoDB, as far as the registry `dynamodb` calls it: no emulator that is installable here knows PartiQL.
//!
//! It takes the statements of ExternalDNS as they are, and for another owner an update of the owner as well; any other
//! text is refused as the service refuses it. With a policy, what that does not allow is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::http::{Reply, Request, ScriptedServer};

/// Most statements of one call.
const MOST: usize = 25;

/// What a statement of ExternalDNS is, without the name of the table; and the right for it.
const STATEMENTS: [(&str, Kind, &str); 5] = [
    ("INSERT INTO \"T\" VALUE {'k':?, 'o':?, 'l':?}", Kind::Insert, "dynamodb:PartiQLInsert"),
    ("UPDATE \"T\" SET \"l\"=? WHERE \"k\"=?", Kind::Update, "dynamodb:PartiQLUpdate"),
    (
        "UPDATE \"T\" SET \"o\"=? SET \"l\"=? WHERE \"k\"=?",
        Kind::TakeOver,
        "dynamodb:PartiQLUpdate",
    ),
    (
        "UPDATE \"T\" SET \"o\"=? SET \"l\"=? WHERE \"k\"=? AND \"o\"=?",
        Kind::TakeOverFrom,
        "dynamodb:PartiQLUpdate",
    ),
    ("DELETE FROM \"T\" WHERE \"k\"=? AND \"o\"=?", Kind::Delete, "dynamodb:PartiQLDelete"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Insert,
    Update,
    TakeOver,
    TakeOverFrom,
    Delete,
}

/// A server with one table.
pub struct DynamoDbFake {
    server: ScriptedServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    table: String,
    items: BTreeMap<String, Item>,
    /// Every call and every statement that was carried out, in order.
    log: Vec<String>,
    /// The rights that were used.
    rights: BTreeSet<String>,
    /// The rights that there are; all where that is `None`.
    policy: Option<BTreeSet<String>>,
    /// The answer to a statement about a key, this often: code and text.
    faults: Vec<(String, u32, &'static str, &'static str)>,
    /// Statements that are carried out though their answer is this one.
    lost: Vec<String>,
    page: Option<usize>,
    key_type: &'static str,
}

struct Item {
    owner: String,
    labels: Value,
}

impl DynamoDbFake {
    /// With an empty table of this name.
    #[must_use]
    pub fn start(table: &str) -> Self {
        let state = State { table: table.to_owned(), key_type: "S", ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let own = Arc::clone(&state);
        let server = ScriptedServer::start(move |request| answer(&mut lock(&own), request));
        Self { server, state }
    }

    /// Its URL, for `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Puts an item, past all calls.
    pub fn put(&self, key: &str, owner: &str, labels: &[(&str, &str)]) {
        let labels: Map<_, _> =
            labels.iter().map(|(name, own)| ((*name).to_owned(), json!({ "S": own }))).collect();
        let item = Item { owner: owner.to_owned(), labels: json!({ "M": labels }) };
        lock(&self.state).items.insert(key.to_owned(), item);
    }

    /// Every item as `key owner name=value,..`, in the order of the keys.
    #[must_use]
    pub fn items(&self) -> Vec<String> {
        let state = lock(&self.state);
        let shown = |(key, item): (&String, &Item)| {
            let labels = item.labels["M"].as_object().into_iter().flatten();
            let labels: Vec<String> = labels
                .map(|(name, own)| format!("{name}={}", own["S"].as_str().unwrap_or_default()))
                .collect();
            format!("{key} {} {}", item.owner, labels.join(",")).trim_end().to_owned()
        };
        state.items.iter().map(shown).collect()
    }

    /// The calls and statements since the last time, in their order.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.state).log)
    }

    /// The rights that calls have used, as policies name them.
    #[must_use]
    pub fn rights(&self) -> BTreeSet<String> {
        lock(&self.state).rights.clone()
    }

    /// Refuses what these rights do not allow.
    pub fn allow_only(&self, rights: impl IntoIterator<Item = String>) {
        lock(&self.state).policy = Some(rights.into_iter().collect());
    }

    /// Answers the next statements about a key so, and does not carry them out.
    pub fn refuse(&self, key: &str, times: u32, code: &'static str, message: &'static str) {
        lock(&self.state).faults.push((key.to_owned(), times, code, message));
    }

    /// Carries the next statement about a key out, and answers that it failed.
    pub fn lose(&self, key: &str) {
        lock(&self.state).lost.push(key.to_owned());
    }

    /// Gives this many items a page.
    pub fn page(&self, items: usize) {
        lock(&self.state).page = Some(items);
    }

    /// Makes the key of the table another type.
    pub fn key_type(&self, key_type: &'static str) {
        lock(&self.state).key_type = key_type;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(state: &mut State, request: &Request) -> Reply {
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
    assert_eq!(request.header("content-type"), Some("application/x-amz-json-1.0"));
    let signature = request.header("authorization").unwrap_or_default();
    assert!(signature.contains("/dynamodb/aws4_request"), "not signed for dynamodb: {signature}");
    let target = request.header("x-amz-target").unwrap_or_default();
    let operation = target.strip_prefix("DynamoDB_20120810.").unwrap_or_default();
    let body = request.json();
    if operation != "BatchExecuteStatement" {
        state.log.push(operation.to_owned());
        if !state.may(&format!("dynamodb:{operation}")) {
            return denied(operation);
        }
    }
    match operation {
        "DescribeTable" => state.describe(&body),
        "Scan" => state.scan(&body),
        "BatchExecuteStatement" => state.batch(&body),
        other => panic!("an unexpected operation: {other:?}"),
    }
}

fn refused(code: &str, message: &str) -> Reply {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
    Reply::json(400, &json!({ "__type": kind, "message": message }))
}

fn denied(operation: &str) -> Reply {
    let message = format!("User is not authorized to perform: dynamodb:{operation}");
    Reply::json(
        400,
        &json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": message }),
    )
}

impl State {
    fn may(&mut self, right: &str) -> bool {
        self.rights.insert(right.to_owned());
        self.policy.as_ref().is_none_or(|policy| policy.contains(right))
    }

    fn describe(&self, body: &Value) -> Reply {
        if *body != json!({ "TableName": self.table }) {
            return refused("ResourceNotFoundException", "Requested resource not found");
        }
        Reply::json(
            200,
            &json!({ "Table": {
                "TableName": self.table,
                "AttributeDefinitions": [{ "AttributeName": "k", "AttributeType": self.key_type }],
                "KeySchema": [{ "AttributeName": "k", "KeyType": "HASH" }],
            }}),
        )
    }

    fn scan(&self, body: &Value) -> Reply {
        let owner = &body["ExpressionAttributeValues"][":ownerval"]["S"];
        let mut expected = json!({
            "TableName": self.table, "FilterExpression": "o = :ownerval",
            "ExpressionAttributeValues": { ":ownerval": { "S": owner } },
            "ProjectionExpression": "k,l", "ConsistentRead": true,
        });
        let start = body["ExclusiveStartKey"]["k"]["S"].as_str();
        if let Some(start) = start {
            expected["ExclusiveStartKey"] = json!({ "k": { "S": start } });
        }
        assert_eq!(*body, expected);
        // A page counts items before they are filtered, so that it may be empty.
        let behind =
            self.items.iter().filter(|(key, _)| start.is_none_or(|start| key.as_str() > start));
        let page: Vec<_> = behind.take(self.page.unwrap_or(usize::MAX)).collect();
        let is_own = |item: &Item| Some(item.owner.as_str()) == owner.as_str();
        let items: Vec<Value> = page
            .iter()
            .filter(|(_, item)| is_own(item))
            .map(|(key, item)| json!({ "k": { "S": key }, "l": item.labels }))
            .collect();
        let mut answer = json!({ "Count": items.len(), "Items": items });
        let last = page.last().map(|(key, _)| *key);
        let is_end = last == self.items.keys().next_back() || last.is_none();
        if !is_end {
            answer["LastEvaluatedKey"] = json!({ "k": { "S": last } });
        }
        Reply::json(200, &answer)
    }

    fn batch(&mut self, body: &Value) -> Reply {
        let statements = body["Statements"].as_array().cloned().unwrap_or_default();
        if statements.is_empty() || statements.len() > MOST {
            return refused("ValidationException", "Member must have length between 1 and 25");
        }
        let mut planned = Vec::new();
        for own in &statements {
            let text = own["Statement"].as_str().unwrap_or_default();
            let text = text.replacen(&format!("\"{}\"", self.table), "\"T\"", 1);
            let Some((_, kind, right)) = STATEMENTS.iter().find(|(known, ..)| *known == text)
            else {
                return refused(
                    "ValidationException",
                    &format!("Statement wasn't well formed: {text}"),
                );
            };
            assert_eq!(own["ConsistentRead"] == json!(true), *kind == Kind::Insert, "{own}");
            planned.push((
                *kind,
                *right,
                own["Parameters"].as_array().cloned().unwrap_or_default(),
            ));
        }
        let deletes = planned.iter().filter(|(kind, ..)| *kind == Kind::Delete).count();
        assert!(deletes == 0 || deletes == planned.len(), "deletes among other statements");
        self.log.push(format!("batch of {}", planned.len()));
        let mut responses = Vec::new();
        for (kind, right, parameters) in planned {
            if !self.may(right) {
                return denied(right.trim_start_matches("dynamodb:"));
            }
            let key = key_of(kind, &parameters);
            let mut answer = json!({ "TableName": self.table });
            if let Some((code, message)) =
                self.fault(&key).or_else(|| self.one(kind, &key, &parameters))
            {
                answer["Error"] = json!({ "Code": code, "Message": message });
            }
            responses.push(answer);
        }
        Reply::json(200, &json!({ "Responses": responses }))
    }

    fn fault(&mut self, key: &str) -> Option<(&'static str, &'static str)> {
        let own = self.faults.iter_mut().find(|(of, times, ..)| of == key && *times > 0)?;
        own.1 -= 1;
        Some((own.2, own.3))
    }

    /// Carries one statement out; its error, if it has one.
    fn one(
        &mut self,
        kind: Kind,
        key: &str,
        parameters: &[Value],
    ) -> Option<(&'static str, &'static str)> {
        let text = |at: usize| parameters[at]["S"].as_str().expect("a text").to_owned();
        let missing = Some(("ConditionalCheckFailed", "The conditional request failed"));
        let word = match kind {
            Kind::Insert => "INSERT",
            Kind::Delete => "DELETE",
            _ => "UPDATE",
        };
        match kind {
            Kind::Insert => {
                assert_eq!(parameters.len(), 3);
                if self.items.contains_key(key) {
                    return Some(("DuplicateItem", "Duplicate primary key exists in table"));
                }
                let item = Item { owner: text(1), labels: parameters[2].clone() };
                self.items.insert(key.to_owned(), item);
            }
            Kind::Update => {
                let Some(item) = self.items.get_mut(key) else { return missing };
                item.labels = parameters[0].clone();
            }
            Kind::TakeOver | Kind::TakeOverFrom => {
                let from = (kind == Kind::TakeOverFrom).then(|| text(3));
                let item = self.items.get_mut(key);
                let item = item.filter(|item| from.is_none_or(|from| from == item.owner));
                let Some(item) = item else { return missing };
                (item.owner, item.labels) = (text(0), parameters[1].clone());
            }
            Kind::Delete => {
                let own = text(1);
                match self.items.get(key) {
                    Some(item) if item.owner != own => return missing,
                    _ => drop(self.items.remove(key)),
                }
            }
        }
        self.log.push(format!("{word} {key}"));
        let lost = self.lost.iter().position(|own| own == key)?;
        self.lost.remove(lost);
        Some(("InternalServerError", "Internal server error"))
    }
}

fn key_of(kind: Kind, parameters: &[Value]) -> String {
    let at = match kind {
        Kind::Insert | Kind::Delete => 0,
        Kind::Update => 1,
        Kind::TakeOver | Kind::TakeOverFrom => 2,
    };
    parameters[at]["S"].as_str().expect("a key").to_owned()
}
