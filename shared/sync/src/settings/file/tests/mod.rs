//! The configuration file, as the settings that it makes and the errors that it gets.

use extdns_clusters::{Access, KubeconfigSource};
use extdns_model::ClusterId;
use serde_json::Value;

mod schema;

use super::super::{Arguments, ConfigText, Environment, Request, resolve, show};

/// The example of the documentation.
const EXAMPLE: &str = include_str!("../../../../../../docs/config.example.yaml");

fn resolved(text: &str, words: &[&str]) -> Result<Box<Arguments>, String> {
    let arguments = ["--config=conf.yaml"].iter().chain(words).map(ToString::to_string).collect();
    let config = Some(ConfigText { place: "conf.yaml".to_owned(), text: text.to_owned() });
    let environment = Environment { arguments, config, ..Environment::default() };
    // Without optimisation the code that clap derives for all flags needs more stack than a test has.
    std::thread::scope(|scope| {
        let resolve = || match resolve(&environment) {
            Ok(Request::Run(arguments)) => Ok(arguments),
            Ok(Request::Show(text)) => Err(text),
            Err(error) => Err(error.to_string()),
        };
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, resolve);
        thread.expect("a thread").join().expect("no panic")
    })
}

fn settings(text: &str, words: &[&str]) -> Box<Arguments> {
    resolved(text, words).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const HEAD: &str = "apiVersion: extdns/v1\n";

#[test]
fn the_example_of_the_documentation_is_right_and_fits_the_schema() {
    let arguments = settings(EXAMPLE, &[]);
    let names: Vec<_> = arguments.cluster_entries.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["prod-eu", "lab", "here", "preview"]);
    let names: Vec<_> = arguments.target_entries.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["public", "internal"]);
    let document: Value = serde_saphyr::from_str(EXAMPLE).expect("YAML");
    let errors: Vec<String> =
        schema::validator().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(
        !schema::validator().is_valid(&serde_json::json!({ "apiVersion": "extdns/v1", "a": 1 }))
    );
}

#[test]
fn arguments_win_over_variables_over_entries_over_defaults() {
    let text = "apiVersion: extdns/v1\n\
                defaults: { txtOwnerId: central, policy: sync, sources: [service, ingress], annotationFilter: a=b }\n\
                clusters:\n\
                - { name: a, manifests: a.yaml, sources: [node], txtOwnerId: own-a, timeout: 60s, domains: [a.org] }\n\
                - { name: b, manifests: [b.yaml, c.yaml], annotationFilter: c=d }\n\
                targets:\n\
                - { name: x, provider: inmemory, domainFilter: [a.org, b.org], clusters: [b] }\n\
                - { name: y, provider: inmemory, policy: upsert-only, txtPrefix: 0012 }\n";
    let arguments = settings(text, &["--annotation-filter=e=f", "--log-level=debug"]);
    let [a, b] = &*arguments.cluster_entries else { panic!("two clusters") };
    assert_eq!(a.arguments.sources.source, ["node"]);
    assert_eq!(b.arguments.sources.source, ["service", "ingress"]);
    assert_eq!((a.owner.as_deref(), b.owner.as_deref()), (Some("own-a"), None));
    assert_eq!(a.timeout, Some(std::time::Duration::from_secs(60)));
    assert_eq!(a.domains, ["a.org"]);
    let given = |own: &Arguments| {
        let found = own.given.iter().find(|given| given.flag == "annotation-filter");
        found.map(|given| (given.text.clone(), given.origin.to_string()))
    };
    let expected = Some(("e=f".to_owned(), "argument 2".to_owned()));
    assert_eq!(given(&a.arguments), expected);
    assert_eq!(given(&b.arguments), expected);
    let arguments = settings(text, &[]);
    let given_b = given(&arguments.cluster_entries[1].arguments);
    assert_eq!(given_b, Some(("c=d".to_owned(), "conf.yaml line 5".to_owned())));
    let [x, y] = &*arguments.target_entries else { panic!("two targets") };
    assert_eq!(x.clusters.as_deref(), Some(&["b".to_owned()][..]));
    assert_eq!(x.arguments.plan.domain_filter, ["a.org", "b.org"]);
    assert_eq!(x.arguments.registry.txt_owner_id, "central");
    assert_eq!(y.arguments.registry.txt_prefix, "0012", "a text that looks like a number stays");
}

