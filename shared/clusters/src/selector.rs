//! Label and annotation selectors, in the grammar of Kubernetes.

mod parse;
mod requirement;
mod structured;

use crate::object::Pairs;
pub use requirement::SelectorError;
use requirement::{Requirement, Test};
pub use structured::LabelSelector;

/// Requirements that all have to hold; without any, everything matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

impl Selector {
    /// Parses `--label-filter`.
    ///
    /// # Errors
    /// When the text is no selector.
    pub fn labels(text: &str) -> Result<Self, SelectorError> {
        parse::requirements(text).map(Self)
    }

    /// Parses `--annotation-filter` and `--gateway-label-filter`: the same grammar without numbers, and of several `key=value` with one key the
    /// last one counts, as upstream keeps them in a map.
    ///
    /// # Errors
    /// When the text is no selector, or compares numbers.
    pub fn annotations(text: &str) -> Result<Self, SelectorError> {
        let requirements = parse::requirements(text)?;
        let mut kept: Vec<Requirement> = Vec::with_capacity(requirements.len());
        for requirement in requirements {
            match requirement.test {
                Test::GreaterThan(_) | Test::LessThan(_) => {
                    return Err(SelectorError(format!(
                        "{:?}: only --label-filter compares numbers",
                        requirement.key
                    )));
                }
                Test::Is(_) => kept.retain(|earlier| {
                    earlier.key != requirement.key || !matches!(earlier.test, Test::Is(_))
                }),
                _ => {}
            }
            kept.push(requirement);
        }
        Ok(Self(kept))
    }

    /// Whether all requirements hold.
    #[must_use]
    pub fn matches(&self, pairs: &Pairs) -> bool {
        self.0.iter().all(|requirement| requirement.test.holds(pairs.get(&requirement.key)))
    }

    /// Whether there is no requirement, so that everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Selector;
    use crate::object::Pairs;

    fn pairs(text: &str) -> Pairs {
        text.split_terminator(' ').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect()
    }

    /// Selector, pairs that match, pairs that do not.
    const MATCHES: &[(&str, &[&str], &[&str])] = &[
        ("", &["", "k=v"], &[]),
        ("k=v", &["k=v", "k=v l=w"], &["", "k=w", "l=v"]),
        ("k==v", &["k=v"], &["k=w"]),
        (" k\t=\r\nv ", &["k=v"], &["k=w"]),
        ("k!=v", &["", "k=w"], &["k=v"]),
        ("k in (a,b)", &["k=a", "k=b"], &["", "k=c"]),
        ("k in(a)", &["k=a"], &["k=b"]),
        ("k notin (a,b)", &["", "k=c"], &["k=a", "k=b"]),
        ("k", &["k=", "k=x"], &[""]),
        ("!k", &["", "l=x"], &["k="]),
        ("! k", &[""], &["k=x"]),
        ("k=", &["k="], &["", "k=x"]),
        ("k==", &["k="], &["", "k=x"]),
        ("k=,l=x", &["k= l=x"], &["k=x l=x"]),
        ("k in ()", &["k="], &["", "k=x"]),
        ("k in (a,,b)", &["k=a", "k=b", "k="], &["k=c"]),
        ("k in (a,)", &["k=a", "k="], &["k=b"]),
        ("k in (,a)", &["k=a", "k="], &["k=b"]),
        ("in in (in,notin)", &["in=in", "in=notin"], &["in=x"]),
        ("in=in", &["in=in"], &["in=x"]),
        ("notin", &["notin=1"], &[""]),
        ("a=1,b!=2,!c", &["a=1", "a=1 b=3"], &["a=1 b=2", "a=1 c=", "b=3"]),
        ("example.org/My_Key.x=V-1_a.b", &["example.org/My_Key.x=V-1_a.b"], &[""]),
    ];

    const NUMBERS: &[(&str, &[&str], &[&str])] = &[
        ("k>5", &["k=6", "k=+6"], &["", "k=5", "k=x", "k=6.5", "k=9223372036854775808"]),
        ("k<5", &["k=4", "k=-1"], &["", "k=5", "k="]),
        // Two demands on one key: no value meets both.
        ("k=a,k=b", &[], &["k=a", "k=b"]),
    ];

    const INVALID: &[&str] = &[
        "k=v,",
        ",k=v",
        "k=v l=w",
        "k in a",
        "k in (a",
        "k in (a b)",
        "k in",
        "=v",
        "k=(a)",
        "!k=v",
        "!",
        "!!k",
        "k=a=b",
        "k!==v",
        "k>x",
        "k>",
        "k<1.5",
        "k>-1",
        "-k=v",
        "k-=v",
        "k=-v",
        "k=v/w",
        "k=v*",
        "a/b/c",
        "/k",
        "a/",
        "Example.org/k",
        "ex..org/k",
        "ex_/k",
        "ü=v",
        "k=ü",
    ];

    #[test]
    fn both_kinds_select_alike() {
        for (selector, matching, others) in MATCHES {
            for parse in [Selector::labels, Selector::annotations] {
                let parsed = parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"));
                for text in *matching {
                    assert!(parsed.matches(&pairs(text)), "{selector:?} and {text:?}");
                }
                for text in *others {
                    assert!(!parsed.matches(&pairs(text)), "{selector:?} and not {text:?}");
                }
            }
        }
    }

    #[test]
    fn labels_compare_numbers() {
        for (selector, matching, others) in NUMBERS {
            let parsed = Selector::labels(selector).unwrap();
            for text in *matching {
                assert!(parsed.matches(&pairs(text)), "{selector:?} and {text:?}");
            }
            for text in *others {
                assert!(!parsed.matches(&pairs(text)), "{selector:?} and not {text:?}");
            }
        }
    }

    #[test]
    fn annotations_do_not() {
        for selector in ["k>5", "k<5", "a=b,k>5"] {
            let error = Selector::annotations(selector).unwrap_err();
            assert_eq!(error.to_string(), r#""k": only --label-filter compares numbers"#);
        }
    }

    #[test]
    fn of_two_values_for_one_annotation_the_last_counts() {
        let selector = Selector::annotations("k=a,k in (b,c),k=b").unwrap();
        assert!(selector.matches(&pairs("k=b")));
        assert!(!selector.matches(&pairs("k=a")));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for selector in INVALID {
            for parse in [Selector::labels, Selector::annotations] {
                assert!(parse(selector).is_err(), "{selector:?}");
            }
        }
    }

    #[test]
    fn lengths() {
        let name = |n: usize| "a".repeat(n);
        let prefix = |n: usize| format!("{}/k", "a".repeat(n - 2 * (n / 4)) + &".a".repeat(n / 4));
        let table = [
            (name(63), true),
            (name(64), false),
            (format!("k={}", name(63)), true),
            (format!("k={}", name(64)), false),
            (prefix(253), true),
            (prefix(254), false),
        ];
        for (selector, valid) in table {
            assert_eq!(Selector::labels(&selector).is_ok(), valid, "{selector}");
        }
    }

    #[test]
    fn errors_say_what_was_expected() {
        let table = [
            ("k=v,", "found the end after \",\", expected a key"),
            ("k in (a", "found the end, expected \",\" or \")\""),
            ("k=v l", "found \"l\", expected \",\" or the end"),
            (
                "k=a/b",
                "value \"a/b\" of \"k\": at most 63 letters, digits, \"-\", \"_\" and \".\", the first and last a letter or digit",
            ),
            ("k>x", "value \"x\" of \"k\": not a whole number"),
        ];
        for (selector, message) in table {
            assert_eq!(Selector::labels(selector).unwrap_err().to_string(), message);
        }
    }
}
