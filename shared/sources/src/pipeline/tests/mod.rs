//! The steps, one by one and together.

mod ptr;
mod targets;

use std::sync::Arc;

use clap::Parser;
use extdns_model::{
    ClusterId, Endpoint, Labels, Name, Properties, RecordType, Resource, ResourceKind, Ttl,
};

use super::{Desired, Pipeline, Removed, retain_properties};
use crate::{Args, Options, OptionsError};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn options(flags: &str) -> Result<Options, OptionsError> {
    let words = ["test", "--source=empty"].into_iter().chain(flags.split_whitespace());
    Options::try_from(&Cli::try_parse_from(words).unwrap().args)
}

fn pipeline(flags: &str) -> Pipeline {
    Pipeline::new(options(flags).unwrap().pipeline, true).unwrap()
}

/// `name type ttl targets [property=value,..]`: targets joined by `;`, `-` for none.
fn endpoint(text: &str) -> Endpoint {
    let words: Vec<_> = text.split(' ').collect();
    let name = Name::parse(words[0]).unwrap();
    let rtype: RecordType = words[1].parse().unwrap();
    let ttl = Ttl::from_seconds(words[2].parse().unwrap());
    let targets = words[3].replace('_', " ");
    let targets = targets.split(';').filter(|target| *target != "-").collect();
    let properties: Properties = words
        .get(4)
        .into_iter()
        .flat_map(|words| words.split(','))
        .map(|property| property.split_once('=').unwrap())
        .collect();
    let mut endpoint = Endpoint::new(name, rtype, ttl, targets);
    endpoint.set.set_properties(properties);
    endpoint
}

fn endpoints(texts: &[&str]) -> Vec<Endpoint> {
    texts.iter().map(|text| endpoint(text)).collect()
}

fn shown(endpoint: &Endpoint) -> String {
    let set = &endpoint.set;
    let targets: Vec<_> = set.targets.iter().map(|target| target.replace(" ", "_")).collect();
    let mut text = format!("{} {} {} {}", set.name, set.rtype, set.ttl, targets.join(";"));
    let properties: Vec<_> =
        set.properties().iter().map(|p| format!("{}={}", p.name, p.value)).collect();
    if !properties.is_empty() {
        text = format!("{text} {}", properties.join(","));
    }
    text
}

fn all_shown(desired: &Desired) -> Vec<String> {
    desired.endpoints.iter().map(shown).collect()
}

/// Flags, endpoints before, endpoints after, how many are reported as dropped.
type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], usize);

