//! Instances: the values of a service, both ways.

use aws_lc_rs::digest::{SHA256, digest};
use ecow::EcoString;
use extdns_model::{RecordSet, RecordType};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Most instances that one call gives.
pub(super) const MOST: usize = 1000;
/// Most bytes of the id of an instance.
const LONGEST_ID: usize = 64;

/// An instance as it is listed.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Instance {
    /// `InstanceId` where it is discovered, `Id` where it is listed.
    #[serde(rename = "InstanceId", alias = "Id")]
    pub(super) id: EcoString,
    #[serde(rename = "Attributes", default)]
    attributes: Map<String, Value>,
}

impl Instance {
    /// The instance of a target.
    pub(super) fn of(form: Form, target: &str) -> Self {
        let attributes = [(form.attribute().to_owned(), json!(target))].into_iter().collect();
        Self { id: id_of(target), attributes }
    }

    /// The value that it has in DNS, in a service whose records are of this type; and the type of that.
    pub(super) fn value(&self, rtype: &str) -> Option<(RecordType, EcoString)> {
        let get = |name: &str| {
            self.attributes.get(name)?.as_str().filter(|text| !text.is_empty()).map(EcoString::from)
        };
        let cname = get("AWS_INSTANCE_CNAME").filter(|_| rtype == "CNAME");
        let host = cname.or_else(|| get("AWS_ALIAS_DNS_NAME"));
        host.map(|host| (RecordType::Cname, host))
            .or_else(|| Some((RecordType::A, get("AWS_INSTANCE_IPV4")?)))
            .or_else(|| Some((RecordType::Aaaa, get("AWS_INSTANCE_IPV6")?)))
    }

    /// The attributes, as they are registered.
    pub(super) fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }
}

/// The id of the instance of a target, as ExternalDNS makes it.
pub(super) fn id_of(target: &str) -> EcoString {
    let id = target.to_lowercase();
    match id.len() {
        ..=LONGEST_ID => id.into(),
        _ => {
            let hash = digest(&SHA256, id.as_bytes());
            let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            hex.into()
        }
    }
}

/// How a record set is stored: what cannot be changed of a service, and which attribute has the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Ipv4,
    Ipv6,
    Cname,
    /// A CNAME to a load balancer of AWS, which Cloud Map stores as an alias.
    Balancer,
}

impl Form {
    /// `None` for a type that Cloud Map does not have.
    pub(super) fn of(set: &RecordSet) -> Option<Self> {
        match set.rtype {
            RecordType::A => Some(Self::Ipv4),
            RecordType::Aaaa => Some(Self::Ipv6),
            RecordType::Cname => {
                let is_balancer = set.targets.iter().next().is_some_and(|host| is_balancer(host));
                Some(if is_balancer { Self::Balancer } else { Self::Cname })
            }
            _ => None,
        }
    }

    /// The type of the service's records.
    pub(super) fn rtype(self) -> &'static str {
        match self {
            Self::Ipv4 | Self::Balancer => "A",
            Self::Ipv6 => "AAAA",
            Self::Cname => "CNAME",
        }
    }

    /// How the service answers with one of several instances.
    pub(super) fn routing(self) -> &'static str {
        match self {
            Self::Ipv4 | Self::Ipv6 => "MULTIVALUE",
            Self::Cname | Self::Balancer => "WEIGHTED",
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Ipv4 => "AWS_INSTANCE_IPV4",
            Self::Ipv6 => "AWS_INSTANCE_IPV6",
            Self::Cname => "AWS_INSTANCE_CNAME",
            Self::Balancer => "AWS_ALIAS_DNS_NAME",
        }
    }
}

/// Whether a host is a load balancer of AWS: `name.region.elb.amazonaws.com` or `name.elb.region.amazonaws.com`.
fn is_balancer(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let Some(rest) = host.strip_suffix(".amazonaws.com") else { return false };
    let labels: Vec<&str> = rest.split('.').collect();
    matches!(labels[..], [.., name, region, "elb"] | [.., name, "elb", region]
        if !name.is_empty() && !region.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sd_case_11_long_targets_have_hashed_ids() {
        assert_eq!(id_of("WWW.Example.org"), "www.example.org");
        let longest = format!("{}.org", "a".repeat(60));
        assert_eq!(id_of(&longest), longest);
        // What sha256sum says of the text in lower case.
        let long = format!("{}.Example.org", "a".repeat(58));
        let id = id_of(&long);
        assert_eq!((long.len(), id.len()), (70, 64));
        assert_eq!(id, id_of(&long.to_lowercase()));
        assert_eq!(
            id_of(&"x".repeat(70)),
            "c71bd109227e23434ecf71fd0a344a209136c79ae5a0bda2b5ca442d699a3cd9"
        );
    }

    #[test]
    fn load_balancers_are_known_by_their_hosts() {
        let table = [
            ("web.us-east-1.elb.amazonaws.com", true),
            ("web.elb.us-east-1.amazonaws.com.", true),
            ("dualstack.Web.us-east-1.ELB.amazonaws.com", true),
            ("elb.us-east-1.amazonaws.com", false),
            ("web.us-east-1.elb.amazonaws.com.cn", false),
            ("bucket.s3.us-east-1.amazonaws.com", false),
            ("www.example.org", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_balancer(host), expected, "{host}");
        }
    }
}
