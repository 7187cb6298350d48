//! Infoblox NIOS: `infoblox`.
//!
//! * API: the WAPI of a Grid Manager (`https://GRID/wapidoc/`); single records, known by references, one change per call.
//! * Authentication: basic, with `--infoblox-wapi-username` and `--infoblox-wapi-password`.
//! * Limits: an answer of more than 1,000 objects is an error, so lists are asked for in pages.
//! * Quirks: a TTL counts with `use_ttl` only. Text is one word, or strings in quotes. The addresses of host records are read,
//!   and left alone: they belong to the object. A reverse zone is called by its network (`10.0.0.0/24`). Several views can
//!   have a zone of one name.
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what changes between
//!   that and the write is overwritten.
//! * Record types: A, AAAA, CNAME, MX, SRV, TXT; PTR with `--infoblox-create-ptr`, beside the A records (`ptr.rs`).

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod ptr;
mod record;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    Action, Name, Record, RecordType, Ttl, Visibility, Zone, ZoneIndex, parse_go_duration,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Auth, Listing, Meaning, More, Request, Rest, Service, origin};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneFilter, ZoneReader,
};
pub use args::InfobloxArgs;
use ptr::{PTR_EXISTS, Pointers};
use record::{KINDS, Kind, Listed, kind_of};

const SERVICE: Service = Service {
    texts: &["/text"],
    meanings: &[Meaning {
        status: 400,
        text: "already exists",
        kind: ErrorKind::Conflict(Vec::new()),
    }],
    rights: "check --infoblox-wapi-username and --infoblox-wapi-password; the user needs the right to read and write the \
             records of the zones",
    ..Service::new("Infoblox", "https://localhost/wapi/v2.3.1")
};

const FORM: Form = Form { apex: "", dots: Dots::None, txt: TxtQuoting::Bare, ttls: Ttls::from(0) };

const TYPES: &[RecordType] = &[
    RecordType::A,
    RecordType::Aaaa,
    RecordType::Cname,
    RecordType::Mx,
    RecordType::Srv,
    RecordType::Txt,
];

const LIST: Listing =
    Listing { next: More::Token("/next_page_id", "_page_id"), ..Listing::at("/result") };

/// Most objects of an answer: more are an error.
const PAGE: u32 = 1000;
const CREATE: &str = "create record";
const UPDATE: &str = "update record";
const DELETE: &str = "delete record";

/// Most bytes of text in a TXT record.
const MOST_OF_TEXT: usize = 512;

/// The view that every grid has.
const DEFAULT_VIEW: &str = "default";

/// Why the addresses of a host record are left alone.
const HOST: &str =
    "is a host record of Infoblox, which is changed as a whole; change it in the Grid Manager";

/// The provider for the grid of the flags. Nothing is sent yet.
///
/// # Errors
/// When there is no host or no password.
pub fn provider(
    args: &InfobloxArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    for (value, missing) in [
        (
            &args.infoblox_grid_host,
            "no Infoblox Grid Manager host specified; give --infoblox-grid-host",
        ),
        (
            &args.infoblox_wapi_password,
            "no Infoblox WAPI password specified; give --infoblox-wapi-password",
        ),
    ] {
        if value.is_empty() {
            return Err(ProviderError::config(missing));
        }
    }
    let host = match args.infoblox_grid_host.trim_end_matches('/') {
        url if url.contains("://") => url.to_owned(),
        host => format!("https://{host}"),
    };
    let base = format!("{host}:{}/wapi/v{}", args.infoblox_wapi_port, args.infoblox_wapi_version);
    let auth = Auth::basic(&args.infoblox_wapi_username, &args.infoblox_wapi_password);
    let rest = context.trusting_any(!args.infoblox_ssl_verify).rest(&SERVICE, Some(&base), auth);
    let rest = rest.map_err(|error| error.within("--infoblox-grid-host"))?;
    let variable = context.environment.get("EXTERNAL_DNS_INFOBLOX_HTTP_REQUEST_TIMEOUT");
    let request_time = variable.and_then(|text| {
        text.parse().ok().map(Duration::from_secs).or_else(|| parse_go_duration(text).ok())
    });
    let can = capabilities();
    let request_time = request_time.or(can.request_time);
    let connections = context.environment.get("EXTERNAL_DNS_INFOBLOX_HTTP_POOL_CONNECTIONS");
    // One zone is read or written over one connection.
    let parallel_zones =
        connections.and_then(|text| text.parse().ok()).unwrap_or(can.parallel_zones);
    let can = Capabilities { request_time, parallel_zones: parallel_zones.max(1), ..can };
    Ok(over(rest, can, args, context.zones.clone()))
}

fn over(
    rest: Rest,
    can: Capabilities,
    args: &InfobloxArgs,
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&can);
    let page = match args.infoblox_max_results {
        0 => PAGE,
        most => most.min(PAGE),
    };
    let (args, pointers) = (args.clone(), Pointers::default());
    stepped(Infoblox { rest, can, args, page, filter, pointers }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Values(Updates::InPlace),
        page_size: Some(PAGE),
        parallel_zones: 4,
        max_text: MOST_OF_TEXT,
        mutating_operations: &[CREATE, UPDATE, DELETE],
        ..FORM.capabilities("infoblox")
    }
}

struct Infoblox {
    rest: Rest,
    can: Capabilities,
    args: InfobloxArgs,
    page: u32,
    filter: ZoneFilter,
    pointers: Pointers,
}

#[derive(Deserialize)]
struct ListedZone {
    #[serde(rename = "_ref")]
    reference: String,
    fqdn: String,
    #[serde(default)]
    view: String,
}

