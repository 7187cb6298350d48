//! CoreDNS, and SkyDNS before it, over etcd: `coredns`, `skydns`.
//!
//! * API: values in etcd, as <https://coredns.io/plugins/etcd/> reads them. A key is the name from its last label to its
//!   first; a label in front, which `targetstrip` takes away, distinguishes the values of a name.
//! * Authentication: that of etcd, by the variables `ETCD_..`.
//! * Limits: a transaction of etcd has 128 operations, and is made whole or not at all.
//! * Quirks: there are no zones; every name lies below the prefix. A value holds an address or a host name, a text, or
//!   both. Host names have no final dot. The key of a reverse name has no label more, so it has one PTR and one TXT.
//! * Changed meanwhile: a transaction names the revision of every key that it changes or relies on, and is refused where
//!   one has another by now.
//! * Record types: A, AAAA, CNAME, PTR (in reverse domains), TXT.

mod args;
mod batch;
mod service;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{
    Change, ChangeGroup, Endpoint, LabelKey, Name, Opaque, Owners, Record, RecordSet, RecordType,
    Stored, Surroundings, Targets, Ttl, Zone, ZoneIndex,
};

use crate::engine::wire::{Dots, Form, Ttls};
use crate::engine::{batched, unfolded};
use crate::etcd::{Etcd, LIMITS, PAGE, Pair};
use crate::rest::origin;
use crate::{
    Adjusted, BatchWriter, Batching, Capabilities, Conditions, Context, Cost, Cursor, ErrorKind,
    Page, PageFrom, Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
pub use args::CorednsArgs;
use batch::Batch;
use service::{Part, Service, is_reverse, name_of};

/// The property with the group of a name: CoreDNS answers with one group of the values that it finds.
const GROUP: &str = "coredns/group";

const FORM: Form = Form { apex: "", dots: Dots::None, txt: TxtQuoting::Bare, ttls: Ttls::from(0) };

const LIST: &str = "list keys";
const CHANGE: &str = "change keys";

const TYPES: &[RecordType] =
    &[RecordType::A, RecordType::Aaaa, RecordType::Cname, RecordType::Ptr, RecordType::Txt];

/// The provider for the etcd of the environment. Nothing is sent yet.
///
/// # Errors
/// When a URL of etcd is none, a file of TLS cannot be used, or values shall have an owner and there is none.
pub fn provider(
    args: &CorednsArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let etcd = Etcd::new(context)?;
    let can = capabilities();
    let via = etcd.rest().transport(&can);
    let strict = Capabilities { follows_dns: true, ..can.clone() };
    Ok(batched(
        Coredns {
            etcd,
            can,
            strict,
            prefix: args.prefix(),
            strictly_owned: args.coredns_strictly_owned,
            owners: context.owner_ids.clone(),
        },
        via,
    ))
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Values(Updates::InPlace),
        batches: Batching::Whole,
        conditions: Conditions::Api,
        batch_limits: LIMITS,
        page_size: Some(PAGE),
        // Which names are the apex of a zone, only CoreDNS knows.
        follows_dns: false,
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("coredns")
    }
}

struct Coredns {
    etcd: Etcd,
    can: Capabilities,
    /// The same, with the rules of DNS for what CoreDNS could not answer.
    strict: Capabilities,
    prefix: String,
    strictly_owned: bool,
    owners: Owners,
}

/// Where a value is kept.
#[derive(Debug, Clone)]
struct Entry {
    key: EcoString,
    revision: EcoString,
    service: Arc<Service>,
}

/// Where the values of a stored set are kept.
fn entries(stored: &Stored) -> Result<Vec<Entry>, ProviderError> {
    unfolded(stored).iter().map(|one| origin::<Entry>(one).cloned()).collect()
}

