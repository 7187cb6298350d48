//! AWS Cloud Map: `aws-sd`.
//!
//! * API: <https://docs.aws.amazon.com/cloud-map/latest/api/>; JSON 1.1, signed. A namespace is a zone, a service a record
//!   set, its instances are the values.
//! * Authentication: as for Route 53, without `--aws-profile`. Actions: `servicediscovery:ListNamespaces`, `ListServices`,
//!   `DiscoverInstances`, `CreateService`, `UpdateService`, `DeleteService`, `RegisterInstance`, `DeregisterInstance`; for
//!   services of more than 1,000 instances `ListInstances`, for a service that gets another type `GetOperation`.
//! * Limits: 1,000 instances of one service as a call gives them; names of services of 127 characters.
//! * Quirks: a service has one type, which cannot be changed, so A and AAAA records of one name exclude each other.
//!   Registering and deregistering are carried out some time after the answer; a service with instances cannot be deleted.
//!   The description of a service says who owns it: the registry `aws-sd` reads and writes it.
//! * Changed meanwhile: nothing is compared. The namespace is read again right before a delete.
//! * Record types: A, AAAA, CNAME.

mod api;
mod args;
mod instance;
mod service;
#[cfg(test)]
mod tests;
mod write;

use async_trait::async_trait;
use extdns_auth::aws_api::AwsApi;
use extdns_auth::{AwsError, AwsVariables, aws_identity, aws_region};
use extdns_model::{
    Name, Owners, RecordSet, RecordType, Surroundings, Ttl, Visibility, Zone, ZoneIndex,
};
use futures::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};

use self::api::{CREATE, CloudMap, DELETE, DEREGISTER, REGISTER, UPDATE};
pub use self::args::AwsSdArgs;
use self::instance::Instance;
use self::service::{Known, Service, refusal, wanted};
use super::{AwsArgs, account_numbers};
use crate::engine::{Zoned, stepped};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, ProviderError, RateLimit,
    RecordWriter, Step, Stores, Transport, Updates, ZoneFilter, ZoneReader,
};

/// The TTL of records whose endpoint has none.
const TTL: i64 = 300;
/// Services whose instances are read at the same time.
const AT_ONCE: usize = 8;
const RECORD_TYPES: &[RecordType] = &[RecordType::A, RecordType::Aaaa, RecordType::Cname];

/// Cloud Map in the region of the environment, for the identity that the flags name.
///
/// # Errors
/// When there are no credentials, the role cannot be assumed, or no region is named.
pub async fn provider(
    args: &AwsSdArgs,
    aws: &AwsArgs,
    context: &Context,
) -> Result<Zoned, ProviderError> {
    let config = |error: AwsError| ProviderError::config(error.to_string());
    let mut options = aws.options(None, AwsVariables::of(context.environment.variables()));
    options.region = aws_region(&options).await;
    if options.region.is_none() {
        return Err(ProviderError::config(
            "Cloud Map is a service of a region, and none is named: set AWS_REGION",
        ));
    }
    let identity = aws_identity(&options).await.map_err(config)?;
    let api = AwsApi::new(&options, &identity).map_err(config)?;
    Ok(over(api, &identity.account, args, aws, context))
}

fn over(api: AwsApi, account: &str, args: &AwsSdArgs, aws: &AwsArgs, context: &Context) -> Zoned {
    let capabilities = capabilities(aws);
    let via = Transport::with_secrets(&capabilities, [aws.aws_assume_role_external_id.clone()]);
    let via = via.among(&context.accounts, account);
    let namespaces = Namespaces {
        account: account.to_owned(),
        api: CloudMap::new(api),
        capabilities,
        filter: context.zones.clone().of_kind(aws.aws_zone_type),
        tags: args.tags(),
        owners: context.owners.clone(),
        clears: args.aws_sd_service_cleanup && context.may_delete && !context.owners.is_empty(),
        known: Known::default(),
    };
    stepped(namespaces, via)
}

fn capabilities(aws: &AwsArgs) -> Capabilities {
    Capabilities {
        record_types: RECORD_TYPES,
        stores: Stores::Sets(Updates::InPlace),
        default_ttl: Ttl::from_seconds(TTL),
        parallel_zones: 2,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(50, 100)),
        attempts: aws.attempts(),
        // A CNAME may have several instances, which are answered by weight.
        follows_dns: false,
        max_values: instance::MOST,
        mutating_operations: &[CREATE, UPDATE, DELETE, REGISTER, DEREGISTER],
        ..Capabilities::new("aws-sd")
    }
}

