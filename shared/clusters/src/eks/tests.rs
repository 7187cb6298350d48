use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use extdns_auth::{AwsIdentity, AwsRole};
use extdns_model::ClusterId;
use extdns_testkit::eks_token;
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::moto::{EksCluster, Moto, REGION};
use serde_json::{Value, json};

use super::Eks;
use crate::connect::{Access, ApiOptions, Cluster};
use crate::environment::Environment;
use crate::testing::Service;
use crate::view::{ClusterView, Origin};
use crate::{ListScope, ObjectFilter, ReadError};

async fn services(view: &ClusterView) -> Result<Vec<String>, ReadError> {
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: None, filter: &filter };
    let push = |names: &mut Vec<String>, service: Service, _| {
        names.push(service.metadata.full_name().to_string());
    };
    view.fold(scope, Vec::new, push).await
}

/// An identity whose services are at `url`.
fn aws(url: &str) -> AwsIdentity {
    let credentials = Credentials::new("AKIATEST", "s3cr3t", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .build();
    AwsIdentity { config, account: "123456789012".to_owned() }
}

fn prod() -> Eks {
    Eks { name: "prod".to_owned(), region: Some(REGION.to_owned()), assume_role: None }
}

fn as_role(arn: &str) -> AwsRole {
    AwsRole { arn: arn.to_owned(), external_id: None }
}

/// A view of `eks`, or why there is none.
async fn view(eks: &Eks, aws: &AwsIdentity) -> Result<ClusterView, String> {
    let mut api = ApiOptions::default();
    api.limits.attempts = 1;
    let cluster =
        Cluster { id: ClusterId(0), name: "prod".into(), access: Access::Eks(eks.clone()), api };
    let connection = eks.connection(aws).await?;
    let api = cluster.open(connection, &Environment::default()).await?;
    Ok(ClusterView::new(cluster.id, cluster.name, Origin::Api(Arc::new(api))))
}

/// An API server with TLS that takes the tokens of an access key for the cluster's region, and keeps those it was shown.
fn api_server(access_key: &'static str) -> (KubeSim, Arc<Mutex<Vec<String>>>) {
    let shown = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&shown);
    let user = User::admin("reader", "").by(move |token| {
        seen.lock().expect("no panic").push(token.to_owned());
        eks_token::check(token)
            .is_ok_and(|signer| signer.access_key == access_key && signer.region == REGION)
    });
    (KubeSim::builder().workload(1200).user(user).tls().start(), shown)
}

#[tokio::test]
async fn a_cluster_that_moto_has_is_read() {
    let (server, shown) = api_server("AKIATEST");
    let clusters = [EksCluster::new("prod", &server.url(), &server.ca().expect("TLS"))];
    let test = "a_cluster_that_moto_has_is_read";
    let Some(moto) = Moto::with_clusters_or_skip(test, &clusters).await else { return };

    let view = view(&prod(), &aws(&moto.url())).await.expect("connected");
    assert_eq!(services(&view).await.expect("read").len(), 1200);
    assert_eq!(server.lists("services"), 1, "one stream");
    let mut tokens = shown.lock().expect("no panic").clone();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "one token for the run");
    assert_eq!(moto.log().matches("GET /clusters/prod").count(), 1, "{}", moto.log());
}

/// moto makes up an endpoint and an authority for what is created through its API.
#[tokio::test]
async fn a_cluster_made_through_the_api_is_found_and_another_is_not() {
    let test = "a_cluster_made_through_the_api_is_found";
    let Some(moto) = Moto::start_or_skip(test).await else { return };
    let role = "arn:aws:iam::123456789012:role/cluster";
    let subnets = "subnetIds=subnet-1,subnet-2";
    let create = ["eks", "create-cluster", "--name", "prod", "--role-arn", role];
    let made = moto.aws(&[&create[..], &["--resources-vpc-config", subnets]].concat());

    let identity = aws(&moto.url());
    let found = prod().describe(&identity).await.expect("described");
    assert_eq!(found.endpoint(), made["cluster"]["endpoint"].as_str());
    let other = Eks { name: "other".to_owned(), ..prod() };
    let error = other.describe(&identity).await.expect_err("none");
    assert_eq!(
        error,
        "there is none of this name in account 123456789012; check --eks-cluster, --eks-region and --eks-assume-role"
    );
}

