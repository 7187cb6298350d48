//! Civo DNS: `civo`.
//!
//! * API: <https://www.civo.com/api/dns>; single values with ids, one change per call, lists of one page.
//! * Authentication: an API key in `CIVO_TOKEN`. The variable `CIVO_API_URL` names another base URL.
//! * Limits: TTLs of at least 600 seconds. How many calls it takes is not documented.
//! * Quirks: types may come back in lower case, and the apex as nothing or as `@`. The priority of MX stands apart; SRV
//!   is one text, as upstream sends it. Text is kept as it is given.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, CNAME, MX, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Name, Record, RecordSet, RecordType, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Advice, Auth, Id, Listing, Meaning, RECORD_OPERATIONS, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/code", "/reason"],
    // Which codes it has is documented only in part; these are the words of all that are about records.
    meanings: &[
        Meaning { status: 0, text: "dns_record_not_found", kind: ErrorKind::RecordGone },
        Meaning { status: 0, text: "dns_domain_not_found", kind: ErrorKind::ZoneGone },
        Meaning { status: 0, text: "account_not_found", kind: ErrorKind::Unauthorised },
        Meaning { status: 0, text: "duplicate", kind: ErrorKind::Conflict(Vec::new()) },
    ],
    rights: "check that the key in CIVO_TOKEN is that of the account with the domain",
    advice: Advice {
        zone_gone: "add the domain at Civo, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
    },
    ..Service::new("Civo", "https://api.civo.com/v2")
};

const FORM: Form = Form {
    apex: "",
    dots: Dots::None,
    txt: TxtQuoting::AsIs,
    ttls: Ttls::from(600).within(600, i32::MAX as u32),
};

const TYPES: &[RecordType] =
    &[RecordType::A, RecordType::Cname, RecordType::Mx, RecordType::Srv, RecordType::Txt];

const LISTING: Listing = Listing::at("");

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let key = variables.required("CIVO_TOKEN", "an API key of Civo")?;
    // As upstream's client writes it.
    let auth = Auth::scheme("bearer", key);
    let rest = context.rest(&SERVICE, variables.get("CIVO_API_URL"), auth)?;
    Ok(over(rest, capabilities(), context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    // The zones of DNS lie in no region, but the API wants one.
    stepped(Civo { rest: rest.always("region", Some("LON1")), capabilities, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        parallel_zones: 4,
        parallel_writes: 4,
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("civo")
    }
}

struct Civo {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Civo {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let domains: Vec<Domain> = self.rest.all(via, "list domains", &["dns"], &LISTING).await?;
        let zones = domains.iter().map(|it| Zone::new(it.id.as_str(), Name::as_listed(&it.name)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["dns", &zone.id, "records"];
        let listed: Vec<Listed> = self.rest.all(via, "list records", &path, &LISTING).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Civo {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["dns", &zone.id, "records"][..]);
        self.rest.step(via, step, at, |set| Written::of(set, zone)).await.map(drop)
    }
}

#[derive(Deserialize)]
struct Domain {
    id: String,
    name: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    value: String,
    priority: Option<u16>,
    ttl: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype.to_uppercase())?;
        let value = FORM.mx_joined(rtype, self.priority, &self.value);
        let name = if self.name == "@" { "" } else { &self.name };
        Some(FORM.record((zone, name), (rtype, self.ttl), value, self.id.clone()))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    value: String,
    priority: u16,
    ttl: u32,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (priority, value) = FORM.mx_apart(set.rtype, value);
        let priority = priority.unwrap_or_default();
        let rtype = set.rtype.to_string();
        Self { rtype, name: FORM.name(&set.name, zone), value, priority, ttl: FORM.ttl(set.ttl) }
    }
}
