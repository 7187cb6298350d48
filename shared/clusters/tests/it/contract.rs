//! One suite over every API server: the real one and the simulator have to read alike. Then what only the simulator
//! does on demand.

use std::collections::BTreeMap;

use extdns_clusters::{
    Access, Cluster, ClusterView, Metadata, Projection, ReadErrorKind, ResourceType, Right,
};
use extdns_testkit::kube::{ADMIN, ADMIN_TOKEN, KubeApi, Login, READER, READER_TOKEN};
use extdns_testkit::kube_sim::{Builder, Effect, Fault, KubeSim, User};
use serde_json::{Value, json};

use crate::support::{Ingress, Node, Service, cluster, connect, in_pages_of, names};

#[derive(serde::Deserialize)]
struct Mouse {
    metadata: Metadata,
    spec: Size,
}

#[derive(serde::Deserialize)]
struct Size {
    size: u32,
}

impl Projection for Mouse {
    const RESOURCE: ResourceType = ResourceType {
        group: "contract.example",
        version: "v1",
        plural: "mice",
        kind: "Mouse",
        namespaced: true,
    };
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}

/// What is not served: the same resource in a version that nobody defined.
#[derive(serde::Deserialize)]
struct Rat(Mouse);

impl Projection for Rat {
    const RESOURCE: ResourceType = ResourceType { version: "v2", ..Mouse::RESOURCE };
    fn metadata(&self) -> &Metadata {
        self.0.metadata()
    }
    fn metadata_mut(&mut self) -> &mut Metadata {
        self.0.metadata_mut()
    }
}

/// Namespaces that sort otherwise as text than as path: `-` stands before `/`.
const OBJECTS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: mice.contract.example }
spec:
  group: contract.example
  scope: Namespaced
  names: { plural: mice, singular: mouse, kind: Mouse, listKind: MouseList }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Service, metadata: { name: e, namespace: shop }, spec: { type: ExternalName, externalName: x.example } }
  - { apiVersion: v1, kind: Service, metadata: { name: a, namespace: shop }, spec: { type: ExternalName, externalName: x.example } }
  - { apiVersion: v1, kind: Service, metadata: { name: c, namespace: shop-b }, spec: { type: ExternalName, externalName: x.example } }
  - { apiVersion: v1, kind: Service, metadata: { name: b, namespace: shop, annotations: { k: v }, labels: { l: w } }, spec: { type: ExternalName, externalName: x.example } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front, namespace: shop }
spec: { rules: [{ host: a.example.org }, { host: b.example.org }] }
---
{ apiVersion: v1, kind: Node, metadata: { name: n1 } }
---
{ apiVersion: contract.example/v1, kind: Mouse, metadata: { name: mickey, namespace: shop }, spec: { size: 3 } }
";

/// What the reader may.
fn rules() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["services"], "verbs": ["list"] },
        { "apiGroups": ["contract.example"], "resources": ["mice"], "verbs": ["watch"] },
    ])
}

/// An API server with the objects and the users of this suite.
struct Subject<'a> {
    kubeconfig: &'a dyn Fn(Login<'_>) -> std::path::PathBuf,
}

