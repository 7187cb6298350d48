//! Amazon Route 53: `aws`.
//!
//! **API**: <https://docs.aws.amazon.com/Route53/latest/APIReference/>, through the AWS SDK. Zones
//! are listed once per run; record sets 300 a page; changes in atomic batches.
//!
//! **Authentication**: the SDK's default chain, for each `--aws-profile`; `--aws-assume-role` is
//! taken with what that finds ([`extdns_auth::aws_identity`]). Actions: `route53:ListHostedZones`,
//! `ListResourceRecordSets`, `ChangeResourceRecordSets`, with `--aws-zone-tags` also
//! `ListTagsForResources`. Without `ListHostedZones` the zones of `--zone-id-filter` are looked up
//! by `GetHostedZone`.
//!
//! **Limits**: 1,000 values and 32,000 bytes of values per batch; one batch
//! in process per zone; calls per account, see `--aws-requests-per-second`, and fewer while Route 53
//! answers `Throttling`. Profiles of one account share one budget. A zone of more than 20 pages is
//! read from several names at once. If Route 53 no longer knows the place of the next page, the list is begun
//! again, once. An answer that is not complete counts as no answer.
//!
//! **Conditions**: an update deletes the record set as it was read and creates the new one, a delete
//! names what was read, and an ownership record that a change relies on is deleted and created as it
//! is, all in one batch. If a record was changed in between, Route 53 refuses the batch. There is no
//! `UPSERT`, so a policy that allows `route53:ChangeResourceRecordSetsActions` must allow `CREATE` and
//! `DELETE`.
//!
//! **Quirks**: names are escaped in octal (`\052` for `*`). A delete must repeat the record set, so
//! what was read is kept for it: the alias target's zone, values with their dots. A name is written
//! to every private zone that holds it and to the longest public one; `aws/hosted-zone-id` pins it.
//! A CNAME to a load balancer of AWS becomes an A and an AAAA alias.
//!
//! **Record types**: A, AAAA, CNAME, TXT, SRV, NS, PTR, MX, NAPTR; routing policies by set
//! identifier.

mod adjust;
mod alias;
mod args;
mod body;
mod digest;
pub(crate) mod error;
mod login;
mod names;
mod read;
mod routing;
pub mod sd;
mod storable;
#[cfg(test)]
mod tests;
mod whole;
mod write;
mod zones;

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use async_trait::async_trait;
use aws_sdk_route53::types::ChangeBatch;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use extdns_model::{
    Change, ChangeGroup, DomainFilter, Name, RecordSet, RecordType, Routing, Stored, Surroundings,
    Zone, ZoneIndex,
};

pub use self::args::AwsArgs;
use self::error::Signature;
pub use self::login::{Login, provider};
use self::zones::ZoneData;
use crate::engine::{Zoned, batched};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Conditions, Context, Cost,
    ErrorKind, Page, PageFrom, Parents, ProviderError, RateLimit, Stores, Transport, Updates,
    ZoneFilter, ZoneReader,
};

/// The TTL of records that have none, and of aliases as they are read.
const TTL: i64 = 300;
/// Record sets per page.
const PAGE: i32 = 300;
/// Calls at once after a pause.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
/// Zones that are read or written at the same time; the budget of calls decides the rest.
const PARALLEL: usize = 8;
/// A zone of more pages is read from several names at once.
const MANY_PAGES: i64 = 20;
/// Where a large zone is begun beside its beginning: with ownership in TXT records half of all names
/// begin with `a-`, the others lie around `n`.
const STARTS: [&str; 3] = ["a-n", "b", "n"];
/// How often a call is made anew with another clock.
const SKEWS: u8 = 2;
const WRITE: &str = "ChangeResourceRecordSets";

const RECORD_TYPES: &[RecordType] = &[
    RecordType::A,
    RecordType::Aaaa,
    RecordType::Cname,
    RecordType::Txt,
    RecordType::Srv,
    RecordType::Ns,
    RecordType::Ptr,
    RecordType::Mx,
    RecordType::Naptr,
];

