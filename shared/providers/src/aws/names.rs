//! Names as Route 53 gives them: every byte outside `a-z 0-9 - _ .` as `\ooo`, three octal digits.

use std::borrow::Cow;

/// The name in plain text, without the trailing dot. Sequences that are no escapes stay as they are,
/// and so does a name that would not be valid text.
pub(super) fn decoded(listed: &str) -> Cow<'_, str> {
    let listed = listed.strip_suffix('.').unwrap_or(listed);
    if !listed.contains('\\') {
        return Cow::Borrowed(listed);
    }
    let mut bytes = Vec::with_capacity(listed.len());
    let mut rest = listed.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        match tail.get(..3).filter(|_| first == b'\\').and_then(octal) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(listed), Cow::Owned)
}

/// The byte of three octal digits.
fn octal(digits: &[u8]) -> Option<u8> {
    let value = digits.iter().try_fold(0_u16, |value, digit| {
        matches!(digit, b'0'..=b'7').then(|| value * 8 + u16::from(digit - b'0'))
    })?;
    u8::try_from(value).ok()
}

/// A zone id without the prefix: the API writes `/hostedzone/Z1`, users write it with or without.
pub(super) fn bare_id(id: &str) -> &str {
    id.strip_prefix("/hostedzone/").unwrap_or(id)
}

/// Text of a TXT record as the API takes it: quoted strings of at most 255 bytes. What begins with
/// a quote is taken as it is.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    if text.starts_with('"') {
        return Cow::Borrowed(text);
    }
    let strings = text.as_bytes().chunks(255).map(|string| {
        let escape = |byte: &u8| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).to_string(),
            other => format!("\\{other:03o}"),
        };
        format!("\"{}\"", string.iter().map(escape).collect::<String>())
    });
    let quoted = strings.collect::<Vec<_>>().join(" ");
    Cow::Owned(if quoted.is_empty() { "\"\"".to_owned() } else { quoted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r53_case_09_octal() {
        let all = (0o41..=0o176).map(|byte: u8| format!("\\{byte:03o}")).collect::<String>();
        let plain = (0o41..=0o176_u8).map(char::from).collect::<String>();
        let cases = [
            ("plain.example.com.", "plain.example.com"),
            ("\\052.w.example.com.", "*.w.example.com"),
            ("*.w.example.com", "*.w.example.com"),
            ("prefix-\\052.y.", "prefix-*.y"),
            (
                "escape-\\045\\041s\\050\\074nil\\076\\051-codes.example.com.",
                "escape-%!s(<nil>)-codes.example.com",
            ),
            ("txt-\\100\\134", "txt-@\\"),
            ("b\\303\\274cher.de.", "bücher.de"),
            // Malformed sequences spoil nothing else.
            ("a\\9.\\052", "a\\9.*"),
            ("a\\77", "a\\77"),
            ("a\\400", "a\\400"),
            // No text: as listed.
            ("a\\377.de.", "a\\377.de"),
            (all.as_str(), plain.as_str()),
        ];
        for (listed, expected) in cases {
            assert_eq!(decoded(listed), expected, "{listed}");
        }
    }

    #[test]
    fn text() {
        let long = "a".repeat(300);
        let cut = format!("\"{}\" \"{}\"", "a".repeat(255), "a".repeat(45));
        let cases = [
            ("v=spf1 -all", "\"v=spf1 -all\""),
            ("\"as \\303 it\" \"is\"", "\"as \\303 it\" \"is\""),
            ("say \"é\"", "\"say \\\"\\303\\251\\\"\""),
            ("", "\"\""),
            (long.as_str(), cut.as_str()),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text), expected);
        }
    }
}