impl Subject<'_> {
    fn cluster(&self, login: Login<'_>) -> Cluster {
        cluster(Access::kubeconfig((self.kubeconfig)(login)))
    }

    async fn view(&self, login: Login<'_>) -> ClusterView {
        connect(&self.cluster(login)).await
    }

    async fn holds(&self) {
        self.lists_whatever_the_size_of_pages().await;
        self.decodes_what_it_is_asked_for().await;
        self.knows_what_is_served().await;
        self.refuses_in_words_that_help().await;
        self.says_what_we_may().await;
        self.streams_what_may_be_watched().await;
        self.tells_what_is_there().await;
    }

    async fn lists_whatever_the_size_of_pages(&self) {
        let pages = [1, 2, 3, 4, 500].map(|size| in_pages_of(size, self.cluster(ADMIN)));
        for cluster in [self.cluster(ADMIN)].into_iter().chain(pages) {
            let size = cluster.api.limits.page_size;
            let view = connect(&cluster).await;
            let all = names::<Service>(&view, "").await.unwrap();
            // The real server has a Service of its own.
            let ours: Vec<&str> =
                all.iter().map(String::as_str).filter(|name| name.starts_with("shop")).collect();
            assert_eq!(ours, ["shop-b/c", "shop/a", "shop/b", "shop/e"], "pages of {size}");
            let some = names::<Service>(&view, "shop").await.unwrap();
            assert_eq!(some, ["shop/a", "shop/b", "shop/e"], "pages of {size}");
            assert!(names::<Service>(&view, "nowhere").await.unwrap().is_empty());
            let counted: Vec<(u64, u64)> =
                view.lists().iter().map(|count| (count.lists, count.objects)).collect();
            assert_eq!(counted, [(3, (all.len() + some.len()) as u64)]);
        }
    }

    async fn decodes_what_it_is_asked_for(&self) {
        let view = self.view(ADMIN).await;
        let services = view.shared::<Service>(Some("shop")).await.unwrap();
        let annotated = &services[1].metadata;
        assert_eq!(annotated.annotations.get("k"), Some("v"));
        assert_eq!(annotated.labels.get("l"), Some("w"));
        let ingresses = view.shared::<Ingress>(None).await.unwrap();
        let hosts: Vec<&str> =
            ingresses.iter().flat_map(|own| &own.spec.rules).map(|rule| &*rule.host).collect();
        assert_eq!(hosts, ["a.example.org", "b.example.org"]);
        assert_eq!(names::<Node>(&view, "ignored").await.unwrap(), ["n1"]);
        let mice = view.shared::<Mouse>(None).await.unwrap();
        assert_eq!((mice.len(), mice[0].spec.size), (1, 3));
    }

    async fn knows_what_is_served(&self) {
        let view = self.view(ADMIN).await;
        assert!(view.has(&Service::RESOURCE).await.unwrap());
        assert!(view.has(&Ingress::RESOURCE).await.unwrap());
        assert!(view.has(&Mouse::RESOURCE).await.unwrap());
        assert!(!view.has(&Rat::RESOURCE).await.unwrap());
        assert_eq!(
            names::<Rat>(&view, "").await.unwrap_err().to_string(),
            "read cluster \"lab\": list contract.example/v2 mice: not served; the server has only version v1, and v2 is \
             needed"
        );
    }

    async fn refuses_in_words_that_help(&self) {
        let reader = self.view(READER).await;
        assert_eq!(names::<Service>(&reader, "shop").await.unwrap().len(), 3);
        assert_eq!(
            names::<Ingress>(&reader, "shop").await.unwrap_err().to_string(),
            "read cluster \"lab\": list ingresses.networking.k8s.io: forbidden; add {apiGroups: \
             [\"networking.k8s.io\"], resources: [\"ingresses\"], verbs: [\"list\"]} to a Role in namespace \"shop\" that is \
             bound to \"reader\""
        );
        let stranger = self.view(Login::Token("wrong")).await;
        let error = names::<Service>(&stranger, "").await.unwrap_err();
        assert!(matches!(*error.kind, ReadErrorKind::Unauthorized { .. }), "{error}");
        assert!(error.to_string().contains(": Unauthorized; renew "), "{error}");
    }

    async fn says_what_we_may(&self) {
        let status = |namespace| Right::update_status(Mouse::RESOURCE, namespace);
        let table = [
            (Right::list(Service::RESOURCE, None), true),
            (Right::list(Service::RESOURCE, Some("shop")), true),
            (Right::list(Ingress::RESOURCE, None), false),
            (Right::list(Node::RESOURCE, None), false),
            (status(None), false),
            (status(Some("shop")), false),
        ];
        let (admin, reader) = (self.view(ADMIN).await, self.view(READER).await);
        for (right, expected) in table {
            assert_eq!(reader.may(&right).await.unwrap(), expected, "{right}");
            assert!(admin.may(&right).await.unwrap(), "{right}");
        }
        assert!(reader.date().await.is_ok());
        let wrong = self.view(Login::Token("wrong")).await;
        let error = wrong.date().await.unwrap_err();
        assert!(matches!(*error.kind, ReadErrorKind::Unauthorized { .. }), "{error}");
    }
}

