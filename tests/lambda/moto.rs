//! The whole way in AWS, as far as moto goes: a role by STS, the cluster by EKS, the records by Route 53.

use extdns_testkit::kube_sim::KubeSim;
use extdns_testkit::lambda::Lambda;
use extdns_testkit::moto::{EksCluster, Moto};
use serde_json::{Value, json};

use crate::support::{PLENTY, binary, schedule};

const SERVICE: &str = r#"
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations: { external-dns.alpha.kubernetes.io/hostname: web.example.org }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.7 }] } }
"#;

#[tokio::test]
async fn a_schedule_reads_an_eks_cluster_and_writes_a_hosted_zone() {
    let cluster = KubeSim::builder().yaml(SERVICE).tls().start();
    let ca = cluster.ca().expect("a simulator with TLS");
    let clusters = [EksCluster::new("prod", &cluster.url(), &ca)];
    let test = "a_schedule_reads_an_eks_cluster";
    let Some(moto) = Moto::with_clusters_or_skip(test, &clusters).await else { return };
    let zone = ["--name", "example.org", "--caller-reference", "1"];
    let zone = moto.aws(&[&["route53", "create-hosted-zone"], &zone[..]].concat());
    let id = zone["HostedZone"]["Id"].as_str().expect("an id").to_owned();

    let own = [
        ("EXTERNAL_DNS_SOURCE", "service"),
        ("EXTERNAL_DNS_EKS_CLUSTER", "prod"),
        ("EXTERNAL_DNS_EKS_ASSUME_ROLE", "arn:aws:iam::123456789012:role/cluster-reader"),
        ("EXTERNAL_DNS_PROVIDER", "aws"),
        ("EXTERNAL_DNS_AWS_ASSUME_ROLE", "arn:aws:iam::123456789012:role/dns-writer"),
        ("EXTERNAL_DNS_DOMAIN_FILTER", "example.org"),
        ("EXTERNAL_DNS_TXT_OWNER_ID", "prod"),
        ("EXTERNAL_DNS_POLICY", "sync"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let aws = moto.variables().into_iter().map(|(name, value)| (name.to_owned(), value));
    let mut function = Lambda::new(binary(), aws.chain(own));
    let mut ask = |event: &Value| match function.invoke(event, PLENTY) {
        Ok(answer) => answer.json(),
        Err(error) => panic!("{error:?}\n{}\n{}", function.log(), moto.log()),
    };
    let answer = ask(&json!({}));
    assert_eq!((&answer["ok"], &answer["totals"]["create"]), (&json!(true), &json!(1)), "{answer}");
    let answer = ask(&schedule());
    assert_eq!((&answer["ok"], &answer["mode"]), (&json!(true), &json!("apply")), "{answer}");
    let records = ["list-resource-record-sets", "--hosted-zone-id", &id, "--query"];
    let query = ["ResourceRecordSets[?Type=='A'].[Name,ResourceRecords[0].Value]"];
    let records = moto.aws(&[&["route53"], &records[..], &query[..]].concat());
    assert_eq!(records, json!([["web.example.org.", "192.0.2.7"]]));
    let answer = ask(&schedule());
    assert_eq!((&answer["ok"], &answer["changes"]), (&json!(true), &json!([])), "{answer}");

    let log = moto.log();
    for call in ["GET /clusters/prod", "/2013-04-01/hostedzone"] {
        assert!(log.contains(call), "{call}\n{log}");
    }
    let authorizations = cluster.requests();
    let bearer =
        |header: Option<&str>| header.is_some_and(|it| it.starts_with("Bearer k8s-aws-v1."));
    assert!(authorizations.iter().all(|request| bearer(request.header("authorization"))));
}

#[tokio::test]
async fn a_configuration_of_ssm_is_read_and_the_whole_report_is_stored_in_s3() {
    let Some(moto) = Moto::start_or_skip("a_configuration_of_ssm_is_read").await else { return };
    let zone = ["--name", "example.org", "--caller-reference", "1"];
    moto.aws(&[&["route53", "create-hosted-zone"], &zone[..]].concat());
    moto.aws(&[
        "s3api",
        "create-bucket",
        "--bucket",
        "reports",
        "--create-bucket-configuration",
        "LocationConstraint=eu-west-1",
    ]);
    let dir = tempfile::TempDir::new().expect("a folder");
    let manifests = dir.path().join("web.yaml");
    std::fs::write(&manifests, SERVICE).expect("written");
    let config = format!(
        "apiVersion: extdns/v1\ndefaults: {{ sources: [service], policy: sync, txtOwnerId: prod }}\nclusters:\n  - \
         {{ name: prod, manifests: [{}] }}\ntargets:\n  - {{ name: public, provider: aws, domainFilter: [example.org] }}\n",
        manifests.display()
    );
    moto.aws(&[
        "ssm",
        "put-parameter",
        "--name",
        "/extdns",
        "--type",
        "SecureString",
        "--value",
        &config,
    ]);
    let own = [
        ("EXTERNAL_DNS_CONFIG", "ssm:/extdns"),
        ("EXTERNAL_DNS_REPORT", "s3://reports/extdns/last.json"),
        ("EXTERNAL_DNS_LOG_FORMAT", "json"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let aws = moto.variables().into_iter().map(|(name, value)| (name.to_owned(), value));
    let mut function = Lambda::new(binary(), aws.chain(own));
    let answer = match function.invoke(&schedule(), PLENTY) {
        Ok(answer) => answer.json(),
        Err(error) => panic!("{error:?}\n{}\n{}", function.log(), moto.log()),
    };
    assert_eq!((&answer["ok"], &answer["totals"]["create"]), (&json!(true), &json!(1)), "{answer}");
    let path = dir.path().join("last.json");
    let path = path.to_str().expect("text");
    moto.aws(&["s3api", "get-object", "--bucket", "reports", "--key", "extdns/last.json", path]);
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("a report")).expect("JSON");
    assert_eq!(report["targets"][0]["name"], "public", "{report}");
}
