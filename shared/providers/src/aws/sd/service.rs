//! Services: record sets, both ways.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ecow::EcoString;
use extdns_model::{
    LabelKey, Labels, Name, Opaque, Record, RecordSet, RecordType, Surroundings, Targets, Ttl,
    Zone, property_names,
};
use serde::Deserialize;

use super::instance::{Form, Instance};
use crate::Adjusted;
use crate::TxtQuoting;
use crate::engine::wire::normal;
use crate::storable::empty_label;

/// Most characters of the name of a service.
const LONGEST_NAME: usize = 127;

/// A service.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Service {
    pub(super) id: EcoString,
    pub(super) name: EcoString,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    dns_config: Option<DnsConfig>,
    #[serde(rename = "InstanceCount", default)]
    pub(super) count: Option<usize>,
    /// They come by a call of their own.
    #[serde(skip)]
    pub(super) instances: Vec<Instance>,
    /// Operations that take instances away, and that may not be carried out yet.
    #[serde(skip)]
    pub(super) leaving: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DnsConfig {
    #[serde(default)]
    routing_policy: Option<String>,
    #[serde(default)]
    dns_records: Vec<DnsRecord>,
}

/// The records that Cloud Map makes of the instances of a service.
#[derive(Debug, Clone, Deserialize)]
struct DnsRecord {
    #[serde(rename = "Type")]
    rtype: String,
    #[serde(rename = "TTL")]
    ttl: i64,
}

impl Service {
    /// One that was just made, and has no instances.
    pub(super) fn made(id: &str, name: &str, form: Form, ttl: i64, description: &str) -> Self {
        let rtype = form.rtype().to_owned();
        let dns_config = DnsConfig {
            routing_policy: Some(form.routing().to_owned()),
            dns_records: vec![DnsRecord { rtype, ttl }],
        };
        Self {
            id: id.into(),
            name: name.into(),
            description: Some(description.to_owned()),
            dns_config: Some(dns_config),
            count: None,
            instances: Vec::new(),
            leaving: Vec::new(),
        }
    }

    fn dns(&self) -> Option<&DnsRecord> {
        self.dns_config.as_ref()?.dns_records.first()
    }

    /// Whether its instances are in DNS. Some services are only found by the API.
    pub(super) fn is_of_dns(&self) -> bool {
        self.dns().is_some()
    }

    /// Whether a record set can be stored in it as it is: neither type nor routing can be changed.
    pub(super) fn takes(&self, form: Form) -> bool {
        let Some(dns) = self.dns() else { return false };
        let routing = self.dns_config.as_ref().and_then(|own| own.routing_policy.as_deref());
        // A list that does not tell the routing leaves the type.
        dns.rtype == form.rtype() && routing.is_none_or(|routing| routing == form.routing())
    }

    pub(super) fn ttl(&self) -> Option<i64> {
        self.dns().map(|dns| dns.ttl)
    }

    /// Takes over what an update has written.
    pub(super) fn update(&mut self, ttl: i64, description: &str) {
        if let Some(dns) = self.dns_config.as_mut().and_then(|own| own.dns_records.first_mut()) {
            dns.ttl = ttl;
        }
        self.description = Some(description.to_owned());
    }

    /// Whether nobody has said whose it is.
    pub(super) fn is_undescribed(&self) -> bool {
        self.description.as_deref().is_none_or(str::is_empty)
    }

    /// Who owns it, if its description is one of the registry.
    pub(super) fn labels(&self) -> Labels {
        Labels::parse(self.description.as_deref().unwrap_or_default()).unwrap_or_default()
    }

    /// The record set; `None` where no instance has a value in DNS.
    pub(super) fn record(&self, zone: &Zone) -> Option<Record> {
        let dns = self.dns()?;
        let (rtype, _) = self.instances.iter().find_map(|own| own.value(&dns.rtype))?;
        let name = Name::as_listed(&format!("{}.{}", self.name, zone.name));
        let mut record = Record::new(
            RecordSet::new(name, rtype, Ttl::from_seconds(dns.ttl), self.targets(rtype)),
            Opaque::none(),
        );
        if let Some(description) = &self.description {
            record.labels.set(LabelKey::AWS_SD_DESCRIPTION, description.as_str());
        }
        Some(record)
    }

    fn targets(&self, rtype: RecordType) -> Targets {
        let of = self.dns().map_or("", |dns| dns.rtype.as_str());
        let values = self.instances.iter().filter_map(|own| own.value(of));
        values.filter(|(own, _)| *own == rtype).map(|(_, target)| target).collect()
    }

    /// The instances with one of these targets.
    pub(super) fn instances_of<'s>(
        &'s self,
        targets: &'s Targets,
    ) -> impl Iterator<Item = &'s Instance> + 's {
        let of = self.dns().map_or("", |dns| dns.rtype.as_str());
        self.instances.iter().filter(move |own| {
            own.value(of).is_some_and(|(_, target)| {
                targets.iter().any(|own| {
                    own.trim_end_matches('.').eq_ignore_ascii_case(target.trim_end_matches('.'))
                })
            })
        })
    }
}

