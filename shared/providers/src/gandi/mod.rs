//! Gandi LiveDNS: `gandi`.
//!
//! * API: <https://api.gandi.net/docs/livedns/>; record sets, one change per call. Which domains
//!   use LiveDNS says <https://api.gandi.net/docs/domains/>.
//! * Authentication: a personal access token in `GANDI_PAT`, or an API key in `GANDI_KEY`, which
//!   Gandi calls deprecated; the token wins. `GANDI_SHARING_ID` names the organisation. The variable
//!   `GANDI_API_URL` names another base URL.
//! * Limits: 1,000 calls a minute; TTLs of 300 seconds to 30 days.
//! * Quirks: a host name without a final dot is relative to the zone, so one is always written. The
//!   bodies of some failures (400) have no message of their own.
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what
//!   changes between that and the write is overwritten.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Action, Name, Opaque, Record, RecordSet, Ttl, Zone, ZoneIndex};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Auth, Listing, More, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/message", "/errors/0/description"],
    rights: "check GANDI_PAT (or GANDI_KEY) and GANDI_SHARING_ID; the token needs the right to \
             manage domain name technical configurations",
    ..Service::new("Gandi", "https://api.gandi.net/v5")
};

const FORM: Form = Form {
    apex: "@",
    dots: Dots::Final,
    txt: TxtQuoting::Quoted,
    ttls: Ttls::from(600).within(300, 2_592_000),
};

const LISTING: Listing =
    Listing { next: More::Link, total_header: "total-count", ..Listing::at("") };

/// Items per page of a list.
const PAGE: u32 = 500;
const CREATE: &str = "create record set";
const UPDATE: &str = "update record set";
const DELETE: &str = "delete record set";

/// The provider for the account of the token or key. Nothing is sent yet.
///
/// # Errors
/// When there is neither.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let auth = match (variables.get("GANDI_PAT"), variables.get("GANDI_KEY")) {
        (Some(token), _) => Auth::bearer(token),
        (None, Some(key)) => Auth::scheme("Apikey", key),
        (None, None) => {
            return Err(ProviderError::config(
                "neither GANDI_PAT nor GANDI_KEY is set; make a personal access token at Gandi",
            ));
        }
    };
    let rest = context.rest(&SERVICE, variables.get("GANDI_API_URL"), auth)?;
    let rest = rest.always("sharing_id", variables.get("GANDI_SHARING_ID"));
    Ok(over(rest, capabilities(), context.zones.clone()))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Gandi { rest, capabilities, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        page_size: Some(PAGE),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(15, 100)),
        mutating_operations: &[CREATE, UPDATE, DELETE],
        ..FORM.capabilities("gandi")
    }
}

struct Gandi {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Gandi {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let domains: Vec<Domain> = self.list(via, "list domains", &["domain", "domains"]).await?;
        let live = domains.iter().filter(|domain| domain.is_live());
        let zones = live.map(|it| Zone::new(it.fqdn.as_str(), Name::as_listed(&it.fqdn)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = ["livedns", "domains", &zone.id, "records"];
        let listed: Vec<Rrset> = self.list(via, "list record sets", &path).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

impl Gandi {
    async fn list<T: DeserializeOwned + Send>(
        &self,
        via: &Transport,
        operation: &'static str,
        path: &[&str],
    ) -> Result<Vec<T>, ProviderError> {
        let first = self.rest.get(path).query("per_page", PAGE);
        self.rest.list(via, operation, first, &LISTING).await
    }
}

#[async_trait]
impl RecordWriter for Gandi {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let set = step.set();
        let body = Rrset::of(set, zone);
        let records = ["livedns", "domains", &zone.id, "records"];
        let path = [&records[..], &[body.rrset_name.as_str(), body.rrset_type.as_str()]].concat();
        let (operation, request) = match &step.action {
            Action::Create(_) => (CREATE, self.rest.post(&records).json(&body)?),
            Action::Update { .. } => (UPDATE, self.rest.put(&path).json(&body.without_name())?),
            Action::Delete(_) => (DELETE, self.rest.delete(&path)),
        };
        self.rest.send(via, operation, &request).await.map(drop)
    }
}

#[derive(Deserialize)]
struct Domain {
    fqdn: String,
    nameserver: Option<Nameserver>,
}

#[derive(Deserialize)]
struct Nameserver {
    current: Option<String>,
}

impl Domain {
    /// Whether Gandi serves the domain's zone itself.
    fn is_live(&self) -> bool {
        self.nameserver.as_ref().is_some_and(|it| it.current.as_deref() == Some("livedns"))
    }
}

/// A record set, both ways.
#[derive(Deserialize, Serialize)]
struct Rrset {
    #[serde(skip_serializing_if = "String::is_empty")]
    rrset_name: String,
    rrset_type: String,
    rrset_ttl: u32,
    rrset_values: Vec<String>,
}

impl Rrset {
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        Self {
            rrset_name: FORM.name(&set.name, zone),
            rrset_type: set.rtype.to_string(),
            rrset_ttl: FORM.ttl(set.ttl),
            rrset_values: set.targets.iter().map(|it| FORM.value(set.rtype, it)).collect(),
        }
    }

    /// The path of an update has the name.
    fn without_name(self) -> Self {
        Self { rrset_name: String::new(), ..self }
    }

    /// The record set, if it is of a type that is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rrset_type)?;
        let name = FORM.whole_name(&self.rrset_name, zone);
        let targets = self.rrset_values.iter().map(|it| FORM.read(rtype, it)).collect();
        let ttl = Ttl::from_seconds(self.rrset_ttl.into());
        Some(Record::new(RecordSet::new(name, rtype, ttl, targets), Opaque::none()))
    }
}
