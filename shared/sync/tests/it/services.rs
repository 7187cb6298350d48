//! What upstream's own runs leave at services that are simulated in their dialects.

use extdns_model::RecordType;
use extdns_providers::conformance::{Dialect, Front, HttpSim, SECRET};
use extdns_providers::{akamai, godaddy, ns1, oci, rcodezero, scaleway, tencentcloud};

use super::wire::{Case, Extra, Service, ZONES, replay_with};

/// The records with which a service began that upstream's run had and ours has not.
const NONE: &[(&str, RecordType, i64, &[&str])] = &[];

fn behind(front: Front, dialect: Dialect) -> Service {
    Service::Http(Box::new(HttpSim::behind(front, dialect, &ZONES)))
}

/// A file that stays as long as the test.
fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn scaleway_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "scaleway",
        variables: ["SCW_SECRET_KEY", "SCW_API_URL"],
        credentials: scaleway::dialect::KEY,
        path: "",
        seed: NONE,
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: keep.other.test 3600 A 192.0.2.1"),
            (&[1, 2, 3, 4], "- other.test: other.test 1800 NS ns0.dom.scw.cloud"),
            (&[1, 2, 3, 4], "- other.test: other.test 1800 NS ns1.dom.scw.cloud"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 1800 NS ns0.dom.scw.cloud"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 1800 NS ns1.dom.scw.cloud"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 300 A 198.51.100.70"),
        ],
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
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: keep.other.test 3600 A 192.0.2.1"),
            (&[1, 2, 3, 4], "- other.test: other.test 3600 NS dns1.p08.nsone.net"),
            (&[1, 2, 3, 4], "- other.test: other.test 3600 NS dns2.p08.nsone.net"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS dns1.p08.nsone.net"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS dns2.p08.nsone.net"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 10 A 198.51.100.70"),
        ],
    };
    let service = behind(ns1::dialect::FRONT, ns1::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn akamai_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "akamai",
        variables: ["", "AKAMAI_API_URL"],
        credentials: "",
        path: "",
        seed: NONE,
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- example.org: hand.example.org 60 A 192.0.2.7"),
            (&[1, 2, 3, 4], "- example.org: hand.example.org 60 A 192.0.2.8"),
            (&[1, 2, 3, 4], "- other.test: www.other.test 300 A 192.0.2.1"),
        ],
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
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- example.org: hand.example.org 60 A 192.0.2.7"),
            (&[1, 2, 3, 4], "- example.org: hand.example.org 60 A 192.0.2.8"),
            (&[1, 2, 3, 4], "- other.test: other.test 300 TXT keep me"),
            (&[1, 2, 3, 4], "- other.test: www.other.test 300 A 192.0.2.1"),
            // Upstream sends text bare, and the service makes two strings of it.
            (&[1, 2], "+ example.org: txt.example.org 300 TXT hello world"),
            (&[1, 2], "- example.org: txt.example.org 300 TXT helloworld"),
        ],
    };
    let service = behind(oci::dialect::FRONT, oci::dialect::DIALECT);
    let key = oci::dialect::KEY.replace('\n', "\n    ");
    let file = file(&format!(
        "auth:\n  region: iad\n  tenancy: t\n  user: u\n  fingerprint: f\n  key: |\n    {key}\ncompartment: c\n"
    ));
    let flag = format!("--oci-config-file={}", file.path().display());
    replay_with(&case, &service, &Extra { flags: &[("", &flag)], ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tencentcloud_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "tencentcloud",
        variables: ["", "TENCENT_CLOUD_API_URL"],
        credentials: "",
        path: "",
        seed: NONE,
        differences: &[
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 600 A 198.51.100.70"),
            // Upstream looks for the value without the final dot with which it is stored, and deletes nothing.
            (&[4], "- example.org: cn.example.org 600 CNAME lb.example.net"),
            (&[4], "- example.org: ns.example.org 300 NS ns1.example.net"),
            (&[4], "- example.org: ns.example.org 300 NS ns2.example.net"),
        ],
    };
    let service = behind(tencentcloud::dialect::FRONT, tencentcloud::dialect::DIALECT);
    let file = file(&format!(r#"{{"secretId":"id","secretKey":"{SECRET}","vpcId":"vpc-1"}}"#));
    let flag = format!("--tencent-cloud-config-file={}", file.path().display());
    replay_with(&case, &service, &Extra { flags: &[("", &flag)], ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn godaddy_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "godaddy",
        variables: ["", "GODADDY_API_URL"],
        credentials: "",
        path: "/v1",
        seed: NONE,
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: keep.other.test 3600 A 192.0.2.1"),
            (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns09.domaincontrol.com"),
            (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns10.domaincontrol.com"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns09.domaincontrol.com"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns10.domaincontrol.com"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 600 A 198.51.100.70"),
        ],
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
async fn rcodezero_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "rcodezero",
        variables: ["RC0_API_KEY", "RC0_BASE_URL"],
        credentials: SECRET,
        path: "/api/",
        seed: &[("@", RecordType::Ns, 3600, &["sec1.rcode0.net", "sec2.rcode0.net"])],
        differences: &[
            // Upstream sends the first value of several alone, and never a TTL.
            (&[1, 2], "- example.org: alias.example.org 3600 A 198.51.100.20"),
            (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.20"),
            (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.21"),
            (&[3], "- example.org: alias.example.org 3600 A 198.51.100.21"),
            (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.21"),
            (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.22"),
            (&[1, 2], "- example.org: two.example.org 3600 A 198.51.100.20"),
            (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.20"),
            (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.21"),
            (&[3], "- example.org: two.example.org 3600 A 198.51.100.21"),
            (&[3], "+ example.org: two.example.org 1200 A 198.51.100.21"),
            (&[3], "+ example.org: two.example.org 1200 A 198.51.100.22"),
            (&[1, 2, 3], "- example.org: ns.example.org 3600 NS ns1.example.net"),
            (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns1.example.net"),
            (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns2.example.net"),
        ],
    };
    let service = behind(rcodezero::dialect::FRONT, rcodezero::dialect::DIALECT);
    replay_with(&case, &service, &Extra::default()).await;
}