#[test]
fn every_mistake_is_told_with_its_line_and_the_nearest_key() {
    let table: &[(&str, &str)] = &[
        ("defaults: {}\n", "conf.yaml line 1: apiVersion is missing; write apiVersion: extdns/v1"),
        (
            "apiVersion: extdns/v2\n",
            "conf.yaml line 1: apiVersion must be one of extdns/v1, not \"extdns/v2\"",
        ),
        (
            "apiVersion: extdns/v1\ncluster: []\n",
            "conf.yaml line 2: unknown key \"cluster\" of the file; did you mean clusters?",
        ),
        (
            "apiVersion: extdns/v1\ndefaults:\n  txtOwnerID: a\n",
            "conf.yaml line 3: unknown key \"txtOwnerID\" of defaults; did you mean txtOwnerId?",
        ),
        (
            "apiVersion: extdns/v1\ntargets:\n- name: a\n  provider: inmemory\n  domainFiter: [a.org]\n",
            "conf.yaml line 5: unknown key \"domainFiter\" of a target; did you mean domainFilter?",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- name: a\n  eks: { nam: a }\n",
            "conf.yaml line 4: unknown key \"nam\" of eks; did you mean name?",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- name: a\n  domainFilter: [a.org]\n",
            "conf.yaml line 4: domainFilter belongs under a target, or under defaults for all of them",
        ),
        (
            "apiVersion: extdns/v1\ntargets:\n- name: a\n  annotationFilter: a=b\n",
            "conf.yaml line 4: annotationFilter belongs under a cluster, or under defaults for all of them",
        ),
        (
            "apiVersion: extdns/v1\ntargets:\n- name: a\n  logLevel: debug\n",
            "conf.yaml line 4: logLevel belongs under defaults",
        ),
        (
            "apiVersion: extdns/v1\npolicy: sync\n",
            "conf.yaml line 2: policy belongs under a target, or under defaults for all of them",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- name: Prod\n",
            "conf.yaml line 3: \"Prod\" cannot be the name of a cluster: 1 to 40 lower-case letters, digits and \"-\"",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- { name: a, inCluster: {} }\n- { name: a, inCluster: {} }\n",
            "conf.yaml line 4: there is another cluster with the name \"a\"",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- { name: a, inCluster: {} }\ntargets:\n- { name: t, clusters: [b] }\n",
            "conf.yaml line 5: target \"t\" lists the cluster \"b\", which there is not; there is a",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- name: a\n  inCluster: {}\n  manifests: x\n",
            "conf.yaml line 5: cluster \"a\" is reached in one way: inCluster or manifests",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- { name: a, timeout: soon }\n",
            "conf.yaml line 3: timeout:",
        ),
        (
            "apiVersion: extdns/v1\ndefaults: { dryRun: 7 }\n",
            "conf.yaml line 2: dryRun takes true or false, not a number",
        ),
        (
            "apiVersion: extdns/v1\ndefaults:\n  policy: snyc\n  sources: [fake]\n  provider: inmemory\n",
            "flag '--policy' (conf.yaml line 3): enum value must be one of sync,upsert-only,create-only, got 'snyc'",
        ),
        (
            "apiVersion: extdns/v1\nguard: { maxDeletePercent: 101 }\n",
            "conf.yaml line 2: maxDeletePercent takes a whole number up to 100, not \"101\"",
        ),
        (
            "apiVersion: extdns/v1\nclusters:\n- { name: a, inCluster: {} }\ntargets:\n- { name: t, provider: inmemory }\n",
            "conf.yaml line 3: cluster \"a\" has no sources; give it some, like sources: [service], here or under defaults",
        ),
        (
            "apiVersion: extdns/v1\ndefaults: { sources: [fake] }\nclusters:\n- { name: a, inCluster: {} }\ntargets:\n- { name: t }\n",
            "conf.yaml line 6: target \"t\" has no provider; give it one, like provider: aws",
        ),
        ("apiVersion: [", "conf.yaml line "),
    ];
    for (text, expected) in table {
        let error = resolved(text, &[]).map(|_| ()).expect_err(text);
        assert!(error.starts_with(expected), "{text}\nis told as\n{error}\nnot\n{expected}");
    }
}

