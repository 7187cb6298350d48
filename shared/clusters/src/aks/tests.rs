use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use extdns_auth::AzureVariables;
use extdns_model::ClusterId;
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use extdns_testkit::kube_sim::{KubeSim, User};
use serde_json::{Value, json};

use super::described::Described;
use super::{Aks, find};
use crate::connect::{Access, ApiOptions, Cluster};
use crate::environment::Environment;
use crate::testing::Service;
use crate::view::{ClusterView, Origin};
use crate::{ListScope, ObjectFilter, ReadError};

const ID: &str = "/subscriptions/sub-1/resourcegroups/apps/providers/Microsoft.ContainerService/managedClusters/prod";
const PATH: &str = "/subscriptions/sub-1/resourceGroups/apps/providers/Microsoft.ContainerService/managedClusters/prod";
const LIST: &str = "/subscriptions/sub-1/providers/Microsoft.ContainerService/managedClusters";
/// The application of the API servers of AKS.
const SERVERS: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

async fn services(view: &ClusterView) -> Result<Vec<String>, ReadError> {
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: None, filter: &filter };
    let push = |names: &mut Vec<String>, service: Service, _| {
        names.push(service.metadata.full_name().to_string());
    };
    view.fold(scope, Vec::new, push).await
}

/// Azure: it gives a token for each audience, and `own` answers what Azure Resource Manager is asked.
fn azure(seconds: u32, own: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> ScriptedServer {
    let given = AtomicU32::new(0);
    ScriptedServer::start(move |request| {
        if request.path == "/tenant-1/oauth2/v2.0/token" {
            let form: BTreeMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
            let text = match form["scope"].as_str() {
                "https://arm.test/.default" => "a-token-of-the-manager".to_owned(),
                scope => {
                    let number = given.fetch_add(1, Ordering::Relaxed);
                    format!("token-{number}-{}", scope.trim_end_matches("/.default"))
                }
            };
            return Reply::json(200, &json!({ "access_token": text, "expires_in": seconds }));
        }
        assert_eq!(request.header("authorization"), Some("Bearer a-token-of-the-manager"));
        own(request)
    })
}

/// The credentials of a file, as `azure.json` has them.
struct Machine {
    file: tempfile::NamedTempFile,
}

impl Machine {
    fn new(azure: &ScriptedServer) -> Self {
        let url = azure.url();
        let fields = json!({ "cloud": "AzureStackCloud", "tenantId": "tenant-1", "subscriptionId": "sub-1",
            "resourceGroup": "of-the-nodes", "aadClientId": "app-1", "aadClientSecret": "s3cr3t-of-app",
            "activeDirectoryAuthorityHost": url, "resourceManagerEndpoint": url,
            "resourceManagerAudience": "https://arm.test" });
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), fields.to_string()).expect("written");
        Self { file }
    }

    fn prod(&self) -> Aks {
        Aks {
            name: "prod".to_owned(),
            resource_group: Some("apps".to_owned()),
            subscription: None,
            file: Some(self.file.path().to_owned()),
        }
    }

    fn anywhere(&self) -> Aks {
        Aks { resource_group: None, ..self.prod() }
    }
}

/// A view of `aks`, or why there is none.
async fn view(aks: &Aks, environment: &Environment) -> Result<ClusterView, String> {
    let mut api = ApiOptions::default();
    api.limits.attempts = 1;
    let cluster =
        Cluster { id: ClusterId(0), name: "prod".into(), access: Access::Aks(aks.clone()), api };
    let connection = find(aks, environment).await?;
    let api = cluster.open(connection, environment).await?;
    Ok(ClusterView::new(cluster.id, cluster.name, Origin::Api(api.into())))
}

fn described(properties: Value) -> Value {
    json!({ "id": ID, "name": "prod", "location": "westeurope", "unknown": [], "properties": properties })
}

/// The answer to `listClusterUserCredential`.
fn credentials(server: &str, authority: &str, user: &Value) -> Reply {
    let cluster = json!({ "server": server, "certificate-authority-data": BASE64_STANDARD.encode(authority) });
    let config = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "prod",
        "clusters": [{ "name": "prod", "cluster": cluster }],
        "users": [{ "name": "clusterUser_apps_prod", "user": user }],
        "contexts": [{ "name": "prod", "context": { "cluster": "prod", "user": "clusterUser_apps_prod" } }] });
    let value = BASE64_STANDARD.encode(config.to_string());
    Reply::json(200, &json!({ "kubeconfigs": [{ "name": "clusterUser", "value": value }] }))
}

fn kubelogin(server: &str) -> Value {
    json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin",
        "args": ["get-token", "--login", "devicecode", "--server-id", server, "--client-id", "c"],
        "provideClusterInfo": false } })
}

