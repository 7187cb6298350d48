//! The simulator of the Kubernetes API over HTTP: alone, and word for word against the real server.

use extdns_testkit::kube::{ADMIN, ADMIN_TOKEN, KubeApi, Login, READER, READER_TOKEN};
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User, workload};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

struct Answer {
    status: u16,
    content_type: String,
    retry_after: Option<String>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn names(&self) -> Vec<String> {
        let list = self.json();
        let name = |item: &Value| {
            let text =
                |field: &str| item["metadata"][field].as_str().unwrap_or_default().to_owned();
            format!("{}/{}", text("namespace"), text("name"))
        };
        list["items"].as_array().unwrap().iter().map(name).collect()
    }
}

async fn send(client: &Client, method: &str, path: &str, body: &Value) -> Result<Answer, String> {
    let mut request = http::Request::builder().method(method).uri(path);
    if path.trim_matches('/').split('/').count() == 1 {
        request = request.header("accept", AGGREGATED);
    }
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request =
        request.header("content-type", "application/json").body(Body::from(body)).unwrap();
    let (head, body) = client.send(request).await.map_err(|e| e.to_string())?.into_parts();
    let header = |name: &str| head.headers.get(name).map(|own| own.to_str().unwrap().to_owned());
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Answer {
        status: head.status.as_u16(),
        content_type: header("content-type").unwrap_or_default(),
        retry_after: header("retry-after"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    })
}

async fn get(client: &Client, path: &str) -> Answer {
    send(client, "GET", path, &Value::Null).await.unwrap()
}

async fn client(sim: &KubeSim, login: Login<'_>) -> Client {
    let kubeconfig: Kubeconfig = serde_json::from_value(sim.kubeconfig(login)).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let mut config = config.unwrap();
    // A client that asks again by itself would hide the first answer.
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

async fn anybody(sim: &KubeSim) -> Client {
    client(sim, Login::Custom(&json!({}))).await
}

fn service(namespace: &str, name: &str) -> Value {
    let metadata = json!({ "name": name, "namespace": namespace, "labels": { "app": name } });
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] } })
}

fn with_services(names: &[&str]) -> KubeSim {
    names.iter().fold(KubeSim::builder(), |sim, name| sim.object(service("shop", name))).start()
}

async fn next(client: &Client, page: &Answer, limit: usize) -> Answer {
    let token = page.json()["metadata"]["continue"].as_str().unwrap().to_owned();
    get(client, &format!("/api/v1/services?limit={limit}&continue={token}")).await
}

#[tokio::test]
async fn pages_are_of_one_snapshot() {
    let sim = with_services(&["e", "a", "c", "b", "d"]);
    let client = anybody(&sim).await;
    let first = get(&client, "/api/v1/services?limit=2").await;
    assert_eq!(first.names(), ["shop/a", "shop/b"]);
    assert_eq!(first.json()["metadata"]["remainingItemCount"], 3);

    sim.apply(service("shop", "bb"));
    let mut changed = service("shop", "c");
    changed["spec"]["type"] = json!("ClusterIP");
    sim.apply(changed);
    assert!(sim.delete(&service("shop", "d")));
    assert!(!sim.delete(&service("shop", "d")));

    let second = next(&client, &first, 2).await;
    assert_eq!(second.names(), ["shop/c", "shop/d"]);
    assert_eq!(second.json()["items"][0]["spec"]["type"], "LoadBalancer");
    assert_eq!(
        second.json()["metadata"]["resourceVersion"],
        first.json()["metadata"]["resourceVersion"]
    );
    let third = next(&client, &second, 2).await;
    assert_eq!(third.names(), ["shop/e"]);
    assert_eq!(third.json()["metadata"].get("continue"), None);
    assert_eq!(third.json()["metadata"].get("remainingItemCount"), None);

    let now = get(&client, "/api/v1/services").await;
    assert_eq!(now.names(), ["shop/a", "shop/b", "shop/bb", "shop/c", "shop/e"]);
    assert_eq!(sim.calls("list", "services"), 4);
}

