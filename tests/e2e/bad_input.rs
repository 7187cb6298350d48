//! Bad input gets a clear error that names the object, and loses nothing.

use extdns_testkit::http::{Reply, ScriptedServer};

use crate::program::{Bench, Run, example_cluster};

/// A zone with records of ours, so that there is something to lose.
fn bench_with_records() -> (Bench, String) {
    let bench = Bench::new();
    let manifests = format!("--manifests={}", example_cluster().display());
    assert_eq!(bench.run(&[&manifests]).code, 0);
    let zone = bench.zone();
    (bench, zone)
}

fn assert_refused(run: &Run, code: i32, parts: &[&str]) {
    assert_eq!(run.code, code, "{run:?}");
    assert!(!run.log.contains("panicked"), "{}", run.log);
    let is_problem = |line: &&str| line.contains("level=error") || line.contains("level=warning");
    let errors: String = run.log.lines().filter(is_problem).collect::<Vec<_>>().join("\n");
    for part in parts {
        assert!(errors.contains(part), "{part:?} is missing in {errors}");
    }
}

#[test]
fn broken_yaml_names_file_document_and_line() {
    let (bench, zone) = bench_with_records();
    let broken = bench.write(
        "broken.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n---\n\
         apiVersion: v1\nkind: Namespace\nmetadata: { name: b }\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: { name: c\n",
    );
    let run = bench.run(&[&format!("--manifests={}", broken.display())]);
    assert_refused(&run, 1, &["broken.yaml", "document 3", "line"]);
    assert_eq!(bench.zone(), zone);
}

#[test]
fn names_that_cannot_be_are_skipped_and_the_rest_is_served() {
    let bench = Bench::new();
    let long = "x".repeat(64);
    let path = bench.write(
        "names.yaml",
        &format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  namespace: a\n  name: names\n  annotations:\n    \
             external-dns.kubernetes.io/hostname: {long}.example.org, \"xn--\\u00e4-.example.org\", \
             good.example.org\nspec: {{ type: LoadBalancer }}\n\
             status: {{ loadBalancer: {{ ingress: [ {{ ip: 192.0.2.1 }} ] }} }}\n"
        )
        .replace("\"xn--\\u00e4-.example.org\"", "xn--\u{e4}-.example.org"),
    );
    let run = bench.run(&[&format!("--manifests={}", path.display())]);
    assert_refused(&run, 0, &["service/a/names", &long, "IDNA"]);
    assert!(bench.zone().contains("good.example.org. 300 IN A 192.0.2.1\n"), "{}", bench.zone());
}

#[test]
fn a_cname_to_itself_is_dropped_with_a_warning() {
    let bench = Bench::new();
    let path = bench.write(
        "self.yaml",
        "apiVersion: v1\nkind: Service\nmetadata:\n  namespace: a\n  name: self\n  annotations:\n    \
         external-dns.kubernetes.io/hostname: self.example.org\n    \
         external-dns.kubernetes.io/target: self.example.org.\nspec: { type: LoadBalancer }\n",
    );
    let run = bench.run(&[&format!("--manifests={}", path.display())]);
    assert_eq!(run.code, 0, "{run:?}");
    let warned = run.log.lines().any(|line| {
        line.contains("level=warning")
            && line.contains("self.example.org")
            && line.contains("itself")
    });
    assert!(warned, "{}", run.log);
}

#[test]
fn many_hosts_and_a_long_annotation_pass() {
    let bench = Bench::new();
    let hosts: String = (0..10_000).map(|i| format!("    - host: h{i}.example.org\n")).collect();
    let note = "n".repeat(1 << 20);
    let path = bench.write(
        "many.yaml",
        &format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  namespace: a\n  name: many\n  \
             annotations: {{ note: {note} }}\nspec:\n  rules:\n{hosts}\
             status: {{ loadBalancer: {{ ingress: [ {{ ip: 192.0.2.1 }} ] }} }}\n"
        ),
    );
    let run = bench.run(&[&format!("--manifests={}", path.display())]);
    assert_eq!(run.code, 0, "{}", &run.log[..run.log.len().min(2000)]);
    let served = bench.zone().lines().filter(|line| line.contains(" IN A 192.0.2.1")).count();
    assert_eq!(served, 10_000);
}

#[test]
fn a_zone_file_that_is_not_understood_is_left_alone() {
    let soa = "@ IN SOA ns1.example.org. host.example.org. 7 3600 600 86400 60\n@ IN NS ns1\n";
    let table = [
        ("$INCLUDE other.zone\n", "$INCLUDE", 3),
        ("$GENERATE 1-9 h$ A 192.0.2.$\n", "$GENERATE", 3),
        ("www IN A 192.0.2.300\n", "example.org.zone", 3),
    ];
    for (line, part, number) in table {
        let bench = Bench::new();
        let text = format!("{soa}{line}");
        std::fs::write(bench.zone_file(), &text).expect("zone file");
        let manifests = format!("--manifests={}", example_cluster().display());
        let run = bench.run(&[&manifests]);
        assert!(matches!(run.code, 1 | 3), "{run:?}");
        assert_refused(&run, run.code, &["example.org.zone", part, &number.to_string()]);
        assert_eq!(bench.zone(), text);
    }
}

#[test]
fn an_unknown_context_names_the_known_ones() {
    let (bench, zone) = bench_with_records();
    let kubeconfig = bench.write(
        "kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: nowhere\n\
         clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:1' } }]\n\
         users: [{ name: u, user: { token: s3cret } }]\n\
         contexts: [{ name: here, context: { cluster: c, user: u } }]\n",
    );
    let run = bench.run(&[&format!("--kubeconfig={}", kubeconfig.display())]);
    assert_refused(&run, 1, &["nowhere", "here"]);
    assert!(!run.log.contains("s3cret"), "{}", run.log);
    assert_eq!(bench.zone(), zone);
}

/// Runs against a server that answers every request alike.
fn run_against(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Run, Bench, String) {
    let (bench, zone) = bench_with_records();
    let server = ScriptedServer::start(move |_| reply());
    let run = bench.run(&[&format!("--server={}", server.url())]);
    (run, bench, zone)
}

#[test]
fn html_in_place_of_a_list_is_an_error() {
    let page =
        || Reply::new(200).header("content-type", "text/html").body("<html>Please log in</html>");
    let (run, bench, zone) = run_against(page);
    assert_refused(&run, 1, &["/api/v1/services", "text/html", "nothing is changed"]);
    assert_eq!(bench.zone(), zone);
}

#[test]
fn a_list_that_breaks_off_is_an_error() {
    let list = r#"{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}"#;
    let cut =
        move || Reply::new(200).header("content-type", "application/json").body(list).cut_at(20);
    let (run, bench, zone) = run_against(cut);
    assert_refused(&run, 1, &["services", "nothing is changed"]);
    assert_eq!(bench.zone(), zone);
}
