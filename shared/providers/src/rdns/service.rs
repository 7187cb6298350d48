//! Services: the values that RancherDNS answers from.

use extdns_model::Name;
use serde::{Deserialize, Serialize};

use super::PREFIX;

/// A value as JSON. What is not managed here is kept as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Service {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) host: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) ttl: u32,
    #[serde(flatten)]
    pub(super) others: serde_json::Map<String, serde_json::Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Service {
    /// Whether nothing can be answered from it.
    pub(super) fn is_empty(&self) -> bool {
        self.host.is_empty() && self.text.is_empty()
    }
}

/// The name of a key, and whether an address stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: Name,
    pub(super) has_address: bool,
}

/// The key of a name: its labels from the last to the first.
pub(super) fn key_of(name: &Name) -> String {
    let key = name.key();
    let labels: Vec<&str> = key.split('.').rev().collect();
    format!("{PREFIX}/{}", labels.join("/"))
}

/// The key of an address of a name.
pub(super) fn key_of_address(name: &Name, address: &str) -> String {
    format!("{}/{}", key_of(name), address.replace('.', "_"))
}

/// What a key stands for.
pub(super) fn place_of(key: &str) -> Option<Place> {
    let mut labels: Vec<&str> = key.strip_prefix(PREFIX)?.strip_prefix('/')?.split('/').collect();
    let has_address = labels.last().is_some_and(|last| is_address(last));
    if has_address {
        labels.pop();
    }
    if labels.is_empty() || labels.iter().any(|label| label.is_empty()) {
        return None;
    }
    labels.reverse();
    Some(Place { name: Name::as_listed(&labels.join(".")), has_address })
}

/// Whether the last part of a key is an address: four numbers with underscores between them.
fn is_address(part: &str) -> bool {
    let numbers: Vec<&str> = part.split('_').collect();
    let is_number =
        |it: &&str| (1..=3).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit());
    numbers.len() == 4 && numbers.iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_places() {
        let table = [
            ("/rdnsv3/cloud/rancher/lb/p1/1_2_3_4", Some(("p1.lb.rancher.cloud", true))),
            ("/rdnsv3/cloud/rancher/lb/p1", Some(("p1.lb.rancher.cloud", false))),
            ("/rdnsv3/cloud/rancher/_sip_a_b_c", Some(("_sip_a_b_c.rancher.cloud", false))),
            ("/rdnsv3/1_2_3_4", None),
            ("/rdnsv3//cloud", None),
            ("/other/cloud", None),
        ];
        for (key, expected) in table {
            let place = place_of(key);
            let found = place.as_ref().map(|it| (it.name.as_str(), it.has_address));
            assert_eq!(found, expected, "{key}");
        }
        let name = Name::as_listed("p1.lb.rancher.cloud");
        assert_eq!(key_of_address(&name, "1.2.3.4"), "/rdnsv3/cloud/rancher/lb/p1/1_2_3_4");
    }
}
