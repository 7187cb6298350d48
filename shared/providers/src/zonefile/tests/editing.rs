//! What is written, and what is not.

use extdns_model::{ChangeGroup, FailureKind, Name, RecordSet, RecordType, Zone};
use proptest::prelude::*;

use super::{HEAD, create, delete, group, parse, set, shown, update};
use crate::zonefile::edit::Editor;

const BEGIN: &str = "; BEGIN external-dns (managed: do not edit between these two lines)\n";
const END: &str = "; END external-dns\n";

fn a(name: &str, targets: &[&str]) -> RecordSet {
    set(name, RecordType::A, 0, targets)
}

/// The file after these groups, and the kinds of failure of those that were refused.
fn edit(text: &str, groups: &[ChangeGroup]) -> (Option<String>, Vec<(usize, FailureKind)>) {
    let file = parse(text);
    let zone = Zone::new("example.org", Name::as_listed("example.org"));
    let mut editor = Editor::new(&zone, &file);
    let mut refused = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        if let Err(failure) = editor.apply(group) {
            refused.push((index, failure.kind));
        }
    }
    let text = editor.finish().expect("a good result");
    (text.map(|text| String::from_utf8(text).expect("text")), refused)
}

fn applied(text: &str, groups: &[ChangeGroup]) -> String {
    let (new, refused) = edit(text, groups);
    assert_eq!(refused, []);
    new.expect("a change")
}

/// The head as it must be after a change.
fn bumped() -> String {
    HEAD.replace("2026112401", "2026112402")
}

#[test]
fn the_block_comes_to_the_end_in_order() {
    let groups = [
        group(vec![create(set(
            "www.example.org",
            RecordType::Txt,
            60,
            &["\"heritage=external-dns,external-dns/owner=me\""],
        ))]),
        group(vec![create(a("www.example.org", &["192.0.2.2", "192.0.2.1"]))]),
        group(vec![create(a("*.bücher.example.org", &["192.0.2.3"]))]),
        group(vec![create(set("example.org", RecordType::Mx, 0, &["10 mail.example.net"]))]),
        group(vec![create(set("_s._tcp.a.example.org", RecordType::Srv, 5, &["1 2 3 b.test."]))]),
        group(vec![create(set("al.example.org", RecordType::Cname, 0, &["lb.example.net"]))]),
    ];
    let expected = [
        &bumped(),
        BEGIN,
        "example.org. 300 IN MX 10 mail.example.net.\n",
        "_s._tcp.a.example.org. 5 IN SRV 1 2 3 b.test.\n",
        "al.example.org. 300 IN CNAME lb.example.net.\n",
        "www.example.org. 300 IN A 192.0.2.1\n",
        "www.example.org. 300 IN A 192.0.2.2\n",
        "www.example.org. 60 IN TXT \"heritage=external-dns,external-dns/owner=me\"\n",
        "*.xn--bcher-kva.example.org. 300 IN A 192.0.2.3\n",
        END,
    ]
    .concat();
    let text = applied(HEAD, &groups);
    assert_eq!(text, expected);
    let mut reversed = groups.to_vec();
    reversed.reverse();
    assert_eq!(applied(HEAD, &reversed), expected, "the order of groups does not matter");
    assert_eq!(edit(&text, &groups), (None, vec![]), "what is there is not made again");
}

#[test]
fn text_before_the_block_stays_to_the_byte() {
    let one = [group(vec![create(a("www.example.org", &["192.0.2.1"]))])];
    let line = "www.example.org. 300 IN A 192.0.2.1\n";
    let no_newline = format!("{HEAD}; the end");
    assert_eq!(applied(&no_newline, &one), format!("{}; the end\n{BEGIN}{line}{END}", bumped()));

    let windows = HEAD.replace('\n', "\r\n");
    let expected = format!("{}{BEGIN}{line}{END}", bumped()).replace('\n', "\r\n");
    assert_eq!(applied(&windows, &one), expected);
    assert_eq!(edit(&expected, &one), (None, vec![]));

    let odd = format!("{HEAD}\t\n;;; \u{fc} \"(\n\n  \nx TXT \"; BEGIN external-dns\" ; )\n\n");
    let text = applied(&odd, &one);
    assert_eq!(text, format!("{}{BEGIN}{line}{END}", odd.replace("2401", "2402")));
    let gone = applied(&text, &[group(vec![delete(a("www.example.org", &["192.0.2.1"]))])]);
    assert_eq!(gone, format!("{}{BEGIN}{END}", odd.replace("2401", "2403")), "the block stays");
}

