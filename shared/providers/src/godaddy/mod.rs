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
use extdns_model::{
    ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Stored, Ttl, Zone, ZoneIndex,
};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::engine::wire::{Dots, Form, Ttls};
use crate::engine::{ByKind, batched};
use crate::rest::{Advice, Meaning, Next, Part, Request, Rest, Service};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, ErrorKind, Page, PageFrom,
    Provider, ProviderError, RateLimit, Stores, Transport, TxtQuoting, Updates, ZoneFilter,
    ZoneReader,
};
pub use args::GodaddyArgs;

const SERVICE: Service = Service {
    texts: &["/code", "/message", "/fields"],
    meanings: &[
        Meaning { status: 0, text: "duplicate", kind: ErrorKind::Conflict(Vec::new()) },
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

/// Domains per page.
const DOMAINS: usize = 1000;
/// Records per page.
const RECORDS: usize = 500;
const ADD: &str = "add records";
const REPLACE: &str = "replace record set";
const DELETE: &str = "delete record set";

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
        mutating_operations: &[ADD, REPLACE, DELETE],
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
        let first = first.query("limit", DOMAINS);
        let domains = self.rest.walk(via, "list domains", first, |answer, _| {
            let items: Vec<Domain> = answer.json()?;
            let last = items.last().filter(|_| items.len() == DOMAINS);
            let next = last.map_or(Next::End, |it| Next::Token("marker", it.domain.clone()));
            Ok(Part { items, next, total: None })
        });
        let domains = domains.await?;
        let zones =
            domains.iter().map(|it| Zone::new(it.domain.as_str(), Name::as_listed(&it.domain)));
        Ok(self.filter.select(zones.collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["domains", &zone.id, "records"]).query("limit", RECORDS);
        let entries = self.rest.walk(via, "list records", first, |answer, _| {
            let items: Vec<Entry> = answer.json()?;
            // More than were asked for are all of them.
            let next = if items.len() == RECORDS { Next::Offset("offset") } else { Next::End };
            Ok(Part { items, next, total: None })
        });
        Ok(Page { records: self.sets(&entries.await?, zone), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        self.form.wanted(desired)
    }
}

impl Godaddy {
    /// The record sets of these values, in the order in which they come.
    fn sets(&self, entries: &[Entry], zone: &Zone) -> Vec<Record> {
        let mut sets: Vec<RecordSet> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for entry in entries {
            let known = |it: &&RecordType| it.known_text() == Some(entry.rtype.as_str());
            let Some(rtype) = TYPES.iter().copied().find(|it| known(&it)) else { continue };
            let data = match (rtype, entry.data.as_str()) {
                (RecordType::Cname | RecordType::Ns, "@") => zone.name.as_str(),
                (_, data) => data,
            };
            let at = *places.entry((&entry.name, rtype)).or_insert_with(|| {
                let name = self.form.whole_name(&entry.name, zone);
                let ttl = Ttl::from_seconds(entry.ttl.into());
                sets.push(RecordSet::new(name, rtype, ttl, Default::default()));
                sets.len() - 1
            });
            sets[at].targets.push(self.form.mx_joined(rtype, entry.priority, data));
        }
        sets.into_iter().map(|set| Record::new(set, Opaque::none())).collect()
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
    /// What goes comes first, so that a name can change its type: a CNAME excludes every other record.
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let ByKind { added, changed, gone } = ByKind::of(groups);
        for old in gone {
            self.rest.remove(via, DELETE, &self.at(Method::DELETE, zone, old)).await?;
        }
        for (old, new) in changed {
            let values: Vec<Value> = self.entries(&new.set, zone).map(Value::from).collect();
            let request = self.at(Method::PUT, zone, old).json(&values)?;
            self.rest.send(via, REPLACE, &request).await?;
        }
        let added: Vec<Entry> = added.iter().flat_map(|set| self.entries(set, zone)).collect();
        if added.is_empty() {
            return Ok(());
        }
        let request = self.rest.patch(&["domains", &zone.id, "records"]).json(&added)?;
        self.rest.send(via, ADD, &request).await.map(drop)
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
    name: String,
    #[serde(default)]
    ttl: u32,
    #[serde(rename = "type")]
    rtype: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
}

/// A value in a set that is replaced, whose path has the rest.
#[derive(Serialize)]
struct Value {
    data: String,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
}

impl From<Entry> for Value {
    fn from(Entry { data, ttl, priority, .. }: Entry) -> Self {
        Self { data, ttl, priority }
    }
}
