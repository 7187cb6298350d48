//! Values of several fields, taken apart and put together. Host names in them are lower-case A-labels
//! without a final dot; the root is a dot.

use std::fmt;

use crate::Name;

/// A mail exchange (RFC 1035, 3.3.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mx {
    /// Less is better.
    pub preference: u16,
    /// The host.
    pub exchange: String,
}

/// A service (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Less is better.
    pub priority: u16,
    /// The share among those of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; a dot says that there is no such service.
    pub target: String,
}

/// A naming authority pointer (RFC 3403). The texts are as they stand between their quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Less comes first.
    pub order: u16,
    /// Less comes first, among those of one order.
    pub preference: u16,
    /// Flags.
    pub flags: String,
    /// Services.
    pub services: String,
    /// The substitution.
    pub regexp: String,
    /// The next name; a dot where the substitution gives it.
    pub replacement: String,
}

/// Which authorities may issue certificates (RFC 8659).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caa {
    /// 128 is critical.
    pub flags: u8,
    /// `issue`, `issuewild`, `iodef`.
    pub tag: String,
    /// As it stands between its quotes.
    pub value: String,
}

impl Mx {
    /// Reads `10 mail.example.org`. A preference alone is the null MX (RFC 7505): building an
    /// endpoint cuts the dot of `0 .`.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        match words(value)?[..] {
            [preference] => Some(Self { preference: number(preference)?, exchange: host("") }),
            [preference, exchange] => {
                Some(Self { preference: number(preference)?, exchange: host(exchange) })
            }
            _ => None,
        }
    }
}

impl Srv {
    /// Reads `10 20 5060 sip.example.org`.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let [priority, weight, port, target] = words(value)?[..] else { return None };
        Some(Self {
            priority: number(priority)?,
            weight: number(weight)?,
            port: number(port)?,
            target: host(target),
        })
    }
}

impl Naptr {
    /// Reads `100 50 "s" "SIP+D2U" "" _sip._udp.example.org`.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let [order, preference, flags, services, regexp, replacement] = words(value)?[..] else {
            return None;
        };
        Some(Self {
            order: number(order)?,
            preference: number(preference)?,
            flags: unquoted(flags),
            services: unquoted(services),
            regexp: unquoted(regexp),
            replacement: host(replacement),
        })
    }
}

impl Caa {
    /// Reads `0 issue "ca.example.net"`.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let [flags, tag, value] = words(value)?[..] else { return None };
        Some(Self { flags: number(flags)?, tag: tag.to_ascii_lowercase(), value: unquoted(value) })
    }
}

impl fmt::Display for Mx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.preference, self.exchange)
    }
}

/// With a final dot, as endpoints keep it.
impl fmt::Display for Srv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { priority, weight, port, target } = self;
        write!(f, "{priority} {weight} {port} {}", fqdn(target))
    }
}

/// With a final dot, as endpoints keep it.
impl fmt::Display for Naptr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, preference, flags, services, regexp, replacement } = self;
        let next = fqdn(replacement);
        write!(f, "{order} {preference} \"{flags}\" \"{services}\" \"{regexp}\" {next}")
    }
}

impl fmt::Display for Caa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} \"{}\"", self.flags, self.tag, self.value)
    }
}

/// A host name as it is compared: lower-case A-labels without a final dot; the root is a dot.
#[must_use]
pub fn host(text: &str) -> String {
    let name = Name::as_listed(text);
    let key = name.key();
    if key.is_empty() { ".".to_owned() } else { key.into_owned() }
}

/// A host name with its final dot.
#[must_use]
pub fn fqdn(text: &str) -> String {
    let mut name = host(text);
    if name != "." {
        name.push('.');
    }
    name
}

/// A number in decimal digits and nothing else; `010` is ten.
fn number<T: TryFrom<u32>>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    T::try_from(digits.then(|| text.parse::<u32>().ok()).flatten()?).ok()
}

/// What stands between quotes, if there are any.
fn unquoted(word: &str) -> String {
    let inner = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(word).to_owned()
}

/// The words of a value: white space parts them, but not within quotes. `None` if a quote does not
/// end, or ends within a word.
fn words(value: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = value.trim_ascii();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('"') {
            Some(inside) => closing(inside)? + 2,
            None => rest.find(|char: char| char.is_ascii_whitespace()).unwrap_or(rest.len()),
        };
        let (word, tail) = rest.split_at(end);
        let next = tail.trim_ascii_start();
        let glued = !tail.is_empty() && next.len() == tail.len();
        // An unquoted word with a quote in it could not be written back.
        if glued || (!word.starts_with('"') && word.contains('"')) {
            return None;
        }
        words.push(word);
        rest = next;
    }
    Some(words)
}

/// Where the closing quote is.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| match byte {
        _ if escaped => {
            escaped = false;
            false
        }
        b'\\' => {
            escaped = true;
            false
        }
        byte => byte == b'"',
    })
}
