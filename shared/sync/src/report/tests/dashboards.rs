//! What `infra/dashboards` asks for is what runs tell.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::sample::everything;
use crate::report::{render_emf, render_metrics};

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/dashboards").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn expressions() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("grafana.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let rules: Value = serde_saphyr::from_str(&read("rules.yaml")).expect("YAML");
    let rules = rules["spec"]["groups"][0]["rules"].as_array().expect("rules");
    let all = targets.chain(rules).map(|own| own["expr"].as_str().expect("an expression"));
    all.map(|text| text.replace("$job", ".*")).collect()
}

/// CloudWatch: each `sum(Creates)` and `filter ispresent(Target)` of the queries.
#[test]
fn every_query_of_the_template_asks_for_fields_of_the_log() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let template = std::fs::read_to_string(path).expect("the template");
    let queries = template.lines().filter(|line| line.contains("\"query\": \"SOURCE"));
    let functions = ["sum(", "max(", "ispresent("];
    let figures = render_emf(&everything(), "x");
    let mut asked = 0;
    for query in queries {
        for function in functions {
            for name in query.split(function).skip(1).filter_map(|rest| rest.split(')').next()) {
                assert!(figures.contains(&format!("\"{name}\":")), "no run tells {name}: {query}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 9, "{asked}");
}

#[test]
fn every_expression_asks_for_what_runs_tell() {
    let metrics = render_metrics(&everything());
    let known: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let all = expressions();
    assert!(all.len() > 15, "{all:?}");
    for expression in &all {
        let mut names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let own: Vec<&str> = names.by_ref().filter(|name| name.starts_with("external_")).collect();
        assert!(!own.is_empty(), "{expression}");
        for name in own {
            assert!(known.contains(name), "no run tells {name}: {expression}");
        }
    }
}
