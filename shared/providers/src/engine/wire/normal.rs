//! The normal form of a value.

use std::net::{Ipv4Addr, Ipv6Addr};

use ecow::EcoString;
use extdns_model::RecordType;
use extdns_model::fields::{Caa, Mx, Naptr, Srv, host};

use super::txt;
use crate::TxtQuoting;

/// The number of CAA among the types.
const CAA: RecordType = RecordType::Other(257);

/// A value in the form in which it is compared and kept: two values that mean the same have the
/// same. What is no value of its type stays as it is, so that the API can say what is wrong.
///
/// ```
/// use extdns_model::RecordType;
/// use extdns_providers::TxtQuoting;
/// use extdns_providers::engine::wire::normal;
///
/// assert_eq!(normal(RecordType::Mx, "010  Host.", TxtQuoting::AsIs), "10 host");
/// assert_eq!(normal(RecordType::Aaaa, "2001:DB8::0", TxtQuoting::AsIs), "2001:db8::");
/// ```
#[must_use]
pub fn normal(rtype: RecordType, value: &str, quoting: TxtQuoting) -> EcoString {
    match rtype {
        RecordType::Txt => txt(value, quoting),
        _ if value.trim_ascii().is_empty() => value.into(),
        RecordType::A => address::<Ipv4Addr>(value),
        RecordType::Aaaa => address::<Ipv6Addr>(value),
        RecordType::Cname | RecordType::Ns | RecordType::Ptr | RecordType::Dname => {
            host(value).into()
        }
        RecordType::Mx => of(Mx::parse(value), value),
        RecordType::Srv => of(Srv::parse(value), value),
        RecordType::Naptr => of(Naptr::parse(value), value),
        CAA => of(Caa::parse(value), value),
        _ => value.into(),
    }
}

fn of(parsed: Option<impl std::fmt::Display>, value: &str) -> EcoString {
    parsed.map_or_else(|| value.into(), |fields| ecow::eco_format!("{fields}"))
}

/// An address in its canonical form (RFC 5952); an alias has the name of a host.
fn address<T: std::str::FromStr + std::fmt::Display>(value: &str) -> EcoString {
    match value.trim_ascii().parse::<T>() {
        Ok(address) => ecow::eco_format!("{address}"),
        Err(_) if value.contains(':') => value.into(),
        Err(_) => host(value).into(),
    }
}
