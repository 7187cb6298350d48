//! Route 53 as others emulate it: that requests and answers are those of AWS. What moto does with a
//! batch differs from AWS; that is the simulator's part.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_route53::Client;
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType, Tag,
    TagResourceType,
};
use extdns_auth::AwsIdentity;
use extdns_model::{Action, Inventory, RecordSet, RecordType, ZoneKey};
use extdns_providers::aws::{self, Login};
use extdns_providers::engine::Zoned;
use extdns_providers::{Context, Reader as _};
use extdns_testkit::moto::{ACCOUNT, Moto};
use serde_json::{Value, json};

use crate::aws::support::{
    adjusted, all_applied, apply, args, create, found, group, pair, plain, record, set, stored,
    with,
};

const TEXT: &str =
    "\"heritage=external-dns,external-dns/owner=me,external-dns/resource=service/shop/web\"";

fn config(moto: &Moto) -> SdkConfig {
    let credentials = Credentials::new("AKIATEST", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(moto.url())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .build()
}

fn provider(moto: &Moto, flags: &[&str]) -> Zoned {
    let identity = AwsIdentity { config: config(moto), account: ACCOUNT.to_owned() };
    let logins = vec![Login::new("default", &identity)];
    aws::over(logins, &args(flags), &Context::default())
}

/// Makes a zone, and returns its id.
async fn zone(client: &Client, name: &str) -> String {
    let made = client.create_hosted_zone().name(name).caller_reference(name).send().await;
    let zone = made.expect("made").hosted_zone.expect("a zone");
    zone.id.trim_start_matches("/hostedzone/").to_owned()
}

/// What the AWS CLI shows of a record set.
fn shown(moto: &Moto, zone: &str, name: &str, rtype: &str) -> Value {
    let query = format!("ResourceRecordSets[?Name=='{name}' && Type=='{rtype}']");
    let list = ["route53", "list-resource-record-sets", "--hosted-zone-id", zone];
    moto.aws(&[&list[..], &["--query", &query]].concat())
}

fn of_others(inventory: &Inventory) -> Vec<String> {
    let records = inventory.records();
    let others = records.filter(|(_, it)| it.set.rtype != RecordType::Ns);
    others.map(|(_, record)| record.set.to_string()).collect()
}

/// One record set of each shape that the provider writes.
fn desired() -> Vec<RecordSet> {
    use RecordType::{A, Aaaa, Cname, Mx, Naptr, Ptr, Srv, Txt};
    let lb = "web-1.eu-central-1.elb.amazonaws.com";
    let sibling = |id: &str, weight: &str| {
        with(set("w.e.test", A, 60, &["192.0.2.9"]), &[("aws/weight", weight)])
            .with_set_identifier(id)
    };
    let country = [("aws/geolocation-country-code", "DE")];
    vec![
        set("a.e.test", A, 60, &["192.0.2.1", "192.0.2.2"]),
        set("aaaa.e.test", Aaaa, 60, &["2001:db8::1"]),
        set("*.wild.e.test", A, 60, &["192.0.2.3"]),
        set("cname.e.test", Cname, 60, &["other.example.org"]),
        set("lb.e.test", Cname, 300, &[lb]),
        set("mx.e.test", Mx, 60, &["10 m1.example.org", "20 m2.example.org"]),
        set("naptr.e.test", Naptr, 60, &["100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:i@e.test!\" ."]),
        set("ptr.e.test", Ptr, 60, &["host.e.test"]),
        set("srv.e.test", Srv, 60, &["0 5 443 host.e.test"]),
        set("txt.e.test", Txt, 60, &["v=spf1 -all"]),
        with(set("geo.e.test", A, 60, &["192.0.2.7"]), &country).with_set_identifier("de"),
        sibling("blue", "10"),
        sibling("green", "20"),
    ]
}

/// What is written is what is desired, as read back: so a second run has nothing to do.
#[tokio::test]
async fn each_kind_of_record_comes_back_as_it_was_desired() {
    let Some(moto) = Moto::start_or_skip("each_kind_of_record_comes_back").await else { return };
    zone(&Client::new(&config(&moto)), "e.test").await;
    let provider = provider(&moto, &[]);
    all_applied(&create(&provider, desired()).await);

    let inventory = provider.read().await.expect("readable");
    let mut read = of_others(&inventory);
    let mut expected: Vec<String> = adjusted(&provider, desired())
        .await
        .iter()
        .map(|endpoint| endpoint.set.to_string())
        .collect();
    read.sort();
    expected.sort();
    assert_eq!(read, expected);
    assert_eq!(moto.log().matches("POST /2013-04-01/hostedzone/").count(), 1, "one batch");
}

#[tokio::test]
async fn a_record_and_its_ownership_come_change_and_go() {
    let Some(moto) = Moto::start_or_skip("a_record_and_its_ownership").await else { return };
    let id = zone(&Client::new(&config(&moto)), "e.test").await;
    let provider = provider(&moto, &[]);
    let a = |target| set("www.e.test", RecordType::A, 300, &[target]);

    let inventory = provider.read().await.expect("readable");
    let made = pair(ZoneKey(0), a("192.0.2.1"), TEXT);
    all_applied(&apply(&provider, &inventory, vec![made]).await);
    assert_eq!(
        shown(&moto, &id, "a-www.e.test.", "TXT"),
        json!([{ "Name": "a-www.e.test.", "Type": "TXT", "TTL": 300, "ResourceRecords": [{ "Value": TEXT }] }])
    );

    let inventory = provider.read().await.expect("readable");
    let old = stored(found(&inventory, "www.e.test", RecordType::A));
    let update = record(Action::Update { old, new: plain(a("192.0.2.2")) });
    all_applied(&apply(&provider, &inventory, vec![group(ZoneKey(0), vec![update])]).await);
    let values = &shown(&moto, &id, "www.e.test.", "A")[0]["ResourceRecords"];
    assert_eq!(values, &json!([{ "Value": "192.0.2.2" }]));

    let inventory = provider.read().await.expect("readable");
    let delete = |name, rtype| record(Action::Delete(stored(found(&inventory, name, rtype))));
    let gone = vec![delete("www.e.test", RecordType::A), delete("a-www.e.test", RecordType::Txt)];
    all_applied(&apply(&provider, &inventory, vec![group(ZoneKey(0), gone)]).await);
    assert_eq!(of_others(&provider.read().await.expect("readable")), [""; 0]);
}

/// Two pages of zones, and two of record sets.
#[tokio::test]
async fn pages_are_followed() {
    let Some(moto) = Moto::start_or_skip("pages_are_followed").await else { return };
    let client = Client::new(&config(&moto));
    for n in 0..101 {
        zone(&client, &format!("z{n:03}.test")).await;
    }
    let id = zone(&client, "e.test").await;
    let created = (0..302).map(|n| {
        let value = ResourceRecord::builder().value("192.0.2.1").build().expect("a value");
        let set = ResourceRecordSet::builder()
            .name(format!("h{n:03}.e.test"))
            .r#type(RrType::A)
            .ttl(60)
            .resource_records(value)
            .build()
            .expect("a record set");
        let change = Change::builder().action(ChangeAction::Create).resource_record_set(set);
        change.build().expect("a change")
    });
    let batch = ChangeBatch::builder().set_changes(Some(created.collect())).build().expect("many");
    let sent = client.change_resource_record_sets().hosted_zone_id(&id).change_batch(batch).send();
    sent.await.expect("created");

    let inventory = provider(&moto, &[]).read().await.expect("readable");
    assert_eq!(of_others(&inventory).len(), 302);
    assert_eq!(inventory.index.len(), 102);
}

#[tokio::test]
async fn zones_are_chosen_by_their_tags() {
    let Some(moto) = Moto::start_or_skip("zones_are_chosen_by_their_tags").await else { return };
    let client = Client::new(&config(&moto));
    let id = zone(&client, "tagged.test").await;
    zone(&client, "other.test").await;
    let tag = Tag::builder().key("team").value("dns").build();
    let tagged = client
        .change_tags_for_resource()
        .resource_type(TagResourceType::Hostedzone)
        .resource_id(id)
        .add_tags(tag);
    tagged.send().await.expect("tagged");
    let inventory = provider(&moto, &["--aws-zone-tags=team=dns"]).read().await.expect("readable");
    let names: Vec<String> =
        inventory.index.iter().map(|(_, zone)| zone.name.to_string()).collect();
    assert_eq!(names, ["tagged.test"]);
}
