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
use extdns_model::{Action, Name, Record, RecordSet, Zone, ZoneIndex};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES_AND_DNAME, type_of};
use crate::rest::{
    Advice, CONFLICT, Id, Listing, Meaning, RECORD_OPERATIONS, Rest, Service, THROTTLED,
};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
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
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or lower --ovh-api-rate-limit",
    },
    ..Service::new("OVHcloud", "https://eu.api.ovh.com/1.0")
};

const FORM: Form = Form { apex: "", dots: Dots::Final, txt: TxtQuoting::AsIs, ttls: Ttls::from(0) };

/// A list of names or ids.
const LISTING: Listing = Listing::at("");

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
    Ok(over(rest, args, capabilities(args), context.zones.clone()))
}

fn over(
    rest: Rest,
    args: &OvhArgs,
    capabilities: Capabilities,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Ovh { rest, form: form(args), capabilities, filter }, via)
}

fn form(args: &OvhArgs) -> Form {
    let dots = if args.ovh_enable_cname_relative { Dots::FinalButCname } else { Dots::Final };
    Form { dots, ..FORM }
}

fn capabilities(args: &OvhArgs) -> Capabilities {
    Capabilities {
        record_types: USUAL_TYPES_AND_DNAME,
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(args.ovh_api_rate_limit, 10)),
        mutating_operations: OPERATIONS,
        ..FORM.capabilities("ovh")
    }
}

const OPERATIONS: &[&str] = &{
    let [create, update, delete] = *RECORD_OPERATIONS else { panic!("three operations") };
    [create, update, delete, REFRESH]
};

struct Ovh {
    rest: Rest,
    form: Form,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Ovh {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let zone = |name: &String| Zone::new(name.as_str(), Name::as_listed(name));
        let first = self.rest.get(&["domain", "zone"]);
        Ok(self.filter.select(self.rest.zones(via, first, &LISTING, zone).await?))
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

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        self.form.wanted(desired)
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
        let path = ["domain", "zone", &zone.id, "record"];
        let first = self.rest.get(&path);
        let first = name.into_iter().fold(first, |it, name| it.query("subDomain", name));
        let ids: Vec<Id> = self.rest.list(via, "list records", first, &LISTING).await?;
        let record = |id: Id| async move {
            let request = self.rest.get(&[&path[..], &[id.as_str()]].concat());
            match self.rest.send(via, "read record", &request).await {
                Ok(answer) => answer.json::<Listed>().map(Some),
                // It went after the list was made.
                Err(error) if error.kind == ErrorKind::RecordGone => Ok(None),
                Err(error) => Err(error),
            }
        };
        let listed: Vec<Option<Listed>> =
            futures::stream::iter(ids).map(record).buffered(PARALLEL).try_collect().await?;
        // The name that is asked for may be a part of others.
        let own = |it: &Listed| name.is_none_or(|name| it.sub_domain == name);
        let listed = listed.into_iter().flatten().filter(own);
        Ok(listed.filter_map(|it| self.record(&it, zone)).collect())
    }

    /// The record, if its type is managed.
    fn record(&self, listed: &Listed, zone: &Zone) -> Option<Record> {
        let rtype = type_of(USUAL_TYPES_AND_DNAME, &listed.field_type)?;
        let (place, value) = ((zone, &*listed.sub_domain), self.form.read(rtype, &listed.target));
        Some(FORM.record(place, (rtype, listed.ttl), value, listed.id.clone()))
    }

    fn written(&self, set: &RecordSet, zone: &Zone, is_new: bool) -> Written {
        let value = set.targets.first().map_or("", |target| target.as_str());
        Written {
            sub_domain: FORM.name(&set.name, zone),
            ttl: FORM.ttl(set.ttl),
            target: self.form.value(set.rtype, value),
            field_type: is_new.then(|| set.rtype.to_string()),
        }
    }
}

#[async_trait]
impl RecordWriter for Ovh {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PUT, &["domain", "zone", &zone.id, "record"][..]);
        let is_new = matches!(step.action, Action::Create(_));
        self.rest.step(via, step, at, |set| self.written(set, zone, is_new)).await.map(drop)
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        let request = self.rest.post(&["domain", "zone", &zone.id, "refresh"]);
        self.rest.send(via, REFRESH, &request).await.map(drop)
    }
}

/// A record as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: Id,
    sub_domain: String,
    field_type: String,
    target: String,
    ttl: Option<u32>,
}

/// A record as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    sub_domain: String,
    ttl: u32,
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_type: Option<String>,
}
