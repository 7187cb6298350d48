//! Connections that outlive a run.

use std::path::Path;

use extdns_clusters::{Access, Cluster, ClusterView, Environment};
use extdns_testkit::http::ScriptedServer;
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{cluster, in_pages_of, page, services, status};

/// One process.
#[derive(Default)]
struct Process(Environment);

impl Process {
    async fn connect(&self, cluster: &Cluster) -> ClusterView {
        cluster.connect(&self.0, std::io::empty()).await.expect("a view")
    }

    /// The services that a run sees.
    async fn run(&self, cluster: &Cluster) -> Vec<String> {
        services(&self.connect(cluster).await).await.expect("read")
    }
}

fn at(kubeconfig: &Path) -> Cluster {
    in_pages_of(500, cluster(Access::kubeconfig(kubeconfig)))
}

fn service(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "namespace": "shop", "name": name } })
}

/// A kubeconfig of a server without TLS; `user` is the entry of the user.
fn write(path: &Path, server: &ScriptedServer, user: &Value) {
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{ "name": "c", "cluster": { "server": server.url() } }],
        "contexts": [{ "name": "lab", "context": { "cluster": "c", "user": "u" } }],
        "users": [{ "name": "u", "user": user }],
    });
    std::fs::write(path, kubeconfig.to_string()).expect("written");
}

#[tokio::test]
async fn runs_of_a_process_share_a_connection_and_nothing_that_is_read() {
    let sim = KubeSim::builder()
        .object(service("a"))
        .user(User::admin("u", "t"))
        .tls()
        .pages_only()
        .start();
    let cluster = at(&sim.write_kubeconfig(&sim.kubeconfig(Login::Token("t"))));
    let process = Process::default();
    let first = process.connect(&cluster).await;
    assert_eq!(services(&first).await.expect("read"), ["shop/a"]);
    assert_eq!(first.lists().len(), 1);
    sim.apply(service("b"));
    let second = process.connect(&cluster).await;
    assert_eq!(second.lists(), [], "what a run has read is its own");
    assert_eq!(services(&second).await.expect("read"), ["shop/a", "shop/b"]);
    assert_eq!(sim.connections(), 1);
    // Another process.
    assert_eq!(Process::default().run(&cluster).await, ["shop/a", "shop/b"]);
    assert_eq!(sim.connections(), 2);
}

#[tokio::test]
async fn other_settings_of_a_cluster_are_another_connection() {
    let sims =
        ["a", "b"].map(|name| KubeSim::builder().object(service(name)).tls().pages_only().start());
    let [a, b] =
        sims.each_ref().map(|sim| sim.write_kubeconfig(&sim.kubeconfig(Login::Token("t"))));
    let process = Process::default();
    assert_eq!(process.run(&at(&a)).await, ["shop/a"]);
    assert_eq!(process.run(&at(&b)).await, ["shop/b"]);
    // The file is another one, and so are its server and its authority.
    std::fs::copy(&b, &a).expect("copied");
    assert_eq!(process.run(&at(&a)).await, ["shop/b"]);
    assert_eq!(process.run(&at(&a)).await, ["shop/b"]);
    assert_eq!(sims.each_ref().map(KubeSim::connections), [1, 2]);
    // One that cannot be used is not covered up by the connection that there was.
    std::fs::write(&a, "{").expect("written");
    assert!(at(&a).connect(&process.0, std::io::empty()).await.is_err());
}

#[tokio::test]
async fn a_token_that_was_rotated_is_taken_up() {
    let folder = TempDir::new().expect("a folder");
    let (path, token) = (folder.path().join("config"), folder.path().join("token"));
    let server = ScriptedServer::start(|_| page(&["a"], ""));
    write(&path, &server, &json!({ "tokenFile": token }));
    let process = Process::default();
    for text in ["first", "first", "second"] {
        std::fs::write(&token, text).expect("written");
        process.run(&at(&path)).await;
    }
    let shown: Vec<String> = server
        .requests()
        .iter()
        .map(|own| own.header("authorization").unwrap_or("").into())
        .collect();
    assert_eq!(shown, ["Bearer first", "Bearer first", "Bearer second"]);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn credentials_of_a_plugin_are_used_until_they_end_or_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let (path, calls) = (folder.path().join("config"), folder.path().join("calls"));
    let server = ScriptedServer::start(|_| page(&["a"], ""));
    let plugin = |status: &str| {
        let text = format!("echo >> {}; echo '{{\"status\": {status}}}'", calls.display());
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "args": ["-c", text],
            "interactiveMode": "Never",
        });
        json!({ "exec": exec })
    };
    let table = [
        (r#"{"token": "t"}"#, 1),
        (r#"{"token": "t", "expirationTimestamp": "2999-01-01T00:00:00Z"}"#, 1),
        // It holds no longer, or will not for the run.
        (r#"{"token": "t", "expirationTimestamp": "2020-01-01T00:00:00Z"}"#, 3),
    ];
    for (answer, expected) in table {
        write(&path, &server, &plugin(answer));
        std::fs::write(&calls, "").expect("written");
        let process = Process::default();
        for _ in 0..3 {
            process.run(&at(&path)).await;
        }
        let calls = std::fs::read_to_string(&calls).expect("written by the plugin");
        assert_eq!(calls.lines().count(), expected, "{answer}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_credentials_makes_the_next_run_connect_anew() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("config");
    let server = ScriptedServer::start(|_| page(&["a"], ""));
    write(&path, &server, &json!({ "token": "t" }));
    let (process, cluster) = (Process::default(), at(&path));
    process.run(&cluster).await;
    server.interfere(Some(Box::new(|_| {
        extdns_testkit::http::Interference::Instead(status(401, "Unauthorized"))
    })));
    assert!(services(&process.connect(&cluster).await).await.is_err());
    server.interfere(None);
    assert_eq!(server.connections(), 1);
    process.run(&cluster).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn what_one_run_was_not_served_the_next_one_asks_for_again() {
    let sim = KubeSim::builder().object(service("a")).tls().pages_only().start();
    let cluster = at(&sim.write_kubeconfig(&sim.kubeconfig(Login::Token("t"))));
    let process = Process::default();
    sim.fail(Fault::new("services", Effect::NotServed).times(1));
    assert!(services(&process.connect(&cluster).await).await.is_err());
    assert_eq!(process.run(&cluster).await, ["shop/a"]);
    assert_eq!(sim.connections(), 1);
}