#[test]
fn the_serial_counts_on_as_rfc_1982_says() {
    let one = [group(vec![create(a("www.example.org", &["192.0.2.1"]))])];
    for (old, new) in [("1", "2"), ("9", "10"), ("4294967295", "1"), ("2026123199", "2026123200")] {
        let text = format!("@ 60 IN SOA 1 1 {old} 1 1 1 1 ; {old}\n");
        let head = format!("@ 60 IN SOA 1 1 {new} 1 1 1 1 ; {old}\n");
        assert!(applied(&text, &one).starts_with(&head), "{old}");
    }
}

#[test]
fn text_behind_the_block_stays_too() {
    let one = [group(vec![create(a("www.example.org", &["192.0.2.1"]))])];
    let tail = "; more\nmail 60 A 192.0.2.7\n 60 TXT x";
    let text = applied(&format!("{HEAD}{BEGIN}{END}{tail}"), &one);
    let line = "www.example.org. 300 IN A 192.0.2.1\n";
    assert_eq!(text, format!("{}{BEGIN}{line}{END}{tail}", bumped()));

    let soa_last = format!("$TTL 9\n{BEGIN}{END}@ SOA a b 99 1 1 1 1\n");
    let text = applied(&soa_last, &one);
    assert_eq!(text, format!("$TTL 9\n{BEGIN}{line}{END}@ SOA a b 100 1 1 1 1\n"));
}

#[test]
fn an_edited_block_is_put_in_form_with_the_next_change_only() {
    let edited = format!(
        "{HEAD}{BEGIN}; by hand\nwww A 192.0.2.2\n 60 A 192.0.2.1\n{}caa CAA 0 issue \"x\"\n{END}",
        "odd TYPE65280 \\# 1 ff\n"
    );
    let same = group(vec![create(set(
        "www.example.org",
        RecordType::A,
        86_400,
        &["192.0.2.1", "192.0.2.2"],
    ))]);
    assert_eq!(edit(&edited, &[same]), (None, vec![]));
    let text = applied(&edited, &[group(vec![create(a("b.example.org", &["192.0.2.3"]))])]);
    let block = [
        "b.example.org. 300 IN A 192.0.2.3\n",
        "caa.example.org. 86400 IN CAA 0 issue \"x\"\n",
        "odd.example.org. 86400 IN TYPE65280 \\# 1 ff\n",
        "www.example.org. 86400 IN A 192.0.2.1\n",
        "www.example.org. 86400 IN A 192.0.2.2\n",
    ]
    .concat();
    assert_eq!(text, format!("{}{BEGIN}{block}{END}", bumped()));
}

#[test]
fn changes_match_what_was_read() {
    let old = a("www.example.org", &["192.0.2.1"]);
    let text = applied(HEAD, &[group(vec![create(old.clone())])]);
    let old = set("www.example.org", RecordType::A, 300, &["192.0.2.1"]);
    let new = set("www.example.org", RecordType::A, 60, &["192.0.2.9"]);

    let updated = applied(&text, &[group(vec![update(old.clone(), new.clone())])]);
    assert!(updated.contains("www.example.org. 60 IN A 192.0.2.9\n"));
    assert!(updated.contains("2026112403"));
    // Once more is no change.
    assert_eq!(edit(&updated, &[group(vec![update(old.clone(), new.clone())])]), (None, vec![]));

    let conflict = |change| edit(&updated, &[group(vec![change])]);
    let refused = (None, vec![(0, FailureKind::Conflict)]);
    assert_eq!(conflict(delete(old.clone())), refused);
    assert_eq!(conflict(update(old.clone(), a("www.example.org", &["192.0.2.5"]))), refused);
    assert_eq!(conflict(create(a("www.example.org", &["192.0.2.5"]))), refused);
    let missing = a("gone.example.org", &["192.0.2.5"]);
    assert_eq!(conflict(update(missing.clone(), a("gone.example.org", &["192.0.2.6"]))), refused);
    assert_eq!(conflict(delete(missing)), (None, vec![]), "gone already");
}

#[test]
fn a_type_changes_in_one_group() {
    let cname = set("www.example.org", RecordType::Cname, 300, &["lb.example.net"]);
    let text = applied(HEAD, &[group(vec![create(cname.clone())])]);
    let turned =
        applied(&text, &[group(vec![create(a("www.example.org", &["192.0.2.1"])), delete(cname)])]);
    assert!(turned.contains("www.example.org. 300 IN A 192.0.2.1\n"));
    assert!(!turned.contains("CNAME"));
}

