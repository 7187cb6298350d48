//! The grammar of annotations that hold a list.

use std::borrow::Cow;

/// The elements of a comma-separated list: blanks are deleted, also inside an element; other white
/// space around an element is trimmed; empty elements are skipped.
pub(super) fn elements(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(',').map(without_blanks).filter(|element| !element.is_empty())
}

fn without_blanks(element: &str) -> Cow<'_, str> {
    let element = element.trim();
    if element.contains(' ') {
        Cow::Owned(element.replace(' ', "").trim().to_owned())
    } else {
        Cow::Borrowed(element)
    }
}

/// A text without one trailing dot.
pub(super) fn without_dot(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('.').unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.ends_with('.') {
                text.pop();
            }
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn lists() {
        let table: &[(&str, &[&str])] = &[
            ("a.org", &["a.org"]),
            ("a.org, b.org ,c.org", &["a.org", "b.org", "c.org"]),
            ("a .o rg", &["a.org"]),
            ("a.org,a.org", &["a.org", "a.org"]),
            ("", &[]),
            ("a.org,", &["a.org"]),
            (",,  ,", &[]),
            ("a.org,\n\tb.org\r\n", &["a.org", "b.org"]),
            (" \t a.org \t ", &["a.org"]),
        ];
        for (text, expected) in table {
            assert_eq!(elements(text).collect::<Vec<_>>(), *expected, "{text:?}");
        }
    }
}
