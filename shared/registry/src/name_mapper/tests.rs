use extdns_model::RecordType::{self, A, Aaaa, Cname, Dname, Mx, Naptr, Ns, Ptr, Srv, Txt};
use proptest::prelude::*;

use super::*;

fn prefix(prefix: &str) -> NameMapper {
    NameMapper::new(prefix, "", "")
}

fn suffix(suffix: &str) -> NameMapper {
    NameMapper::new("", suffix, "")
}

#[test]
fn written_names() {
    let none = NameMapper::default;
    let cases = [
        (none(), "www.example.com", A, "a-www.example.com"),
        (none(), "www.example.com", Aaaa, "aaaa-www.example.com"),
        (none(), "www.example.com", Cname, "cname-www.example.com"),
        (none(), "www.example.com", Ns, "ns-www.example.com"),
        (none(), "www.example.com", Mx, "mx-www.example.com"),
        (none(), "www.example.com", Ptr, "ptr-www.example.com"),
        (none(), "www.example.com", Srv, "srv-www.example.com"),
        (none(), "www.example.com", Naptr, "naptr-www.example.com"),
        (none(), "www.example.com", Txt, "txt-www.example.com"),
        (none(), "www.example.com", Dname, "dname-www.example.com"),
        (none(), "example.com", A, "a-example.com"),
        (none(), "*.example.com", Cname, "cname-*.example.com"),
        (none(), "_sip._tcp.example.com", Srv, "srv-_sip._tcp.example.com"),
        (none(), "www", A, "a-www"),
        (none(), "WwW.Example.com", A, "a-WwW.Example.com"),
        (prefix("txt."), "www.example.com", A, "txt.a-www.example.com"),
        (prefix("TxT."), "www.example.com", A, "txt.a-www.example.com"),
        (prefix("txt."), "example.com", A, "txt.a-example.com"),
        (prefix("foo-"), "www.example.com", Aaaa, "foo-aaaa-www.example.com"),
        (suffix("-txt"), "www.example.com", Cname, "cname-www-txt.example.com"),
        (suffix("-txt"), "example.com", A, "a-example-txt.com"),
        (suffix(".reg"), "www.example.com", A, "a-www.reg.example.com"),
        (suffix("-txt"), "www", A, "a-www-txt"),
        (prefix("%{record_type}-"), "www.example.com", A, "a-www.example.com"),
        (prefix("x-%{record_type}."), "www.example.com", A, "x-a.www.example.com"),
        (prefix("x-%{record_type}."), "example.com", A, "x-a.example.com"),
        (suffix("-%{record_type}"), "www.example.com", A, "www-a.example.com"),
        (suffix(".foo%{record_type}.bar"), "example.com", A, "example.fooa.bar.com"),
        (NameMapper::new("txt-", "", "wild"), "*.example.com", Mx, "txt-mx-wild.example.com"),
        (NameMapper::new("txt-", "", "wild"), "*x.example.com", Mx, "txt-mx-*x.example.com"),
        (
            NameMapper::new("", "-txt", "wildcard"),
            "*.wildcard.example.com",
            Cname,
            "cname-wildcard-txt.wildcard.example.com",
        ),
        (NameMapper::new("", "", "WILD"), "*", A, "a-wild"),
    ];
    for (mapper, name, rtype, expected) in cases {
        assert_eq!(mapper.to_txt_name(name, Some(rtype)), expected, "{mapper:?} {name} {rtype}");
    }
}

#[test]
fn names_of_older_versions_have_no_type() {
    let cases = [
        (NameMapper::default(), "foo.example.com", "foo.example.com"),
        (prefix("txt."), "foo.example.com", "txt.foo.example.com"),
        (prefix("x-%{record_type}."), "foo.example.com", "x-.foo.example.com"),
        (suffix("-txt"), "foo.example.com", "foo-txt.example.com"),
        (NameMapper::new("", "", "any"), "*.example.com", "any.example.com"),
    ];
    for (mapper, name, expected) in cases {
        assert_eq!(mapper.to_txt_name(name, None), expected);
    }
}

