//! A simulator of the Kubernetes API, for what a real server will not do on demand.
//!
//! It speaks HTTP/1.1 (with TLS if the test asks for it) and serves discovery, lists (selectors,
//! pages of one snapshot, streams), single objects, status updates and questions for one's own
//! rights, in the real server's words. Objects come from manifests, from a [`workload`] or from the
//! test. What goes wrong is said as a [`Fault`]. It serves every kind of which it is given an
//! object: one without a CustomResourceDefinition is taken for namespaced. It does not validate
//! objects. Who watches sees every change of an object.
//!
//! ```
//! use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
//!
//! let sim = KubeSim::builder()
//!     .yaml("{ apiVersion: v1, kind: Service, metadata: { name: web, namespace: shop } }")
//!     .start();
//! sim.fail(Fault::new("services", Effect::Expired).page(2).times(1));
//! // ... the program under test reads sim.url() ...
//! assert_eq!(sim.lists("services"), 0);
//! ```

mod access;
mod discovery;
mod events;
mod fault;
mod kinds;
mod list;
mod manifests;
mod selector;
mod serve;
mod status;
mod store;
mod watch;
mod workload;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{Identity, Interferer, Listen, Request, ScriptedServer};
use crate::kube::pki::Authority;
use crate::kube::{Login, kubeconfig};
use kinds::{Kind, api_version};
use serve::{Shared, State};

pub use access::User;
pub use fault::{Effect, Fault};
pub use workload::{Published, WORKLOAD_OWNER, WORKLOAD_ZONE, workload};

/// What a simulator starts with.
#[derive(Default)]
pub struct Builder {
    objects: Vec<Value>,
    workload: usize,
    users: Vec<User>,
    plain_discovery: bool,
    pages_only: bool,
    tls: bool,
    port: u16,
}

impl Builder {
    /// Adds all objects of a file, or of a folder and those below it.
    pub fn manifests(mut self, path: &Path) -> io::Result<Self> {
        self.objects.extend(manifests::read(path)?);
        Ok(self)
    }

    /// Adds the objects of a text: YAML or JSON, several documents, lists.
    #[must_use]
    pub fn yaml(mut self, text: &str) -> Self {
        let objects = manifests::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        self.objects.extend(objects);
        self
    }

    /// Adds an object.
    #[must_use]
    pub fn object(mut self, object: Value) -> Self {
        self.objects.push(object);
        self
    }

    /// Adds a [`workload`].
    #[must_use]
    pub fn workload(mut self, n: usize) -> Self {
        self.workload = n;
        self
    }

    /// Adds a user. With none, everybody may do everything; with one, a request without a token is anonymous, which
    /// may nothing, and one with a wrong token is 401.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Answers discovery as servers before 1.27 do: a document for each version of each group.
    #[must_use]
    pub fn plain_discovery(mut self) -> Self {
        self.plain_discovery = true;
        self
    }

    /// Streams no lists, as servers before 1.32, and others where the feature is switched off.
    #[must_use]
    pub fn pages_only(mut self) -> Self {
        self.pages_only = true;
        self
    }

    /// Speaks TLS alone, with a certificate of an authority of its own ([`KubeSim::ca`]).
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Listens on this port of 127.0.0.1 rather than a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts it; fails when the port is taken.
    pub fn try_start(self) -> io::Result<KubeSim> {
        let shared = Arc::new(Shared::new(self.users, !self.plain_discovery, !self.pages_only));
        {
            let mut state = shared.state();
            // Definitions first: they say how the kinds of the other objects are called.
            let (definitions, others): (Vec<_>, Vec<_>) =
                self.objects.into_iter().partition(is_definition);
            for object in definitions.into_iter().chain(others) {
                state.apply(object).map_err(io::Error::other)?;
            }
            state.publish(self.workload);
        }
        let authority = self.tls.then(Authority::new);
        let identity = authority.as_ref().map(|authority| {
            let (certificate, key) = authority.server();
            Identity { certificate, key }
        });
        let served = Arc::clone(&shared);
        let listen = Listen { port: self.port, tls: identity };
        let server = ScriptedServer::listen(&listen, move |request| served.answer(request))?;
        Ok(KubeSim {
            server,
            shared,
            authority,
            dir: TempDir::new()?,
            written: AtomicUsize::new(0),
        })
    }

    /// Starts it.
    pub fn start(self) -> KubeSim {
        self.try_start().unwrap_or_else(|error| panic!("kube-sim: {error}"))
    }
}

/// A running simulator; it ends when this is dropped.
pub struct KubeSim {
    server: ScriptedServer,
    shared: Arc<Shared>,
    authority: Option<Authority>,
    dir: TempDir,
    written: AtomicUsize,
}

impl KubeSim {
    /// A simulator that is empty, speaks plain HTTP on a free port and knows no users; the builder's functions change
    /// that.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `http://127.0.0.1:PORT`, or `https://` with TLS.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The certificate authority (PEM), with TLS.
    pub fn ca(&self) -> Option<String> {
        self.authority.as_ref().map(Authority::certificate)
    }

    /// A kubeconfig for it, with the authority inside. Cluster, user and context are called `test`.
    pub fn kubeconfig(&self, login: Login<'_>) -> Value {
        let mut cluster = json!({ "server": self.url() });
        if let Some(ca) = self.ca() {
            cluster["certificate-authority-data"] = json!(STANDARD.encode(ca));
        }
        kubeconfig(&cluster, login)
    }

