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
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Zone, ZoneIndex};
use serde_json::{Value, json};

use crate::engine::ByKind;
use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME, with_priority};
use crate::rest::{
    Account, Advice, Auth, Body, Holds, Id, Layout, Listing, Meaning, More, Service, THROTTLED,
    ZoneLayout, origin,
};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
use login::Login;

const SERVICE: Service = Service {
    root: &["domain", "v2beta1", "dns-zones"],
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
        throttled: "wait until the zone is ready, or call it less often",
        ..Advice::USUAL
    },
    most_of_answer: 64 << 20,
    ..Service::new("Scaleway", "https://api.scaleway.com")
};

const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(300) };

/// The pages have no numbers: there is another as long as fewer came than there are.
const ZONES: Listing = Listing {
    size: ("page_size", 0),
    next: More::Numbered("/page", "/pages", "page"),
    total: "/total_count",
    ..Listing::at("/dns_zones")
};
const RECORDS: Listing = Listing { items: "/records", ..ZONES };

/// A domain can have several zones.
const ZONE: ZoneLayout = ZoneLayout { labels: "subdomain", ..ZoneLayout::of("domain", "domain") };
/// The priority of MX is its preference; SRV has all of it in its data, and some MX have too.
const RECORD: Layout = Layout {
    zeros: true,
    property: PRIORITY,
    ..Layout::of(&[
        ("id", Holds::Id),
        ("name", Holds::Name),
        ("type", Holds::Type),
        ("data", Holds::Value),
        ("priority", Holds::Preference),
        ("ttl", Holds::Ttl),
    ])
};

/// The property with the priority of a record (annotation `scw-priority`).
const PRIORITY: &str = "scw/priority";

const CHANGE: &str = "change records";

/// The provider for the zones that the key can see. Nothing is sent yet.
///
/// # Errors
/// When there is no key, or it has not the form of one.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let login = Login::find(&context.environment)?;
    let context = context.trusting_any(login.insecure);
    let auth = Auth::header("x-auth-token", &login.secret_key);
    let rest = context.rest(&SERVICE, login.url.as_deref(), auth)?;
    let capabilities = context.batches.within(capabilities(login.page_size));
    Ok(context.account(rest, capabilities).batched(Scaleway))
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

struct Scaleway(Account);

#[async_trait]
impl ZoneReader for Scaleway {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&[]), &ZONES, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&[&zone.id, "records"]);
        self.0.list_records(via, zone, first, &RECORDS, &RECORD).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        with_priority(FORM.wanted(desired), PRIORITY)
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
        // A zone that is gone must not come back by a write.
        let body = Body::default()
            .with("changes", changes(&ByKind::of(groups), zone)?)
            .with("return_all_records", false)
            .with("disallow_new_zone_creation", true);
        let request = self.0.rest.patch(&[&zone.id, "records"]).json(&body)?;
        self.0.rest.send(via, CHANGE, &request).await.map(drop)
    }
}

/// The changes of one call, in the order in which the service makes them.
fn changes(all: &ByKind<'_>, zone: &Zone) -> Result<Vec<Value>, ProviderError> {
    let gone = all.gone.iter().map(|old| Ok(json!({ "delete": { "id": origin::<Id>(old)? } })));
    let changed = all.changed.iter().map(|(old, new)| {
        let records = [RECORD.body(&FORM, zone, &new.set)];
        Ok(json!({ "set": { "id": origin::<Id>(old)?, "records": records } }))
    });
    let added: Vec<Body> = all.added.iter().map(|it| RECORD.body(&FORM, zone, it)).collect();
    let added = (!added.is_empty()).then(|| Ok(json!({ "add": { "records": added } })));
    gone.chain(changed).chain(added).collect()
}
