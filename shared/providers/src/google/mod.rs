//! Google Cloud DNS: `google`.
//!
//! * API: <https://cloud.google.com/dns/docs/reference/rest/v1/changes>; record sets, a change is one call and is
//!   made whole or not at all.
//! * Authentication: application default credentials ([`GoogleIdentity`]), with `roles/dns.admin` on the project.
//!   `CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS` names another server, as it does for `gcloud`.
//! * Limits: 1,000 additions, 1,000 deletions and 100,000 bytes of values in a change; 10,000 record sets in a zone
//!   and 100 values in a set, unless the project has other quotas. It names no budget of calls.
//! * Quirks: names are absolute with a final dot, so is every host in a value. Text must be quoted. A set with a routing
//!   policy is listed without values: such names are left alone.
//! * Changed meanwhile: a deletion that is not exactly what is there refuses the whole change.
//! * Record types: the known ones.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod rrset;
#[cfg(test)]
mod tests;
mod zones;

use std::collections::BTreeSet;

use async_trait::async_trait;
use extdns_auth::{GoogleIdentity, GoogleVariables};
use extdns_model::{
    Change, ChangeGroup, Record, RecordSet, RecordType, Stored, Surroundings, Zone, ZoneIndex,
    property_names::ALIAS,
};

use crate::engine::wire::{Dots, Form, Ttls};
use crate::engine::{Noted, batched};
use crate::rest::{Auth, Listing, Meaning, More, Rest, Service};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Conditions, Context, Cost,
    ErrorKind, Page, PageFrom, Provider, ProviderError, Stores, Transport, TxtQuoting, Updates,
    ZoneFilter, ZoneReader,
};
pub use args::GoogleArgs;
use rrset::{Changes, Rrset};
use zones::ListedZone;

const TOO_SOON: ErrorKind = ErrorKind::Throttled { retry_after: None };

const SERVICE: Service = Service {
    texts: &[
        "/error/message",
        "/error/errors/0/reason",
        "/error/errors/1/message",
        "/error/errors/2/message",
    ],
    meanings: &[
        Meaning { status: 403, text: "ratelimit", kind: TOO_SOON },
        Meaning { status: 403, text: "per minute", kind: TOO_SOON },
        Meaning { status: 403, text: "quotaexceeded", kind: ErrorKind::Quota },
        // A deletion of what is not there, and one of what is not so.
        Meaning { status: 404, text: "entity.change", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 412, text: "", kind: ErrorKind::Conflict(Vec::new()) },
    ],
    rights: "give the account roles/dns.admin on the project, and check --google-project",
    most_of_answer: 64 << 20,
    ..Service::new("Google Cloud DNS", "https://dns.googleapis.com/dns/v1/projects")
};

const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(300) };

const ZONES: Listing = Listing {
    or_empty: "/kind",
    next: More::Token("/nextPageToken", "pageToken"),
    ..Listing::at("/managedZones")
};
const RECORDS: Listing = Listing { items: "/rrsets", ..ZONES };

const CHANGE: &str = "change record sets";
const SCOPES: &[&str] = &["https://www.googleapis.com/auth/ndev.clouddns.readwrite"];

/// Why nothing of a name with a routing policy is written.
const ROUTED: &str = "the name has a record set with a routing policy, which is never touched; delete \
                      that one first";

/// Most additions and deletions of a call that are sent, and most bytes of their values.
const LIMITS: BatchLimits = BatchLimits { changes: 1000, values: usize::MAX, bytes: 100_000 };

/// The provider for the zones of the project. The metadata server is asked for the project if there is no flag.
///
/// # Errors
/// When a file of credentials cannot be used, or no project is known.
pub async fn provider(
    args: &GoogleArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let variables = GoogleVariables::of(context.environment.variables());
    let google = GoogleIdentity::find(variables, SCOPES, &context.http)
        .map_err(|error| ProviderError::config(error.to_string()))?;
    let project = google.project("--google-project", &args.google_project).await;
    let project = project.map_err(|error| ProviderError::config(error.to_string()))?;
    let base = context.environment.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS");
    let base = base.map(|base| format!("{}/dns/v1/projects", base.trim_end_matches('/')));
    let quota = google.quota_project().map(ToOwned::to_owned);
    let rest = context
        .rest(&SERVICE, base.as_deref(), Auth::tokens(google))?
        .always_header("x-goog-user-project", quota.as_deref())?;
    Ok(over(rest, project, args, context.zones.clone()))
}

