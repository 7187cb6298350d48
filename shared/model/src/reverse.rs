//! Reverse names of addresses.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::Name;

/// The name under which an address is looked up in reverse: `1.2.0.192.in-addr.arpa` (RFC 1035,
/// 3.5), the nibble form of `ip6.arpa` (RFC 3596, 2.5). IPv4-mapped addresses count as IPv4.
#[must_use]
pub fn reverse_name(address: IpAddr) -> Name {
    let text = match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let mut text = String::with_capacity(72);
            for byte in v6.octets().into_iter().rev() {
                // Writing to a String cannot fail.
                let _ = write!(text, "{:x}.{:x}.", byte & 0xf, byte >> 4);
            }
            text.push_str("ip6.arpa");
            text
        }
    };
    Name::as_listed(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reverse_names() {
        let cases = [
            ("192.168.49.2", "2.49.168.192.in-addr.arpa"),
            ("0.0.0.0", "0.0.0.0.in-addr.arpa"),
            ("::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa"),
            (
                "2001:db8::567:89ab",
                "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
            ),
        ];
        for (address, expected) in cases {
            let address = address.parse().expect(address);
            assert_eq!(reverse_name(address).as_str(), expected, "{address}");
        }
    }
}
