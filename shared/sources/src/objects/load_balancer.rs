//! Load balancers.

use ecow::EcoString;
use extdns_clusters::nullable;
use serde::Deserialize;

use crate::records::TargetGroups;

/// The status of objects that get a load balancer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LoadBalancerStatus {
    #[serde(deserialize_with = "nullable")]
    pub(crate) load_balancer: LoadBalancer,
}

/// A load balancer's addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoadBalancer {
    #[serde(deserialize_with = "nullable")]
    pub(crate) ingress: Vec<LoadBalancerIngress>,
}

/// One address, one host name, or both.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoadBalancerIngress {
    #[serde(deserialize_with = "nullable")]
    pub(crate) ip: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) hostname: EcoString,
}

/// Every address and host name, in order.
pub(crate) fn targets_of<'a>(
    entries: impl IntoIterator<Item = &'a LoadBalancerIngress>,
) -> TargetGroups {
    let both = entries.into_iter().flat_map(|entry| [&entry.ip, &entry.hostname]);
    both.filter(|target| !target.is_empty()).collect()
}

impl LoadBalancer {
    /// Every address and host name, in order.
    pub(crate) fn targets(&self) -> TargetGroups {
        targets_of(&self.ingress)
    }

    /// Of each entry the address, and the host name only where it has no address; in order.
    pub(crate) fn addresses_first(&self) -> TargetGroups {
        let first = |entry: &LoadBalancerIngress| {
            let target = if entry.ip.is_empty() { &entry.hostname } else { &entry.ip };
            (!target.is_empty()).then(|| target.clone())
        };
        self.ingress.iter().filter_map(first).collect()
    }
}