#[tokio::test]
async fn a_forgotten_snapshot_is_gone_and_its_new_token_goes_on_with_today() {
    let sim = with_services(&["a", "b", "c"]);
    let client = anybody(&sim).await;
    let first = get(&client, "/api/v1/services?limit=1").await;
    sim.delete(&service("shop", "b"));
    sim.compact();
    let gone = next(&client, &first, 1).await;
    assert_eq!((gone.status, &gone.json()["reason"]), (410, &json!("Expired")));
    assert_eq!(next(&client, &gone, 5).await.names(), ["shop/c"]);
    assert_eq!(get(&client, "/api/v1/services").await.names(), ["shop/a", "shop/c"]);
}

#[tokio::test]
async fn the_order_is_that_of_etcd() {
    let objects = [("a", "x"), ("a-b", "x"), ("a", "b"), ("b", "0")];
    let sim = objects
        .iter()
        .fold(KubeSim::builder(), |sim, (namespace, name)| sim.object(service(namespace, name)))
        .start();
    let client = anybody(&sim).await;
    assert_eq!(get(&client, "/api/v1/services").await.names(), ["a-b/x", "a/b", "a/x", "b/0"]);
    assert_eq!(get(&client, "/api/v1/namespaces/a/services").await.names(), ["a/b", "a/x"]);
    assert_eq!(get(&client, "/api/v1/namespaces").await.names(), ["/a", "/a-b", "/b"]);
    assert!(get(&client, "/api/v1/namespaces/nowhere/services").await.names().is_empty());
}

#[tokio::test]
async fn selectors_narrow_a_list() {
    let sim = with_services(&["a", "b", "c"]);
    let client = anybody(&sim).await;
    let list = async |query: &str| get(&client, &format!("/api/v1/services?{query}")).await;
    assert_eq!(list("labelSelector=app%20in%20(a,c)").await.names(), ["shop/a", "shop/c"]);
    assert_eq!(list("fieldSelector=metadata.name!=b").await.names(), ["shop/a", "shop/c"]);
    let page = list("labelSelector=app%3Db&limit=1").await;
    assert_eq!(page.names(), ["shop/b"]);
    assert_eq!(page.json()["metadata"].get("remainingItemCount"), None, "nobody has counted");
    let token = page.json()["metadata"]["continue"].as_str().unwrap().to_owned();
    let rest = list(&format!("labelSelector=app%3Db&limit=1&continue={token}")).await;
    assert!(rest.names().is_empty() && rest.json()["metadata"].get("continue").is_none());
    assert_eq!(list("fieldSelector=spec.ports%3D80").await.status, 400);
}

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: mice.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { plural: mice, singular: mouse, kind: Mouse, listKind: MouseList }
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
---
{ apiVersion: example.org/v1, kind: Mouse, metadata: { name: mickey, namespace: shop }, spec: { size: 1 } }
";

#[tokio::test]
async fn a_status_is_written_and_nothing_else() {
    let sim = KubeSim::builder().yaml(DEFINITION).start();
    let client = anybody(&sim).await;
    let path = "/apis/example.org/v1/namespaces/shop/mice/mickey";
    let mut mouse = get(&client, path).await.json();
    assert_eq!((&mouse["kind"], &mouse["metadata"]["generation"]), (&json!("Mouse"), &json!(1)));
    let seen = mouse["metadata"]["resourceVersion"].clone();
    mouse["status"] = json!({ "observedGeneration": 1 });
    mouse["spec"]["size"] = json!(2);

    let status = format!("{path}/status");
    let written = send(&client, "PUT", &status, &mouse).await.unwrap();
    assert_eq!(written.status, 200, "{}", written.body);
    let stored = sim.object("mice", "shop", "mickey").unwrap();
    assert_eq!(written.json(), stored);
    assert_eq!(
        (&stored["spec"]["size"], &stored["status"]["observedGeneration"]),
        (&json!(1), &json!(1))
    );
    assert_ne!(stored["metadata"]["resourceVersion"], seen);

    let late = send(&client, "PUT", &status, &mouse).await.unwrap();
    assert_eq!((late.status, &late.json()["reason"]), (409, &json!("Conflict")));
    let again = send(&client, "PUT", &status, &stored).await.unwrap();
    assert_eq!(again.json()["metadata"]["resourceVersion"], stored["metadata"]["resourceVersion"]);
    assert_eq!(sim.calls("update", "mice/status"), 3);

    let mut edited = stored.clone();
    edited["spec"]["size"] = json!(3);
    assert_eq!(sim.apply(edited)["metadata"]["generation"], 2);
}

