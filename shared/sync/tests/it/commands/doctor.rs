//! Everything that is wrong, at once.

use std::path::Path;
use std::sync::Arc;

use extdns_providers::Provider;
use extdns_sync::doctor::{CheckResult, Diagnosis, examine, examine_over, render};
use extdns_sync::{ExitCode, Input};
use extdns_testkit::kube::{KubeApi, Login, READER, READER_TOKEN};
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim, User};
use extdns_testkit::route53::{ACCOUNT, Route53Sim};
use serde_json::{Value, json};

use crate::commands::support::{USER, in_memory, route53, settings};

/// Rules for services and pods alone: slices, nodes and ingresses are missing.
fn three_missing() -> Value {
    json!([{ "apiGroups": [""], "resources": ["services", "pods"], "verbs": ["list"] }])
}

fn all_rules() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["list", "watch"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"] },
        { "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["list", "watch"] }
    ])
}

/// Two zones, one of which our user may not list.
fn zone_that_is_denied() -> Route53Sim {
    let sim = Route53Sim::start();
    let open = sim.zone("example.org");
    sim.zone("locked.org");
    let user = sim.account(ACCOUNT).user(USER);
    let open = format!("arn:aws:route53:::hostedzone/{}", open.id());
    sim.allow_only(
        &user,
        [("route53:ListHostedZones", "*"), ("route53:ListResourceRecordSets", open.as_str())],
    );
    sim
}

async fn examined(kubeconfig: &Path, sim: &Route53Sim) -> Diagnosis {
    examined_for(kubeconfig, sim, &[]).await
}

/// The same with more flags.
async fn examined_for(kubeconfig: &Path, sim: &Route53Sim, more: &[&str]) -> Diagnosis {
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let flags = ["--source=service", "--source=ingress", "--provider=aws", &kubeconfig];
    let (arguments, environment) = settings(&[&flags, more].concat());
    let provider = route53(sim, &arguments);
    examine_over(&arguments, &environment, vec![Ok(provider)], Input::default()).await
}

/// What is wrong, as `section: check`.
fn wrong(diagnosis: &Diagnosis) -> Vec<String> {
    diagnosis
        .wrong()
        .map(|(section, check, _)| format!("{}: {}", section.title, check.what))
        .collect()
}

