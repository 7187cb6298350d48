//! Which zones there are, and what a run writes.

use std::fs::{self};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use extdns_model::{
    After, ChangeGroup, DomainFilter, Endpoint, FailureKind, GroupId, Name, NotSent, Outcome,
    RecordType, Targets, Ttl, ZoneIndex, ZoneKey,
};

use super::folder::{Folder, apply, checkzone, www, zones};
use super::{HEAD, create, delete, group, set, shown};
use crate::zonefile::{Zonefile, ZonefileArgs};
use crate::{Context, Reader as _};

#[tokio::test]
async fn the_zones_are_the_files_of_that_name() {
    let folder = Folder::with(&[
        ("example.org.zone", HEAD),
        ("Bücher.example.zone", "@ 1 SOA a b 1 1 1 1 1\n"),
        ("example.com.db", HEAD),
        (".hidden.zone", HEAD),
        (".zone", HEAD),
    ]);
    fs::create_dir(folder.path("folder.zone")).expect("a folder");
    let inventory = folder.provider(&[]).read().await.expect("read");
    assert_eq!(zones(&inventory), ["example.org", "Bücher.example"]);
    assert!(inventory.zones.iter().all(|zone| zone.records.is_ok()));
}

#[tokio::test]
async fn two_files_of_one_zone_are_an_error_at_the_start() {
    for twin in ["Example.ORG.zone", "example.org..zone"] {
        let folder = Folder::with(&[("example.org.zone", HEAD), (twin, HEAD)]);
        let error = folder.try_provider(&[], &DomainFilter::default()).expect_err("twins");
        for part in ["/example.org.zone", twin, "remove one"] {
            assert!(error.contains(part), "{error}");
        }
    }
    let folder = Folder::with(&[("bücher.org.zone", HEAD), ("xn--bcher-kva.org.zone", HEAD)]);
    assert!(folder.try_provider(&[], &DomainFilter::default()).is_err());
}

#[test]
fn wrong_settings_are_named() {
    let folder = Folder::new();
    let open = DomainFilter::default();
    let none = Zonefile::new(&ZonefileArgs::default(), &Context::default()).expect_err("no folder");
    assert!(none.message.contains("--zonefile-dir=DIR"), "{none}");
    let args =
        ZonefileArgs { zonefile_dir: Some(folder.path("nowhere")), ..ZonefileArgs::default() };
    let missing = Zonefile::new(&args, &Context::default()).expect_err("no such folder");
    assert!(missing.message.contains("--zonefile-dir: ") && missing.message.contains("/nowhere"));
    for zone in ["", ".", "a/b", "a..b", ".a", &"x".repeat(64)] {
        let error = folder.try_provider(&[zone], &open).expect_err(zone);
        assert!(error.contains("--zonefile-create"), "{error}");
    }
}

#[tokio::test]
async fn zones_outside_the_filter_are_not_opened() {
    let folder =
        Folder::with(&[("example.org.zone", HEAD), ("example.com.zone", "what is this?\n")]);
    // Listing a folder of that many links to nowhere is fine; opening one is not.
    symlink(folder.path("nowhere"), folder.path("other.test.zone")).expect("a link");
    let filter = DomainFilter::lists(["a.example.org"], []);
    let provider = folder.try_provider(&["more.test"], &filter).expect("a provider");
    let inventory = provider.read().await.expect("read");
    assert_eq!(zones(&inventory), ["example.org"]);
}

