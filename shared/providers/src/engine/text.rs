//! The text of TXT records: in presentation format (RFC 1035, 5.1: quoted strings of at most 255
//! bytes) and bare.

use std::borrow::Cow;

use ecow::EcoString;
pub(crate) use extdns_model::txt_strings as strings;

/// Most bytes of one string.
const LONGEST: usize = 255;
/// How an ownership value begins.
const HERITAGE: &str = "heritage=external-dns";

/// The text in presentation format. Text that is in this format already stays as it is, byte for
/// byte, with the strings that its author cut. An ownership value is not: it comes in quotes, but
/// with nothing escaped, and a backslash in an owner id must survive ([`as_owned`] is the way back).
///
/// ```
/// use extdns_providers::engine::text::quoted;
///
/// assert_eq!(quoted("v=spf1 -all"), r#""v=spf1 -all""#);
/// assert_eq!(quoted(r#""v=spf1" " -all""#), r#""v=spf1" " -all""#);
/// ```
#[must_use]
pub fn quoted(text: &str) -> Cow<'_, str> {
    if let Some(value) = ownership(text).filter(|value| value.contains('\\')) {
        return Cow::Owned(quote(value.as_bytes()));
    }
    match strings(text) {
        Some(strings) if strings.iter().all(|string| string.len() <= LONGEST) => {
            Cow::Borrowed(text)
        }
        Some(strings) => Cow::Owned(quote(&strings.concat())),
        None => Cow::Owned(quote(text.as_bytes())),
    }
}

/// The text without quotes: the strings joined, nothing escaped. Text that is not in presentation
/// format, or that would not be readable text, stays as it is.
///
/// ```
/// use extdns_providers::engine::text::bare;
///
/// assert_eq!(bare(r#""v=spf1" " -all""#), "v=spf1 -all");
/// assert_eq!(bare("v=spf1 -all"), "v=spf1 -all");
/// ```
#[must_use]
pub fn bare(text: &str) -> Cow<'_, str> {
    if let Some(value) = ownership(text) {
        return Cow::Borrowed(value);
    }
    strings(text)
        .and_then(|strings| String::from_utf8(strings.concat()).ok())
        .map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A text in presentation format as it is compared: an ownership value in quotes with nothing
/// escaped, as it was before it was [`quoted`]; any other text as it is.
#[must_use]
pub fn as_owned(text: &str) -> Cow<'_, str> {
    // Few texts have an escape at all.
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let value = strings(text).and_then(|strings| String::from_utf8(strings.concat()).ok());
    let owned = value.map(|value| format!("\"{value}\"")).filter(|it| ownership(it).is_some());
    owned.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The ownership value in quotes with nothing escaped, if the text is one.
pub(crate) fn ownership(text: &str) -> Option<&str> {
    let value = text.strip_prefix('"')?.strip_suffix('"')?;
    (value.starts_with(HERITAGE) && !value.contains('"')).then_some(value)
}

/// Bytes in presentation format, cut into strings of at most 255 bytes.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    let mut rest = bytes;
    loop {
        let (string, tail) = rest.split_at(cut(rest));
        out.push('"');
        escape(string, &mut out);
        out.push('"');
        if tail.is_empty() {
            return out;
        }
        out.push(' ');
        rest = tail;
    }
}

/// Bare text as strings of at most 255 bytes, each of whole characters.
pub(crate) fn cut_into_strings(text: &str) -> Vec<&str> {
    let mut strings = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (string, tail) = rest.split_at(cut(rest.as_bytes()));
        strings.push(string);
        rest = tail;
    }
    strings
}

/// Where the first string ends: not inside a character.
fn cut(bytes: &[u8]) -> usize {
    if bytes.len() <= LONGEST {
        return bytes.len();
    }
    let is_start = |at: &usize| bytes[*at] & 0b1100_0000 != 0b1000_0000;
    (LONGEST - 3..=LONGEST).rev().find(is_start).unwrap_or(LONGEST)
}

pub(crate) fn escape(string: &[u8], out: &mut String) {
    for chunk in string.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\\' => out.extend(['\\', char]),
                char if char.is_ascii_control() => push_code(char as u8, out),
                char => out.push(char),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_code(*byte, out));
    }
}

fn push_code(byte: u8, out: &mut String) {
    out.push('\\');
    out.extend([byte / 100, byte / 10 % 10, byte % 10].map(|digit| char::from(b'0' + digit)));
}

/// The words of a list as they are compared: trimmed, sorted, each once, with commas in between; `None` without any.
///
/// ```
/// use extdns_providers::engine::text::joined;
///
/// assert_eq!(joined(" b, a ,,b".split(',')).as_deref(), Some("a,b"));
/// ```
#[must_use]
pub fn joined<'w>(words: impl Iterator<Item = &'w str>) -> Option<EcoString> {
    let mut words: Vec<&str> = words.map(str::trim).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    (!words.is_empty()).then(|| words.join(",").into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms() {
        let cases = [
            // given, quoted, bare
            ("", r#""""#, ""),
            ("a b", r#""a b""#, "a b"),
            (r#""a b""#, r#""a b""#, "a b"),
            (r#""a" "b""#, r#""a" "b""#, "ab"),
            (r#""a""b""#, r#""\"a\"\"b\"""#, r#""a""b""#),
            (r#""a"#, r#""\"a""#, r#""a"#),
            (r#""a\"b""#, r#""a\"b""#, r#"a"b"#),
            (r#"a"b\"#, r#""a\"b\\""#, r#"a"b\"#),
            (r#""\065\\""#, r#""\065\\""#, r"A\"),
            (r#""\255""#, r#""\255""#, r#""\255""#),
            (r#""\999""#, r#""\999""#, "999"),
            ("a\nb", r#""a\010b""#, "a\nb"),
            ("ü", "\"ü\"", "ü"),
        ];
        for (given, in_quotes, without) in cases {
            assert_eq!(quoted(given), in_quotes, "{given}");
            assert_eq!(bare(given), without, "{given}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let text = format!("{}ü{}", "a".repeat(254), "b".repeat(300));
        let expected =
            format!("\"{}\" \"ü{}\" \"{}\"", "a".repeat(254), "b".repeat(253), "b".repeat(47));
        assert_eq!(quoted(&text), expected);
        assert_eq!(bare(&expected), text);
        let too_long = format!("\"{}\"", "a".repeat(256));
        assert_eq!(quoted(&too_long), format!("\"{}\" \"a\"", "a".repeat(255)));
    }

    proptest! {
        #[test]
        fn quoting_twice_is_quoting_once(text in any::<String>()) {
            prop_assume!(ownership(&text).is_none());
            let once = quoted(&text).into_owned();
            prop_assert_eq!(quoted(&once).into_owned(), once.clone());
            prop_assert!(strings(&once).is_some());
        }

        #[test]
        fn an_ownership_value_survives_both_forms(value in "[ -~&&[^\"]]{0,300}") {
            let value = format!("\"{HERITAGE},external-dns/owner={value}\"");
            let in_quotes = quoted(&value).into_owned();
            prop_assert!(strings(&in_quotes).is_some());
            if value.contains('\\') {
                prop_assert_eq!(as_owned(&in_quotes).into_owned(), value.clone());
            }
            let without = bare(&value).into_owned();
            prop_assert_eq!(format!("\"{without}\""), value);
        }

        #[test]
        fn what_was_bare_comes_back(text in "[^\"]*") {
            let in_quotes = quoted(&text).into_owned();
            prop_assert_eq!(bare(&in_quotes).into_owned(), text);
        }
    }
}
