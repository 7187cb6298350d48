use proptest::prelude::*;

use super::*;

fn key(text: &str) -> String {
    Name::as_listed(text).key().into_owned()
}

#[test]
fn keys() {
    let cases = [
        ("3AAAA.FOO.BAR.COM ", "3aaaa.foo.bar.com"),
        ("點看.org.", "xn--c1yn36f.org"),
        ("nordic-ø.kitty😸.COM", "xn--nordic--w1a.xn--kitty-pd34d.com"),
        (".foo.com.", ".foo.com"),
        ("*.example.com", "*.example.com"),
        ("*.пример.com", "*.xn--e1afmkfd.com"),
        ("_foo.com", "_foo.com"),
        ("_Foo.Bücher.com", "_foo.xn--bcher-kva.com"),
        ("xn--c1yn36f.org", "xn--c1yn36f.org"),
        ("XN--C1YN36F.ORG", "xn--c1yn36f.org"),
        // Transitional processing maps the deviation characters.
        ("straße.de", "strasse.de"),
        ("STRAẞE.de", "strasse.de"),
        ("βόλος.gr", "xn--nxasmq6b.gr"),
        ("a\u{200d}b.org", "ab.org"),
        // An A-label is taken as it is.
        ("xn--strae-oqa.de", "xn--strae-oqa.de"),
        // White space goes before the dot is looked for.
        (" foo.org. ", "foo.org"),
        ("\tfoo.org\n", "foo.org"),
        ("點看。org。", "xn--c1yn36f.org"),
        ("a..b", "a..b"),
        ("", ""),
        (".", ""),
        // Hyphens in odd places are no reason to differ from upstream.
        ("-ä-.org", "xn-----via.org"),
        ("ab--é.org", "xn--ab---epa.org"),
        // A label with an error keeps its text; the others and the zone are found.
        ("\u{ad}\u{338}.點看.ORG", "\u{ad}\u{338}.xn--c1yn36f.org"),
        // Labels are judged one by one: a digit may stand before a right-to-left label.
        ("1.אבג.org", "1.xn--4dbcd.org"),
    ];
    for (text, expected) in cases {
        assert_eq!(key(text), expected, "key of {text:?}");
        assert_eq!(Name::as_listed(text).shared_key(), expected, "shared key of {text:?}");
        assert_eq!(Name::of_listed(text.into()), Name::as_listed(text), "{text:?}");
    }
}

