//! What Route 53 makes of desired endpoints.

use extdns_model::{Endpoint, RecordSet, RecordType, ZoneIndex};
use extdns_providers::Reader as _;
use extdns_testkit::log::Log;
use extdns_testkit::route53::{Route53Sim, Routing};

use crate::aws::support::{adjusted, all_applied, create, provider, set, with};

const LB: &str = "lb.eu-central-1.elb.amazonaws.com";

async fn texts(flags: &[&str], desired: Vec<RecordSet>) -> Vec<String> {
    let provider = provider(&Route53Sim::start(), flags);
    adjusted(&provider, desired).await.iter().map(|it| it.set.to_string()).collect()
}

fn desired(rtype: RecordType, ttl: i64, target: &str, pairs: &[(&str, &str)]) -> RecordSet {
    with(set("w.e.test", rtype, ttl, &[target]), pairs)
}

#[tokio::test]
async fn r53_case_16_adjust() {
    use RecordType::{A, Aaaa, Cname};
    const ETH: &str = "aws/evaluate-target-health";
    let cases: [(RecordSet, &[&str]); 11] = [
        (desired(A, 60, "192.0.2.1", &[]), &["w.e.test 60 IN A  192.0.2.1 []"]),
        (
            desired(Cname, 60, "foo.example.com", &[]),
            &["w.e.test 60 IN CNAME  foo.example.com [{alias false}]"],
        ),
        (
            desired(A, 60, "x.e.test", &[("alias", "true")]),
            &["w.e.test 300 IN A  x.e.test [{alias true} {aws/evaluate-target-health true}]"],
        ),
        (
            desired(Aaaa, 0, "x.e.test", &[("alias", "true")]),
            &["w.e.test 0 IN AAAA  x.e.test [{alias true} {aws/evaluate-target-health true}]"],
        ),
        (
            desired(Cname, 0, LB, &[]),
            &[
                "w.e.test 0 IN A  lb.eu-central-1.elb.amazonaws.com [{alias true} {aws/evaluate-target-health true}]",
                "w.e.test 0 IN AAAA  lb.eu-central-1.elb.amazonaws.com [{alias true} {aws/evaluate-target-health true}]",
            ],
        ),
        (
            desired(Cname, 60, LB, &[("alias", "false"), (ETH, "true")]),
            &["w.e.test 60 IN CNAME  lb.eu-central-1.elb.amazonaws.com [{alias false}]"],
        ),
        // What the annotation `alias: "false"` becomes, with --prefer-alias, too.
        (
            desired(Cname, 10, LB, &[("aws/alias", "false")]),
            &["w.e.test 10 IN CNAME  lb.eu-central-1.elb.amazonaws.com [{alias false}]"],
        ),
        (
            desired(Cname, 10, LB, &[("aws/alias", "false"), ("alias", "true")]),
            &["w.e.test 10 IN CNAME  lb.eu-central-1.elb.amazonaws.com [{alias false}]"],
        ),
        (
            desired(A, 60, "192.0.2.1", &[("aws/alias", "false")]),
            &["w.e.test 60 IN A  192.0.2.1 []"],
        ),
        (
            desired(Cname, 60, LB, &[(ETH, "false")]),
            &[
                "w.e.test 300 IN A  lb.eu-central-1.elb.amazonaws.com [{aws/evaluate-target-health false} {alias true}]",
                "w.e.test 300 IN AAAA  lb.eu-central-1.elb.amazonaws.com [{aws/evaluate-target-health false} {alias true}]",
            ],
        ),
        (
            desired(A, 60, "192.0.2.1", &[("aws/geoproximity-region", "eu-west-1")])
                .with_set_identifier("x"),
            &[
                "w.e.test 60 IN A x 192.0.2.1 [{aws/geoproximity-region eu-west-1} {aws/geoproximity-bias 0}]",
            ],
        ),
    ];
    for (desired, expected) in cases {
        let given = desired.to_string();
        assert_eq!(texts(&[], vec![desired]).await, expected, "{given}");
    }
    let off =
        texts(&["--aws-evaluate-target-health=false"], vec![desired(Cname, 0, LB, &[])]).await;
    assert!(off.iter().all(|text| text.contains("health false")), "{off:?}");
    let order = vec![desired(Cname, 0, LB, &[]), set("z.e.test", A, 60, &["192.0.2.1"])];
    let order = texts(&[], order).await;
    assert!(
        order[1].starts_with("z.") && order[2].contains(" AAAA "),
        "AAAA record sets come last: {order:?}"
    );
}

#[tokio::test]
async fn r53_case_17_adjust_odd_values() {
    use RecordType::{A, Cname, Mx};
    const ETH: &str = "aws/evaluate-target-health";
    const PREFER: &[&str] = &["--aws-prefer-cname"];
    let alias =
        |rtype: &str| format!("w.e.test 300 IN {rtype}  x.test [{{alias true}} {{{ETH} true}}]");
    let (a, aaaa) = (alias("A"), alias("AAAA"));
    let cases: [(&[&str], RecordSet, Vec<&str>); 8] = [
        (
            &[],
            desired(A, 60, "192.0.2.1", &[("alias", "false"), (ETH, "true")]),
            vec!["w.e.test 60 IN A  192.0.2.1 []"],
        ),
        (
            &[],
            desired(A, 60, "x.test", &[("alias", "true"), (ETH, "invalid")]),
            vec!["w.e.test 300 IN A  x.test [{alias true} {aws/evaluate-target-health false}]"],
        ),
        (
            &[],
            desired(Cname, 60, "x.test", &[("alias", "invalid")]),
            vec!["w.e.test 60 IN CNAME  x.test [{alias false}]"],
        ),
        (&[], desired(Cname, 60, "x.test", &[("alias", "A")]), vec![&a]),
        (&[], desired(Cname, 60, "x.test", &[("alias", "AAAA")]), vec![&aaaa]),
        (
            PREFER,
            desired(Cname, 60, LB, &[]),
            vec!["w.e.test 60 IN CNAME  lb.eu-central-1.elb.amazonaws.com [{alias false}]"],
        ),
        (PREFER, desired(Cname, 60, "x.test", &[("alias", "true")]), vec![&a, &aaaa]),
        (&[], desired(Mx, 60, "10 x.test", &[]), vec!["w.e.test 60 IN MX  10 x.test []"]),
    ];
    for (flags, desired, expected) in cases {
        let given = desired.to_string();
        assert_eq!(texts(flags, vec![desired]).await, expected, "{given}");
    }
}

