//! Which host of AWS is called: by the partition of the region, and with FIPS. A proxy sees it.

use extdns_testkit::http::{Reply, ScriptedServer};
use tempfile::TempDir;

use crate::program::{external_dns, run};

/// The hosts that a run calls with these variables.
fn hosts(variables: &[(&str, &str)], flags: &[&str]) -> Vec<String> {
    let proxy = ScriptedServer::start(|_| Reply::new(403));
    let home = TempDir::new().expect("a folder");
    let objects = home.path().join("none.yaml");
    std::fs::write(&objects, "").expect("objects");
    let mut command = external_dns(home.path());
    command
        .args(["--once", "--provider=aws", "--source=service", "--aws-api-retries=1"])
        .args(flags)
        .arg(format!("--manifests={}", objects.display()))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-aws")
        .env("HTTPS_PROXY", proxy.url())
        .envs(variables.iter().copied());
    let done = run(&mut command);
    assert!(matches!(done.code, 1 | 2), "the proxy lets nothing through: {done:?}");
    let connects = proxy.requests().into_iter().map(|request| {
        assert_eq!(request.method, "CONNECT");
        request.header("host").expect("a host").to_owned()
    });
    let mut hosts: Vec<String> = connects.collect();
    hosts.dedup();
    hosts
}

#[test]
fn the_partition_of_the_region_and_fips_decide_the_host() {
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    let region = |name: &'static str| ("AWS_REGION", name);
    let table: [(&[(&str, &str)], &str); 8] = [
        (&[], "route53.amazonaws.com:443"),
        (&[region("eu-central-1")], "route53.amazonaws.com:443"),
        (&[fips], "route53-fips.amazonaws.com:443"),
        (&[region("cn-north-1")], "route53.amazonaws.com.cn:443"),
        (&[region("cn-northwest-1")], "route53.amazonaws.com.cn:443"),
        (&[region("us-gov-west-1")], "route53.us-gov.amazonaws.com:443"),
        (&[region("us-gov-east-1"), fips], "route53.us-gov.amazonaws.com:443"),
        // Empty variables count as not set.
        (
            &[region(""), ("AWS_USE_FIPS_ENDPOINT", ""), ("AWS_ENDPOINT_URL", "")],
            "route53.amazonaws.com:443",
        ),
    ];
    for (variables, host) in table {
        assert_eq!(hosts(variables, &[]), [host], "{variables:?}");
    }
}

/// A role is assumed at STS of the region, in its partition and with FIPS too.
#[test]
fn a_role_is_assumed_in_the_partition_of_the_region() {
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    let region = |name: &'static str| ("AWS_REGION", name);
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let table: [Row<'_>; 4] = [
        (&[region("eu-central-1")], "aws", "sts.eu-central-1.amazonaws.com:443"),
        (&[region("us-west-2"), fips], "aws", "sts-fips.us-west-2.amazonaws.com:443"),
        (&[region("cn-north-1")], "aws-cn", "sts.cn-north-1.amazonaws.com.cn:443"),
        (&[region("us-gov-west-1"), fips], "aws-us-gov", "sts.us-gov-west-1.amazonaws.com:443"),
    ];
    for (variables, partition, host) in table {
        let role = format!("--aws-assume-role=arn:{partition}:iam::111122223333:role/dns");
        assert_eq!(hosts(variables, &[&role]), [host], "{variables:?}");
    }
}