#[test]
fn canonical_names_are_borrowed() {
    for text in ["www.example.org", "*.example.org", "_srv._tcp.example.org", "xn--c1yn36f.org"] {
        assert!(matches!(Name::as_listed(text).key(), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn unicode_forms() {
    let cases = [
        ("xn--c1yn36f.org", "點看.org"),
        ("XN--C1YN36F.org", "點看.org"),
        ("sTOnks📈.ORG.", "stonks📈.org"),
        // Not transitional: the deviation characters stay.
        ("straße.de", "straße.de"),
        ("xn--strae-oqa.de", "straße.de"),
        ("STRASSE.DE", "strasse.de"),
        ("*.Example.org", "*.example.org"),
        (".點看.org", ".點看.org"),
        // Best effort, label by label.
        ("xn--0.xn--c1yn36f.ORG", "xn--0.點看.org"),
    ];
    for (text, expected) in cases {
        assert_eq!(Name::as_listed(text).to_unicode(), expected, "Unicode form of {text:?}");
    }
}

#[test]
fn parse_keeps_the_text_and_drops_one_dot() {
    let cases = [
        ("WWW.Example.org.", "WWW.Example.org"),
        ("www.example.org", "www.example.org"),
        ("a..b", "a..b"),
        ("a..", "a."),
        (" a", " a"),
        ("Müller.example.org.", "Müller.example.org"),
        ("", ""),
    ];
    for (text, expected) in cases {
        let name = Name::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(name.as_str(), expected, "text of {text:?}");
    }
}

#[test]
fn limits_hold_on_the_wire() {
    let long = "a".repeat(63);
    assert!(Name::parse(&format!("{long}.org")).is_ok());
    // 80 bytes of UTF-8, but a short A-label.
    assert!(Name::parse(&format!("{}.org", "é".repeat(40))).is_ok());
    let fitting = format!("{long}.{long}.{long}.{}", "a".repeat(61));
    assert_eq!(fitting.len(), 253);
    assert!(Name::parse(&format!("{fitting}.")).is_ok());

    let cases = [
        (
            format!("x.{long}a.org"),
            format!("name \"x.{long}a.org\" has a label of 64 bytes (\"{long}a\"); DNS allows 63"),
        ),
        (format!("{fitting}a"), format!("name \"{fitting}a\" has 254 bytes; DNS allows 253")),
        (
            "a\u{338}\u{ad}.\u{fffd}.org".to_owned(),
            "name \"a\\u{338}\\u{ad}.\u{fffd}.org\" is no valid internationalised name (IDNA)"
                .to_owned(),
        ),
    ];
    for (text, expected) in cases {
        let error = Name::parse(&text).expect_err(&text);
        assert_eq!(error.to_string(), expected);
    }
    // Too long in either form.
    let error = Name::parse(&format!("{}.org", "é".repeat(63))).expect_err("too long");
    assert!(matches!(error, NameError::LabelTooLong { .. }), "{error}");
}

#[test]
fn parts() {
    // name, first label, rest, naked domain, wildcard
    let cases = [
        ("www.example.com", "www", Some("example.com"), "example.com", false),
        ("example.com", "example", Some("com"), "example.com", false),
        ("localhost", "localhost", None, "localhost", false),
        ("a.b.c.example.com", "a", Some("b.c.example.com"), "b.c.example.com", false),
        ("*.example.com", "*", Some("example.com"), "example.com", true),
        ("*", "*", None, "*", true),
        ("*a.example.com", "*a", Some("example.com"), "example.com", false),
        ("", "", None, "", false),
    ];
    for (text, first, rest, naked, wildcard) in cases {
        let name = Name::as_listed(text);
        assert_eq!(name.split_first(), (first, rest), "{text}");
        assert_eq!(name.naked_domain(), naked, "{text}");
        assert_eq!(name.is_wildcard(), wildcard, "{text}");
    }
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "([a-zA-Z0-9*_ -]{0,5}\\.){0,4}",
        "(\\PC{0,4}[.。]?){0,4}",
        "((xn--|XN--)?[a-zß-ÿßςאب0-9\u{200d}]{0,6}\\.){0,4} ?",
    ]
}

#[test]
fn a_name_whose_key_is_no_a_label_is_refused() {
    assert!(matches!(Name::parse(" \u{1daa1}"), Err(NameError::Idna { .. })));
}

proptest! {
    #[test]
    fn key_is_idempotent(text in any_name()) {
        let once = key(&text);
        prop_assert_eq!(key(&once), once);
    }

    #[test]
    fn key_ignores_ascii_case_trailing_dot_and_outer_space(text in "[a-zA-Z0-9é點*_.-]{0,20}") {
        let expected = key(&text);
        prop_assert_eq!(key(&text.to_ascii_uppercase()), &*expected);
        prop_assert_eq!(key(&format!(" {text}. ")), &*expected);
    }

    #[test]
    fn a_parsed_name_has_an_ascii_key_within_the_limits(text in any_name()) {
        if let Ok(name) = Name::parse(&text) {
            let key = name.key();
            prop_assert!(key.is_ascii() && key.len() <= MAX_NAME);
            prop_assert!(key.split('.').all(|label| label.len() <= MAX_LABEL));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}|[\\x00-\\x7f]{0,80}") {
        let name = Name::as_listed(&text);
        let _ = (name.key(), name.to_unicode(), name.to_ascii(), name.naked_domain());
        let _ = Name::parse(&text);
    }
}
