//! Clusters that AWS leads to: a role with an external id before EKS, and kubeconfigs that AWS keeps.
#![cfg(feature = "aws")]

use std::collections::BTreeMap;

use extdns_auth::{AwsRole, AwsVariables};
use extdns_clusters::{Access, Cluster, Eks, Environment, KubeconfigSource};
use extdns_testkit::eks_token;
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::moto::{EksCluster, Moto, REGION};
use extdns_testkit::route53::{Operation, Route53Sim};

use crate::support::{cluster, services};

fn environment(variables: &[(&str, &str)]) -> Environment {
    let usual = [
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-clusters"),
        ("AWS_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let variables = usual.iter().chain(variables);
    let variables: BTreeMap<String, String> =
        variables.map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Environment { aws: AwsVariables::of(&variables), ..Environment::default() }
}

/// What is reached and the services there, or why nothing is.
async fn read(cluster: &Cluster, environment: &Environment) -> Result<(String, usize), String> {
    let view = cluster.connect(environment, std::io::empty()).await;
    let view = view.map_err(|error| error.to_string())?;
    let found = services(&view).await.map_err(|error| error.to_string())?;
    Ok((view.reached().expect("an API").to_owned(), found.len()))
}

#[tokio::test]
async fn a_role_with_an_external_id_reads_the_cluster_of_eks() {
    let test = "a_role_with_an_external_id_reads_the_cluster_of_eks";
    let signed =
        |token: &str| eks_token::check(token).is_ok_and(|signer| signer.access_key != "AKIATEST");
    let user = User::admin("reader", "").by(signed);
    let server = KubeSim::builder().workload(3).user(user).tls().start();
    let sts = Route53Sim::start();
    let arn = sts.account("444455556666").role("dns-reader", Some("e-1"));
    let moto_cluster = EksCluster::new("prod", &server.url(), &server.ca().expect("TLS"));
    // The keys of a session that moto did not make belong to its own account.
    let Some(moto) = Moto::with_clusters_or_skip(test, &[moto_cluster]).await else { return };
    let (eks_url, sts_url) = (moto.url(), sts.url());
    let environment =
        environment(&[("AWS_ENDPOINT_URL_EKS", &eks_url), ("AWS_ENDPOINT_URL_STS", &sts_url)]);
    let eks = |external_id: Option<&str>| {
        let external_id = external_id.map(str::to_owned);
        let assume_role = Some(AwsRole { arn: arn.clone(), external_id });
        cluster(Access::Eks(Eks { name: "prod".to_owned(), region: None, assume_role }))
    };
    let (reached, found) = read(&eks(Some("e-1")), &environment).await.expect("read");
    let origin = format!("(EKS cluster \"prod\" in {REGION}, as role {arn})");
    assert_eq!((reached, found), (format!("{} {origin}", server.url()), 3));
    assert_eq!(sts.count(Operation::AssumeRole), 1);
    assert!(!format!("{:?}", eks(Some("e-1"))).contains("e-1"), "an external id is not shown");

    for external_id in [None, Some("other")] {
        let error = read(&eks(external_id), &environment).await.expect_err("not trusted");
        assert!(error.contains("AccessDenied") && error.contains("external id"), "{error}");
    }
}

/// A kubeconfig of the server with the token of its user, as a secret, a parameter and an object.
#[tokio::test]
async fn a_kubeconfig_that_aws_keeps_reaches_its_cluster() {
    let test = "a_kubeconfig_that_aws_keeps_reaches_its_cluster";
    let Some(moto) = Moto::start_or_skip(test).await else { return };
    let user = User::admin("lab", "s3cr3t-of-the-lab");
    let server = KubeSim::builder().workload(2).user(user).tls().start();
    let kubeconfig = server.kubeconfig(Login::Token("s3cr3t-of-the-lab")).to_string();
    moto.aws(&["secretsmanager", "create-secret", "--name", "lab", "--secret-string", &kubeconfig]);
    let parameter = ["--type", "SecureString", "--tier", "Advanced", "--name", "/dns/lab"];
    let put = [&["ssm", "put-parameter"], &parameter[..], &["--value", &kubeconfig]].concat();
    moto.aws(&put);
    let environment = environment(&[("AWS_ENDPOINT_URL", &moto.url())]);
    for place in ["secretsManager:lab", "ssm:/dns/lab"] {
        let from = KubeconfigSource::Place(place.parse().expect("a place"));
        let cluster = cluster(Access::Kubeconfig { from, context: None });
        let (reached, found) = read(&cluster, &environment).await.expect(place);
        assert_eq!(found, 2);
        assert!(reached.starts_with(&server.url()) && reached.ends_with(&format!("of {place})")));
    }
    let from = KubeconfigSource::Place("secretsManager:stage".parse().expect("a place"));
    let access = Access::Kubeconfig { from, context: None };
    let error = read(&cluster(access), &environment).await.expect_err("none");
    let start = "connect to cluster \"lab\": read secretsManager:stage: there is none of this name in eu-west-1";
    assert!(error.starts_with(start), "{error}");
}

/// The content of a secret is no part of a message.
#[tokio::test]
async fn a_secret_that_is_no_kubeconfig_is_not_shown() {
    let answer = serde_json::json!({ "SecretString": "users: [token: s3cr3t-of-clusters" });
    let aws = ScriptedServer::start(move |_| Reply::json(200, &answer));
    let environment = environment(&[("AWS_ENDPOINT_URL", &aws.url())]);
    let from = KubeconfigSource::Place("secretsManager:lab".parse().expect("a place"));
    let cluster = cluster(Access::Kubeconfig { from, context: None });
    let error = read(&cluster, &environment).await.expect_err("no kubeconfig");
    let start = "connect to cluster \"lab\": read kubeconfig secretsManager:lab: it is no kubeconfig: line 1";
    assert!(error.starts_with(start), "{error}");
    assert!(!error.contains("s3cr3t"), "{error}");
}
