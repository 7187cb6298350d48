//! Objects that are joined with others: VirtualServices with Gateways of Istio and Services, HTTPRoutes with Gateways.
//! A run over twice as many may take little more than twice as long, and holds little more than what it reads of them.

use std::path::{Path, PathBuf};

use extdns_testkit::kube::{ADMIN_TOKEN, Login};
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::webhook_sim::WebhookSim;
use serde_json::{Value, json};

use crate::figures::{self, Figures, Task};

/// VirtualServices, and as many HTTPRoutes.
pub const ROUTES: usize = 3_000;
const SERVICES: usize = 1_000;
/// Gateways of Istio, and as many of the Gateway API.
const GATEWAYS: usize = 300;
/// How much more processor time twice as many objects may take.
const GROWTH: f64 = 2.2;
/// How much memory a byte may take that is read of the objects.
const HELD: f64 = 2.0;
/// Runs of each size, of which the cheapest counts.
const RUNS: usize = 3;

const SOURCES: [&str; 4] =
    ["service", "istio-gateway", "istio-virtualservice", "gateway-httproute"];

/// The kinds that Kubernetes itself does not have: group, kind and plural.
const DEFINED: [(&str, &str, &str); 4] = [
    ("networking.istio.io", "Gateway", "gateways"),
    ("networking.istio.io", "VirtualService", "virtualservices"),
    ("gateway.networking.k8s.io", "Gateway", "gateways"),
    ("gateway.networking.k8s.io", "HTTPRoute", "httproutes"),
];

/// Such a cluster, and a provider without records.
pub(crate) struct Joined {
    _kube: KubeSim,
    webhook: WebhookSim,
    kubeconfig: PathBuf,
    /// Bytes of what the sources read of the objects.
    read: usize,
}

impl Joined {
    pub(crate) fn start(times: usize) -> Self {
        let kube = KubeSim::builder().user(User::admin("admin", ADMIN_TOKEN)).start();
        for (group, kind, plural) in DEFINED {
            kube.apply(definition(group, kind, plural));
        }
        let mut read = 0;
        for object in objects(times) {
            read += object.to_string().len();
            kube.apply(as_stored(object));
        }
        let kubeconfig = kube.write_kubeconfig(&kube.kubeconfig(Login::Token(ADMIN_TOKEN)));
        Self { _kube: kube, webhook: WebhookSim::builder().start(), kubeconfig, read }
    }

    /// One name alone is of this domain, so that the run reads, and plans nothing else.
    pub(crate) fn task(&self, program: &Path) -> Task {
        let sources = SOURCES.map(|source| format!("--source={source}"));
        let flags = [
            "--once".to_owned(),
            "--dry-run".to_owned(),
            "--domain-filter=example.net".to_owned(),
            "--provider=webhook".to_owned(),
            format!("--webhook-provider-url={}", self.webhook.url()),
            format!("--kubeconfig={}", self.kubeconfig.display()),
        ];
        let arguments = sources.into_iter().chain(flags).map(Into::into);
        Task {
            command: [program.into()].into_iter().chain(arguments).collect(),
            variables: Vec::new(),
        }
    }

    fn measure(&self, program: &Path) -> anyhow::Result<Figures> {
        let mut least = figures::of(&self.task(program))?;
        for _ in 1..RUNS {
            let next = figures::of(&self.task(program))?;
            least.cpu = least.cpu.min(next.cpu);
            least.wall = least.wall.min(next.wall);
            least.peak = least.peak.min(next.peak);
        }
        Ok(least)
    }
}

/// What a run over them costs, and what is wrong with that.
///
/// # Errors
/// When a run fails.
pub fn measure(program: &Path) -> anyhow::Result<(Figures, Vec<String>)> {
    let nothing = Joined::start(0).measure(program)?;
    let once = Joined::start(1);
    let figures = once.measure(program)?;
    let twice = Joined::start(2).measure(program)?;
    Ok((figures, faults(nothing, figures, twice, once.read)))
}

#[expect(clippy::cast_precision_loss, reason = "a cluster has less than 2^53 bytes")]
fn faults(nothing: Figures, once: Figures, twice: Figures, read: usize) -> Vec<String> {
    let growth = twice.cpu / once.cpu.max(0.001);
    let grown = (growth > GROWTH)
        .then(|| format!("twice as many take {growth:.2} times the CPU, the bar is {GROWTH}"));
    let held = (once.peak - nothing.peak) * f64::from(1 << 20) / read as f64;
    let held = (held > HELD).then(|| {
        format!("it holds {held:.1} bytes for each that it reads ({read}), the bar is {HELD}")
    });
    grown.into_iter().chain(held).collect()
}

fn definition(group: &str, kind: &str, plural: &str) -> Value {
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {
                "kind": kind, "listKind": format!("{kind}List"), "plural": plural,
                "singular": kind.to_lowercase(),
            },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": schema },
            }],
        },
    })
}

/// What the sources read of the objects.
fn objects(times: usize) -> impl Iterator<Item = Value> {
    let services = (0..SERVICES * times).map(service);
    let gateways = (0..GATEWAYS * times).flat_map(move |number| {
        let services = SERVICES * times;
        [istio_gateway(number, number * services / (GATEWAYS * times)), gateway(number)]
    });
    let routes = (0..ROUTES * times).flat_map(move |number| {
        let of = number % (GATEWAYS * times);
        [virtual_service(number, of), route(number, of)]
    });
    std::iter::once(inside()).chain(services).chain(gateways).chain(routes)
}