#[tokio::test]
async fn a_bad_file_stops_its_zone_only() {
    let folder = Folder::with(&[
        ("example.org.zone", HEAD),
        ("include.test.zone", "@ 1 SOA a b 1 1 1 1 1\n$INCLUDE x\n"),
        ("syntax.test.zone", "@ 1 SOA a b 1 1 1 1 1\n\nwww A 192.0.2.256\n"),
    ]);
    symlink(folder.path("nowhere"), folder.path("link.test.zone")).expect("a link");
    let provider = folder.provider(&[]);
    let inventory = provider.read().await.expect("read");
    let problems: Vec<_> = inventory.unreadable().map(|(_, why)| why.to_string()).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    for (problem, parts) in problems.iter().zip([
        ["zone include.test could not be read", "/include.test.zone:2: $INCLUDE"],
        ["zone link.test could not be read", "/link.test.zone cannot be read"],
        ["zone syntax.test could not be read", "/syntax.test.zone:3: "],
    ]) {
        assert!(parts.iter().all(|part| problem.contains(part)), "{problem}");
    }
    let mut include = group(vec![create(set("a.include.test", RecordType::A, 0, &["192.0.2.1"]))]);
    include.zone = ZoneKey(1);
    let outcomes = apply(&provider, &[www(), include]).await;
    assert_eq!(outcomes[0], Outcome::Applied);
    assert!(matches!(&outcomes[1], Outcome::Rejected(why) if why.message.contains(":2: $INCLUDE")));
    assert_eq!(folder.text("include.test.zone"), "@ 1 SOA a b 1 1 1 1 1\n$INCLUDE x\n");
}

#[tokio::test]
async fn planning_writes_nothing_and_applying_makes_the_zone() {
    let folder = Folder::new();
    let provider = folder.provider(&["Example.org"]);
    let inventory = provider.read().await.expect("read");
    assert_eq!(zones(&inventory), ["Example.org"]);
    assert_eq!(inventory.records().count(), 0);
    assert!(provider.calls().iter().all(|call| call.calls == 1 && !call.mutating));
    let desired =
        vec![Endpoint::from_set(set("www.example.org", RecordType::A, 0, &["192.0.2.1"]))];
    provider.adjust(desired, &ZoneIndex::default()).await.expect("adjusted");
    assert_eq!(folder.files(), [""; 0], "a plan leaves no trace");

    let bad = group(vec![create(set("www.example.org", RecordType::A, 0, &["x"]))]);
    assert!(matches!(apply(&provider, &[bad]).await[..], [Outcome::Rejected(_)]));
    assert_eq!(folder.files(), [".external-dns.lock"], "made with the first record only");

    assert_eq!(apply(&provider, &[www()]).await, [Outcome::Applied]);
    assert_eq!(folder.files(), [".external-dns.lock", "example.org.zone"]);
    let text = folder.text("example.org.zone");
    let soa = "example.org. 300 IN SOA ns1.example.org. hostmaster.example.org. 1 ";
    assert!(text.contains(soa), "{text}");
    assert!(text.contains("example.org. 300 IN NS localhost.\n"), "{text}");
    checkzone("example.org", &folder.path("example.org.zone")).await;
    let inventory = provider.read().await.expect("read");
    let (_, record) = inventory.records().last().expect("ours");
    assert_eq!(shown(std::slice::from_ref(record)), ["www.example.org A 300 192.0.2.1 (ours)"]);

    // A zone that has a file keeps it.
    assert_eq!(apply(&provider, &[www()]).await, [Outcome::Applied]);
    assert_eq!(folder.text("example.org.zone"), text, "nothing to do, nothing written");
}