impl Subject<'_> {
    /// Who may watch alone can have the objects only by a stream, and who may list alone only in pages.
    async fn streams_what_may_be_watched(&self) {
        let reader = self.view(READER).await;
        assert_eq!(names::<Mouse>(&reader, "").await.unwrap(), ["shop/mickey"]);
        assert!(names::<Mouse>(&reader, "nowhere").await.unwrap().is_empty());
        assert_eq!(names::<Service>(&reader, "shop").await.unwrap().len(), 3);
        assert!(names::<Mouse>(&reader, "").await.is_err(), "it streams nothing from now on");
    }

    async fn tells_what_is_there(&self) {
        let (admin, reader) = (self.view(ADMIN).await, self.view(READER).await);
        assert_eq!(admin.has_namespace("shop").await, Some(true));
        assert_eq!(admin.has_namespace("nowhere").await, Some(false));
        assert_eq!(reader.has_namespace("shop").await, None, "it may not ask");
        let list = |resource| Right::list(resource, None);
        assert!(reader.try_list(&list(Service::RESOURCE)).await.is_ok());
        let error = reader.try_list(&list(Ingress::RESOURCE)).await.unwrap_err();
        assert!(matches!(*error.kind, ReadErrorKind::Forbidden { .. }), "{error}");
        assert!(admin.try_list(&list(Rat::RESOURCE)).await.is_err());
    }
}

fn simulator() -> Builder {
    KubeSim::builder()
        .yaml(OBJECTS)
        .user(User::admin("admin", ADMIN_TOKEN))
        .user(User::new("reader", READER_TOKEN).may(&rules()))
}

async fn holds_for(sim: &KubeSim) {
    let kubeconfig = |login: Login<'_>| sim.write_kubeconfig(&sim.kubeconfig(login));
    Subject { kubeconfig: &kubeconfig }.holds().await;
}

#[tokio::test]
async fn the_contract_holds_for_the_real_server() {
    let Some(api) = KubeApi::start_or_skip("the_contract_holds_for_the_real_server").await else {
        return;
    };
    api.apply_yaml(OBJECTS).await;
    api.grant("readers", &rules()).await;
    let kubeconfig = |login: Login<'_>| api.write_kubeconfig(&api.kubeconfig(login));
    Subject { kubeconfig: &kubeconfig }.holds().await;
}

#[tokio::test]
async fn the_contract_holds_for_the_simulator() {
    holds_for(&simulator().start()).await;
}

#[tokio::test]
async fn the_contract_holds_for_a_simulator_of_an_old_server_behind_tls() {
    let sim = simulator().plain_discovery().tls().start();
    holds_for(&sim).await;
    assert!(sim.calls("get", "/apis/contract.example/v1") > 0, "discovery was plain");
}

/// A view of a simulator with five services in pages of two.
async fn five(sim: &KubeSim) -> ClusterView {
    for name in ["a", "b", "c", "d", "e"] {
        let metadata = json!({ "name": name, "namespace": "shop" });
        sim.apply(json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata }));
    }
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    connect(&in_pages_of(2, cluster(Access::kubeconfig(path)))).await
}

const WHOLE: [&str; 5] = ["shop/a", "shop/b", "shop/c", "shop/d", "shop/e"];

#[tokio::test]
async fn a_passing_fault_on_any_page_leaves_the_list_whole() {
    let faults: BTreeMap<&str, (Effect, u64)> = BTreeMap::from([
        // A list that begins again asks for the pages before the fault once more.
        ("expired", (Effect::Expired, 0)),
        ("busy", (Effect::Busy { status: 429, retry_after: 0 }, 1)),
        ("unavailable", (Effect::Status(503), 1)),
        ("internal", (Effect::Status(500), 1)),
        ("cut", (Effect::Cut(60), 1)),
        ("hang-up", (Effect::HangUp, 1)),
    ]);
    for (name, (effect, again)) in faults {
        for page in 1..=3 {
            let sim = KubeSim::builder().start();
            let view = five(&sim).await;
            sim.fail(Fault::new("services", effect.clone()).page(page).times(1));
            assert_eq!(names::<Service>(&view, "").await.unwrap(), WHOLE, "{name}, page {page}");
            let asked_again = if again == 0 { page as u64 } else { again };
            assert_eq!(sim.calls("list", "services"), 3 + asked_again, "{name}, page {page}");
        }
    }
}

