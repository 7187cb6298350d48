//! Azure DNS and Azure Private DNS: `azure` (also `azure-dns`) and `azure-private-dns`.
//!
//! * API: <https://learn.microsoft.com/rest/api/dns/record-sets> and
//!   <https://learn.microsoft.com/rest/api/dns/privatedns/record-sets>; record sets, one change per call.
//! * Authentication: tokens of Microsoft Entra for the secret or certificate of an application, workload
//!   identity or a managed identity: [`AzureIdentity`].
//! * Limits: in a zone 200 creates, updates and deletes a minute each (60 in a private one) and 60 lists;
//!   pages of 100 record sets; 20 values and 4,096 characters of text in a record set; 10,000 record sets
//!   (25,000 in a private zone).
//! * Quirks: strings of a text have at most 255 bytes, and are read as one. A record set without values
//!   counts as none. An alias of a resource of Azure is read, and never changed.
//! * Changed meanwhile: a write names the version that was read, or that there is none, and is refused where
//!   the zone has another.
//! * Record types: A, AAAA, CNAME, MX, NS, PTR, SRV, TXT; no NS in private zones.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod record;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use async_trait::async_trait;
use extdns_auth::{AzureIdentity, AzureOptions, AzureVariables};
use extdns_model::RecordType::{A, Aaaa, Cname, Mx, Ns, Ptr, Srv, Txt};
use extdns_model::{Action, Name, RecordType, Visibility, Zone, ZoneIndex};
use serde::Deserialize;

