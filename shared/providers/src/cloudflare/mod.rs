//! Cloudflare DNS: `cloudflare`.
//!
//! * API: <https://developers.cloudflare.com/api/resources/dns/subresources/records/>; single values
//!   with ids. A batch is one call and is applied whole or not at all; one change alone is a call of its own.
//! * Authentication: a token in `CF_API_TOKEN` (or `file:` and the path of a file with one) with the
//!   rights Zone Read and DNS Edit; or a key and a mail address in `CF_API_KEY` and `CF_API_EMAIL`. The
//!   variable `CLOUDFLARE_BASE_URL` names another base URL.
//! * Limits: 1,200 calls in five minutes; pages of at most 5,000 records; batches of 200 changes on the
//!   Free plan and 3,500 on others; TTLs of 60 seconds (30 on Enterprise) to a day, and 1 for automatic.
//! * Quirks: MX and SRV have fields of their own. The TTL of a proxied record is always automatic. Text
//!   may come back in quotes that it was sent without, so it is compared without.
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what
//!   changes between that and the write is overwritten.
//! * Record types: A, AAAA, CNAME, DNAME, MX, NS, PTR, SRV, TXT.

mod args;
mod beside;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod login;
mod properties;
mod record;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{
    Action, Change, ChangeGroup, RecordSet, RecordType, Stored, Surroundings, Ttl, Zone, ZoneIndex,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::batched;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Meaning, Next, Part, Request, Rest, Service, origin};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, Cost, ErrorKind, Page,
    PageFrom, Provider, ProviderError, RateLimit, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};
pub use args::CloudflareArgs;
use beside::Beside;
use record::{Listed, ListedZone, Plan, Written};

const SERVICE: Service = Service {
    texts: &["/errors/0/code", "/errors/0/message", "/errors/0/error_chain/0/message"],
    meanings: &[
        Meaning { status: 400, text: "already exist", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 400, text: "quota", kind: ErrorKind::Quota },
        Meaning { status: 400, text: "invalid request headers", kind: ErrorKind::Unauthorised },
        Meaning { status: 0, text: "record does not exist", kind: ErrorKind::RecordGone },
        Meaning { status: 0, text: "rate limit", kind: ErrorKind::Throttled { retry_after: None } },
    ],
    rights: "check that the token in CF_API_TOKEN is valid and has the rights Zone Read and DNS Edit \
             for the zone, or that CF_API_KEY and CF_API_EMAIL belong together",
    most_of_answer: 64 << 20,
    ..Service::new("Cloudflare", "https://api.cloudflare.com/client/v4")
};

/// The TTL 1 means automatic. The least of the others depends on the plan of the zone.
const FORM: Form = Form {
    apex: "",
    dots: Dots::None,
    txt: TxtQuoting::Bare,
    ttls: Ttls::from(1).within(1, 86_400),
};

const TYPES: &[RecordType] = &[
    RecordType::A,
    RecordType::Aaaa,
    RecordType::Cname,
    RecordType::Dname,
    RecordType::Mx,
    RecordType::Ns,
    RecordType::Ptr,
    RecordType::Srv,
    RecordType::Txt,
];

const CHANGE: &str = "change records";

/// The provider for the zones of the credentials. Nothing is sent yet.
///
/// # Errors
/// When there are no credentials.
pub fn provider(
    args: &CloudflareArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    if args.cloudflare_zones_per_page != 50 {
        tracing::warn!("--cloudflare-zones-per-page is ignored: zones are listed in pages of 50");
    }
    let base = context.environment.get("CLOUDFLARE_BASE_URL");
    let rest = context.rest(&SERVICE, base, login::auth(&context.environment)?)?;
    let capabilities = context.batches.within(capabilities());
    Ok(over(rest, args.clone(), capabilities, context.zones.clone()))
}

fn over(
    rest: Rest,
    args: CloudflareArgs,
    capabilities: Capabilities,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    batched(Cloudflare { rest, args, capabilities, filter, beside: Mutex::default() }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        batches: Batching::Whole,
        batch_limits: BatchLimits::changes(Plan::PAID.batch),
        batch_pause: Duration::from_secs(1),
        parallel_zones: 4,
        rate_limit: Some(RateLimit::new(3, 300)),
        // A record whose endpoint has no TTL keeps the one that it has.
        default_ttl: Ttl::UNSET,
        mutating_operations: &[CHANGE, beside::CUSTOM, beside::REGIONAL],
        ..FORM.capabilities("cloudflare")
    }
}

struct Cloudflare {
    rest: Rest,
    args: CloudflareArgs,
    capabilities: Capabilities,
    filter: ZoneFilter,
    /// What was read beside the records, by the ids of zones.
    beside: Mutex<HashMap<EcoString, Beside>>,
}

