//! What is kept of an object.

use std::collections::BTreeMap;

use extdns_template::{Data, Template};
use serde::Deserialize;
use serde::de::IgnoredAny;

const OBJECT: &str = r#"{
    "kind": "Service",
    "metadata": {"name": "s", "managedFields": [{"manager": "x"}], "labels": {"a": "b"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "k": "v"}},
    "spec": {"type": "LoadBalancer", "ports": [{"name": "http"}], "clusterIP": "10.0.0.1"},
    "status": {"conditions": []}
}"#;

fn kept(template: &str) -> String {
    let template = Template::parse(&[template]).unwrap();
    let mut json = serde_json::Deserializer::from_str(OBJECT);
    let (_, data): (IgnoredAny, Data) = template.fields().read(&mut json).unwrap();
    shown(&data)
}

fn shown(data: &Data) -> String {
    match data {
        Data::Map(map) => {
            let pairs = map.iter().map(|(key, data)| format!("{key}{}", shown(data)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(" "))
        }
        _ => String::new(),
    }
}

#[test]
fn only_what_a_template_reads_is_kept() {
    let all = "{kind metadata{annotations{k} labels{a} name} spec{clusterIP ports type} status{conditions}}";
    let table = [
        ("x", "{}"),
        ("{{.Kind}}", "{}"),
        ("{{.Name}}", "{metadata{name}}"),
        ("{{.GetName}}", "{metadata{name}}"),
        ("{{.ObjectMeta.Labels.a}}", "{metadata{labels{a}}}"),
        ("{{.ObjectMeta}}", "{metadata{annotations{k} labels{a} name}}"),
        ("{{.Annotations}}", "{metadata{annotations{k}}}"),
        ("{{.Spec.Type}}{{.Spec.ClusterIP}}", "{spec{clusterIP type}}"),
        ("{{.Spec}}", "{spec{clusterIP ports type}}"),
        ("{{with .Spec}}{{.Type}}{{end}}", "{spec{clusterIP ports type}}"),
        ("{{range .Spec.Ports}}{{.Name}}{{.}}{{end}}", "{metadata{name} spec{ports}}"),
        ("{{.Object.spec.type}}", "{spec{type}}"),
        ("{{.Object.spec}}", "{spec{clusterIP ports type}}"),
        ("{{index .Object \"spec\"}}", all),
        ("{{.}}", all),
        ("{{$x := .}}{{$x.Name}}", all),
        ("{{(.).Name}}", all),
        ("{{template \"t\" .}}{{define \"t\"}}{{.Name}}{{end}}", "{metadata{name}}"),
        ("{{template \"t\" .}}{{define \"t\"}}{{.}}{{end}}", all),
        ("{{range .Spec.Ports}}{{$.Status.Conditions}}{{end}}", "{spec{ports} status{conditions}}"),
    ];
    for (template, expected) in table {
        assert_eq!(kept(template), expected, "{template}");
    }
}

/// What a source may read of the same object.
#[derive(Debug, PartialEq, Deserialize)]
struct Service {
    spec: Spec,
    #[serde(default)]
    status: Option<Status>,
    metadata: Metadata,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Spec {
    #[serde(rename = "type")]
    kind: Kind,
    ports: Vec<Port>,
    missing: Option<u16>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Kind {
    LoadBalancer,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Port {
    name: Name,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Name(String);

#[derive(Debug, PartialEq, Deserialize)]
struct Status {}

#[derive(Debug, PartialEq, Deserialize)]
struct Metadata {
    annotations: BTreeMap<String, String>,
}

#[test]
fn a_struct_is_read_in_the_same_pass_whatever_is_kept() {
    let expected: Service = serde_json::from_str(OBJECT).unwrap();
    let templates = [
        "x",
        "{{.Name}}",
        "{{.Annotations}}",
        "{{.Spec.Type}}",
        "{{.Spec.Ports}}",
        "{{.Spec}}",
        "{{.Spec.Other}}{{.Other.Spec}}",
        "{{.}}",
    ];
    for text in templates {
        let template = Template::parse(&[text]).unwrap();
        let mut json = serde_json::Deserializer::from_str(OBJECT);
        let (service, data): (Service, Data) = template.fields().read(&mut json).unwrap();
        assert_eq!(service, expected, "{text}");
        assert_eq!(shown(&data), kept(text), "{text}");
    }
}

#[test]
fn what_has_another_form_is_an_error_or_nothing() {
    let read = |text: &str, json: &str| {
        let template = Template::parse(&[text]).unwrap();
        let mut json = serde_json::Deserializer::from_str(json);
        let read: Result<(Lenient, Data), _> = template.fields().read(&mut json);
        read.map(|(_, data)| shown(&data)).map_err(|error| error.to_string())
    };
    assert_eq!(read("{{.Spec.Type}}", r#"{"spec":null}"#), Ok("{spec}".to_owned()));
    assert_eq!(read("{{.Spec.Type}}", "{}"), Ok("{}".to_owned()));
    let error = read("{{.Spec.Type}}", r#"{"spec":"text"}"#).unwrap_err();
    assert!(
        error.contains("invalid type: string \"text\", expected an object at line 1"),
        "{error}"
    );
    let error = read("{{.Spec.Type}}", r#"{"spec":{"type":7}}"#).unwrap_err();
    assert!(error.contains("invalid type: integer `7`, expected a string"), "{error}");
    let error = read("{{.Spec.Type}}", "[]").unwrap_err();
    assert!(error.contains("expected an object"), "{error}");
}

#[derive(Debug, Deserialize)]
struct Lenient {
    #[serde(rename = "spec")]
    _spec: Option<LenientSpec>,
}

#[derive(Debug, Deserialize)]
struct LenientSpec {
    #[serde(rename = "type")]
    _type: String,
}
