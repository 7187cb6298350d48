//! Records as entities of the Address Manager, whose properties are one text.

use std::net::IpAddr;

use extdns_model::{Name, Opaque, Record, RecordSet, RecordType, Ttl};
use serde::Deserialize;
use serde_json::{Value, json};

use super::FORM;
use crate::rest::Id;
use crate::{ErrorKind, ProviderError};

/// A kind of records.
pub(super) struct Kind {
    pub(super) rtype: RecordType,
    /// The last word of the path.
    pub(super) path: &'static str,
    /// The property that a read shows the value in, and the member that a create has it in.
    pub(super) names: [&'static str; 2],
}

pub(super) static KINDS: &[Kind] = &[
    Kind { rtype: RecordType::Txt, path: "text_records", names: ["txt", "txt"] },
    Kind { rtype: RecordType::A, path: "host_records", names: ["addresses", "ip4_address"] },
    Kind {
        rtype: RecordType::Cname,
        path: "cname_records",
        names: ["linkedRecordName", "linked_record"],
    },
];

/// What parts the addresses of a host.
const COMMA: char = ',';
/// What parts properties.
const BAR: char = '|';
/// The TTL that stands for that of the zone (`addHostRecord` of the API of the Address Manager).
const NO_TTL: i64 = -1;

/// Why a host with addresses of both versions is left alone.
const DUAL: &str = "belongs to a host with addresses of version 6, which would go with it; change it in the Address Manager";

/// The kind of a type.
///
/// # Errors
/// When the workflow has none.
pub(super) fn kind_of(rtype: RecordType) -> Result<&'static Kind, ProviderError> {
    KINDS.iter().find(|kind| kind.rtype == rtype).ok_or_else(|| {
        let message = format!("BlueCat stores no {rtype} records");
        ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
    })
}

/// A zone or a record.
#[derive(Deserialize)]
pub(super) struct Entity {
    pub(super) id: Id,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    properties: Option<String>,
}

impl Entity {
    /// A property; none where the text has another form.
    pub(super) fn property(&self, name: &str) -> Option<String> {
        let pairs = self.properties.as_deref().unwrap_or_default().split(BAR);
        let mut found =
            pairs.filter_map(|pair| pair.split_once('=')).filter(|(own, _)| *own == name);
        found.next().map(|(_, value)| value.to_owned())
    }

    /// The whole name; that below the parent where there is no property with it.
    pub(super) fn absolute_name(&self, parent: &Name) -> Name {
        match (self.property("absoluteName"), self.name.as_deref().unwrap_or_default()) {
            (Some(name), _) => Name::as_listed(&name),
            (None, "") => parent.clone(),
            (None, label) => Name::as_listed(&format!("{label}.{parent}")),
        }
    }

    /// The record sets: one, or that of each version of a host's addresses.
    pub(super) fn records(&self, kind: &Kind, zone: &Name) -> Vec<Record> {
        let value = self.property(kind.names[0]).unwrap_or_default();
        if value.is_empty() {
            return Vec::new();
        }
        if kind.rtype != RecordType::A {
            return vec![self.record(kind.rtype, &[&value], zone)];
        }
        let is_new = |address: &&str| matches!(address.parse(), Ok(IpAddr::V6(_)));
        let (new, old): (Vec<&str>, Vec<&str>) =
            value.split(COMMA).map(str::trim).partition(is_new);
        let sets = [(RecordType::A, &old), (RecordType::Aaaa, &new)];
        let mut records: Vec<Record> = sets
            .into_iter()
            .filter(|(_, addresses)| !addresses.is_empty())
            .map(|(rtype, addresses)| self.record(rtype, addresses, zone))
            .collect();
        let why = (!new.is_empty()).then_some(DUAL);
        records.iter_mut().for_each(|record| record.set_read_only(why));
        records
    }

    fn record(&self, rtype: RecordType, values: &[&str], zone: &Name) -> Record {
        let targets = values.iter().map(|value| FORM.read(rtype, value)).collect();
        let ttl = self.property("ttl").and_then(|it| it.parse().ok()).filter(|ttl: &i64| *ttl > 0);
        let ttl = ttl.map_or(Ttl::UNSET, Ttl::from_seconds);
        let set = RecordSet::new(self.absolute_name(zone), rtype, ttl, targets);
        Record::new(set, Opaque::none())
    }
}

/// The body that makes a set.
pub(super) fn created(kind: &Kind, set: &RecordSet) -> Value {
    let values: Vec<String> = set.targets.iter().map(|it| FORM.value(set.rtype, it)).collect();
    let mut body = json!({ "absolute_name": set.name.key(), kind.names[1]: values.join(",") });
    if kind.rtype != RecordType::Txt {
        body["ttl"] = set.ttl.seconds().map_or(NO_TTL, i64::from).into();
        body["properties"] = "".into();
    }
    body
}

/// Why a set cannot be stored: a fragment with the remedy.
pub(super) fn refusal(set: &RecordSet) -> Option<String> {
    if set.rtype == RecordType::Txt && set.targets.len() > 1 {
        let text = "the workflow of BlueCat finds a TXT record by its name, so a name has one; put all into one text";
        return Some(text.to_owned());
    }
    let parts = |value: &ecow::EcoString| FORM.value(set.rtype, value).contains(BAR);
    let is_parted = set.rtype == RecordType::Txt && set.targets.iter().any(parts);
    is_parted.then(|| {
        "BlueCat parts properties by |, so no text can hold one; take another sign".to_owned()
    })
}
