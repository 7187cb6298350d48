//! What is kept of an object.

use extdns_template::{Data, Fields, Template};
use serde::Deserialize;

const OBJECT: &str = r#"{
    "kind": "Service",
    "metadata": {"name": "s", "managedFields": [{"manager": "x"}], "labels": {"a": "b"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "k": "v"}},
    "spec": {"type": "LoadBalancer", "ports": [{"name": "http"}], "clusterIP": "10.0.0.1"},
    "status": {"conditions": []}
}"#;

fn kept(template: &str) -> String {
    let template = Template::parse(&[template]).unwrap();
    let data = template.fields().read(&mut serde_json::Deserializer::from_str(OBJECT)).unwrap();
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

#[test]
fn what_is_kept_can_be_decoded() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Kind {
        LoadBalancer,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Spec {
        #[serde(rename = "type")]
        kind: Kind,
        missing: Option<u16>,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Object {
        spec: Spec,
    }
    let fields = Fields::new(&[("spec", Some("type"))]);
    let data = fields.read(&mut serde_json::Deserializer::from_str(OBJECT)).unwrap();
    let object = Object::deserialize(&data).unwrap();
    assert_eq!(object, Object { spec: Spec { kind: Kind::LoadBalancer, missing: None } });
}
