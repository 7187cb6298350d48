//! The role of the template and the function: neither asks for what the other has not.

use std::collections::BTreeSet;

use extdns_testkit::route53::ACCOUNT;
use serde_json::Value;

use crate::support::{Bench, schedule};

/// The access key that the service gives the function.
const KEY: &str = "ASIAFUNCTION";

#[test]
fn a_run_needs_what_the_role_grants_and_all_of_it() {
    for tags in [false, true] {
        let variables: &[_] =
            if tags { &[("EXTERNAL_DNS_AWS_ZONE_TAGS", "team=dns")] } else { &[] };
        let mut bench = Bench::with(variables);
        bench.zone.tag("team", "dns");
        let other = bench.sim.zone("example.com");
        let granted = granted(&format!("arn:aws:route53:::hostedzone/{}", bench.zone.id()), tags);
        let user = bench.sim.account(ACCOUNT).user(KEY);
        bench
            .sim
            .allow_only(&user, granted.iter().map(|(action, on)| (action.as_str(), on.as_str())));
        bench.want(0..5);
        let answer = bench.ask(&schedule());
        assert_eq!(answer["ok"], true, "{answer}\n{}", bench.function.log());
        assert_eq!(bench.hosts().len(), 5);
        bench.want(0..4);
        assert_eq!(bench.ask(&schedule())["ok"], true);

        let called: BTreeSet<String> =
            bench.sim.calls().iter().map(|call| format!("route53:{:?}", call.operation)).collect();
        let actions: BTreeSet<String> = granted.into_iter().map(|(action, _)| action).collect();
        assert_eq!(called, actions);
        assert!(other.own_records().is_empty());
    }
}

/// The rights on Route 53 of the template's role for one zone: pairs of an action and what it is on.
fn granted(zone: &str, tags: bool) -> Vec<(String, String)> {
    let template = include_str!("../../template.yaml");
    let template: Value = serde_saphyr::from_str(template).expect("YAML");
    let mut granted = Vec::new();
    let policies = &template["Resources"]["SyncRole"]["Properties"]["Policies"];
    statements(policies, &mut |policy, statement| {
        if policy == "zone-tags" && !tags {
            return;
        }
        for action in texts(&statement["Action"]).filter(|action| action.starts_with("route53:")) {
            for on in texts(&statement["Resource"]) {
                let on = on.replace("ZoneArns", zone).replace("${AWS::Partition}", "aws");
                granted.push((action.to_owned(), on));
            }
        }
    });
    assert!(!granted.is_empty(), "{policies}");
    granted
}

/// Every statement of policies, whatever conditions they stand under.
fn statements(policies: &Value, see: &mut impl FnMut(&str, &Value)) {
    for policy in policies.as_array().into_iter().flatten() {
        if policy.is_array() {
            statements(policy, see);
        }
        let name = policy["PolicyName"].as_str().unwrap_or_default();
        for statement in policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten() {
            see(name, statement);
        }
    }
}

/// A text, or a list of texts.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_str()
        .into_iter()
        .chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

#[test]
fn the_template_is_about_this_binary() {
    let template: Value =
        serde_saphyr::from_str(include_str!("../../template.yaml")).expect("YAML");
    let function = &template["Resources"]["SyncFunction"]["Properties"];
    assert_eq!(function["Runtime"], "provided.al2023");
    // One for the queue, one for who asks.
    assert_eq!(template["Parameters"]["Concurrency"]["Default"], 2);
    assert_eq!(function["ReservedConcurrentExecutions"][1], "Concurrency");
    assert_eq!(function["Timeout"], 300);
    assert_eq!(template["Parameters"]["Architecture"]["Default"], "x86_64");
    assert_eq!(function["EventInvokeConfig"]["MaximumRetryAttempts"], 0);
}

/// Each metric costs by the month, so there are those that an alarm watches and no others.
#[test]
fn the_metrics_of_a_run_are_those_that_alarms_watch() {
    let template: Value =
        serde_saphyr::from_str(include_str!("../../template.yaml")).expect("YAML");
    let alarms = template["Resources"].as_object().expect("resources").values();
    let alarms = alarms.map(|own| &own["Properties"]);
    let watched = alarms
        .filter(|own| own["Namespace"] == "external-dns/${SyncFunction}")
        .map(|own| own["MetricName"].as_str().expect("a name").to_owned());
    let watched: BTreeSet<String> = watched.collect();
    let mut bench = Bench::new();
    bench.want(0..2);
    bench.ask(&schedule());
    let log = bench.log();
    let events = log.iter().filter(|line| line.get("_aws").is_some());
    let [run] = events.collect::<Vec<_>>()[..] else { panic!("one event has metrics") };
    let metrics = run["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("a list");
    let named: BTreeSet<String> =
        metrics.iter().map(|own| own["Name"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(named, watched);
    assert!(named.iter().all(|name| run[name].is_u64()), "{run}");
}

/// A function with the template's variables and parameters of an ordinary account starts.
#[test]
fn the_variables_of_the_template_are_settings() {
    let template: Value =
        serde_saphyr::from_str(include_str!("../../template.yaml")).expect("YAML");
    let variables =
        &template["Resources"]["SyncFunction"]["Properties"]["Environment"]["Variables"];
    let given = |parameter: &str| match parameter {
        "EksCluster" => "prod".to_owned(),
        "DomainFilter" => "example.org".to_owned(),
        "TxtOwnerId" => "prod".to_owned(),
        name => {
            template["Parameters"][name]["Default"].as_str().expect("a default").replace(',', "\n")
        }
    };
    let resolved: Vec<(String, String)> = variables
        .as_object()
        .expect("variables")
        .iter()
        .map(|(name, value)| {
            // `!Join ["\n", !Ref Parameter]`, `!Ref Parameter` or the text itself.
            let text = value.as_str().or_else(|| value[1].as_str()).expect("a text");
            let text = match text {
                "Queue" => "https://sqs.us-east-1.amazonaws.com/111111111111/Queue.fifo".to_owned(),
                name if template["Parameters"].get(name).is_some() => given(name),
                text => text.replace("${StateTable}", "external-dns-StateTable-1A2B3C"),
            };
            (name.clone(), text)
        })
        .collect();
    assert_eq!(resolved.len(), 15, "{resolved:?}");
    let own = [("EXTERNAL_DNS_MANIFESTS", "")];
    let texts = resolved.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let all: Vec<(&str, &str)> = texts.chain(own).collect();
    let mut bench = Bench::with(&all);
    assert_eq!(bench.function.init_error(), None, "{}", bench.function.log());
}