fn assert_names_all_four(diagnosis: &Diagnosis) {
    let found = wrong(diagnosis);
    let expected = [
        "cluster \"default\": list nodes",
        "cluster \"default\": list endpointslices.discovery.k8s.io",
        "cluster \"default\": list ingresses.networking.k8s.io",
        "provider aws: zone locked.org",
    ];
    assert_eq!(found.len(), 4, "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
    assert!(!diagnosis.ok());
    assert_eq!(diagnosis.exit_code(), ExitCode::Failed);
    let text = render(diagnosis);
    for part in [
        "  WRONG  list ingresses.networking.k8s.io: not allowed; source ingress needs it for all \
         its objects\n         so: source ingress fails: nothing new of it is published, and \
         nothing that the cluster owns is deleted\n         do: add this rule to a ClusterRole \
         that is bound to the user of this run:\n             - apiGroups: \
         [\"networking.k8s.io\"]\n               resources: [\"ingresses\"]\n               \
         verbs: [\"list\"]\n",
        "source service needs it for NodePort services\n",
        "source service needs it for headless services\n",
        "route53:ListResourceRecordSets",
        "         so: nothing in it is changed, and each run ends with code 3\n",
        "\n4 things are wrong",
    ] {
        assert!(text.contains(part), "{part}\nis missing in\n{text}");
    }
    assert!(text.contains("  ok     list services\n") && text.contains("  ok     list pods\n"));
}

#[tokio::test]
async fn three_missing_rules_and_a_denied_zone_are_named_at_once_by_the_simulator() {
    let kube =
        KubeSim::builder().user(User::new("reader", READER_TOKEN).may(&three_missing())).start();
    let path = kube.write_kubeconfig(&kube.kubeconfig(READER));
    let diagnosis = examined(&path, &zone_that_is_denied()).await;
    assert_names_all_four(&diagnosis);
    let is_list = |verb: &str| verb == "list" || verb == "watch";
    let lists = kube.all_calls().into_iter().filter(|((verb, _), _)| is_list(verb)).count();
    assert_eq!(lists, 0, "it asks, and tries nothing");
}

#[tokio::test]
async fn three_missing_rules_and_a_denied_zone_are_named_at_once_by_the_real_server() {
    let test = "three_missing_rules_and_a_denied_zone_are_named_at_once_by_the_real_server";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    api.grant("doctor-three", &three_missing()).await;
    let reader = api.client_certificate("doctor-three", "doctor-three");
    let path = api.write_kubeconfig(&api.kubeconfig(Login::Certificate(&reader)));
    assert_names_all_four(&examined(&path, &zone_that_is_denied()).await);
}

#[tokio::test]
async fn a_missing_right_to_make_events_is_named_where_the_run_makes_some() {
    let user = User::new("reader", READER_TOKEN).may(&all_rules());
    let kube = KubeSim::builder().user(user).start();
    let path = kube.write_kubeconfig(&kube.kubeconfig(READER));
    let sim = Route53Sim::start();
    sim.zone("example.org");
    assert_eq!(wrong(&examined(&path, &sim).await), [""; 0]);
    let diagnosis = examined_for(&path, &sim, &["--events-emit=RecordError"]).await;
    assert_eq!(wrong(&diagnosis), ["cluster \"default\": create events.events.k8s.io"]);
    let text = render(&diagnosis);
    for part in [
        "source service needs it for the Events that --events-emit asks for",
        "so: records are published all the same, but the objects never say so",
        "apiGroups: [\"events.k8s.io\"]",
        "verbs: [\"create\"]",
    ] {
        assert!(text.contains(part), "{part}\nis missing in\n{text}");
    }
}

/// What `doctor` says of a simulator in which everything has this effect.
async fn examined_with(effect: &Effect) -> Diagnosis {
    let kube = KubeSim::builder().user(User::new("reader", READER_TOKEN).may(&all_rules())).start();
    for path in ["/version", "/api", "/apis"] {
        kube.fail(Fault::new(path, effect.clone()).verb("get"));
    }
    kube.fail(Fault::new("selfsubjectaccessreviews", effect.clone()).verb("create"));
    kube.fail(Fault::new("*", effect.clone()));
    let path = kube.write_kubeconfig(&kube.kubeconfig(READER));
    let sim = Route53Sim::start();
    sim.zone("example.org");
    examined(&path, &sim).await
}

#[tokio::test]
async fn a_server_that_forbids_everything_or_is_none_is_wrong() {
    let html =
        |status| Effect::Foreign { status, content_type: "text/html", body: "<html></html>" };
    for effect in [Effect::Forbidden, html(200), html(403), html(404)] {
        let diagnosis = examined_with(&effect).await;
        assert_eq!(diagnosis.exit_code(), ExitCode::Failed, "{effect:?}\n{}", render(&diagnosis));
        assert!(wrong(&diagnosis)[0].starts_with("cluster \"default\": "), "{effect:?}");
    }
}

#[tokio::test]
async fn where_nobody_may_ask_for_rights_the_lists_are_tried() {
    let kube =
        KubeSim::builder().user(User::new("reader", READER_TOKEN).may(&three_missing())).start();
    kube.fail(Fault::new("selfsubjectaccessreviews", Effect::Forbidden).verb("create"));
    let path = kube.write_kubeconfig(&kube.kubeconfig(READER));
    let sim = Route53Sim::start();
    sim.zone("example.org");
    let diagnosis = examined(&path, &sim).await;
    let cluster: Vec<String> =
        wrong(&diagnosis).into_iter().filter(|line| line.starts_with("cluster")).collect();
    let expected =
        ["list nodes", "list endpointslices.discovery.k8s.io", "list ingresses.networking.k8s.io"];
    assert_eq!(cluster, expected.map(|what| format!("cluster \"default\": {what}")));
    let text = render(&diagnosis);
    assert!(text.contains("  ok     list services\n"), "{text}");
    assert!(
        text.contains("list nodes: forbidden; add {apiGroups: [\"\"], resources: [\"nodes\"]"),
        "{text}"
    );
    assert!(
        kube.requests()
            .iter()
            .all(|own| own.query.as_deref().is_none_or(|query| query == "limit=1"))
    );
}

#[tokio::test]
async fn where_all_is_well_it_says_so() {
    let test = "where_all_is_well_it_says_so";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    api.grant("doctor-all", &all_rules()).await;
    let reader = api.client_certificate("doctor-all", "doctor-all");
    let path = api.write_kubeconfig(&api.kubeconfig(Login::Certificate(&reader)));
    let kubeconfig = format!("--kubeconfig={}", path.display());
    let flags = [
        "--source=service",
        "--source=ingress",
        "--domain-filter=example.org",
        "--txt-prefix=x-%{record_type}.",
        &kubeconfig,
    ];
    let (arguments, environment) = settings(&flags);
    let provider = in_memory(&["example.org"]).await;
    let diagnosis =
        examine_over(&arguments, &environment, vec![Ok(provider)], Input::default()).await;
    assert_eq!(diagnosis.exit_code(), ExitCode::Success);
    assert_eq!(
        render(&diagnosis),
        "\
settings
  ok     --policy is given

cluster \"default\"
  ok     it answers, and knows our credentials
  ok     its clock agrees with ours
  ok     list nodes
  ok     list pods
  ok     list services
  ok     list endpointslices.discovery.k8s.io
  ok     list ingresses.networking.k8s.io

provider inmemory
  ok     it answers, and lists its zones
  ok     zone example.org: 0 records
  ok     --domain-filter=example.org has a zone
  ?      the right to write: not tried, as nothing is written here; the first apply shows it (write)

ownership
  ok     --txt-owner-id=me
  ok     the apex of zone example.org can be owned

nothing is wrong
"
    );
}

/// Neither the cluster nor the provider is to be had: both are told.
#[tokio::test]
async fn nothing_that_is_wrong_hides_the_rest() {
    let flags = [
        "--source=service",
        "--server=http://127.0.0.1:1",
        "--provider=zonefile",
        "--txt-owner-id=default",
        "--policy=",
    ];
    let (arguments, environment) = settings(&flags);
    let diagnosis = examine(&arguments, &environment, Input::default()).await;
    let found = wrong(&diagnosis);
    assert_eq!(
        found,
        ["cluster \"default\": it answers", "provider zonefile: settings and credentials"]
    );
    let text = render(&diagnosis);
    for part in [
        "  hint   --policy: not given\n",
        "  hint   --txt-owner-id: it is left at \"default\"\n",
        "  ?      ownership records of apexes: the zones are not known\n",
        "\n2 things are wrong, 2 to think about\n",
    ] {
        assert!(text.contains(part), "{part}\nis missing in\n{text}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_one_finding() {
    let kube = KubeSim::builder().user(User::new("reader", READER_TOKEN)).start();
    let path = kube.write_kubeconfig(&kube.kubeconfig(Login::Token("wrong")));
    let sim = Route53Sim::start();
    sim.zone("example.org");
    let diagnosis = examined(&path, &sim).await;
    assert_eq!(wrong(&diagnosis), ["cluster \"default\": it answers"]);
}

/// A kind that the cluster does not serve, whether we know its plural or not.
#[tokio::test]
async fn a_missing_definition_is_named() {
    let kube = KubeSim::builder().start();
    let server = format!("--server={}", kube.url());
    for (flags, expected) in [
        (&[][..], "cluster \"default\": externaldns.k8s.io/v1alpha1 dnsendpoints"),
        (&["--crd-source-kind=Thing"][..], "cluster \"default\": kind of source crd"),
    ] {
        let flags = [&["--source=crd", &server], flags].concat();
        let (arguments, environment) = settings(&flags);
        let provider = in_memory(&["example.org"]).await;
        let diagnosis =
            examine_over(&arguments, &environment, vec![Ok(provider)], Input::default()).await;
        assert_eq!(wrong(&diagnosis), [expected]);
        let text = render(&diagnosis);
        assert!(text.contains("CustomResourceDefinition"), "{text}");
    }
}

/// A right that costs no record is a hint, once for a cluster.
#[tokio::test]
async fn what_a_missing_right_to_watch_costs_is_a_hint() {
    let unwatched = all_rules().to_string().replace(r#"["list","watch"]"#, r#"["list"]"#);
    let unwatched: Value = serde_json::from_str(&unwatched).expect("rules");
    let hint = "  hint   lists are streamed: not allowed to watch nodes, pods, services, \
                endpointslices.discovery.k8s.io, ingresses.networking.k8s.io\n";
    for (rules, is_told) in [(unwatched, true), (all_rules(), false)] {
        let user = User::new("reader", READER_TOKEN).may(&rules);
        let kube = KubeSim::builder().user(user).start();
        let path = kube.write_kubeconfig(&kube.kubeconfig(READER));
        let sim = Route53Sim::start();
        sim.zone("example.org");
        let diagnosis = examined(&path, &sim).await;
        let text = render(&diagnosis);
        assert_eq!(text.contains(hint), is_told, "{text}");
        assert_eq!(
            text.contains("every list is read in pages, with more requests"),
            is_told,
            "{text}"
        );
        assert!(diagnosis.ok(), "{text}");
    }
}

/// Who only plans writes no status; who applies needs the right to.
#[tokio::test]
async fn the_status_of_objects_is_written_by_who_applies() {
    const CRD: &str = "{ apiVersion: externaldns.k8s.io/v1alpha1, kind: DNSEndpoint, metadata: { \
                       name: a, namespace: b } }";
    let rules = json!([
        { "apiGroups": ["externaldns.k8s.io"], "resources": ["dnsendpoints"], "verbs": ["list"] }
    ]);
    let user = User::new("reader", READER_TOKEN).may(&rules);
    let kube = KubeSim::builder().yaml(CRD).user(user).start();
    let path = kube.write_kubeconfig(&kube.kubeconfig(READER));
    let kubeconfig = format!("--kubeconfig={}", path.display());
    for (dry_run, expected) in [
        ("--dry-run=true", &[][..]),
        (
            "--dry-run=false",
            &["cluster \"default\": update dnsendpoints/status.externaldns.k8s.io"][..],
        ),
    ] {
        let (arguments, environment) = settings(&["--source=crd", &kubeconfig, dry_run]);
        let provider = in_memory(&["example.org"]).await;
        let diagnosis =
            examine_over(&arguments, &environment, vec![Ok(provider)], Input::default()).await;
        assert_eq!(wrong(&diagnosis), expected, "{dry_run}");
        let courtesy = "records are published all the same";
        assert_eq!(render(&diagnosis).contains(courtesy), !expected.is_empty());
    }
}

#[tokio::test]
async fn zones_filters_and_apexes() {
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str], &'a [&'a str]);
    let table: &[Case<'_>] = &[
        (&["example.org"], &[], &[], &["the apex of zone example.org"]),
        (&["example.org"], &["--txt-prefix=x-%{record_type}."], &[], &[]),
        // The parent zone can hold it.
        (&["example.org", "org"], &[], &[], &["the apex of zone org"]),
        (&["example.org"], &["--txt-suffix=-x", "--domain-filter=.example.org"], &[], &[]),
        (
            &["example.org"],
            &["--domain-filter=example.com", "--domain-filter=www.example.org"],
            &["provider inmemory: --domain-filter=example.com"],
            &[],
        ),
        (
            &["www.example.org", "example.com"],
            &["--domain-filter=example.org,example.com", "--txt-prefix=x-%{record_type}."],
            &[],
            &[],
        ),
        (&["example.org"], &["--registry=noop"], &["ownership: --registry=noop"], &[]),
        (&["example.org"], &["--registry=noop", "--policy=upsert-only"], &[], &[]),
    ];
    for (zones, flags, expected, hints) in table {
        let provider: Arc<dyn Provider> = in_memory(zones).await;
        let flags = [&["--source=fake"], *flags].concat();
        let (arguments, environment) = settings(&flags);
        let diagnosis =
            examine_over(&arguments, &environment, vec![Ok(provider)], Input::default()).await;
        assert_eq!(wrong(&diagnosis), *expected, "{zones:?} {flags:?}");
        let hinted: Vec<&str> = diagnosis
            .sections
            .iter()
            .flat_map(|section| &section.checks)
            .filter(|check| matches!(check.result, CheckResult::Hint(_)))
            .map(|check| check.what.as_str())
            .collect();
        assert_eq!(hinted, *hints, "{zones:?} {flags:?}");
    }
}

#[tokio::test]
async fn an_account_without_zones_is_wrong() {
    let sim = Route53Sim::start();
    let (arguments, environment) = settings(&["--source=fake", "--provider=aws"]);
    let provider = route53(&sim, &arguments);
    let diagnosis =
        examine_over(&arguments, &environment, vec![Ok(provider)], Input::default()).await;
    assert_eq!(wrong(&diagnosis), ["provider aws: zones"]);
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_reported_beside_the_provider() {
    let flags = ["--source=service", "--provider=zonefile", "--txt-prefix=a", "--txt-suffix=b"];
    let (arguments, environment) = settings(&flags);
    let diagnosis = examine(&arguments, &environment, Input::default()).await;
    assert_eq!(
        wrong(&diagnosis),
        ["settings: values of flags", "provider zonefile: settings and credentials"]
    );
}
