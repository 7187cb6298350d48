//! The calls, and what their errors mean.

use std::collections::HashMap;
use std::time::Duration;

use extdns_auth::aws_api::{AwsApi, AwsCallError, CLOUD_MAP, CLOUD_MAP_DATA};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::aws::error::{is_about_identity, remedy};
use crate::{ErrorKind, ProviderError, Transport};

pub(super) const CREATE: &str = "CreateService";
pub(super) const UPDATE: &str = "UpdateService";
pub(super) const DELETE: &str = "DeleteService";
pub(super) const REGISTER: &str = "RegisterInstance";
pub(super) const DEREGISTER: &str = "DeregisterInstance";
const GET_OPERATION: &str = "GetOperation";

/// The largest answer.
const BOUND: usize = 16 << 20;
/// The first pause before an operation is looked at again; it doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it is looked at: for some 50 seconds.
const LOOKS: u32 = 16;
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Cloud Map as one identity in one region.
#[derive(Debug)]
pub(super) struct CloudMap {
    api: AwsApi,
}

/// What a call that is carried out later answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Begun {
    #[serde(default)]
    pub(super) operation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Looked {
    operation: Operation,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Operation {
    status: String,
    #[serde(default)]
    error_message: Option<String>,
}

impl CloudMap {
    /// The transport repeats calls, so the client does not.
    pub(super) fn new(api: AwsApi) -> Self {
        Self { api: api.with_attempts(1) }
    }

    /// The answer of an operation.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        via: &Transport,
        operation: &'static str,
        body: &Value,
    ) -> Result<T, ProviderError> {
        let service = if operation == "DiscoverInstances" { &CLOUD_MAP_DATA } else { &CLOUD_MAP };
        via.call(operation, || async {
            let body = body.to_string().into_bytes();
            let answer = self.api.json(service, None, operation, body, BOUND).await;
            let answer = answer.map_err(|error| failure(operation, &error))?;
            // What has nothing to say may say nothing.
            let answer: &[u8] = if answer.is_empty() { b"{}" } else { &answer };
            serde_json::from_slice(answer).map_err(|error| unread(operation, &error))
        })
        .await
    }

    /// Every item of a list.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        via: &Transport,
        operation: &'static str,
        member: &str,
        mut body: Value,
    ) -> Result<Vec<T>, ProviderError> {
        let mut all = Vec::new();
        loop {
            let mut page: HashMap<String, Value> = self.call(via, operation, &body).await?;
            let items = page.remove(member).ok_or_else(|| {
                let message = format!("servicediscovery:{operation}: the answer has no {member}");
                ProviderError::new(ErrorKind::Transient, message)
            })?;
            let items: Vec<T> =
                serde_json::from_value(items).map_err(|error| unread(operation, &error))?;
            all.extend(items);
            match page.remove("NextToken") {
                Some(Value::String(token)) if !token.is_empty() => body["NextToken"] = token.into(),
                _ => return Ok(all),
            }
        }
    }

    /// Waits until an operation is carried out.
    ///
    /// # Errors
    /// When it failed, or takes too long.
    pub(super) async fn done(&self, via: &Transport, id: &str) -> Result<(), ProviderError> {
        let mut pause = PAUSE;
        for _ in 0..LOOKS {
            let body = json!({ "OperationId": id });
            let looked: Looked = self.call(via, GET_OPERATION, &body).await?;
            match looked.operation {
                Operation { status, .. } if status == "SUCCESS" => return Ok(()),
                Operation { status, error_message } if status == "FAIL" => {
                    let why = error_message.unwrap_or_else(|| "no reason is given".to_owned());
                    let message = format!("servicediscovery: operation {id} failed: {why}");
                    return Err(ProviderError::new(ErrorKind::Rejected(Vec::new()), message));
                }
                _ => tokio::time::sleep(pause).await,
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        let message = format!(
            "servicediscovery: operation {id} is still not carried out; the next run continues"
        );
        Err(ProviderError::new(ErrorKind::Transient, message))
    }
}

fn unread(operation: &str, error: &serde_json::Error) -> ProviderError {
    let message = format!(
        "servicediscovery:{operation}: the answer is not what the API promises ({error}); is a proxy in between?"
    );
    ProviderError::new(ErrorKind::Lost, message)
}

/// The error of this crate for one of a call.
fn failure(operation: &str, error: &AwsCallError) -> ProviderError {
    let kind = match error {
        _ if error.is_throttled() => ErrorKind::Throttled { retry_after: None },
        AwsCallError::Refused { status: 500.., .. } | AwsCallError::Unanswered(_) => {
            ErrorKind::Lost
        }
        AwsCallError::Refused { status, code, .. } => match code.as_str() {
            "NamespaceNotFound" => ErrorKind::ZoneGone,
            "ServiceNotFound" | "InstanceNotFound" => ErrorKind::RecordGone,
            "ServiceAlreadyExists" | "ResourceInUse" => ErrorKind::Conflict(Vec::new()),
            "ResourceLimitExceeded" => ErrorKind::Quota,
            "DuplicateRequest" => ErrorKind::Transient,
            code if is_about_identity(code) || matches!(status, 401 | 403) => {
                ErrorKind::Unauthorised
            }
            _ => ErrorKind::Rejected(Vec::new()),
        },
        AwsCallError::TooLarge { .. } => ErrorKind::Transient,
        _ => ErrorKind::Unauthorised,
    };
    let mut message = format!("servicediscovery:{operation}: {error}");
    match (&kind, error.code()) {
        (ErrorKind::Unauthorised, Some(code)) => {
            message =
                format!("{message}; {}", remedy(code, &format!("servicediscovery:{operation}")));
        }
        (ErrorKind::Quota, _) => {
            message.push_str(
                "; ask AWS for a higher quota of Cloud Map, or delete services that are not needed",
            );
        }
        _ => {}
    }
    ProviderError::new(kind, message)
}
