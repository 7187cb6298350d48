//! RancherDNS: `rdns`.
//!
//! * API: values in etcd, as <https://github.com/rancher/rdns-server> reads them. A key is the name from its last label to
//!   its first below `/rdnsv3`; that of an address has the address behind it, with underscores for dots.
//! * Authentication: that of etcd, by the variables `ETCD_..`; `RDNS_ROOT_DOMAIN` is the only zone.
//! * Limits: a name has at most ten addresses. A transaction of etcd has 128 operations, and is made whole or not at all.
//! * Quirks: upstream writes the text of a name into the values of its addresses, so one text can stand in several keys.
//! * Changed meanwhile: a transaction names the revision of every key that it changes or relies on, and is refused where
//!   one has another by now.
//! * Record types: A, TXT.

mod batch;
mod service;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{
    Change, ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Stored, Surroundings, Ttl,
    Zone,
};

use crate::engine::batched;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::etcd::{Etcd, LIMITS, PAGE, Pair};
use crate::{
    BatchWriter, Batching, Capabilities, Conditions, Context, Cost, Cursor, ErrorKind, Page,
    PageFrom, Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
use service::{Place, Service, key_of, place_of};

/// What all keys begin with.
const PREFIX: &str = "/rdnsv3";

const FORM: Form = Form { apex: "", dots: Dots::None, txt: TxtQuoting::Bare, ttls: Ttls::from(0) };

const LIST: &str = "list keys";
const CHANGE: &str = "change keys";

const TYPES: &[RecordType] = &[RecordType::A, RecordType::Txt];

/// Most addresses of a name.
const MOST_ADDRESSES: usize = 10;

/// The provider for the etcd and the domain of the environment. Nothing is sent yet.
///
/// # Errors
/// When there is no domain, a URL of etcd is none, or a file of TLS cannot be used.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let root = context.environment.get("RDNS_ROOT_DOMAIN").ok_or_else(|| {
        ProviderError::config("needed root domain environment; set RDNS_ROOT_DOMAIN")
    })?;
    let root = Name::as_listed(root.trim_matches('.'));
    let etcd = Etcd::new(context)?;
    let can = capabilities();
    let via = etcd.rest().transport(&can);
    let zones = context.zones.select(vec![Zone::new(root.key().as_ref(), root.clone())]);
    Ok(batched(Rdns { etcd, can, zones }, via))
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        // The key of an address has the address in it.
        stores: Stores::Values(Updates::SameValue),
        batches: Batching::Whole,
        conditions: Conditions::Api,
        batch_limits: LIMITS,
        page_size: Some(PAGE),
        max_values: MOST_ADDRESSES,
        mutating_operations: &[CHANGE],
        ..FORM.capabilities("rdns")
    }
}

struct Rdns {
    etcd: Etcd,
    can: Capabilities,
    zones: Vec<Zone>,
}

/// Where a record is kept: an address in one key, a text in one or several.
#[derive(Debug, Clone)]
struct Entry {
    key: EcoString,
    revision: EcoString,
    service: Arc<Service>,
}

type Entries = Vec<Entry>;

impl Rdns {
    /// All keys of a zone: that of the zone, and those below it.
    async fn pairs(&self, via: &Transport, zone: &Zone) -> Result<Vec<Pair>, ProviderError> {
        let own = key_of(&zone.name);
        let mut all = Vec::new();
        let mut from = PageFrom::Start;
        loop {
            let (pairs, next) = self.etcd.page(via, LIST, &own, &from).await?;
            let below = format!("{own}/");
            all.extend(pairs.into_iter().filter(|it| it.key == own || it.key.starts_with(&below)));
            match next {
                Some(words) => from = PageFrom::After(Cursor(words.map(EcoString::from).into())),
                None => return Ok(all),
            }
        }
    }
}

/// The records of these keys.
fn records(pairs: Vec<Pair>) -> Result<Vec<Record>, ProviderError> {
    let mut addresses = Vec::new();
    let mut texts: BTreeMap<(String, String), (Ttl, Entries)> = BTreeMap::new();
    for Pair { key, revision, value } in pairs {
        let service: Service = serde_json::from_slice(&value).map_err(|error| {
            let message = format!(
                "failed to unmarshal \"{key}\": {error}; correct or delete this key in etcd"
            );
            ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
        })?;
        let Some(Place { name, .. }) = place_of(&key) else {
            tracing::warn!("the key {key} is left out: it stands for no name");
            continue;
        };
        let ttl = match service.ttl {
            0 => Ttl::UNSET,
            seconds => Ttl::from_seconds(seconds.into()),
        };
        let service = Arc::new(service);
        let (key, revision) = (key.into(), revision.into());
        let entry = Entry { key, revision, service: Arc::clone(&service) };
        if !service.host.is_empty() {
            let targets = [service.host.as_str()].into_iter().collect();
            let set = RecordSet::new(name.clone(), RecordType::A, ttl, targets);
            addresses.push(Record::new(set, Opaque::new(vec![entry.clone()])));
        }
        if !service.text.is_empty() {
            let place = (name.key().into_owned(), service.text.clone());
            texts.entry(place).or_insert_with(|| (ttl, Vec::new())).1.push(entry);
        }
    }
    let text = |((name, text), (ttl, entries)): ((String, String), (Ttl, Entries))| {
        let targets = [FORM.read(RecordType::Txt, &text)].into_iter().collect();
        let set = RecordSet::new(Name::as_listed(&name), RecordType::Txt, ttl, targets);
        Record::new(set, Opaque::new(entries))
    };
    addresses.extend(texts.into_iter().map(text));
    Ok(addresses)
}

#[async_trait]
impl ZoneReader for Rdns {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn zones(&self, _: &Transport) -> Result<Vec<Zone>, ProviderError> {
        Ok(self.zones.clone())
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let records = records(self.pairs(via, zone).await?)?;
        Ok(Page { records, next: None })
    }

    fn refusal(&self, set: &RecordSet, _: Surroundings<'_>) -> Option<String> {
        let (name, rtype) = (&set.name, set.rtype);
        if name.key().contains('/') {
            return Some(format!(
                "rdns cannot store {name}: a slash parts the labels in its keys; use another name"
            ));
        }
        (rtype == RecordType::Txt && set.targets.len() > 1).then(|| {
            format!("rdns stores one text of a name, not {}; name one of them", set.targets.len())
        })
    }
}

#[async_trait]
impl BatchWriter for Rdns {
    fn cost(&self, change: &Change) -> Cost {
        let set = change.set();
        let values: usize = set.targets.iter().map(|target| target.len()).sum();
        // A text can stand in the keys of all addresses.
        let keys = if set.rtype == RecordType::Txt { MOST_ADDRESSES } else { 1 };
        let bytes = keys * (set.name.as_str().len() + values + 200);
        let changes = match &change.action {
            extdns_model::Action::Create(_) => 1,
            extdns_model::Action::Update { old, .. } | extdns_model::Action::Delete(old) => {
                old.origin.get::<Entries>().map_or(1, Vec::len)
            }
        };
        Cost { changes, bytes, ..Cost::default() }
    }

    fn cost_of_requirement(&self, own: &Stored) -> Cost {
        Cost { changes: own.origin.get::<Entries>().map_or(1, Vec::len), ..Cost::default() }
    }

    async fn send(
        &self,
        via: &Transport,
        _: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        self.etcd.commit(via, CHANGE, batch::transaction(groups)?).await
    }
}
