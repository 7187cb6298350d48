//! Name servers with dynamic updates: `rfc2136`.
//!
//! * Protocol: UPDATE (RFC 2136) over TCP, or TLS (RFC 9103); a message has one zone and is applied whole or not
//!   at all. Records are listed by AXFR (RFC 5936), with `--rfc2136-axfr` only.
//! * Authentication: TSIG (RFC 8945) with a shared secret; GSS-TSIG (RFC 3645) in builds with the feature `gss-tsig`.
//! * Limits: a message has 64 KiB, and as many record sets as `--rfc2136-batch-change-size` says.
//! * Quirks: the zones are those of the flags, for a server does not list them; their ids are their names. Without a
//!   zone everything belongs to the root zone. A server silently leaves out what cannot stand beside a CNAME, so
//!   prerequisites say that it can. Without `--rfc2136-axfr` nothing is read, nothing can be compared, and records
//!   are only added.
//! * Changed meanwhile: with `--rfc2136-axfr` every message says as prerequisites what it replaces, removes and relies
//!   on, and the server refuses it where that is not there.
//! * Record types: the known ones.

mod answer;
mod args;
#[cfg(feature = "gss-tsig")]
mod gss;
mod record;
mod servers;
#[cfg(test)]
mod tests;
mod tls;
mod transfer;
mod tsig;
mod update;

use std::collections::HashMap;

use async_trait::async_trait;
use extdns_model::{
    Change, ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Stored, Surroundings,
    Targets, Ttl, Zone, ZoneIndex,
};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, Record as WireRecord};