/// The namespaces of an account in a region.
#[derive(Debug)]
struct Namespaces {
    /// As the credentials tell it.
    account: String,
    api: CloudMap,
    capabilities: Capabilities,
    filter: ZoneFilter,
    /// What new services are tagged with.
    tags: Vec<Value>,
    /// Whose services these are; none if nobody keeps owners.
    owners: Owners,
    /// Whether services of ours without instances are deleted.
    clears: bool,
    /// The services as they were read, and as they were written since.
    known: Known,
}

#[async_trait]
impl ZoneReader for Namespaces {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn accounts(&self) -> Option<String> {
        account_numbers([self.account.as_str()])
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let types = ["DNS_PUBLIC", "DNS_PRIVATE"];
        let body = json!({ "Filters": [{ "Name": "TYPE", "Values": types, "Condition": "IN" }] });
        let listed: Vec<Namespace> =
            self.api.list(via, "ListNamespaces", "Namespaces", body).await?;
        let of_dns = listed.iter().filter(|own| types.contains(&own.kind.as_str()));
        Ok(self.filter.select(of_dns.map(Namespace::zone).collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let services = self.services(via, zone).await?;
        let reads = services.into_iter().map(|service| self.filled(via, zone, service));
        let services: Vec<Service> =
            futures::stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let is_shown = |service: &&Service| self.is_shown(service);
        let records = services.iter().filter(is_shown).filter_map(|own| own.record(zone)).collect();
        self.known.note(zone, services);
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        wanted(desired)
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        refusal(set, around)
    }
}

impl Namespaces {
    /// The services of a namespace, without their instances.
    async fn services(&self, via: &Transport, zone: &Zone) -> Result<Vec<Service>, ProviderError> {
        let filter = json!([{ "Name": "NAMESPACE_ID", "Values": [&*zone.id] }]);
        let body = json!({ "Filters": filter, "MaxResults": 100 });
        self.api.list(via, "ListServices", "Services", body).await
    }

    /// The service with its instances, healthy or not. Where one call does not give all, they are listed.
    async fn filled(
        &self,
        via: &Transport,
        zone: &Zone,
        mut service: Service,
    ) -> Result<Service, ProviderError> {
        if !service.is_of_dns() {
            return Ok(service);
        }
        let body = json!({
            "NamespaceName": zone.name.to_string(), "ServiceName": &*service.name,
            "MaxResults": instance::MOST, "HealthStatus": "ALL",
        });
        let Discovered { instances } = self.api.call(via, "DiscoverInstances", &body).await?;
        service.instances = instances;
        if service.count.is_some_and(|count| count > service.instances.len()) {
            let body = json!({ "ServiceId": &*service.id, "MaxResults": 100 });
            match self.api.list(via, "ListInstances", "Instances", body).await {
                Ok(instances) => service.instances = instances,
                // The number may be older than the instances, and a policy of ExternalDNS lacks the right to list them.
                Err(error)
                    if error.kind == ErrorKind::Unauthorised
                        && service.instances.len() < instance::MOST => {}
                Err(error) => return Err(error),
            }
        }
        Ok(service)
    }

    /// Whether the instances of a service are records to the plan. One without a description has no owner that could
    /// be told.
    fn is_shown(&self, service: &Service) -> bool {
        let is_shown = self.owners.is_empty() || service.description.is_some();
        if !is_shown && !service.instances.is_empty() {
            tracing::warn!("Skipping service {:?} as owner id not configured", service.name);
        }
        is_shown
    }
}

#[async_trait]
impl RecordWriter for Namespaces {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        self.make(via, zone, step).await
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        if self.clears {
            self.clear(via, zone).await;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Namespace {
    id: String,
    name: String,
    #[serde(default, rename = "Type")]
    kind: String,
}

impl Namespace {
    fn zone(&self) -> Zone {
        let is_private = self.kind == "DNS_PRIVATE";
        let visibility = if is_private { Visibility::Private } else { Visibility::Public };
        Zone { visibility, ..Zone::new(self.id.as_str(), Name::as_listed(&self.name)) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Discovered {
    instances: Vec<Instance>,
}
