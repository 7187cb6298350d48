//! `--infoblox-create-ptr`: a PTR record beside each A record whose address lies in a reverse zone.
//!
//! Whether it is there is a property of the A record, so that a plan sees one that is missing. It has no ownership record
//! of its own: it comes and goes with the A record.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use extdns_model::{RecordSet, RecordType};
use serde::Deserialize;
use serde_json::json;

use super::{CREATE, DELETE, Infoblox};
use crate::engine::wire::host;
use crate::{ErrorKind, ProviderError, Transport};

/// The property of an A record.
pub(super) const PTR_EXISTS: &str = "infoblox-ptr-record-exists";

/// A network of addresses: the first one, and how many bits are fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    first: Ipv4Addr,
    bits: u32,
}

/// The network of a reverse zone, as Infoblox calls it: `10.0.0.0/24`.
pub(super) fn network(fqdn: &str) -> Option<Network> {
    let (first, bits) = fqdn.split_once('/')?;
    let bits = bits.parse().ok()?;
    match first.parse().ok()? {
        IpAddr::V4(first) => Some(Network { first, bits }),
        // Reverse zones of IPv6 are no zones of names either.
        IpAddr::V6(_) => Some(Network { first: Ipv4Addr::UNSPECIFIED, bits: u32::MAX }),
    }
}

impl Network {
    fn holds(self, address: Ipv4Addr) -> bool {
        let free = 32_u32.checked_sub(self.bits);
        free.is_some_and(|free| {
            let network = |it: Ipv4Addr| u32::from(it).checked_shr(free).unwrap_or_default();
            network(address) == network(self.first)
        })
    }
}

/// A PTR record: the host that it names, and the address that it belongs to.
type Pointer = (String, Ipv4Addr);

/// The reverse zones, and the PTR records in them.
#[derive(Debug, Default)]
pub(super) struct Pointers(Mutex<(Vec<Network>, HashSet<Pointer>)>);

impl Pointers {
    /// Says of an A record whether its PTR record is there, or cannot be.
    pub(super) fn mark(&self, set: &mut RecordSet) {
        if set.rtype != RecordType::A {
            return;
        }
        let missing = addresses(set).any(|address| {
            let (networks, known) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let covered = networks.iter().any(|network| network.holds(address));
            covered && !known.contains(&(set.name.key().into_owned(), address))
        });
        if !missing {
            set.edit_properties(|own| own.set(PTR_EXISTS, "true"));
        }
    }

    fn covers(&self, address: Ipv4Addr) -> bool {
        let (networks, _) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
        networks.iter().any(|network| network.holds(address))
    }
}

fn addresses(set: &RecordSet) -> impl Iterator<Item = Ipv4Addr> {
    set.targets.iter().filter_map(|target| target.parse().ok())
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "_ref")]
    reference: String,
    #[serde(default)]
    ipv4addr: String,
    ptrdname: String,
}

impl Infoblox {
    /// Reads the PTR records of these networks.
    pub(super) async fn read_pointers(
        &self,
        via: &Transport,
        networks: Vec<Network>,
    ) -> Result<(), ProviderError> {
        let mut known = HashSet::new();
        if !networks.is_empty() {
            let request = self.objects("record:ptr", "ipv4addr,ptrdname", &self.args.infoblox_view);
            let listed: Vec<Listed> = self.list(via, "list PTR records", request).await?;
            known.extend(listed.iter().filter_map(|it| {
                Some((host(&it.ptrdname.to_ascii_lowercase()), it.ipv4addr.parse().ok()?))
            }));
        }
        *self.pointers.0.lock().unwrap_or_else(PoisonError::into_inner) = (networks, known);
        Ok(())
    }

    /// Makes the PTR record of an A record, where it shall have one.
    pub(super) async fn point(
        &self,
        via: &Transport,
        view: &str,
        set: &RecordSet,
    ) -> Result<(), ProviderError> {
        for address in self.pointed(set) {
            let mut body = json!({ "ptrdname": set.name.key(), "ipv4addr": address.to_string() });
            if !view.is_empty() {
                body["view"] = view.into();
            }
            let request = self.rest.post(&["record:ptr"]).json(&body)?;
            match self.write(via, CREATE, &request).await {
                // It is there already.
                Err(error) if matches!(error.kind, ErrorKind::Conflict(_)) => {}
                answer => answer?,
            }
        }
        Ok(())
    }

    /// Removes the PTR record of an A record.
    pub(super) async fn point_no_more(
        &self,
        via: &Transport,
        view: &str,
        set: &RecordSet,
    ) -> Result<(), ProviderError> {
        for address in self.pointed(set) {
            let request = self.objects("record:ptr", "ipv4addr,ptrdname", view);
            let request = request.query("ptrdname", set.name.key()).query("ipv4addr", address);
            let listed: Vec<Listed> = self.list(via, "list PTR records", request).await?;
            for own in listed {
                let request = self.rest.delete(&Self::at(&own.reference));
                self.rest.remove(via, DELETE, &request).await?;
            }
        }
        Ok(())
    }

    /// The addresses of an A record that lie in a reverse zone.
    fn pointed(&self, set: &RecordSet) -> Vec<Ipv4Addr> {
        if !self.args.infoblox_create_ptr || set.rtype != RecordType::A {
            return Vec::new();
        }
        addresses(set).filter(|address| self.pointers.covers(*address)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_their_addresses() {
        let table = [
            ("10.0.0.0/24", "10.0.0.7", true),
            ("10.0.0.0/24", "10.0.1.7", false),
            ("1.2.3.4/32", "1.2.3.4", true),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("2001:db8::/32", "1.2.3.4", false),
        ];
        for (fqdn, address, expected) in table {
            let network = network(fqdn).expect("a network");
            assert_eq!(network.holds(address.parse().expect("an address")), expected, "{fqdn}");
        }
        assert_eq!(network("example.org"), None);
    }
}
