//! What upstream's own runs leave at services that are simulated in their dialects.

use extdns_model::RecordType;
use extdns_providers::conformance::{Dialect, Front, HttpSim, SECRET};
use extdns_providers::{
    akamai, alibabacloud, civo, dnsimple, exoscale, godaddy, linode, ns1, oci, ovh, scaleway,
    tencentcloud, vultr,
};

use super::wire::{Case, Extra, Service, ZONES, replay_with};

/// The records with which a service began that upstream's run had and ours has not.
const NONE: &[(&str, RecordType, i64, &[&str])] = &[];

fn behind(front: Front, dialect: Dialect) -> Service {
    Service::Http(Box::new(HttpSim::behind(front, dialect, &ZONES)))
}

fn url(service: &Service) -> String {
    let Service::Http(sim) = service else { panic!("a simulated service") };
    sim.url()
}

/// A file that stays as long as the test.
fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn vultr_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "vultr",
        variables: ["VULTR_API_KEY", "VULTR_API_URL"],
        credentials: SECRET,
        path: "/v2",
        seed: NONE,
        differences: &[],
    };
    let service = behind(vultr::dialect::FRONT, vultr::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn civo_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "civo",
        variables: ["CIVO_TOKEN", "CIVO_API_URL"],
        credentials: SECRET,
        path: "/v2",
        seed: NONE,
        differences: &[],
    };
    let service = behind(Front::NONE, civo::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn linode_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "linode",
        variables: ["LINODE_TOKEN", "LINODE_URL"],
        credentials: SECRET,
        path: "",
        seed: NONE,
        differences: &[],
    };
    let service = behind(Front::NONE, linode::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dnsimple_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "dnsimple",
        variables: ["DNSIMPLE_OAUTH", "DNSIMPLE_API_URL"],
        credentials: SECRET,
        path: "/v2",
        seed: NONE,
        differences: &[],
    };
    let service = behind(dnsimple::dialect::FRONT, dnsimple::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn godaddy_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "godaddy",
        variables: ["", "GODADDY_API_URL"],
        credentials: "",
        path: "/v1",
        seed: NONE,
        differences: &[],
    };
    let service = behind(godaddy::dialect::FRONT, godaddy::dialect::DIALECT);
    let secret = format!("--godaddy-api-secret={SECRET}");
    let flags = [
        ("--godaddy-api-key=key1", "--godaddy-api-key=key"),
        ("--godaddy-api-secret=secret1", secret.as_str()),
    ];
    replay_with(&case, &service, &Extra { flags: &flags, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scaleway_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "scaleway",
        variables: ["SCW_SECRET_KEY", "SCW_API_URL"],
        credentials: scaleway::dialect::KEY,
        path: "",
        seed: NONE,
        differences: &[],
    };
    let service = behind(scaleway::dialect::FRONT, scaleway::dialect::DIALECT);
    let variables = [("SCW_ACCESS_KEY", "SCW00000000000000000")];
    replay_with(&case, &service, &Extra { variables: &variables, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ns1_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "ns1",
        variables: ["NS1_APIKEY", "NS1_API_URL"],
        credentials: SECRET,
        path: "/v1/",
        seed: NONE,
        differences: &[],
    };
    let service = behind(ns1::dialect::FRONT, ns1::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exoscale_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "exoscale",
        variables: ["", "EXOSCALE_API_URL"],
        credentials: "",
        path: "/v2",
        seed: NONE,
        differences: &[],
    };
    let service = behind(exoscale::dialect::FRONT, exoscale::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ovh_leaves_the_zones_that_upstream_leaves() {
    let service = behind(ovh::dialect::FRONT, ovh::dialect::DIALECT);
    let case = Case {
        provider: "ovh",
        variables: ["OVH_APPLICATION_SECRET", ""],
        credentials: SECRET,
        path: "",
        seed: NONE,
        differences: &[],
    };
    let endpoint = format!("--ovh-endpoint={}/1.0", url(&service));
    let extra = Extra {
        variables: &[("OVH_APPLICATION_KEY", "app"), ("OVH_CONSUMER_KEY", "consumer")],
        flags: &[("--ovh-endpoint=ovh-eu", endpoint.as_str())],
        ..Extra::default()
    };
    replay_with(&case, &service, &extra).await;
}

async fn alibaba(recorded: Option<&'static str>, service: &Service, differences: Differences) {
    let case = Case {
        provider: "alibabacloud",
        variables: ["", "ALIBABA_CLOUD_API_URL"],
        credentials: "",
        path: "",
        seed: NONE,
        differences,
    };
    let vpc = alibabacloud::dialect::VPC;
    let file = file(&format!("accessKeyId: id\naccessKeySecret: {SECRET}\nvpcId: {vpc}\n"));
    let flag = format!("--alibaba-cloud-config-file={}", file.path().display());
    let flags = [("", flag.as_str())];
    replay_with(&case, service, &Extra { recorded, flags: &flags, ..Extra::default() }).await;
}

type Differences = &'static [(&'static [usize], &'static str)];

#[tokio::test(flavor = "multi_thread")]
async fn alibabacloud_leaves_the_zones_that_upstream_leaves() {
    let service = behind(alibabacloud::dialect::FRONT, alibabacloud::dialect::DIALECT);
    alibaba(None, &service, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alibabacloud_leaves_the_private_zones_that_upstream_leaves() {
    let dialect = alibabacloud::dialect::PRIVATE_DIALECT;
    let service = behind(alibabacloud::dialect::PRIVATE_FRONT, dialect);
    alibaba(Some("alibabacloud-private"), &service, &[]).await;
}

async fn tencent(recorded: Option<&'static str>, service: &Service, differences: Differences) {
    let case = Case {
        provider: "tencentcloud",
        variables: ["", "TENCENT_CLOUD_API_URL"],
        credentials: "",
        path: "",
        seed: NONE,
        differences,
    };
    let file = file(&format!(r#"{{"secretId":"id","secretKey":"{SECRET}","vpcId":"vpc-1"}}"#));
    let flag = format!("--tencent-cloud-config-file={}", file.path().display());
    let flags = [("", flag.as_str())];
    replay_with(&case, service, &Extra { recorded, flags: &flags, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tencentcloud_leaves_the_zones_that_upstream_leaves() {
    let service = behind(tencentcloud::dialect::FRONT, tencentcloud::dialect::DIALECT);
    tencent(None, &service, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tencentcloud_leaves_the_private_zones_that_upstream_leaves() {
    let dialect = tencentcloud::dialect::PRIVATE_DIALECT;
    let service = behind(tencentcloud::dialect::PRIVATE_FRONT, dialect);
    tencent(Some("tencentcloud-private"), &service, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn akamai_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "akamai",
        variables: ["", "AKAMAI_API_URL"],
        credentials: "",
        path: "",
        seed: NONE,
        differences: &[],
    };
    let service = behind(akamai::dialect::FRONT, akamai::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oci_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "oci",
        variables: ["", "OCI_DNS_API_URL"],
        credentials: "",
        path: "/20180115",
        seed: NONE,
        differences: &[],
    };
    let service = behind(oci::dialect::FRONT, oci::dialect::DIALECT);
    let key = oci::dialect::KEY.replace('\n', "\n    ");
    let file = file(&format!(
        "auth:\n  region: iad\n  tenancy: t\n  user: u\n  fingerprint: f\n  key: |\n    {key}\ncompartment: c\n"
    ));
    let flag = format!("--oci-config-file={}", file.path().display());
    replay_with(&case, &service, &Extra { flags: &[("", &flag)], ..Extra::default() }).await;
}