#[test]
fn read_names() {
    let none = NameMapper::default;
    let cases = [
        (none(), "foo.example.com", Some(("foo.example.com", None))),
        (none(), "TXT-Foo.Example.COM", Some(("foo.example.com", Some(Txt)))),
        // The old format of a host `a-team` cannot be told from today's of a host `team`.
        (none(), "a-team.example.com", Some(("team.example.com", Some(A)))),
        (none(), "mx-1.example.com", Some(("1.example.com", Some(Mx)))),
        (none(), "a-www", Some(("www", Some(A)))),
        (none(), "aaaa-www.example.com", Some(("www.example.com", Some(Aaaa)))),
        (none(), "a.example.com", Some(("a.example.com", None))),
        (none(), "a", Some(("a", Some(A)))),
        (none(), "a-", None),
        (none(), "", None),
        (none(), "cname-*.example.com", Some(("*.example.com", Some(Cname)))),
        (prefix("foo-%{record_type}-"), "foo--test.example.com", Some(("test.example.com", None))),
        (prefix("foo-%{record_type}-"), "foo-a-b.org", Some(("b.org", Some(A)))),
        (prefix("foo-"), "bar.example.com", None),
        (prefix("TxT."), "TxT.tar.org", Some(("tar.org", None))),
        (prefix("txt."), "txt.aaaa-d.org", Some(("d.org", Some(Aaaa)))),
        (prefix("x-%{record_type}."), "x-aaaa.example.com", Some(("example.com", Some(Aaaa)))),
        (suffix(".foo.bar"), "a-example.foo.bar", Some(("example", Some(A)))),
        (suffix(".foo.bar"), "a-example.foo.bar.com", Some(("example.com", Some(A)))),
        (suffix(".foo.bar"), "a-example.foo", None),
        (suffix("-txt"), "a-txt.example.com", Some(("a.example.com", Some(A)))),
        (suffix("-txt"), "www.example.com", None),
        (suffix("txt%{record_type}"), "bartxtcname.org", Some(("bar.org", Some(Cname)))),
        (suffix("txt%{record_type}"), "mailtxt.org", Some(("mail.org", None))),
        // Without a separator the longest type counts.
        (suffix("%{record_type}"), "wwwaaaa.example.com", Some(("www.example.com", Some(Aaaa)))),
        (suffix("%{record_type}"), "wwwcname.example.com", Some(("www.example.com", Some(Cname)))),
        (prefix("%{record_type}"), "dnamewww.org", Some(("www.org", Some(Dname)))),
    ];
    for (mapper, txt, expected) in cases {
        let expected = expected.map(|(name, rtype)| Owned { name: Name::as_listed(name), rtype });
        assert_eq!(mapper.to_endpoint_name(&txt.to_lowercase()), expected, "{mapper:?} {txt}");
    }
}

#[test]
fn wildcards_are_replaced_only_as_a_whole_label() {
    let mapper = NameMapper::new("", "", "Any");
    for (name, expected) in
        [("*.a.org", "any.a.org"), ("*", "any"), ("*x.a.org", "*x.a.org"), ("a.*.org", "a.*.org")]
    {
        assert_eq!(mapper.replace_wildcard(name), expected);
    }
    assert_eq!(NameMapper::default().replace_wildcard("*.a.org"), "*.a.org");
}

fn affixes() -> impl Strategy<Value = NameMapper> {
    let text = "[a-z0-9]{1,4}";
    let gap = "[.-]";
    prop_oneof![
        Just(NameMapper::new("", "", "")),
        (text, gap).prop_map(|(text, gap)| NameMapper::new(&format!("{text}{gap}"), "", "any")),
        (text, gap).prop_map(|(text, gap)| NameMapper::new("", &format!("{gap}{text}"), "any")),
        (text, gap).prop_map(|(text, gap)| {
            NameMapper::new(&format!("{text}%{{record_type}}{gap}"), "", "any")
        }),
        (text, gap).prop_map(|(text, gap)| {
            NameMapper::new("", &format!("{gap}{text}%{{record_type}}"), "any")
        }),
    ]
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        mapper in affixes(),
        name in "(\\*|[_A-Za-z0-9][_A-Za-z0-9-]{0,6})(\\.[a-z0-9-]{1,5}){0,3}",
        rtype in proptest::sample::select(RecordType::KNOWN.to_vec()),
    ) {
        let txt = mapper.to_txt_name(&name, Some(rtype)).to_lowercase();
        let expected = mapper.replace_wildcard(&name).to_lowercase();
        prop_assert_eq!(
            mapper.to_endpoint_name(&txt),
            Some(Owned { name: Name::as_listed(&expected), rtype: Some(rtype) })
        );
    }

    #[test]
    fn no_name_makes_it_panic(
        mapper in affixes(), txt in "\\PC{0,20}|[a.*-]{0,12}", rtype in any::<bool>(),
    ) {
        let _ = mapper.to_endpoint_name(&txt);
        let _ = mapper.to_txt_name(&txt, rtype.then_some(A));
    }
}
