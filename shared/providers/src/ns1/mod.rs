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
use extdns_model::{Action, RecordSet, RecordType, Zone};
use serde_json::{Value, json};

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Advice, Auth, Body, Holds, Layout, Listing, Meaning, More, SET_STEPS, Service,
    ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneReader,
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
        throttled: "wait, or call it less often; NS1 says the limits of a key in its account",
        ..Advice::USUAL
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

/// The name is what paths have.
const ZONE: ZoneLayout = ZoneLayout { other_id: "id", ..ZoneLayout::of("zone", "zone") };
/// A record set as it is read.
const SET: Layout = Layout::of(&[
    ("domain", Holds::WholeName),
    ("type", Holds::Type),
    ("short_answers", Holds::Values),
    ("ttl", Holds::Ttl),
]);

/// The provider for the zones of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key, or the endpoint is no URL.
pub fn provider(args: &Ns1Args, context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let key = context.environment.required("NS1_APIKEY", "an API key of NS1")?;
    let context = context.trusting_any(args.ns1_ignoressl);
    let flag = Some(args.ns1_endpoint.as_str()).filter(|base| !base.is_empty());
    let base = flag.or(context.environment.get("NS1_API_URL"));
    let rest = context.rest(&SERVICE, base, Auth::header("x-nsone-key", key))?;
    Ok(context.account(rest, capabilities(args)).stepped(Ns1))
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
        mutating_operations: SET_STEPS,
        ..form(args).capabilities("ns1")
    }
}

struct Ns1(Account);

#[async_trait]
impl ZoneReader for Ns1 {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.list_zones(via, self.0.rest.get(&["zones"]), &ZONES, &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["zones", &zone.id]);
        // One that is linked to another has no values of its own.
        let own = |item: &Value| item["link"].is_null();
        self.0.list_some(via, zone, first, &RECORDS, &SET, own).await
    }
}

#[async_trait]
impl RecordWriter for Ns1 {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let (rest, form, set) = (&self.0.rest, self.0.form(), step.set());
        let (domain, rtype) = (set.name.key(), set.rtype.to_string());
        let path = ["zones", &zone.id, &domain, &rtype];
        let place = [("zone", &*zone.id), ("domain", &domain), ("type", &rtype)];
        let request = match &step.action {
            Action::Create(_) => rest.put(&path).json(&written(form, set, &place))?,
            Action::Update { .. } => rest.post(&path).json(&written(form, set, &[]))?,
            Action::Delete(_) => rest.delete(&path),
        };
        rest.step_of_set(via, step, &request).await.map(drop)
    }
}

/// What is sent of a set. What is new names its place too.
fn written(form: &Form, set: &RecordSet, place: &[(&'static str, &str)]) -> Body {
    let answer = |value: String| match set.rtype {
        RecordType::Mx | RecordType::Srv => {
            json!({ "answer": value.split(' ').collect::<Vec<_>>() })
        }
        _ => json!({ "answer": [value] }),
    };
    let answers = set.targets.iter().map(|it| answer(form.value(set.rtype, it)));
    let place = place.iter().fold(Body::default(), |body, (name, value)| body.with(name, *value));
    place.with("ttl", form.ttl(set.ttl)).with("answers", answers.collect::<Value>())
}