use crate::engine::wire::{Dots, Form, Ttls};
use crate::engine::{Noted, stepped};
use crate::rest::{Auth, Listing, Meaning, More, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
pub use args::AzureArgs;
use record::{Listed, adjust, written};

const SERVICE: Service = Service {
    texts: &["/error/code", "/error/message", "/code", "/message"],
    meanings: &[
        Meaning { status: 409, text: "another operation is pending", kind: ErrorKind::Transient },
        Meaning { status: 412, text: "", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 400, text: "already exists", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 0, text: "maximum number of record sets", kind: ErrorKind::Quota },
        Meaning { status: 404, text: "parentresourcenotfound", kind: ErrorKind::ZoneGone },
        Meaning { status: 404, text: "under resource group", kind: ErrorKind::ZoneGone },
    ],
    request_id: "x-ms-client-request-id",
    ..Service::new("Azure DNS", "https://management.azure.com")
};

const FORM: Form = Form {
    apex: "@",
    dots: Dots::None,
    txt: TxtQuoting::AsIs,
    ttls: Ttls::from(300).within(1, i32::MAX as u32),
};

const LISTING: Listing = Listing { next: More::Url("/nextLink"), ..Listing::at("/value") };

/// What differs between public and private zones.
pub(crate) struct Kind {
    service: Service,
    version: &'static str,
    /// The type of the zones and what stands for all record sets of one, in paths.
    zones: &'static str,
    all: &'static str,
    types: &'static [RecordType],
    visibility: Visibility,
    /// The case of names of properties.
    case: fn(&str) -> String,
}

/// Public zones.
pub(crate) const PUBLIC: Kind = Kind {
    service: Service {
        rights: "give the identity DNS Zone Contributor for the zone and Reader for its resource group",
        ..SERVICE
    },
    version: "2018-05-01",
    zones: "dnsZones",
    all: "all",
    types: &[A, Aaaa, Cname, Mx, Ns, Ptr, Srv, Txt],
    visibility: Visibility::Public,
    case: str::to_owned,
};

/// Private zones.
pub(crate) const PRIVATE: Kind = Kind {
    service: Service {
        name: "Azure Private DNS",
        rights: "give the identity Private DNS Zone Contributor and Reader, as for a public zone",
        ..SERVICE
    },
    version: "2024-06-01",
    zones: "privateDnsZones",
    all: "ALL",
    types: &[A, Aaaa, Cname, Mx, Ptr, Srv, Txt],
    visibility: Visibility::Private,
    case: str::to_lowercase,
};

impl Kind {
    /// `ARecords`, `CNAMERecord`; in private zones `aRecords`, `cnameRecord`.
    fn values_of(&self, rtype: RecordType) -> String {
        (self.case)(&rtype.to_string()) + if rtype == Cname { "Record" } else { "Records" }
    }

    fn has_metadata(&self) -> bool {
        self.visibility == Visibility::Public
    }

    fn capabilities(&self, provider: &'static str) -> Capabilities {
        Capabilities {
            record_types: self.types,
            stores: Stores::Sets(Updates::InPlace),
            page_size: Some(100),
            parallel_zones: 4,
            parallel_writes: 4,
            rate_limit: Some(RateLimit::new(10, 200)),
            label_characters: Some("-_"),
            max_text: 4096,
            mutating_operations: &[CREATE, UPDATE, DELETE],
            ..FORM.capabilities(provider)
        }
    }
}

const CREATE: &str = "create record set";
const UPDATE: &str = "update record set";
const DELETE: &str = "delete record set";

/// The provider of this name, for zones of this kind. Nothing is sent yet.
///
/// # Errors
/// When there are no credentials, or it is not said where the zones are.
pub(crate) fn provider(
    name: &'static str,
    kind: &'static Kind,
    args: &AzureArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    if !args.azure_zones_cache_duration.is_zero() {
        tracing::warn!("--azure-zones-cache-duration is ignored: a run lists the zones once");
    }
    let options = AzureOptions {
        file: Some(args.azure_config_file.clone().into()),
        subscription: Some(args.azure_subscription_id.clone()),
        resource_group: Some(args.azure_resource_group.clone()),
        user_assigned: Some(args.azure_user_assigned_identity_client_id.clone()),
        variables: AzureVariables::of(context.environment.variables()),
        http: context.http.clone(),
    };
    let identity = AzureIdentity::find(&options)?;
    let groups = identity.resource_groups()?;
    let base = identity.cloud.endpoint.clone();
    let rest = context.rest(&kind.service, Some(&base), Auth::azure(identity))?;
    let capabilities = Capabilities { attempts: attempts(args), ..kind.capabilities(name) };
    Ok(over(rest, kind, groups, capabilities, context.zones.clone()))
}

fn attempts(args: &AzureArgs) -> u32 {
    match args.azure_maxretries_count {
        0 => 4,
        count => u32::try_from(count).map_or(1, |retries| retries.saturating_add(1)),
    }
}

fn over(
    rest: Rest,
    kind: &'static Kind,
    groups: Vec<String>,
    capabilities: Capabilities,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    let rest = rest.always("api-version", Some(kind.version));
    stepped(Azure { rest, kind, groups, capabilities, filter, empty: Noted::default() }, via)
}

struct Azure {
    rest: Rest,
    kind: &'static Kind,
    groups: Vec<String>,
    capabilities: Capabilities,
    filter: ZoneFilter,
    /// The versions of record sets without values, by their paths in the zone: a create takes their place.
    empty: Noted<HashMap<String, String>>,
}

#[derive(Deserialize)]
struct ListedZone {
    id: String,
    name: String,
}

#[async_trait]
impl ZoneReader for Azure {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The subscription, and the resource group if there is one.
    fn accounts(&self) -> Option<String> {
        Some(self.groups.join(", "))
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let mut zones = Vec::new();
        for group in &self.groups {
            let mut path: Vec<&str> = group.split('/').collect();
            path.extend(["providers", "Microsoft.Network", self.kind.zones]);
            let first = self.rest.get(&path);
            let listed: Vec<ListedZone> =
                self.rest.list(via, "list zones", first, &LISTING).await?;
            zones.extend(listed.into_iter().map(|ListedZone { id, name }| {
                let zone = Zone::new(id, Name::as_listed(&name));
                Zone { visibility: self.kind.visibility, ..zone }
            }));
        }
        Ok(self.filter.select(zones))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let first = self.rest.get(&self.path(zone, &[self.kind.all]));
        let listed: Vec<Listed> = self.rest.list(via, "list record sets", first, &LISTING).await?;
        let mut records = Vec::with_capacity(listed.len());
        let mut empty = HashMap::new();
        for own in listed {
            match own.record(self.kind, zone) {
                Some(record) => records.push(record),
                None => empty.extend(own.version(self.kind)),
            }
        }
        self.empty.note(zone, empty);
        Ok(Page { records, next: None })
    }

    fn account(&self, zone: &Zone) -> &str {
        let is_in = |group: &&String| zone.id.trim_start_matches('/').starts_with(group.as_str());
        self.groups.iter().find(is_in).map_or("", String::as_str)
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let mut desired = FORM.wanted(desired);
        desired.endpoints.iter_mut().for_each(|it| adjust(self.kind, &mut it.set));
        desired
    }
}

impl Azure {
    /// The path of something in a zone. The id of the zone has the type in another case.
    fn path<'a>(&'a self, zone: &'a Zone, own: &[&'a str]) -> Vec<&'a str> {
        let mut path: Vec<&str> = zone.id.trim_start_matches('/').split('/').collect();
        path.get_mut(6).into_iter().for_each(|kind| *kind = self.kind.zones);
        path.extend(own);
        path
    }
}

#[async_trait]
impl RecordWriter for Azure {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let set = step.set();
        let (rtype, name) = (set.rtype.to_string(), FORM.name(&set.name, zone));
        let path = self.path(zone, &[&rtype, &name]);
        let put = |set| self.rest.put(&path).json(&written(self.kind, set)?);
        let (operation, request) = match &step.action {
            Action::Create(new) => {
                let key = format!("{rtype}/{name}");
                let empty = self.empty.of(zone, |own| own.get(&key).cloned()).flatten();
                let none = ("if-none-match", "*");
                let (name, version) = empty.as_deref().map_or(none, |own| ("if-match", own));
                (CREATE, put(&new.set)?.header(name, version)?)
            }
            Action::Update { old, new } => (UPDATE, put(&new.set)?.if_as_read(old)?),
            Action::Delete(old) => (DELETE, self.rest.delete(&path).if_as_read(old)?),
        };
        self.rest.send(via, operation, &request).await.map(drop)
    }
}
