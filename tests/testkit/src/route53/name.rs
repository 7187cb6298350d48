//! Domain names as Route 53 keeps them: bytes in labels, lower-case, shown with octal escapes and a dot at the end.

use std::fmt;

/// What is wrong with a name or a value, worded as the service words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    code: &'static str,
    text: &'static str,
    value: String,
}

impl Problem {
    pub(super) fn new(code: &'static str, text: &'static str, value: &str) -> Self {
        Self { code, text, value: value.to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FATAL problem: {} ({}) encountered with '{}'", self.code, self.text, self.value)
    }
}

/// A name; the root has no labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(Vec<Vec<u8>>);

const MAX_LABEL: usize = 63;
/// On the wire: a byte before each label, and the root's.
const MAX_WIRE: usize = 255;

impl Name {
    /// Reads a name with or without the dot at the end, raw or with `\ooo` escapes, in any case.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let problem = |code, reason| Err(Problem::new(code, reason, text));
        if text.is_empty() {
            return problem("DomainNameEmpty", "Domain name is empty");
        }
        let mut labels = vec![Vec::new()];
        let mut bytes = text.as_bytes();
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = rest;
            match (byte, octal(rest)) {
                (b'.', _) => labels.push(Vec::new()),
                (b'\\', Some(escaped)) => {
                    bytes = &rest[3..];
                    last(&mut labels).push(escaped.to_ascii_lowercase());
                }
                _ => last(&mut labels).push(byte.to_ascii_lowercase()),
            }
        }
        if last(&mut labels).is_empty() {
            labels.pop();
        }
        if text == "." {
            labels.clear();
        }
        if labels.iter().any(Vec::is_empty) {
            return problem("DomainLabelEmpty", "Domain label is empty");
        }
        if labels.iter().any(|label| label.len() > MAX_LABEL) {
            return problem("DomainLabelTooLong", "Domain label is too long");
        }
        if labels.iter().map(|label| label.len() + 1).sum::<usize>() + 1 > MAX_WIRE {
            return problem("DomainNameTooLong", "Domain name is too long");
        }
        Ok(Self(labels))
    }

    /// Where the name stands in a list: its labels from the right, each with its dot. The dot sorts after `-` and `*`.
    pub(super) fn sort_key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(64);
        for label in self.0.iter().rev() {
            key.extend_from_slice(label);
            key.push(b'.');
        }
        key
    }

    /// Whether this is `zone` or lies below it.
    pub(super) fn is_in(&self, zone: &Name) -> bool {
        self.0.ends_with(&zone.0)
    }
}

/// `\052.example.org.`
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for label in &self.0 {
            for &byte in label {
                match byte {
                    b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => write!(f, "{}", char::from(byte))?,
                    other => write!(f, "\\{other:03o}")?,
                }
            }
            f.write_str(".")?;
        }
        if self.0.is_empty() { f.write_str(".") } else { Ok(()) }
    }
}

fn last(labels: &mut [Vec<u8>]) -> &mut Vec<u8> {
    labels.last_mut().expect("parse() starts with one label and only adds to them")
}

/// The byte that three octal digits at the start stand for.
fn octal(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..3)?).ok()?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    u8::from_str_radix(digits, 8).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_lower_case_escaped_and_dotted() {
        let table = [
            ("WWW.Example.ORG", "www.example.org."),
            ("www.example.org.", "www.example.org."),
            ("*.example.org", r"\052.example.org."),
            (r"\052.example.org.", r"\052.example.org."),
            ("a b!.x", r"a\040b\041.x."),
            (r"dot\056inside.x", r"dot\056inside.x."),
            ("_srv._tcp.x", "_srv._tcp.x."),
            ("ü.x", r"\303\274.x."),
            (r"back\slash.x", r"back\134slash.x."),
            (r"over\777.x", r"over\134777.x."),
            (".", "."),
        ];
        for (text, shown) in table {
            assert_eq!(Name::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn names_that_dns_cannot_carry_are_refused() {
        let long = format!("{}.x", "a".repeat(64));
        let whole = vec!["a".repeat(49); 6].join(".");
        let table = [
            ("", "DomainNameEmpty (Domain name is empty)"),
            ("a..b", "DomainLabelEmpty (Domain label is empty)"),
            ("..", "DomainLabelEmpty (Domain label is empty)"),
            (&long, "DomainLabelTooLong (Domain label is too long)"),
            (&whole, "DomainNameTooLong (Domain name is too long)"),
        ];
        for (text, reason) in table {
            let expected = format!("FATAL problem: {reason} encountered with '{text}'");
            assert_eq!(Name::parse(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn order_is_by_labels_from_the_right() {
        let sorted = [
            "example.org",
            "*.example.org",
            "a-b.example.org",
            "a.example.org",
            "x.a.example.org",
            "b.example.org",
        ];
        let mut names: Vec<Name> = sorted.iter().rev().map(|n| Name::parse(n).unwrap()).collect();
        names.sort_by_key(Name::sort_key);
        let expected: Vec<Name> = sorted.iter().map(|n| Name::parse(n).unwrap()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_zone_holds_names_at_label_borders_only() {
        let zone = Name::parse("q.test").unwrap();
        for (name, inside) in
            [("q.test.", true), ("a.q.test", true), ("xq.test", false), ("test", false)]
        {
            assert_eq!(Name::parse(name).unwrap().is_in(&zone), inside, "{name}");
        }
    }
}
