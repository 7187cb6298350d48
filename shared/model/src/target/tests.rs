use proptest::prelude::*;

use super::*;

fn targets(texts: &[&str]) -> Targets {
    texts.iter().copied().collect()
}

#[test]
fn same_as() {
    use RecordType::{A, Aaaa, Cname, Mx, Other, Srv, Txt};
    let cases: &[(RecordType, &[&str], &[&str], bool)] = &[
        (Aaaa, &["::1"], &["::0001"], true),
        (Aaaa, &["::1", "dd:dd::01"], &["dd:00dd::0001", "::0001"], true),
        (Cname, &["example.org"], &["EXAMPLE.ORG"], true),
        (
            A,
            &["::1", "1.1.1.1", "2600.com", "3.3.3.3"],
            &["3.3.3.3", "2600.COM", "::0001", "1.1.1.1"],
            true,
        ),
        (A, &["1.2.3.4"], &["1.2.3.4", "4.3.2.1"], false),
        (A, &["1.2.3.4", "1.2.3.4"], &["1.2.3.4", "4.3.2.1"], false),
        (Cname, &["a.com"], &["a.com."], true),
        (Aaaa, &["::ffff:1.2.3.4"], &["1.2.3.4"], false),
        (Aaaa, &["FE80::1%eth0"], &["fe80::1%eth0"], true),
        (Txt, &["ABC"], &["abc"], false),
        (Txt, &["b", "a"], &["a", "b"], true),
        (Txt, &["\"x\""], &["x"], true),
        (Txt, &["\"x\" \"y z\""], &["xy z"], true),
        (Txt, &["\"x\" \"y\""], &["\"x y\""], false),
        (Txt, &["\"heritage=external-dns,a\\b\""], &["\"heritage=external-dns,ab\""], false),
        (Cname, &["B", "a"], &["b", "A"], true),
        (Other(257), &["0 issue \"CA.org\""], &["0 issue \"ca.org\""], true),
        (Other(257), &["0 issue ca.org"], &["00  ISSUE \"ca.org\""], true),
        (Mx, &["10 a.com"], &["010  A.com."], true),
        (Mx, &["0 ."], &["0 "], true),
        (Mx, &["10 a.com"], &["20 a.com"], false),
        (Mx, &["ten a.com"], &["10 a.com"], false),
        (Aaaa, &["2001:DB8::0"], &["2001:db8::"], true),
        (Srv, &["0 0 1 a."], &["00 0 01  A"], true),
        (Mx, &["10 a.com", "20 b.com"], &["20 B.com", "10 A.com"], true),
        (Srv, &["0 0 1 a."], &["0 0 2 a."], false),
        (A, &["lb.example.org"], &["LB.example.org"], true),
        (A, &[], &[], true),
    ];
    for (rtype, a, b, expected) in cases {
        let (a, b) = (targets(a), targets(b));
        assert_eq!(a.same_as(&b, *rtype), *expected, "{rtype} {a:?} {b:?}");
        assert_eq!(b.same_as(&a, *rtype), *expected, "{rtype} {b:?} {a:?}");
    }
}

#[test]
fn preference() {
    use Ordering::{Equal, Greater, Less};
    let cases: &[(&[&str], &[&str], Ordering)] = &[
        (&[""], &["", ""], Less),
        (&["1.2.3.4"], &["1-2-3-4.example.org"], Less),
        (&["1.2.3.4"], &["1.2.3.5"], Less),
        (&["1.2.3.9"], &["1.2.3.10"], Less),
        (&["example.org", "example.com"], &["example.com", "examplea.org"], Less),
        (&["8.8.8.8", "8.8.4.4"], &["8.8.8.8"], Greater),
        (&["1-2-3-4.example.org", "EXAMPLE.ORG"], &["1.2.3.4", "EXAMPLE.ORG"], Greater),
        (&["255.255.255.255"], &["::1"], Less),
        (&["a", "b"], &["b", "a"], Equal),
        (&[], &[], Equal),
        // The value decides before the spelling does.
        (&["::0001", "a"], &["::1", "b"], Less),
        (&["::0001"], &["::1"], Less),
    ];
    for (a, b, expected) in cases {
        let (a, b) = (targets(a), targets(b));
        assert_eq!(a.preference(&b), *expected, "{a:?} {b:?}");
        assert_eq!(b.preference(&a), expected.reverse(), "{b:?} {a:?}");
    }
}

