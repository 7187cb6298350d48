//! Calls as their senders make them.

use std::collections::BTreeMap;

use extdns_relay::{Call, Credentials, ReadKind, ReadSet, Received, Relay};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) const NOW: u64 = 1_767_225_600;
pub(crate) const KEY: &str = "signing-key-of-these-tests";
pub(crate) const OLD_KEY: &str = "signing-key-that-is-replaced";
pub(crate) const BEARER: &str = "bearer-token-of-these-tests";
pub(crate) const PROD: &str = "path-token-of-cluster-prod";
pub(crate) const OLD_PROD: &str = "path-token-that-is-replaced";
pub(crate) const LAB: &str = "path-token-of-cluster-lab";

/// Every secret of the tests.
pub(crate) const SECRETS: [&str; 6] = [KEY, OLD_KEY, BEARER, PROD, OLD_PROD, LAB];

pub(crate) fn document() -> Value {
    json!({
        "hmac": [KEY, OLD_KEY], "bearer": BEARER,
        "cluster/prod": [PROD, OLD_PROD], "cluster/lab": LAB,
    })
}

pub(crate) fn credentials() -> Credentials {
    Credentials::read(document().to_string().as_bytes()).expect("credentials")
}

pub(crate) fn kind(group: &str, plural: &str, kind: &str, is_joined: bool) -> ReadKind {
    ReadKind { group: group.into(), plural: plural.into(), kind: kind.into(), is_joined }
}

/// Two clusters: `prod` reads services and ingresses, `lab` a kind of which only the name is known, with its joins.
pub(crate) fn relay() -> Relay {
    let prod = [
        kind("", "services", "Service", false),
        kind("networking.k8s.io", "ingresses", "Ingress", false),
        kind("", "pods", "Pod", true),
    ];
    let lab = [kind("acme.io", "", "Host", false), kind("", "pods", "Pod", true)];
    Relay::new([
        ("prod".to_owned(), ReadSet::new(prod, false)),
        ("lab".to_owned(), ReadSet::new(lab, true)),
    ])
}

/// A call with headers of its own.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<&'static str, String>,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    pub(crate) fn to(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", path: path.into(), body: body.into(), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(crate) fn bearing(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn signed(self, key: &str, second: u64) -> Self {
        let signature = sign(key, second, &self.body);
        self.with("x-extdns-timestamp", second.to_string()).with("x-extdns-signature", signature)
    }

    pub(crate) fn at(&self, relay: &Relay, now: u64) -> Received {
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        relay.receive(&credentials(), &Call::new(self.method, &self.path, header, &self.body), now)
    }

    /// Status and whether a run is asked for.
    pub(crate) fn outcome(&self) -> (u16, bool) {
        let received = self.at(&relay(), NOW);
        (received.answer.status, received.trigger.is_some())
    }
}

pub(crate) fn sign(key: &str, second: u64, body: &[u8]) -> String {
    let mut own = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    own.update(format!("{second}.").as_bytes());
    own.update(body);
    let digits: String = own.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256={digits}")
}

/// A review of a Service, as an API server of version 1.34 sends it.
pub(crate) fn review(operation: &str, old: Option<Value>, new: Option<Value>) -> Value {
    json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": { "group": "", "version": "v1", "kind": "Service" },
            "resource": { "group": "", "version": "v1", "resource": "services" },
            "requestKind": { "group": "", "version": "v1", "kind": "Service" },
            "requestResource": { "group": "", "version": "v1", "resource": "services" },
            "name": "web", "namespace": "shop", "operation": operation,
            "userInfo": { "username": "admin", "groups": ["system:authenticated"] },
            "object": new, "oldObject": old, "dryRun": false,
            "options": { "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" },
        },
    })
}

pub(crate) fn service(host: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "web", "namespace": "shop", "resourceVersion": "1",
            "annotations": { "external-dns.alpha.kubernetes.io/hostname": host },
        },
        "spec": { "type": "LoadBalancer" },
        "status": { "loadBalancer": {} },
    })
}

pub(crate) fn created() -> Value {
    review("CREATE", None, Some(service("a.example.org")))
}