/// An API server that takes the tokens which `is_good`, and those that it was shown.
fn api_server(is_good: fn(&str) -> bool) -> (KubeSim, Arc<Mutex<Vec<String>>>) {
    let shown = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&shown);
    let user = User::admin("reader", "").by(move |token| {
        seen.lock().expect("no panic").push(token.to_owned());
        is_good(token)
    });
    (KubeSim::builder().workload(1200).user(user).tls().start(), shown)
}

#[tokio::test]
async fn a_cluster_is_found_and_read_with_a_token_for_its_application() {
    let (server, shown) = api_server(|token| token == format!("token-0-{SERVERS}"));
    let (url, authority) = (server.url(), server.ca().expect("TLS"));
    let azure = azure(3600, move |request| match (request.method.as_str(), &*request.target()) {
        ("GET", target) if target == format!("{PATH}?api-version=2024-09-01") => {
            Reply::json(200, &described(json!({ "powerState": { "code": "Running" } })))
        }
        ("POST", target)
            if target
                == format!("{ID}/listClusterUserCredential?api-version=2024-09-01&format=exec") =>
        {
            assert!(request.body.is_empty());
            credentials(&url, &authority, &kubelogin(SERVERS))
        }
        other => panic!("{other:?}"),
    });
    let machine = Machine::new(&azure);
    let view = view(&machine.prod(), &Environment::default()).await.expect("connected");
    let reached = view.reached().expect("an API");
    let who = format!(
        "AKS cluster \"prod\" in apps, resource group apps, as the secret of application app-1 (aadClientSecret in {})",
        machine.file.path().display()
    );
    assert!(reached.contains(&who), "{reached}");
    assert_eq!(services(&view).await.expect("read").len(), 1200);
    let mut tokens = shown.lock().expect("no panic").clone();
    tokens.dedup();
    assert_eq!(tokens, [format!("token-0-{SERVERS}")]);
    let calls = azure.requests();
    let tokens = calls.iter().filter(|request| request.path.ends_with("/token"));
    assert_eq!((tokens.count(), calls.len()), (2, 4), "one token for Azure, one for the cluster");
}

/// A token that ends within the run is renewed before it does, and one that says of no end is used once.
#[tokio::test]
async fn tokens_are_renewed_during_a_run() {
    let (server, shown) = api_server(|token| token.starts_with("token-"));
    let (url, authority) = (server.url(), server.ca().expect("TLS"));
    let azure = azure(30, move |request| match request.method.as_str() {
        "GET" => Reply::json(200, &described(json!({}))),
        _ => credentials(&url, &authority, &kubelogin("an-old-application")),
    });
    let machine = Machine::new(&azure);
    let view = view(&machine.prod(), &Environment::default()).await.expect("connected");
    for _ in 0..2 {
        assert_eq!(services(&view).await.expect("read").len(), 1200);
    }
    let mut tokens = shown.lock().expect("no panic").clone();
    tokens.dedup();
    assert!(tokens.len() > 1, "{tokens:?}");
    assert!(tokens.iter().all(|token| token.ends_with("-an-old-application")), "{tokens:?}");
}

#[tokio::test]
async fn a_cluster_with_local_accounts_has_a_credential_of_its_own() {
    let (server, shown) = api_server(|token| token == "token-of-the-local-account");
    let (url, authority) = (server.url(), server.ca().expect("TLS"));
    let azure = azure(3600, move |request| match request.method.as_str() {
        "GET" => Reply::json(200, &described(json!({}))),
        _ => credentials(&url, &authority, &json!({ "token": "token-of-the-local-account" })),
    });
    let machine = Machine::new(&azure);
    let view = view(&machine.prod(), &Environment::default()).await.expect("connected");
    assert_eq!(services(&view).await.expect("read").len(), 1200);
    assert!(!shown.lock().expect("no panic").is_empty());
    assert_eq!(
        extdns_auth::secrets::redact("token-of-the-local-account"),
        extdns_auth::secrets::REDACTED
    );
}

