//! Which values the service takes for a record type.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::name::{Name, Problem};

/// The record types that a change may name.
pub(super) const TYPES: [&str; 17] = [
    "SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS",
    "TLSA", "SSHFP", "SVCB", "HTTPS",
];

const MAX_STRING: usize = 255;
const MAX_TEXT: usize = 4000;

/// Checks one value of a record set.
pub(super) fn check(record_type: &str, value: &str) -> Result<(), Problem> {
    let fields: Vec<&str> = value.split_ascii_whitespace().collect();
    let refuse = |code, text| Err(Problem::new(code, text, value));
    match record_type {
        "A" if value.parse::<Ipv4Addr>().is_err() => {
            refuse("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address")
        }
        "AAAA" if value.parse::<Ipv6Addr>().is_err() => {
            refuse("AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address")
        }
        "CNAME" | "NS" | "PTR" => domain(value),
        "TXT" | "SPF" => strings(value),
        "MX" => match fields[..] {
            [priority, host] if priority.parse::<u16>().is_ok() => domain(host),
            [_, _] => refuse("MXRRDATAInvalidPriority", "MX record doesn't have a valid priority"),
            _ => refuse("MXRRDATANotTwoFields", "MX record doesn't have 2 fields"),
        },
        "SRV" => match fields[..] {
            [priority, weight, port, host]
                if [priority, weight, port].iter().all(|field| field.parse::<u16>().is_ok()) =>
            {
                domain(host)
            }
            [_, _, _, _] => {
                refuse("SRVRRDATAInvalidNumber", "SRV record doesn't have valid numbers")
            }
            _ => refuse("SRVRRDATANotFourFields", "SRV record doesn't have 4 fields"),
        },
        "NAPTR" if fields.len() < 6 => {
            refuse("NAPTRRRDATANotSixFields", "NAPTR record doesn't have 6 fields")
        }
        "CAA" if fields.len() < 3 => {
            refuse("CAARRDATANotThreeFields", "CAA record doesn't have 3 fields")
        }
        _ if value.is_empty() => refuse("RRDATAEmpty", "Value is empty"),
        _ => Ok(()),
    }
}

fn domain(value: &str) -> Result<(), Problem> {
    if value.contains(|c: char| c.is_ascii_whitespace()) {
        let text = "Value contains unsupported characters";
        return Err(Problem::new("UnsupportedCharacter", text, value));
    }
    Name::parse(value).map(drop)
}

/// One or more quoted strings of at most 255 bytes each; a backslash takes the next character, or three octal digits.
fn strings(value: &str) -> Result<(), Problem> {
    let refuse = |code, text| Err(Problem::new(code, text, value));
    let mut rest = value.trim_ascii();
    if rest.is_empty() {
        return refuse("InvalidCharacterString", "Value should be enclosed in quotation marks");
    }
    while !rest.is_empty() {
        let Some((length, after)) = quoted(rest) else {
            return refuse("InvalidCharacterString", "Value should be enclosed in quotation marks");
        };
        if length > MAX_STRING {
            return refuse("CharacterStringTooLong", "Value is too long");
        }
        rest = after.trim_ascii_start();
    }
    if value.len() > MAX_TEXT {
        return refuse("TXTRDATATooLong", "Value is too long");
    }
    Ok(())
}

/// The length of the quoted string at the start, and what follows it.
fn quoted(text: &str) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = bytes.first().filter(|&&byte| byte == b'"').map(|_| 1)?;
    let mut length = 0;
    loop {
        match bytes.get(at)? {
            b'"' => return Some((length, &text[at + 1..])),
            b'\\' => {
                let digits = bytes.get(at + 1..at + 4);
                let octal = digits.is_some_and(|d| d.iter().all(|d| (b'0'..=b'7').contains(d)));
                at += if octal { 4 } else { 2 };
            }
            _ => at += 1,
        }
        length += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_refused_by_type() {
        let text = |length| format!("\"{}\"", "a".repeat(length));
        let many = vec![text(200); 20].join(" ");
        let cut = format!("\"{}", "a".repeat(10));
        let table: &[(&str, &str, Option<&str>)] = &[
            ("A", "192.0.2.1", None),
            ("A", "192.0.2.256", Some("ARRDATAIllegalIPv4Address")),
            ("A", "lb.example.org", Some("ARRDATAIllegalIPv4Address")),
            ("AAAA", "2001:db8::1", None),
            ("AAAA", "192.0.2.1", Some("AAAARRDATAIllegalIPv6Address")),
            ("CNAME", "lb.example.org.", None),
            ("CNAME", "lb..example.org", Some("DomainLabelEmpty")),
            ("CNAME", "lb example", Some("UnsupportedCharacter")),
            ("TXT", &text(255), None),
            ("TXT", &text(256), Some("CharacterStringTooLong")),
            ("TXT", "plain", Some("InvalidCharacterString")),
            ("TXT", "", Some("InvalidCharacterString")),
            ("TXT", &cut, Some("InvalidCharacterString")),
            ("TXT", r#""a" "b\"c" "\303\274""#, None),
            ("TXT", r#""a" b"#, Some("InvalidCharacterString")),
            ("TXT", &many, Some("TXTRDATATooLong")),
            ("MX", "10 mail.example.org", None),
            ("MX", "mail.example.org", Some("MXRRDATANotTwoFields")),
            ("MX", "high mail.example.org", Some("MXRRDATAInvalidPriority")),
            ("SRV", "1 2 443 host.example.org", None),
            ("SRV", "1 2 host.example.org", Some("SRVRRDATANotFourFields")),
            ("SRV", "1 2 http host.example.org", Some("SRVRRDATAInvalidNumber")),
            ("NAPTR", "1 2 \"u\" \"sip\" \"\"", Some("NAPTRRRDATANotSixFields")),
            ("CAA", "0 issue \"ca\"", None),
            ("DS", "", Some("RRDATAEmpty")),
        ];
        for (record_type, value, code) in table {
            let problem = check(record_type, value).err().map(|problem| problem.to_string());
            match (problem, code) {
                (None, None) => {}
                (Some(problem), Some(code)) => assert!(problem.contains(code), "{problem}"),
                (problem, code) => panic!("{record_type} {value}: {problem:?} instead of {code:?}"),
            }
        }
    }
}