fn object(api_version: &str, kind: &str, name: &str, more: &Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": { "name": name, "namespace": "apps", "labels": { "app": name } },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

/// What the domain filter lets through.
fn inside() -> Value {
    let metadata = json!({
        "name": "inside", "namespace": "apps",
        "annotations": { "external-dns.kubernetes.io/hostname": "inside.example.net" },
    });
    let spec = json!({ "type": "LoadBalancer" });
    let status = json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } });
    let more = json!({ "metadata": metadata, "spec": spec, "status": status });
    object("v1", "Service", "inside", &more)
}

fn service(number: usize) -> Value {
    let name = format!("entry-{number:05}");
    let [a, b] = u16::try_from(number).unwrap_or_default().to_be_bytes();
    let spec = json!({ "type": "LoadBalancer", "selector": { "app": name } });
    let status = json!({ "loadBalancer": { "ingress": [{ "ip": format!("10.0.{a}.{b}") }] } });
    object("v1", "Service", &name, &json!({ "spec": spec, "status": status }))
}

fn istio_gateway(number: usize, service: usize) -> Value {
    let hosts = json!([format!("*.g{number:04}.example.org")]);
    let selector = json!({ "app": format!("entry-{service:05}") });
    let spec = json!({ "selector": selector, "servers": [{ "hosts": hosts }] });
    object(
        "networking.istio.io/v1",
        "Gateway",
        &format!("mesh-{number:04}"),
        &json!({ "spec": spec }),
    )
}

fn virtual_service(number: usize, of: usize) -> Value {
    let host = format!("vs-{number:05}.g{of:04}.example.org");
    let spec = json!({ "hosts": [host], "gateways": [format!("mesh-{of:04}")] });
    object(
        "networking.istio.io/v1",
        "VirtualService",
        &format!("vs-{number:05}"),
        &json!({ "spec": spec }),
    )
}

fn gateway(number: usize) -> Value {
    let listener = json!({
        "name": "https", "hostname": format!("*.r{number:04}.example.org"), "port": 443,
        "protocol": "HTTPS", "allowedRoutes": { "namespaces": { "from": "Same" } },
    });
    let [a, b] = u16::try_from(number).unwrap_or_default().to_be_bytes();
    let status = json!({ "addresses": [{ "value": format!("10.1.{a}.{b}") }] });
    let more = json!({ "spec": { "listeners": [listener] }, "status": status });
    object("gateway.networking.k8s.io/v1", "Gateway", &format!("edge-{number:04}"), &more)
}

fn route(number: usize, of: usize) -> Value {
    let parent = json!({ "name": format!("edge-{of:04}") });
    let accepted =
        json!({ "parentRef": parent, "conditions": [{ "type": "Accepted", "status": "True" }] });
    let host = format!("hr-{number:05}.r{of:04}.example.org");
    let spec = json!({ "parentRefs": [parent], "hostnames": [host] });
    let more = json!({ "spec": spec, "status": { "parents": [accepted] } });
    object("gateway.networking.k8s.io/v1", "HTTPRoute", &format!("hr-{number:05}"), &more)
}

/// The object with what nobody reads: who set which field, and the rules of routes.
fn as_stored(mut object: Value) -> Value {
    let fields = json!({ "f:spec": { "f:hosts": {}, "f:gateways": {}, "f:http": {} } });
    object["metadata"]["managedFields"] = json!([{
        "apiVersion": object["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": fields,
        "manager": "kubectl-client-side-apply", "operation": "Update", "time": "2026-01-01T00:00:00Z",
    }]);
    let back = json!({ "destination": { "host": "web.apps.svc.cluster.local", "port": { "number": 8443 } } });
    match object["kind"].as_str() {
        Some("VirtualService") => {
            object["spec"]["http"] = json!([{ "name": "web", "route": [back] }]);
        }
        Some("HTTPRoute") => {
            let path = json!({ "path": { "type": "PathPrefix", "value": "/" } });
            let back = json!({ "name": "web", "port": 8443, "weight": 1 });
            object["spec"]["rules"] = json!([{ "matches": [path], "backendRefs": [back] }]);
        }
        _ => {}
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_grow_faster_than_the_objects_are_faults() {
        let figures = |cpu, peak| Figures { wall: 1.0, cpu, peak };
        let read = 1 << 20;
        let nothing = figures(0.01, 10.0);
        assert!(faults(nothing, figures(1.0, 12.0), figures(2.2, 14.0), read).is_empty());
        assert_eq!(
            faults(nothing, figures(1.0, 12.5), figures(2.5, 15.0), read),
            [
                "twice as many take 2.50 times the CPU, the bar is 2.2",
                "it holds 2.5 bytes for each that it reads (1048576), the bar is 2"
            ]
        );
    }

    #[test]
    fn twice_the_objects_are_twice_of_each_kind() {
        let joined = |times| objects(times).skip_while(|object| *object == inside()).count();
        assert_eq!(joined(1), SERVICES + 2 * GATEWAYS + 2 * ROUTES);
        assert_eq!(joined(2), 2 * joined(1));
    }
}