fn check(cases: &[Case<'_>]) {
    for (flags, before, after, dropped) in cases {
        let desired = pipeline(flags).run(endpoints(before));
        assert_eq!(all_shown(&desired), *after, "{flags} {before:?}");
        assert_eq!(desired.dropped.len(), *dropped, "{flags} {before:?}");
    }
}

#[test]
fn what_is_removed_is_counted_by_type_and_source() {
    let by = |kind: ResourceKind, text: &str| {
        endpoint(text).wanted_by(Arc::new(Resource {
            cluster: ClusterId(0),
            kind,
            namespace: Some("shop".into()),
            name: "web".into(),
        }))
    };
    let (service, ingress) = (ResourceKind::SERVICE, ResourceKind::other("ingress"));
    let desired = pipeline("").run(vec![
        by(service, "a.org A 0 1.1.1.1"),
        by(ingress, "a.org A 60 1.1.1.1"),
        by(ingress, "a.org A 0 1.1.1.1"),
        by(ingress, "b.org A 0 1.1.1.1"),
        by(ResourceKind::CRD, "m.org MX 0 mail.org"),
        by(ResourceKind::other("gameserver"), "x.org A 0 foo.org"),
        endpoint("y.org A 0 foo.org"),
    ]);
    let twins = [((RecordType::A, "ingress"), 2)].into_iter().collect();
    let invalid = [
        ((RecordType::A, "unknown"), 1),
        ((RecordType::A, "unstructured"), 1),
        ((RecordType::Mx, "crd"), 1),
    ];
    let invalid = invalid.into_iter().collect();
    assert_eq!(desired.removed, Removed { invalid, twins });
}

#[test]
fn the_examples_of_the_pipeline() {
    check(&[
        // W2
        ("", &["a.org A 0 2.2.2.2;1.1.1.1;1.1.1.1"], &["a.org A 0 1.1.1.1;2.2.2.2"], 0),
        // W3
        (
            "",
            &["a.org A 0 1.1.1.2", "a.org A 0 1.1.1.1"],
            &["a.org A 0 1.1.1.1", "a.org A 0 1.1.1.2"],
            0,
        ),
        // W4
        ("", &["x.org A 0 foo.org"], &[], 1),
        ("", &["x.org A 0 foo.org alias=true"], &["x.org A 0 foo.org alias=true"], 0),
        // W5
        ("", &["m.org MX 0 mail.org", "s.org SRV 0 10_5_80_a.org"], &[], 2),
        // W6
        (
            "--nat64-networks=64:ff9b::/96",
            &["v6.org AAAA 0 64:ff9b::c000:22a;2001:db8::1"],
            &["v6.org A 0 192.0.2.42", "v6.org AAAA 0 2001:db8::1;64:ff9b::c000:22a"],
            0,
        ),
        // W7
        (
            "--target-net-filter=10.0.0.0/8",
            &["a.org A 0 10.0.0.1;8.8.8.8", "b.org CNAME 0 c.org"],
            &["a.org A 0 10.0.0.1"],
            1,
        ),
        // W8
        (
            "--exclude-target-net=10.0.0.0/8",
            &["a.org A 0 10.0.0.1;8.8.8.8", "b.org CNAME 0 c.org"],
            &["a.org A 0 8.8.8.8", "b.org CNAME 0 c.org"],
            0,
        ),
        // W9
        (
            "--create-ptr",
            &["a.org A 300 192.168.49.2", "b.org A 60 192.168.49.2", "*.c.org A 0 192.168.49.2"],
            &[
                "*.c.org A 0 192.168.49.2",
                "2.49.168.192.in-addr.arpa PTR 60 a.org;b.org",
                "a.org A 300 192.168.49.2",
                "b.org A 60 192.168.49.2",
            ],
            0,
        ),
        // W10
        (
            "--create-ptr",
            &["a.org A 0 1.1.1.1 record-type=", "b.org CNAME 0 c.org record-type=ptr"],
            &["a.org A 0 1.1.1.1", "b.org CNAME 0 c.org"],
            0,
        ),
        // W12
        (
            "--default-targets=127.0.0.1 --default-targets=foo.org",
            &["n.org A 0 -"],
            &["n.org A 0 127.0.0.1", "n.org CNAME 0 foo.org"],
            0,
        ),
    ]);
}

#[test]
fn properties_of_other_providers_are_taken_off() {
    let all = "alias=true,aws/weight=1,azure/tags=t,coredns/group=g,\
               external-dns.kubernetes.io/cloudflare-proxied=true,scaleway/x=y,scw/priority=1,webhook/x=y";
    let table: [(Option<&[&str]>, &str); 5] = [
        // W11
        (Some(&["aws/"]), "alias=true,aws/weight=1"),
        (Some(&["scw/", "scaleway/"]), "alias=true,scaleway/x=y,scw/priority=1"),
        (Some(&["web"]), "alias=true,webhook/x=y"),
        (Some(&[]), "alias=true"),
        (None, all),
    ];
    for (own, kept) in table {
        let mut endpoints =
            endpoints(&[&format!("a.org CNAME 0 b.org {all}"), "b.org A 0 1.1.1.1"]);
        retain_properties(&mut endpoints, own);
        assert_eq!(shown(&endpoints[0]), format!("a.org CNAME 0 b.org {kept}"), "{own:?}");
        assert_eq!(shown(&endpoints[1]), "b.org A 0 1.1.1.1");
    }
    let mut unsorted = endpoints(&["a.org CNAME 0 b.org webhook/x=y,alias=true"]);
    retain_properties(&mut unsorted, Some(&["webhook/"]));
    assert_eq!(shown(&unsorted[0]), "a.org CNAME 0 b.org alias=true,webhook/x=y");
}

#[test]
fn ttl_and_alias_defaults() {
    check(&[
        (
            "--min-ttl=60s",
            &["a.org A 5 1.1.1.1", "b.org A 0 1.1.1.1"],
            &["a.org A 5 1.1.1.1", "b.org A 60 1.1.1.1"],
            0,
        ),
        ("--min-ttl=1m30.9s", &["b.org A 0 1.1.1.1"], &["b.org A 90 1.1.1.1"], 0),
        ("--min-ttl=900ms", &["b.org A 0 1.1.1.1"], &["b.org A 0 1.1.1.1"], 0),
        (
            "--prefer-alias",
            &[
                "a.org CNAME 0 x.net webhook/a=1",
                "b.org CNAME 0 x.net alias=false",
                "c.org A 0 1.1.1.1",
            ],
            &[
                "a.org CNAME 0 x.net alias=true,webhook/a=1",
                "b.org CNAME 0 x.net alias=false",
                "c.org A 0 1.1.1.1",
            ],
            0,
        ),
    ]);
}

fn resource(cluster: u16, name: &str) -> Arc<Resource> {
    Arc::new(Resource {
        cluster: ClusterId(cluster),
        kind: ResourceKind::SERVICE,
        namespace: Some("n".into()),
        name: name.into(),
    })
}

#[test]
fn twins_of_several_clusters_are_one_and_the_first_wins() {
    let twins: Vec<_> = (0..3)
        .map(|cluster| {
            let text = format!("a.org A {} 1.1.1.1", 60 - cluster);
            endpoint(&text).wanted_by(resource(cluster, "x"))
        })
        .collect();
    let desired = pipeline("").run(twins);
    assert_eq!(all_shown(&desired), ["a.org A 60 1.1.1.1"]);
    let clusters = desired.endpoints[0].attribution.clusters();
    assert_eq!(clusters, [ClusterId(0), ClusterId(1), ClusterId(2)]);
}

#[test]
fn what_is_dropped_names_its_resource() {
    let inputs = ["a.org A 0 -", "b.org SRV 0 x", "c.org A 0 1.1.1.1", "d.org CNAME 0 d.org"];
    let inputs = inputs.map(|text| endpoint(text).wanted_by(resource(0, "x")));
    let desired = pipeline("--exclude-target-net=1.0.0.0/8").run(inputs.into());
    let dropped: Vec<_> = desired.dropped.iter().map(ToString::to_string).collect();
    assert_eq!(
        dropped,
        [
            "service/n/x: A record \"a.org\": it has no target; give it one, or set --default-targets",
            "service/n/x: SRV record \"b.org\": target \"x\" is not priority, weight, port (0 to 65535 each) and a host with a final dot",
            "service/n/x: CNAME record \"d.org\": a CNAME must not point to itself",
            "service/n/x: A record \"c.org\": no target passes --target-net-filter and --exclude-target-net",
        ]
    );
}

#[test]
fn the_order_of_endpoints_of_one_source_means_nothing() {
    let texts = [
        "b.org A 60 1.1.1.1 record-type=ptr",
        "a.org A 30 1.1.1.1 record-type=ptr",
        "a.org AAAA 30 64:ff9b::1.1.1.1",
        "c.org CNAME 0 a.org",
    ];
    let pipeline = pipeline("--nat64-networks=64:ff9b::/96");
    let forwards = pipeline.run(endpoints(&texts));
    let mut backwards = endpoints(&texts);
    backwards.reverse();
    assert_eq!(all_shown(&forwards), all_shown(&pipeline.run(backwards)));
}

#[test]
fn flags_that_say_something_wrong() {
    let table = [
        ("--label-filter=a=b=c", "--label-filter does not specify a valid label selector"),
        ("--annotation-filter=a>1", "--annotation-filter does not specify a valid label selector"),
        ("--annotation-prefix=", "--annotation-prefix cannot be empty"),
        ("--annotation-prefix=x", "--annotation-prefix must end with '/'"),
        (
            "--ingress-class=a --annotation-filter=kubernetes.io/ingress.class=a",
            "--ingress-class is mutually exclusive with the kubernetes.io/ingress.class annotation filter",
        ),
        ("--ingress-class=a/b", "--ingress-class: \"a/b\" is no class"),
        (
            "--service-type-filter=clusterip",
            "--service-type-filter: \"clusterip\" is no service type; use ClusterIP, NodePort, LoadBalancer or ExternalName",
        ),
        ("--exclude-target-net=x", "--exclude-target-net: \"x\" is no network in CIDR form"),
    ];
    for (flags, message) in table {
        let error = options(flags).expect_err(flags).to_string();
        assert!(error.starts_with(message), "{flags}: {error}");
    }
    assert!(options("--service-type-filter=").is_ok());
    assert!(options("--annotation-filter=kubernetes.io/ingress.class=a").is_ok());
}

#[test]
fn a_source_that_does_not_exist_is_answered_with_those_that_do() {
    let error = Cli::try_parse_from(["test", "--source=gnome"]).err().unwrap().to_string();
    let names: Vec<_> = crate::table::SOURCES.iter().map(|entry| entry.name).collect();
    assert!(error.contains(&format!("[possible values: {}]", names.join(", "))), "{error}");
    assert!(Cli::try_parse_from(["test"]).is_err(), "a source is required");
}