#[test]
fn a_file_without_clusters_or_targets_leaves_them_to_flags() {
    let text = format!("{HEAD}defaults: {{ sources: [fake], policy: upsert-only }}\n");
    let arguments = settings(&text, &["--provider=inmemory"]);
    assert_eq!(arguments.cluster_entries[0].name, "default");
    assert_eq!(arguments.target_entries[0].name, "inmemory");
    assert_eq!(
        arguments.target_entries[0].arguments.plan.policy,
        Some(extdns_plan::Policy::UpsertOnly)
    );
}

#[test]
fn guard_sharing_and_null_are_flags_of_all_targets() {
    let text = format!(
        "{HEAD}defaults: {{ sources: [fake] }}\nsharing: merge\nguard: {{ maxDeletePercent: 5, minRecords: 2, \
         maxDeletes: null }}\ntargets: [{{ name: a, provider: inmemory, maxDeletePercent: 7 }}, {{ name: b, \
         provider: inmemory }}]\n"
    );
    let arguments = settings(&text, &[]);
    let guards: Vec<_> =
        arguments.target_entries.iter().map(|own| &own.arguments.plan.guard).collect();
    let percents: Vec<_> = guards.iter().map(|own| own.max_delete_percent).collect();
    assert_eq!(percents, [7, 5]);
    assert!(guards.iter().all(|own| own.guard_min_records == 2 && own.max_deletes.is_none()));
}

#[test]
fn every_value_is_shown_with_its_origin_and_secrets_are_hidden() {
    let text = format!(
        "{HEAD}defaults: {{ sources: [fake], txtOwnerId: central }}\nclusters:\n- name: a\n  manifests: [x.yaml]\n  domains: [a.example.org, b.example.org]\n\
         targets:\n- name: t\n  provider: pdns\n  pdnsApiKey: s3cr3t-value\n  pdnsServer: http://pdns.test\n"
    );
    let shown = show(&settings(&text, &["--policy=sync"]));
    for line in [
        "--txt-owner-id=central",
        "# conf.yaml line 2",
        "--manifests=x.yaml",
        "domains: a.example.org, b.example.org",
        "# conf.yaml line 6",
        "# conf.yaml line 5",
        "--policy=sync",
        "# argument 2",
        "--pdns-api-key=(hidden)",
        "# default",
    ] {
        assert!(shown.contains(line), "{line} in\n{shown}");
    }
    assert!(!shown.contains("s3cr3t-value"), "{shown}");
}

#[test]
fn a_kubeconfig_may_stand_in_the_file_itself_and_is_not_shown() {
    let text = format!(
        "{HEAD}clusters:\n- name: lab\n  kubeconfig:\n    context: admin\n    inline: |\n      \
         users: [{{name: u, user: {{token: s3cr3t-value}}}}]\n"
    );
    let arguments = settings(&text, &["--source=fake", "--provider=inmemory"]);
    let cluster = arguments.cluster_entries[0].cluster(ClusterId(0));
    let Access::Kubeconfig { from: KubeconfigSource::Inline(_), context } = &cluster.access else {
        panic!("{:?}", cluster.access);
    };
    assert_eq!(context.as_deref(), Some("admin"));
    let shown = show(&arguments);
    assert!(shown.contains("kubeconfig.inline: (hidden)"), "{shown}");
    assert!(!shown.contains("s3cr3t-value") && !format!("{arguments:?}").contains("s3cr3t-value"));
    let both = text.replace("    context: admin", "    path: a.yaml");
    let error = resolved(&both, &[]).expect_err("two places");
    assert!(error.contains("kubeconfig is in one place: path or inline"), "{error}");
}
