//! The names of `DNSRecord` objects: as upstream gives them, so that one object stands for one record set, whoever
//! makes it.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Most characters of an object's name (RFC 1123 subdomain).
const LONGEST: usize = 253;

/// The name of the object for a record set: a readable part of its name, and the start of a hash of name, type and set
/// identifier.
pub(super) fn object_name(dns_name: &str, rtype: &str, set_identifier: &str) -> String {
    let dns_name = dns_name.to_lowercase();
    let dns_name = dns_name.strip_suffix('.').unwrap_or(&dns_name);
    let identity = format!("{dns_name}/{}/{set_identifier}", rtype.to_uppercase());
    let mut suffix = String::from("-");
    for byte in &Sha256::digest(identity.as_bytes())[..4] {
        // Writing to a string cannot fail.
        let _ = write!(suffix, "{byte:02x}");
    }
    let readable = readable(dns_name);
    let cut = &readable[..readable.len().min(LONGEST - suffix.len())];
    let base = match cut.trim_matches('-') {
        "" => "record",
        base => base,
    };
    format!("{base}{suffix}")
}

/// Everything that is neither a lower-case letter nor a digit becomes one `-`.
fn readable(dns_name: &str) -> String {
    let mut text = String::with_capacity(dns_name.len());
    for char in dns_name.chars() {
        match char {
            'a'..='z' | '0'..='9' => text.push(char),
            _ if text.ends_with('-') => {}
            _ => text.push('-'),
        }
    }
    let trimmed = text.trim_matches('-');
    trimmed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, object_name};

    /// The vectors of the specification (3.9).
    #[test]
    fn objects_are_named_as_upstream_names_them() {
        for (dns_name, rtype, set_identifier, name) in [
            ("sub.example.com", "A", "", "sub-example-com-afc10cee"),
            ("Sub.Example.COM.", "a", "", "sub-example-com-afc10cee"),
            ("sub.example.com", "A", "eu", "sub-example-com-21d75c49"),
            ("sub-example.com", "A", "", "sub-example-com-eba4c9b5"),
            ("*.example.com", "CNAME", "", "example-com-16cc6a1d"),
            ("_dmarc.example.com", "TXT", "", "dmarc-example-com-14e16fd7"),
            ("...", "A", "", "record-6fbee3c6"),
        ] {
            assert_eq!(object_name(dns_name, rtype, set_identifier), name, "{dns_name} {rtype}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        let name = object_name(&format!("{}.org", "x".repeat(300)), "A", "");
        assert_eq!(name.len(), LONGEST);
        let cut_at_a_border = format!("{}.{}", "x".repeat(243), "y".repeat(20));
        let name = object_name(&cut_at_a_border, "A", "");
        assert!(name.len() < LONGEST && !name.contains("--"), "{name}");
    }
}
