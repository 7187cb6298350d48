//! The PowerDNS Authoritative Server: `pdns`.
//!
//! * API: <https://doc.powerdns.com/authoritative/http-api/zone.html>; record sets, a batch is one
//!   `PATCH` of a zone and is applied whole or not at all.
//! * Authentication: the key of `--pdns-api-key` in `X-API-Key`.
//! * Limits: a zone is read in one answer; the web server takes bodies of 2 MB
//!   (`webserver-max-bodysize`). It allows no budget, and needs none.
//! * Quirks: names are absolute with a final dot, so is every host in a value. Text must be quoted. A
//!   zone whose primary is elsewhere (`Slave`) accepts changes, and the next transfer undoes them:
//!   it is never written. `comments` are never sent, so that they stay.
//! * Changed meanwhile: the API compares nothing. The zone is read again right before a delete; what
//!   changes between that and the write is overwritten.
//! * Record types: the known ones. A CNAME at the apex, or one that shall be an alias (property
//!   `alias`), is stored as `ALIAS`, which the server answers with `expand-alias=yes` only.

mod args;
mod rrset;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{
    Change, ChangeGroup, DomainFilter, RecordType, Zone, ZoneIndex, property_names::ALIAS,
};
use serde::{Deserialize, Serialize};

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Account, Auth, Listing, Service, ZoneLayout};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Context, Cost, Page, PageFrom,
    Parents, Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
pub use args::PdnsArgs;
use rrset::Rrset;

const SERVICE: Service = Service {
    texts: &["/error"],
    rights: "check --pdns-api-key, and that api=yes and webserver-allow-from of the server let this \
             machine in",
    most_of_answer: 256 << 20,
    ..Service::new("PowerDNS", "http://localhost:8081")
};

const FORM: Form =
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(300) };

const CHANGE: &str = "change zone";

const ZONE: ZoneLayout = ZoneLayout {
    follows: Some(("/kind", &["Slave", "Secondary", "Consumer"])),
    ..ZoneLayout::of("id", "name")
};

/// The provider for the server of the flags. Nothing is sent yet.
///
/// # Errors
/// When the URL is none, there is no key, or a file of the TLS flags cannot be used.
pub fn provider(
    args: &PdnsArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    if args.pdns_api_key.is_empty() {
        return Err(ProviderError::config(
            "the API key of PowerDNS is missing; specify it with --pdns-api-key",
        ));
    }
    let base = format!("{}/api/v1/servers", args.pdns_server.trim_end_matches('/'));
    let auth = Auth::header("x-api-key", &args.pdns_api_key);
    let context = context.trusting_any(args.pdns_skip_tls_verify);
    let rest =
        context.rest(&SERVICE, Some(&base), auth).map_err(|error| error.within("--pdns-server"))?;
    let account = context.account(rest, context.batches.within(capabilities()));
    let account = Account { zones: account.zones.with_parents(Parents::All), ..account };
    let server = args.pdns_server_id.clone();
    Ok(account.batched(|account| Pdns { account, server }))
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: &RecordType::KNOWN,
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::Whole,
        batch_limits: BatchLimits { bytes: 1_000_000, ..BatchLimits::changes(1000) },
        parallel_zones: 4,
        attempts: 3,
        alias: true,
        label_characters: Some("-_/"),
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("pdns")
    }
}

struct Pdns {
    account: Account,
    server: String,
}

#[derive(Deserialize)]
struct Contents {
    rrsets: Vec<Rrset>,
}

#[derive(Serialize)]
struct Patch {
    rrsets: Vec<Rrset>,
}

#[async_trait]
impl ZoneReader for Pdns {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.account.rest.get(&[&self.server, "zones"]);
        self.account.list_zones(via, first, &Listing::at(""), &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let rest = &self.account.rest;
        let request = rest.get(&[&self.server, "zones", &zone.id]);
        let contents: Contents = rest.send(via, "read zone", &request).await?.json()?;
        Ok(Page { records: contents.rrsets.iter().filter_map(Rrset::record).collect(), next: None })
    }

    fn domain_filter(&self, zones: &ZoneIndex) -> DomainFilter {
        let names =
            zones.iter().flat_map(|(_, zone)| [zone.name.to_string(), format!(".{}", zone.name)]);
        DomainFilter::lists(names.collect::<Vec<_>>(), [])
    }

    /// A CNAME is an alias at the apex, and at other names if its property says so.
    fn adjust(&self, desired: Adjusted, zones: &ZoneIndex) -> Adjusted {
        let mut desired = FORM.wanted(desired);
        for endpoint in &mut desired.endpoints {
            let set = &mut endpoint.set;
            if set.rtype != RecordType::Cname {
                continue;
            }
            let wanted = set.properties().get(ALIAS) == Some("true");
            if wanted || zones.is_apex(&set.name.key()) {
                set.edit_properties(|own| own.set(ALIAS, "true"));
            } else {
                set.edit_properties(|own| drop(own.remove(ALIAS)));
            }
        }
        desired
    }
}

#[async_trait]
impl BatchWriter for Pdns {
    fn cost(&self, change: &Change) -> Cost {
        let targets = &change.set().targets;
        let bytes = targets.iter().map(|target| target.len() + 50).sum::<usize>();
        Cost {
            changes: 1,
            values: targets.len(),
            bytes: bytes + 2 * change.set().name.as_str().len(),
        }
    }

    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let changes = groups.iter().flat_map(|group| &group.changes);
        let mut rrsets: Vec<Rrset> = changes.flat_map(Rrset::of).collect();
        // What goes makes room for what comes.
        rrsets.sort_by_key(|rrset| !rrset.goes());
        let rest = &self.account.rest;
        let request = rest.patch(&[&self.server, "zones", &zone.id]).json(&Patch { rrsets })?;
        rest.send(via, CHANGE, &request).await.map(drop).map_err(rrset::blame)
    }
}
