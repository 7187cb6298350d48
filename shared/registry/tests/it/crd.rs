//! Ownership in `DNSRecord` objects, over the simulator and over a real API server. The numbers are those of the cases
//! that the specification has for such registries.

use std::path::{Path, PathBuf};

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, Environment, Limits};
use extdns_model::{
    ClusterId, Endpoint, FailureKind, GroupId, Labels, Name, Permit, RecordSet, RecordType, Ttl,
};
use extdns_registry::{
    Args, Entry, EntryAction, EntryChange, Keeper, Loaded, Places, Refused, Registry, Settled,
    from_args,
};
use extdns_testkit::kube::{ADMIN, KubeApi, Login};
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User};
use serde_json::{Value, json};

const DEFINITION: &str = include_str!("../../../../infra/kubernetes/crd-dnsrecord.yaml");
const RIGHTS: &str = include_str!("../../../../infra/kubernetes/rbac-dnsrecord.yaml");
const WWW: &str = "sub-example-com-afc10cee";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// A server with objects, and a namespace in it.
enum Server {
    Sim(Box<KubeSim>),
    Real(&'static KubeApi),
}

struct Bench {
    server: Server,
    namespace: String,
}

impl Bench {
    fn sim() -> Self {
        let sim = KubeSim::builder().yaml(DEFINITION).object(namespace("dns")).start();
        Self { server: Server::Sim(Box::new(sim)), namespace: "dns".to_owned() }
    }

    async fn real(test: &str) -> Option<Self> {
        let api = KubeApi::shared_or_skip(test).await?;
        api.apply_yaml(DEFINITION).await;
        Some(Self { server: Server::Real(api), namespace: api.namespace("dns").await })
    }

    fn as_sim(&self) -> &KubeSim {
        match &self.server {
            Server::Sim(sim) => sim,
            Server::Real(_) => panic!("not simulated"),
        }
    }

    fn kubeconfig(&self, login: Login<'_>) -> PathBuf {
        match &self.server {
            Server::Sim(sim) => sim.write_kubeconfig(&sim.kubeconfig(login)),
            Server::Real(api) => api.write_kubeconfig(&api.kubeconfig(login)),
        }
    }

    fn registry(&self, owner: &str) -> Box<dyn Registry> {
        registry(&self.kubeconfig(ADMIN), owner, &self.namespace)
    }

    async fn apply(&self, name: &str, label: Option<&str>, endpoint: Value) {
        let labels = label.map_or(json!({}), |own| json!({ "externaldns.k8s.io/owner": own }));
        let object = json!({
            "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSRecord",
            "metadata": { "name": name, "namespace": self.namespace, "labels": labels },
            "spec": { "endpoint": endpoint },
        });
        self.put(object).await;
    }

    async fn put(&self, object: Value) {
        match &self.server {
            Server::Sim(sim) => drop(sim.apply(object)),
            Server::Real(api) => drop(api.apply(object).await),
        }
    }

    async fn delete(&self, name: &str) {
        let object = json!({
            "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSRecord",
            "metadata": { "name": name, "namespace": self.namespace },
        });
        match &self.server {
            Server::Sim(sim) => assert!(sim.delete(&object), "{name}"),
            Server::Real(api) => api.delete(&object).await,
        }
    }

    async fn object(&self, name: &str) -> Option<Value> {
        match &self.server {
            Server::Sim(sim) => sim.object("dnsrecords", &self.namespace, name),
            Server::Real(api) => {
                let namespace = &self.namespace;
                let path = format!(
                    "/apis/externaldns.k8s.io/v1alpha1/namespaces/{namespace}/dnsrecords/{name}"
                );
                let request = http::Request::get(path).body(Vec::new()).expect("a request");
                api.client(ADMIN).await.request(request).await.ok()
            }
        }
    }

