//! From a cluster of EKS to Route 53, with AWS's credentials alone: EKS, STS and Route 53 are moto, and the API server
//! takes what an API server of EKS takes.

use extdns_testkit::eks_token;
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::moto::{ACCOUNT, EksCluster, Moto, REGION};
use serde_json::{Value, json};

use crate::program::{Bench, Run, example_cluster, external_dns, run};

const DNS_ACCOUNT: &str = "999900001111";
const CLUSTER_ACCOUNT: &str = "444455556666";
const NO_CLUSTER: &str = "there is none of this name";

/// The example cluster, which accepts every token signed with a key for which `knows` is true, and may list what the sources
/// need.
fn api_server(knows: fn(&str) -> bool) -> KubeSim {
    let rules = json!([
        { "apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["list", "watch"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"] },
        { "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["list", "watch"] },
    ]);
    let signed_by_known = move |token: &str| {
        eks_token::check(token)
            .is_ok_and(|signer| signer.region == REGION && knows(&signer.access_key))
    };
    KubeSim::builder()
        .manifests(&example_cluster())
        .expect("examples")
        .user(User::new("dns", "").may(&rules).by(signed_by_known))
        .tls()
        .start()
}

fn prod(server: &KubeSim) -> EksCluster {
    EksCluster::new("prod", &server.url(), &server.ca().expect("TLS"))
}

/// A world with a cluster called `prod`, and a home folder. `None` without moto.
async fn world(test: &str, knows: fn(&str) -> bool) -> Option<(KubeSim, Moto, Bench)> {
    let server = api_server(knows);
    let moto = Moto::with_clusters_or_skip(test, &[prod(&server)]).await?;
    Some((server, moto, Bench::new()))
}

fn by_test_key(key: &str) -> bool {
    key == "AKIATEST"
}

/// Runs with moto as AWS; a variable without a value is not set.
fn run_with(moto: &Moto, bench: &Bench, flags: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = external_dns(bench.path());
    command
        .args(["--once", "--source=service", "--source=ingress", "--registry=txt"])
        .args(["--txt-owner-id=e2e", "--policy=sync"])
        .args(flags)
        .envs(moto.variables());
    for (name, value) in variables {
        if value.is_empty() {
            command.env_remove(name);
        } else {
            command.env(name, value);
        }
    }
    run(&mut command)
}

fn to_files(bench: &Bench) -> [String; 3] {
    let zones = format!("--zonefile-dir={}", bench.path().join("zones").display());
    ["--provider=zonefile".to_owned(), zones, "--zonefile-create=example.org".to_owned()]
}

fn plan_of_eks(moto: &Moto, bench: &Bench, flags: &[&str], variables: &[(&str, &str)]) -> Run {
    let files = to_files(bench);
    let flags: Vec<&str> = files.iter().map(String::as_str).chain(flags.iter().copied()).collect();
    run_with(moto, bench, &flags, variables)
}

fn errors(run: &Run) -> String {
    run.log.lines().filter(|line| line.contains("level=error")).collect::<Vec<_>>().join("\n")
}

fn assert_error(run: &Run, parts: &[&str]) {
    assert_eq!(run.code, 1, "{run:?}");
    let errors = errors(run);
    for part in parts {
        assert!(errors.contains(part), "{part}\nis missing in\n{errors}");
    }
    assert!(!run.log.contains("k8s-aws-v1") && !run.log.contains("secret"), "{}", run.log);
}

