//! Templates at start-up, and what they cost.

use std::sync::Arc;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::ClusterId;
use extdns_sources::{Args, Options, OptionsError, Sources, SystemResolver};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn options(flags: &[&str]) -> Result<Options, OptionsError> {
    Options::try_from(&Cli::parse_from(["test"].iter().chain(flags)).args)
}

fn refused(flags: &[&str]) -> String {
    options(flags).expect_err("a flag that says something wrong").to_string()
}

#[test]
fn a_bad_template_fails_at_start_up_with_its_flag_line_and_column() {
    let table: &[(&[&str], &str)] = &[
        (
            &["--source=service", "--fqdn-template={{.Name}.x.org"],
            "--fqdn-template[0] \"{{.Name}.x.org\": line 1, column 8: '}' has no meaning here",
        ),
        (
            &["--source=pod", "--fqdn-target-template=a:b", "--fqdn-target-template=c\n{{nope}}:d"],
            "--fqdn-target-template[1] \"c\\n{{nope}}:d\": line 2, column 3: function \"nope\" is not defined",
        ),
        (
            &["--source=unstructured", "--target-template={{if .Name}}x"],
            "--target-template[0] \"{{if .Name}}x\": line 1, column 1: this block has no {{end}}",
        ),
        (
            &["--source=service", "--ignore-hostname-annotation"],
            "FQDN Template must be set if ignoring annotations (--fqdn-template)",
        ),
        (
            &["--source=service", "--ignore-hostname-annotation", "--fqdn-target-template=a:b"],
            "FQDN Template must be set if ignoring annotations (--fqdn-template)",
        ),
        (
            &["--source=fake", "--fqdn-template={{.Nope}}"],
            "rendering fqdn template: failed to apply its template: --fqdn-template: line 1, column 3: can't evaluate \
             field Nope: Pod has none of this name",
        ),
        (
            &["--source=unstructured", "--unstructured-resource=configmaps"],
            "invalid resource identifier \"configmaps\" (--unstructured-resource); it looks like \
             virtualmachines.v1.kubevirt.io or configmaps.v1",
        ),
    ];
    for (flags, expected) in table {
        assert_eq!(refused(flags), *expected, "{flags:?}");
    }
    assert!(
        options(&["--source=service", "--fqdn-template={{.Nope}}"]).is_ok(),
        "only fake knows its object"
    );
    assert!(
        options(&["--source=service", "--ignore-hostname-annotation", "--fqdn-template="]).is_ok()
    );
}

/// Services as an API server shows them, each with what no source reads.
fn services(count: usize) -> String {
    let object = |n: usize| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Service",
            "metadata":{{"namespace":"n{}","name":"s{n}","uid":"b1cb2c0a-0b9f-4b3c-9b0a-{n:012}","resourceVersion":"{n}",
              "creationTimestamp":"2026-01-01T00:00:00Z","labels":{{"app":"web","team":"shop"}},
              "annotations":{{"external-dns.kubernetes.io/hostname":"s{n}.example.org","other/annotation":"value"}},
              "managedFields":[{{"manager":"kubectl","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1",
                "fieldsV1":{{"f:metadata":{{"f:annotations":{{".":{{}},"f:a":{{}}}}}},"f:spec":{{"f:ports":{{".":{{}},"k":{{"f:port":{{}}}}}}}}}}}}]}},
            "spec":{{"type":"LoadBalancer","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ipFamilies":["IPv4"],
              "ports":[{{"name":"http","protocol":"TCP","port":80,"targetPort":8080,"nodePort":30080}}],"selector":{{"app":"web"}},
              "sessionAffinity":"None","internalTrafficPolicy":"Cluster"}},
            "status":{{"loadBalancer":{{"ingress":[{{"ip":"192.0.2.{}"}}]}}}}}}"#,
            n % 10,
            n % 250,
        )
    };
    let items: Vec<_> = (0..count).map(object).collect();
    format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, items.join(","))
}

async fn view(manifests: &str) -> ClusterView {
    let cluster = Cluster {
        id: ClusterId(0),
        name: "test".into(),
        access: Access::Manifests(vec!["-".into()]),
        api: ApiOptions::default(),
    };
    cluster.connect(&Environment::default(), manifests.as_bytes()).await.expect("a view")
}

/// Microseconds of processor time of this thread.
fn processor_time() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("getrusage");
    usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
}

/// The processor time that gathering takes, and how many endpoints there are. The manifests are read before.
async fn cost(view: &ClusterView, flags: &[&str]) -> (i64, usize) {
    let resolver = Arc::new(SystemResolver::default());
    let sources = Sources::new(options(flags).expect("flags").gather, resolver);
    let before = processor_time();
    let found = sources.gather(view).await;
    let spent = processor_time() - before;
    assert!(found.failures.is_empty());
    (spent, found.sink.endpoints.len())
}

/// Each template, and how many tenths of the cost without one it may take.
const COSTS: [(&str, i64); 3] = [
    ("{{.Name}}.{{.Namespace}}.example.org", 20),
    ("{{.Name}}.{{.Spec.Type | toLower}}.example.org", 20),
    ("{{if eq .Labels.app \"web\"}}{{.Name}}.{{.Namespace}}.example.org{{end}}", 20),
];

#[tokio::test]
async fn ten_thousand_objects_through_a_template_cost_less_than_twice_as_much_to_gather() {
    const COUNT: usize = 10_000;
    let view = view(&services(COUNT)).await;
    let templates = COSTS.map(|(template, _)| format!("--fqdn-template={template}"));
    let mut least = [i64::MAX; 1 + COSTS.len()];
    // One after the other in each round, so that what else the machine does falls on all alike.
    for _ in 0..3 {
        for (at, least) in least.iter_mut().enumerate() {
            let mut flags = vec!["--source=service"];
            if let Some(template) = at.checked_sub(1).map(|at| templates[at].as_str()) {
                flags.extend(["--ignore-hostname-annotation", template]);
            }
            let (spent, endpoints) = cost(&view, &flags).await;
            assert_eq!(endpoints, COUNT);
            *least = spent.min(*least);
        }
    }
    let [without, with @ ..] = least;
    for ((template, tenths), with) in COSTS.iter().zip(with) {
        let told = format!("{template}: {with} µs, {without} µs without a template");
        assert!(10 * with < tenths * without, "{told}");
    }
}
