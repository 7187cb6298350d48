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
use extdns_model::{ChangeGroup, RecordSet, RecordType, Stored, Zone};
use reqwest::Method;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::engine::{sets_of, single_values};
use crate::rest::{
    Account, Advice, Body, CONFLICT, Holds, Layout, Listing, Meaning, More, Request,
    SET_OPERATIONS, Service, ZoneLayout,
};
use crate::{
    BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom, Provider,
    ProviderError, RateLimit, Stores, Transport, TxtQuoting, Updates, ZoneReader,
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
        throttled: "GoDaddy takes 60 calls a minute: wait, or call it less often",
        ..Advice::USUAL
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

const DOMAIN: ZoneLayout = ZoneLayout::of("domain", "domain");
/// One value of a set. The path of a set that changes has its name and type.
const VALUE: Layout = Layout {
    fixed: &["name", "type"],
    apex_value: true,
    ..Layout::of(&[
        ("data", Holds::Value),
        ("name", Holds::Name),
        ("ttl", Holds::Ttl),
        ("type", Holds::Type),
        ("priority", Holds::Preference),
    ])
};

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
    Ok(context.account(rest, capabilities).batched(Godaddy))
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

struct Godaddy(Account);

#[async_trait]
impl ZoneReader for Godaddy {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.0.rest.get(&["domains"]).query("statuses", "ACTIVE,PENDING_DNS_ACTIVE");
        self.0.list_zones(via, first, &DOMAINS, &DOMAIN).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.0.rest.get(&["domains", &zone.id, "records"]);
        let values = self.0.list_records(via, zone, first, &RECORDS, &VALUE).await?;
        Ok(Page { records: sets_of(values.records), next: None })
    }
}

impl Godaddy {
    /// A request for a set. The name in its path is never empty: that of the apex is a sign of its own.
    fn at(&self, method: Method, zone: &Zone, old: &Stored) -> Request {
        let (name, rtype) = (FORM.name(&old.set.name, zone), old.set.rtype.to_string());
        self.0.rest.request(method, &["domains", &zone.id, "records", &rtype, &name])
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
        let form = self.0.form();
        let changed = |set: &RecordSet| -> Vec<Body> {
            single_values(set).map(|value| VALUE.changed(form, zone, &value)).collect()
        };
        let added = |sets: &[&RecordSet]| -> Vec<Body> {
            let values = sets.iter().flat_map(|set| single_values(set));
            values.map(|value| VALUE.body(form, zone, &value)).collect()
        };
        let at = |method, old: &Stored| self.at(method, zone, old);
        let add = self.0.rest.patch(&["domains", &zone.id, "records"]);
        self.0.rest.set_by_set(via, groups, (at, changed), (add, added)).await
    }
}
