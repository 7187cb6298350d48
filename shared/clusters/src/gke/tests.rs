use std::sync::{Arc, Mutex};

use extdns_auth::GoogleVariables;
use extdns_model::ClusterId;
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User};
use serde_json::{Value, json};

use super::described::Described;
use super::{Gke, SCOPES, find};
use crate::connect::{Access, ApiOptions, Cluster};
use crate::environment::Environment;
use crate::testing::Service;
use crate::view::{ClusterView, Origin};
use crate::{ListScope, ObjectFilter, ReadError};

const TOKEN: &str = "a-token-of-google";

async fn services(view: &ClusterView) -> Result<Vec<String>, ReadError> {
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: None, filter: &filter };
    let push = |names: &mut Vec<String>, service: Service, _| {
        names.push(service.metadata.full_name().to_string());
    };
    view.fold(scope, Vec::new, push).await
}

fn prod() -> Gke {
    let some = |text: &str| Some(text.to_owned());
    Gke {
        name: "prod".to_owned(),
        location: some("europe-west1"),
        project: some("example-project"),
    }
}

/// Google: it gives tokens to the machine, and `own` answers what its API of clusters is asked.
fn google(own: impl Fn(&str) -> Reply + Send + Sync + 'static) -> ScriptedServer {
    ScriptedServer::start(move |request| match request.path.as_str() {
        "/computeMetadata/v1/instance/service-accounts/default/token" => {
            assert_eq!(request.pairs(), [("scopes".to_owned(), SCOPES.join(","))]);
            Reply::json(200, &json!({ "access_token": TOKEN, "expires_in": 3600 }))
        }
        path => {
            assert_eq!(request.method, "GET");
            assert_eq!(request.header("authorization"), Some(&*format!("Bearer {TOKEN}")));
            own(path)
        }
    })
}

fn environment(google: &ScriptedServer) -> Environment {
    let variables = [
        ("GCE_METADATA_HOST", google.url().replace("http://", "")),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER", format!("{}/", google.url())),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
    Environment { google: GoogleVariables::of(&variables), ..Environment::default() }
}

/// A view of `gke`, or why there is none.
async fn view(gke: &Gke, environment: &Environment) -> Result<ClusterView, String> {
    let mut api = ApiOptions::default();
    api.limits.attempts = 1;
    let cluster =
        Cluster { id: ClusterId(0), name: "prod".into(), access: Access::Gke(gke.clone()), api };
    let connection = find(gke, environment).await?;
    let api = cluster.open(connection, environment).await?;
    Ok(ClusterView::new(cluster.id, cluster.name, Origin::Api(Arc::new(api))))
}

const PATH: &str = "/v1/projects/example-project/locations/europe-west1/clusters/prod";

#[tokio::test]
async fn a_cluster_is_found_and_read_with_one_token() {
    let shown = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&shown);
    let user = User::admin("reader", "").by(move |token| {
        seen.lock().expect("no panic").push(token.to_owned());
        token == TOKEN
    });
    let server = KubeSim::builder().workload(1200).user(user).tls().start();
    let endpoint = server.url().replace("https://", "");
    let authority = server.ca().expect("TLS");
    let google = google(move |path| {
        assert_eq!(path, PATH);
        Reply::json(
            200,
            &json!({ "name": "prod", "status": "RUNNING", "endpoint": endpoint, "unknown": [],
                "masterAuth": { "clusterCaCertificate": base64(&authority) } }),
        )
    });
    let view = view(&prod(), &environment(&google)).await.expect("connected");
    let reached = view.reached().expect("an API");
    let who = format!(
        "GKE cluster \"prod\" in europe-west1, project example-project, as the service account of {}",
        google.url().replace("http://", "")
    );
    assert!(reached.contains(&who), "{reached}");
    assert_eq!(services(&view).await.expect("read").len(), 1200);
    let mut tokens = shown.lock().expect("no panic").clone();
    tokens.dedup();
    assert_eq!(tokens, [TOKEN]);
    let calls = google.requests();
    let tokens = calls.iter().filter(|request| request.path.ends_with("/token"));
    assert_eq!(tokens.count(), 1, "one token for the API of Google and that of the cluster");
}

/// What a cloud says of a cluster is asked once for many runs, and again where it may be wrong.
#[tokio::test]
async fn the_runs_of_a_process_find_a_cluster_once_until_it_refuses_them() {
    let user = User::admin("reader", TOKEN);
    let server = KubeSim::builder().workload(3).user(user).tls().pages_only().start();
    let endpoint = server.url().replace("https://", "");
    let authority = server.ca().expect("TLS");
    let google = google(move |_| {
        Reply::json(
            200,
            &json!({ "name": "prod", "status": "RUNNING", "endpoint": endpoint,
                "masterAuth": { "clusterCaCertificate": base64(&authority) } }),
        )
    });
    let environment = environment(&google);
    let (access, api) = (Access::Gke(prod()), ApiOptions::default());
    let cluster = Cluster { id: ClusterId(0), name: "prod".into(), access, api };
    let run = async || {
        let view = cluster.connect(&environment, std::io::empty()).await.expect("connected");
        services(&view).await.map(|services| services.len())
    };
    for _ in 0..3 {
        assert_eq!(run().await.expect("read"), 3);
    }
    assert_eq!((google.requests().len(), server.connections()), (2, 1), "a token and a cluster");
    server.fail(Fault::new("services", Effect::Unauthorized));
    assert!(run().await.is_err());
    server.heal();
    assert_eq!(run().await.expect("read"), 3);
    assert_eq!((google.requests().len(), server.connections()), (4, 2));
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}

