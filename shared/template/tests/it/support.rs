//! Objects to render templates for.

use std::sync::Arc;

use extdns_template::{
    Data, Object, RenderError, Schema, Source, Struct, Template, Type, UNSTRUCTURED,
};

static TEXT: Type = Type::Text;
static BOOL: Type = Type::Bool;
static PORT_TYPE: Type = Type::Struct(&PORT);
static BACKEND_TYPE: Type = Type::Struct(&BACKEND);
static PORT: Struct = Struct {
    name: "Port",
    fields: &[("Name", Type::Text), ("Port", Type::Int), ("TargetPort", Type::Port)],
};
static BACKEND: Struct = Struct { name: "Backend", fields: &[("Host", Type::Text)] };
static SPEC: Struct = Struct {
    name: "Spec",
    fields: &[
        ("Type", Type::Text),
        ("ClusterIP", Type::Text),
        ("ClusterIPs", Type::List(&TEXT)),
        ("Ports", Type::List(&PORT_TYPE)),
        ("Selector", Type::Map(&TEXT)),
        ("Priority", Type::Int),
        ("Paused", Type::Bool),
        ("Class", Type::Optional(&TEXT)),
        ("Given", Type::Optional(&TEXT)),
        ("Flag", Type::Optional(&BOOL)),
        ("Backend", Type::Optional(&BACKEND_TYPE)),
        ("Inner", BACKEND_TYPE),
        ("Conditions", Type::Hidden),
    ],
};
static TYPED: Schema =
    Schema { fields: &[("Spec", "spec", Type::Struct(&SPEC))], raw: Type::Strict };

const SERVICE: &str = r#"{
    "metadata": {
        "name": "s", "namespace": "a", "uid": "u1",
        "labels": {"app": "web", "empty": ""},
        "annotations": {"list": "[{\"hostname\":\"h1.org\",\"n\":80},{\"hostname\":\"h2.org\"}]", "dns.x/b": "b.org", "dns.x/a": "a.org"}
    },
    "spec": {
        "type": "LoadBalancer", "clusterIPs": ["10.0.0.1", "fd00::1"],
        "ports": [{"name": "http", "port": 80, "targetPort": "web"}, {"name": "grpc", "port": 9000}],
        "selector": {"x": "1", "b": "2"}, "given": "yes", "conditions": [1],
        "extra": {"deep": 1}
    }
}"#;

const ANY: &str = r#"{
    "metadata": {"name": "u", "namespace": "n", "labels": {"app": "web"}},
    "spec": {
        "dnsNames": ["x.org", "y.org"], "url": "http://z", "ipAddress": "10.0.0.9", "hostnames": ["r.org"],
        "count": 80, "ratio": 1.5, "big": 3000000.0, "on": true, "nothing": null, "list": ["p", "q"], "map": {"b": 2, "a": 1},
        "Real": "real", "real": "other"
    },
    "status": {"interfaces": [{"name": "eth0", "ipAddress": "10.244.1.50"}]},
    "data": {"hostname": "a.org,b.org"}
}"#;

pub(crate) const SOURCE: Source<'static> =
    Source { name: "service", all: &["ingress", "node", "pod", "service"] };

pub(crate) fn service() -> Arc<Object> {
    object(SERVICE, "Service", &TYPED)
}

pub(crate) fn unstructured() -> Arc<Object> {
    any(ANY)
}

/// An object of a kind that nobody knows.
pub(crate) fn any(json: &str) -> Arc<Object> {
    object(json, "Thing", &UNSTRUCTURED)
}

fn object(json: &str, kind: &str, schema: &'static Schema) -> Arc<Object> {
    let root: Data = serde_json::from_str(json).expect("JSON");
    Arc::new(Object { root, kind: kind.into(), api_version: "v1".into(), schema })
}

pub(crate) fn render(object: &Arc<Object>, text: &str) -> Result<String, RenderError> {
    let template = Template::parse(&[text]).unwrap_or_else(|error| panic!("{text}: {error}"));
    template.render(object, SOURCE)
}

/// Compares what each template gives with what it should; `!` in front of the expected text stands for an error that
/// holds the rest.
pub(crate) fn check(object: &Arc<Object>, table: &[(&str, &str)]) {
    for (text, expected) in table {
        match (render(object, text), expected.strip_prefix('!')) {
            (Ok(text_out), None) => assert_eq!(text_out, *expected, "{text}"),
            (Err(error), Some(part)) => {
                assert!(error.to_string().contains(part), "{text}: {error}");
            }
            (outcome, _) => panic!("{text}: {outcome:?}, not {expected:?}"),
        }
    }
}
