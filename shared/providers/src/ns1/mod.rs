//! NS1 (IBM NS1 Connect): `ns1`.
//!
//! * API: <https://developer.ibm.com/apis/catalog/ns1--ibm-ns1-connect-api/>; record sets, one change per call. The records of
//!   a zone come with it.
//! * Authentication: an API key in `NS1_APIKEY`. `--ns1-endpoint`, or `NS1_API_URL`, is another base URL.
//! * Limits: each key has its own, in a header of every answer; 900 calls in five minutes are usual.
//! * Quirks: names are whole, without a final dot. A value is a list of its fields, a text one field. What a change does not
//!   name (filters, regions, metadata) stays as it is. A record that is linked to another has no values and is left alone.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_auth::HttpOptions;
use extdns_model::{Action, Name, Opaque, Record, RecordSet, RecordType, Ttl, Zone, ZoneIndex};
use serde::{Deserialize, Serialize};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Advice, Auth, Id, Listing, Meaning, More, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
pub use args::Ns1Args;

const SERVICE: Service = Service {
    texts: &["/message"],
    meanings: &[
        Meaning { status: 404, text: "zone not found", kind: ErrorKind::ZoneGone },
        Meaning { status: 404, text: "record not found", kind: ErrorKind::RecordGone },
        Meaning { status: 400, text: "already exists", kind: ErrorKind::Conflict(Vec::new()) },
    ],
    rights: "check that the key in NS1_APIKEY is valid and may view and manage zones",
    advice: Advice {
        zone_gone: "add the zone at NS1, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often; NS1 says the limits of a key in its account",
    },
    most_of_answer: 64 << 20,
    ..Service::new("NS1", "https://api.nsone.net/v1")
};

/// The least TTL that records without one get.
const LEAST: u32 = 10;

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(LEAST) };

const ZONES: Listing = Listing { next: More::Link, ..Listing::at("") };
const RECORDS: Listing = Listing { items: "/records", ..ZONES };

const CREATE: &str = "create record set";
const UPDATE: &str = "update record set";
const DELETE: &str = "delete record set";

/// The provider for the zones of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key, or the endpoint is no URL.
pub fn provider(args: &Ns1Args, context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let key = context.environment.required("NS1_APIKEY", "an API key of NS1")?;
    let accept_any_certificate = args.ns1_ignoressl || context.http.accept_any_certificate;
    let http = HttpOptions { accept_any_certificate, ..context.http.clone() };
    let context = Context { http, ..context.clone() };
    let flag = Some(args.ns1_endpoint.as_str()).filter(|base| !base.is_empty());
    let base = flag.or(context.environment.get("NS1_API_URL"));
    let rest = context.rest(&SERVICE, base, Auth::header("x-nsone-key", key))?;
    Ok(over(rest, capabilities(args), form(args), context.zones))
}

fn over(
    rest: Rest,
    capabilities: Capabilities,
    form: Form,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    stepped(Ns1 { rest, capabilities, form, filter }, via)
}

/// The flag is about records without a TTL alone; others keep theirs.
fn form(args: &Ns1Args) -> Form {
    Form { ttls: Ttls::from(args.ns1_min_ttl.max(LEAST)), ..FORM }
}

fn capabilities(args: &Ns1Args) -> Capabilities {
    Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(3, 100)),
        mutating_operations: &[CREATE, UPDATE, DELETE],
        ..form(args).capabilities("ns1")
    }
}

struct Ns1 {
    rest: Rest,
    capabilities: Capabilities,
    form: Form,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Ns1 {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.rest.get(&["zones"]);
        let listed: Vec<ListedZone> = self.rest.list(via, "list zones", first, &ZONES).await?;
        let zones = listed.into_iter().map(|it| Zone {
            data: Opaque::new(it.id.map_or_else(String::new, |id| id.to_string())),
            ..Zone::new(it.zone.as_str(), Name::as_listed(&it.zone))
        });
        Ok(self.filter.select_by(zones.collect(), id))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["zones", &zone.id]);
        let listed: Vec<Listed> = self.rest.list(via, "read zone", first, &RECORDS).await?;
        Ok(Page { records: listed.iter().filter_map(Listed::record).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        self.form.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Ns1 {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let set = step.set();
        let (domain, rtype) = (set.name.key(), set.rtype.to_string());
        let path = ["zones", &zone.id, &domain, &rtype];
        let answers =
            set.targets.iter().map(|it| Answer::of(set.rtype, &self.form.value(set.rtype, it)));
        let body = Written { ttl: self.form.ttl(set.ttl), answers: answers.collect() };
        let (operation, request) = match &step.action {
            Action::Create(_) => {
                let whole = Whole { zone: &zone.id, domain: &domain, rtype: &rtype, rest: body };
                (CREATE, self.rest.put(&path).json(&whole)?)
            }
            Action::Update { .. } => (UPDATE, self.rest.post(&path).json(&body)?),
            Action::Delete(_) => (DELETE, self.rest.delete(&path)),
        };
        self.rest.send(via, operation, &request).await.map(drop)
    }
}

/// The id of a zone; its name is what paths have.
fn id(zone: &Zone) -> &str {
    zone.data.get::<String>().map_or("", String::as_str)
}

#[derive(Deserialize)]
struct ListedZone {
    id: Option<Id>,
    zone: String,
}

/// A record set as it is read.
#[derive(Deserialize)]
struct Listed {
    domain: String,
    #[serde(rename = "type")]
    rtype: String,
    #[serde(default)]
    short_answers: Vec<String>,
    ttl: Option<u32>,
    link: Option<String>,
}

impl Listed {
    /// The record set, if its type is managed and it has values of its own.
    fn record(&self) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype).filter(|_| self.link.is_none())?;
        let targets = self.short_answers.iter().map(|it| FORM.read(rtype, it)).collect();
        let ttl = Ttl::from_seconds(self.ttl.unwrap_or_default().into());
        let set = RecordSet::new(Name::as_listed(&self.domain), rtype, ttl, targets);
        Some(Record::new(set, Opaque::none()))
    }
}

/// A value, by its fields.
#[derive(Serialize)]
struct Answer {
    answer: Vec<String>,
}

impl Answer {
    fn of(rtype: RecordType, value: &str) -> Self {
        let answer = match rtype {
            RecordType::Mx | RecordType::Srv => value.split(' ').map(ToOwned::to_owned).collect(),
            _ => vec![value.to_owned()],
        };
        Self { answer }
    }
}

/// What a change names.
#[derive(Serialize)]
struct Written {
    ttl: u32,
    answers: Vec<Answer>,
}

/// What is new names its place too.
#[derive(Serialize)]
struct Whole<'w> {
    zone: &'w str,
    domain: &'w str,
    #[serde(rename = "type")]
    rtype: &'w str,
    #[serde(flatten)]
    rest: Written,
}
