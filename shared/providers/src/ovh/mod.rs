//! OVHcloud: `ovh`.
//!
//! * API: <https://eu.api.ovh.com/console/?section=%2Fdomain&branch=v1>; single values with ids, one change per call. A list
//!   gives ids alone, so that each record is a call of its own. Changes are published by one call more for a zone.
//! * Authentication: a signature with the keys of an application (`sign.rs`), or a bearer token (`login.rs`).
//! * Limits: `--ovh-api-rate-limit` calls in a second; the vendor states none.
//! * Quirks: the apex is nothing. The TTL 0 is that of the zone; the least is said to be 60. A host without a final dot is within the zone. Text is kept as
//!   it is given. A change has no type. What is not published is read all the same.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, DNAME, MX, NS, SRV, TXT. How the service refuses a record that is there already is not
//!   documented.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod login;
mod sign;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Name, Record, Zone};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use serde_json::Value;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME};
use crate::rest::{
    Account, Advice, CONFLICT, CREATE, DELETE, Holds, Id, Layout, Listing, Meaning, Service,
    THROTTLED, UPDATE, ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneReader,
};
pub use args::OvhArgs;

const SERVICE: Service = Service {
    texts: &[
        "/class",
        "/message",
        "/details/unauthorizedActionsByAuthentication",
        "/details/unauthorizedActionsByIAM",
    ],
    meanings: &[
        Meaning { status: 404, text: "object", kind: ErrorKind::RecordGone },
        Meaning::of("already exist", CONFLICT),
        // Two changes of a zone at the same time.
        Meaning { status: 409, text: "", kind: THROTTLED },
        // The service has expired.
        Meaning { status: 460, text: "", kind: ErrorKind::Config },
    ],
    rights: "check the keys of OVHcloud and what the consumer key may do: the page of this provider lists the rights",
    advice: Advice {
        zone_gone: "add the zone at OVHcloud, or leave it out with --exclude-domains",
        throttled: "wait, or lower --ovh-api-rate-limit",
        ..Advice::USUAL
    },
    ..Service::new("OVHcloud", "https://eu.api.ovh.com/1.0")
};

const FORM: Form = Form { apex: "", dots: Dots::Final, txt: TxtQuoting::AsIs, ttls: Ttls::from(0) };

/// A list of names or ids.
const LISTING: Listing = Listing::at("");

const ZONE: ZoneLayout = ZoneLayout::of("", "");
const RECORD: Layout = Layout {
    fixed: &["fieldType"],
    ..Layout::of(&[
        ("id", Holds::Id),
        ("subDomain", Holds::Name),
        ("ttl", Holds::Ttl),
        ("target", Holds::Value),
        ("fieldType", Holds::Type),
    ])
};

/// How many records of a zone are asked for at the same time.
const PARALLEL: usize = 10;
const REFRESH: &str = "refresh zone";

/// The provider for the zones that the keys may see. Nothing is sent yet.
///
/// # Errors
/// When the API is not known, or credentials are missing.
pub fn provider(args: &OvhArgs, context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let (url, auth) = login::find(&args.ovh_endpoint, context)?;
    let rest = context.rest(&SERVICE, Some(&url), auth)?;
    Ok(context.account(rest, capabilities(args)).stepped(Ovh))
}

fn capabilities(args: &OvhArgs) -> Capabilities {
    let dots = if args.ovh_enable_cname_relative { Dots::FinalButCname } else { Dots::Final };
    Capabilities {
        record_types: USUAL_TYPES_AND_DNAME,
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(args.ovh_api_rate_limit, 10)),
        mutating_operations: &[CREATE, UPDATE, DELETE, REFRESH],
        ..Form { dots, ..FORM }.capabilities("ovh")
    }
}

struct Ovh(Account);

#[async_trait]
impl ZoneReader for Ovh {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&["domain", "zone"]), &LISTING, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        Ok(Page { records: self.records(via, zone, None).await?, next: None })
    }

    /// By the ids of each name, which are far fewer than those of the zone. Those of the apex cannot be asked for.
    async fn named(
        &self,
        via: &Transport,
        zone: &Zone,
        names: &[&Name],
    ) -> Result<Option<Vec<Record>>, ProviderError> {
        let mut records = Vec::new();
        for name in names {
            let own = FORM.name(name, zone);
            if own.is_empty() {
                return Ok(None);
            }
            records.extend(self.records(via, zone, Some(&own)).await?);
        }
        Ok(Some(records))
    }
}

impl Ovh {
    /// All records of a zone, or those of one name.
    async fn records(
        &self,
        via: &Transport,
        zone: &Zone,
        name: Option<&str>,
    ) -> Result<Vec<Record>, ProviderError> {
        let (rest, path) = (&self.0.rest, ["domain", "zone", &zone.id, "record"]);
        let first = name.into_iter().fold(rest.get(&path), |it, name| it.query("subDomain", name));
        let ids: Vec<Id> = rest.list(via, "list records", first, &LISTING).await?;
        let read = |id: Id| async move {
            let request = rest.get(&[&path[..], &[id.as_str()]].concat());
            match rest.send(via, "read record", &request).await {
                Ok(answer) => answer.json::<Value>().map(Some),
                // It went after the list was made.
                Err(error) if error.kind == ErrorKind::RecordGone => Ok(None),
                Err(error) => Err(error),
            }
        };
        let items: Vec<Option<Value>> =
            futures::stream::iter(ids).map(read).buffered(PARALLEL).try_collect().await?;
        // The name that is asked for may be a part of others.
        let is_own = |it: &Value| name.is_none_or(|name| it["subDomain"] == name);
        let items = items.iter().flatten().filter(|it| is_own(it));
        self.0.records(zone, items, &RECORD)
    }
}

#[async_trait]
impl RecordWriter for Ovh {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["domain", "zone", &zone.id, "record"][..]);
        self.0.step(via, zone, step, at, &RECORD).await.map(drop)
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        let request = self.0.rest.post(&["domain", "zone", &zone.id, "refresh"]);
        self.0.rest.send(via, REFRESH, &request).await.map(drop)
    }
}
