//! Cloud Map and the table of owners through the program: as ExternalDNS's tutorial for Cloud Map has it, from manifests to a
//! simulated service.

use extdns_testkit::cloudmap::{CloudMapSim, Kind};
use extdns_testkit::dynamodb::DynamoDbFake;
use tempfile::TempDir;

use crate::program::{Run, external_dns, run};

const OBJECTS: &str = "
apiVersion: v1
kind: Service
metadata:
  namespace: default
  name: nginx
  annotations: { external-dns.kubernetes.io/hostname: nginx.external-dns-test.my-org.com }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.10 }] } }
";

const ZONE: &str = "external-dns-test.my-org.com";

fn program(words: &[&str], urls: &[(&str, String)]) -> Run {
    let home = TempDir::new().expect("a folder");
    let manifests = home.path().join("objects.yaml");
    std::fs::write(&manifests, OBJECTS).expect("written");
    let mut command = external_dns(home.path());
    command.args(["--once", "--source=service", "--policy=sync"]).args(words);
    command.arg(format!("--manifests={}", manifests.display()));
    command.envs([
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-aws"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_REGION", "eu-west-1"),
    ]);
    command.envs(urls.iter().cloned());
    run(&mut command)
}

#[test]
fn the_tutorial_of_cloud_map_works_as_it_is_typed() {
    let sim = CloudMapSim::start();
    sim.namespace(ZONE, Kind::Public);
    let urls = [("AWS_ENDPOINT_URL_SERVICEDISCOVERY", sim.url())];
    let words = [
        "--domain-filter=external-dns-test.my-org.com",
        "--provider=aws-sd",
        "--aws-zone-type=public",
        "--txt-owner-id=my-identifier",
    ];
    let done = program(&words, &urls);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.log.contains("cannot be used with AWS Cloud Map. Switching to"), "{done:?}");
    let description = "heritage=external-dns,external-dns/owner=my-identifier,\
                       external-dns/resource=service/default/nginx";
    assert_eq!(sim.services(), [format!("nginx A 300 MULTIVALUE [192.0.2.10] {description}")]);
    sim.take_writes();
    let again = program(&words, &urls);
    assert_eq!((again.code, sim.writes()), (0, 0), "{again:?}");
    let other = program(&["--provider=inmemory", "--registry=aws-sd"], &[]);
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.log.contains("keeps owners in the descriptions of Cloud Map"), "{other:?}");
}

#[test]
fn owners_are_kept_in_a_table() {
    let table = DynamoDbFake::start("owners");
    let urls = [("AWS_ENDPOINT_URL_DYNAMODB", table.url())];
    let words = [
        "--provider=inmemory",
        "--inmemory-zone=external-dns-test.my-org.com",
        "--registry=dynamodb",
        "--dynamodb-table=owners",
        "--txt-owner-id=my-identifier",
    ];
    let planned = program(&[&words[..], &["--dry-run"]].concat(), &urls);
    assert_eq!((planned.code, table.items().len()), (0, 0), "{planned:?}");
    let done = program(&words, &urls);
    assert_eq!(done.code, 0, "{done:?}");
    let item = "nginx.external-dns-test.my-org.com#A# my-identifier resource=service/default/nginx";
    assert_eq!(table.items(), [item]);
}
