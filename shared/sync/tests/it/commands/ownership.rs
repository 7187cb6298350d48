//! Whose a record is, in whole runs against Route 53.

use extdns_sync::report::Report;
use extdns_testkit::route53::{RecordSet, Route53Sim, Zone};

use crate::commands::support::{apply, route53, settings};

const FLAGS: [&str; 5] = [
    "--provider=aws",
    "--source=service",
    "--source=crd",
    "--manifests=-",
    "--managed-record-types=A,CNAME,TXT",
];

fn ownership_value(owner: &str, resource: &str) -> String {
    format!("heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}")
}

fn service(name: &str, host: &str, address: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: {name}\n  \
         annotations: {{ external-dns.kubernetes.io/hostname: {host} }}\n\
         spec: {{ type: LoadBalancer }}\n\
         status: {{ loadBalancer: {{ ingress: [ {{ ip: {address} }} ] }} }}\n"
    )
}

/// What a tenant who may create DNSEndpoints can ask for.
fn text(name: &str, value: &str) -> String {
    format!(
        "---\napiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata:\n  \
         namespace: tenant\n  name: forged-{}\nspec:\n  endpoints:\n  - dnsName: {name}\n    \
         recordType: TXT\n    targets: ['{value}']\n",
        name.replace('.', "-")
    )
}

fn lines(zone: &Zone) -> Vec<String> {
    let line = |set: &RecordSet| {
        let mut values = set.values.clone();
        values.sort();
        format!("{} {} {}", set.record_type, set.name, values.join(" "))
    };
    let mut lines: Vec<String> = zone.own_records().iter().map(line).collect();
    lines.sort();
    lines
}

async fn run(sim: &Route53Sim, flags: &[&str], objects: &str) -> Report {
    let flags = [&FLAGS[..], flags].concat();
    let (arguments, _) = settings(&flags);
    apply(&route53(sim, &arguments), &flags, objects).await
}

fn reasons(report: &Report) -> String {
    extdns_sync::report::render_text(report, extdns_sync::report::Palette::Plain)
}

/// Neither a record that was made by hand nor that of another owner becomes ours by a text that
/// a tenant asks for, however it is written, and none is deleted.
#[tokio::test]
async fn a_tenant_cannot_forge_ownership() {
    let forged = [
        ownership_value("me", "service/shop/x"),
        format!("\"{}\"", ownership_value("me", "service/shop/x")),
        "\"heritage=exter\" \"nal-dns,external-dns/owner=me\"".to_owned(),
        "\"\\150eritage=external-dns,external-dns/owner=me\"".to_owned(),
        "hello".to_owned(),
    ];
    for value in &forged {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        zone.seed([
            RecordSet::a("hand.example.org", "192.0.2.1"),
            RecordSet::a("theirs.example.org", "192.0.2.1"),
            RecordSet::txt("a-theirs.example.org", &ownership_value("other", "service/shop/y")),
        ]);
        let before = lines(&zone);
        let objects = text("a-hand.example.org", value) + &text("a-theirs.example.org", value);
        for _ in 0..2 {
            let report = run(&sim, &["--no-guard"], &objects).await;
            assert_eq!(lines(&zone), before, "{value}");
            let told = reasons(&report);
            assert_eq!(told.matches("held back").count(), 2, "{value}: {told}");
        }
    }
}

/// What others keep in an ownership record stays, whatever becomes of the record.
#[tokio::test]
async fn values_of_others_in_an_ownership_record_stay() {
    let spf = "\"v=spf1 include:_spf.example.net ~all\"";
    let cases = [
        (vec![], String::new()),
        (vec!["--txt-owner-id=new", "--migrate-from-txt-owner=me"], "new".to_owned()),
    ];
    for (flags, owner) in cases {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        zone.seed([
            RecordSet::a("app.example.org", "192.0.2.20"),
            RecordSet::txt("a-app.example.org", &ownership_value("me", "service/shop/app"))
                .value(spf),
        ]);
        let wanted = match owner.as_str() {
            "" => service("other", "other.example.org", "192.0.2.20"),
            _ => service("app", "app.example.org", "192.0.2.20"),
        };
        let report = run(&sim, &[&flags[..], &["--no-guard"]].concat(), &wanted).await;
        let left = lines(&zone);
        let expected = match owner.as_str() {
            "" => format!("TXT a-app.example.org. {spf}"),
            _ => format!(
                "TXT a-app.example.org. \"{}\" {spf}",
                ownership_value("new", "service/shop/app")
            ),
        };
        assert!(left.contains(&expected), "{left:?}");
        assert!(reasons(&report).contains("holds values of others too"), "{}", reasons(&report));
    }
}

