use proptest::prelude::*;

use super::*;

type Texts = &'static [&'static str];

fn lists(include: &[&str], exclude: &[&str]) -> DomainFilter {
    DomainFilter::lists(include.iter().copied(), exclude.iter().copied())
}

fn regex(include: &str, exclude: &str) -> DomainFilter {
    DomainFilter::regex(("regexInclude", include), ("regexExclude", exclude))
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn lists_of_domains() {
    let cases: &[(Texts, Texts, Texts, bool)] = &[
        (&[], &[], &["anything", "", "*.x"], true),
        (
            &["example.org"],
            &[],
            &["example.org", "EXAMPLE.ORG.", "a.example.org", "*.example.org"],
            true,
        ),
        (&["example.org"], &[], &["anexample.org", "test.anexample.org"], false),
        (&[".example.org"], &[], &["test.example.org"], true),
        (&[".example.org"], &[], &["example.org"], false),
        (&[".org"], &[], &["example.org", "foo.test.example.org"], true),
        (&["baz.foo.org"], &[], &["foo.org"], false),
        (&["example.org"], &["api.example.org"], &["example.org", "dev-api.example.org"], true),
        (
            &["example.org"],
            &["api.example.org"],
            &["api.example.org", "foo.api.example.org"],
            false,
        ),
        (&["ex.com"], &[".ex.com"], &["ex.com"], true),
        (&["ex.com"], &[".ex.com"], &["sub.ex.com", ".sub.ex.com"], false),
        (&[], &["ex.com"], &["other.com"], true),
        (&[], &["ex.com"], &["ex.com", "a.ex.com"], false),
        (
            &["example.org", "api.example.org"],
            &["internal.api.example.org"],
            &["foo.internal.api.example.org"],
            false,
        ),
        (&["sTOnks📈.ORG"], &["Foo-Bar.stoNks📈.Org"], &["FoOoo.Api.Stonks📈.Org"], true),
        (&["sTOnks📈.ORG"], &["Foo-Bar.stoNks📈.Org"], &["a.foo-bar.stonks📈.org"], false),
        (&["xn--c1yn36f.org"], &[], &["點看.org", "xn--c1yn36f.org"], true),
        (&[".xn--c1yn36f.org"], &[], &["a.點看.org"], true),
        (&["straße.de"], &[], &["xn--strae-oqa.de"], true),
        (&["straße.de"], &[], &["strasse.de"], false),
        (&[" Example.org. "], &[], &["a.example.org"], true),
        // Blank patterns are none at all.
        (&[" . ", "", "."], &[], &["anything"], true),
        (&["", "a.org"], &[], &["b.org"], false),
    ];
    for (include, exclude, names, expected) in cases {
        let filter = lists(include, exclude);
        for name in *names {
            assert_eq!(
                filter.matches(&Name::as_listed(name)),
                *expected,
                "{name} with {include:?} without {exclude:?}"
            );
        }
    }
}

#[test]
fn regular_expressions() {
    let cases: &[(&str, &str, &[&str], bool)] = &[
        (r"\.org$", "", &["foo.org", "foo.org.", "FOO.ORG"], true),
        (r"\.org$", "", &["foo.com"], false),
        (r"\.prod\.example\.com$", "^temp-", &["temp-api.prod.example.com"], false),
        (r"\.prod\.example\.com$", "^temp-", &["api.prod.example.com"], true),
        (r"foo\.org$", r"^temp\.", &["bar.org"], false),
        ("", "^internal-", &["api.example.com"], true),
        ("", "^internal-", &["internal-api.example.com"], false),
        (r"(?:😍|🤩)\.org$", "", &["xn--r28h.org"], true),
        (r"^[\w-]+\.us\.test\.com$", "", &["us.test.com", "a.b.us.test.com"], false),
        (r"^[\w-]+\.us\.test\.com$", "", &["a-1.us.test.com"], true),
        (r"^([\w-]+\.)*us\.test\.com$", "", &["us.test.com", "a.b.us.test.com"], true),
        ("", "", &["anything"], true),
    ];
    for (include, exclude, names, expected) in cases {
        let filter = regex(include, exclude);
        for name in *names {
            assert_eq!(
                filter.matches(&Name::as_listed(name)),
                *expected,
                "{name} with /{include}/ without /{exclude}/"
            );
        }
    }
}

#[test]
fn a_broken_expression_is_named() {
    let include = DomainFilter::regex(("regexInclude", "("), ("regexExclude", "")).err();
    let exclude = DomainFilter::regex(("regexInclude", ""), ("regexExclude", "[")).err();
    for (error, start) in [(include, "invalid regexInclude: "), (exclude, "invalid regexExclude: ")]
    {
        let message = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn parents() {
    let cases: &[(Texts, Texts, &str, bool)] = &[
        (&["a.example.com"], &[], "example.com", true),
        (&["a.example.com"], &[], "EXAMPLE.com.", true),
        (&[".a.example.com"], &[], "example.com", false),
        (&["example.com"], &[], "example.com", false),
        (&["a.example.com"], &["example.com"], "example.com", false),
        (&["anexample.com"], &[], "example.com", false),
        (&["a.other.com"], &[], "example.com", false),
        (&[], &["a.example.com"], "example.com", true),
        (&["a.xn--c1yn36f.org"], &[], "點看.org", true),
    ];
    for (include, exclude, domain, expected) in cases {
        assert_eq!(
            lists(include, exclude).matches_parent(&Name::as_listed(domain)),
            *expected,
            "{domain} above {include:?} without {exclude:?}"
        );
    }
    let domain = Name::as_listed("example.com");
    assert!(regex(r"^a\.b$", "").matches_parent(&domain));
    assert!(!regex("", r"example\.com$").matches_parent(&domain));
}

#[test]
fn patterns_are_kept_normalised() {
    let filter = lists(&[" Foo.ORG. ", "", "xn--c1yn36f.org"], &[".Bar.org"]);
    let patterns = filter.as_lists().expect("list mode");
    assert_eq!(patterns.include(), ["foo.org", "點看.org"]);
    assert_eq!(patterns.exclude(), [".bar.org"]);
    assert!(regex("a", "").as_lists().is_none());
    assert!(lists(&[" "], &["."]).is_open());
    assert!(regex("", "").is_open() && !regex("", "a").is_open());
}

#[test]
fn networks() {
    let cases: &[(Texts, Texts, &str, bool)] = &[
        (&[], &[], "anything", true),
        (&["10.0.0.0/8"], &[], "10.1.1.1", true),
        (&["10.0.0.0/8"], &[], "11.1.1.1", false),
        (&[" 10.1.2.3/8 ", ""], &[], "10.200.0.1", true),
        (&["10.0.0.0/8"], &["10.1.0.0/16"], "10.1.0.1", false),
        (&["10.0.0.0/8"], &["10.1.0.0/16"], "10.2.0.1", true),
        (&[], &["10.0.0.0/8"], "10.1.1.1", false),
        (&[], &["10.0.0.0/8"], "8.8.8.8", true),
        (&["10.0.0.0/8"], &[], "::ffff:10.1.1.1", true),
        (&[], &["10.0.0.0/8"], "::ffff:10.1.1.1", false),
        (&["::ffff:10.0.0.0/104"], &[], "10.1.1.1", true),
        (&["::ffff:10.0.0.0/104"], &[], "11.1.1.1", false),
        (&["2001:db8::/32"], &[], "2001:db8::1", true),
        (&["::/0"], &[], "10.1.1.1", false),
        (&["fe80::/10"], &[], "fe80::1%eth0", false),
        (&[], &["fe80::/10"], "fe80::1%eth0", true),
        (&["0.0.0.0/0"], &[], "host.example.org", false),
        (&[], &["0.0.0.0/0"], "host.example.org", true),
        (&["0.0.0.0/0"], &[], "", false),
    ];
    for (include, exclude, target, expected) in cases {
        let filter = NetFilter::new(include.iter(), exclude.iter())
            .unwrap_or_else(|error| panic!("{include:?} {exclude:?}: {error}"));
        assert_eq!(
            filter.matches(target),
            *expected,
            "{target} with {include:?} without {exclude:?}"
        );
    }
}

#[test]
fn a_broken_network_is_an_error() {
    for text in [
        "10.0.0.1",
        "10.0.0.0/33",
        "banana",
        "10.0.0.0/",
        "01.0.0.0/8",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "::1%eth0/64",
    ] {
        let error = NetFilter::new(["10.0.0.0/8", text], []).expect_err(text);
        assert_eq!(
            error.to_string(),
            format!("--target-net-filter: {text:?} is no network in CIDR form, like 10.0.0.0/8")
        );
        let error = NetFilter::new([], [text]).expect_err(text);
        assert!(error.to_string().starts_with("--exclude-target-net: "), "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(a in "\\PC{0,30}", b in "\\PC{0,30}", name in "\\PC{0,30}") {
        let name = Name::as_listed(&name);
        let filter = DomainFilter::lists([&a], [&b]);
        let _ = (filter.matches(&name), filter.matches_parent(&name));
        if let Ok(filter) = DomainFilter::regex(("a", &a), ("b", &b)) {
            let _ = (filter.matches(&name), filter.matches_parent(&name));
        }
        let _ = NetFilter::new([&a], [&b]).map(|filter| filter.matches(name.as_str()));
    }

    #[test]
    fn a_name_matches_its_own_pattern(text in "\\PC{1,30}") {
        let filter = DomainFilter::lists([&text], []);
        prop_assert!(filter.is_open() || filter.matches(&Name::as_listed(text.trim())));
    }

    #[test]
    fn include_and_exclude_of_one_list_are_opposite(
        pattern in "[.]?[a-c]([.][a-c]){0,2}",
        name in "[a-c]([.][a-c]){0,3}",
    ) {
        let name = Name::as_listed(&name);
        let include = DomainFilter::lists([&pattern], []).matches(&name);
        let exclude = DomainFilter::lists([], [&pattern]).matches(&name);
        prop_assert_ne!(include, exclude);
    }
}