/// The name of a service: that of the record without the zone.
pub(super) fn name_in(zone: &Zone, name: &Name) -> EcoString {
    let (name, apex) = (
        name.to_ascii().map_or_else(|_| name.key().into_owned(), |own| own.to_string()),
        zone.name.key().into_owned(),
    );
    let name = name.trim_end_matches('.').to_lowercase();
    name.strip_suffix(&apex).unwrap_or(&name).trim_end_matches('.').into()
}

/// What is desired, in the form in which it is read back.
pub(super) fn wanted(mut desired: Adjusted) -> Adjusted {
    for endpoint in &mut desired.endpoints {
        let rtype = endpoint.set.rtype;
        endpoint.set.targets =
            endpoint.set.targets.iter().map(|it| normal(rtype, it, TxtQuoting::AsIs)).collect();
        endpoint.set.targets.normalise();
        // Nothing of the kind can be stored.
        let is_own = |name: &str| name == property_names::ALIAS || name.starts_with("aws-sd/");
        let names: Vec<EcoString> = endpoint
            .set
            .properties()
            .iter()
            .map(|own| own.name.clone())
            .filter(|own| is_own(own))
            .collect();
        endpoint.set.edit_properties(|all| {
            for name in &names {
                all.remove(name);
            }
        });
    }
    desired
}

/// Why a record set cannot be stored.
pub(super) fn refusal(set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
    let name = &set.name;
    if around.at_apex {
        return Some(format!(
            "a service of Cloud Map has a name of its own below the namespace, and {name} is the namespace; use another name"
        ));
    }
    if let Some(reason) = empty_label(set) {
        return Some(reason);
    }
    let own = name_in(around.zone, name);
    if own.len() > LONGEST_NAME {
        return Some(format!(
            "the name of a service has at most {LONGEST_NAME} characters, and {own} is longer; use a shorter name"
        ));
    }
    if let Some(label) = own.split('.').find(|label| !is_label(label)) {
        return Some(format!(
            "Cloud Map takes only letters, digits, \"-\" and \"_\" in names, and no \"-\" at the ends, unlike {label:?} in {name}; use another name"
        ));
    }
    let is_mixed =
        |other: &&&RecordSet| other.rtype != set.rtype && rank(other.rtype) < rank(set.rtype);
    let other = around.beside.iter().find(is_mixed)?.rtype;
    Some(format!(
        "a service of Cloud Map has one type, so {} and {other} records cannot both have the name {name}; remove one of them",
        set.rtype
    ))
}

/// Of two types of one name the first is stored.
fn rank(rtype: RecordType) -> u8 {
    match rtype {
        RecordType::A => 0,
        RecordType::Aaaa => 1,
        RecordType::Cname => 2,
        _ => u8::MAX,
    }
}

fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let may_end = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    let bytes = label.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|byte| is_inner(*byte))
        && may_end(bytes.first())
        && may_end(bytes.last())
        && (bytes.len() > 1 || label != "_")
}

/// The services of each namespace by their names, as they were read and as they were written since.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<(EcoString, EcoString), Service>>);

impl Known {
    fn all(&self) -> MutexGuard<'_, HashMap<(EcoString, EcoString), Service>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of what is known of the namespace.
    pub(super) fn note(&self, zone: &Zone, services: Vec<Service>) {
        let mut all = self.all();
        let mut before: HashMap<EcoString, Vec<String>> = HashMap::new();
        let of_zone = all.extract_if(|(id, _), _| *id == zone.id);
        before.extend(of_zone.map(|(_, own)| (own.id, own.leaving)));
        for mut own in services {
            // What is under way is not over with a read.
            own.leaving = before.remove(&own.id).unwrap_or_default();
            all.insert((zone.id.clone(), key(&own.name)), own);
        }
    }

    pub(super) fn get(&self, zone: &Zone, name: &str) -> Option<Service> {
        self.all().get(&(zone.id.clone(), key(name))).cloned()
    }

    pub(super) fn put(&self, zone: &Zone, service: Service) {
        self.all().insert((zone.id.clone(), key(&service.name)), service);
    }

    pub(super) fn forget(&self, zone: &Zone, name: &str) {
        self.all().remove(&(zone.id.clone(), key(name)));
    }

    /// The services of a namespace that have no instances, in the order of their names.
    pub(super) fn empty(&self, zone: &Zone) -> Vec<Service> {
        let all = self.all();
        let own = all.iter().filter(|((id, _), own)| *id == zone.id && own.instances.is_empty());
        let mut empty: Vec<Service> = own.map(|(_, own)| own.clone()).collect();
        empty.sort_by(|a, b| a.name.cmp(&b.name));
        empty
    }
}

fn key(name: &str) -> EcoString {
    name.to_lowercase().into()
}
