//! What is served: plain documents, and the aggregated one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kinds::{Kind, Kinds, api_version};
use super::status::Answer;
use crate::http::Request;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Versions in order of preference, each with its resources, by group.
type Groups<'a> = BTreeMap<&'a str, Vec<(&'a str, Vec<&'a Kind>)>>;

fn groups(kinds: &Kinds) -> Groups<'_> {
    let mut groups = Groups::new();
    for kind in kinds.iter() {
        let versions = groups.entry(&kind.group).or_default();
        for version in &kind.versions {
            match versions.iter_mut().find(|(own, _)| own == version) {
                Some((_, kinds)) => kinds.push(kind),
                None => versions.push((version, vec![kind])),
            }
        }
    }
    groups
}

/// The document at a path, if discovery has one there.
pub(super) fn document(kinds: &Kinds, request: &Request, aggregated: bool) -> Option<Answer> {
    let groups = groups(kinds);
    let steps: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let wants_all = aggregated
        && request.header("accept").is_some_and(|accept| {
            accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2;")
        });
    let answer = match steps[..] {
        ["api" | "apis"] if wants_all => {
            let core = steps == ["api"];
            let items = groups.iter().filter(|(group, _)| group.is_empty() == core);
            let list = json!({
                "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
                "items": items.map(|(group, versions)| discovered(group, versions)).collect::<Vec<_>>(),
            });
            return Some(Answer {
                content_type: AGGREGATED,
                ..Answer::json(200, list.to_string())
            });
        }
        ["api"] => {
            json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] })
        }
        ["apis"] => json!({
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": groups.iter().filter(|(group, _)| !group.is_empty())
                .map(|(group, versions)| plain_group(group, versions)).collect::<Vec<_>>(),
        }),
        ["api", version] => resources("", version, &groups)?,
        ["apis", group] => {
            let mut group = plain_group(group, groups.get(group)?);
            group["kind"] = json!("APIGroup");
            group["apiVersion"] = json!("v1");
            group
        }
        ["apis", group, version] => resources(group, version, &groups)?,
        ["version"] => json!({
            "major": "1", "minor": "34", "gitVersion": "v1.34.0+kube-sim", "gitCommit": "", "gitTreeState": "clean",
            "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "linux/amd64",
        }),
        ["healthz" | "livez" | "readyz"] => return Some(Answer::text(200, "ok")),
        _ => return None,
    };
    Some(Answer::json(200, answer.to_string()))
}

fn plain_group(group: &str, versions: &[(&str, Vec<&Kind>)]) -> Value {
    let version =
        |version: &str| json!({ "groupVersion": api_version(group, version), "version": version });
    json!({
        "name": group,
        "versions": versions.iter().map(|(own, _)| version(own)).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(|(own, _)| version(own)),
    })
}

fn resources(group: &str, version: &str, groups: &Groups<'_>) -> Option<Value> {
    let (_, kinds) = groups.get(group)?.iter().find(|(own, _)| *own == version)?;
    let mut resources = Vec::new();
    for kind in kinds {
        let mut resource = json!({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
            "verbs": kind.verbs(), "shortNames": kind.short_names,
        });
        resources.push(resource.clone());
        if kind.status {
            resource["name"] = json!(format!("{}/status", kind.plural));
            resource["singularName"] = json!("");
            resource["verbs"] = json!(["get", "update"]);
            resource.as_object_mut().map(|fields| fields.remove("shortNames"));
            resources.push(resource);
        }
    }
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version(group, version),
        "resources": resources,
    }))
}

fn discovered(group: &str, versions: &[(&str, Vec<&Kind>)]) -> Value {
    let resource = |version: &str, kind: &Kind| {
        let response = json!({ "group": group, "version": version, "kind": kind.kind });
        let mut resource = json!({
            "resource": kind.plural, "responseKind": response, "singularResource": kind.singular,
            "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
            "verbs": kind.verbs(), "shortNames": kind.short_names,
        });
        if kind.status {
            resource["subresources"] = json!([
                { "subresource": "status", "responseKind": response, "verbs": ["get", "update"] },
            ]);
        }
        resource
    };
    let version = |(version, kinds): &(&str, Vec<&Kind>)| {
        let resources: Vec<Value> = kinds.iter().map(|kind| resource(version, kind)).collect();
        json!({ "version": version, "freshness": "Current", "resources": resources })
    };
    let metadata = if group.is_empty() { json!({}) } else { json!({ "name": group }) };
    json!({ "metadata": metadata, "versions": versions.iter().map(version).collect::<Vec<_>>() })
}