/// Why there is no view of a cluster.
async fn refusal(
    aks: fn(&Machine) -> Aks,
    own: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> String {
    let azure = azure(3600, own);
    let machine = Machine::new(&azure);
    view(&aks(&machine), &Environment::default()).await.expect_err("none")
}

#[tokio::test]
async fn a_refusal_of_azure_names_the_remedy() {
    let of = |status: u16, message: &str| {
        Reply::json(status, &json!({ "error": { "code": "X", "message": message } }))
    };
    let error = refusal(Machine::prod, move |_| of(404, "The Resource was not found.")).await;
    let expected = "AKS cluster \"prod\" in apps: there is none of this name in subscription sub-1; check \
                    --aks-cluster, --aks-resource-group and --aks-subscription-id";
    assert_eq!(error, expected);
    let denied = move |_: &Request| of(403, "The client does not have authorization");
    let error = refusal(Machine::prod, denied).await;
    assert!(error.contains("may not ask for it: ") && error.contains("authorization"), "{error}");
    let role = "; give it Azure Kubernetes Service Cluster User Role for the cluster";
    assert!(error.ends_with(role), "{error}");
    let half = move |request: &Request| match request.method.as_str() {
        "GET" => Reply::json(200, &described(json!({}))),
        _ => of(403, "may not list"),
    };
    let error = refusal(Machine::prod, half).await;
    assert!(error.contains("may not list") && error.ends_with(role), "{error}");
    let empty = |request: &Request| match request.method.as_str() {
        "GET" => Reply::json(200, &described(json!({}))),
        _ => Reply::json(200, &json!({ "kubeconfigs": [] })),
    };
    assert!(refusal(Machine::prod, empty).await.ends_with("it has no kubeconfig"));
    let plain = |request: &Request| match request.method.as_str() {
        "GET" => Reply::json(200, &described(json!({}))),
        _ => credentials("http://192.0.2.1", "", &kubelogin(SERVERS)),
    };
    let error = refusal(Machine::prod, plain).await;
    assert!(
        error.ends_with("its endpoint is not https, and a credential is sent to it"),
        "{error}"
    );
    for (properties, expected) in [
        (json!({ "powerState": { "code": "Stopped" } }), "it is Stopped; start it (az aks start)"),
        (
            json!({ "provisioningState": "Creating" }),
            "it is Creating; it can be read when it is Succeeded",
        ),
    ] {
        let own = described(properties);
        let error = refusal(Machine::prod, move |_| Reply::json(200, &own)).await;
        assert!(error.ends_with(expected), "{error}");
    }
}

#[tokio::test]
async fn without_a_resource_group_the_cluster_is_looked_for_in_all_of_them() {
    let list = |clusters: &'static [(&'static str, &'static str)]| {
        move |request: &Request| {
            assert_eq!(request.target(), format!("{LIST}?api-version=2024-09-01"));
            let one = |(name, group)| {
                let id =
                    format!("/subscriptions/sub-1/resourcegroups/{group}/providers/x/y/{name}");
                json!({ "name": name, "id": id, "properties": { "powerState": { "code": "Stopped" } } })
            };
            let clusters: Vec<Value> = clusters.iter().copied().map(one).collect();
            Reply::json(200, &json!({ "value": clusters }))
        }
    };
    let error = refusal(Machine::anywhere, list(&[("other", "a")])).await;
    assert!(error.contains("there is none of this name in subscription sub-1"), "{error}");
    let twice = list(&[("prod", "a"), ("other", "a"), ("prod", "b")]);
    let error = refusal(Machine::anywhere, twice).await;
    assert!(error.ends_with("several of this name, in a, b; give --aks-resource-group"), "{error}");
    let error = refusal(Machine::anywhere, list(&[("Prod", "a"), ("other", "a")])).await;
    assert!(error.contains("it is Stopped"), "the one is taken, names are in any case: {error}");
}

#[test]
fn networks_and_rights_are_named() {
    let of = |properties: Value| {
        let described: Described =
            serde_json::from_value(described(properties)).expect("a cluster");
        (described.unreachable(), described.rights())
    };
    let access = |own: Value| json!({ "apiServerAccessProfile": own });
    let role = "bind a ClusterRole to its object id";
    assert_eq!(of(json!({})), (String::new(), role));
    assert_eq!(of(access(Value::Null)), (String::new(), role));
    let (unreachable, _) = of(access(json!({ "enablePrivateCluster": true })));
    assert!(
        unreachable.contains("its endpoint is private: run inside its network"),
        "{unreachable}"
    );
    let (unreachable, _) = of(access(json!({ "authorizedIPRanges": ["198.51.100.0/24"] })));
    assert_eq!(unreachable, "; its endpoint is open to 198.51.100.0/24 alone");
    let (_, rights) = of(json!({ "aadProfile": { "managed": true, "enableAzureRBAC": true } }));
    assert_eq!(rights, "give it Azure Kubernetes Service RBAC Reader for the cluster");
}

#[tokio::test]
async fn without_credentials_every_place_is_named() {
    let aks = Aks {
        name: "prod".to_owned(),
        resource_group: None,
        subscription: None,
        file: Some("/nowhere/azure.json".into()),
    };
    let error = view(&aks, &Environment::default()).await.expect_err("none");
    for place in [
        "no credentials in any of 9 places: (1) aadClientId and aadClientSecret in /nowhere/azure.json: there is no",
        "AZURE_FEDERATED_TOKEN_FILE): not set; label the pod",
    ] {
        assert!(error.contains(place), "{error}");
    }
    let variables = [("IDENTITY_ENDPOINT".to_owned(), "http://127.0.0.1:1".to_owned())];
    let azure = AzureVariables::of(&variables.into());
    let error =
        view(&aks, &Environment { azure, ..Environment::default() }).await.expect_err("none");
    let expected = "its subscription is not known; give --aks-subscription-id, or set AZURE_SUBSCRIPTION_ID or \
                    subscriptionId in /nowhere/azure.json";
    assert!(error.ends_with(expected), "{error}");
}
