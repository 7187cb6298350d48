//! Cloud Map over its simulator. It stores no TXT records, so the suite of all providers, which looks for ownership records,
//! cannot run over it: what that checks is checked here. The numbers are those of the specification's cases.

mod support;

use clap::Parser;
use extdns_model::{
    Action, Change, ChangeGroup, FailureKind, GroupId, Hints, Labels, Name, Outcome, Permit,
    Planned, Record, RecordSet, Role, Surroundings, Zone,
};
use extdns_testkit::cloudmap::{CloudMapSim, Fault, Kind};
use serde_json::{Value, json};

use super::instance::Form;
use super::*;
use crate::Deadline;
use crate::conformance::contract::set;
use support::*;

const ELB: &str = "web.us-east-1.elb.amazonaws.com";
const NLB: &str = "web.elb.us-east-1.amazonaws.com";

#[tokio::test]
async fn sd_case_01_records_of_every_kind_are_read() {
    let (sim, id) = local();
    let a = |ttl| Some(("A", ttl, "MULTIVALUE"));
    let two = ["AWS_INSTANCE_IPV4=192.0.2.1", "AWS_INSTANCE_IPV4=192.0.2.2"];
    sim.service(&id, "a-srv", a(100), Some(ME), &two);
    let alias = format!("AWS_ALIAS_DNS_NAME={ELB}");
    sim.service(&id, "alias-srv", Some(("A", 100, "WEIGHTED")), Some(ME), &[&alias]);
    let cname = ["AWS_INSTANCE_CNAME=cname.target.com"];
    sim.service(&id, "cname-srv", Some(("CNAME", 80, "WEIGHTED")), Some(ME), &cname);
    let six = ["AWS_INSTANCE_IPV6=2001:db8::1"];
    sim.service(&id, "aaaa-srv", Some(("AAAA", 100, "MULTIVALUE")), Some(ME), &six);
    sim.service(&id, "undescribed", a(100), None, &two);
    sim.service(&id, "empty", a(100), Some(ME), &[]);
    sim.service(&id, "of-http", None, Some(ME), &[]);
    let expected = [
        "a-srv.dev.local A 100 192.0.2.1;192.0.2.2".to_owned(),
        "aaaa-srv.dev.local AAAA 100 2001:db8::1".to_owned(),
        format!("alias-srv.dev.local CNAME 100 {ELB}"),
        "cname-srv.dev.local CNAME 80 cname.target.com".to_owned(),
    ];
    assert_eq!(shown(mine(&sim).await.as_ref()).await, expected);
    // Who keeps no owners needs no description.
    assert_eq!(shown(of(&sim.url(), None, &[]).await.as_ref()).await.len(), 5);
    let calls = sim.take_calls();
    assert_eq!(&calls[..2], ["ListNamespaces", "ListServices"]);
    assert!(calls.iter().all(|own| own.starts_with("List") || own == "DiscoverInstances"));
}

#[tokio::test]
async fn sd_case_02_records_are_made_and_deleted() {
    let (sim, _) = local();
    let desired = [
        "a.dev.local A 60 192.0.2.1;192.0.2.2",
        &format!("lb.dev.local CNAME 300 {ELB}"),
        "cname.dev.local CNAME 300 cname.target.com",
        "six.dev.local AAAA 0 2001:db8::1",
    ];
    all_applied(&sync(mine(&sim).await.as_ref(), &desired).await);
    let services = [
        format!("a A 60 MULTIVALUE [192.0.2.1 192.0.2.2] {ME}"),
        format!("cname CNAME 300 WEIGHTED [cname.target.com] {ME}"),
        format!("lb A 300 WEIGHTED [{ELB}] {ME}"),
        format!("six AAAA 300 MULTIVALUE [2001:db8::1] {ME}"),
    ];
    assert_eq!(sim.services(), services);
    let expected = [
        "a.dev.local A 60 192.0.2.1;192.0.2.2".to_owned(),
        "cname.dev.local CNAME 300 cname.target.com".to_owned(),
        format!("lb.dev.local CNAME 300 {ELB}"),
        "six.dev.local AAAA 300 2001:db8::1".to_owned(),
    ];
    assert_eq!(shown(mine(&sim).await.as_ref()).await, expected);
    sim.take_writes();
    assert!(sync(mine(&sim).await.as_ref(), &desired).await.is_empty(), "nothing is left to do");
    all_applied(&sync(mine(&sim).await.as_ref(), &[]).await);
    assert!(shown(mine(&sim).await.as_ref()).await.is_empty());
    assert_eq!(sim.take_writes().len(), 5, "one call for each instance");
    assert_eq!(sim.services().len(), 4, "empty services stay");
    // They are used again.
    all_applied(&sync(mine(&sim).await.as_ref(), &desired).await);
    assert_eq!(sim.services(), services);
}