/// A zone of the account that `variables` belong to; its id.
fn zone(moto: &Moto, keys: &[(&'static str, String)]) -> String {
    let create = ["route53", "create-hosted-zone", "--name", "example.org"];
    let made = moto.aws_as(keys, &[&create[..], &["--caller-reference", "1"]].concat());
    let id = made["HostedZone"]["Id"].as_str().expect("an id");
    id.trim_start_matches("/hostedzone/").to_owned()
}

/// All record sets but those that a zone must have, as `NAME TYPE VALUES`.
fn records(moto: &Moto, keys: &[(&'static str, String)], zone: &str) -> Vec<String> {
    let list = ["route53", "list-resource-record-sets", "--hosted-zone-id", zone];
    let answer = moto.aws_as(keys, &list);
    let sets = answer["ResourceRecordSets"].as_array().expect("record sets");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    sets.iter()
        .filter(|set| set["Type"] != "NS" && set["Type"] != "SOA")
        .map(|set| {
            let values = set["ResourceRecords"].as_array().into_iter().flatten();
            let values: Vec<String> = values.map(|value| text(&value["Value"])).collect();
            format!("{} {} {}", text(&set["Name"]), text(&set["Type"]), values.join(";"))
        })
        .collect()
}

fn writes(moto: &Moto) -> usize {
    moto.log().matches("POST /2013-04-01/hostedzone/").count()
}

/// Records and TXT values as upstream writes them; the second run changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_eks_is_synced_to_route53_and_then_there_is_nothing_to_do() {
    let test = "a_cluster_of_eks_is_synced_to_route53";
    let Some((server, moto, bench)) = world(test, by_test_key).await else { return };
    let id = zone(&moto, &[]);
    let made = writes(&moto);
    let flags = ["--eks-cluster=prod", "--provider=aws", "--domain-filter=example.org"];

    let first = run_with(&moto, &bench, &flags, &[]);
    assert_eq!(first.code, 0, "{first:?}");
    let found = records(&moto, &[], &id);
    for line in [
        "shop.example.org. A 203.0.113.10",
        "shop.example.org. AAAA 2001:db8::10",
        "api.example.org. CNAME lb-7.example.net",
        "a-shop.example.org. TXT \"heritage=external-dns,external-dns/owner=e2e,\
         external-dns/resource=service/shop/web\"",
        "cname-api.example.org. TXT \"heritage=external-dns,external-dns/owner=e2e,\
         external-dns/resource=ingress/shop/api\"",
    ] {
        assert!(found.iter().any(|own| own == line), "{line}\nis missing in\n{found:#?}");
    }
    assert_eq!(writes(&moto) - made, 1, "one batch");
    assert_eq!(server.lists("services"), 1);

    let second = run_with(&moto, &bench, &flags, &[]);
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(writes(&moto) - made, 1, "{}", second.log);
    assert_eq!(records(&moto, &[], &id), found);
    assert_eq!(moto.log().matches("GET /clusters/prod").count(), 2, "one question a run");
}

/// The cluster in one account, the zones in another, the function in a third: each is reached by its own role, whose
/// session STS gives out.
#[tokio::test(flavor = "multi_thread")]
async fn clusters_and_zones_of_other_accounts_are_reached_by_roles() {
    let test = "clusters_and_zones_of_other_accounts";
    let server = api_server(|key| key.starts_with("ASIA"));
    let cluster = EksCluster { account: CLUSTER_ACCOUNT.to_owned(), ..prod(&server) };
    let Some(moto) = Moto::with_clusters_or_skip(test, &[cluster]).await else { return };
    let bench = Bench::new();
    let dns_role = format!("arn:aws:iam::{DNS_ACCOUNT}:role/dns-writer");
    let keys = moto.session(&dns_role);
    let id = zone(&moto, &keys);

    let reader = format!("--eks-assume-role=arn:aws:iam::{CLUSTER_ACCOUNT}:role/dns-reader");
    let writer = format!("--aws-assume-role={dns_role}");
    let flags = ["--eks-cluster=prod", &reader, &writer, "--provider=aws"];
    let synced = run_with(&moto, &bench, &flags, &[]);
    assert_eq!(synced.code, 0, "{synced:?}");
    let found = records(&moto, &keys, &id);
    assert!(found.iter().any(|own| own == "shop.example.org. A 203.0.113.10"), "{found:#?}");

    // Without its role the cluster is not there: it is another account's.
    let alone = run_with(&moto, &bench, &["--eks-cluster=prod", &writer, "--provider=aws"], &[]);
    let remedy = "check --eks-cluster, --eks-region and --eks-assume-role";
    assert_error(&alone, &["EKS cluster", "prod", "access key AKIATEST; ", remedy]);
}

/// The head of the plan says which server is read, and as whom.
#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_in_secrets_manager_is_read_and_the_plan_says_so() {
    let test = "a_kubeconfig_in_secrets_manager_is_read_and_the_plan_says_so";
    let Some(moto) = Moto::start_or_skip(test).await else { return };
    let token = "s3cr3t-of-the-lab";
    let user = User::admin("lab", token);
    let manifests = example_cluster();
    let server =
        KubeSim::builder().manifests(&manifests).expect("examples").user(user).tls().start();
    let kubeconfig = server.kubeconfig(Login::Token(token)).to_string();
    moto.aws(&["secretsmanager", "create-secret", "--name", "lab", "--secret-string", &kubeconfig]);
    let bench = Bench::new();

    let flags = ["--dry-run", "--output=text", "--kubeconfig=secretsManager:lab"];
    // The usual key of moto is a word of the secret's place.
    let key = [("AWS_SECRET_ACCESS_KEY", "k3y-of-moto")];
    let planned = plan_of_eks(&moto, &bench, &flags, &key);
    assert_eq!(planned.code, 0, "{planned:?}");
    let reached = format!(
        "cluster default: {} (context \"test\", user \"test\", of secretsManager:lab)",
        server.url()
    );
    assert!(planned.out.starts_with(&format!("{reached}\n")), "{}", planned.out);
    assert!(planned.out.contains("shop.example.org     203.0.113.10"), "{}", planned.out);
    assert!(planned.log.contains("cluster default: https://"), "{}", planned.log);
    assert!(!planned.log.contains(token) && !planned.out.contains(token), "{planned:?}");

    let flags = ["--kubeconfig=secretsManager:lab", "--context=prod"];
    let error = plan_of_eks(&moto, &bench, &flags, &key);
    let parts = ["secretsManager:lab has no context", "it has test"];
    parts
        .iter()
        .for_each(|part| assert!(error.log.contains(part), "{part} is missing in {error:?}"));
}

/// Each service can be somewhere else, as the SDK's own variables say.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_and_the_region_come_from_the_variables_of_the_sdk() {
    let test = "endpoints_and_the_region_come_from_the_variables";
    let Some((_server, moto, bench)) = world(test, |_| true).await else { return };
    let url = moto.url();
    let nowhere = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let eks = ("AWS_ENDPOINT_URL_EKS", &*url);
    let sts = ("AWS_ENDPOINT_URL_STS", &*url);
    let role = format!("--eks-assume-role=arn:aws:iam::{ACCOUNT}:role/reader");

    let flags = ["--eks-cluster=prod", &role];
    let planned = plan_of_eks(&moto, &bench, &flags, &[nowhere, eks, sts]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let no_region = ("AWS_REGION", "");
    let by_flag = ["--eks-cluster=prod", "--eks-region=eu-west-1"];
    let planned = plan_of_eks(&moto, &bench, &by_flag, &[nowhere, eks, no_region]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let config = bench.write("aws-config", "[default]\nregion = eu-west-1\n");
    let config = config.display().to_string();
    let by_profile = [no_region, ("AWS_CONFIG_FILE", &*config)];
    let planned = plan_of_eks(&moto, &bench, &["--eks-cluster=prod"], &by_profile);
    assert_eq!(planned.code, 0, "{planned:?}");
    let planned = plan_of_eks(
        &moto,
        &bench,
        &[],
        &[("EXTERNAL_DNS_EKS_CLUSTER", "prod"), ("AWS_DEFAULT_REGION", REGION), no_region],
    );
    assert_eq!(planned.code, 0, "{planned:?}");

    let lost = plan_of_eks(&moto, &bench, &["--eks-cluster=prod"], &[no_region]);
    assert_error(&lost, &["EKS cluster", "its region is not known; give --eks-region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_and_nothing_is_written() {
    let test = "what_is_missing_is_said";
    let Some((_server, moto, bench)) = world(test, |key| key == "AKIAKNOWN").await else { return };
    let refused = ["the API server refuses the token of", "Unauthorized", "create-access-entry"];
    let table: [(&[&str], &[&str]); 3] = [
        (&["--eks-cluster=prod"], &refused),
        (&["--eks-cluster=other"], &["EKS cluster", "other", "in eu-west-1", NO_CLUSTER]),
        (&["--eks-cluster=prod", "--eks-region=us-east-1"], &["in us-east-1", NO_CLUSTER]),
    ];
    for (flags, parts) in table {
        assert_error(&plan_of_eks(&moto, &bench, flags, &[]), parts);
    }
    let keyless = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let run = plan_of_eks(&moto, &bench, &["--eks-cluster=prod"], &keyless);
    assert_error(&run, &["EKS cluster", "default credentials"]);
    assert!(!bench.zone_file().exists());
}

#[test]
fn a_cluster_is_reached_in_one_way_alone() {
    let bench = Bench::new();
    let table = [
        (
            ["--eks-cluster=a", "--server=http://x"],
            "--eks-cluster and --server are mutually exclusive arguments",
        ),
        (
            ["--eks-cluster=a", "--kubeconfig=x"],
            "--eks-cluster and --kubeconfig are mutually exclusive arguments",
        ),
        (
            ["--eks-cluster=a", "--manifests=x"],
            "--manifests and --eks-cluster are mutually exclusive arguments",
        ),
        (["--eks-cluster=", "--eks-region=eu-west-1"], "--eks-region needs --eks-cluster"),
    ];
    for (flags, message) in table {
        let refused = bench.run(&flags);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.log.contains(message), "{}", refused.log);
    }
}
