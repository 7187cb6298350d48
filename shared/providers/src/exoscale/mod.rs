//! Exoscale DNS: `exoscale`.
//!
//! * API: <https://openapi-v2.exoscale.com/group/endpoint-dns>; single values with ids, one change per call, lists of one page. A
//!   change answers with an operation, which is asked for until it has ended.
//! * Authentication: a signature with `--exoscale-apikey` and `--exoscale-apisecret` (`sign.rs`). `EXOSCALE_API_URL` is another
//!   base URL.
//! * Limits: how many calls it takes is not documented.
//! * Quirks: the apex is nothing. The priority of MX and SRV stands apart. A change of a record has neither its name nor its
//!   type. Text is kept as it is given.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod sign;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{Action, Name, Record, RecordSet, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Advice, Id, Listing, RECORD_OPERATIONS, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};
pub use args::ExoscaleArgs;

const SERVICE: Service = Service {
    texts: &["/message", "/error", "/errors"],
    rights: "check --exoscale-apikey and --exoscale-apisecret, and that the role of the key allows the service dns",
    advice: Advice {
        zone_gone: "add the domain at Exoscale, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
    },
    ..Service::new("Exoscale", "https://api-ch-gva-2.exoscale.com/v2")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(3600) };

const DOMAINS: Listing = Listing::at("/dns-domains");
const RECORDS: Listing = Listing::at("/dns-domain-records");

/// The pause before an operation is asked for again, and how often that is done.
const PAUSE: Duration = Duration::from_secs(3);
const ASKED: usize = 20;

/// The provider for the organisation of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key or no secret.
pub fn provider(
    args: &ExoscaleArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let base = args.base();
    let base = context.environment.get("EXOSCALE_API_URL").unwrap_or(&base);
    let rest = context.rest(&SERVICE, Some(base), args.auth()?)?;
    Ok(over(rest, capabilities(), context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Exoscale { rest, capabilities, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("exoscale")
    }
}

struct Exoscale {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Exoscale {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let path = ["dns-domain"];
        let domains: Vec<Domain> = self.rest.all(via, "list domains", &path, &DOMAINS).await?;
        let zones = domains.iter().map(|it| Zone::new(it.id.as_str(), Name::as_listed(&it.name)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["dns-domain", &zone.id, "record"];
        let listed: Vec<Listed> = self.rest.all(via, "list records", &path, &RECORDS).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Exoscale {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["dns-domain", &zone.id, "record"][..]);
        let is_new = matches!(step.action, Action::Create(_));
        let answer = self.rest.step(via, step, at, |set| Written::of(set, zone, is_new)).await?;
        self.ended(via, answer.json()?).await
    }
}

impl Exoscale {
    /// Waits until an operation has ended.
    async fn ended(&self, via: &Transport, first: Operation) -> Result<(), ProviderError> {
        let mut operation = first;
        let lost = |why: &str| {
            ProviderError::new(
                ErrorKind::Lost,
                format!("Exoscale: what became of the change is not known: {why}"),
            )
        };
        for _ in 0..ASKED {
            match operation.state.as_str() {
                "success" => return Ok(()),
                "failure" => {
                    let reason = operation.reason.unwrap_or_default();
                    let message = format!(
                        "Exoscale: the operation failed: {reason}; correct the target or TTL of the record"
                    );
                    return Err(ProviderError::new(ErrorKind::Rejected(Vec::new()), message));
                }
                "timeout" => return Err(lost("the operation took too long")),
                _ => tokio::time::sleep(PAUSE).await,
            }
            let request = self.rest.get(&["operation", &operation.id]);
            let answer = self.rest.send(via, "await operation", &request).await;
            operation = answer.and_then(|it| it.json()).map_err(|error| lost(&error.message))?;
        }
        Err(lost("the operation does not end"))
    }
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    state: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Domain {
    id: String,
    #[serde(rename = "unicode-name")]
    name: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    content: String,
    priority: Option<u16>,
    ttl: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let name = if self.name == "@" { "" } else { &self.name };
        let value = FORM.joined(rtype, self.priority, &self.content);
        Some(FORM.record((zone, name), (rtype, self.ttl), value, self.id.clone()))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    rtype: Option<String>,
    content: String,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
}

impl Written {
    /// The one value of a set; of one that is there, what a change can change. What cannot be taken apart is sent whole, for
    /// the API to refuse.
    fn of(set: &RecordSet, zone: &Zone, is_new: bool) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (priority, content) = FORM.apart(set.rtype, value);
        let name = is_new.then(|| FORM.name(&set.name, zone));
        let rtype = is_new.then(|| set.rtype.to_string());
        Self { name, rtype, content, ttl: FORM.ttl(set.ttl), priority }
    }
}
