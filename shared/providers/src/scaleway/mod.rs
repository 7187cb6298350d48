//! Scaleway Domains and DNS: `scaleway`.
//!
//! * API: <https://www.scaleway.com/en/developers/api/domains-and-dns/>; single values with ids. A call takes many changes of
//!   a zone and is applied whole or not at all.
//! * Authentication: the secret key of an API key (`login.rs`).
//! * Limits: pages of at most 1,000. How many calls and changes it takes is not documented.
//! * Quirks: a zone that is not there, or is not yours, answers 403. A host without a final dot is relative to the zone. The
//!   priority of MX stands apart; that of SRV is in its data and repeated. Text comes back in quotes.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, DNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod login;
mod record;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Name, Zone, ZoneIndex};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME};
use crate::engine::{ByKind, batched};
use crate::rest::{Advice, Auth, Listing, Meaning, More, Rest, Service, THROTTLED, origin};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
use login::Login;
use record::{Entry, Listed};

const SERVICE: Service = Service {
    texts: &["/type", "/message", "/help_message", "/details"],
    meanings: &[
        Meaning { status: 403, text: "domain not found", kind: ErrorKind::ZoneGone },
        Meaning::of("quotas_exceeded", ErrorKind::Quota),
        Meaning::of("transient_state", THROTTLED),
        Meaning::of("locked", THROTTLED),
    ],
    rights: "check that the key in SCW_SECRET_KEY is valid and its policy has DomainsDNSFullAccess",
    advice: Advice {
        zone_gone: "Scaleway says so too of a zone that the key may not see: check its policy and project",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait until the zone is ready, or call it less often",
    },
    most_of_answer: 64 << 20,
    ..Service::new("Scaleway", "https://api.scaleway.com")
};

const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(300) };

/// The pages have no numbers: there is another as long as fewer came than there are.
const ZONES: Listing = Listing {
    next: More::Numbered("/page", "/pages", "page"),
    total: "/total_count",
    ..Listing::at("/dns_zones")
};
const RECORDS: Listing = Listing { items: "/records", ..ZONES };

const CHANGE: &str = "change records";
const ALL: [&str; 3] = ["domain", "v2beta1", "dns-zones"];

/// The provider for the zones that the key can see. Nothing is sent yet.
///
/// # Errors
/// When there is no key, or it has not the form of one.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let login = Login::find(&context.environment)?;
    let auth = Auth::header("x-auth-token", &login.secret_key);
    let http =
        extdns_auth::HttpOptions { accept_any_certificate: login.insecure, ..context.http.clone() };
    let own = Context { http, ..context.clone() };
    let rest = own.rest(&SERVICE, login.url.as_deref(), auth)?;
    let capabilities = own.batches.within(capabilities(login.page_size));
    Ok(over(rest, capabilities, own.zones))
}

fn over(rest: Rest, capabilities: Capabilities, filter: ZoneFilter) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    batched(Scaleway { rest, capabilities, filter }, via)
}

fn capabilities(page_size: u32) -> Capabilities {
    Capabilities {
        record_types: USUAL_TYPES_AND_DNAME,
        stores: Stores::Values(Updates::InPlace),
        batches: Batching::Whole,
        batch_limits: BatchLimits::changes(1000),
        page_size: Some(page_size),
        parallel_zones: 4,
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("scaleway")
    }
}

struct Scaleway {
    rest: Rest,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Scaleway {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let zone = |it: &ListedZone| {
            let name = it.name();
            Zone::new(name.as_str(), Name::as_listed(&name))
        };
        let first = self.rest.get(&ALL);
        Ok(self.filter.select(self.rest.zones(via, first, &self.listing(&ZONES), zone).await?))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let (first, listing) = (self.rest.get(&records(zone)), self.listing(&RECORDS));
        self.rest.records(via, first, &listing, |it: &Listed| it.record(zone)).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        record::with_priority(FORM.wanted(desired))
    }
}

fn records(zone: &Zone) -> [&str; 5] {
    let [first, second, third] = ALL;
    [first, second, third, &zone.id, "records"]
}

impl Scaleway {
    fn listing(&self, listing: &Listing) -> Listing {
        Listing { size: ("page_size", self.capabilities.page_size.unwrap_or_default()), ..*listing }
    }
}

#[async_trait]
impl BatchWriter for Scaleway {
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let request =
            self.rest.patch(&records(zone)).json(&Changes::of(&ByKind::of(groups), zone)?)?;
        self.rest.send(via, CHANGE, &request).await.map(drop)
    }
}

/// The changes of one call, in the order in which the service makes them.
#[derive(Serialize)]
struct Changes {
    changes: Vec<serde_json::Value>,
    return_all_records: bool,
    disallow_new_zone_creation: bool,
}

impl Changes {
    fn of(changes: &ByKind<'_>, zone: &Zone) -> Result<Self, ProviderError> {
        let mut all = Vec::new();
        for old in &changes.gone {
            all.push(json!({ "delete": { "id": origin::<String>(old)? } }));
        }
        for (old, new) in &changes.changed {
            let records = [Entry::of(&new.set, zone)];
            all.push(json!({ "set": { "id": origin::<String>(old)?, "records": records } }));
        }
        if !changes.added.is_empty() {
            let records: Vec<Entry> = changes.added.iter().map(|it| Entry::of(it, zone)).collect();
            all.push(json!({ "add": { "records": records } }));
        }
        // A zone that is gone must not come back by a write.
        Ok(Self { changes: all, return_all_records: false, disallow_new_zone_creation: true })
    }
}

/// A domain can have several zones.
#[derive(Deserialize)]
struct ListedZone {
    domain: String,
    #[serde(default)]
    subdomain: String,
}

impl ListedZone {
    fn name(&self) -> String {
        match self.subdomain.as_str() {
            "" => self.domain.clone(),
            sub => format!("{sub}.{}", self.domain),
        }
    }
}
