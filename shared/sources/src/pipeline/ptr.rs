//! PTR records for the addresses of A and AAAA records.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use extdns_model::{
    Endpoint, Name, RecordType, Targets, Ttl, is_ip_target, property_names, reverse_name, target_ip,
};

/// The value of the property `record-type` that asks for a PTR record.
const WANTED: &str = "ptr";

/// Which addresses get PTR records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ptr {
    /// Whether the run manages PTR records at all.
    pub(super) managed: bool,
    /// Whether those get one whose object does not say.
    pub(super) by_default: bool,
}

/// The hosts of an address.
struct Hosts {
    address: IpAddr,
    names: Targets,
    ttl: Ttl,
}

impl Ptr {
    /// Appends the PTR records, and takes the property that asks for them off every endpoint.
    pub(super) fn apply(self, endpoints: &mut Vec<Endpoint>) {
        let mut hosts: Vec<Hosts> = Vec::new();
        let mut indexes: HashMap<IpAddr, usize> = HashMap::new();
        let mut unmanaged = 0_usize;
        for endpoint in &mut *endpoints {
            let asked = take_property(endpoint);
            if !endpoint.set.rtype.is_address() {
                if asked == Some(true) {
                    tracing::warn!(endpoint = %endpoint.set, "only A and AAAA records have PTR records; ignoring record-type");
                }
                continue;
            }
            unmanaged += usize::from(asked == Some(true) && !self.managed);
            let wanted = self.managed && asked.unwrap_or(self.by_default);
            if wanted && !endpoint.set.name.is_wildcard() {
                collect(endpoint, &mut hosts, &mut indexes);
            }
        }
        if unmanaged > 0 {
            tracing::warn!(
                endpoints = unmanaged,
                "objects ask for PTR records, but PTR is not in --managed-record-types"
            );
        }
        endpoints.extend(hosts.into_iter().map(Hosts::into_endpoint));
    }
}

/// Takes the property off; whether it was there, and asked for a PTR record.
fn take_property(endpoint: &mut Endpoint) -> Option<bool> {
    endpoint.set.properties().get(property_names::RECORD_TYPE)?;
    let value =
        endpoint.set.edit_properties(|properties| properties.remove(property_names::RECORD_TYPE));
    value.map(|value| value.eq_ignore_ascii_case(WANTED))
}

fn collect(endpoint: &Endpoint, hosts: &mut Vec<Hosts>, indexes: &mut HashMap<IpAddr, usize>) {
    let (name, ttl) = (&endpoint.set.name, endpoint.set.ttl);
    for target in &endpoint.set.targets {
        let address = target_ip(target).filter(|_| is_ip_target(target));
        let Some(address) = address.map(|address| address.to_canonical()) else {
            tracing::warn!(%name, %target, "no PTR record for what is no address");
            continue;
        };
        match indexes.entry(address) {
            Entry::Vacant(vacant) => {
                vacant.insert(hosts.len());
                let names = Targets::from_iter([name.as_str()]);
                hosts.push(Hosts { address, names, ttl });
            }
            Entry::Occupied(index) => hosts[*index.get()].add(name, ttl),
        }
    }
}

impl Hosts {
    /// Adds a host; endpoints come sorted, so a name that is there already was the last one.
    fn add(&mut self, name: &Name, ttl: Ttl) {
        if self.names.as_slice().last().is_none_or(|last| last != name.as_str()) {
            self.names.push(name.as_str());
        }
        let least = smaller(self.ttl, ttl);
        if least != self.ttl || least != ttl {
            let address = self.address;
            tracing::warn!(%address, %name, ttl = %least, "names of one address differ in their TTL; the PTR record gets the smallest");
        }
        self.ttl = least;
    }

    fn into_endpoint(self) -> Endpoint {
        Endpoint::new(reverse_name(self.address), RecordType::Ptr, self.ttl, self.names)
    }
}

/// The TTL that counts where several records become one: the smallest that is configured.
fn smaller(a: Ttl, b: Ttl) -> Ttl {
    if a.is_set() && b.is_set() { a.min(b) } else { a.or(b) }
}
