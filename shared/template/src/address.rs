//! Which texts are addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Four numbers without leading zeros.
pub(crate) fn is_v4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// An IPv6 address, one that holds an IPv4 address included; a zone may follow.
pub(crate) fn is_v6(text: &str) -> bool {
    let address = match text.split_once('%') {
        Some((_, "")) => return false,
        Some((address, _)) => address,
        None => text,
    };
    address.parse::<Ipv6Addr>().is_ok()
}