/// Why there is no view of a cluster.
async fn refusal(gke: &Gke, own: impl Fn(&str) -> Reply + Send + Sync + 'static) -> String {
    let google = google(own);
    view(gke, &environment(&google)).await.expect_err("none")
}

#[tokio::test]
async fn a_refusal_of_google_names_the_remedy() {
    let of = |status: u16, message: &str| {
        Reply::json(status, &json!({ "error": { "code": status, "message": message } }))
    };
    let error = refusal(&prod(), move |_| of(404, "Not found: prod")).await;
    let expected = "GKE cluster \"prod\" in europe-west1: there is none of this name in project example-project; \
                    check --gke-cluster, --gke-location and --gke-project";
    assert_eq!(error, expected);
    let error = refusal(&prod(), move |_| of(403, "Required \"container.clusters.get\"")).await;
    assert!(error.contains("may not ask for it: ") && error.contains("Required"), "{error}");
    assert!(
        error.ends_with("; grant it roles/container.clusterViewer in project example-project"),
        "{error}"
    );
    let error = refusal(&prod(), |_| Reply::json(200, &json!({ "status": "PROVISIONING" }))).await;
    assert!(error.ends_with("it is PROVISIONING; it can be read when it is RUNNING"), "{error}");
    let error = refusal(&prod(), |_| Reply::json(200, &json!({ "status": "RUNNING" }))).await;
    assert!(error.ends_with("it has no endpoint yet; try again later"), "{error}");
}

#[tokio::test]
async fn without_a_location_the_cluster_is_looked_for_in_all_of_them() {
    let anywhere = Gke { location: None, ..prod() };
    let list = |names: &'static [(&'static str, &'static str)]| {
        move |path: &str| {
            assert_eq!(path, "/v1/projects/example-project/locations/-/clusters");
            let one = |(name, location)| json!({ "name": name, "location": location });
            let clusters: Vec<Value> = names.iter().copied().map(one).collect();
            Reply::json(200, &json!({ "clusters": clusters }))
        }
    };
    let error = refusal(&anywhere, list(&[("other", "a")])).await;
    assert!(error.contains("there is none of this name in project example-project"), "{error}");
    let error = refusal(&anywhere, list(&[("prod", "a"), ("other", "a"), ("prod", "b")])).await;
    assert!(error.ends_with("several of this name, in a, b; give --gke-location"), "{error}");
    let error = refusal(&anywhere, list(&[("prod", "a"), ("other", "a")])).await;
    assert!(
        error.ends_with("it has no endpoint yet; try again later"),
        "the one is taken: {error}"
    );
}

#[test]
fn an_endpoint_is_the_one_that_can_be_reached() {
    let dns = json!({ "endpoint": "gke-1.europe-west1.gke.goog", "allowExternalTraffic": true });
    let inner = json!({ "endpoint": "gke-1.europe-west1.gke.goog" });
    let private = json!({ "enablePrivateEndpoint": true });
    let networks = json!({ "enabled": true, "cidrBlocks": [{ "cidrBlock": "198.51.100.0/24" }] });
    let by_name = "https://gke-1.europe-west1.gke.goog";
    let by_address = "https://192.0.2.1";
    let table = [
        (json!({}), by_address, true, ""),
        (
            json!({ "controlPlaneEndpointsConfig": { "dnsEndpointConfig": dns } }),
            by_address,
            true,
            "",
        ),
        (
            json!({ "privateClusterConfig": private }),
            by_address,
            true,
            "its endpoint is private: run inside its network",
        ),
        (
            json!({ "privateClusterConfig": private,
                "controlPlaneEndpointsConfig": { "dnsEndpointConfig": dns } }),
            by_name,
            false,
            "its endpoint is private",
        ),
        (
            json!({ "controlPlaneEndpointsConfig": { "dnsEndpointConfig": dns,
                "ipEndpointsConfig": { "enabled": false } } }),
            by_name,
            false,
            "its endpoint is private",
        ),
        (
            json!({ "controlPlaneEndpointsConfig": { "dnsEndpointConfig": inner,
                "ipEndpointsConfig": { "enablePublicEndpoint": false } } }),
            by_address,
            true,
            "its endpoint is private",
        ),
        (
            json!({ "masterAuthorizedNetworksConfig": networks }),
            by_address,
            true,
            "its endpoint is open to 198.51.100.0/24 alone",
        ),
    ];
    for (more, server, has_authority, unreachable) in table {
        let mut described = json!({ "name": "prod", "status": "RUNNING", "endpoint": "192.0.2.1",
            "masterAuth": { "clusterCaCertificate": "Q0E=" } });
        let members = described.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        let described: Described = serde_json::from_value(described).expect("a cluster");
        let found = described.server().expect("a server");
        assert_eq!(found.server.as_deref(), Some(server), "{more}");
        assert_eq!(found.certificate_authority_data.is_some(), has_authority, "{more}");
        assert_eq!(described.unreachable().is_empty(), unreachable.is_empty(), "{more}");
        assert!(described.unreachable().contains(unreachable), "{more}");
    }
}

#[tokio::test]
async fn without_credentials_every_place_is_named() {
    let variables =
        [("GCE_METADATA_HOST".to_owned(), "metadata.invalid".to_owned())].into_iter().collect();
    let environment =
        Environment { google: GoogleVariables::of(&variables), ..Environment::default() };
    let error = view(&prod(), &environment).await.expect_err("none");
    assert!(
        error.contains("no credentials in any of 3 places: (1) the environment (GOOGLE_APPLICATION_CREDENTIALS)"),
        "{error}"
    );
    let error = view(&Gke { project: None, ..prod() }, &environment).await.expect_err("none");
    assert!(
        error.contains("no project in any of 4 places: (1) --gke-project: not given;"),
        "{error}"
    );
}
