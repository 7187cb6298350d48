//! What is read, and what is refused.

use extdns_model::{Name, RecordType};
use proptest::prelude::*;

use super::{HEAD, parse, shown};
use crate::zonefile::edit::value;
use crate::zonefile::file::ZoneFile;
use crate::zonefile::names;

#[test]
fn a_file_with_everything_is_read() {
    let text = [
        HEAD,
        r#"
www 60 IN A 192.0.2.1 ; one
    60    A 192.0.2.2
    A 192.0.2.2
in 300 A 192.0.2.9
$ORIGIN sub.example.org.
@ IN AAAA 2001:DB8::1
mail MX 10 mx
mx.example.org. CNAME Host.Example.NET.
 TXT a ; BEGIN external-dns: behind a record it is a comment like any other
$ORIGIN example.org.
null MX 0 .
\052.dec A 192.0.2.3
\042.star A 192.0.2.4
a\.b A 192.0.2.5
*.wild A 192.0.2.6
_sip._tcp 1h30m IN SRV 0 50 5060 sip
nap NAPTR 100 10 "S" SIP+D2U "" _sip._udp
txt TXT ( "a;b" ; comment
   "c\"d" plain \(x )
raw TXT "gr"#,
        "\u{fc}",
        r#"n\228"
xn--bcher-kva A 192.0.2.7
xn--strae-oqa A 192.0.2.8
d DNAME example.net.
sub NS ns.elsewhere.test.
1.2.0.192.in-addr.arpa. PTR out.of.zone.
www RRSIG A 13 3 60 20261201000000 20261101000000 1 example.org. c2lnbmF0dXJl c2lnbmF0dXJl
@ DNSKEY 257 3 13 ( cHVibGlja2V5 cHVibGlja2V5 )
sub DS 1 13 2 ( 3B2C 3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C )
2vptu5timamqttgl4luu9kg21e0aor3s NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG
new TYPE65280 \# 4 0a 00 00 01
gen CLASS1 TYPE1 \# 4 c0000201
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m
caa CAA 0 issue "ca.example.net"
alpn HTTPS 1 . alpn="h2,h3"
"#,
    ]
    .concat();
    let expected = [
        "example.org SOA 86400 ns1 hostmaster.example.org. 2026112401 3H 15m 1W 1h",
        "example.org NS 86400 ns1.example.org",
        "ns1.example.org A 86400 192.0.2.53",
        "www.example.org A 60 192.0.2.1 | 192.0.2.2",
        "in.example.org A 300 192.0.2.9",
        "sub.example.org AAAA 86400 2001:db8::1",
        "mail.sub.example.org MX 86400 10 mx.sub.example.org",
        "mx.example.org CNAME 86400 Host.Example.NET",
        "mx.example.org TXT 86400 \"a\"",
        "null.example.org MX 86400 0 .",
        "4.dec.example.org A 86400 192.0.2.3",
        "*.star.example.org A 86400 192.0.2.4",
        r"a\.b.example.org A 86400 192.0.2.5",
        "*.wild.example.org A 86400 192.0.2.6",
        "_sip._tcp.example.org SRV 5400 0 50 5060 sip.example.org.",
        r#"nap.example.org NAPTR 86400 100 10 "S" "SIP+D2U" "" _sip._udp.example.org."#,
        r#"txt.example.org TXT 86400 "a;bc\"dplain(x""#,
        r#"raw.example.org TXT 86400 "grün\228""#,
        "bücher.example.org A 86400 192.0.2.7",
        "xn--strae-oqa.example.org A 86400 192.0.2.8",
        "d.example.org DNAME 86400 example.net",
        "sub.example.org NS 86400 ns.elsewhere.test",
        "www.example.org RRSIG 86400 A 13 3 60 20261201000000 20261101000000 1 example.org. c2lnbmF0dXJl c2lnbmF0dXJl",
        "example.org DNSKEY 86400 257 3 13 cHVibGlja2V5 cHVibGlja2V5",
        "sub.example.org DS 86400 1 13 2 3B2C 3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C3B2C",
        "2vptu5timamqttgl4luu9kg21e0aor3s.example.org NSEC3 86400 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG",
        r"new.example.org TYPE65280 86400 \# 4 0a 00 00 01",
        r"gen.example.org A 86400 \# 4 c0000201",
        "loc.example.org LOC 86400 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m",
        r#"caa.example.org CAA 86400 0 issue "ca.example.net""#,
        r#"alpn.example.org HTTPS 86400 1 . alpn="h2,h3""#,
    ];
    assert_eq!(shown(&parse(&text).into_records()), expected);
}

/// RFC 1035, 5.1: a free standing `@` is the current origin, in data too.
#[test]
fn an_at_sign_in_data_is_the_origin() {
    let text = [
        HEAD,
        "www CNAME @\nmail MX 10 @\n$ORIGIN sub\nwww NS @\n",
        "$ORIGIN deep.example.org.\nsrv SRV 0 0 1 @\ntxt TXT @ \"@\"\n",
    ]
    .concat();
    let expected = [
        "www.example.org CNAME 86400 example.org",
        "mail.example.org MX 86400 10 example.org",
        "www.sub.example.org NS 86400 sub.example.org",
        "srv.deep.example.org SRV 86400 0 0 1 deep.example.org.",
        "txt.deep.example.org TXT 86400 \"@@\"",
    ];
    assert_eq!(shown(&parse(&text).into_records())[3..], expected);
}

#[test]
fn a_set_with_any_record_outside_is_read_only() {
    let text = [
        HEAD,
        "www A 192.0.2.1\n",
        "; BEGIN external-dns (managed)\n",
        "www A 192.0.2.2\n",
        "www 60 TXT \"heritage=external-dns,external-dns/owner=me\"\n",
        "; END external-dns\n",
        "tail A 192.0.2.3\n",
    ]
    .concat();
    assert_eq!(
        shown(&parse(&text).into_records())[3..],
        [
            "www.example.org A 86400 192.0.2.1 | 192.0.2.2",
            "tail.example.org A 86400 192.0.2.3",
            "www.example.org TXT 60 \"heritage=external-dns,external-dns/owner=me\" (ours)",
        ]
    );
}

#[test]
fn what_cannot_be_kept_right_is_refused_with_its_line() {
    const BLOCK: &str = "; BEGIN external-dns\na 5 IN A 192.0.2.1\n; END external-dns\n";
    // Behind the head of eight lines.
    let cases: [(&[&str], usize, &str); 23] = [
        (&["$INCLUDE other.zone\n"], 9, "$INCLUDE hides records"),
        (&["\n", "$generate 1-9 a$ A 192.0.2.$\n"], 10, "$GENERATE hides records"),
        (&[BLOCK, "$INCLUDE other.zone\n"], 12, "$INCLUDE hides records"),
        (&["$FOO bar\n"], 9, "unknown control: $FOO"),
        (&[BLOCK, "; text\n", "  A 192.0.2.2\n"], 13, "blank owner"),
        (&["; BEGIN external-dns\n", "@ SOA a b 1 2 3 4 5\n", "; END external-dns\n"], 10, "SOA"),
        (
            &["; BEGIN external-dns\n", "$TTL 5\n", "; END external-dns\n"],
            10,
            "$TTL must not stand",
        ),
        (&["; BEGIN external-dns\n", "\n"], 9, "has no \"; END external-dns\" line"),
        (&["; END external-dns\n"], 9, "has no \"; BEGIN external-dns\" line"),
        (&[BLOCK, BLOCK], 12, "a second block"),
        (&["; BEGIN external-dns\n; BEGIN external-dns\n"], 10, "inside that of line 9"),
        (&["; BEGIN external-dns\n", "a.test. A 192.0.2.1\n"], 10, "does not belong to zone"),
        (&["@ SOA a b 1 2 3 4 5\n"], 9, "a second SOA"),
        (&["www A 192.0.2.256\n"], 9, ""),
        (&["www A 192.0.2.1 192.0.2.2\n"], 9, "trailing tokens"),
        (&["www FOO 1\n"], 9, "expected rtype"),
        (&["www CH TXT a\n"], 9, "different class"),
        (&["www TXT \"a\n", "b\"\n"], 9, "quoted string is not closed"),
        (&["www TXT a\\\n"], 9, "backslash"),
        (&["www TXT ( a\n", "b\n"], 9, "never closed"),
        (&["www TXT a )\n"], 9, "closing parenthesis"),
        (&["www..x A 192.0.2.1\n"], 9, "empty label"),
        (&["www MX 10 a..b\n"], 9, "empty label"),
    ];
    for (rest, line, problem) in cases {
        let text = format!("{HEAD}{}", rest.concat());
        let fault =
            ZoneFile::parse(&Name::as_listed("example.org"), text.into_bytes()).expect_err(problem);
        assert_eq!(fault.line, line, "{rest:?}: {fault}");
        assert!(fault.problem.contains(problem), "{rest:?}: {fault}");
    }
}

#[test]
fn the_soa_must_be_there_and_of_the_zone() {
    for (text, problem) in [
        ("www A 192.0.2.1\n", "no SOA"),
        ("a SOA a b 1 2 3 4 5\n", "the name of the file says example.org"),
        ("@ SOA a b x 2 3 4 5\n", ""),
        ("", "no SOA"),
    ] {
        let fault = ZoneFile::parse(&Name::as_listed("example.org"), text.as_bytes().to_vec())
            .expect_err(problem);
        assert!(fault.problem.contains(problem), "{text:?}: {fault}");
    }
}

#[test]
fn a_record_behind_the_block_needs_a_ttl_of_its_own() {
    let soa = "@ 60 SOA a b 1 2 3 4 5\n; BEGIN external-dns\n; END external-dns\n";
    for (tail, fits) in [
        ("www A 192.0.2.1\n", false),
        ("www 60 A 192.0.2.1\n A 192.0.2.2\n", true),
        ("$TTL 60\nwww A 192.0.2.1\n", true),
    ] {
        let text = format!("{soa}{tail}").into_bytes();
        let read = ZoneFile::parse(&Name::as_listed("example.org"), text);
        assert_eq!(read.is_ok(), fits, "{tail}");
    }
}

#[test]
fn targets_are_read_back_in_one_form() {
    let cases = [
        (RecordType::Txt, r"plain text", r#""plain text""#),
        (RecordType::Txt, r#""heritage=external-dns""#, r#""heritage=external-dns""#),
        (RecordType::Txt, r#""a" "b""#, r#""ab""#),
        (RecordType::Txt, r#"say "hi""#, r#""say \"hi\"""#),
        (RecordType::Txt, r#""say "hi" now""#, r#""say \"hi\" now""#),
        (RecordType::Txt, r"back\slash", r#""back\\slash""#),
        (RecordType::Txt, "tab\tü", "\"tab\\009ü\""),
        (RecordType::Txt, "", r#""""#),
        (RecordType::Aaaa, "2001:DB8:0::1", "2001:db8::1"),
        (RecordType::Cname, "Bücher.Example.Net.", "bücher.example.net"),
        (RecordType::Cname, "xn--bcher-kva.example.net", "bücher.example.net"),
        (RecordType::Mx, "10  mail.example.net.", "10 mail.example.net"),
        (RecordType::Srv, "0 50 5060 sip.example.net.", "0 50 5060 sip.example.net."),
        (
            RecordType::Naptr,
            r"100 10 s SIP+D2U !^.*$!sip:a@b! .",
            r#"100 10 "s" "SIP+D2U" "!^.*$!sip:a@b!" ."#,
        ),
        (RecordType::Ns, "odd;(na$me@.example.net", "odd;(na$me@.example.net"),
    ];
    for (rtype, target, expected) in cases {
        let stored = value("a.example.org.", rtype, target).expect(target);
        assert_eq!(stored.target, expected, "{rtype} {target}");
        let again = value("a.example.org.", rtype, &stored.target).expect(expected);
        assert_eq!(again, stored, "{rtype} {target}");
    }
}

#[test]
fn what_is_no_data_is_refused() {
    for (rtype, target) in [
        (RecordType::A, "lb.example.net"),
        (RecordType::A, "2001:db8::1"),
        (RecordType::Aaaa, "192.0.2.1"),
        (RecordType::Cname, "two names"),
        (RecordType::Cname, "a..b"),
        (RecordType::Mx, "70000 mail.example.net"),
        (RecordType::Mx, "mail.example.net"),
        (RecordType::Srv, "0 50 sip.example.net."),
        (RecordType::Naptr, "100 10 s SIP+D2U x"),
        (RecordType::Naptr, "100 10 s \"SIP+D2U x ."),
        (RecordType::Naptr, "100 10 s x y .\na A 192.0.2.1"),
        (RecordType::Other(257), "0 issue \"x\""),
    ] {
        assert!(value("a.example.org.", rtype, target).is_err(), "{rtype} {target}");
    }
    let long = format!("{}.example.net", "a".repeat(64));
    assert!(value("a.example.org.", RecordType::Cname, &long).is_err());
}

#[test]
fn a_long_text_is_split_and_joined() {
    let text = "x".repeat(300) + &"ü".repeat(300);
    let stored = value("a.example.org.", RecordType::Txt, &text).expect("fits");
    assert_eq!(stored.target, format!("\"{text}\""));
    assert!(stored.rdata.starts_with(&format!("\"{}\" \"{}", "x".repeat(255), "x".repeat(45))));
    assert!(stored.rdata.is_ascii());
    assert!(value("a.example.org.", RecordType::Txt, &"x".repeat(65_536)).is_err());
}

#[test]
fn names_are_written_as_a_labels_and_escaped() {
    for (name, expected) in [
        ("www.Example.org", "www.example.org."),
        ("bücher.example.org", "xn--bcher-kva.example.org."),
        ("*.example.org", "*.example.org."),
        (r"a\.b.example.org", r"a\.b.example.org."),
        ("a$b@;.example.org", r"a\$b\@\;.example.org."),
    ] {
        assert_eq!(names::to_file(&Name::as_listed(name)).as_deref(), Ok(expected), "{name}");
    }
    for name in ["a..b", ".a", "a b.example.org", "a\nb", "a\\"] {
        assert!(names::to_file(&Name::as_listed(name)).is_err(), "{name:?}");
    }
}

proptest! {
    /// Whatever an owner id or a text holds: what is written is read back, and an ownership value to
    /// the letter.
    #[test]
    fn every_printable_text_survives(text in "[ -~]{0,300}") {
        let read = |target: &str| {
            let value = value("a.example.org.", RecordType::Txt, target).expect("a value");
            let line = format!("{HEAD}a 60 TXT {}\n", value.rdata);
            let records = parse(&line).into_records();
            let record = records.iter().find(|own| own.set.rtype == RecordType::Txt);
            let found = record.expect("one").set.targets.as_slice()[0].to_string();
            (value.target.to_string(), found)
        };
        let (adjusted, found) = read(&text);
        prop_assert_eq!(&adjusted, &found);
        prop_assert_eq!(read(&found).1, found.clone(), "again");
        let owner = text.replace('"', "");
        let ownership = format!("\"heritage=external-dns,external-dns/owner={owner}\"");
        prop_assert_eq!(read(&ownership).1, ownership);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = [HEAD.as_bytes(), &bytes[..]].concat();
        let _ = ZoneFile::parse(&Name::as_listed("example.org"), text);
    }

    #[test]
    fn no_words_make_it_panic(
        words in proptest::collection::vec(
            prop_oneof![
                Just("a"), Just("\n"), Just(" "), Just("("), Just(")"), Just("\""), Just("\\"),
                Just("IN"), Just("60"), Just("1h"), Just("TXT"), Just("A"), Just("\\#"), Just("0"),
                Just("192.0.2.1"), Just("@"), Just("$ORIGIN"), Just("$TTL"), Just(";"), Just("."),
                Just("HTTPS"), Just("key=\"v\""), Just("TYPE65280"), Just("LOC"), Just("DS"),
                Just("NSEC3"), Just("RRSIG"), Just("-"), Just("AAAA"), Just("SOA"), Just("\r"),
                Just("CAA"), Just("\\0"), Just("\\300"), Just("ü"), Just("NAPTR"), Just("IPSECKEY"),
                Just("TLSA"), Just("SSHFP"), Just("ZONEMD"), Just("; BEGIN external-dns\n"),
            ],
            0..40,
        )
    ) {
        for glue in ["", " "] {
            let text = format!("{HEAD}{}", words.join(glue));
            let _ = ZoneFile::parse(&Name::as_listed("example.org"), text.into_bytes());
        }
    }

    #[test]
    fn every_text_is_read_back(text in ".{0,600}") {
        let stored = value("a.example.org.", RecordType::Txt, &text).expect("any text fits");
        let again = value("a.example.org.", RecordType::Txt, &stored.target).expect("read back");
        prop_assert_eq!(again, stored);
    }
}
