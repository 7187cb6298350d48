//! moto and the AWS CLI: that both run, and that clusters are as they were given.

use extdns_testkit::moto::{ACCOUNT, EksCluster, Moto};
use serde_json::{Value, json};

#[tokio::test]
async fn the_cli_finds_what_it_made_and_the_clusters_that_were_given() {
    let making =
        EksCluster { status: "CREATING".into(), endpoint: None, ..EksCluster::new("new", "", "") };
    let clusters = [EksCluster::new("prod", "https://127.0.0.1:6443", "PEM"), making];
    let test = "the_cli_finds_what_it_made";
    let Some(moto) = Moto::with_clusters_or_skip(test, &clusters).await else { return };

    let who = moto.aws(&["sts", "get-caller-identity"]);
    assert_eq!(who["Account"], ACCOUNT);
    let zone = ["--name", "example.org", "--caller-reference", "1"];
    moto.aws(&[&["route53", "create-hosted-zone"], &zone[..]].concat());
    let zones = moto.aws(&["route53", "list-hosted-zones", "--query", "HostedZones[].Name"]);
    assert_eq!(zones, json!(["example.org."]));

    let prod = &moto.aws(&["eks", "describe-cluster", "--name", "prod"])["cluster"];
    assert_eq!(prod["endpoint"], "https://127.0.0.1:6443");
    assert_eq!(prod["certificateAuthority"]["data"], "UEVN");
    let new = &moto.aws(&["eks", "describe-cluster", "--name", "new"])["cluster"];
    assert_eq!((&new["status"], &new["endpoint"]), (&json!("CREATING"), &Value::Null));
    assert!(moto.log().contains("GET /clusters/prod"), "{}", moto.log());
}