#[tokio::test]
async fn mode_owner_and_links_are_kept() {
    let folder = Folder::with(&[("real.db", HEAD)]);
    let (real, link) = (folder.path("real.db"), folder.path("example.org.zone"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("a mode");
    // Only root may give a file away; anybody else keeps its own.
    let owned = std::os::unix::fs::chown(&real, Some(12_345), Some(23_456));
    symlink("real.db", &link).expect("a link");
    let before = fs::metadata(&real).expect("facts");
    assert!(owned.is_err() || (before.uid(), before.gid()) == (12_345, 23_456));

    assert_eq!(apply(&folder.provider(&[]), &[www()]).await, [Outcome::Applied]);
    let after = fs::metadata(&real).expect("facts");
    assert_ne!(before.ino(), after.ino(), "replaced, not overwritten");
    assert_eq!(
        (before.mode(), before.uid(), before.gid()),
        (after.mode(), after.uid(), after.gid())
    );
    assert_eq!(fs::read_link(&link).expect("still a link"), Path::new("real.db"));
    assert!(folder.text("real.db").contains("www.example.org. 300 IN A 192.0.2.1\n"));
    checkzone("example.org", &link).await;
    assert_eq!(folder.files(), [".external-dns.lock", "example.org.zone", "real.db"]);
}

#[tokio::test]
async fn one_bad_change_of_five_hundred() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let groups: Vec<_> = (0..500u32)
        .map(|n| {
            let name = format!("n{n}.example.org");
            let target = if n == 250 { "x".repeat(70) } else { format!("h{n}.example.net") };
            group(vec![create(set(&name, RecordType::Cname, 0, &[&target]))])
        })
        .collect();
    let outcomes = apply(&folder.provider(&[]), &groups).await;
    let applied = outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count();
    assert_eq!(applied, 499);
    let Outcome::Rejected(failure) = &outcomes[250] else { panic!("{:?}", outcomes[250]) };
    assert!(failure.message.contains("n250.example.org CNAME: "), "{failure}");
    let text = folder.text("example.org.zone");
    assert_eq!(text.matches(" IN CNAME ").count(), 499);
    assert!(text.contains("2026112402"), "one write");
    checkzone("example.org", &folder.path("example.org.zone")).await;
}

#[tokio::test]
async fn groups_wait_for_those_in_other_zones() {
    let child = HEAD.replace("hostmaster.example.org.", "h");
    let folder = Folder::with(&[("example.org.zone", HEAD), ("sub.example.org.zone", &child)]);
    let provider = folder.provider(&[]);
    let (parent, sub) = (ZoneKey(0), ZoneKey(1));
    let linked = |id, zone, after: Option<u32>, change| ChangeGroup {
        id: GroupId(id),
        zone,
        after: after.map(|id| After::OwnershipRecord(GroupId(id))).into_iter().collect(),
        ..group(vec![change])
    };
    let ownership = |target| set("a-sub.example.org", RecordType::Txt, 0, &[target]);
    let apex = |target| set("sub.example.org", RecordType::A, 0, &[target]);
    let good = [
        linked(1, sub, Some(2), create(apex("192.0.2.1"))),
        linked(2, parent, None, create(ownership("\"m\""))),
    ];
    assert_eq!(apply(&provider, &good).await, [Outcome::Applied, Outcome::Applied]);

    // The other way round, a record that stays keeps its ownership record; so does what waits for
    // nobody known.
    let bad = [
        linked(1, parent, Some(2), delete(ownership("\"m\""))),
        linked(2, sub, None, delete(apex("192.0.2.99"))),
        linked(3, parent, Some(9), create(ownership("\"n\""))),
    ];
    let outcomes = apply(&provider, &bad).await;
    let waits = Outcome::NotSent(NotSent::Predecessor);
    assert_eq!(outcomes[0], waits);
    assert!(matches!(&outcomes[1], Outcome::Rejected(why) if why.kind == FailureKind::Conflict));
    assert_eq!(outcomes[2], waits);
    assert!(folder.text("example.org.zone").contains("a-sub.example.org. 300 IN TXT \"m\"\n"));
}

#[tokio::test]
async fn desired_endpoints_are_adjusted_to_what_a_file_can_hold() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let provider = folder.provider(&[]);
    let endpoint = |name, rtype, targets| Endpoint::from_set(set(name, rtype, 0, targets));
    let mut weighted = endpoint("w.example.org", RecordType::A, &["192.0.2.1"]);
    weighted.set.set_set_identifier("blue");
    weighted.set.edit_properties(|properties| properties.set("aws/weight", "10"));
    let mut alias = endpoint("al.example.org", RecordType::A, &["lb.example.net"]);
    alias.set.edit_properties(|properties| properties.set("alias", "true"));
    let desired = vec![
        endpoint("ü.example.org", RecordType::Cname, &["xn--tda.example.net"]),
        weighted,
        alias,
        endpoint("caa.example.org", RecordType::Other(257), &["0 issue \"x\""]),
        endpoint("t.example.org", RecordType::Txt, &["v=spf1 -all", "\"v=spf1 -all\""]),
        endpoint("bad.example.org", RecordType::A, &["lb.example.net"]),
    ];
    let adjusted = provider.adjust(desired, &ZoneIndex::default()).await.expect("adjusted");
    let kept: Vec<_> = adjusted.endpoints.iter().map(|endpoint| endpoint.set.to_string()).collect();
    assert_eq!(
        kept,
        [
            "ü.example.org 300 IN CNAME  ü.example.net []",
            "w.example.org 300 IN A  192.0.2.1 []",
            "t.example.org 300 IN TXT  \"v=spf1 -all\" []",
            "bad.example.org 300 IN A  lb.example.net []",
        ]
    );
    let notes: Vec<_> = adjusted
        .notes
        .iter()
        .map(|note| format!("{} {} {:?}", note.name, note.set_identifier, note.kind))
        .collect();
    assert_eq!(
        notes,
        ["w.example.org blue Changed", "al.example.org  Dropped", "caa.example.org  Dropped",]
    );
}