use crate::engine::batched;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::{
    Adjusted, BatchLimits, BatchWriter, Batching, Capabilities, Conditions, Context, Cost, Page,
    PageFrom, Parents, Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
use answer::Purpose;
pub use args::{Rfc2136Args, Strategy};
use servers::Servers;
use update::{AsRead, Update};

const TRANSFER: &str = "transfer zone";
const UPDATE: &str = "update zone";
const RIGHT: &str = "check the right to update";

/// The id of the zone that holds every name.
const ROOT: &str = ".";

/// Most bytes of the records of a message; its head and its signature need some more (RFC 1035, 4.2.2).
const MOST_BYTES: usize = 60_000;

/// Fewest attempts of a message: a lone server gets a second and a third one.
const FEWEST_ATTEMPTS: usize = 3;

/// The provider for the servers and zones of the flags. Nothing is sent yet.
///
/// # Errors
/// When a flag is wrong, flags exclude each other, or a file of the TLS flags cannot be used.
pub fn provider(
    args: &Rfc2136Args,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    if args.rfc2136_batch_change_size == 0 {
        return Err(ProviderError::config("--rfc2136-batch-change-size must be 1 or more"));
    }
    let min_ttl = u32::try_from(args.rfc2136_min_ttl.as_secs()).unwrap_or(u32::MAX);
    if min_ttl > i32::MAX.unsigned_abs() {
        return Err(ProviderError::config("--rfc2136-min-ttl is longer than a TTL can be"));
    }
    let lists = args.lists();
    if !lists && !context.only_creates {
        tracing::warn!(
            "--rfc2136-axfr is not set: existing records are not listed, so they are neither updated nor \
             deleted, whatever --policy says"
        );
    }
    let servers = Servers::new(args, context)?;
    if !servers.signs() {
        tracing::warn!(
            "--rfc2136-insecure is set: messages have no signature, and anybody could forge them"
        );
    }
    let form = Form {
        apex: "",
        dots: Dots::Final,
        txt: TxtQuoting::Quoted,
        ttls: Ttls { min: min_ttl, ..Ttls::from(min_ttl) },
    };
    let attempts = servers.count().max(FEWEST_ATTEMPTS);
    let capabilities = capabilities(&form, args.rfc2136_batch_change_size, lists, attempts);
    let secrets = [&args.rfc2136_tsig_secret, &args.rfc2136_kerberos_password].map(String::clone);
    let via = Transport::with_secrets(&capabilities, secrets);
    let account = format!("{:?} {}", args.rfc2136_host, args.rfc2136_port);
    let via = via.among(&context.accounts, &account).at(&servers.names());
    let zones = zones(&args.rfc2136_zone, context);
    Ok(batched(Rfc2136 { servers, capabilities, form, zones, lists }, via))
}

/// The zones of the flags that pass the filters.
fn zones(names: &[String], context: &Context) -> Vec<Zone> {
    let names = names.iter().map(|name| Name::as_listed(name.trim()).key().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    // Everything: a filter of the names below is the plan's.
    if names.iter().all(String::is_empty) {
        return vec![Zone::new(ROOT, Name::default())];
    }
    let names = names.iter().filter(|name| !name.is_empty());
    let listed = names.map(|name| Zone::new(name.as_str(), Name::as_listed(name)));
    context.zones.clone().with_parents(Parents::All).select(listed.collect())
}

fn capabilities(form: &Form, batch: usize, lists: bool, attempts: usize) -> Capabilities {
    Capabilities {
        record_types: &RecordType::KNOWN,
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::Whole,
        conditions: if lists { Conditions::Api } else { Conditions::Reread },
        batch_limits: BatchLimits { bytes: MOST_BYTES, ..BatchLimits::changes(batch) },
        parallel_zones: 4,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        mutating_operations: &[UPDATE],
        ..form.capabilities("rfc2136")
    }
}

struct Rfc2136 {
    servers: Servers,
    capabilities: Capabilities,
    form: Form,
    zones: Vec<Zone>,
    /// Whether records are listed, so that messages can say what they rely on.
    lists: bool,
}

impl Rfc2136 {
    /// The record sets of a zone.
    fn sets(&self, records: Vec<WireRecord>) -> Vec<Record> {
        let mut places: HashMap<(String, RecordType), usize> = HashMap::new();
        let mut sets: Vec<(String, RecordType, u32, Vec<RData>)> = Vec::new();
        for record in records {
            let Some(rtype) = record::managed_type(record.record_type()) else { continue };
            let name = record::text_of(&record.name);
            let place = places.entry((name.to_ascii_lowercase(), rtype)).or_insert(sets.len());
            match sets.get_mut(*place) {
                Some((.., data)) => data.push(record.data),
                None => sets.push((name, rtype, record.ttl, vec![record.data])),
            }
        }
        sets.into_iter()
            .filter_map(|(name, rtype, ttl, data)| self.set(&name, rtype, ttl, data))
            .collect()
    }

    fn set(&self, name: &str, rtype: RecordType, ttl: u32, data: Vec<RData>) -> Option<Record> {
        let values = data.iter().filter_map(record::value);
        let targets: Targets = values.map(|value| self.form.read(rtype, &value)).collect();
        if targets.is_empty() {
            return None;
        }
        let ttl = Ttl::from_seconds(ttl.into());
        let set = RecordSet::new(Name::as_listed(name), rtype, ttl, targets);
        let written = update::data(&set, &self.form).unwrap_or_default();
        let is_same = written.len() == data.len() && data.iter().all(|own| written.contains(own));
        let origin = if is_same { Opaque::none() } else { Opaque::new(AsRead(data)) };
        Some(Record::new(set, origin))
    }
}

#[async_trait]
impl ZoneReader for Rfc2136 {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, _: &Transport) -> Result<Vec<Zone>, ProviderError> {
        Ok(self.zones.clone())
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        if !self.lists {
            return Ok(Page::default());
        }
        let name = record::name(&zone.name).map_err(ProviderError::config)?;
        let transfer = async || {
            let question = transfer::question(&name);
            let read = async |answer: &mut servers::Answer| transfer::records(answer, &name).await;
            self.servers.ask(&self.servers.transfers, question, read).await
        };
        let records = via.call(TRANSFER, transfer).await?;
        Ok(Page { records: self.sets(records), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        self.form.wanted(desired)
    }

    fn refusal(&self, set: &RecordSet, _: Surroundings<'_>) -> Option<String> {
        update::data(set, &self.form).err().map(|problem| format!("{problem}; correct it"))
    }
}

#[async_trait]
impl BatchWriter for Rfc2136 {
    /// The bytes of an update, which names its values up to three times.
    fn cost(&self, change: &Change) -> Cost {
        Cost { changes: 1, ..self.bytes(change.set(), 3) }
    }

    fn cost_of_requirement(&self, own: &Stored) -> Cost {
        self.bytes(&own.set, 1)
    }

    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let name = record::name(&zone.name).map_err(ProviderError::config)?;
        let update = async || {
            let message = Update::of(groups, &self.form, self.lists)?.message(&name);
            let read = async |answer: &mut servers::Answer| match answer
                .next()
                .await?
                .metadata
                .response_code
            {
                ResponseCode::NoError => Ok(None),
                code @ ResponseCode::Refused => Ok(Some(Purpose::Update.refused(code))),
                code => Err(Purpose::Update.refused(code)),
            };
            self.servers.ask(&self.servers.updates, message, read).await
        };
        match via.call(UPDATE, update).await? {
            None => Ok(()),
            Some(refused) => Err(self.refused_for(via, &name, refused).await),
        }
    }
}

impl Rfc2136 {
    /// Why a server refuses an update: BIND and Knot DNS say the same of a client that may not update the zone, and of a
    /// single record that it may not write, or that they do not store. An update that changes nothing tells them apart.
    async fn refused_for(
        &self,
        via: &Transport,
        zone: &hickory_proto::rr::Name,
        refused: ProviderError,
    ) -> ProviderError {
        let nothing = async || {
            let message = Update::default_of(&self.form).message(zone);
            let read = async |answer: &mut servers::Answer| match answer
                .next()
                .await?
                .metadata
                .response_code
            {
                ResponseCode::NoError => Ok(()),
                code => Err(Purpose::Update.refused(code)),
            };
            self.servers.ask(&self.servers.updates, message, read).await
        };
        match via.call(RIGHT, nothing).await {
            Ok(()) => answer::refused_record(),
            Err(_) => refused,
        }
    }

    /// About how many bytes the records of a set are, so many times.
    fn bytes(&self, set: &RecordSet, times: usize) -> Cost {
        let name = set.name.as_str().len() + 20;
        let bytes: usize =
            set.targets.iter().map(|target| name + target.len() + target.len() / 255).sum();
        Cost { bytes: times * (bytes + name), ..Cost::default() }
    }
}
