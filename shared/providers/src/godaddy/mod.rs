//! GoDaddy: `godaddy`.
//!
//! * API: <https://developer.godaddy.com/doc/endpoint/domains>; record sets, known by name and type. What is new goes into one
//!   call for all; a set that changes or goes is a call of its own.
//! * Authentication: `--godaddy-api-key` and `--godaddy-api-secret`. `--godaddy-api-ote` calls the test environment.
//! * Limits: 60 calls a minute; TTLs of at least 600 seconds. Accounts with few domains may not use the API at all.
//! * Quirks: what is added joins what is there. The apex is `@`: a path without a name would change all sets of a type. The
//!   value `@` is the zone itself. Text has quotes in some accounts and none in others, so it is compared and sent without.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, TXT. SRV is left alone: the sets of all services of a name are one in this API, so
//!   that a change of one would replace the others.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Name, Record, RecordSet, RecordType, Stored, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::wire::{Dots, Form, Ttls, type_of};
use crate::engine::{batched, sets_of};
use crate::rest::{
    Advice, CONFLICT, Listing, Meaning, More, Request, Rest, SET_OPERATIONS, Service,
};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, RateLimit, Stores, Transport, TxtQuoting, Updates, ZoneFilter,
    ZoneReader,
};
pub use args::GodaddyArgs;

const SERVICE: Service = Service {
    texts: &["/code", "/message", "/fields"],
    meanings: &[
        Meaning::of("duplicate", CONFLICT),
        Meaning { status: 404, text: "unknown_domain", kind: ErrorKind::ZoneGone },
        Meaning { status: 422, text: "too_many_records", kind: ErrorKind::Quota },
    ],
    rights: "check --godaddy-api-key, --godaddy-api-secret and --godaddy-api-ote; GoDaddy also denies its API to accounts \
             with few domains",
    advice: Advice {
        zone_gone: "check that the account has the domain, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "GoDaddy takes 60 calls a minute: wait, or call it less often",
    },
    ..Service::new("GoDaddy", "https://api.godaddy.com/v1")
};

/// The test environment.
const OTE: &str = "https://api.ote-godaddy.com/v1";

const FORM: Form = Form {
    apex: "@",
    dots: Dots::None,
    txt: TxtQuoting::Bare,
    ttls: Ttls::from(600).within(600, 604_800),
};

const TYPES: &[RecordType] = {
    use RecordType::{A, Aaaa, Cname, Mx, Ns, Txt};
    &[A, Aaaa, Cname, Mx, Ns, Txt]
};

/// A full page has another behind it. Records that are more than were asked for are all of them.
const DOMAINS: Listing =
    Listing { next: More::Behind("/domain", "marker"), size: ("limit", 1000), ..Listing::at("") };
const RECORDS: Listing =
    Listing { next: More::Full("offset"), size: ("limit", 500), ..Listing::at("") };

/// The provider for the account of the key. Nothing is sent yet.
///
/// # Errors
/// When there is no key or no secret.
pub fn provider(
    args: &GodaddyArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let auth = args.auth()?;
    let own = args.godaddy_api_ote.then_some(OTE);
    let base = context.environment.get("GODADDY_API_URL").or(own);
    let rest = context.rest(&SERVICE, base, auth)?;
    let capabilities = context.batches.within(capabilities(args));
    Ok(over(rest, args, capabilities, context.zones.clone()))
}

fn over(
    rest: Rest,
    args: &GodaddyArgs,
    capabilities: Capabilities,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    batched(Godaddy { rest, form: form(args), capabilities, filter }, via)
}

/// How records are written where the flag gives those without a TTL one.
fn form(args: &GodaddyArgs) -> Form {
    Form { ttls: Ttls { default: args.godaddy_api_ttl.max(600), ..FORM.ttls }, ..FORM }
}

fn capabilities(args: &GodaddyArgs) -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::InPart,
        batch_limits: BatchLimits::changes(100),
        page_size: Some(500),
        parallel_zones: 2,
        rate_limit: Some(RateLimit::new(1, 60)),
        mutating_operations: SET_OPERATIONS,
        ..form(args).capabilities("godaddy")
    }
}

struct Godaddy {
    rest: Rest,
    form: Form,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Godaddy {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.rest.get(&["domains"]).query("statuses", "ACTIVE,PENDING_DNS_ACTIVE");
        let zone = |it: &Domain| Zone::new(it.domain.as_str(), Name::as_listed(&it.domain));
        Ok(self.filter.select(self.rest.zones(via, first, &DOMAINS, zone).await?))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["domains", &zone.id, "records"]);
        let entries: Vec<Entry> = self.rest.list(via, "list records", first, &RECORDS).await?;
        let records = sets_of(entries.iter().filter_map(|it| self.record(it, zone)));
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        self.form.wanted(desired)
    }
}

impl Godaddy {
    /// The record of one value, if its type is managed.
    fn record(&self, entry: &Entry, zone: &Zone) -> Option<Record> {
        let rtype = type_of(TYPES, &entry.rtype)?;
        let data = match (rtype, entry.data.as_str()) {
            (RecordType::Cname | RecordType::Ns, "@") => zone.name.as_str(),
            (_, data) => data,
        };
        let value = self.form.mx_joined(rtype, entry.priority, data);
        Some(self.form.record((zone, &entry.name), (rtype, Some(entry.ttl)), value, ()))
    }

    /// A request for a set. The name in its path is never empty: that of the apex is a sign of its own.
    fn at(&self, method: Method, zone: &Zone, old: &Stored) -> Request {
        let (name, rtype) = (self.form.name(&old.set.name, zone), old.set.rtype.to_string());
        self.rest.request(method, &["domains", &zone.id, "records", &rtype, &name])
    }

    /// The values of a set as they are added.
    fn entries<'s>(&'s self, set: &'s RecordSet, zone: &Zone) -> impl Iterator<Item = Entry> + 's {
        let name = self.form.name(&set.name, zone);
        let ttl = self.form.ttl(set.ttl);
        set.targets.iter().map(move |value| {
            let (priority, data) = self.form.mx_apart(set.rtype, value);
            Entry { name: name.clone(), rtype: set.rtype.to_string(), data, ttl, priority }
        })
    }
}

#[async_trait]
impl BatchWriter for Godaddy {
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let at = |method, old: &Stored| self.at(method, zone, old);
        // The path of a set has its name and type.
        let bare = |it: Entry| Entry { name: String::new(), rtype: String::new(), ..it };
        let values = |set: &RecordSet| self.entries(set, zone).map(bare).collect::<Vec<_>>();
        let all = |sets: &[&RecordSet]| {
            sets.iter().flat_map(|set| self.entries(set, zone)).collect::<Vec<_>>()
        };
        let add = self.rest.patch(&["domains", &zone.id, "records"]);
        self.rest.set_by_set(via, groups, (at, values), (add, all)).await
    }
}

#[derive(Deserialize)]
struct Domain {
    domain: String,
}

/// A value of a set, as it is read and added.
#[derive(Deserialize, Serialize)]
struct Entry {
    data: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default)]
    ttl: u32,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    rtype: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
}