/// What a second run compares: the desired endpoints as adjusted with the zone as read.
#[tokio::test]
async fn a_second_run_finds_what_the_first_wrote() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let provider = folder.provider(&[]);
    let desired = [
        ("bücher.example.org", RecordType::Cname, "Straße.example.net"),
        ("a-bücher.example.org", RecordType::Txt, "\"heritage=external-dns,external-dns/owner=ü\""),
        ("*.example.org", RecordType::A, "192.0.2.1"),
        ("xn--tda.example.org", RecordType::Aaaa, "2001:DB8::1"),
        ("example.org", RecordType::Txt, "v=spf1 \"quoted\" \\ -all"),
        ("m.example.org", RecordType::Mx, "10 Mail.example.net"),
        ("_s._tcp.example.org", RecordType::Srv, "0 5 5060 sip.example.net."),
        ("n.example.org", RecordType::Naptr, "1 2 u E2U+sip !^.*$!sip:x@y! ."),
        ("d.example.org", RecordType::Dname, "other.example.net"),
        ("s.example.org", RecordType::Ns, "ns.example.net"),
        ("p.example.org", RecordType::Ptr, "host.example.net"),
    ];
    let desired = desired
        .iter()
        .map(|(name, rtype, target)| {
            let targets: Targets = [*target].into_iter().collect();
            Endpoint::new(Name::as_listed(name), *rtype, Ttl::UNSET, targets)
        })
        .collect();
    let adjusted =
        provider.adjust(desired, &ZoneIndex::default()).await.expect("adjusted").endpoints;
    let groups: Vec<_> =
        adjusted.iter().map(|desired| group(vec![create(desired.set.clone())])).collect();
    let outcomes = apply(&provider, &groups).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
    checkzone("example.org", &folder.path("example.org.zone")).await;

    let inventory = provider.read().await.expect("read");
    for desired in &adjusted {
        let (_, found) = inventory
            .records()
            .find(|(_, record)| {
                record.set.name.key() == desired.set.name.key()
                    && record.set.rtype == desired.set.rtype
            })
            .unwrap_or_else(|| panic!("{} is not found", desired.set));
        assert!(
            found.set.targets.same_as(&desired.set.targets, desired.set.rtype),
            "{}",
            desired.set
        );
        assert_eq!(found.read_only(), None);
    }
    assert!(
        inventory.records().any(|(_, record)| record.set.name.as_str() == "a-bücher.example.org")
    );
}
