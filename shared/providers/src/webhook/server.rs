//! The other side of the protocol: any provider, served to an ExternalDNS that speaks it.
//!
//! What is sent is what the client has planned, ownership records included; nothing is planned here. A POST of changes
//! relies on the records that the client was given last: their ids are looked up there, and read again where the client
//! has asked for none since the POST before.

mod changes;
mod groups;

use std::sync::Arc;

use extdns_model::{DomainFilter, Endpoint, Inventory, Labels, Outcome, Permit, Record};
use tokio::sync::Mutex;

use super::MEDIA_TYPE;
use super::wire::SentFilter;
use super::wire::received::Received;
use super::wire::sent::Sent;
use crate::{Adaptation, Deadline, ErrorKind, Provider, ProviderError};
use changes::Changes;

/// A provider behind the protocol.
pub struct Server {
    provider: Arc<dyn Provider>,
    /// The right to write; without it changes are only logged.
    permit: Option<Permit>,
    /// Which names the provider is there for.
    filter: DomainFilter,
    /// What the client was given last, until it has sent changes.
    known: Mutex<Option<Inventory>>,
}

/// What is answered: a status of HTTP, and a body of the protocol's media type where there is one.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Option<Vec<u8>>,
}

impl Answer {
    /// The media type of bodies.
    pub const MEDIA_TYPE: &'static str = MEDIA_TYPE;

    /// An answer without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, body: None }
    }

    fn body(body: serde_json::Result<Vec<u8>>) -> Self {
        match body {
            Ok(mut body) => {
                body.push(b'\n');
                Self { status: 200, body: Some(body) }
            }
            Err(error) => Self::failed("encode the answer", &error),
        }
    }

    fn failed(what: &str, error: &dyn std::fmt::Display) -> Self {
        tracing::error!("failed to {what}: {error}");
        Self::status(500)
    }

    fn malformed(path: &str, error: &dyn std::fmt::Display) -> Self {
        tracing::warn!("the body of a request for {path} is not as the protocol has it: {error}");
        Self::status(400)
    }
}

impl Server {
    /// Serves a provider. Without a permit nothing is written.
    #[must_use]
    pub fn new(provider: Arc<dyn Provider>, permit: Option<Permit>, filter: DomainFilter) -> Self {
        Self { provider, permit, filter, known: Mutex::default() }
    }

    /// Whether the body of a request is read: the longest one may be is for the caller to say.
    #[must_use]
    pub fn takes_body(method: &str, path: &str) -> bool {
        method == "POST" && matches!(path, "/records" | "/adjustendpoints")
    }

    /// Answers a request, before the deadline where it changes something.
    pub async fn answer(&self, method: &str, path: &str, body: &[u8], until: Deadline) -> Answer {
        match (path, method) {
            ("/records", "GET") => self.records().await,
            ("/records", "POST") => self.apply(body, until).await,
            ("/adjustendpoints", "POST") => self.adjust(body).await,
            ("/records" | "/adjustendpoints", _) => {
                tracing::warn!("unsupported method {method} for {path}");
                Answer::status(400)
            }
            _ => Answer::body(serde_json::to_vec(&SentFilter(&self.filter))),
        }
    }

    async fn records(&self) -> Answer {
        let mut known = self.known.lock().await;
        *known = None;
        let inventory = match self.read().await {
            Ok(inventory) => inventory,
            Err(error) => return Answer::failed("read the records", &error),
        };
        let records = inventory.zones.iter().filter_map(|zone| zone.records.as_ref().ok());
        let sent: Vec<Sent<'_>> =
            records.flatten().map(|own: &Record| Sent::with(&own.set, &own.labels)).collect();
        let answer = Answer::body(serde_json::to_vec(&sent));
        *known = Some(inventory);
        answer
    }

