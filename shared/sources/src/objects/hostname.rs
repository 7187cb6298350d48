//! Host names: where that of a listener and one of a route meet
//! (<https://gateway-api.sigs.k8s.io/reference/spec/#hostname>), and those with a port.

use std::net::IpAddr;

use ecow::EcoString;

/// The longest name, and the longest label.
const LIMITS: (usize, usize) = (255, 63);

/// The host name that is covered by both, in lower case: the longer one where the shorter one is a wildcard above it, over
/// any number of labels. An empty text covers every name. None where they have no name in common, and where there is
/// no name at all.
pub(crate) fn intersection(one: &str, other: &str) -> Option<EcoString> {
    match (one, other) {
        ("", "") => None,
        ("", only) | (only, "") => host_name(only),
        _ => {
            let (one, other) = (host_name(one)?, host_name(other)?);
            let is_longer = (one.len(), !is_wildcard(&one)) >= (other.len(), !is_wildcard(&other));
            let (long, short) = if is_longer { (one, other) } else { (other, one) };
            let covers = is_wildcard(&short) && long.ends_with(&short[1..]);
            (covers || long == short).then_some(long)
        }
    }
}

/// The name without a trailing dot and in lower case, if it is a host name (RFC 1123) or a wildcard above host names.
pub(crate) fn host_name(text: &str) -> Option<EcoString> {
    let (longest_name, longest_label) = LIMITS;
    let text = text.strip_suffix('.').unwrap_or(text);
    let bare = text.strip_prefix("*.").unwrap_or(text);
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let is_label = |label: &[u8]| {
        label.len() <= longest_label
            && is_edge(label.first())
            && is_edge(label.last())
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let is_host = bare.len() <= longest_name
        && text.parse::<IpAddr>().is_err()
        && bare.split('.').all(|label| is_label(label.as_bytes()));
    is_host.then(|| text.to_ascii_lowercase().into())
}

/// The host in `host` or `host:port`.
pub(crate) fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    }
}

fn is_wildcard(name: &str) -> bool {
    name.starts_with("*.")
}

#[cfg(test)]
mod tests {
    use super::intersection;

    #[test]
    fn host_names_meet() {
        let long = format!("{}.net", "a".repeat(64));
        let table = [
            ("*.example.net", "test.example.net", Some("test.example.net")),
            ("*.example.net", "a.example.net", Some("a.example.net")),
            ("*.example.net", "foo.bar.example.net", Some("foo.bar.example.net")),
            ("*.example.net", "*.foo.example.net", Some("*.foo.example.net")),
            ("*.example.net", "*.example.net", Some("*.example.net")),
            ("*.example.net", "example.net", None),
            ("*.example.net", "testexample.net", None),
            ("*.example.net", "*.example.org", None),
            ("*example.net", "test.example.net", None),
            ("a.example.net", "b.example.net", None),
            ("a.example.net", "A.Example.Net", Some("a.example.net")),
            ("a.example.net.", "a.example.net", Some("a.example.net")),
            ("", "Example.NET", Some("example.net")),
            ("", "*.example.net", Some("*.example.net")),
            ("", "", None),
            ("", "1.2.3.4", None),
            ("1.2.3.4", "1.2.3.4", None),
            ("", "2001:db8::1", None),
            ("", "_sip.example.net", None),
            ("", "a.*.example.net", None),
            ("", "*", None),
            ("", "m\u{fc}ller.example.net", None),
            ("", "-a.example.net", None),
            ("", "a-.example.net", None),
            ("", "a..example.net", None),
            ("", ".", None),
            ("", &long, None),
        ];
        for (one, other, expected) in table {
            assert_eq!(intersection(one, other).as_deref(), expected, "{one:?} and {other:?}");
            assert_eq!(intersection(other, one).as_deref(), expected, "{other:?} and {one:?}");
        }
    }
}