    /// Writes a kubeconfig to a new file, which goes with the simulator.
    pub fn write_kubeconfig(&self, kubeconfig: &Value) -> PathBuf {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.path().join(format!("kubeconfig-{number}"));
        fs::write(&path, kubeconfig.to_string())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// Creates an object or puts it in the place of the one with its name, status included; returns what is stored. A
    /// CustomResourceDefinition serves at once.
    pub fn apply(&self, object: Value) -> Value {
        self.shared.state().apply(object).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Deletes the object that `apiVersion`, `kind` and `metadata` name; returns whether it was there.
    pub fn delete(&self, object: &Value) -> bool {
        let mut state = self.shared.state();
        let address = state.address(object).unwrap_or_else(|error| panic!("{error}"));
        state.store.delete(&address.kind.id(), &address.key)
    }

    /// The object of a resource (plural) as it is now. Without a namespace for what has none.
    pub fn object(&self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        let state = self.shared.state();
        let kind = state.kinds.by_plural(plural)?;
        let body = state.store.get(&kind.id(), &store::key(kind, namespace, name))?;
        Some(stamped(kind, store::decode(body)))
    }

    /// The names of the objects of a resource (plural) in a namespace, in order.
    pub fn names(&self, plural: &str, namespace: &str) -> Vec<String> {
        let state = self.shared.state();
        let Some(kind) = state.kinds.by_plural(plural) else { return Vec::new() };
        let (prefix, now) = (format!("{namespace}/"), state.store.revision());
        let objects = state.store.range(&kind.id(), &prefix, "", now);
        objects.filter_map(|(key, _)| key.strip_prefix(&prefix).map(str::to_owned)).collect()
    }

    /// Forgets the past: lists that are going on get 410 for their next page.
    pub fn compact(&self) {
        self.shared.state().store.compact();
    }

    /// Ends all streams, as a server does at times: who watches has to come again.
    pub fn end_watches(&self) {
        self.shared.state().store.end_watches();
    }

    /// Makes something go wrong, from the next request on.
    pub fn fail(&self, fault: Fault) {
        self.shared.state().faults.push(fault);
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        self.shared.state().faults.clear();
    }

    /// Requests with this verb for this resource (plural, or `services/status`), with any answer. A document of
    /// discovery counts as `get` of its path.
    pub fn calls(&self, verb: &str, resource: &str) -> u64 {
        self.all_calls().get(&(verb.to_owned(), resource.to_owned())).copied().unwrap_or(0)
    }

    /// Requests that list a resource (plural): streams and pages.
    pub fn lists(&self, resource: &str) -> u64 {
        self.calls("watch", resource) + self.calls("list", resource)
    }

    /// Puts an interferer between the network and the simulator, or removes it.
    pub fn interfere(&self, interferer: Option<Interferer>) {
        self.server.interfere(interferer);
    }

    /// All requests so far, counted by verb and resource.
    pub fn all_calls(&self) -> BTreeMap<(String, String), u64> {
        self.shared.state().calls.clone()
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }
}

fn is_definition(object: &Value) -> bool {
    object["kind"] == "CustomResourceDefinition"
}

/// An object that says what it is, in the preferred version.
fn stamped(kind: &Kind, mut object: Value) -> Value {
    object["apiVersion"] = json!(api_version(&kind.group, &kind.versions[0]));
    object["kind"] = json!(kind.kind);
    object
}

/// Where an object belongs.
struct Address {
    kind: Kind,
    namespace: String,
    key: String,
}

impl State {
    fn address(&mut self, object: &Value) -> Result<Address, String> {
        let text =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (Some(version), Some(kind), Some(name)) =
            (text(&object["apiVersion"]), text(&object["kind"]), text(&object["metadata"]["name"]))
        else {
            return Err(format!("an object needs apiVersion, kind and metadata.name: {object}"));
        };
        let kind = self.kinds.of_object(&version, &kind).clone();
        let namespace = match kind.namespaced {
            true => text(&object["metadata"]["namespace"]).unwrap_or_else(|| "default".to_owned()),
            false => String::new(),
        };
        let key = store::key(&kind, &namespace, &name);
        Ok(Address { kind, namespace, key })
    }

    fn apply(&mut self, mut object: Value) -> Result<Value, String> {
        if is_definition(&object) {
            self.kinds.define(&object);
        }
        let Address { kind, namespace, key } = self.address(&object)?;
        if !namespace.is_empty() {
            self.make_namespace(&namespace);
            object["metadata"]["namespace"] = json!(namespace);
        }
        let stored = self.store.put(&kind, key, object);
        Ok(stamped(&kind, stored))
    }

    fn make_namespace(&mut self, name: &str) {
        let kind = self.kinds.of_object("v1", "Namespace").clone();
        if self.store.get(&kind.id(), name).is_none() {
            let labels = json!({ "kubernetes.io/metadata.name": name });
            let namespace = json!({
                "metadata": { "name": name, "labels": labels }, "spec": { "finalizers": ["kubernetes"] },
                "status": { "phase": "Active" },
            });
            self.store.put(&kind, name.to_owned(), namespace);
        }
    }

    fn publish(&mut self, n: usize) {
        for object in workload(n) {
            let namespace = object.namespace();
            self.make_namespace(&namespace);
            let (group, plural) = object.kind();
            let key = format!("{namespace}/{}", object.name());
            self.store.put_text((group.to_owned(), plural.to_owned()), key, |revision| {
                object.text(revision)
            });
        }
    }
}