    /// Owner label, targets and condition of an object.
    async fn summary(&self, name: &str) -> String {
        let Some(object) = self.object(name).await else { return "none".to_owned() };
        let condition = &object["status"]["conditions"][0];
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {}",
            text(&object["metadata"]["labels"]["externaldns.k8s.io/owner"]),
            object["spec"]["endpoint"]["targets"],
            text(&condition["status"]),
            text(&condition["reason"]),
        )
    }
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

fn keeper(kubeconfig: &Path, limits: Limits) -> Keeper {
    let quick = std::num::NonZeroU32::new(1000).expect("not zero");
    let cluster = Cluster {
        id: ClusterId(0),
        name: "lab".into(),
        access: Access::kubeconfig(kubeconfig),
        api: ApiOptions { qps: quick, burst: quick, limits, ..ApiOptions::default() },
    };
    Keeper { cluster, environment: Environment::default() }
}

fn places(keeper: Keeper) -> Places {
    Places { keeper: Some(keeper), ..Places::default() }
}

fn registry(kubeconfig: &Path, owner: &str, namespace: &str) -> Box<dyn Registry> {
    let backoff = std::time::Duration::from_millis(1);
    with_limits(kubeconfig, owner, namespace, Limits { backoff, ..Limits::default() })
}

fn with_limits(
    kubeconfig: &Path,
    owner: &str,
    namespace: &str,
    limits: Limits,
) -> Box<dyn Registry> {
    let cli = Cli::parse_from([
        "x",
        "--registry=crd",
        &format!("--txt-owner-id={owner}"),
        &format!("--crd-registry-namespace={namespace}"),
    ]);
    from_args(&cli.args, &[], places(keeper(kubeconfig, limits))).expect("a registry")
}

fn set(target: &str) -> RecordSet {
    let name = Name::as_listed("sub.example.com");
    RecordSet::new(name, RecordType::A, Ttl::from_seconds(300), [target].into_iter().collect())
}

fn labels(owner: &str) -> Labels {
    [("owner", owner), ("resource", "service/x/y")].into_iter().collect()
}

fn made(target: &str, reused: Option<Entry>) -> EntryChange {
    let action =
        EntryAction::Make { set: set(target), labels: labels("me"), reused, adopts: false };
    EntryChange { group: GroupId(0), action }
}

fn change(action: EntryAction) -> EntryChange {
    EntryChange { group: GroupId(0), action }
}

fn stored(owner: &str) -> Value {
    json!({ "dnsName": "sub.example.com", "recordType": "A", "recordTTL": 300, "targets": ["192.0.2.1"],
            "labels": { "owner": owner, "resource": "service/x/y" } })
}

async fn load(registry: &dyn Registry) -> Loaded {
    registry.store().expect("a store").load().await.expect("readable")
}

async fn claim(registry: &dyn Registry, change: &EntryChange) -> Vec<(GroupId, Refused)> {
    registry.store().expect("a store").claim(&Permit::grant(), &[change]).await
}

/// What could not be settled.
async fn settle(registry: &dyn Registry, change: &EntryChange, settled: Settled) -> Vec<String> {
    let store = registry.store().expect("a store");
    let failed = store.settle(&Permit::grant(), &[(change, settled)]).await;
    failed.into_iter().map(|(_, failure)| failure.message).collect()
}

/// Runs a test over the simulator, and over a real server where there is one.
macro_rules! over_both {
    ($($name:ident: $body:ident),* $(,)?) => { $(
        mod $name {
            #[tokio::test]
            async fn simulated() {
                super::$body(super::Bench::sim()).await;
            }

            #[tokio::test]
            async fn real() {
                let test = concat!(stringify!($name), "::real");
                if let Some(bench) = super::Bench::real(test).await {
                    super::$body(bench).await;
                }
            }
        }
    )* };
}

over_both! {
    an_object_lives_with_its_record: life,
    an_object_of_another_owner_is_never_touched: foreign,
    an_object_that_changes_meanwhile_is_read_again: raced,
    an_object_that_is_not_clear_is_nobodys: unclear,
    an_object_of_a_record_that_was_not_made_goes_again: undone,
}

/// C1, C3: an object comes before its record, follows it, and goes after it.
async fn life(bench: Bench) {
    let registry = bench.registry("me");
    let make = made("192.0.2.1", None);
    assert!(claim(&*registry, &make).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.1"] False Accepted"#);
    assert!(settle(&*registry, &make, Settled::Done).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.1"] True Programmed"#);
    let object = bench.object(WWW).await.expect("an object");
    assert_eq!(object["spec"]["endpoint"], stored("me"));

    let registry = bench.registry("me");
    let Loaded { mut entries, unclear } = load(&*registry).await;
    assert!(unclear.is_empty(), "{unclear:?}");
    let entry = entries.pop().expect("an entry");
    assert!(entries.is_empty());
    assert_eq!(entry.shown, format!("DNSRecord {}/{WWW}", bench.namespace));
    assert_eq!((&entry.set, &entry.labels), (&set("192.0.2.1"), &labels("me")));

    let rewrite =
        change(EntryAction::Rewrite { old: entry, set: set("192.0.2.2"), labels: labels("me") });
    assert!(settle(&*registry, &rewrite, Settled::Undone).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.1"] True Programmed"#);
    assert!(settle(&*registry, &rewrite, Settled::Done).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.2"] True Programmed"#);
    let since = |object: &Value| object["status"]["conditions"][0]["lastTransitionTime"].clone();
    let again = bench.object(WWW).await.expect("an object");
    assert_eq!(since(&again), since(&object), "it was ready all the time");

    let entry = load(&*registry).await.entries.pop().expect("an entry");
    let remove = change(EntryAction::Remove(entry));
    assert!(settle(&*registry, &remove, Settled::Undone).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.2"] True Programmed"#);
    assert!(settle(&*registry, &remove, Settled::Done).await.is_empty());
    assert_eq!(bench.summary(WWW).await, "none");
    assert!(settle(&*registry, &remove, Settled::Done).await.is_empty(), "it is gone already");
}

/// What another owner has, or takes meanwhile, stays as it is.
async fn foreign(bench: Bench) {
    let registry = bench.registry("me");
    bench.apply(WWW, Some("other"), stored("other")).await;
    let before = bench.object(WWW).await;
    let loaded = load(&*registry).await;
    assert_eq!(loaded.entries[0].labels.owner(), Some("other"));
    let refused = claim(&*registry, &made("192.0.2.1", None)).await;
    let [(_, Refused::Taken(failure))] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(
        failure.message,
        format!(
            "DNSRecord {}/{WWW}: another owner has it now, or it was edited; it is not changed",
            bench.namespace
        )
    );
    assert_eq!(bench.object(WWW).await, before);

    // Ours when it was read, and another owner's when it is written.
    bench.delete(WWW).await;
    bench.apply(WWW, Some("me"), stored("me")).await;
    let ours = load(&*registry).await.entries.pop().expect("an entry");
    bench.apply(WWW, Some("other"), stored("other")).await;
    let before = bench.object(WWW).await;
    let refused = claim(&*registry, &made("192.0.2.1", Some(ours.clone()))).await;
    assert!(matches!(&refused[..], [(_, Refused::Taken(_))]), "{refused:?}");
    let rewrite = change(EntryAction::Rewrite {
        old: ours.clone(),
        set: set("192.0.2.2"),
        labels: labels("me"),
    });
    assert_eq!(settle(&*registry, &rewrite, Settled::Done).await.len(), 1);
    let remove = change(EntryAction::Remove(ours));
    assert!(settle(&*registry, &remove, Settled::Done).await.is_empty());
    assert_eq!(bench.object(WWW).await, before);
}

/// A conflict is decided by what the object is now; what others put on it stays.
async fn raced(bench: Bench) {
    let registry = bench.registry("me");
    bench.apply(WWW, Some("me"), stored("me")).await;
    let ours = || async { load(&*registry).await.entries.pop().expect("an entry") };
    let annotate = |text: &'static str| {
        let bench = &bench;
        async move {
            let mut object = bench.object(WWW).await.expect("an object");
            object["metadata"] = json!({
                "name": WWW, "namespace": bench.namespace, "annotations": { "note": text },
                "labels": { "externaldns.k8s.io/owner": "me", "team": "dns" },
            });
            object.as_object_mut().expect("an object").remove("status");
            bench.put(object).await;
        }
    };
    let old = ours().await;
    annotate("one").await;
    let rewrite = change(EntryAction::Rewrite { old, set: set("192.0.2.2"), labels: labels("me") });
    assert!(settle(&*registry, &rewrite, Settled::Done).await.is_empty());
    let object = bench.object(WWW).await.expect("an object");
    assert_eq!(object["metadata"]["annotations"], json!({ "note": "one" }));
    assert_eq!(object["metadata"]["labels"]["team"], "dns");
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.2"] True Programmed"#);

    let old = ours().await;
    bench.delete(WWW).await;
    let rewrite = change(EntryAction::Rewrite {
        old: old.clone(),
        set: set("192.0.2.3"),
        labels: labels("me"),
    });
    // What is gone is done: nothing is made again that somebody has taken away.
    assert!(settle(&*registry, &rewrite, Settled::Done).await.is_empty());
    assert_eq!(bench.summary(WWW).await, "none");
    assert!(claim(&*registry, &made("192.0.2.3", Some(old))).await.is_empty(), "it is made anew");

    let old = ours().await;
    annotate("two").await;
    assert!(settle(&*registry, &change(EntryAction::Remove(old)), Settled::Done).await.is_empty());
    assert_eq!(bench.summary(WWW).await, "none");
}

/// Objects that contradict themselves or each other give nobody a record, and are told.
async fn unclear(bench: Bench) {
    let registry = bench.registry("me");
    bench.apply("copy", Some("me"), stored("me")).await;
    bench.apply(WWW, Some("me"), stored("me")).await;
    bench.apply("half", Some("me"), json!({ "recordType": "A" })).await;
    let mut moved = stored("other");
    moved["dnsName"] = json!("sub-example.com");
    bench.apply("sub-example-com-eba4c9b5", Some("me"), moved).await;
    let Loaded { entries, unclear } = load(&*registry).await;
    let owners: Vec<_> =
        entries.iter().map(|own| (own.set.name.as_str(), own.labels.owner())).collect();
    assert_eq!(owners, [("sub-example.com", None), ("sub.example.com", None)]);
    let told: Vec<_> = unclear.iter().map(|own| format!("{}: {}", own.shown, own.why)).collect();
    let namespace = &bench.namespace;
    assert_eq!(
        told,
        [
            format!(
                "DNSRecord {namespace}/copy: its endpoint belongs into the object {WWW}; delete one of the two"
            ),
            format!(
                "DNSRecord {namespace}/half: its spec.endpoint has no dnsName; complete it, or delete the object"
            ),
            format!(
                "DNSRecord {namespace}/sub-example-com-eba4c9b5: its label externaldns.k8s.io/owner is \"me\" and its \
                 endpoint names the owner \"other\"; make both the same, or delete the object"
            ),
            "DNSRecord of A sub.example.com: 2 objects stand for this record; delete all of them but the one with the \
             right owner"
                .to_owned(),
        ]
    );
}

/// C2: a record that is refused leaves nothing; one whose fate is unknown keeps its object.
async fn undone(bench: Bench) {
    let registry = bench.registry("me");
    let make = made("192.0.2.1", None);
    claim(&*registry, &make).await;
    assert!(settle(&*registry, &make, Settled::Undone).await.is_empty());
    assert_eq!(bench.summary(WWW).await, "none");
    claim(&*registry, &make).await;
    assert!(settle(&*registry, &make, Settled::Unknown).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.1"] False Accepted"#);
    // It was there before: it stays, and says so.
    let entry = load(&*registry).await.entries.pop().expect("an entry");
    let make = made("192.0.2.2", Some(entry));
    claim(&*registry, &make).await;
    assert!(settle(&*registry, &make, Settled::Undone).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.2"] False Failed"#);
}

/// The rules in `infra/kubernetes` are all that it takes, on a real server too.
#[tokio::test]
async fn the_rules_of_the_role_are_enough() {
    let rules = extdns_testkit::kube::documents(RIGHTS).swap_remove(0)["rules"].clone();
    let user = User::new("extdns", "token").may_in("dns", &rules);
    let sim = KubeSim::builder().yaml(DEFINITION).object(namespace("dns")).user(user).start();
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Token("token")));
    let registry = registry(&path, "me", "dns");
    let make = made("192.0.2.1", None);
    assert!(claim(&*registry, &make).await.is_empty());
    assert!(settle(&*registry, &make, Settled::Done).await.is_empty());
    let entry = load(&*registry).await.entries.pop().expect("an entry");
    let checks = registry.store().expect("a store").examine(true).await;
    let wrong: Vec<_> = checks.iter().filter(|check| check.fault.is_some()).collect();
    assert!(wrong.is_empty() && checks.len() == 7, "{checks:?}");
    assert!(
        settle(&*registry, &change(EntryAction::Remove(entry)), Settled::Done).await.is_empty()
    );
}

/// What is missing is named with its remedy: by a run, and by `doctor` before it.
#[tokio::test]
async fn what_the_cluster_lacks_is_named() {
    let failed = |refused: &[(GroupId, Refused)]| match refused {
        [(_, Refused::Failed(failure))] => failure.message.clone(),
        other => panic!("{other:?}"),
    };
    let install = "install the CustomResourceDefinition dnsrecords.externaldns.k8s.io (kubectl apply -f \
                   infra/kubernetes/crd-dnsrecord.yaml)";
    let sim = KubeSim::builder().object(namespace("dns")).start();
    let bench = Bench { server: Server::Sim(Box::new(sim)), namespace: "dns".to_owned() };
    let error = bench.registry("me").store().expect("a store").load().await.expect_err("no kind");
    assert_eq!(
        error.to_string(),
        format!(
            "the DNSRecord objects in namespace \"dns\" of cluster \"lab\": the cluster does not serve \
             externaldns.k8s.io/v1alpha1; {install}"
        )
    );
    let message = failed(&claim(&*bench.registry("me"), &made("192.0.2.1", None)).await);
    assert!(message.ends_with(install), "{message}");
    let checks = bench.registry("me").store().expect("a store").examine(true).await;
    assert_eq!(checks[0].fault.as_ref().and_then(|own| own.remedy.as_deref()), Some(install));

    let sim = KubeSim::builder().yaml(DEFINITION).start();
    let bench = Bench { server: Server::Sim(Box::new(sim)), namespace: "dns".to_owned() };
    let message = failed(&claim(&*bench.registry("me"), &made("192.0.2.1", None)).await);
    assert_eq!(
        message,
        format!(
            "DNSRecord dns/{WWW}: namespace \"dns\" does not exist; create it, or name another one \
             (--crd-registry-namespace)"
        )
    );
    let checks = bench.registry("me").store().expect("a store").examine(true).await;
    assert!(checks.iter().any(|check| check.what == "namespace dns" && check.fault.is_some()));

    let rule = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["list", "get"] }]);
    let user = User::new("extdns", "token").may(&rule);
    let sim = KubeSim::builder().yaml(DEFINITION).object(namespace("dns")).user(user).start();
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Token("token")));
    let registry = registry(&path, "me", "dns");
    let message = failed(&claim(&*registry, &made("192.0.2.1", None)).await);
    assert_eq!(
        message,
        format!(
            "DNSRecord dns/{WWW}: create dnsrecords.externaldns.k8s.io: forbidden; add {{apiGroups: \
             [\"externaldns.k8s.io\"], resources: [\"dnsrecords\"], verbs: [\"create\"]}} to a Role in namespace \"dns\" \
             that is bound to \"extdns\""
        )
    );
    let checks = registry.store().expect("a store").examine(true).await;
    let missing: Vec<_> =
        checks.iter().filter(|check| check.fault.is_some()).map(|check| &*check.what).collect();
    assert_eq!(
        missing,
        [
            "create dnsrecords.externaldns.k8s.io in namespace dns",
            "update dnsrecords.externaldns.k8s.io in namespace dns",
            "delete dnsrecords.externaldns.k8s.io in namespace dns",
            "update dnsrecords/status.externaldns.k8s.io in namespace dns",
        ]
    );
    let checks = registry.store().expect("a store").examine(false).await;
    assert!(checks.iter().all(|check| check.fault.is_none()), "a plan only reads");
}

