//! Which API servers a plan is about.

use crate::report::{ClusterReport, Palette, Report, render_json, render_text};

fn report(planned_only: bool) -> Report {
    let reached = "https://10.0.0.1:6443 (context \"lab\", user \"dns\", of /home/u/.kube/config)";
    let clusters = vec![
        ClusterReport {
            name: "lab".to_owned(),
            reached: Some(reached.to_owned()),
            ..ClusterReport::default()
        },
        ClusterReport { name: "preview".to_owned(), ..ClusterReport::default() },
    ];
    Report { planned_only, clusters, ..Report::default() }
}

#[test]
fn a_plan_begins_with_the_api_servers_that_were_read() {
    let line = "cluster lab: https://10.0.0.1:6443 (context \"lab\", user \"dns\", of /home/u/.kube/config)\n";
    let plan = render_text(&report(true), Palette::Plain);
    assert!(plan.starts_with(line), "{plan}");
    assert!(!plan.contains("preview"), "manifests have no API server: {plan}");
    assert!(!render_text(&report(false), Palette::Plain).contains("https://"), "only a plan");
}

#[test]
fn a_report_has_the_api_server_of_each_cluster() {
    let document: serde_json::Value =
        serde_json::from_str(&render_json(&report(false))).expect("JSON");
    let reached = |at: usize| document["clusters"][at]["reached"].as_str();
    assert!(reached(0).is_some_and(|text| text.starts_with("https://10.0.0.1:6443 (")));
    assert_eq!(reached(1), None);
}