#[tokio::test]
async fn a_lasting_fault_on_any_page_is_an_error_and_never_a_short_list() {
    for effect in [
        Effect::Expired,
        Effect::Busy { status: 429, retry_after: 0 },
        Effect::Status(504),
        Effect::Cut(60),
        Effect::HangUp,
        Effect::Forbidden,
        Effect::Unauthorized,
        Effect::NotServed,
        Effect::Foreign { status: 200, content_type: "text/html", body: "<html>log in</html>" },
        Effect::Foreign { status: 200, content_type: "application/json", body: "{}" },
        Effect::Foreign { status: 200, content_type: "application/json", body: "" },
    ] {
        for page in 1..=3 {
            let sim = KubeSim::builder().start();
            let view = five(&sim).await;
            sim.fail(Fault::new("services", effect.clone()).page(page));
            let read = names::<Service>(&view, "").await;
            assert!(read.is_err(), "{effect:?}, page {page}: {read:?}");
            assert_eq!(view.lists()[0].objects, 0);
        }
    }
}

#[tokio::test]
async fn pages_are_of_the_snapshot_of_the_first_one() {
    let sim = KubeSim::builder().start();
    let view = five(&sim).await;
    let filter = extdns_clusters::ObjectFilter::default();
    let scope = extdns_clusters::ListScope { namespace: None, filter: &filter };
    let read = view.fold(scope, Vec::new, |seen: &mut Vec<String>, service: Service, _| {
        let gone = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "d", "namespace": "shop" } });
        sim.delete(&gone);
        seen.push(service.metadata.full_name().to_string());
    });
    assert_eq!(read.await.unwrap(), WHOLE);
    assert_eq!(names::<Service>(&view, "").await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_list_whose_past_is_forgotten_in_the_middle_is_the_new_one() {
    let sim = KubeSim::builder().start();
    let view = five(&sim).await;
    let filter = extdns_clusters::ObjectFilter::default();
    let scope = extdns_clusters::ListScope { namespace: None, filter: &filter };
    let read = view.fold(scope, Vec::new, |seen: &mut Vec<String>, service: Service, _| {
        let gone = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "a", "namespace": "shop" } });
        if sim.delete(&gone) {
            sim.compact();
        }
        seen.push(service.metadata.full_name().to_string());
    });
    assert_eq!(read.await.unwrap(), WHOLE[1..]);
}

/// The calls with which 10,000 services and 5,000 ingresses are read.
async fn calls_for_ten_thousand(sim: Builder) -> Vec<(&'static str, &'static str, u64)> {
    let sim = sim.workload(10_000).start();
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    let view = connect(&cluster(Access::kubeconfig(path))).await;
    assert_eq!(names::<Service>(&view, "").await.unwrap().len(), 10_000);
    assert_eq!(names::<Ingress>(&view, "").await.unwrap().len(), 5_000);
    assert_eq!(sim.requests().len() as u64, sim.all_calls().values().sum::<u64>());
    let verbs = ["watch", "list"].into_iter();
    let calls = verbs.flat_map(|verb| ["services", "ingresses"].map(|plural| (verb, plural)));
    let count = |(verb, plural)| (verb, plural, sim.calls(verb, plural));
    calls.map(count).filter(|(_, _, count)| *count > 0).collect()
}

#[tokio::test]
async fn ten_thousand_services_are_one_call_or_five() {
    assert_eq!(
        calls_for_ten_thousand(KubeSim::builder()).await,
        [("watch", "services", 1), ("watch", "ingresses", 1)]
    );
    assert_eq!(
        calls_for_ten_thousand(KubeSim::builder().pages_only()).await,
        [("watch", "services", 1), ("list", "services", 4), ("list", "ingresses", 3)]
    );
}