#[tokio::test]
async fn both_forms_of_discovery_say_what_is_served() {
    for plain in [false, true] {
        let builder = KubeSim::builder().yaml(DEFINITION).yaml(
            "{ apiVersion: externaldns.k8s.io/v1alpha1, kind: DNSEndpoint, metadata: { name: x } }",
        );
        let sim = if plain { builder.plain_discovery() } else { builder }.start();
        let client = anybody(&sim).await;
        // The client of the library speaks both.
        let discovery = kube::discovery::Discovery::new(client.clone());
        let discovery =
            if plain { discovery.run().await } else { discovery.run_aggregated().await };
        let discovery = discovery.unwrap();
        let of = |group: &str| {
            let group = discovery.get(group).unwrap();
            let resources = group.recommended_resources();
            let mut plurals: Vec<_> = resources.into_iter().map(|(own, _)| own.plural).collect();
            plurals.sort();
            plurals.join(" ")
        };
        assert_eq!(of("example.org"), "mice");
        assert_eq!(of("externaldns.k8s.io"), "dnsendpoints");
        assert!(of("").contains("services"));
        assert_eq!(sim.calls("get", "/api/v1"), u64::from(plain));
    }
}

#[tokio::test]
async fn rights_can_be_asked_for_and_are_needed() {
    let rules = json!([{ "apiGroups": [""], "resources": ["services"], "verbs": ["list"] }]);
    let sim = KubeSim::builder()
        .object(service("shop", "web"))
        .user(User::admin("admin", "all"))
        .user(User::new("reader", "some").may(&rules))
        .tls()
        .start();
    assert!(sim.url().starts_with("https://"));
    let allowed = async |client: &Client, resource: &str| {
        let spec = json!({ "resourceAttributes": { "verb": "list", "resource": resource } });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = send(client, "POST", path, &json!({ "spec": spec })).await.unwrap();
        assert_eq!(answer.status, 201);
        answer.json()["status"]["allowed"] == true
    };
    let admin = client(&sim, Login::Token("all")).await;
    let reader = client(&sim, Login::Token("some")).await;
    assert!(allowed(&admin, "pods").await);
    assert!(allowed(&reader, "services").await && !allowed(&reader, "pods").await);
    assert_eq!(get(&reader, "/api/v1/services").await.names(), ["shop/web"]);
    assert_eq!(get(&reader, "/api/v1/pods").await.status, 403);
}

#[tokio::test]
async fn faults_befall_what_they_name_and_as_often_as_they_say() {
    let sim = with_services(&["a", "b"]);
    let client = anybody(&sim).await;
    let path = "/api/v1/services?limit=1";
    sim.fail(Fault::new("services", Effect::Busy { status: 429, retry_after: 7 }).times(1));
    let busy = get(&client, path).await;
    assert_eq!((busy.status, busy.retry_after.as_deref()), (429, Some("7")));

    sim.fail(Fault::new("services", Effect::Expired).page(2).times(1));
    let first = get(&client, path).await;
    assert_eq!(first.names(), ["shop/a"]);
    assert_eq!(next(&client, &first, 1).await.status, 410);
    assert_eq!(next(&client, &first, 1).await.names(), ["shop/b"]);

    sim.fail(Fault::new("services", Effect::Cut(40)));
    let cut = send(&client, "GET", path, &Value::Null).await;
    assert!(cut.is_err());
    assert!(get(&client, "/api/v1/pods").await.names().is_empty(), "others are well");
    sim.heal();
    sim.fail(Fault::new("*", Effect::HangUp).times(1));
    assert!(send(&client, "GET", path, &Value::Null).await.is_err());

    let pause = std::time::Duration::from_millis(1);
    sim.fail(Fault::new("services", Effect::Slow { pieces: 5, pause }).times(1));
    assert_eq!(get(&client, path).await.names(), ["shop/a"]);
    sim.fail(
        Fault::new(
            "/api",
            Effect::Foreign { status: 200, content_type: "text/html", body: "<html>" },
        )
        .verb("get"),
    );
    assert_eq!(get(&client, "/api").await.body, "<html>");

    let held = std::sync::Arc::new(tokio::sync::Notify::new());
    sim.fail(Fault::new("services", Effect::Held(held.clone())).times(1));
    let (answer, ()) = tokio::join!(get(&client, path), async { held.notify_one() });
    assert_eq!(answer.names(), ["shop/a"]);

    for (effect, expected) in [
        (Effect::Unauthorized, 401),
        (Effect::Forbidden, 403),
        (Effect::NotServed, 404),
        (Effect::Conflict, 409),
        (Effect::Status(503), 503),
    ] {
        sim.fail(Fault::new("services", effect).times(1));
        assert_eq!(get(&client, path).await.status, expected);
    }
}

