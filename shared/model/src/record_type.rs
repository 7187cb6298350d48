//! Record types.

use std::fmt;
use std::str::FromStr;

/// The type of a record set: the ten that this project manages by name, and any other by its
/// number (RFC 3597), so that foreign records survive a read.
///
/// Text is exact: types are upper-case, as in upstream's flags and objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RecordType {
    /// IPv4 address (RFC 1035).
    A,
    /// IPv6 address (RFC 3596).
    Aaaa,
    /// Alias of another name (RFC 1035).
    Cname,
    /// Text (RFC 1035).
    Txt,
    /// Service location (RFC 2782).
    Srv,
    /// Name server (RFC 1035).
    Ns,
    /// Reverse pointer (RFC 1035).
    Ptr,
    /// Mail exchanger (RFC 1035).
    Mx,
    /// Naming authority pointer (RFC 3403).
    Naptr,
    /// Alias of a whole subtree (RFC 6672).
    Dname,
    /// Any other type, by number.
    Other(u16),
}

/// A text that names no record type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no record type; write it in upper case, like CNAME or TYPE65280")]
pub struct RecordTypeError(String);

/// Types beyond the ten that have a usual text form.
const OTHER_NAMES: &[(&str, u16)] = &[
    ("SOA", 6),
    ("HINFO", 13),
    ("RP", 17),
    ("AFSDB", 18),
    ("LOC", 29),
    ("CERT", 37),
    ("DS", 43),
    ("SSHFP", 44),
    ("RRSIG", 46),
    ("NSEC", 47),
    ("DNSKEY", 48),
    ("NSEC3", 50),
    ("NSEC3PARAM", 51),
    ("TLSA", 52),
    ("SMIMEA", 53),
    ("CDS", 59),
    ("CDNSKEY", 60),
    ("OPENPGPKEY", 61),
    ("ZONEMD", 63),
    ("SVCB", 64),
    ("HTTPS", 65),
    ("SPF", 99),
    ("URI", 256),
    ("CAA", 257),
];

impl RecordType {
    /// The types known by name, in the order in which generated records are made.
    pub const KNOWN: [Self; 10] = [
        Self::A,
        Self::Aaaa,
        Self::Cname,
        Self::Txt,
        Self::Srv,
        Self::Ns,
        Self::Ptr,
        Self::Mx,
        Self::Naptr,
        Self::Dname,
    ];

    /// The upper-case text, if the type has one.
    #[must_use]
    pub fn known_text(self) -> Option<&'static str> {
        Some(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Txt => "TXT",
            Self::Srv => "SRV",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Mx => "MX",
            Self::Naptr => "NAPTR",
            Self::Dname => "DNAME",
            Self::Other(code) => {
                return OTHER_NAMES
                    .iter()
                    .find(|(_, number)| *number == code)
                    .map(|(text, _)| *text);
            }
        })
    }

    /// Whether the record holds an IP address.
    #[must_use]
    pub fn is_address(self) -> bool {
        matches!(self, Self::A | Self::Aaaa)
    }

    /// Whether targets of this type keep their trailing dot when an endpoint is built.
    #[must_use]
    pub fn keeps_target_dot(self) -> bool {
        matches!(self, Self::Txt | Self::Naptr | Self::Srv)
    }
}

impl FromStr for RecordType {
    type Err = RecordTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(known) = Self::KNOWN.into_iter().find(|known| known.known_text() == Some(text))
        {
            return Ok(known);
        }
        OTHER_NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, code)| *code)
            .or_else(|| text.strip_prefix("TYPE").and_then(|code| code.parse().ok()))
            .map(Self::Other)
            .ok_or_else(|| RecordTypeError(text.to_owned()))
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.known_text(), self) {
            (Some(text), _) => f.pad(text),
            (None, Self::Other(code)) => write!(f, "TYPE{code}"),
            (None, _) => unreachable!("every named type has a text"),
        }
    }
}
