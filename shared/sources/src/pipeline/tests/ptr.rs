//! PTR records.

use super::*;

#[test]
fn ptr() {
    let v6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    check(&[
        ("", &["a.org A 0 1.1.1.1"], &["a.org A 0 1.1.1.1"], 0),
        (
            "",
            &["a.org A 0 1.1.1.1 record-type=PTR"],
            &["1.1.1.1.in-addr.arpa PTR 0 a.org", "a.org A 0 1.1.1.1"],
            0,
        ),
        (
            "--rfc2136-create-ptr",
            &["a.org AAAA 0 2001:db8::1"],
            &[&format!("{v6} PTR 0 a.org"), "a.org AAAA 0 2001:db8::1"],
            0,
        ),
        // An IPv4-mapped address has the reverse name of the IPv4 one.
        (
            "--create-ptr",
            &["a.org AAAA 0 ::ffff:1.2.3.4", "b.org A 0 1.2.3.4"],
            &[
                "4.3.2.1.in-addr.arpa PTR 0 a.org;b.org",
                "a.org AAAA 0 ::ffff:1.2.3.4",
                "b.org A 0 1.2.3.4",
            ],
            0,
        ),
        // An unset TTL is not the smallest; the default TTL comes last.
        (
            "--create-ptr --min-ttl=30s",
            &["a.org A 300 1.1.1.1", "b.org A 0 1.1.1.1", "c.org A 0 1.1.1.2"],
            &[
                "1.1.1.1.in-addr.arpa PTR 300 a.org;b.org",
                "2.1.1.1.in-addr.arpa PTR 30 c.org",
                "a.org A 300 1.1.1.1",
                "b.org A 30 1.1.1.1",
                "c.org A 30 1.1.1.2",
            ],
            0,
        ),
        // Alias targets are no addresses.
        ("--create-ptr", &["a.org A 0 lb.net alias=true"], &["a.org A 0 lb.net alias=true"], 0),
        // Other types lose the property, too.
        ("--create-ptr", &["t.org TXT 0 x record-type=ptr"], &["t.org TXT 0 x"], 0),
        // The members of a routed family have one name.
    ]);
}

#[test]
fn a_name_is_once_in_a_ptr_record_whatever_its_set_identifiers() {
    let member = |id: &str| {
        let mut endpoint = endpoint("a.org A 0 1.1.1.1");
        endpoint.set.set_set_identifier(id);
        endpoint
    };
    let desired = pipeline("--create-ptr").run(vec![member("x"), member("y")]);
    let made = shown(&desired.endpoints[0]);
    assert_eq!(made, "1.1.1.1.in-addr.arpa PTR 0 a.org");
    assert_eq!(desired.endpoints[0].attribution.resources(), &[]);
}

#[test]
fn the_property_record_type_goes_even_where_ptr_is_not_managed() {
    let pipeline = Pipeline::new(options("").unwrap().pipeline, false).unwrap();
    let desired = pipeline.run(endpoints(&["a.org A 0 1.1.1.1 record-type=ptr"]));
    assert_eq!(all_shown(&desired), ["a.org A 0 1.1.1.1"]);
    let error = Pipeline::new(options("--create-ptr").unwrap().pipeline, false).unwrap_err();
    assert_eq!(error.to_string(), "--create-ptr requires PTR in --managed-record-types");
}