#[tokio::test]
async fn one_question_is_asked_of_aws_and_it_is_signed_for_eks() {
    let eks = ScriptedServer::start(|_| refusal(404, "ResourceNotFoundException", "No cluster"));
    view(&prod(), &aws(&eks.url())).await.expect_err("none");
    let requests = eks.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), &*requests[0].target()), ("GET", "/clusters/prod"));
    let signature = requests[0].header("authorization").expect("signed");
    assert!(signature.contains("Credential=AKIATEST/"), "{signature}");
    assert!(signature.contains("/eu-west-1/eks/aws4_request"), "{signature}");
}

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message })).header("x-amzn-errortype", code)
}

#[tokio::test]
async fn a_refusal_of_aws_names_the_remedy() {
    let role = "arn:aws:iam::123456789012:role/reader";
    let denied = "User: arn:aws:sts::123456789012:assumed-role/reader/external-dns is not authorized to perform: \
                  eks:DescribeCluster on resource: arn:aws:eks:eu-west-1:123456789012:cluster/prod";
    let table = [
        (
            None,
            403,
            "AccessDeniedException",
            denied,
            "the default credentials of AWS may not ask for it: User: arn:",
        ),
        (
            Some(role),
            403,
            "AccessDeniedException",
            denied,
            "role/reader may not ask for it: User: arn:",
        ),
        (
            Some(role),
            403,
            "AccessDeniedException",
            denied,
            "cluster/prod; allow eks:DescribeCluster",
        ),
        (
            None,
            403,
            "UnrecognizedClientException",
            "The security token is invalid",
            "eks:DescribeCluster: ",
        ),
        (
            None,
            403,
            "UnrecognizedClientException",
            "The security token is invalid",
            "The security token is invalid",
        ),
    ];
    for (role, status, code, message, expected) in table {
        let eks = ScriptedServer::start(move |_| refusal(status, code, message));
        let cluster = Eks { assume_role: role.map(as_role), ..prod() };
        let error = view(&cluster, &aws(&eks.url())).await.map(drop).expect_err("refused");
        assert!(error.contains(expected), "{error}\n{expected}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}

/// EKS is asked again where it is busy.
#[tokio::test]
async fn throttling_is_waited_out() {
    let server = KubeSim::builder().tls().start();
    let cluster = active(&server.url(), &server.ca().expect("TLS"));
    let answers = Mutex::new(vec![
        Reply::json(200, &json!({ "cluster": cluster })),
        refusal(429, "ThrottlingException", "Rate exceeded"),
    ]);
    let eks = ScriptedServer::start(move |_| {
        answers.lock().expect("no panic").pop().expect("two requests")
    });
    let view = view(&prod(), &aws(&eks.url())).await.expect("connected");
    assert_eq!(services(&view).await.expect("read"), [""; 0]);
}

fn active(endpoint: &str, ca: &str) -> Value {
    use base64::Engine as _;
    let ca = base64::prelude::BASE64_STANDARD.encode(ca);
    json!({
        "name": "prod", "status": "ACTIVE", "endpoint": endpoint, "certificateAuthority": { "data": ca },
        "resourcesVpcConfig": { "endpointPublicAccess": true, "publicAccessCidrs": ["0.0.0.0/0"] },
        "accessConfig": { "authenticationMode": "API_AND_CONFIG_MAP" },
    })
}

/// An active cluster with one part of its description replaced.
fn described(server: &KubeSim, part: &str, value: Value) -> ScriptedServer {
    let mut cluster = active(&server.url(), &server.ca().expect("TLS"));
    cluster[part] = value;
    ScriptedServer::start(move |_| Reply::json(200, &json!({ "cluster": cluster })))
}

#[tokio::test]
async fn a_cluster_that_cannot_be_read_says_why() {
    let server = KubeSim::builder().tls().start();
    let table = [
        ("status", json!("CREATING"), "it is CREATING; it can be read when it is ACTIVE"),
        ("status", json!("FAILED"), "it is FAILED; it can be read when it is ACTIVE"),
        ("endpoint", Value::Null, "it has no endpoint yet; try again later"),
        (
            "endpoint",
            json!("http://x"),
            "its endpoint \"http://x\" is not https, and a token is sent to it",
        ),
        ("certificateAuthority", json!({}), "it has no certificate authority"),
        ("certificateAuthority", json!({ "data": "%" }), "base64"),
    ];
    for (part, value, expected) in table {
        let eks = described(&server, part, value);
        let error = view(&prod(), &aws(&eks.url())).await.map(drop).expect_err("refused");
        assert!(error.contains(expected), "{error}\n{expected}");
    }
    for status in ["ACTIVE", "UPDATING", "SOMETHING_NEW"] {
        let eks = described(&server, "status", json!(status));
        let view = view(&prod(), &aws(&eks.url())).await.expect(status);
        assert_eq!(services(&view).await.expect(status), [""; 0]);
    }
}

/// 401: the cluster does not know the role.
#[tokio::test]
async fn a_role_without_an_access_entry_gets_an_error_that_names_it() {
    let (server, _) = api_server("AKIASOMEBODYELSE");
    let role = "arn:aws:iam::123456789012:role/reader";
    let table = [
        (
            Some(role),
            "API_AND_CONFIG_MAP",
            "the API server refuses the token of arn:aws:iam::123456789012:role/reader for EKS cluster \"prod\" in \
             eu-west-1: Unauthorized; give role arn:aws:iam::123456789012:role/reader an access entry with a group of \
             Kubernetes (aws eks create-access-entry), and check that the clock is right",
        ),
        (
            Some(role),
            "CONFIG_MAP",
            "; add role arn:aws:iam::123456789012:role/reader to mapRoles of ConfigMap kube-system/aws-auth, and",
        ),
        (
            None,
            "API",
            "; give their role or user (aws sts get-caller-identity) an access entry with a group of Kubernetes",
        ),
    ];
    for (role, mode, expected) in table {
        let eks = described(&server, "accessConfig", json!({ "authenticationMode": mode }));
        let cluster = Eks { assume_role: role.map(as_role), ..prod() };
        let view = view(&cluster, &aws(&eks.url())).await.expect("connected");
        let error = services(&view).await.expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
        assert!(!error.contains("k8s-aws-v1"), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_reached_says_from_where_it_would_be() {
    let server = KubeSim::builder().tls().start();
    let table = [
        (json!({ "endpointPublicAccess": false }), "; its endpoint is private: run inside its VPC"),
        (
            json!({ "endpointPublicAccess": true, "publicAccessCidrs": ["192.0.2.0/24", "198.51.100.1/32"] }),
            "; its endpoint is open to 192.0.2.0/24, 198.51.100.1/32 alone",
        ),
    ];
    for (vpc, expected) in table {
        let mut cluster = active("https://127.0.0.1:1", &server.ca().expect("TLS"));
        cluster["resourcesVpcConfig"] = vpc;
        let eks = ScriptedServer::start(move |_| Reply::json(200, &json!({ "cluster": cluster })));
        let view = view(&prod(), &aws(&eks.url())).await.expect("connected");
        let error = services(&view).await.expect_err("nobody is there").to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
    }
}

/// As where packets are dropped: no answer comes.
#[tokio::test]
async fn a_connection_that_hangs_is_distinguished_from_a_slow_answer() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", silent.local_addr().expect("bound"));
    let server = KubeSim::builder().tls().start();
    let mut cluster = active(&url, &server.ca().expect("TLS"));
    cluster["resourcesVpcConfig"] = json!({ "endpointPublicAccess": false });
    let eks = ScriptedServer::start(move |_| Reply::json(200, &json!({ "cluster": cluster })));
    let view = view(&prod(), &aws(&eks.url())).await.expect("connected");
    tokio::time::pause();
    let error = services(&view).await.expect_err("nobody answers").to_string();
    assert!(error.contains("; its endpoint is private: run inside its VPC"), "{error}");
}

/// Another authority's server is not spoken to.
#[tokio::test]
async fn the_authority_of_the_cluster_is_the_only_one() {
    let server = KubeSim::builder().tls().start();
    let other = KubeSim::builder().tls().start();
    let cluster = active(&server.url(), &other.ca().expect("TLS"));
    let eks = ScriptedServer::start(move |_| Reply::json(200, &json!({ "cluster": cluster })));
    let view = view(&prod(), &aws(&eks.url())).await.expect("connected");
    let error = services(&view).await.expect_err("not vouched for").to_string();
    assert!(error.contains("certificate"), "{error}");
    assert!(server.requests().is_empty());
}
