//! What upstream's own runs leave at services that are simulated in their dialects.

use extdns_model::RecordType;
use extdns_providers::conformance::{Dialect, Front, HttpSim, SECRET};
use extdns_providers::{
    akamai, godaddy, ibmcloud, ns1, oci, rcodezero, scaleway, tencentcloud, transip, ultradns,
};

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

#[tokio::test(flavor = "multi_thread")]
async fn transip_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "transip",
        variables: ["", "TRANSIP_API_URL"],
        credentials: "",
        path: "/v6",
        seed: NONE,
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: www.other.test 300 A 192.0.2.9"),
            (&[1, 2, 3, 4], "- other.test: other.test 86400 MX 10 other.test"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 60 A 198.51.100.70"),
        ],
    };
    let service = behind(transip::dialect::FRONT, transip::dialect::DIALECT);
    let file = file(transip::dialect::KEY);
    let key = format!("--transip-keyfile={}", file.path().display());
    let flags = [("--transip-account=someone", "--transip-account=test-user"), ("", key.as_str())];
    replay_with(&case, &service, &Extra { flags: &flags, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ultradns_leaves_the_zones_that_upstream_leaves() {
    let case = Case {
        provider: "ultradns",
        variables: ["ULTRADNS_PASSWORD", "ULTRADNS_BASEURL"],
        credentials: "czNjcjN0LXQwa2Vu",
        path: "/",
        seed: NONE,
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- example.org: hand.example.org 60 A 192.0.2.7"),
            (&[1, 2, 3, 4], "- other.test: www.other.test 300 A 192.0.2.1"),
            // Upstream gives a record set without a TTL that of the one before it.
            (&[1, 2, 3], "- example.org: *.wild.example.org 600 A 198.51.100.30"),
            (&[1, 2, 3], "+ example.org: *.wild.example.org 86400 A 198.51.100.30"),
            (&[1, 2], "- example.org: gone.example.org 600 A 198.51.100.80"),
            (&[1, 2], "+ example.org: gone.example.org 86400 A 198.51.100.80"),
            (&[1, 2, 3], "- example.org: m-a-*.wild.example.org 300 TXT service/web/wild"),
            (&[1, 2, 3], "+ example.org: m-a-*.wild.example.org 86400 TXT service/web/wild"),
            (&[1, 2, 3], "- example.org: m-a-a.b.c.example.org 300 TXT service/web/deep"),
            (&[1, 2, 3], "+ example.org: m-a-a.b.c.example.org 86400 TXT service/web/deep"),
            (&[1, 2], "- example.org: m-a-alias.example.org 300 TXT service/web/two"),
            (&[1, 2, 3], "+ example.org: m-a-alias.example.org 86400 TXT service/web/two"),
            (&[3], "- example.org: m-a-alias.example.org 1200 TXT service/web/two"),
            (&[1, 2], "- example.org: m-a-gone.example.org 300 TXT service/web/gone"),
            (&[1, 2], "+ example.org: m-a-gone.example.org 86400 TXT service/web/gone"),
            (&[1, 2], "- example.org: m-a-one.example.org 300 TXT service/web/one"),
            (&[1, 2, 3], "+ example.org: m-a-one.example.org 86400 TXT service/web/one"),
            (&[3], "- example.org: m-a-one.example.org 1200 TXT service/web/one"),
            (&[1, 2], "- example.org: m-a-two.example.org 300 TXT service/web/two"),
            (&[1, 2, 3], "+ example.org: m-a-two.example.org 86400 TXT service/web/two"),
            (&[3], "- example.org: m-a-two.example.org 1200 TXT service/web/two"),
            (&[1, 2], "- example.org: m-cname-cn.example.org 300 TXT service/web/cn"),
            (&[1, 2], "+ example.org: m-cname-cn.example.org 86400 TXT service/web/cn"),
            (&[1, 2], "- example.org: m-ns-ns.example.org 300 TXT crd/web/more"),
            (&[1, 2, 3], "+ example.org: m-ns-ns.example.org 86400 TXT crd/web/more"),
            (&[3], "- example.org: m-ns-ns.example.org 1200 TXT crd/web/more"),
            (&[3], "- example.org: one.example.org 300 A 198.51.100.99"),
            (&[3], "+ example.org: one.example.org 86400 A 198.51.100.99"),
            (&[1, 2, 3], "- sub.example.org: m-a-x.sub.example.org 300 TXT service/web/sub"),
            (&[1, 2, 3], "+ sub.example.org: m-a-x.sub.example.org 86400 TXT service/web/sub"),
            (&[1, 2, 3], "- sub.example.org: x.sub.example.org 600 A 198.51.100.60"),
            (&[1, 2, 3], "+ sub.example.org: x.sub.example.org 86400 A 198.51.100.60"),
            // It writes hosts without their final dot, and the service puts the zone behind them. The TTL of
            // the CNAME is that of the record set before it, too.
            (&[1], "- example.org: cn.example.org 600 CNAME lb.example.net.example.org"),
            (&[1, 2], "+ example.org: cn.example.org 86400 CNAME lb.example.net"),
            (&[2], "- example.org: cn.example.org 300 CNAME lb.example.net.example.org"),
            (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns1.example.net"),
            (&[1, 2, 3], "- example.org: ns.example.org 300 NS ns1.example.net.example.org"),
            (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns2.example.net"),
            (&[1, 2, 3], "- example.org: ns.example.org 300 NS ns2.example.net.example.org"),
            // In its run the object is gone in this step; in ours the name is excluded, and stays.
            (&[3], "+ example.org: cn.example.org 86400 CNAME lb.example.net"),
            (&[3], "+ example.org: m-cname-cn.example.org 86400 TXT service/web/cn"),
        ],
    };
    let service = behind(ultradns::dialect::FRONT, ultradns::dialect::DIALECT);
    let variables = [("ULTRADNS_USERNAME", "kit")];
    replay_with(&case, &service, &Extra { variables: &variables, ..Extra::default() }).await;
}

/// Replays the run of an instance of IBM Cloud, which a file names.
async fn replay_ibmcloud(
    (crn, path): (&str, &str),
    (front, dialect): (Front, Dialect),
    recorded: &'static str,
    differences: &'static [(&'static [usize], &'static str)],
) {
    let case = Case {
        provider: "ibmcloud",
        variables: ["", ""],
        credentials: "",
        path: "",
        seed: NONE,
        differences,
    };
    let service = behind(front, dialect);
    let url = service.url();
    let file = file(&format!(
        r#"{{"apiKey":"{SECRET}","instanceCrn":"{crn}","endpoint":"{url}{path}","iamUrl":"{url}"}}"#
    ));
    let flag = format!("--ibmcloud-config-file={}", file.path().display());
    let extra = Extra { recorded: Some(recorded), flags: &[("", &flag)], ..Extra::default() };
    replay_with(&case, &service, &extra).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ibmcloud_leaves_the_public_zones_that_upstream_leaves() {
    use ibmcloud::dialect::{CIS, DIALECT, FRONT};
    let differences: &'static [(&'static [usize], &'static str)] = &[
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
        (&[1, 2, 3, 4], "- example.org: example.org 1 A 198.51.100.70"),
        (&[1, 2, 3, 4], "- example.org: m-a-example.org.example.org 1 TXT service/web/apex"),
        // Upstream manages only the first zone that the filter matches.
        (&[1, 2, 3], "- example.org: m-a-x.sub.example.org 1 TXT service/web/sub"),
        (&[1, 2, 3], "- example.org: x.sub.example.org 1 A 198.51.100.60"),
        (&[1, 2, 3], "+ sub.example.org: m-a-x.sub.example.org 1 TXT service/web/sub"),
        (&[1, 2, 3], "+ sub.example.org: x.sub.example.org 1 A 198.51.100.60"),
        // It makes the address while the CNAME is there, which the service refuses.
        (&[3], "+ example.org: cn.example.org 1 A 198.51.100.40"),
        // It looks for the ownership record under its new name, finds none and leaves the old one.
        (&[3], "+ example.org: m-a-cn.example.org 1 TXT service/web/cn"),
        (&[3, 4], "- example.org: m-cname-cn.example.org 1 TXT service/web/cn"),
    ];
    replay_ibmcloud((CIS, ""), (FRONT, DIALECT), "ibmcloud", differences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ibmcloud_leaves_the_private_zones_that_upstream_leaves() {
    use ibmcloud::dialect::{DNS_SERVICES, FRONT, PRIVATE_DIALECT};
    let differences: &'static [(&'static [usize], &'static str)] = &[
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
        (&[1, 2, 3, 4], "- example.org: example.org 900 A 198.51.100.70"),
        // Upstream makes the address while the CNAME is there, which the service refuses.
        (&[3], "+ example.org: cn.example.org 900 A 198.51.100.40"),
        // It looks for the ownership record under its new name, finds none and leaves the old one.
        (&[3], "+ example.org: m-a-cn.example.org 900 TXT service/web/cn"),
        (&[3, 4], "- example.org: m-cname-cn.example.org 900 TXT service/web/cn"),
        // It finds a record by name and type, so it deletes one value of several twice.
        (&[4], "- example.org: alias.example.org 600 A 198.51.100.21"),
        (&[4], "- example.org: two.example.org 600 A 198.51.100.21"),
    ];
    let (place, service) = ((DNS_SERVICES, "/v1"), (FRONT, PRIVATE_DIALECT));
    replay_ibmcloud(place, service, "ibmcloud-private", differences).await;
}
