//! Cloudflare DNS: `cloudflare`.
//!
//! * API: <https://developers.cloudflare.com/api/resources/dns/subresources/records/>; single values
//!   with ids. A batch is one call and is applied whole or not at all; one change alone is a call of its own.
//! * Credentials, rights and limits: `page.md`.
//! * Quirks: MX and SRV have fields of their own. The TTL of a proxied record is always automatic. Text
//!   may come back in quotes that it was sent without, so it is compared without.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.

mod args;
mod beside;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod keys;
mod properties;
mod record;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    Action, Change, ChangeGroup, RecordSet, RecordType, Surroundings, Ttl, Zone, ZoneIndex,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::batched;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Advice, Auth, Listing, Meaning, More, Request, Rest, Service, origin};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batches, Batching, Capabilities, Context, ErrorKind, Page,
    PageFrom, Provider, ProviderError, RateLimit, Stores, Transport, TxtQuoting, Updates,
    ZoneFilter, ZoneReader,
};
pub use args::CloudflareArgs;
use record::{Entry, ListedZone, Plan};

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
    advice: Advice {
        zone_gone: "check --zone-id-filter, and that the credentials see the zone",
        rejected: "correct the target, TTL, comment or tags of the record",
        throttled: "Cloudflare takes 1,200 calls in five minutes of one user: wait, or call it less often",
        ..Advice::USUAL
    },
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

const LISTING: Listing = Listing {
    next: More::Numbered("/result_info/page", "/result_info/total_pages", "page"),
    total: "/result_info/total_count",
    ..Listing::at("/result")
};

const TYPES: &[RecordType] = {
    use RecordType::{A, Aaaa, Cname, Dname, Mx, Ns, Ptr, Srv, Txt};
    &[A, Aaaa, Cname, Dname, Mx, Ns, Ptr, Srv, Txt]
};

/// Changes of a batch where no flag says another number; every plan takes as many.
const BATCH: NonZeroUsize = NonZeroUsize::new(200).expect("not zero");

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
    let variables = &context.environment;
    let token = variables.credential(["CF_API_TOKEN", "CLOUDFLARE_API_TOKEN"])?;
    let key = variables.first(["CF_API_KEY", "CLOUDFLARE_API_KEY"]);
    let email = variables.first(["CF_API_EMAIL", "CLOUDFLARE_EMAIL"]);
    let (auth, email) = match (token, key, email) {
        (Some(token), ..) => (Auth::bearer(&token), None),
        (None, Some(key), Some(_)) => (Auth::header("x-auth-key", key), email),
        _ => return Err(variables.nothing_in("cloudflare", CREDENTIALS)),
    };
    let rest = context.rest(&SERVICE, variables.get("CLOUDFLARE_BASE_URL"), auth)?;
    let rest = rest.always_header("x-auth-email", email)?;
    let batches = Batches { changes: context.batches.changes.or(Some(BATCH)), ..context.batches };
    let capabilities = batches.within(capabilities());
    let via = rest.transport(&capabilities);
    let (args, filter) = (args.clone(), context.zones.clone());
    Ok(batched(Cloudflare { rest, args, capabilities, filter }, via))
}

const CREDENTIALS: &[(&[&str], &str)] = &[
    (
        &["CF_API_TOKEN"],
        "set it to a token with the rights Zone Read and DNS Edit, or to file: and the path of a file with one",
    ),
    (&["CF_API_KEY", "CF_API_EMAIL"], "set both to the global key and the mail address of a user"),
];

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Values(Updates::SameValue),
        batches: Batching::Whole,
        batch_limits: BatchLimits::changes(Plan::PAID.batch),
        batch_pause: Duration::from_secs(1),
        parallel_zones: 4,
        rate_limit: Some(RateLimit::new(3, 300)),
        // A record whose endpoint has no TTL keeps the one that it has.
        default_ttl: Ttl::UNSET,
        mutating_operations: &[CHANGE, beside::CUSTOM.change, beside::REGIONAL.change],
        ..FORM.capabilities("cloudflare")
    }
}

struct Cloudflare {
    rest: Rest,
    args: CloudflareArgs,
    capabilities: Capabilities,
    filter: ZoneFilter,
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
            let answer = self.rest.send(via, "read zone", &self.rest.get(&["zones", id])).await?;
            zones.push(answer.member::<ListedZone>("/result")?.zone());
        }
        if !zones.is_empty() {
            return Ok(zones);
        }
        let first = self.rest.get(&["zones"]).query("per_page", 50);
        let listed: Vec<ListedZone> = self.rest.list(via, "list zones", first, &LISTING).await?;
        Ok(self.filter.select(listed.iter().map(ListedZone::zone).collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&["zones", &zone.id, "dns_records"]);
        let size = Some(self.args.cloudflare_dns_records_per_page).filter(|size| *size > 0);
        let first = first.queries(size.map(|size| ("per_page", size)));
        let mut listed: Vec<Entry> = self.rest.list(via, "list records", first, &LISTING).await?;
        listed.sort_by(|left, right| left.id.cmp(&right.id));
        let mut records: Vec<_> = listed.iter().filter_map(Entry::record).collect();
        for (kind, _) in beside::kinds(&self.args) {
            kind.note(&self.rest, via, &["zones", &zone.id], &mut records).await?;
        }
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, zones: &ZoneIndex) -> Adjusted {
        properties::adjust(&self.args, desired, zones)
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        beside::REGIONAL.conflict(set, around.beside)
    }
}

#[async_trait]
impl BatchWriter for Cloudflare {
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
        let request = self.request(&["zones", &zone.id, "dns_records"], &changes)?;
        self.rest.send(via, CHANGE, &request).await.map(drop)
    }

    async fn accompany(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Vec<Option<ProviderError>> {
        let mut failures = vec![None; groups.len()];
        for (kind, more) in beside::kinds(&self.args) {
            let to = (&self.rest, via, &["zones", zone.id.as_str()][..]);
            kind.write(to, groups, &more, &mut failures).await;
        }
        failures
    }
}

/// Changes of one call. The service makes deletes first, then what is replaced, then what is new.
#[derive(Serialize, Default)]
struct Batch {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deletes: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    puts: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    posts: Vec<Entry>,
}

impl Cloudflare {
    /// The request for these changes below the records of a zone: of one alone, or a batch.
    fn request(&self, records: &[&str], changes: &[&Change]) -> Result<Request, ProviderError> {
        let below = |last| [records, &[last]].concat();
        let id = |old| origin::<String>(old).map(String::as_str);
        if let [one] = changes {
            return match &one.action {
                Action::Create(new) => self.rest.post(records).json(&Entry::of(new, None)),
                Action::Update { old, new } => {
                    self.rest.put(&below(id(old)?)).json(&Entry::of(new, None))
                }
                Action::Delete(old) => Ok(self.rest.delete(&below(id(old)?))),
            };
        }
        let mut batch = Batch::default();
        for change in changes {
            match &change.action {
                Action::Delete(old) => batch.deletes.push(json!({ "id": id(old)? })),
                Action::Update { old, new } => batch.puts.push(Entry::of(new, Some(id(old)?))),
                Action::Create(new) => batch.posts.push(Entry::of(new, None)),
            }
        }
        self.rest.post(&below("batch")).json(&batch)
    }
}
