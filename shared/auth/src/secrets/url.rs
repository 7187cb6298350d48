//! What is secret in a URL, wherever it stands in a text.

use std::ops::Range;

/// The userinfo of the URLs in a text (RFC 3986, section 3.2.1): what stands before `@`.
pub(super) fn userinfo(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(|(at, separator)| {
        let start = at + separator.len();
        let rest = &text[start..];
        let url = &rest[..rest.find(ends_url).unwrap_or(rest.len())];
        let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
        let length = match authority.rfind('@') {
            Some(at) => at,
            // A password with a slash that is not encoded: what stands behind the colon is no port.
            None => {
                let (_, port) = authority.split_once(':')?;
                let sound = port.bytes().all(|byte| byte.is_ascii_digit()) || port.contains(']');
                url.rfind('@').filter(|_| !sound)?
            }
        };
        (length > 0).then_some(start..start + length)
    })
}

/// The values of query parameters that have the name of a secret.
pub(super) fn parameters(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('=').filter_map(|(at, _)| {
        let before = text[..at].trim_end_matches(is_of_name);
        let name = &text[before.len()..at];
        // Go's encoding/json writes an ampersand so.
        let in_query = before.ends_with(['?', '&', ';'])
            || (before.ends_with('\\') && name.starts_with("u0026"));
        let start = at + 1;
        let rest = &text[start..];
        let ends = |c: char| ends_url(c) || matches!(c, '&' | ';' | '#' | '\'' | ')');
        let value = &rest[..rest.find(ends).unwrap_or(rest.len())];
        (in_query && !value.is_empty() && is_secret(name)).then_some(start..start + value.len())
    })
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '`')
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Whether a parameter's name says that its value is secret.
fn is_secret(name: &str) -> bool {
    const WHOLE: [&str; 6] = ["auth", "code", "key", "pass", "sas", "sig"];
    const PART: [&str; 12] = [
        "accesskey",
        "apikey",
        "authorization",
        "bearer",
        "credential",
        "jwt",
        "passphrase",
        "passwd",
        "password",
        "secret",
        "signature",
        "token",
    ];
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    WHOLE.contains(&name.as_str()) || PART.iter().any(|part| name.contains(part))
}
