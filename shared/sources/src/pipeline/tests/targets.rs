//! Default targets, NAT64 and the target filter.

use super::*;

#[test]
fn default_targets() {
    let flag = "--default-targets=192.0.2.1";
    let forced =
        "--default-targets=192.0.2.1 --default-targets=2001:db8::1 --force-default-targets";
    check(&[
        // Without the flag, what has no target is reported.
        ("", &["n.org A 0 -", "m.org CNAME 0 -"], &[], 2),
        // The type follows the target, all else stays.
        (flag, &["n.org MX 60 - aws/weight=1"], &["n.org A 60 192.0.2.1 aws/weight=1"], 0),
        (flag, &["n.org A 0 1.1.1.1"], &["n.org A 0 1.1.1.1"], 0),
        (
            forced,
            &["n.org CNAME 0 lb.net", "s.org TXT 0 text"],
            &["n.org A 0 192.0.2.1", "n.org AAAA 0 2001:db8::1", "s.org TXT 0 text"],
            0,
        ),
        ("--default-targets=lb.net.", &["n.org A 0 -"], &["n.org CNAME 0 lb.net"], 0),
    ]);
}

#[test]
fn default_targets_keep_labels_set_identifier_and_resource() {
    let mut input = endpoint("n.org A 0 -").wanted_by(resource(0, "x"));
    input.set.set_set_identifier("blue");
    input.edit_labels(|labels| labels.set("team", "mail"));
    let desired = pipeline("--default-targets=192.0.2.1").run(vec![input]);
    let filled = &desired.endpoints[0];
    assert_eq!(filled.set.set_identifier(), "blue");
    assert_eq!(filled.labels(), &Labels::from_iter([("team", "mail")]));
    assert_eq!(filled.resource_label().unwrap(), "service/n/x");
}

#[test]
fn nat64() {
    let flags = "--nat64-networks=64:ff9b::/96 --nat64-networks=2001:db8:64::/96";
    check(&[
        // Two prefixes that hold the same address; a host name; an address with a zone.
        (
            flags,
            &["v.org AAAA 60 64:ff9b::1.2.3.4;2001:db8:64::1.2.3.4;64:ff9b::1.2.3.1 aws/weight=1"],
            &[
                "v.org A 60 1.2.3.1;1.2.3.4 aws/weight=1",
                "v.org AAAA 60 2001:db8:64::1.2.3.4;64:ff9b::1.2.3.1;64:ff9b::1.2.3.4 aws/weight=1",
            ],
            0,
        ),
        (
            flags,
            &["v.org AAAA 0 lb.net alias=true", "w.org AAAA 0 64:ff9b::1.2.3.4%eth0"],
            &["v.org AAAA 0 lb.net alias=true", "w.org AAAA 0 64:ff9b::1.2.3.4%eth0"],
            0,
        ),
        (flags, &["v.org A 0 1.1.1.1"], &["v.org A 0 1.1.1.1"], 0),
        // What NAT64 makes is filtered, and gets PTR records.
        (
            "--nat64-networks=64:ff9b::/96 --target-net-filter=1.0.0.0/8 --create-ptr",
            &["v.org AAAA 60 64:ff9b::1.2.3.4"],
            &["4.3.2.1.in-addr.arpa PTR 60 v.org", "v.org A 60 1.2.3.4"],
            1,
        ),
    ]);
    for wrong in ["10.0.0.0/8", "64:ff9b::/64", "x", "64:ff9b::"] {
        let error = options(&format!("--nat64-networks={wrong}")).unwrap_err();
        assert!(error.to_string().contains("NAT64 prefixes need to be /96 prefixes"), "{error}");
    }
}

#[test]
fn the_target_filter() {
    check(&[(
        "--target-net-filter=10.0.0.0/8 --exclude-target-net=10.1.0.0/16",
        &["a.org A 0 10.0.0.1;10.1.0.1", "b.org A 0 10.1.0.1", "c.org AAAA 0 ::ffff:10.2.0.1"],
        &["a.org A 0 10.0.0.1", "c.org AAAA 0 ::ffff:10.2.0.1"],
        1,
    )]);
    let error = options("--target-net-filter=10.0.0.1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "--target-net-filter: \"10.0.0.1\" is no network in CIDR form, like 10.0.0.0/8"
    );
}