    /// All zones in full: of a list that lacks some the client would plan to make what is there.
    async fn read(&self) -> Result<Inventory, ProviderError> {
        let inventory = self.provider.read().await?;
        let unread = inventory.zones.iter().find_map(|zone| zone.records.as_ref().err());
        match unread {
            Some(unread) => Err(ProviderError::new(ErrorKind::Transient, unread.to_string())),
            None => Ok(inventory),
        }
    }

    async fn adjust(&self, body: &[u8]) -> Answer {
        let endpoints = match endpoints(body) {
            Ok(endpoints) => endpoints,
            Err(error) => return Answer::malformed("/adjustendpoints", &error),
        };
        let known = self.known.lock().await;
        let empty = Inventory::default();
        let index = &known.as_ref().unwrap_or(&empty).index;
        match self.provider.adjust(endpoints, index).await {
            Ok(adjusted) => {
                for Adaptation { name, rtype, reason, .. } in &adjusted.notes {
                    tracing::info!("{name} {rtype}: {reason}");
                }
                let sent: Vec<Sent<'_>> = adjusted.endpoints.iter().map(Sent::desired).collect();
                Answer::body(serde_json::to_vec(&sent))
            }
            Err(error) => Answer::failed("adjust the endpoints", &error),
        }
    }

    async fn apply(&self, body: &[u8], until: Deadline) -> Answer {
        let changes = match serde_json::from_slice::<Changes>(body) {
            Ok(changes) => changes,
            Err(error) => return Answer::malformed("/records", &error),
        };
        let changes = match changes.checked() {
            Ok(changes) => changes,
            Err(problem) => return Answer::malformed("/records", &problem),
        };
        if changes.is_empty() {
            return Answer::status(204);
        }
        let mut known = self.known.lock().await;
        let inventory = match known.take() {
            Some(inventory) => inventory,
            None => match self.read().await {
                Ok(inventory) => inventory,
                Err(error) => return Answer::failed("read the records before a change", &error),
            },
        };
        let groups = match groups::of(changes, &inventory, &*self.provider).await {
            Ok(groups) => groups,
            Err(error) => return Answer::failed("adjust the changes", &error),
        };
        let Some(permit) = &self.permit else {
            for change in groups.iter().flat_map(|group| &group.changes) {
                tracing::info!("would {}", groups::line(change));
            }
            return Answer::status(204);
        };
        let writer = match self.provider.writer(permit, &inventory.index) {
            Ok(writer) => writer,
            Err(error) => return Answer::failed("write", &error),
        };
        let outcomes = writer.apply(&groups, until).await;
        let failures: Vec<String> = groups
            .iter()
            .zip(&outcomes)
            .filter_map(|(group, outcome)| Some(format!("{}: {}", group.name, failure(outcome)?)))
            .collect();
        if failures.is_empty() {
            return Answer::status(204);
        }
        for failure in &failures {
            tracing::error!("failed to change {failure}");
        }
        Answer::status(500)
    }
}

/// Why a group is not in its zone as a whole.
fn failure(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Applied => None,
        Outcome::Partial { done, left, reason } => {
            Some(format!("{done} of {} changes were made: {reason}", done + left))
        }
        Outcome::NotSent(why) => Some(why.to_string()),
        Outcome::Rejected(failure) | Outcome::Failed(failure) | Outcome::Unknown(failure) => {
            Some(failure.to_string())
        }
    }
}

/// The endpoints of a body. `null` is none.
fn endpoints(body: &[u8]) -> Result<Vec<Endpoint>, String> {
    let received: Option<Vec<Received>> =
        serde_json::from_slice(body).map_err(|error| error.to_string())?;
    received.unwrap_or_default().into_iter().map(endpoint).collect()
}

fn endpoint(received: Received) -> Result<Endpoint, String> {
    let (set, labels) = received.into_set().map_err(|unusable| unusable.to_string())?;
    Ok(with_labels(Endpoint::from_set(set), labels))
}

fn with_labels(mut endpoint: Endpoint, labels: Labels) -> Endpoint {
    endpoint.edit_labels(|own| *own = labels);
    endpoint
}