fn names(writes: &[(String, Value)]) -> Vec<&str> {
    writes.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn sd_case_03_an_update_takes_away_what_is_gone() {
    let (sim, _) = local();
    all_applied(&sync(mine(&sim).await.as_ref(), &["a.dev.local A 60 1.2.3.4;1.2.3.5"]).await);
    sim.take_writes();
    all_applied(&sync(mine(&sim).await.as_ref(), &["a.dev.local A 60 1.2.3.4;1.2.3.6"]).await);
    let writes = sim.take_writes();
    let service = &writes[0].1["ServiceId"];
    let register = json!({
        "ServiceId": service, "InstanceId": "1.2.3.6", "Attributes": { "AWS_INSTANCE_IPV4": "1.2.3.6" },
    });
    let deregister = json!({ "ServiceId": service, "InstanceId": "1.2.3.5" });
    let expected =
        [("RegisterInstance".to_owned(), register), ("DeregisterInstance".to_owned(), deregister)];
    assert_eq!(writes, expected);
}

#[tokio::test]
async fn sd_case_04_a_service_may_have_dots_in_its_name() {
    let (sim, _) = local();
    let desired = [&*format!("my-app.elb.dev.local CNAME 300 {NLB}")];
    all_applied(&sync(mine(&sim).await.as_ref(), &desired).await);
    assert_eq!(sim.services(), [format!("my-app.elb A 300 WEIGHTED [{NLB}] {ME}")]);
    assert_eq!(shown(mine(&sim).await.as_ref()).await, desired);
    all_applied(&sync(mine(&sim).await.as_ref(), &[]).await);
    assert!(shown(mine(&sim).await.as_ref()).await.is_empty());
}

#[tokio::test]
async fn sd_case_05_namespaces_are_chosen_by_type_and_domain() {
    let sim = CloudMapSim::start();
    for (name, kind) in
        [("public.com", Kind::Public), ("private.com", Kind::Private), ("http.com", Kind::Http)]
    {
        sim.namespace(name, kind);
    }
    let zones = async |flags: &[&str], domains: &[&str]| {
        let args = Cli::try_parse_from(std::iter::once(&"test").chain(flags)).expect("flags");
        let domains = domains.iter().map(ToString::to_string).collect::<Vec<_>>();
        let filter = extdns_model::DomainFilter::lists(domains, []);
        let zones = ZoneFilter::new(filter, &[]);
        let context = Context { environment: environment(&sim.url()), zones, ..Context::default() };
        let provider = provider(&args.sd, &args.aws, &context).await.expect("a provider");
        let inventory = read(&provider).await;
        inventory.index.iter().map(|(_, zone)| zone.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(zones(&[], &[]).await, ["private.com", "public.com"]);
    assert_eq!(zones(&["--aws-zone-type=public"], &[]).await, ["public.com"]);
    assert_eq!(zones(&["--aws-zone-type=private"], &[]).await, ["private.com"]);
    assert_eq!(zones(&[], &["public.com"]).await, ["public.com"]);
    assert_eq!(zones(&[], &["other.com"]).await, [""; 0]);
}

#[tokio::test]
async fn sd_case_06_services_are_made_by_type() {
    let (sim, id) = local();
    let provider = of(&sim.url(), None, &[]).await;
    let inventory = read(provider.as_ref()).await;
    let table = [
        ("a A 60 192.0.2.1", "A", "MULTIVALUE", 60),
        ("aaaa AAAA 60 2001:db8::1", "AAAA", "MULTIVALUE", 60),
        ("cname CNAME 80 cname.target.com", "CNAME", "WEIGHTED", 80),
        (&format!("elb CNAME 0 {ELB}"), "A", "WEIGHTED", 300),
    ];
    for (index, (text, rtype, routing, ttl)) in table.into_iter().enumerate() {
        let (name, rest) = text.split_once(' ').expect("a name");
        let new = set(&format!("{name}.dev.local {rest}"));
        // Without the label of the registry the description is empty.
        let labels = Labels::new();
        let action = Action::Create(Planned { set: new.clone(), labels, hints: Hints::default() });
        let group = ChangeGroup {
            id: GroupId(0),
            zone: inventory.index.by_id(&id).expect("the zone"),
            name: new.name.clone(),
            changes: vec![Change { role: Role::Record, action }],
            after: Vec::new(),
            requires: Vec::new(),
        };
        let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
        all_applied(&writer.apply(&[group], Deadline::none()).await);
        let (operation, body) = sim.take_writes().remove(0);
        assert_eq!(operation, "CreateService", "{index}");
        let expected = json!({
            "Name": name, "NamespaceId": id, "Description": "",
            "DnsConfig": { "RoutingPolicy": routing, "DnsRecords": [{ "Type": rtype, "TTL": ttl }] },
        });
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn sd_case_07_a_ttl_is_changed_in_the_service() {
    let (sim, _) = local();
    all_applied(&sync(mine(&sim).await.as_ref(), &["a.dev.local A 60 192.0.2.1"]).await);
    sim.take_writes();
    // A plan changes nothing.
    let inventory = read(mine(&sim).await.as_ref()).await;
    assert_eq!(plan(&inventory, &[set("a.dev.local A 100 192.0.2.1")]).len(), 1);
    assert_eq!(sim.services(), [format!("a A 60 MULTIVALUE [192.0.2.1] {ME}")]);
    all_applied(&sync(mine(&sim).await.as_ref(), &["a.dev.local A 100 192.0.2.1"]).await);
    let writes = sim.take_writes();
    let service =
        json!({ "Description": ME, "DnsConfig": { "DnsRecords": [{ "Type": "A", "TTL": 100 }] } });
    let expected = json!({ "Id": writes[0].1["Id"], "Service": service });
    assert_eq!(writes, [("UpdateService".to_owned(), expected)]);
    assert_eq!(sim.services(), [format!("a A 100 MULTIVALUE [192.0.2.1] {ME}")]);
}

#[tokio::test]
async fn sd_case_08_only_empty_services_of_ours_are_deleted() {
    let (sim, id) = local();
    let a = Some(("A", 60, "MULTIVALUE"));
    sim.service(&id, "own", a, Some(ME), &[]);
    sim.service(
        &id,
        "own-with-more",
        a,
        Some(&format!("{ME},external-dns/resource=ingress/default/x")),
        &[],
    );
    sim.service(&id, "undescribed", a, None, &[]);
    sim.service(&id, "of-me2", a, Some(&format!("{ME}2")), &[]);
    sim.service(&id, "of-others", a, Some("made by hand"), &[]);
    let with = ["--aws-sd-service-cleanup"];
    // A read deletes nothing, nor does a run without the flag.
    read(of(&sim.url(), Some("me"), &with).await.as_ref()).await;
    assert!(sim.take_writes().is_empty());
    all_applied(&sync(mine(&sim).await.as_ref(), &["www.dev.local A 60 192.0.2.1"]).await);
    assert_eq!(sim.services().len(), 6);
    sim.take_writes();
    let provider = of(&sim.url(), Some("me"), &with).await;
    all_applied(&sync(provider.as_ref(), &["new.dev.local A 60 192.0.2.1"]).await);
    let left: Vec<String> = sim
        .services()
        .iter()
        .map(|own| own.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(left, ["new", "of-me2", "of-others", "undescribed"], "that of www is empty by now");
    let writes = sim.take_writes();
    assert_eq!(names(&writes).iter().filter(|own| **own == "DeleteService").count(), 3);
}

#[tokio::test]
async fn sd_case_09_instances_have_the_attribute_of_their_type() {
    let of = |text: &str| {
        let set = set(text);
        let form = Form::of(&set).expect("a type of Cloud Map");
        let target = set.targets.iter().next().expect("a target");
        Value::Object(Instance::of(form, target).attributes().clone())
    };
    let table = [
        ("a.dev.local A 60 192.0.2.1", json!({ "AWS_INSTANCE_IPV4": "192.0.2.1" })),
        (&format!("a.dev.local CNAME 60 {ELB}"), json!({ "AWS_ALIAS_DNS_NAME": ELB })),
        (&format!("a.dev.local CNAME 60 {NLB}"), json!({ "AWS_ALIAS_DNS_NAME": NLB })),
        ("a.dev.local CNAME 60 x.example.org", json!({ "AWS_INSTANCE_CNAME": "x.example.org" })),
        ("a.dev.local AAAA 60 2001:db8::1", json!({ "AWS_INSTANCE_IPV6": "2001:db8::1" })),
    ];
    for (text, expected) in table {
        assert_eq!(of(text), expected, "{text}");
    }
    assert_eq!(Form::of(&set("a.dev.local TXT 60 text")), None);
}

#[tokio::test]
async fn sd_case_10_a_name_goes_to_the_longest_namespace() {
    let sim = CloudMapSim::start();
    let ids = ["b.c", "a.b.c"].map(|name| sim.namespace(name, Kind::Private));
    let twin = sim.namespace("a.b.c", Kind::Public);
    let provider = mine(&sim).await;
    let index = read(provider.as_ref()).await.index;
    let zones = |name: &str| {
        let found = index.route(&Name::as_listed(name).key(), None);
        found.into_iter().map(|zone| index.zone(zone).id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(zones("foo.a.b.c"), [twin, ids[1].clone()], "the twins of a name");
    assert_eq!(zones("foo.b.c."), [ids[0].clone()]);
    assert!(zones("foo.other.c").is_empty() && zones("c").is_empty());
    let apex = set("a.b.c A 60 192.0.2.1");
    let zone = Zone::new("ns-2", Name::as_listed("a.b.c"));
    let refused = provider.refusal(&apex, Surroundings::alone(&zone, &apex));
    assert!(refused.is_some_and(|own| own.contains("is the namespace")));
}

#[tokio::test]
async fn sd_case_11_a_long_target_goes_by_its_hash() {
    let (sim, _) = local();
    let long = format!("{}.example.org", "a".repeat(58));
    let desired = [&*format!("a.dev.local CNAME 60 {long}")];
    all_applied(&sync(mine(&sim).await.as_ref(), &desired).await);
    let registered = sim.take_writes().pop().expect("a call").1["InstanceId"].clone();
    assert_eq!(registered.as_str().map(str::len), Some(64));
    assert_eq!(shown(mine(&sim).await.as_ref()).await, desired);
    all_applied(&sync(mine(&sim).await.as_ref(), &[]).await);
    assert_eq!(sim.take_writes().pop().expect("a call").1["InstanceId"], registered);
}

#[tokio::test]
async fn sd_case_12_services_are_made_with_tags() {
    let (sim, _) = local();
    let flags = ["--aws-sd-create-tag=team=dns", "--aws-sd-create-tag=a:b=c"];
    let provider = of(&sim.url(), Some("me"), &flags).await;
    all_applied(&sync(provider.as_ref(), &["a.dev.local A 60 192.0.2.1"]).await);
    let (_, body) = sim.take_writes().remove(0);
    let tags = json!([{ "Key": "team", "Value": "dns" }, { "Key": "a", "Value": "b=c" }]);
    assert_eq!(body["Tags"], tags);
    let without = Cli::try_parse_from(["test"]).expect("flags").sd;
    assert!(without.tags().is_empty());
    assert!(Cli::try_parse_from(["test", "--aws-sd-create-tag=team"]).is_err());
}

/// A name changes between an address, a load balancer and another host, in one run each, though a service has one type: the
/// old one must have lost its instances first.
#[tokio::test]
async fn a_record_of_another_type_has_another_service() {
    let (sim, _) = local();
    sim.slow();
    let lb = format!("web.dev.local CNAME 300 {ELB}");
    for desired in [
        "web.dev.local CNAME 300 other.example.net",
        "web.dev.local A 300 192.0.2.1",
        &lb,
        "web.dev.local CNAME 300 other.example.net",
        &lb,
        "web.dev.local A 300 192.0.2.1",
    ] {
        let provider = mine(&sim).await;
        all_applied(&sync(provider.as_ref(), &[desired]).await);
        assert_eq!(sim.services().len(), 1);
        assert_eq!(shown(mine(&sim).await.as_ref()).await, [desired]);
    }
    let without = "GetOperation is not allowed";
    sim.allow_only(sim.rights().into_iter().filter(|right| !right.ends_with(":GetOperation")));
    let outcomes = sync(mine(&sim).await.as_ref(), &[&lb]).await;
    let text = format!("{outcomes:?}");
    assert!(text.contains("allow the action servicediscovery:GetOperation"), "{without}: {text}");
}

/// A and AAAA records of a name exclude each other, and names have no `*`.
#[tokio::test]
async fn what_cannot_be_stored_is_refused() {
    let (sim, id) = local();
    let provider = mine(&sim).await;
    let zone = Zone::new(id, Name::as_listed("dev.local"));
    let (a, aaaa) = (set("w.dev.local A 60 192.0.2.1"), set("w.dev.local AAAA 60 2001:db8::1"));
    let beside = |new: &RecordSet, other: &RecordSet| {
        provider.refusal(new, Surroundings { beside: &[other], ..Surroundings::alone(&zone, new) })
    };
    assert!(beside(&aaaa, &a).is_some_and(|own| own.contains("AAAA and A records cannot both")));
    assert_eq!(beside(&a, &aaaa), None);
    for name in
        ["*.dev.local", "-a.dev.local", "a!.dev.local", &format!("{}.dev.local", "a.".repeat(70))]
    {
        let new = set(&format!("{name} A 60 192.0.2.1"));
        assert!(provider.refusal(&new, Surroundings::alone(&zone, &new)).is_some(), "{name}");
    }
    let fine = set("_x.my-app.dev.local A 60 192.0.2.1");
    assert_eq!(provider.refusal(&fine, Surroundings::alone(&zone, &fine)), None);
}

/// A service that somebody else has made stays as it is.
#[tokio::test]
async fn services_of_others_are_not_used() {
    let (sim, id) = local();
    let a = Some(("A", 60, "MULTIVALUE"));
    sim.service(&id, "web", a, None, &["AWS_INSTANCE_IPV4=192.0.2.9"]);
    let other = "heritage=external-dns,external-dns/owner=other";
    sim.service(&id, "empty", a, Some(other), &[]);
    let before = sim.services();
    for name in ["web", "empty"] {
        let outcomes =
            sync(mine(&sim).await.as_ref(), &[&format!("{name}.dev.local A 60 192.0.2.1")]).await;
        let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert_eq!(failure.kind, FailureKind::Conflict, "{failure}");
    }
    assert_eq!(sim.services(), before);
}

/// Killed after every write and run again: everything as desired, and nothing twice.
#[tokio::test]
async fn runs_that_are_killed_converge() {
    let first = [
        "a.dev.local A 60 192.0.2.1;192.0.2.2",
        "b.dev.local CNAME 60 x.example.org",
        "gone.dev.local A 60 192.0.2.9",
    ];
    let second = [
        "a.dev.local A 90 192.0.2.2;192.0.2.3",
        "b.dev.local A 60 192.0.2.4",
        "new.dev.local AAAA 60 2001:db8::1",
    ];
    for writes in 0.. {
        let (sim, _) = local();
        all_applied(&sync(mine(&sim).await.as_ref(), &first).await);
        sim.die_after(writes);
        let outcomes = sync(mine(&sim).await.as_ref(), &second).await;
        let is_done = outcomes.iter().all(|it| *it == Outcome::Applied);
        sim.heal();
        all_applied(&sync(mine(&sim).await.as_ref(), &second).await);
        let mut expected: Vec<String> = second.iter().map(ToString::to_string).collect();
        expected.sort();
        assert_eq!(shown(mine(&sim).await.as_ref()).await, expected, "after {writes} writes");
        assert!(sync(mine(&sim).await.as_ref(), &second).await.is_empty());
        if is_done {
            assert!(writes > 5);
            return;
        }
    }
}

#[tokio::test]
async fn throttling_lost_answers_and_missing_rights() {
    let desired = ["a.dev.local A 60 192.0.2.1"];
    for fault in [
        Fault::LoseDone,
        Fault::LoseUndone,
        Fault::Refuse(400, "RequestLimitExceeded"),
        Fault::Refuse(500, "InternalFailure"),
    ] {
        for operation in ["CreateService", "RegisterInstance", "DiscoverInstances", "ListServices"]
        {
            let (sim, id) = local();
            sim.service(
                &id,
                "other",
                Some(("A", 60, "MULTIVALUE")),
                Some("x"),
                &["AWS_INSTANCE_IPV4=192.0.2.9"],
            );
            sim.fault(operation, fault, 1);
            all_applied(&sync(mine(&sim).await.as_ref(), &desired).await);
            assert!(
                shown(mine(&sim).await.as_ref()).await.contains(&desired[0].to_owned()),
                "{operation} {fault:?}"
            );
            assert_eq!(sim.services().len(), 2);
        }
    }
    let (sim, _) = local();
    let reads = ["ListNamespaces", "ListServices", "DiscoverInstances"];
    sim.allow_only(reads.map(|own| format!("servicediscovery:{own}")));
    let outcomes = sync(mine(&sim).await.as_ref(), &desired).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(failure.kind, FailureKind::Unauthorised, "{failure}");
    assert!(
        failure.message.contains("allow the action servicediscovery:CreateService"),
        "{failure}"
    );
}

/// Partial knowledge deletes nothing: a service whose instances cannot be read makes its namespace unreadable.
#[tokio::test]
async fn instances_that_cannot_be_read_are_no_empty_service() {
    let (sim, id) = local();
    sim.service(
        &id,
        "a",
        Some(("A", 60, "MULTIVALUE")),
        Some(ME),
        &["AWS_INSTANCE_IPV4=192.0.2.9"],
    );
    sim.fault("DiscoverInstances", Fault::Refuse(400, "InvalidInput"), 9);
    let inventory = mine(&sim).await.read().await.expect("namespaces");
    assert_eq!(inventory.unreadable().count(), 1);
}

/// Every page is read, and all instances of a large service.
#[tokio::test]
async fn every_page_is_read() {
    let (sim, id) = local();
    for number in 0..230 {
        sim.service(
            &id,
            &format!("s{number}"),
            Some(("A", 60, "MULTIVALUE")),
            Some(ME),
            &["AWS_INSTANCE_IPV4=192.0.2.9"],
        );
    }
    let many: Vec<String> =
        (0..1200).map(|n| format!("AWS_INSTANCE_IPV4=10.0.{}.{}", n / 250, n % 250)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    sim.service(&id, "many", Some(("A", 60, "MULTIVALUE")), Some(ME), &many);
    let inventory = read(mine(&sim).await.as_ref()).await;
    let records: Vec<&Record> = inventory.records().map(|(_, own)| own).collect();
    assert_eq!(records.len(), 231);
    assert_eq!(records.iter().map(|own| own.set.targets.len()).max(), Some(1200));
}

const PAGE: &str = include_str!("../page-sd.md");

/// The actions of Cloud Map in the policy of the page.
fn documented() -> std::collections::BTreeSet<String> {
    let (_, section) = PAGE.split_once("\n## Permissions\n").expect("a heading");
    let (_, rest) = section.split_once("```json\n").expect("a policy");
    let (policy, _) = rest.split_once("```").expect("its end");
    let policy: Value = serde_json::from_str(policy).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let actions = statements.flat_map(|own| own["Action"].as_array().expect("actions").clone());
    let actions = actions.map(|action| action.as_str().expect("a text").to_owned());
    actions.filter(|action| action.starts_with("servicediscovery:")).collect()
}

/// The policy of the page grants what a whole life calls, and nothing else.
#[tokio::test]
async fn the_policy_of_the_page_is_what_a_life_needs() {
    let (sim, id) = local();
    sim.allow_only(documented());
    let flags = ["--aws-sd-service-cleanup", "--aws-sd-create-tag=team=dns"];
    let many: Vec<String> =
        (0..1001).map(|n| format!("AWS_INSTANCE_IPV4=10.0.{}.{}", n / 250, n % 250)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    sim.service(&id, "many", Some(("A", 60, "MULTIVALUE")), Some("x"), &many);
    for desired in [
        &["a.dev.local A 60 192.0.2.1", "b.dev.local A 60 192.0.2.1"][..],
        &["a.dev.local A 90 192.0.2.2"],
        &["a.dev.local CNAME 90 x.example.org"],
        &[],
    ] {
        let provider = of(&sim.url(), Some("me"), &flags).await;
        all_applied(&sync(provider.as_ref(), desired).await);
    }
    assert_eq!(sim.rights(), documented());
    assert_eq!(sim.services().len(), 1, "services of ours are gone");
}

/// The exchanges of the API's documentation: what they answer is read, and what they ask is what is asked here.
mod documented_exchanges {
    use extdns_testkit::http::ScriptedServer;

    use super::*;
    use crate::conformance::recorded::Exchange;

    fn recorded(name: &str) -> Exchange {
        Exchange::of("aws-sd", name)
    }

    fn server() -> ScriptedServer {
        ScriptedServer::start(|request| {
            let target = request.header("x-amz-target").unwrap_or_default();
            let name = target.strip_prefix("Route53AutoNaming_v20170314.").unwrap_or_default();
            let exchange = recorded(name);
            assert_eq!(exchange.asked(), (request.method.as_str(), request.path.as_str()));
            exchange.reply()
        })
    }

    #[tokio::test]
    async fn answers_are_read() {
        let server = server();
        let provider = of(&server.url(), None, &[]).await;
        let inventory = read(provider.as_ref()).await;
        let zones: Vec<String> =
            inventory.index.iter().map(|(_, zone)| zone.id.to_string()).collect();
        assert_eq!(
            zones,
            ["ns-ylexjili4cdxy3xm", "ns-a3ccy2e7e3a7rile"],
            "the one of HTTP is left out"
        );
        let expected =
            ["myservice.example.com A 60 198.51.100.1", "myservice.local A 60 198.51.100.1"];
        assert_eq!(shown(provider.as_ref()).await, expected);
        let asked = recorded("DiscoverInstances");
        for member in asked.sent().as_object().expect("a body").keys() {
            let requests = server.requests();
            let own = requests.iter().map(extdns_testkit::http::Request::json);
            let own = own.filter(|body| body.get("ServiceName").is_some());
            assert!(
                own.clone().count() > 1 && own.clone().all(|body| body.get(member).is_some()),
                "{member}"
            );
        }
    }

    #[tokio::test]
    async fn changes_are_asked_for_as_documented() {
        let server = server();
        let provider = of(&server.url(), Some("me"), &[]).await;
        let desired = ["new.local A 60 198.51.100.2"];
        all_applied(&sync(provider.as_ref(), &desired).await);
        let requests = server.requests();
        let sent = |operation: &str| {
            let is_it = |own: &&extdns_testkit::http::Request| {
                own.header("x-amz-target").is_some_and(|target| target.ends_with(operation))
            };
            requests.iter().find(is_it).expect(operation).json()
        };
        let (create, register) = (sent("CreateService"), sent("RegisterInstance"));
        let documented = recorded("CreateService");
        let mut config = documented.sent()["DnsConfig"].clone();
        // The namespace stands beside it; here it is deprecated.
        config.as_object_mut().expect("a map").remove("NamespaceId");
        assert_eq!(create["DnsConfig"], config);
        assert_eq!(register["ServiceId"], documented.answered()["Service"]["Id"]);
        let documented = recorded("RegisterInstance");
        for member in register.as_object().expect("a body").keys() {
            assert!(documented.sent().get(member).is_some(), "{member}");
        }
    }
}