#[test]
fn a_bad_group_leaves_the_others() {
    let text = format!("{HEAD}host A 192.0.2.8\n");
    let groups = [
        group(vec![create(a("one.example.org", &["192.0.2.1"]))]),
        // Nothing of a group with one bad change.
        group(vec![
            create(a("two.example.org", &["192.0.2.2"])),
            create(set("two.example.org", RecordType::Mx, 0, &["nonsense"])),
        ]),
        group(vec![create(set("host.example.org", RecordType::Cname, 0, &["x.test"]))]),
        group(vec![create(a("host.example.org", &["192.0.2.9"]))]),
        group(vec![delete(a("host.example.org", &["192.0.2.8"]))]),
        group(vec![create(set("one.example.org", RecordType::Cname, 0, &["x.test"]))]),
        group(vec![create(set("c.example.org", RecordType::Cname, 0, &["x.test", "y.test"]))]),
        group(vec![create(a("elsewhere.test", &["192.0.2.2"]))]),
        group(vec![create(set("empty.example.org", RecordType::Txt, 0, &[]))]),
        group(vec![create(set("caa.example.org", RecordType::Other(257), 0, &["0 issue \"x\""]))]),
        group(vec![create(set("host.example.org", RecordType::Txt, 0, &["beside it"]))]),
    ];
    let (new, refused) = edit(&text, &groups);
    use FailureKind::{Conflict, ReadOnly, Rejected};
    let kinds =
        [Rejected, Conflict, ReadOnly, ReadOnly, Conflict, Rejected, Rejected, Rejected, Rejected];
    assert_eq!(refused, (1..).zip(kinds).collect::<Vec<_>>());
    let ours: Vec<_> =
        shown(&parse(&new.expect("a change")).into_records()).into_iter().skip(4).collect();
    assert_eq!(
        ours,
        ["host.example.org TXT 300 \"beside it\" (ours)", "one.example.org A 300 192.0.2.1 (ours)"]
    );
}

#[test]
fn a_refusal_says_where_the_other_record_is() {
    let file = parse(&format!("{HEAD}host A 192.0.2.8\n"));
    let zone = Zone::new("example.org", Name::as_listed("example.org"));
    let failure = Editor::new(&zone, &file)
        .apply(&group(vec![delete(a("Host.example.org", &["192.0.2.8"]))]))
        .expect_err("read-only");
    assert_eq!(
        failure.message,
        "Host.example.org A: read-only: it has records outside the managed block of its zone file \
         (line 9); remove it there if this program shall manage it"
    );
}

#[test]
fn a_signed_name_may_have_a_cname() {
    let text = format!(
        "{HEAD}www NSEC x CNAME RRSIG\nwww RRSIG CNAME 13 3 60 20261201000000 20261101000000 1 \
         example.org. c2ln\n"
    );
    applied(
        &text,
        &[group(vec![create(set("www.example.org", RecordType::Cname, 0, &["x.test"]))])],
    );
}

fn any_set() -> impl Strategy<Value = RecordSet> {
    let name = prop_oneof![
        "[a-z]{1,3}".prop_map(|label| format!("{label}.example.org")),
        "\\*|ü|a[_$;@()]b".prop_map(|label| format!("{label}.example.org")),
    ];
    let value = prop_oneof![
        ".{0,40}".prop_map(|text| (RecordType::Txt, text)),
        any::<std::net::Ipv4Addr>().prop_map(|ip| (RecordType::A, ip.to_string())),
        any::<std::net::Ipv6Addr>().prop_map(|ip| (RecordType::Aaaa, ip.to_string())),
        "[a-zü;\"]{1,5}\\.test".prop_map(|host| (RecordType::Ns, host)),
        "[0-9]{1,2} [a-z]{1,3}".prop_map(|mx| (RecordType::Mx, mx)),
    ];
    (name, value, 0..4000i64)
        .prop_map(|(name, (rtype, target), ttl)| set(&name, rtype, ttl, &[target.as_str()]))
}

proptest! {
    /// Whatever is applied is read back, is not applied twice, and goes away again.
    #[test]
    fn what_is_written_is_read_back(sets in proptest::collection::vec(any_set(), 1..12)) {
        let groups: Vec<_> = sets.iter().map(|set| group(vec![create(set.clone())])).collect();
        let (text, refused) = edit(HEAD, &groups);
        let text = text.expect("at least the first");
        prop_assert!(text.is_ascii());
        let (again, refused_again) = edit(&text, &groups);
        prop_assert_eq!(again, None);
        prop_assert_eq!(refused_again, refused);
        let deletes: Vec<_> = parse(&text)
            .into_records()
            .into_iter()
            .filter(|record| record.read_only().is_none())
            .map(|record| group(vec![delete(record.set)]))
            .collect();
        prop_assert_eq!(
            applied(&text, &deletes),
            format!("{}{BEGIN}{END}", HEAD.replace("2026112401", "2026112403"))
        );
    }
}