/// The view of a zone.
fn view_of(zone: &Zone) -> &str {
    zone.data.get::<String>().map_or("", String::as_str)
}

/// Of zones of one name that several views have, that of the default view.
fn one_of_each_name(mut zones: Vec<ListedZone>) -> Vec<ListedZone> {
    zones.sort_by(|a, b| {
        let key =
            |zone: &ListedZone| (zone.fqdn.clone(), zone.view != DEFAULT_VIEW, zone.view.clone());
        key(a).cmp(&key(b))
    });
    zones.dedup_by(|other, first| {
        let twins = other.fqdn == first.fqdn;
        if twins {
            tracing::warn!(
                "zone {} of the view {} is left out, as the view {} has it too; choose one with --infoblox-view",
                other.fqdn,
                other.view,
                first.view
            );
        }
        twins
    });
    zones
}

impl Infoblox {
    async fn list<T: DeserializeOwned + Send>(
        &self,
        via: &Transport,
        operation: &'static str,
        request: Request,
    ) -> Result<Vec<T>, ProviderError> {
        let first = request
            .query("_paging", 1)
            .query("_return_as_object", 1)
            .query("_max_results", self.page);
        self.rest.list(via, operation, first, &LIST).await
    }

    /// A request for the objects of a kind, in the view.
    fn objects(&self, kind: &str, fields: &str, view: &str) -> Request {
        let request = self.rest.get(&[kind]).query("_return_fields", fields);
        if view.is_empty() { request } else { request.query("view", view) }
    }

    async fn records(
        &self,
        via: &Transport,
        zone: &Zone,
        kind: &'static Kind,
    ) -> Result<Vec<Record>, ProviderError> {
        let request = self.objects(kind.name, kind.fields, view_of(zone));
        let mut request = request.query("zone", &zone.name);
        if !self.args.infoblox_name_regex.is_empty() {
            request = request.query("name~", &self.args.infoblox_name_regex);
        }
        let listed: Vec<Listed> = self.list(via, "list records", request).await?;
        let mut records: Vec<Record> = listed.iter().flat_map(|it| it.records(kind)).collect();
        if self.args.infoblox_create_ptr {
            records.iter_mut().for_each(|record| self.pointers.mark(&mut record.set));
        }
        Ok(records)
    }

    /// A reference, which is a path of several segments.
    fn at(reference: &str) -> Vec<&str> {
        reference.split('/').collect()
    }

    async fn write(
        &self,
        via: &Transport,
        operation: &'static str,
        request: &Request,
    ) -> Result<(), ProviderError> {
        self.rest.send(via, operation, request).await.map(drop)
    }
}

#[async_trait]
impl ZoneReader for Infoblox {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let view = self.args.infoblox_view.as_str();
        let mut request = self.objects("zone_auth", "fqdn,view", view);
        if !self.args.infoblox_fqdn_regex.is_empty() {
            request = request.query("fqdn~", &self.args.infoblox_fqdn_regex);
        }
        let listed = one_of_each_name(self.list(via, "list zones", request).await?);
        let (reverse, forward): (Vec<ListedZone>, Vec<ListedZone>) =
            listed.into_iter().partition(|zone| ptr::network(&zone.fqdn).is_some());
        if self.args.infoblox_create_ptr {
            let passes = |zone: &&ListedZone| {
                let name = Name::as_listed(&zone.fqdn);
                self.filter.passes(&zone.reference, &name, Visibility::Public)
            };
            let networks = reverse.iter().filter(passes).filter_map(|it| ptr::network(&it.fqdn));
            self.read_pointers(via, networks.collect()).await?;
        }
        let zone = |it: &ListedZone| Zone {
            data: extdns_model::Opaque::new(it.view.clone()),
            ..Zone::new(it.reference.as_str(), Name::as_listed(&it.fqdn))
        };
        Ok(self.filter.select(forward.iter().map(zone).collect()))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let mut records = Vec::new();
        for kind in KINDS {
            records.extend(self.records(via, zone, kind).await?);
        }
        Ok(Page { records, next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let mut desired = FORM.wanted(desired);
        for endpoint in &mut desired.endpoints {
            let set = &mut endpoint.set;
            if self.args.infoblox_cache_duration > 0 {
                set.ttl = Ttl::from_seconds(self.args.infoblox_cache_duration.into());
            }
            let points = self.args.infoblox_create_ptr && set.rtype == RecordType::A;
            set.edit_properties(|own| match points {
                true => own.set(PTR_EXISTS, "true"),
                false => drop(own.remove(PTR_EXISTS)),
            });
        }
        desired
    }
}

#[async_trait]
impl RecordWriter for Infoblox {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let kind = kind_of(step.set().rtype)?;
        let view = view_of(zone);
        match &step.action {
            Action::Create(new) => {
                let body = record::created(kind, &new.set, view)?;
                let request = self.rest.post(&[kind.name]).json(&body)?;
                self.write(via, CREATE, &request).await?;
                self.point(via, view, &new.set).await
            }
            Action::Update { old, new } => {
                let body = record::changed(kind, &new.set)?;
                let request = self.rest.put(&Self::at(origin::<String>(old)?)).json(&body)?;
                self.write(via, UPDATE, &request).await?;
                if old.set.targets != new.set.targets {
                    self.point_no_more(via, view, &old.set).await?;
                }
                self.point(via, view, &new.set).await
            }
            Action::Delete(old) => {
                let request = self.rest.delete(&Self::at(origin::<String>(old)?));
                self.write(via, DELETE, &request).await?;
                self.point_no_more(via, view, &old.set).await
            }
        }
    }
}