/// What Route 53 can do, within the limits of the flags.
fn capabilities(args: &AwsArgs) -> Capabilities {
    Capabilities {
        record_types: RECORD_TYPES,
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::Whole,
        conditions: Conditions::Api,
        batch_limits: BatchLimits {
            changes: args.aws_batch_change_size,
            values: args.aws_batch_change_size_values,
            bytes: args.aws_batch_change_size_bytes,
        },
        batch_pause: args.aws_batch_change_interval,
        page_size: Some(PAGE.unsigned_abs()),
        starts_at_name: true,
        parallel_zones: PARALLEL,
        rate_limit: Some(RateLimit { per_second: args.aws_requests_per_second, burst: BURST }),
        attempts: args.attempts(),
        set_identifiers: true,
        weight_property: Some(routing::WEIGHT),
        alias: true,
        max_values: storable::MOST_VALUES,
        routing: Routing::PrivateAndLongestPublic,
        mutating_operations: &[WRITE],
        ..Capabilities::new("aws")
    }
}

/// Route 53 with identities that are there already.
#[must_use]
pub fn over(logins: Vec<Login>, args: &AwsArgs, context: &Context) -> Zoned {
    let capabilities = capabilities(args);
    let via = Transport::with_secrets(&capabilities, [args.aws_assume_role_external_id.clone()]);
    let via = via.among(&context.accounts, "");
    let parents = if args.aws_zone_match_parent { Parents::Listed } else { Parents::None };
    let filter = context.zones.clone().with_parents(parents).of_kind(args.aws_zone_type);
    let api =
        Route53 { capabilities, logins, args: args.clone(), filter, listed: RwLock::default() };
    batched(api, via)
}

/// The zones of one or several accounts at Route 53.
#[derive(Debug)]
pub struct Route53 {
    capabilities: Capabilities,
    logins: Vec<Login>,
    args: AwsArgs,
    filter: ZoneFilter,
    /// For `--aws-zones-cache-duration`: the zones that a later run of this process need not list again.
    listed: RwLock<Listed>,
}

/// The zones as they were listed last, and when; nothing before the first list.
#[derive(Debug, Default)]
struct Listed {
    zones: Vec<Zone>,
    at: Option<Instant>,
}

impl Route53 {
    /// Makes a call within the account's budget, and notes it where it belongs to a reading.
    async fn call<T, E, F, A>(
        &self,
        via: &Transport,
        login: &Login,
        operation: &'static str,
        of_zone: &str,
        request: F,
    ) -> Result<T, ProviderError>
    where
        E: std::error::Error + 'static,
        F: Fn() -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'static,
    {
        let account = &login.account;
        if !via.is_noted() {
            return attempt(via, account, operation, of_zone, &request).await;
        }
        let noting = || digest::noted(request());
        let (answer, digest) = attempt(via, account, operation, of_zone, &noting).await?;
        let Some(digest) = digest else { return Ok(answer) };
        let (account, of_zone) = (account.clone(), of_zone.to_owned());
        via.note(digest, move |via| {
            let (account, of_zone, request) = (account.clone(), of_zone.clone(), request.clone());
            async move {
                let compared = || digest::alone(request());
                attempt(&via, &account, operation, &of_zone, &compared).await
            }
        });
        Ok(answer)
    }

    /// The zones of an earlier run of this process, if they are young enough.
    fn cached_zones(&self) -> Option<Vec<Zone>> {
        let listed = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        let young = listed.at?.elapsed() < self.args.aws_zones_cache_duration;
        young.then(|| listed.zones.clone())
    }

    /// The login that listed a zone.
    fn login(&self, zone: &Zone) -> Result<&Login, ProviderError> {
        zone.data
            .get::<ZoneData>()
            .and_then(|data| self.logins.get(data.login))
            .ok_or_else(|| ProviderError::config(format!("zone {zone} is not one of Route 53")))
    }
}

/// Makes a call. If it is refused because the clocks differ, the SDK has learned the time of the server, so the call is made
/// once more; and again if the next server has another time.
async fn attempt<T, E, F, A>(
    via: &Transport,
    account: &str,
    operation: &'static str,
    of_zone: &str,
    request: &F,
) -> Result<T, ProviderError>
where
    E: std::error::Error + 'static,
    F: Fn() -> A,
    A: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let skews = AtomicU8::new(0);
    let attempt = || async {
        request().await.map_err(|error| {
            let mut fault = error::explain(operation, of_zone, &error);
            let seen = skews.load(Ordering::Relaxed);
            let anew = match fault.signature {
                Signature::Fine => false,
                Signature::Refused => (1..SKEWS).contains(&seen),
                Signature::Skewed => seen < SKEWS,
            };
            if anew {
                skews.store(seen + 1, Ordering::Relaxed);
                fault.error.kind = ErrorKind::Transient;
            }
            fault.error
        })
    };
    via.of_account(account).call(operation, attempt).await
}