/// What would be updated in every run, or be refused.
#[tokio::test]
async fn endpoints_that_are_changed_are_noted() {
    use RecordType::{A, Cname, Dname, Mx};
    let cases = [
        (desired(A, 60, "192.0.2.1", &[("aws/weight", "1")]), "needs a set identifier"),
        (desired(A, 60, "192.0.2.1", &[("aws/unheard-of", "1")]), "no property of Route 53"),
        (desired(Dname, 60, "x.test", &[]), "does not store DNAME"),
        (desired(Cname, 60, "x.other", &[("alias", "true")]), "Route 53 will refuse it"),
    ];
    let sim = Route53Sim::start();
    sim.zone("e.test");
    let zones = provider(&sim, &[]).read().await.expect("readable").index;
    // It knows the zones from the index alone.
    let provider = provider(&Route53Sim::start(), &[]);
    for (desired, expected) in cases {
        let given = desired.to_string();
        let adjusted =
            provider.adjust(vec![Endpoint::from_set(desired)], &zones).await.expect("adjusted");
        let notes: Vec<_> = adjusted.notes.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!(notes.len(), 1, "{given}: {notes:?}");
        assert!(notes[0].contains(expected), "{given}: {notes:?}");
    }
    let quiet = [
        desired(Cname, 60, "in.e.test", &[("alias", "true")]),
        desired(Cname, 60, "x.other", &[("alias", "true"), ("aws/target-hosted-zone", "Z1")]),
        desired(Cname, 60, "b.s3-website-eu-west-1.amazonaws.com", &[("alias", "true")]),
        desired(Mx, 60, "10 x.test", &[("alias", "true"), ("record-type", "ptr")]),
    ];
    for desired in quiet {
        let given = desired.to_string();
        let adjusted =
            provider.adjust(vec![Endpoint::from_set(desired)], &zones).await.expect("adjusted");
        assert!(adjusted.notes.is_empty(), "{given}: {:?}", adjusted.notes);
    }
}

#[tokio::test]
async fn health_of_cloudfront_is_never_evaluated() {
    let desired = desired(
        RecordType::Cname,
        0,
        "d1.cloudfront.net",
        &[("aws/evaluate-target-health", "true")],
    );
    let found = texts(&[], vec![desired]).await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|text| text.contains("health false")), "{found:?}");
}

/// Names that AWS may have given, in a place that the table does not know, are worth a look.
#[tokio::test]
async fn r53_case_34_a_name_of_aws_without_a_known_zone_is_warned_about() {
    const WARNING: &str = "Could not find canonical hosted zone for domain";
    let cases = [
        ("foo.elb.eastwest-1.amazonaws.com", true),
        ("ec2-192-0-2-1.eu-west-1.compute.amazonaws.com", true),
        ("foo.example.org", false),
        ("xcloudfront.net", false),
        (LB, false),
    ];
    for (target, warned) in cases {
        let log = Log::at(tracing::Level::DEBUG);
        let found = texts(&[], vec![desired(RecordType::Cname, 60, target, &[])]).await;
        if target == LB {
            assert!(found.len() == 2 && found.iter().all(|it| it.contains("{alias true}")));
        } else {
            let cname = format!("w.e.test 60 IN CNAME  {target} [{{alias false}}]");
            assert_eq!(found, [cname]);
        }
        let warnings = log.with("WARN", WARNING);
        assert_eq!(warnings.len(), usize::from(warned), "{target}: {warnings:?}");
        assert!(warnings.iter().all(|line| line.contains(&format!(
            "{WARNING} {target}. This may be because your region is not supported yet."
        ))));
    }
}

/// The weight is sent as 0, and why is logged and noted.
#[tokio::test]
async fn r53_case_40_a_weight_that_is_no_number() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let log = Log::at(tracing::Level::DEBUG);
    let desired = desired(RecordType::A, 60, "192.0.2.1", &[("aws/weight", "abc")])
        .with_set_identifier("one");
    let provider = provider(&sim, &[]);
    let notes = provider
        .adjust(vec![Endpoint::from_set(desired.clone())], &ZoneIndex::default())
        .await
        .expect("ok")
        .notes;
    assert_eq!(notes.len(), 1);
    assert!(notes[0].reason.contains("aws/weight \"abc\""), "{notes:?}");
    let text =
        "Failed parsing value of aws/weight: abc: invalid digit found in string; using weight of 0";
    assert_eq!(log.with("ERROR", text).len(), 1);
    all_applied(&create(&provider, vec![desired]).await);
    let stored = zone.find("w.e.test", "A");
    assert_eq!(stored[0].routing.as_deref(), Some(&Routing::Weighted(0)));
    let body = sim.requests().iter().find(|it| it.method == "POST").expect("a write").body.clone();
    assert!(String::from_utf8_lossy(&body).contains("<Weight>0</Weight>"));
}