impl Coredns {
    /// The records of a key, if they are to be seen.
    fn records(&self, pair: Pair) -> Result<Vec<Record>, ProviderError> {
        let Pair { key, revision, value } = pair;
        let service: Service = serde_json::from_slice(&value).map_err(|error| {
            let message = format!(
                "failed to unmarshal \"{key}\": {error}; correct or delete this key in etcd"
            );
            ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
        })?;
        if self.strictly_owned && !self.owners.contains(&service.owner) {
            return Ok(Vec::new());
        }
        let Some(name) = name_of(&self.prefix, &key, service.targetstrip) else {
            tracing::warn!("the key {key} is left out: it stands for no name");
            return Ok(Vec::new());
        };
        let service = Arc::new(service);
        let entry =
            Entry { key: key.into(), revision: revision.into(), service: Arc::clone(&service) };
        let types = [(Part::Host, service.host_type(&name)), (Part::Text, RecordType::Txt)];
        let held = types.into_iter().filter(|(part, _)| !service.get(*part).is_empty());
        Ok(held.map(|(part, rtype)| self.record(&name, rtype, part, &entry)).collect())
    }

    fn record(&self, name: &Name, rtype: RecordType, part: Part, entry: &Entry) -> Record {
        let service = &entry.service;
        let targets: Targets = [FORM.read(rtype, service.get(part))].into_iter().collect();
        let ttl = match service.ttl {
            0 => Ttl::UNSET,
            seconds => Ttl::from_seconds(seconds.into()),
        };
        let mut set = RecordSet::new(name.clone(), rtype, ttl, targets);
        if part == Part::Host && rtype != RecordType::Ptr && !service.group.is_empty() {
            set.edit_properties(|own| own.set(GROUP, service.group.as_str()));
        }
        let mut record = Record::new(set, Opaque::new(entry.clone()));
        if self.strictly_owned {
            record.labels.set(LabelKey::OWNER, service.owner.as_str());
        }
        record
    }
}

#[async_trait]
impl ZoneReader for Coredns {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    /// One that holds every name.
    async fn zones(&self, _: &Transport) -> Result<Vec<Zone>, ProviderError> {
        Ok(vec![Zone::new(self.prefix.as_str(), Name::default())])
    }

    async fn page(&self, via: &Transport, _: &Zone, from: PageFrom) -> Result<Page, ProviderError> {
        let (pairs, next) = self.etcd.page(via, LIST, &self.prefix, &from).await?;
        let mut records = Vec::with_capacity(pairs.len());
        for pair in pairs {
            records.extend(self.records(pair)?);
        }
        Ok(Page { records, next: next.map(|words| Cursor(words.map(EcoString::from).into())) })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired).changed(|Endpoint { set, .. }| {
            if matches!(set.rtype, RecordType::Txt | RecordType::Ptr) {
                set.edit_properties(|own| drop(own.remove(GROUP)));
            }
            let first = set.targets.first().filter(|_| set.targets.len() > 1).cloned();
            let first = first.filter(|_| set.rtype == RecordType::Ptr)?;
            set.targets = [first.clone()].into_iter().collect();
            Some(format!("the key of a reverse name holds one target; {first} is stored"))
        })
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        let (name, rtype) = (&set.name, set.rtype);
        if name.key().contains('/') {
            return Some(format!(
                "coredns cannot store {name}: a slash parts the labels in its keys; use another name"
            ));
        }
        let is_ptr = rtype == RecordType::Ptr;
        if is_ptr != is_reverse(name) && rtype != RecordType::Txt {
            return Some(format!(
                "coredns stores PTR records, and no others with hosts, under reverse names (in-addr.arpa, ip6.arpa), so \
                 no {rtype} under {name}"
            ));
        }
        let key_is_taken =
            rtype == RecordType::Txt && around.beside.iter().any(|other| other.rtype != rtype);
        if is_reverse(name) && (set.targets.len() > 1 || key_is_taken) {
            return Some(format!(
                "coredns stores one record under a reverse name as {name}; remove the others"
            ));
        }
        crate::storable::refusal(&self.strict, set, around)
    }
}

#[async_trait]
impl BatchWriter for Coredns {
    fn cost(&self, change: &Change) -> Cost {
        let set = change.set();
        let values: usize = set.targets.iter().map(|target| target.len()).sum();
        let bytes = 2 * (self.prefix.len() + set.name.as_str().len()) + values + 200;
        Cost { changes: 1, bytes, ..Cost::default() }
    }

    fn cost_of_requirement(&self, own: &Stored) -> Cost {
        Cost { changes: own.set.targets.len().max(1), ..Cost::default() }
    }

    async fn send(
        &self,
        via: &Transport,
        _: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        self.etcd.commit(via, CHANGE, Batch::of(self, groups)?).await
    }
}