/// How errors name a zone.
fn of_zone(zone: &Zone, login: &Login) -> String {
    format!(" of zone {} ({}, profile {})", zone, zone.id, login.profile)
}

/// The numbers of these accounts, each once. An access key that does not tell its account is not shown.
fn account_numbers<'a>(accounts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let is_number = |own: &&str| own.bytes().all(|byte| byte.is_ascii_digit());
    let numbers: BTreeSet<&str> = accounts.into_iter().filter(is_number).collect();
    (!numbers.is_empty()).then(|| numbers.into_iter().collect::<Vec<_>>().join(", "))
}

#[async_trait]
impl ZoneReader for Route53 {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn accounts(&self) -> Option<String> {
        account_numbers(self.logins.iter().map(|login| login.account.as_str()))
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        if let Some(zones) = self.cached_zones() {
            tracing::debug!("Using cached AWS zones, zone count: {}.", zones.len());
            via.rest_on_memory();
            return Ok(zones);
        }
        let zones = zones::list(self, via).await?;
        *self.listed.write().unwrap_or_else(PoisonError::into_inner) =
            Listed { zones: zones.clone(), at: Some(Instant::now()) };
        Ok(zones)
    }

    async fn page(
        &self,
        via: &Transport,
        zone: &Zone,
        from: PageFrom,
    ) -> Result<Page, ProviderError> {
        read::page(self, via, zone, from).await
    }

    fn starts(&self, zone: &Zone) -> Vec<Name> {
        let records = zone.data.get::<ZoneData>().map_or(0, |data| data.records);
        if records <= MANY_PAGES * i64::from(PAGE) {
            return Vec::new();
        }
        STARTS.iter().map(|label| Name::as_listed(&format!("{label}.{}", zone.name))).collect()
    }

    fn account(&self, zone: &Zone) -> &str {
        self.login(zone).map_or("", |login| &login.account)
    }

    fn domain_filter(&self, zones: &ZoneIndex) -> DomainFilter {
        let names =
            zones.iter().flat_map(|(_, zone)| [zone.name.to_string(), format!(".{}", zone.name)]);
        let names: Vec<String> = names.collect();
        tracing::info!("Applying provider record filter for domains: {names:?}");
        DomainFilter::lists(names, [])
    }

    fn adjust(&self, desired: Adjusted, zones: &ZoneIndex) -> Adjusted {
        adjust::adjust(&self.args, zones, desired)
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        storable::refusal(set, around)
    }
}

#[async_trait]
impl BatchWriter for Route53 {
    fn cost(&self, change: &Change) -> Cost {
        write::cost(change)
    }

    fn cost_of_requirement(&self, own: &Stored) -> Cost {
        write::cost_of_requirement(own)
    }

    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let login = self.login(zone)?;
        let of_zone = of_zone(zone, login);
        let invalid = |error: aws_sdk_route53::error::BuildError| {
            let text = format!("route53:{WRITE}{of_zone}: {error}");
            ProviderError::new(ErrorKind::Rejected(Vec::new()), text)
        };
        let changes = write::changes(groups, zone, self.args.aws_evaluate_target_health);
        let changes = changes.map_err(invalid)?;
        for change in &changes {
            if let Some(set) = change.resource_record_set() {
                let (action, rtype) = (change.action().as_str(), set.r#type().as_str());
                tracing::debug!(
                    zoneName = %zone.name, zoneID = %zone.id, profile = login.profile,
                    "Desired change: {action} {} {rtype}", set.name()
                );
            }
        }
        let batch = ChangeBatch::builder().set_changes(Some(changes)).build().map_err(invalid)?;
        let (client, id) = (login.client.clone(), zone.id.to_string());
        let request = move || {
            let request = client.change_resource_record_sets();
            request.hosted_zone_id(&*id).change_batch(batch.clone()).send()
        };
        self.call(via, login, WRITE, &of_zone, request).await?;
        Ok(())
    }
}