fn over(
    rest: Rest,
    project: String,
    args: &GoogleArgs,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let rest = rest.always("prettyPrint", Some("false"));
    let capabilities = capabilities(args);
    let via = rest.transport(&capabilities);
    let filter = filter.of_kind(args.google_zone_visibility);
    let all_of_domain = args.google_split_horizon;
    let routed = Noted::default();
    batched(Google { rest, project, capabilities, filter, all_of_domain, routed }, via)
}

fn capabilities(args: &GoogleArgs) -> Capabilities {
    let most = Some(args.google_batch_change_size).filter(|most| *most > 0);
    let changes = most.map_or(LIMITS.changes, |most| most.min(LIMITS.changes));
    Capabilities {
        record_types: &RecordType::KNOWN,
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::Whole,
        conditions: Conditions::Api,
        batch_limits: BatchLimits { changes, ..LIMITS },
        batch_pause: args.google_batch_change_interval,
        parallel_zones: 4,
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("google")
    }
}

struct Google {
    rest: Rest,
    project: String,
    capabilities: Capabilities,
    filter: ZoneFilter,
    /// Whether all zones of a domain have its records.
    all_of_domain: bool,
    /// The names that have a routing policy.
    routed: Noted<BTreeSet<String>>,
}

#[async_trait]
impl ZoneReader for Google {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn accounts(&self) -> Option<String> {
        Some(self.project.clone())
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.rest.get(&[&self.project, "managedZones"]);
        let listed: Vec<ListedZone> = self.rest.list(via, "list zones", first, &ZONES).await?;
        let zones = listed.into_iter().filter_map(ListedZone::zone).collect();
        Ok(zones::select(&self.filter, zones, self.all_of_domain))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&[&self.project, "managedZones", &zone.id, "rrsets"]);
        let sets: Vec<Rrset> = self.rest.list(via, "list record sets", first, &RECORDS).await?;
        let routed: BTreeSet<String> = sets.iter().filter_map(Rrset::routed).collect();
        if !routed.is_empty() {
            let (count, some) = (routed.len(), routed.iter().take(10).collect::<Vec<_>>());
            tracing::warn!(
                "zone {zone}: {count} names have a routing policy and are left alone: {some:?}"
            );
        }
        let mut records: Vec<Record> = sets.into_iter().filter_map(Rrset::record).collect();
        records.retain(|record| !routed.contains(record.set.name.key().as_ref()));
        self.routed.note(zone, routed);
        Ok(Page { records, next: None })
    }

    /// No property is stored.
    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let mut desired = FORM.wanted(desired);
        for endpoint in &mut desired.endpoints {
            if !endpoint.set.properties().is_empty() {
                endpoint.set.edit_properties(|own| own.retain(|it| it.name == ALIAS));
            }
        }
        desired
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        let is_routed = self.routed.of(around.zone, |own| own.contains(set.name.key().as_ref()));
        (is_routed == Some(true)).then(|| ROUTED.to_owned())
    }
}

#[async_trait]
impl BatchWriter for Google {
    fn cost(&self, change: &Change) -> Cost {
        Changes::cost(&change.action)
    }

    fn cost_of_requirement(&self, own: &Stored) -> Cost {
        let own = Rrset::stored(own).cost();
        own + own
    }

    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let changes = Changes::of(groups);
        let path = [self.project.as_str(), "managedZones", &zone.id, "changes"];
        let request = self.rest.post(&path).json(&changes)?;
        let answer = self.rest.send(via, CHANGE, &request).await;
        answer.map(drop).map_err(|error| changes.blame(error))
    }
}