/// A list that breaks off is no list: nothing is known to be ours.
#[tokio::test]
async fn a_list_that_is_not_whole_is_an_error() {
    let bench = Bench::sim();
    for number in 0..9 {
        bench.apply(&format!("x{number}"), Some("me"), stored("me")).await;
    }
    let limits = Limits {
        streams: false,
        page_size: 2,
        largest_page: 2,
        backoff: std::time::Duration::from_millis(1),
        ..Limits::default()
    };
    let registry = with_limits(&bench.kubeconfig(ADMIN), "me", "dns", limits);
    assert_eq!(load(&*registry).await.unclear.len(), 10);
    assert!(bench.as_sim().calls("list", "dnsrecords") >= 5, "it is read in pages");
    bench.as_sim().fail(Fault::new("dnsrecords", Effect::Status(500)).page(3));
    let error = registry.store().expect("a store").load().await.expect_err("half a list");
    assert!(error.to_string().contains("HTTP 500"), "{error}");
}

/// An answer that is lost does not make an object of ours look like another owner's.
#[tokio::test]
async fn a_lost_answer_is_found_out() {
    let bench = Bench::sim();
    let registry = bench.registry("me");
    let make = made("192.0.2.1", None);
    bench.as_sim().fail(Fault::new("dnsrecords", Effect::Cut(0)).verb("create").times(1));
    assert!(claim(&*registry, &make).await.is_empty());
    bench.as_sim().fail(Fault::new("dnsrecords", Effect::Cut(0)).verb("delete").times(1));
    assert!(settle(&*registry, &make, Settled::Undone).await.is_empty());
    assert_eq!(bench.summary(WWW).await, "none");
    bench.apply(WWW, Some("old"), stored("old")).await;
    let old = load(&*registry).await.entries.pop().expect("an entry");
    let rewrite = change(EntryAction::Rewrite { old, set: set("192.0.2.2"), labels: labels("me") });
    bench.as_sim().fail(Fault::new("dnsrecords", Effect::Cut(0)).verb("update").times(1));
    assert!(settle(&*registry, &rewrite, Settled::Done).await.is_empty());
    assert_eq!(bench.summary(WWW).await, r#"me ["192.0.2.2"] True Programmed"#);
}

/// Where the next object would fail as well, it is not tried.
#[tokio::test]
async fn a_server_that_is_down_is_left_alone() {
    let make = |group: u32| {
        let name = Name::as_listed(&format!("n{group}.example.com"));
        let set = RecordSet::new(name, RecordType::A, Ttl::UNSET, Default::default());
        let action = EntryAction::Make { set, labels: labels("me"), reused: None, adopts: false };
        EntryChange { group: GroupId(group), action }
    };
    let changes: Vec<_> = (0..40).map(make).collect();
    let changes: Vec<_> = changes.iter().collect();
    for (effect, most) in [(Effect::Status(503), 6 * 5), (Effect::Forbidden, 4)] {
        let bench = Bench::sim();
        bench.as_sim().fail(Fault::new("dnsrecords", effect).verb("create"));
        let registry = bench.registry("me");
        let store = registry.store().expect("a store");
        let refused = store.claim(&Permit::grant(), &changes).await;
        assert_eq!(refused.len(), 40, "no record is made without its object");
        let calls = bench.as_sim().calls("create", "dnsrecords");
        assert!(calls <= most, "{calls} calls");
    }
}

/// A right to the status that is missing is no failure of a run: the object alone decides.
#[tokio::test]
async fn a_status_that_cannot_be_written_changes_nothing() {
    let bench = Bench::sim();
    bench.as_sim().fail(Fault::new("dnsrecords/status", Effect::Forbidden).verb("update"));
    let registry = bench.registry("me");
    let make = made("192.0.2.1", None);
    assert!(claim(&*registry, &make).await.is_empty());
    assert!(settle(&*registry, &make, Settled::Done).await.is_empty());
    assert_eq!(load(&*registry).await.entries.len(), 1);
    assert_eq!(bench.as_sim().calls("update", "dnsrecords/status"), 2);
}

#[tokio::test]
async fn the_namespace_is_that_of_the_pod_or_of_the_kubeconfig() {
    let bench = Bench::sim();
    let mut config = bench.as_sim().kubeconfig(ADMIN);
    config["contexts"][0]["context"]["namespace"] = json!("team");
    let path = bench.as_sim().write_kubeconfig(&config);
    let folder = path.parent().expect("a folder").to_owned();
    std::fs::write(folder.join("namespace"), "account\n").expect("a file");
    let host = || Some("192.0.2.1".to_owned());
    let pod = || Some("pod".to_owned());
    let table = [
        (Environment::default(), "", "team"),
        (Environment { pod_namespace: pod(), ..Environment::default() }, "", "team"),
        (
            Environment {
                kubernetes_service_host: host(),
                service_account: Some(folder.clone()),
                ..Environment::default()
            },
            "",
            "account",
        ),
        (
            Environment {
                kubernetes_service_host: host(),
                pod_namespace: pod(),
                service_account: Some(folder),
                ..Environment::default()
            },
            "",
            "pod",
        ),
        (Environment { pod_namespace: pod(), ..Environment::default() }, "dns", "dns"),
    ];
    for (environment, flag, expected) in table {
        let keeper = Keeper { environment, ..keeper(&path, Limits::default()) };
        let cli =
            Cli::parse_from(["x", "--registry=crd", &format!("--crd-registry-namespace={flag}")]);
        let registry = from_args(&cli.args, &[], places(keeper)).expect("a registry");
        load(&*registry).await;
        let asked = bench.as_sim().requests().pop().expect("a request");
        assert!(
            asked.path.contains(&format!("/namespaces/{expected}/")),
            "{expected}: {}",
            asked.path
        );
    }
}

/// Ownership says whose a record is, not the condition: a run that died before it wrote one owns its records.
#[test]
fn labels_of_endpoints_are_stamped_with_the_owner() {
    let bench = Bench::sim();
    let registry = bench.registry("me");
    let endpoint = Endpoint::from_set(set("192.0.2.1"));
    assert_eq!(registry.labels(&endpoint).owner(), Some("me"));
}
