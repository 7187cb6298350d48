//! `--nat64-networks`: IPv4 addresses that are embedded in IPv6 ones (RFC 6052, 2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use extdns_model::{Endpoint, RecordType, Targets, is_ip_target, target_ip};
use ipnet::Ipv6Net;

/// Appends an A record for every AAAA record with targets in the networks.
pub(super) fn apply(endpoints: &mut Vec<Endpoint>, networks: &[Ipv6Net]) {
    if networks.is_empty() {
        return;
    }
    let embedded: Vec<_> =
        endpoints.iter().filter_map(|endpoint| embedded(endpoint, networks)).collect();
    endpoints.extend(embedded);
}

fn embedded(endpoint: &Endpoint, networks: &[Ipv6Net]) -> Option<Endpoint> {
    if endpoint.set.rtype != RecordType::Aaaa {
        return None;
    }
    let mut targets: Targets = endpoint
        .set
        .targets
        .iter()
        .filter_map(|target| address(target))
        .filter(|address| networks.iter().any(|network| network.contains(address)))
        .map(|address| last_four(address).to_string())
        .collect();
    if targets.is_empty() {
        return None;
    }
    targets.normalise();
    let mut made = endpoint.clone();
    made.set.rtype = RecordType::A;
    made.set.targets = targets;
    Some(made)
}

/// The address that a target is; host names of aliases and addresses with a zone are none.
fn address(target: &str) -> Option<Ipv6Addr> {
    match target_ip(target).filter(|_| is_ip_target(target))? {
        IpAddr::V6(address) => Some(address),
        IpAddr::V4(_) => None,
    }
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