#[async_trait]
impl ZoneReader for Cloudflare {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Zones that are named by their ids need no right to list others, and no domain filter.
    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let mut zones = Vec::new();
        for id in self.filter.ids() {
            let request = self.rest.get(&["zones", id]);
            let answer = self.send(via, "read zone", &request).await?;
            zones.push(answer.json::<Envelope<ListedZone>>()?.result.zone());
        }
        if !zones.is_empty() {
            return Ok(zones);
        }
        let first = self.rest.get(&["zones"]).query("per_page", 50);
        let listed: Vec<ListedZone> = self.list(via, "list zones", first).await?;
        Ok(self.filter.select(listed.iter().map(ListedZone::zone).collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["zones", &zone.id, "dns_records"]);
        let first = match self.args.cloudflare_dns_records_per_page {
            0 => first,
            size => first.query("per_page", size),
        };
        let mut listed: Vec<Listed> = self.list(via, "list records", first).await?;
        listed.sort_by(|left, right| left.id.cmp(&right.id));
        let mut records: Vec<_> = listed.iter().filter_map(Listed::record).collect();
        let beside = self.read_beside(via, zone, &mut records).await?;
        self.known().insert(zone.id.clone(), beside);
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, zones: &ZoneIndex) -> Adjusted {
        properties::adjust(&self.args, desired, zones)
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        beside::conflict(set, around.beside)
    }
}

impl Cloudflare {
    fn known(&self) -> MutexGuard<'_, HashMap<EcoString, Beside>> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn list<T: DeserializeOwned>(
        &self,
        via: &Transport,
        operation: &'static str,
        first: Request,
    ) -> Result<Vec<T>, ProviderError> {
        let walk = self.rest.walk(via, operation, first, |answer, before| {
            let Envelope { result, result_info } = answer.json::<Envelope<Vec<T>>>()?;
            let ResultInfo { page, total_pages, total_count } = result_info.unwrap_or_default();
            let read = u64::try_from(before + result.len()).unwrap_or(u64::MAX);
            let more = match (page, total_pages) {
                (Some(page), Some(pages)) => page < pages,
                _ => !result.is_empty() && total_count.is_some_and(|total| read < total),
            };
            let next = if more { Next::Page("page") } else { Next::End };
            Ok(Part { items: result, next, total: total_count })
        });
        walk.await.map_err(advise)
    }

    async fn send(
        &self,
        via: &Transport,
        operation: &'static str,
        request: &Request,
    ) -> Result<crate::rest::Answer, ProviderError> {
        self.rest.send(via, operation, request).await.map_err(advise)
    }
}

#[async_trait]
impl BatchWriter for Cloudflare {
    fn cost(&self, _: &Change) -> Cost {
        Cost { changes: 1, values: 1, bytes: 0 }
    }

    fn limits(&self, zone: &Zone) -> BatchLimits {
        BatchLimits::changes(Plan::of(zone).batch)
    }

    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let changes: Vec<&Change> = groups.iter().flat_map(|group| &group.changes).collect();
        let request = match changes[..] {
            [one] => self.single(zone, one)?,
            _ => self.batch(zone, &changes)?,
        };
        Self::send(self, via, CHANGE, &request).await.map(drop)
    }

    async fn accompany(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Vec<Option<ProviderError>> {
        self.write_beside(via, zone, groups).await
    }
}

/// Changes of one call. The service makes deletes first, then what is replaced, then what is new.
#[derive(Serialize, Default)]
struct Batch {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deletes: Vec<Deleted>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    puts: Vec<Written>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    posts: Vec<Written>,
}

#[derive(Serialize)]
struct Deleted {
    id: String,
}

impl Cloudflare {
    fn single(&self, zone: &Zone, change: &Change) -> Result<Request, ProviderError> {
        let records = ["zones", &zone.id, "dns_records"];
        let [zones, zone, own] = records;
        match &change.action {
            Action::Create(new) => self.rest.post(&records).json(&Written::of(new)),
            Action::Update { old, new } => {
                self.rest.put(&[zones, zone, own, id(old)?]).json(&Written::of(new))
            }
            Action::Delete(old) => Ok(self.rest.delete(&[zones, zone, own, id(old)?])),
        }
    }

    fn batch(&self, zone: &Zone, changes: &[&Change]) -> Result<Request, ProviderError> {
        let mut batch = Batch::default();
        for change in changes {
            match &change.action {
                Action::Delete(old) => batch.deletes.push(Deleted { id: id(old)?.clone() }),
                Action::Update { old, new } => {
                    batch.puts.push(Written::of(new).in_place_of(id(old)?));
                }
                Action::Create(new) => batch.posts.push(Written::of(new)),
            }
        }
        self.rest.post(&["zones", &zone.id, "dns_records", "batch"]).json(&batch)
    }
}

fn id(old: &Stored) -> Result<&String, ProviderError> {
    origin(old)
}

/// What is around every answer.
#[derive(Deserialize)]
struct Envelope<T> {
    result: T,
    result_info: Option<ResultInfo>,
}

#[derive(Deserialize, Default)]
struct ResultInfo {
    page: Option<u64>,
    total_pages: Option<u64>,
    total_count: Option<u64>,
}

/// With what the user can do, where the kind of failure says it.
fn advise(mut error: ProviderError) -> ProviderError {
    error.message.push_str(match error.kind {
        ErrorKind::ZoneGone => "; check --zone-id-filter, and that the credentials see the zone",
        ErrorKind::Conflict(_) => "; delete or rename the record that is in the way",
        ErrorKind::Rejected(_) => "; correct the target, TTL, comment or tags of the record",
        ErrorKind::Throttled { .. } => {
            "; Cloudflare takes 1,200 calls in five minutes of one user: wait, or call it less often"
        }
        _ => "",
    });
    error
}