#[test]
fn types_of_free_targets() {
    use RecordType::{A, Aaaa, Cname};
    let cases = [
        ("1.2.3.4", A),
        ("255.255.255.255", A),
        ("01.2.3.4", Cname),
        ("1.2.3", Cname),
        ("1.2.3.4.", Cname),
        ("256.1.1.1", Cname),
        ("1.2.3.4/32", Cname),
        ("[::1]", Cname),
        (" 1.2.3.4", Cname),
        ("::ffff:1.2.3.4", Aaaa),
        ("::11.22.33.44", Aaaa),
        ("::11.22.33.044", Cname),
        ("fe80::1%eth0", Aaaa),
        ("::ffff:1.2.3.4%e", Aaaa),
        ("fe80::1%", Cname),
        ("1.2.3.4%e", Cname),
        ("%eth0", Cname),
        ("2001:DB8::1", Aaaa),
        ("::", Aaaa),
        ("12345::", Cname),
        ("", Cname),
        ("example.org", Cname),
        ("face.example.org", Cname),
    ];
    for (target, expected) in cases {
        assert_eq!(suitable_type(target), expected, "{target:?}");
    }
    assert!(is_ip_target("::1") && is_ip_target("1.2.3.4"));
    assert!(!is_ip_target("fe80::1%eth0") && !is_ip_target("a.org"));
}

#[test]
fn normalise_sorts_bytes_and_dedupes() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["2.2.2.2", "1.1.1.1", "1.1.1.1"], &["1.1.1.1", "2.2.2.2"]),
        (&["10.0.0.9", "10.0.0.10"], &["10.0.0.10", "10.0.0.9"]),
        (&["a", "B", "a"], &["B", "a"]),
        (&["a", "a"], &["a"]),
        (&["a"], &["a"]),
        (&[], &[]),
    ];
    for (given, expected) in cases {
        let mut sorted = targets(given);
        sorted.normalise();
        assert_eq!(sorted.as_slice(), *expected, "{given:?}");
    }
}

fn any_target() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-2]\\.1\\.1\\.1[0-2]?",
        "(::1|::01|::ffff:1\\.1\\.1\\.1|::FFFF:1\\.1\\.1\\.1|::2|::2%e|::02%f)",
        "[aAbB]{1,2}",
        "\\PC{0,6}",
    ]
}

fn any_targets() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(any_target(), 0..4)
}

fn any_type() -> impl Strategy<Value = RecordType> {
    proptest::sample::select(RecordType::KNOWN.to_vec())
}

proptest! {
    #[test]
    fn same_as_is_symmetric_and_blind_to_order(
        (list, shuffled) in any_targets()
            .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        other in any_targets(),
        rtype in any_type(),
    ) {
        let (list, shuffled): (Targets, Targets) =
            (list.into_iter().collect(), shuffled.into_iter().collect());
        let other: Targets = other.into_iter().collect();
        prop_assert!(list.same_as(&shuffled, rtype));
        prop_assert_eq!(list.same_as(&other, rtype), other.same_as(&list, rtype));
        prop_assert_eq!(list.same_as(&other, rtype), shuffled.same_as(&other, rtype));
        prop_assert_eq!(list.preference(&shuffled), Ordering::Equal);
        prop_assert_eq!(list.preference(&other), shuffled.preference(&other));
    }

    #[test]
    fn preference_is_a_total_order(a in any_targets(), b in any_targets(), c in any_targets()) {
        let [a, b, c]: [Targets; 3] = [a, b, c].map(|list| list.into_iter().collect());
        prop_assert_eq!(a.preference(&b), b.preference(&a).reverse());
        if a.preference(&b).is_le() && b.preference(&c).is_le() {
            prop_assert!(a.preference(&c).is_le());
        }
        if a.preference(&b).is_eq() {
            let sorted = |list: &Targets| {
                let mut texts = list.as_slice().to_vec();
                texts.sort();
                texts
            };
            prop_assert_eq!(sorted(&a), sorted(&b), "equal in preference means equal text");
        }
    }
}
