//! Services: the values that CoreDNS and SkyDNS answer from
//! (<https://coredns.io/plugins/etcd/>, <https://github.com/skynetservices/skydns#service-announcements>).

use std::net::IpAddr;

use extdns_model::{Name, RecordType};
use serde::{Deserialize, Serialize};

/// A value as JSON. What is not managed here (ports, priorities, weights) is kept as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Service {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) host: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) ttl: u32,
    /// How many labels of the key are no part of the name.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) targetstrip: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) group: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) owner: String,
    #[serde(flatten)]
    pub(super) others: serde_json::Map<String, serde_json::Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The part of a service that is a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// An address, or the name of a host.
    Host,
    /// The text of a TXT.
    Text,
}

impl Part {
    /// The part that holds records of this type.
    pub(super) fn of(rtype: RecordType) -> Self {
        if rtype == RecordType::Txt { Self::Text } else { Self::Host }
    }
}

impl Service {
    pub(super) fn get(&self, part: Part) -> &str {
        match part {
            Part::Host => &self.host,
            Part::Text => &self.text,
        }
    }

    pub(super) fn set(&mut self, part: Part, value: String) {
        match part {
            Part::Host => self.host = value,
            Part::Text => self.text = value,
        }
    }

    /// Whether nothing can be answered from it.
    pub(super) fn is_empty(&self) -> bool {
        self.host.is_empty() && self.text.is_empty()
    }

    /// Whether it is two records.
    pub(super) fn is_joint(&self) -> bool {
        !self.host.is_empty() && !self.text.is_empty()
    }

    /// The type of the record of its host.
    pub(super) fn host_type(&self, name: &Name) -> RecordType {
        match self.host.parse() {
            _ if is_reverse(name) => RecordType::Ptr,
            Ok(IpAddr::V4(_)) => RecordType::A,
            Ok(IpAddr::V6(_)) => RecordType::Aaaa,
            Err(_) => RecordType::Cname,
        }
    }
}

/// Whether a name stands for an address, so that its host is that of a PTR.
pub(super) fn is_reverse(name: &Name) -> bool {
    let key = name.key();
    [".in-addr.arpa", ".ip6.arpa"].iter().any(|end| key.ends_with(end))
}

/// The key of a name below a prefix: its labels from the last to the first.
pub(super) fn key_of(prefix: &str, name: &Name) -> String {
    let key = name.key();
    let labels: Vec<&str> = key.split('.').rev().collect();
    format!("{prefix}{}", labels.join("/"))
}

/// The name of a key, without as many of its last labels as the service says; `None` if that is no name.
pub(super) fn name_of(prefix: &str, key: &str, targetstrip: u32) -> Option<Name> {
    let mut labels: Vec<&str> = key.strip_prefix(prefix)?.split('/').collect();
    let kept = labels.len().checked_sub(usize::try_from(targetstrip).ok()?)?;
    labels.truncate(kept);
    if labels.is_empty() || labels.iter().any(|label| label.is_empty()) {
        return None;
    }
    labels.reverse();
    Some(Name::as_listed(&labels.join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_names() {
        let table = [
            ("/skydns/com/example/www/1f3a90c2", 1, Some("www.example.com")),
            ("/skydns/com/example", 0, Some("example.com")),
            ("/skydns/arpa/in-addr/172/26/0/2", 0, Some("2.0.26.172.in-addr.arpa")),
            ("/skydns/com", 2, None),
            ("/skydns/com", 1, None),
            ("/skydns//com", 0, None),
            ("/other/com", 0, None),
        ];
        for (key, strip, expected) in table {
            let name = name_of("/skydns/", key, strip);
            assert_eq!(name.as_ref().map(Name::as_str), expected, "{key}");
            if strip == 0
                && let Some(name) = name
            {
                assert_eq!(key_of("/skydns/", &name), key);
            }
        }
    }

    #[test]
    fn what_is_not_managed_is_kept() {
        let text = r#"{"host":"192.0.2.10","ttl":300,"targetstrip":1,"group":"g1","port":80,"priority":5}"#;
        let service: Service = serde_json::from_str(text).expect("a service");
        assert_eq!(serde_json::to_string(&service).expect("JSON"), text);
    }
}
