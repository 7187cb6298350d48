//! Whether the zones are as they were read.

use std::collections::BTreeMap;
use std::time::Duration;

use extdns_auth::{AwsOptions, AwsVariables, aws_identity};
use extdns_model::{Permit, ZoneIndex};
use extdns_providers::aws::{self, Login};
use extdns_providers::engine::Zoned;
use extdns_providers::{Context, Deadline, Provider, Reader as _};
use extdns_testkit::route53::{Fault, Operation, RecordSet, Route53Sim, Zone};

use crate::aws::support::args;

/// A provider with the HTTP client that identities have: answers pass through it.
async fn provider(sim: &Route53Sim, flags: &[&str]) -> Zoned {
    let url = sim.url();
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &*url),
    ];
    let variables: BTreeMap<String, String> =
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let variables = AwsVariables::of(&variables);
    let identity = aws_identity(&AwsOptions { variables, ..AwsOptions::default() }).await;
    let login = Login::new("default", &identity.expect("an identity"));
    aws::over(vec![login], &args(flags), &Context::default())
}

/// A zone of seven pages, beside a small one.
fn zones(sim: &Route53Sim) -> [Zone; 2] {
    let [large, small] = ["e.test", "f.test"].map(|name| sim.zone(name));
    large.fill(2_000);
    [large, small]
}

async fn is_as_read(provider: &dyn Provider) -> bool {
    provider.is_as_read(Deadline::within(Duration::from_secs(60))).await
}

#[tokio::test]
async fn zones_that_nobody_changed_are_as_read_for_the_same_calls() {
    let sim = Route53Sim::start();
    zones(&sim);
    let provider = provider(&sim, &[]).await;
    assert!(!is_as_read(&provider).await, "nothing was read yet");
    provider.read().await.expect("readable");
    let reads = sim.reads();
    for times in 2..4 {
        assert!(is_as_read(&provider).await);
        assert_eq!(sim.reads(), times * reads);
    }
}

/// Each change that somebody else makes, anywhere in the zones.
#[tokio::test]
async fn every_change_of_somebody_else_is_seen() {
    let sim = Route53Sim::start();
    let [large, small] = zones(&sim);
    let provider = provider(&sim, &["--aws-zone-tags=team=dns"]).await;
    for zone in [&large, &small] {
        zone.tag("team", "dns");
    }
    let changes: [(&str, &dyn Fn()); 8] = [
        ("a record more", &|| {
            small.seed([RecordSet::a("new.f.test", "192.0.2.1")]);
        }),
        ("another value", &|| {
            small.seed([RecordSet::a("new.f.test", "192.0.2.2")]);
        }),
        ("another TTL", &|| {
            small.seed([RecordSet::a("new.f.test", "192.0.2.2").ttl(7)]);
        }),
        ("a record less", &|| {
            small.remove("new.f.test");
        }),
        ("on the first page", &|| {
            large.seed([RecordSet::a("h0000000.e.test", "192.0.2.3")]);
        }),
        ("on the last page", &|| {
            large.seed([RecordSet::a("h0001999.e.test", "192.0.2.3")]);
        }),
        ("a zone more", &|| {
            sim.zone("g.test");
        }),
        ("another tag", &|| {
            small.tag("team", "web");
        }),
    ];
    for (what, change) in changes {
        provider.read().await.expect("readable");
        assert!(is_as_read(&provider).await, "before: {what}");
        change();
        assert!(!is_as_read(&provider).await, "{what}");
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_no_yes() {
    let sim = Route53Sim::start();
    zones(&sim);
    let writing = provider(&sim, &[]).await;
    writing.read().await.expect("readable");
    let _writer = writing.writer(&Permit::grant(), &ZoneIndex::default()).expect("a writer");
    assert!(!is_as_read(&writing).await, "something may have been written");

    let failing = provider(&sim, &["--aws-api-retries=1"]).await;
    failing.read().await.expect("readable");
    sim.fault(Fault::unavailable().on(Operation::ListResourceRecordSets).always());
    assert!(!is_as_read(&failing).await, "a page does not come");
    failing.read().await.expect("the zones are listed");
    sim.heal();
    assert!(!is_as_read(&failing).await, "a zone could not be read");
    failing.read().await.expect("readable");
    assert!(is_as_read(&failing).await, "it can be told again");

    let cached = provider(&sim, &["--aws-zones-cache-duration=1h"]).await;
    cached.read().await.expect("readable");
    assert!(is_as_read(&cached).await, "the zones were listed");
    cached.read().await.expect("readable");
    assert!(!is_as_read(&cached).await, "a zone more would never be seen");
}

/// The SDK repeats nothing here, so one answer that asks for patience is repeated by the engine.
#[tokio::test]
async fn a_call_that_is_throttled_is_made_again() {
    let sim = Route53Sim::start();
    zones(&sim);
    let provider = provider(&sim, &[]).await;
    provider.read().await.expect("readable");
    sim.fault(Fault::throttling().on(Operation::ListResourceRecordSets));
    assert!(is_as_read(&provider).await);
}
