use extdns_model::{Endpoint, Name, RecordType, Ttl, Zone};
use proptest::prelude::*;

use super::*;
use crate::TxtQuoting::{AsIs, Bare, Quoted};

const CAA: RecordType = RecordType::Other(257);
const FORM: Form =
    Form { apex: "@", dots: Dots::Final, txt: Quoted, ttls: Ttls::from(300).within(30, 86_400) };

#[test]
fn values_that_mean_the_same_have_one_normal_form() {
    use RecordType::{A, Aaaa, Cname, Mx, Naptr, Ns, Srv, Txt};
    let naptr = r#"100 50 "s" "SIP+D2U" "" _sip._udp.example.org."#;
    let cases: &[(RecordType, &str, &[&str])] = &[
        (A, "192.0.2.1", &["192.0.2.1", " 192.0.2.1 "]),
        (A, "lb.example.org", &["LB.example.org.", "lb.example.org"]),
        (Aaaa, "2001:db8::", &["2001:DB8::0", "2001:db8:0:0:0:0:0:0", "2001:db8::"]),
        (Aaaa, "::ffff:192.0.2.1", &["::FFFF:192.0.2.1", "::ffff:c000:201"]),
        (Aaaa, "fe80::1%eth0", &["fe80::1%eth0"]),
        (
            Cname,
            "host.example.org",
            &["host.example.org.", "HOST.example.org", " host.example.org"],
        ),
        (Cname, "xn--bcher-kva.example.org", &["bücher.example.org", "Bücher.example.org."]),
        (Ns, ".", &["."]),
        (Ns, "", &[""]),
        (Mx, "10 host", &["10 host.", "010  host", "10 HOST", "10\thost"]),
        (Mx, "0 .", &["0 .", "0 ", "0", "00 ."]),
        (Mx, "ten host", &["ten host"]),
        (Mx, "70000 host", &["70000 host"]),
        (Mx, "10 a b", &["10 a b"]),
        (
            Srv,
            "10 20 5060 sip.example.org.",
            &["10 20 5060 sip.example.org", "10  020 5060 SIP.example.org."],
        ),
        (Srv, "0 0 0 .", &["0 0 0 ."]),
        (Srv, "10 20 sip.example.org.", &["10 20 sip.example.org."]),
        (Naptr, naptr, &[naptr, r#"0100 50 s SIP+D2U  "" _SIP._udp.example.org"#]),
        (
            CAA,
            r#"0 issue "ca.example.net""#,
            &["0 issue ca.example.net", r#"00  ISSUE "ca.example.net""#],
        ),
        (CAA, r#"0 issue "a"b"#, &[r#"0 issue "a"b"#]),
        (Txt, r#""ab c""#, &[r#""ab c""#, r#""a" "b" " c""#, "ab c", r#""ab" " c""#]),
        (RecordType::Other(44), "1 1  AB", &["1 1  AB"]),
    ];
    for (rtype, expected, spellings) in cases {
        for spelling in *spellings {
            assert_eq!(normal(*rtype, spelling, Quoted), *expected, "{rtype} {spelling:?}");
        }
    }
}

#[test]
fn text_in_the_form_of_the_api() {
    let long = "x".repeat(300);
    let cut = format!("\"{}\" \"{}\"", "x".repeat(255), "x".repeat(45));
    let cases = [
        (AsIs, r#""a" "b""#, r#""a" "b""#),
        (Bare, r#""a" "b""#, "ab"),
        (Quoted, r#""a" "b""#, r#""ab""#),
        (Quoted, "ab", r#""ab""#),
        (Quoted, &long, &cut),
        (Quoted, &format!("\"{long}\""), &cut),
        (Bare, &cut, &long),
        (Quoted, r#""\255" "b""#, r#""\255" "b""#),
    ];
    for (quoting, given, expected) in cases {
        assert_eq!(normal(RecordType::Txt, given, quoting), expected, "{quoting:?} {given}");
    }
}

#[test]
fn values_on_the_wire() {
    use RecordType::{A, Cname, Mx, Ns, Srv, Txt};
    let cases = [
        (A, "192.0.2.1", "192.0.2.1", "192.0.2.1"),
        (Cname, "Host.example.org", "host.example.org.", "host.example.org"),
        (Ns, ".", ".", "."),
        (Ns, "", "", ""),
        (Mx, "10 host", "10 host.", "10 host"),
        (Mx, "0 ", "0 .", "0 ."),
        (Srv, "1 2 3 host.", "1 2 3 host.", "1 2 3 host"),
        (Txt, "a b", "\"a b\"", "\"a b\""),
    ];
    for (rtype, value, dotted, plain) in cases {
        assert_eq!(FORM.value(rtype, value), dotted, "{rtype} {value}");
        let form = Form { dots: Dots::None, ..FORM };
        assert_eq!(form.value(rtype, value), plain, "{rtype} {value}");
        assert_eq!(FORM.read(rtype, dotted), form.read(rtype, plain), "{rtype} {value}");
    }
}

#[test]
fn an_ownership_value_is_kept_with_nothing_escaped() {
    for owner in ["me", r"a\b", r"a\\b", &"x".repeat(300)] {
        let value = format!("\"heritage=external-dns,external-dns/owner={owner}\"");
        let wire = FORM.value(RecordType::Txt, &value);
        assert!(text::strings(&wire).is_some(), "{wire}");
        let read = FORM.read(RecordType::Txt, &wire);
        assert_eq!(text::bare(&read), value.trim_matches('"'), "{wire}");
    }
}

#[test]
fn names_within_their_zone() {
    let zone = Zone::new("1", Name::as_listed("example.org"));
    for (name, wire) in
        [("example.org", "@"), ("*.a.example.org", "*.a"), ("Bü.example.org", "xn--b-eha")]
    {
        let name = Name::as_listed(name);
        assert_eq!(FORM.name(&name, &zone), wire);
        assert_eq!(FORM.whole_name(wire, &zone).key(), name.key());
    }
}

#[test]
fn ttls_that_are_stored() {
    let bounded = Ttls::from(300).within(30, 86_400);
    let ladder = Ttls::from(300).only(&[300, 3600, 86_400]);
    let cases = [
        (bounded, 0, 300),
        (bounded, 5, 30),
        (bounded, 600, 600),
        (bounded, 100_000, 86_400),
        (ladder, 0, 300),
        (ladder, 1, 300),
        (ladder, 300, 300),
        (ladder, 301, 3600),
        (ladder, 100_000, 86_400),
    ];
    for (ttls, wanted, stored) in cases {
        assert_eq!(ttls.fit(Ttl::from_seconds(wanted)), stored, "{wanted}");
        assert_eq!(ttls.fit(Ttl::from_seconds(stored.into())), stored, "{wanted}");
    }
    assert_eq!(Ttls { default: 0, ..bounded }.fit(Ttl::UNSET), 0);
}

#[test]
fn desired_endpoints_get_their_normal_form_and_note_what_cannot_be_stored() {
    // The targets of CNAMEs stay as they are, and no others do.
    let kept = Form { dots: Dots::FinalButCname, ..FORM };
    for (rtype, value, written) in [
        (RecordType::Cname, "relative", "relative"),
        (RecordType::Cname, "whole.example.", "whole.example."),
        (RecordType::Ns, "ns.example", "ns.example."),
        (RecordType::Dname, "other.example", "other.example."),
    ] {
        assert_eq!(kept.value(rtype, value), written);
        let read = if rtype == RecordType::Cname { written } else { value };
        assert_eq!(kept.read(rtype, written), read);
    }
    let form = Form { ttls: Ttls::from(300).only(&[300, 3600]), ..FORM };
    let targets = ["20 b.", "10  A", "020 b"].into_iter().collect();
    let name = Name::as_listed("a.example.org");
    let endpoint = Endpoint::new(name, RecordType::Mx, Ttl::from_seconds(400), targets);
    let wanted = form.wanted(Adjusted { endpoints: vec![endpoint], notes: Vec::new() });
    let set = &wanted.endpoints[0].set;
    assert_eq!(set.targets.as_slice(), ["10 a", "20 b"]);
    assert_eq!(set.ttl, Ttl::from_seconds(3600));
    assert_eq!(
        wanted.notes[0].reason,
        "only some TTLs can be stored; 3600 seconds take the place of 400"
    );
}

fn any_type() -> impl Strategy<Value = RecordType> {
    let types = RecordType::KNOWN.into_iter().chain([CAA]);
    proptest::sample::select(types.collect::<Vec<_>>())
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,3}( {1,2}[0-9]{1,3}){0,3} {1,2}[a-zA-Z.]{1,6}",
        "[0-9]{1,3} [a-z]{1,5} \"[a-z;=\\\\\" ]{0,5}\"?",
        "[0-9A-Fa-f:.]{1,12}",
        "\"[a-z\\\\ ]{0,4}\"( \"[a-z]{0,4}\")?",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn the_normal_form_of_a_normal_form_is_itself(
        rtype in any_type(),
        value in any_value(),
        quoting in proptest::sample::select(vec![AsIs, Bare, Quoted]),
    ) {
        // Bare text that looks like quoted text is read as that.
        prop_assume!(quoting != Bare || rtype != RecordType::Txt || !value.contains('"'));
        let once = normal(rtype, &value, quoting);
        prop_assert_eq!(normal(rtype, &once, quoting), once);
    }

    #[test]
    fn what_was_written_is_read_as_it_was_wanted(
        rtype in any_type(),
        value in any_value(),
        dots in proptest::sample::select(vec![Dots::Final, Dots::None]),
    ) {
        let form = Form { dots, ..FORM };
        let wire = form.value(rtype, &value);
        prop_assert_eq!(form.read(rtype, &wire), normal(rtype, &value, Quoted));
    }

    #[test]
    fn fields_survive(numbers: [u16; 3], name in "[a-z]{1,5}(\\.[a-z]{1,5})?") {
        let [priority, weight, port] = numbers;
        let srv = Srv { priority, weight, port, target: name.clone() };
        prop_assert_eq!(Srv::parse(&srv.to_string()), Some(srv));
        let mx = Mx { preference: priority, exchange: name };
        prop_assert_eq!(Mx::parse(&mx.to_string()), Some(mx));
    }
}
