//! The values of TXT records as people and providers write them: bare, or as quoted strings.

use std::borrow::Cow;

/// What an ownership value says, lower-case.
const HERITAGE: &str = "heritage=external-dns";

/// How digits behind a backslash are read: zone files have decimal ones (RFC 1035, 5.1), Route 53
/// has octal ones.
const RADIXES: [u32; 2] = [10, 8];

/// A value of several quoted strings as one string without quotes; any other value as it is.
pub(crate) fn joined(value: &str) -> Cow<'_, str> {
    if !value.trim().trim_matches('"').contains('"') {
        return Cow::Borrowed(value);
    }
    match strings(value, RADIXES[0]) {
        Some((text, count)) if count > 1 => Cow::Owned(text),
        _ => Cow::Borrowed(value),
    }
}

/// Whether a value says what only an ownership record may say, however it is quoted, cut into
/// strings, escaped or spaced, in upper or lower case: another reader may be more lenient than ours.
pub(crate) fn claims_ownership(value: &str) -> bool {
    let says_so = |text: &str| {
        let mut tokens = text.trim().trim_matches('"').split(',');
        tokens.any(|token| token.trim().eq_ignore_ascii_case(HERITAGE))
    };
    says_so(value)
        || RADIXES.into_iter().any(|radix| {
            says_so(&unescaped(value, radix))
                || strings(value, radix).is_some_and(|(text, _)| says_so(&text))
        })
}

/// The strings of a quoted value joined, and how many there are; `None` if it is not quoted.
fn strings(value: &str, radix: u32) -> Option<(String, usize)> {
    let mut joined = String::new();
    let mut count = 0;
    let mut rest = value.trim();
    while !rest.is_empty() {
        let open = rest.strip_prefix('"')?;
        let end = closing_quote(open)?;
        joined.push_str(&unescaped(&open[..end], radix));
        count += 1;
        rest = open[end + 1..].trim_start();
    }
    (count > 0).then_some((joined, count))
}

/// Where the quote is that ends a string.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, char)| {
        let ends = char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        ends.then_some(at)
    })
}

/// The text without escapes: a backslash and three digits stand for a byte, a backslash and any
/// other character for that character.
fn unescaped(text: &str, radix: u32) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let code = escaped.get(..3).and_then(|digits| u8::from_str_radix(digits, radix).ok());
        rest = match code {
            Some(code) => {
                bytes.push(code);
                &escaped[3..]
            }
            None => {
                let mut chars = escaped.chars();
                if let Some(char) = chars.next() {
                    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                chars.as_str()
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_claims_ownership() {
        let table = [
            ("heritage=external-dns,external-dns/owner=me", true),
            ("\"heritage=external-dns,external-dns/owner=me\"", true),
            ("external-dns/owner=me,heritage=external-dns", true),
            ("\"\"heritage=external-dns\"", true),
            ("\"heritage=exter\" \"nal-dns,external-dns/owner=me\"", true),
            ("\"heritage=exter\"\"nal-dns\"", true),
            ("Heritage=External-DNS", true),
            ("  heritage=external-dns ,x", true),
            (r"\104eritage=external-dns", true),
            (r#""\150eritage=external-dns""#, true),
            (r#""herit\age=external-dns""#, true),
            ("v=spf1 -all", false),
            ("heritage=mate", false),
            ("heritage=external-dnsx", false),
            ("see heritage=external-dns", false),
            ("", false),
            ("\"", false),
            ("\\", false),
        ];
        for (value, expected) in table {
            assert_eq!(claims_ownership(value), expected, "{value}");
        }
    }

    #[test]
    fn strings_are_joined() {
        let table = [
            ("\"a\" \"b\"", "ab"),
            ("\"a\"", "\"a\""),
            ("a \"b\"", "a \"b\""),
            ("\"\"a\"", "\"\"a\""),
            (r#""a\"" "b""#, "a\"b"),
        ];
        for (value, expected) in table {
            assert_eq!(joined(value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\\\\"a0-9 ü,=]{0,20}") {
            let _ = claims_ownership(&text);
            let _ = joined(&text);
        }
    }
}
