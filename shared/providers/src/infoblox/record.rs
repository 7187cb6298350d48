//! Records as objects of the WAPI.

use extdns_model::{Name, Opaque, Record, RecordSet, RecordType, Ttl};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{FORM, HOST};
use crate::engine::text;
use crate::engine::wire::Members;
use crate::{ErrorKind, ProviderError};

/// A kind of objects.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// `None` for host records, whose addresses are of two types.
    rtype: Option<RecordType>,
    /// The members of a value.
    pub(super) members: Members,
    pub(super) fields: &'static str,
}

/// The kinds that are read.
pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "record:a",
        rtype: Some(RecordType::A),
        members: Members(&["ipv4addr"]),
        fields: "ipv4addr,name,ttl,use_ttl",
    },
    Kind {
        name: "record:aaaa",
        rtype: Some(RecordType::Aaaa),
        members: Members(&["ipv6addr"]),
        fields: "ipv6addr,name,ttl,use_ttl",
    },
    Kind {
        name: "record:host",
        rtype: None,
        members: Members(&[]),
        fields: "ipv4addrs,ipv6addrs,name,ttl,use_ttl,configure_for_dns",
    },
    Kind {
        name: "record:cname",
        rtype: Some(RecordType::Cname),
        members: Members(&["canonical"]),
        fields: "canonical,name,ttl,use_ttl",
    },
    Kind {
        name: "record:mx",
        rtype: Some(RecordType::Mx),
        members: Members(&["preference", "mail_exchanger"]),
        fields: "preference,mail_exchanger,name,ttl,use_ttl",
    },
    Kind {
        name: "record:srv",
        rtype: Some(RecordType::Srv),
        members: Members(&["priority", "weight", "port", "target"]),
        fields: "priority,weight,port,target,name,ttl,use_ttl",
    },
    Kind {
        name: "record:txt",
        rtype: Some(RecordType::Txt),
        members: Members(&["text"]),
        fields: "text,name,ttl,use_ttl",
    },
];

/// The kind of a type.
///
/// # Errors
/// When it is not managed.
pub(super) fn kind_of(rtype: RecordType) -> Result<&'static Kind, ProviderError> {
    KINDS.iter().find(|kind| kind.rtype == Some(rtype)).ok_or_else(|| {
        ProviderError::new(ErrorKind::Rejected(Vec::new()), format!("infoblox stores no {rtype}"))
    })
}

impl Kind {
    /// The members of a value.
    pub(super) fn value(&self, set: &RecordSet, target: &str) -> Result<Value, ProviderError> {
        let value = FORM.value(set.rtype, target);
        if set.rtype == RecordType::Txt {
            return Ok(json!({ "text": text_of(&value) }));
        }
        self.members.write(&value).ok_or_else(|| {
            let message =
                format!("{} {}: {target:?} lacks a field of its type", set.rtype, set.name);
            ProviderError::new(ErrorKind::Rejected(vec![set.name.clone()]), message)
        })
    }
}

/// A text as the WAPI takes it: one word, or strings in quotes.
fn text_of(bare: &str) -> String {
    let is_word = !bare.is_empty()
        && bare.len() <= 255
        && !bare.contains(|it: char| it.is_whitespace() || matches!(it, '"' | '\\' | ';'));
    if is_word { bare.to_owned() } else { text::quote(bare.as_bytes()) }
}

/// An object as it is read.
#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(rename = "_ref")]
    reference: String,
    name: String,
    #[serde(default)]
    ttl: u32,
    #[serde(default)]
    use_ttl: bool,
    #[serde(default)]
    configure_for_dns: Option<bool>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Listed {
    /// Its records: one, or those of all addresses of a host.
    pub(super) fn records(&self, kind: &Kind) -> Vec<Record> {
        match kind.rtype {
            Some(rtype) => {
                let value = kind.members.read(&Value::Object(self.members.clone()));
                value.iter().map(|value| self.record(rtype, value)).collect()
            }
            None if self.configure_for_dns == Some(false) => Vec::new(),
            None => {
                let lists = [
                    ("ipv4addrs", "ipv4addr", RecordType::A),
                    ("ipv6addrs", "ipv6addr", RecordType::Aaaa),
                ];
                let of = |(list, member, rtype): (&str, &str, RecordType)| {
                    let items = self.members.get(list).and_then(Value::as_array);
                    let addresses =
                        items.into_iter().flatten().filter_map(|item| item[member].as_str());
                    let addresses = addresses.map(|address| {
                        let mut record = self.record(rtype, address);
                        record.set_read_only(Some(HOST));
                        record
                    });
                    addresses.collect::<Vec<_>>()
                };
                lists.into_iter().flat_map(of).collect()
            }
        }
    }

    fn record(&self, rtype: RecordType, value: &str) -> Record {
        let targets = [FORM.read(rtype, value)].into_iter().collect();
        let ttl = if self.use_ttl { Ttl::from_seconds(self.ttl.into()) } else { Ttl::UNSET };
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, ttl, targets);
        Record::new(set, Opaque::new(self.reference.clone()))
    }
}

/// The body that makes the one value of a set.
pub(super) fn created(kind: &Kind, set: &RecordSet, view: &str) -> Result<Value, ProviderError> {
    let mut body = changed(kind, set)?;
    body["name"] = set.name.key().into();
    if !view.is_empty() {
        body["view"] = view.into();
    }
    Ok(body)
}

/// The body that changes a value to the one of a set.
pub(super) fn changed(kind: &Kind, set: &RecordSet) -> Result<Value, ProviderError> {
    let target = set.targets.first().map_or("", |it| it.as_str());
    let mut body = kind.value(set, target)?;
    let ttl = FORM.ttl(set.ttl);
    body["use_ttl"] = (ttl > 0).into();
    if ttl > 0 {
        body["ttl"] = ttl.into();
    }
    Ok(body)
}