#[tokio::test]
async fn a_large_workload_is_read_in_pages() {
    let sim = KubeSim::builder().workload(1_000).start();
    let client = anybody(&sim).await;
    let mut page = get(&client, "/api/v1/services?limit=400").await;
    let mut names = page.names();
    while page.json()["metadata"]["continue"].is_string() {
        page = next(&client, &page, 400).await;
        names.extend(page.names());
    }
    let mut expected: Vec<String> = workload(1_000)
        .take(1_000)
        .map(|own| format!("{}/{}", own.namespace(), own.name()))
        .collect();
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(sim.calls("list", "services"), 3);
    assert_eq!(get(&client, "/apis/networking.k8s.io/v1/ingresses").await.names().len(), 500);
}

#[test]
fn manifests_come_from_folders() {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("below")).unwrap();
    let list = json!({ "kind": "List", "apiVersion": "v1", "items": [service("shop", "b")] });
    std::fs::write(dir.path().join("below/b.json"), list.to_string()).unwrap();
    std::fs::write(
        dir.path().join("a.yaml"),
        format!("{}\n---\n{DEFINITION}", service("shop", "a")),
    )
    .unwrap();
    std::fs::write(dir.path().join("notes.txt"), "{{{").unwrap();
    let sim = KubeSim::builder().manifests(dir.path()).unwrap().start();
    assert!(sim.object("services", "shop", "a").is_some());
    assert!(sim.object("services", "shop", "b").is_some());
    assert!(sim.object("mice", "shop", "mickey").is_some());
    std::fs::write(dir.path().join("c.yaml"), "a: [").unwrap();
    let error = KubeSim::builder().manifests(dir.path()).err().unwrap().to_string();
    assert!(error.contains("c.yaml"), "{error}");
}

/// The real server and the simulator, with the same objects, users and rules.
async fn twins(test: &str) -> Option<(KubeApi, KubeSim)> {
    let api = KubeApi::start_or_skip(test).await?;
    let rules = json!([
        { "apiGroups": [""], "resources": ["services"], "verbs": ["list"] },
        { "apiGroups": ["example.org"], "resources": ["mice/status"], "verbs": ["update"], "resourceNames": ["minnie"] },
    ]);
    api.grant("readers", &rules).await;
    api.apply_yaml(DEFINITION).await;
    for name in ["a", "b", "c"] {
        api.apply(service("shop", name)).await;
    }
    let sim = KubeSim::builder()
        .yaml(DEFINITION)
        .user(User::admin("admin", ADMIN_TOKEN))
        .user(User::new("reader", READER_TOKEN).may(&rules));
    let sim = ["a", "b", "c"].iter().fold(sim, |sim, name| sim.object(service("shop", name)));
    Some((api, sim.start()))
}

/// Takes out what differs from server to server.
fn without_revisions(mut value: Value) -> Value {
    if let Some(metadata) = value["metadata"].as_object_mut() {
        for field in ["resourceVersion", "continue"] {
            if let Some(text) = metadata.get_mut(field) {
                *text = json!("SOME");
            }
        }
        metadata.retain(|field, _| {
            !["uid", "creationTimestamp", "managedFields"].contains(&field.as_str())
        });
    }
    if let Some(items) = value.get_mut("items").and_then(Value::as_array_mut) {
        for item in items {
            *item =
                without_revisions(json!({ "metadata": item["metadata"], "kind": item["kind"] }));
        }
    }
    value
}

