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
use extdns_model::Zone;
use reqwest::Method;
use serde::Deserialize;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Advice, Holds, Layout, Listing, RECORD_OPERATIONS, Service, ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RecordWriter, Step,
    Transport, TxtQuoting, ZoneReader,
};
pub use args::ExoscaleArgs;

const SERVICE: Service = Service {
    texts: &["/message", "/error", "/errors"],
    rights: "check --exoscale-apikey and --exoscale-apisecret, and that the role of the key allows the service dns",
    advice: Advice {
        zone_gone: "add the domain at Exoscale, or leave it out with --exclude-domains",
        ..Advice::USUAL
    },
    ..Service::new("Exoscale", "https://api-ch-gva-2.exoscale.com/v2")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(3600) };

const DOMAINS: Listing = Listing::at("/dns-domains");
const RECORDS: Listing = Listing::at("/dns-domain-records");

const DOMAIN: ZoneLayout = ZoneLayout::of("id", "unicode-name");
const RECORD: Layout = Layout {
    fixed: &["name", "type"],
    ..Layout::of(&[
        ("id", Holds::Id),
        ("name", Holds::Name),
        ("type", Holds::Type),
        ("content", Holds::Value),
        ("ttl", Holds::Ttl),
        ("priority", Holds::Priority),
    ])
};

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
    Ok(context.account(rest, capabilities()).stepped(Exoscale))
}

fn capabilities() -> Capabilities {
    Capabilities {
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("exoscale")
    }
}

struct Exoscale(Account);

#[async_trait]
impl ZoneReader for Exoscale {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&["dns-domain"]), &DOMAINS, &DOMAIN).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["dns-domain", &zone.id, "record"]);
        self.0.list_records(via, zone, first, &RECORDS, &RECORD).await
    }
}

#[async_trait]
impl RecordWriter for Exoscale {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["dns-domain", &zone.id, "record"][..]);
        let answer = self.0.step(via, zone, step, at, &RECORD).await?;
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
            let request = self.0.rest.get(&["operation", &operation.id]);
            let answer = self.0.rest.send(via, "await operation", &request).await;
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
