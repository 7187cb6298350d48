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

    /// The type with this number in the registry of RR types.
    #[must_use]
    pub fn from_code(code: u16) -> Self {
        Self::KNOWN.into_iter().find(|known| known.code() == code).unwrap_or(Self::Other(code))
    }

    /// The number in the registry of RR types (RFC 6895).
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Ns => 2,
            Self::Cname => 5,
            Self::Ptr => 12,
            Self::Mx => 15,
            Self::Txt => 16,
            Self::Aaaa => 28,
            Self::Srv => 33,
            Self::Naptr => 35,
            Self::Dname => 39,
            Self::Other(code) => code,
        }
    }

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
            .or_else(|| generic_code(text))
            .map(Self::from_code)
            .ok_or_else(|| RecordTypeError(text.to_owned()))
    }
}

/// The number in `TYPE65280` (RFC 3597, section 5): digits only, no sign.
fn generic_code(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("TYPE")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known_text() {
            Some(text) => f.pad(text),
            None => f.pad(&format!("TYPE{}", self.code())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts() {
        let cases = [
            ("A", Some(RecordType::A)),
            ("AAAA", Some(RecordType::Aaaa)),
            ("CNAME", Some(RecordType::Cname)),
            ("DNAME", Some(RecordType::Dname)),
            ("SOA", Some(RecordType::Other(6))),
            ("CAA", Some(RecordType::Other(257))),
            ("TYPE257", Some(RecordType::Other(257))),
            ("TYPE65280", Some(RecordType::Other(65280))),
            ("TYPE0", Some(RecordType::Other(0))),
            // One type, one value.
            ("TYPE1", Some(RecordType::A)),
            ("TYPE39", Some(RecordType::Dname)),
            ("a", None),
            ("cname", None),
            (" A", None),
            ("TYPE", None),
            ("TYPE+5", None),
            ("TYPE65536", None),
            ("type1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<RecordType>().ok(), expected, "{text}");
        }
    }

    #[test]
    fn every_type_reads_back_what_it_shows() {
        for code in 0..=u16::MAX {
            let rtype = RecordType::from_code(code);
            assert_eq!(rtype.code(), code);
            assert_eq!(rtype.to_string().parse(), Ok(rtype), "type {code}");
        }
    }

    #[test]
    fn known_types_have_a_name_and_a_number_of_their_own() {
        for known in RecordType::KNOWN {
            assert!(known.known_text().is_some(), "{known:?}");
            assert_eq!(RecordType::from_code(known.code()), known);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(TYPE)?\\PC{0,10}") {
            let _ = text.parse::<RecordType>();
        }
    }
}