#[tokio::test]
async fn the_real_server_says_the_same() {
    let Some((api, sim)) = twins("the_real_server_says_the_same").await else { return };
    let stale = json!({ "apiVersion": "example.org/v1", "kind": "Mouse", "metadata": { "name": "mickey", "namespace": "shop", "resourceVersion": "1" }, "status": {} });
    let unversioned = json!({ "apiVersion": "example.org/v1", "kind": "Mouse", "metadata": { "name": "mickey", "namespace": "shop" }, "status": {} });
    let mut other = unversioned.clone();
    other["metadata"]["name"] = json!("donald");
    let mice = "/apis/example.org/v1/namespaces/shop/mice";
    let (wrong, nobody) = (json!({ "token": "wrong" }), json!({}));
    let (wrong, nobody) = (Login::Custom(&wrong), Login::Custom(&nobody));
    let table: Vec<(Login<'_>, &str, String, Value)> = vec![
        (ADMIN, "GET", "/api/v1/namespaces/shop/services?limit=2".into(), Value::Null),
        (
            ADMIN,
            "GET",
            "/api/v1/namespaces/shop/services?labelSelector=app%3Db".into(),
            Value::Null,
        ),
        (
            ADMIN,
            "GET",
            "/api/v1/namespaces/shop/services?limit=1&labelSelector=app%3Db".into(),
            Value::Null,
        ),
        (ADMIN, "GET", mice.into(), Value::Null),
        (ADMIN, "GET", format!("{mice}/mickey"), Value::Null),
        (ADMIN, "GET", format!("{mice}/donald"), Value::Null),
        (ADMIN, "GET", "/api/v1/namespaces/shop/services/zzz".into(), Value::Null),
        (ADMIN, "GET", "/apis/nobody.org/v1/things".into(), Value::Null),
        (ADMIN, "GET", "/api/v1/things".into(), Value::Null),
        (ADMIN, "GET", "/api/v1/services?continue=%25".into(), Value::Null),
        (ADMIN, "GET", "/api/v1/pods?fieldSelector=spec.nope%3Dx".into(), Value::Null),
        (ADMIN, "PUT", format!("{mice}/mickey/status"), stale),
        (ADMIN, "PUT", format!("{mice}/mickey/status"), unversioned),
        (ADMIN, "PUT", format!("{mice}/mickey/status"), other),
        (READER, "GET", "/api/v1/namespaces/shop/services?limit=1".into(), Value::Null),
        (READER, "GET", "/api/v1/pods".into(), Value::Null),
        (READER, "GET", "/api/v1/namespaces/shop/pods/x".into(), Value::Null),
        (READER, "GET", "/apis/networking.k8s.io/v1/ingresses".into(), Value::Null),
        (
            READER,
            "GET",
            "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/x".into(),
            Value::Null,
        ),
        (READER, "PUT", format!("{mice}/mickey/status"), json!({})),
        (wrong, "GET", "/api/v1/services".into(), Value::Null),
        (nobody, "GET", "/api/v1/services".into(), Value::Null),
        (nobody, "GET", "/apis".into(), Value::Null),
        (nobody, "GET", "/readyz".into(), Value::Null),
    ];
    let mut differences = String::new();
    for (login, method, path, body) in table {
        let real = send(&api.client(login).await, method, &path, &body).await.unwrap();
        let ours = send(&client(&sim, login).await, method, &path, &body).await.unwrap();
        let told = |answer: &Answer| {
            let parsed = serde_json::from_str(&answer.body).map(without_revisions);
            let text = parsed.map_or_else(|_| answer.body.clone(), |value| format!("{value:#}"));
            format!("{} {}\n{text}", answer.status, answer.content_type)
        };
        let (real, ours) = (told(&real), told(&ours));
        if real != ours {
            differences += &format!("{method} {path}\nreal: {real}\nours: {ours}\n\n");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}