/// Releases up to 0.17 wrote `a-shop` for the host `a-shop`, which reads as the ownership record of
/// `shop`.
#[tokio::test]
async fn a_record_made_by_hand_is_not_ours_by_the_name_of_an_older_ownership_record() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let ours = ownership_value("me", "service/shop/ashop");
    zone.seed([
        RecordSet::a("a-shop.example.org", "192.0.2.1"),
        RecordSet::txt("a-shop.example.org", &ours),
        RecordSet::txt("a-a-shop.example.org", &ours),
        RecordSet::a("shop.example.org", "192.0.2.2"),
    ]);
    let by_hand = "A shop.example.org. 192.0.2.2".to_owned();
    // Wanted, changed, and gone: with the record the older ownership record goes.
    for objects in [
        service("ashop", "a-shop.example.org", "192.0.2.1"),
        service("ashop", "a-shop.example.org", "192.0.2.3"),
        service("other", "other.example.org", "192.0.2.3"),
        service("other", "other.example.org", "192.0.2.3"),
    ] {
        run(&sim, &["--no-guard"], &objects).await;
        assert!(lines(&zone).contains(&by_hand), "{:?}", lines(&zone));
    }
    assert!(lines(&zone).iter().all(|line| !line.contains("a-shop")), "{:?}", lines(&zone));
}

/// Two runs of two owners wrote at once: neither the record nor either of the ownership records
/// goes.
#[tokio::test]
async fn an_ownership_record_with_two_values_is_left_alone() {
    for owners in [["me", "other"], ["other", "me"]] {
        let sim = Route53Sim::start();
        let zone = sim.zone("example.org");
        let second = format!("\"{}\"", ownership_value(owners[1], "service/shop/app"));
        zone.seed([
            RecordSet::a("app.example.org", "192.0.2.20"),
            RecordSet::txt("a-app.example.org", &ownership_value(owners[0], "service/shop/app"))
                .value(&second),
        ]);
        let before = lines(&zone);
        let other = run(&sim, &["--no-guard"], &service("o", "o.example.org", "192.0.2.1")).await;
        assert!(reasons(&other).contains("has several ownership values"), "{}", reasons(&other));
        let wanted = service("app", "app.example.org", "192.0.2.30");
        let held = run(&sim, &["--no-guard"], &wanted).await;
        assert!(reasons(&held).contains("has several ownership values"), "{}", reasons(&held));
        assert!(before.iter().all(|line| lines(&zone).contains(line)), "{:?}", lines(&zone));
    }
}

/// Of an ownership record whose owner was changed, only the object that it names shows whose record it was.
#[tokio::test]
async fn an_ownership_record_of_another_owner_that_names_our_object_is_reported() {
    let wanted = service("app", "app.example.org", "192.0.2.30");
    let told = "its ownership record names this very object: if no other cluster has one of this name, compare \
                --txt-owner-id, or see who changed the owner in it";
    for (resource, address, is_told) in [
        ("service/shop/app", "192.0.2.20", true),
        // It is as wanted, and foreign now.
        ("service/shop/app", "192.0.2.30", true),
        ("service/shop/another", "192.0.2.20", false),
    ] {
        let sim = Route53Sim::start();
        sim.zone("example.org").seed([
            RecordSet::a("app.example.org", address),
            RecordSet::txt("a-app.example.org", &ownership_value("other", resource)),
        ]);
        let report = run(&sim, &["--no-guard"], &wanted).await;
        let text = reasons(&report);
        assert_eq!(text.contains(told), is_told, "{resource}: {text}");
        let json = extdns_sync::report::render_json(&report);
        assert_eq!(json.contains(told), is_told, "{resource}: {json}");
        assert!(text.contains("the name belongs to owner \"other\""), "{text}");
    }
}

/// Ownership records that other flags explain are told by the flag, and those without a record in one
/// line for a zone, in every run.
#[tokio::test]
async fn ownership_records_without_a_record_are_reported_in_one_line() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    for (name, gone) in [("first", "lost"), ("second", "past")] {
        zone.seed([
            RecordSet::a(&format!("{name}.example.org"), "192.0.2.1"),
            RecordSet::txt(
                &format!("own.a-{name}.example.org"),
                &ownership_value("me", "service/shop/y"),
            ),
            RecordSet::txt(
                &format!("a-{gone}.example.org"),
                &ownership_value("me", "service/shop/z"),
            ),
        ]);
    }
    let report = run(&sim, &[], &text("hello.example.org", "hello")).await;
    let told: Vec<&str> = report.notices.iter().map(|notice| &*notice.message).collect();
    let of_flag: Vec<_> =
        report.notices.iter().filter(|notice| notice.subject == "--txt-prefix=own.").collect();
    assert_eq!(of_flag.len(), 1, "{told:?}");
    let lone: Vec<_> = told.iter().filter(|text| text.contains("without a record: ")).collect();
    assert_eq!(
        lone,
        [&"2 ownership records of ours are without a record: a-lost.example.org, \
           a-past.example.org; such a one is used again when its name is wanted again, and gc \
           removes it"]
    );
}
