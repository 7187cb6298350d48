//! What the tests share: providers, groups of changes, answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use extdns_model::{
    Action, Change, ChangeGroup, ClusterId, Endpoint, GroupId, Hints, Labels, Name, Opaque,
    Outcome, Permit, Planned, RecordSet, RecordType, Resource, ResourceKind, Role, Stored, Ttl,
    ZoneKey,
};
use extdns_providers::webhook::{Webhook, WebhookArgs};
use extdns_providers::{Context, Deadline, Provider as _, ProviderError, Reader as _};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use extdns_testkit::webhook_sim::MEDIA_TYPE;

/// The flags of a provider without timeouts, so that its test may stop the clock.
pub(crate) fn args(url: String) -> WebhookArgs {
    WebhookArgs {
        webhook_provider_url: url,
        webhook_provider_read_timeout: Duration::ZERO,
        webhook_provider_write_timeout: Duration::ZERO,
        webhook_provider_max_body_size: 33_554_432,
    }
}

pub(crate) fn webhook(url: String) -> Webhook {
    Webhook::new(&args(url), &Context::default()).expect("a URL")
}

pub(crate) fn limited(url: String, limit: i64) -> Webhook {
    let args = WebhookArgs { webhook_provider_max_body_size: limit, ..args(url) };
    Webhook::new(&args, &Context::default()).expect("a URL")
}

/// One that waits so long for each answer.
pub(crate) fn impatient(url: String, timeout: Duration) -> Webhook {
    let args = WebhookArgs { webhook_provider_read_timeout: timeout, ..args(url) };
    Webhook::new(&args, &Context::default()).expect("a URL")
}

/// An answer as servers give it.
pub(crate) fn ok(body: impl Into<bytes::Bytes>) -> Reply {
    Reply::new(200).header("content-type", MEDIA_TYPE).body(body)
}

/// A server that negotiates, and answers everything else as the closure says.
pub(crate) fn server(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> ScriptedServer {
    ScriptedServer::start(move |request| match request.path.as_str() {
        "/" => ok("{}"),
        _ => answer(request),
    })
}

/// A status that a test changes while its server runs.
#[derive(Clone, Default)]
pub(crate) struct Status(Arc<AtomicU16>);

impl Status {
    pub(crate) fn set(&self, status: u16) {
        self.0.store(status, Ordering::SeqCst);
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::new(self.0.load(Ordering::SeqCst))
    }
}

/// The statuses that may come with a body.
pub(crate) fn with_body(from: u16) -> impl Iterator<Item = u16> {
    (from..=599).filter(|status| ![204, 205, 304].contains(status))
}

/// The requests to this path.
pub(crate) fn calls(server: &ScriptedServer, method: &str, path: &str) -> usize {
    let seen = server.requests();
    seen.iter().filter(|own| own.method == method && own.path == path).count()
}

pub(crate) fn set(name: &str, rtype: RecordType, targets: &[&str]) -> RecordSet {
    let targets = targets.iter().copied().collect();
    RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, targets)
}

pub(crate) fn desired_endpoint(name: &str, by: u16) -> Endpoint {
    Endpoint::from_set(set(name, RecordType::A, &["192.0.2.1"])).wanted_by(Arc::new(Resource {
        cluster: ClusterId(by),
        kind: ResourceKind::SERVICE,
        namespace: Some("default".into()),
        name: format!("s{by}").into(),
    }))
}

pub(crate) fn planned(set: RecordSet, labels: &[(&'static str, &'static str)]) -> Planned {
    let labels = labels.iter().copied().collect();
    Planned { set, labels, hints: Hints::default() }
}

pub(crate) fn stored(set: RecordSet, labels: &[(&'static str, &'static str)]) -> Stored {
    Stored { set, labels: labels.iter().copied().collect(), origin: Opaque::none() }
}

pub(crate) fn group(id: u32, changes: Vec<(Role, Action)>) -> ChangeGroup {
    let changes: Vec<_> =
        changes.into_iter().map(|(role, action)| Change { role, action }).collect();
    let name = changes[0].set().name.clone();
    ChangeGroup {
        id: GroupId(id),
        zone: ZoneKey(0),
        name,
        changes,
        after: Vec::new(),
        requires: Vec::new(),
    }
}

/// A new record `h<id>.example.org` with its ownership record.
pub(crate) fn create(id: u32) -> ChangeGroup {
    let new = |name: String, rtype, target| {
        let set = set(&name, rtype, &[target]);
        Action::Create(Planned { set, labels: Labels::new(), hints: Hints::default() })
    };
    group(
        id,
        vec![
            (Role::Record, new(format!("h{id}.example.org"), RecordType::A, "192.0.2.1")),
            (Role::Ownership, new(format!("a-h{id}.example.org"), RecordType::Txt, "\"mine\"")),
        ],
    )
}

pub(crate) fn creates(n: u32) -> Vec<ChangeGroup> {
    (0..n).map(create).collect()
}

pub(crate) async fn apply(provider: &Webhook, groups: &[ChangeGroup]) -> Vec<Outcome> {
    apply_until(provider, groups, Deadline::none()).await
}

pub(crate) async fn apply_until(
    provider: &Webhook,
    groups: &[ChangeGroup],
    until: Deadline,
) -> Vec<Outcome> {
    let index = provider.read().await.expect("readable").index;
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    let outcomes = writer.apply(groups, until).await;
    assert_eq!(outcomes.len(), groups.len(), "an outcome for every group");
    outcomes
}

pub(crate) fn message<T: std::fmt::Debug>(result: Result<T, ProviderError>) -> String {
    result.expect_err("a failure").to_string()
}
