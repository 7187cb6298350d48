//! What upstream's own runs leave at services that keep single values, and are simulated in their dialects.

use extdns_model::RecordType;
use extdns_providers::conformance::{Dialect, Front, HttpSim, SECRET};
use extdns_providers::{
    alibabacloud, civo, dnsimple, exoscale, linode, ovh, safedns, tencentcloud, vultr,
};

use super::wire::{Case, Extra, Service, ZONES, replay_with};

/// The records with which a service began that upstream's run had and ours has not.
const NONE: &[(&str, RecordType, i64, &[&str])] = &[];

type Differences = &'static [(&'static [usize], &'static str)];

fn behind(front: Front, dialect: Dialect) -> Service {
    Service::Http(Box::new(HttpSim::behind(front, dialect, &ZONES)))
}

/// A file that stays as long as the test.
fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

/// A provider with one credential.
async fn replay(
    provider: &'static str,
    (variables, path): ([&'static str; 2], &'static str),
    service: &Service,
    (differences, more): (Differences, &'static [(usize, u64)]),
) {
    let case = Case { provider, variables, credentials: SECRET, path, seed: NONE, differences };
    replay_with(&case, service, &Extra { more, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vultr_leaves_the_zones_that_upstream_leaves() {
    let service = behind(vultr::dialect::FRONT, vultr::dialect::DIALECT);
    let differences: Differences = &[
        // The other service began with it.
        (&[1, 2, 3, 4], "- example.org: example.org 300 NS ns1.vultr.com"),
        (&[1, 2, 3, 4], "- example.org: example.org 300 NS ns2.vultr.com"),
        (&[1, 2, 3, 4], "- other.test: other.test 300 NS ns1.vultr.com"),
        (&[1, 2, 3, 4], "- other.test: other.test 300 NS ns2.vultr.com"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 300 NS ns1.vultr.com"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 300 NS ns2.vultr.com"),
        // Upstream sends the first value of several alone.
        (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.21"),
        (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.21"),
        (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.22"),
        (&[3], "+ example.org: two.example.org 1200 A 198.51.100.22"),
        (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns2.example.net"),
        // Upstream sends no TTL where none is wanted, which stays 0 here; the default of the service is 3600.
        (&[1, 2, 3], "- example.org: *.wild.example.org 0 A 198.51.100.30"),
        (&[1, 2, 3], "+ example.org: *.wild.example.org 3600 A 198.51.100.30"),
        (&[1, 2, 3], "- example.org: a.b.c.example.org 0 A 198.51.100.50"),
        (&[1, 2, 3], "+ example.org: a.b.c.example.org 3600 A 198.51.100.50"),
        (&[1, 2, 3], "- example.org: cn.example.org 0 CNAME lb.example.net"),
        (&[1, 2, 3], "+ example.org: cn.example.org 3600 CNAME lb.example.net"),
        (&[1, 2], "- example.org: gone.example.org 0 A 198.51.100.80"),
        (&[1, 2], "+ example.org: gone.example.org 3600 A 198.51.100.80"),
        (&[1, 2], "- example.org: one.example.org 0 A 198.51.100.10"),
        (&[1, 2], "+ example.org: one.example.org 3600 A 198.51.100.10"),
        (&[3], "- example.org: one.example.org 0 A 198.51.100.99"),
        (&[3], "+ example.org: one.example.org 3600 A 198.51.100.99"),
        (&[1, 2, 3], "- example.org: m-a-*.wild.example.org 0 TXT service/web/wild"),
        (&[1, 2, 3], "+ example.org: m-a-*.wild.example.org 3600 TXT service/web/wild"),
        (&[1, 2, 3], "- example.org: m-a-a.b.c.example.org 0 TXT service/web/deep"),
        (&[1, 2, 3], "+ example.org: m-a-a.b.c.example.org 3600 TXT service/web/deep"),
        (&[1, 2, 3], "- example.org: m-a-alias.example.org 0 TXT service/web/two"),
        (&[1, 2, 3], "+ example.org: m-a-alias.example.org 3600 TXT service/web/two"),
        (&[1, 2], "- example.org: m-a-gone.example.org 0 TXT service/web/gone"),
        (&[1, 2], "+ example.org: m-a-gone.example.org 3600 TXT service/web/gone"),
        (&[1, 2, 3], "- example.org: m-a-one.example.org 0 TXT service/web/one"),
        (&[1, 2, 3], "+ example.org: m-a-one.example.org 3600 TXT service/web/one"),
        (&[1, 2, 3], "- example.org: m-a-two.example.org 0 TXT service/web/two"),
        (&[1, 2, 3], "+ example.org: m-a-two.example.org 3600 TXT service/web/two"),
        (&[1, 2, 3], "- example.org: m-cname-cn.example.org 0 TXT service/web/cn"),
        (&[1, 2, 3], "+ example.org: m-cname-cn.example.org 3600 TXT service/web/cn"),
        (&[1, 2, 3], "- example.org: m-ns-ns.example.org 0 TXT crd/web/more"),
        (&[1, 2, 3], "+ example.org: m-ns-ns.example.org 3600 TXT crd/web/more"),
        (&[1, 2, 3], "- sub.example.org: m-a-x.sub.example.org 0 TXT service/web/sub"),
        (&[1, 2, 3], "+ sub.example.org: m-a-x.sub.example.org 3600 TXT service/web/sub"),
        (&[1, 2, 3], "- sub.example.org: x.sub.example.org 0 A 198.51.100.60"),
        (&[1, 2, 3], "+ sub.example.org: x.sub.example.org 3600 A 198.51.100.60"),
    ];
    let more = &[];
    replay("vultr", (["VULTR_API_KEY", "VULTR_API_URL"], "/v2"), &service, (differences, more))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn civo_leaves_the_zones_that_upstream_leaves() {
    let service = behind(Front::NONE, civo::dialect::DIALECT);
    let differences: Differences = &[
        // The other service began with it.
        (&[1, 2, 3, 4], "- other.test: keep.other.test 600 A 192.0.2.1"),
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
        (&[1, 2, 3, 4], "- example.org: example.org 600 A 198.51.100.70"),
        // Upstream loses what the service refuses: a text without quotes, and an SRV in one text.
        (&[1, 2, 3], "+ example.org: _sip._udp.example.org 600 SRV 10 20 5060 sip.example.org"),
        (&[1, 2], "+ example.org: txt.example.org 600 TXT hello world"),
        (&[3], "+ example.org: txt.example.org 600 TXT again"),
        (&[3], "+ example.org: txt.example.org 600 TXT hello"),
        (&[4], "- example.org: m-srv-_sip._udp.example.org 600 TXT crd/web/more"),
        (&[4], "- example.org: m-txt-txt.example.org 600 TXT crd/web/more"),
        // Upstream adds before it deletes, which a CNAME prevents, and so loses the record of a name that changes its type.
        (&[3], "+ example.org: cn.example.org 600 A 198.51.100.40"),
        (&[4], "- example.org: m-a-cn.example.org 600 TXT service/web/cn"),
    ];
    // What upstream lost or leaves is there to be deleted: four values, and three ownership records.
    let more = &[(4, 7)];
    replay("civo", (["CIVO_TOKEN", "CIVO_API_URL"], "/v2"), &service, (differences, more)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn linode_leaves_the_zones_that_upstream_leaves() {
    let service = behind(Front::NONE, linode::dialect::DIALECT);
    let differences: Differences = &[
        // The other service began with it.
        (&[1, 2, 3, 4], "- other.test: keep.other.test 0 A 192.0.2.1"),
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
        (&[1, 2, 3, 4], "- example.org: example.org 0 A 198.51.100.70"),
        // Upstream loses the SRV, which it sends as one text.
        (&[1, 2, 3], "+ example.org: _sip._udp.example.org 300 SRV 10 20 5060 sip.example.org"),
        (&[4], "- example.org: m-srv-_sip._udp.example.org 0 TXT crd/web/more"),
        // Upstream adds before it deletes, which a CNAME prevents, and so loses the record of a name that changes its type.
        (&[3], "+ example.org: cn.example.org 0 A 198.51.100.40"),
        (&[4], "- example.org: m-a-cn.example.org 0 TXT service/web/cn"),
        // Only some TTLs are stored: ours takes the next larger and says so, the service in upstream's run took the nearest.
        (&[1, 2], "- example.org: alias.example.org 300 A 198.51.100.20"),
        (&[1, 2], "+ example.org: alias.example.org 3600 A 198.51.100.20"),
        (&[1, 2, 3], "- example.org: alias.example.org 300 A 198.51.100.21"),
        (&[1, 2, 3], "+ example.org: alias.example.org 3600 A 198.51.100.21"),
        (&[3], "- example.org: alias.example.org 300 A 198.51.100.22"),
        (&[3], "+ example.org: alias.example.org 3600 A 198.51.100.22"),
        (&[1, 2], "- example.org: two.example.org 300 A 198.51.100.20"),
        (&[1, 2], "+ example.org: two.example.org 3600 A 198.51.100.20"),
        (&[1, 2, 3], "- example.org: two.example.org 300 A 198.51.100.21"),
        (&[1, 2, 3], "+ example.org: two.example.org 3600 A 198.51.100.21"),
        (&[3], "- example.org: two.example.org 300 A 198.51.100.22"),
        (&[3], "+ example.org: two.example.org 3600 A 198.51.100.22"),
    ];
    // What upstream lost or leaves is there to be deleted: two values, and two ownership records.
    let more = &[(4, 4)];
    replay("linode", (["LINODE_TOKEN", "LINODE_URL"], ""), &service, (differences, more)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dnsimple_leaves_the_zones_that_upstream_leaves() {
    let service = behind(dnsimple::dialect::FRONT, dnsimple::dialect::DIALECT);
    let differences: Differences = &[
        // The other service began with it.
        (&[1, 2, 3, 4], "- other.test: keep.other.test 3600 A 192.0.2.1"),
        (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns1.dnsimple.com"),
        (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns2.dnsimple.com"),
        (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns3.dnsimple.com"),
        (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns4.dnsimple.com"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns1.dnsimple.com"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns2.dnsimple.com"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns3.dnsimple.com"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns4.dnsimple.com"),
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns; upstream doubles the name of the zone.
        (&[1, 2, 3, 4], "- example.org: example.org 3600 A 198.51.100.70"),
        (&[1, 2, 3, 4], "- example.org: m-a-example.org 3600 TXT service/web/apex"),
        // Upstream sends the first value of several alone.
        (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.21"),
        (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.21"),
        (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.22"),
        (&[3], "+ example.org: two.example.org 1200 A 198.51.100.22"),
        (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns2.example.net"),
        (&[3], "+ example.org: txt.example.org 300 TXT hello"),
    ];
    // Three values that upstream does not send, for two records of the apex that ours does not; in step 4 they go again, and a text.
    let more = &[(1, 1), (4, 4)];
    replay(
        "dnsimple",
        (["DNSIMPLE_OAUTH", "DNSIMPLE_API_URL"], "/v2"),
        &service,
        (differences, more),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exoscale_leaves_the_zones_that_upstream_leaves() {
    let service = behind(exoscale::dialect::FRONT, exoscale::dialect::DIALECT);
    let differences: Differences = &[
        // The other service began with it.
        (&[1, 2, 3, 4], "- other.test: keep.other.test 3600 A 192.0.2.1"),
        (&[1, 2, 3, 4], "- example.org: example.org 3600 NS ns1.exoscale.ch"),
        (&[1, 2, 3, 4], "- example.org: example.org 3600 NS ns1.exoscale.net"),
        (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns1.exoscale.ch"),
        (&[1, 2, 3, 4], "- other.test: other.test 3600 NS ns1.exoscale.net"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns1.exoscale.ch"),
        (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 3600 NS ns1.exoscale.net"),
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
        (&[1, 2, 3, 4], "- example.org: example.org 3600 A 198.51.100.70"),
        // Upstream sends the first value of several alone.
        (&[1, 2], "+ example.org: alias.example.org 600 A 198.51.100.21"),
        (&[1, 2], "+ example.org: two.example.org 600 A 198.51.100.21"),
        (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.22"),
        (&[3], "+ example.org: two.example.org 1200 A 198.51.100.22"),
        (&[3], "+ example.org: txt.example.org 300 TXT hello"),
    ];
    // Two values that upstream does not send, for the one of the apex that ours does not; in step 4 they go again, and a text.
    let more = &[(1, 1), (4, 3)];
    replay("exoscale", (["", "EXOSCALE_API_URL"], "/v2"), &service, (differences, more)).await;
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
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: keep.other.test 0 A 192.0.2.1"),
            (&[1, 2, 3, 4], "- example.org: example.org 0 NS dns10.ovh.net"),
            (&[1, 2, 3, 4], "- example.org: example.org 0 NS ns10.ovh.net"),
            (&[1, 2, 3, 4], "- other.test: other.test 0 NS dns10.ovh.net"),
            (&[1, 2, 3, 4], "- other.test: other.test 0 NS ns10.ovh.net"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 0 NS dns10.ovh.net"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 0 NS ns10.ovh.net"),
            // Upstream sends name servers without a final dot, so that they are names within the zone.
            (&[1, 2, 3], "- example.org: ns.example.org 300 NS ns1.example.net.example.org"),
            (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns1.example.net"),
            (&[1, 2, 3], "- example.org: ns.example.org 300 NS ns2.example.net.example.org"),
            (&[1, 2, 3], "+ example.org: ns.example.org 300 NS ns2.example.net"),
            // Upstream leaves the TTL of a value that stays.
            (&[3], "- example.org: alias.example.org 600 A 198.51.100.21"),
            (&[3], "+ example.org: alias.example.org 1200 A 198.51.100.21"),
            (&[3], "- example.org: two.example.org 600 A 198.51.100.21"),
            (&[3], "+ example.org: two.example.org 1200 A 198.51.100.21"),
        ],
    };
    let endpoint = format!("--ovh-endpoint={}/1.0", service.url());
    let extra = Extra {
        variables: &[("OVH_APPLICATION_KEY", "app"), ("OVH_CONSUMER_KEY", "consumer")],
        flags: &[("--ovh-endpoint=ovh-eu", endpoint.as_str())],
        // The two TTLs that upstream leaves.
        more: &[(3, 2)],
        ..Extra::default()
    };
    replay_with(&case, &service, &extra).await;
}

async fn alibaba(recorded: &'static str, service: &Service, differences: Differences) {
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
    // The record that upstream lost, and its ownership record that it leaves, are there to be deleted.
    let more = &[(4, 2)];
    let recorded = Some(recorded);
    replay_with(&case, service, &Extra { recorded, flags: &flags, more, ..Extra::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alibabacloud_leaves_the_zones_that_upstream_leaves() {
    let service = behind(alibabacloud::dialect::FRONT, alibabacloud::dialect::DIALECT);
    let differences: Differences = &[
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
        (&[1, 2, 3, 4], "- example.org: example.org 600 A 198.51.100.70"),
        // Upstream adds before it deletes, which a CNAME prevents, and so loses the record of a name that changes its type.
        (&[3], "+ example.org: cn.example.org 600 A 198.51.100.40"),
        (&[4], "- example.org: m-a-cn.example.org 600 TXT service/web/cn"),
    ];
    alibaba("alibabacloud", &service, differences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alibabacloud_leaves_the_private_zones_that_upstream_leaves() {
    let dialect = alibabacloud::dialect::PRIVATE_DIALECT;
    let service = behind(alibabacloud::dialect::PRIVATE_FRONT, dialect);
    let differences: Differences = &[
        // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
        (&[1, 2, 3, 4], "- example.org: example.org 60 A 198.51.100.70"),
        // Upstream adds before it deletes, which a CNAME prevents, and so loses the record of a name that changes its type.
        (&[3], "+ example.org: cn.example.org 60 A 198.51.100.40"),
        (&[4], "- example.org: m-a-cn.example.org 60 TXT service/web/cn"),
    ];
    alibaba("alibabacloud-private", &service, differences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tencentcloud_leaves_the_private_zones_that_upstream_leaves() {
    let dialect = tencentcloud::dialect::PRIVATE_DIALECT;
    let service = behind(tencentcloud::dialect::PRIVATE_FRONT, dialect);
    let case = Case {
        provider: "tencentcloud",
        variables: ["", "TENCENT_CLOUD_API_URL"],
        credentials: "",
        path: "",
        seed: NONE,
        differences: &[
            // The record that is nobody's is no part of what the simulated service stores.
            (&[1, 2, 3, 4], "- example.org: example.org 600 TXT tencent_provider_record"),
            (&[1, 2, 3, 4], "- sub.example.org: sub.example.org 600 TXT tencent_provider_record"),
            // An apex cannot be owned under this prefix, and ours makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 600 A 198.51.100.70"),
            // Upstream looks for the value without the final dot with which it is stored, and deletes nothing.
            (&[4], "- example.org: cn.example.org 600 CNAME lb.example.net"),
        ],
    };
    let file = file(&format!(r#"{{"secretId":"id","secretKey":"{SECRET}","vpcId":"vpc-1"}}"#));
    let flag = format!("--tencent-cloud-config-file={}", file.path().display());
    let flags = [("", flag.as_str()), ("", "--tencent-cloud-zone-type=private")];
    let extra = Extra {
        recorded: Some("tencentcloud-private"),
        flags: &flags,
        // A call may be applied in part, so that ownership records go with a second one in each of the two zones.
        more: &[(4, 2)],
        ..Extra::default()
    };
    replay_with(&case, &service, &extra).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn safedns_leaves_the_zones_that_upstream_leaves() {
    let service = behind(safedns::dialect::FRONT, safedns::dialect::DIALECT);
    let case = Case {
        provider: "safedns",
        variables: ["SAFEDNS_TOKEN", "SAFEDNS_API_URL"],
        credentials: SECRET,
        path: "/safedns/v1",
        seed: &[("@", RecordType::Ns, 300, &["ns0.ukfast.net", "ns1.ukfast.net"])],
        differences: &[
            // Upstream writes no TTL with a new record, and changes it in the next step.
            (&[1], "- example.org: alias.example.org 86400 A 198.51.100.20"),
            (&[1], "+ example.org: alias.example.org 600 A 198.51.100.20"),
            (&[1], "- example.org: alias.example.org 86400 A 198.51.100.21"),
            (&[1], "+ example.org: alias.example.org 600 A 198.51.100.21"),
            (&[1], "- example.org: two.example.org 86400 A 198.51.100.20"),
            (&[1], "+ example.org: two.example.org 600 A 198.51.100.20"),
            (&[1], "- example.org: two.example.org 86400 A 198.51.100.21"),
            (&[1], "+ example.org: two.example.org 600 A 198.51.100.21"),
            // It deletes the first value of a name alone.
            (&[4], "- example.org: alias.example.org 600 A 198.51.100.21"),
            (&[4], "- example.org: two.example.org 600 A 198.51.100.21"),
        ],
    };
    replay_with(&case, &service, &Extra::default()).await;
}
