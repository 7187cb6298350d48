//! A zone that answers, and what was sent to it.

use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, GroupId, Inventory, Labels, Name, Outcome, Permit,
    Planned, RecordSet, RecordType, Role, Stored, Ttl, ZoneKey,
};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use super::super::*;
use crate::{Deadline, Provider};

/// A server with the zone `bar.com` of this plan and these records; `own` answers what it likes.
pub(super) fn server(
    plan: &'static str,
    records: Value,
    own: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> ScriptedServer {
    ScriptedServer::start(move |request| {
        assert_eq!(request.header("authorization"), Some("Bearer s3cr3t-t0ken"));
        if let Some(reply) = own(request) {
            return reply;
        }
        let zone = json!({ "id": "001", "name": "bar.com",
            "plan": { "legacy_id": plan, "is_subscribed": plan != "free" } });
        let result = match (request.method.as_str(), request.target().as_str()) {
            ("GET", "/client/v4/zones?per_page=50") => json!([zone]),
            ("GET", "/client/v4/zones/001/dns_records?per_page=100") => records.clone(),
            ("GET", target) if target.contains("/dns_records?name=") => named(&records, target),
            ("GET", _) => json!([]),
            _ => json!({}),
        };
        Reply::json(200, &json!({ "success": true, "result": result }))
    })
}

/// The records of the name that is asked for.
fn named(records: &Value, target: &str) -> Value {
    let (_, name) = target.split_once("name=").expect("a name");
    let all = records.as_array().into_iter().flatten();
    all.filter(|it| it["name"] == name).cloned().collect()
}

pub(super) fn plain(records: Value) -> ScriptedServer {
    server("free", records, |_| None)
}

/// The writes: method, path behind the base URL, body.
pub(super) fn sent(server: &ScriptedServer) -> Vec<String> {
    let writes = server.requests().into_iter().filter(|request| request.method != "GET");
    let shown = writes.map(|request| {
        if !request.body.is_empty() {
            assert_eq!(request.header("content-type"), Some("application/json"));
        }
        let target = request.target();
        let path = target.strip_prefix("/client/v4/zones/001/").unwrap_or(&target);
        let body = String::from_utf8_lossy(&request.body);
        format!("{} {path} {body}", request.method).trim_end().to_owned()
    });
    shown.collect()
}

/// A record as it is read.
pub(super) fn listed(id: &str, rtype: &str, name: &str, content: &str, ttl: u32) -> Value {
    json!({ "id": id, "type": rtype, "name": name, "content": content, "ttl": ttl, "proxied": false,
        "comment": null, "tags": [] })
}

/// A record as it is written.
pub(super) fn written(rtype: &str, name: &str, content: &str, ttl: u32, proxied: bool) -> String {
    format!(
        r#"{{"type":"{rtype}","name":"{name}","content":{content:?},"ttl":{ttl},"proxied":{proxied},"comment":"","tags":[]}}"#
    )
}

pub(super) fn endpoint(name: &str, rtype: RecordType, ttl: i64, targets: &[&str]) -> Endpoint {
    let targets = targets.iter().copied().collect();
    Endpoint::from_set(RecordSet::new(
        Name::as_listed(name),
        rtype,
        Ttl::from_seconds(ttl),
        targets,
    ))
}

pub(super) fn with(mut endpoint: Endpoint, properties: &[(&str, &str)]) -> Endpoint {
    endpoint.set.edit_properties(|all| {
        for (name, value) in properties {
            all.set(format!("external-dns.kubernetes.io/cloudflare-{name}"), *value);
        }
    });
    endpoint
}

pub(super) fn failing(status: u16, message: &str) -> Reply {
    let error = json!({ "code": 1, "message": message });
    Reply::json(status, &json!({ "success": false, "errors": [error], "result": null }))
}

/// What differs between the zone and the endpoints, each change in a group of its own: deletes, updates,
/// creates.
pub(super) fn plan(inventory: &Inventory, desired: &[Endpoint]) -> Vec<ChangeGroup> {
    let key = |set: &RecordSet| (set.name.key().into_owned(), set.rtype);
    let planned = |it: &Endpoint| Planned {
        set: it.set.clone(),
        labels: Labels::new(),
        hints: it.hints().clone(),
    };
    let mut actions: Vec<Action> = Vec::new();
    let mut creates = Vec::new();
    for it in desired {
        let mut found = inventory.records().filter(|(_, own)| key(&own.set) == key(&it.set));
        match found.next() {
            None => creates.push(Action::Create(planned(it))),
            Some((_, own))
                if own.set.targets.same_as(&it.set.targets, it.set.rtype)
                    && (!it.set.ttl.is_set() || it.set.ttl == own.set.ttl)
                    && own.set.properties().same_as(it.set.properties()) => {}
            Some((_, own)) => {
                actions.push(Action::Update { old: stored(own), new: planned(it) });
            }
        }
    }
    let is_gone = |set: &RecordSet| !desired.iter().any(|it| key(&it.set) == key(set));
    let gone = inventory.records().filter(|(_, own)| is_gone(&own.set));
    let gone: Vec<_> = gone.map(|(_, own)| Action::Delete(stored(own))).collect();
    let all = gone.into_iter().chain(actions).chain(creates);
    let group = |(at, action): (usize, Action)| {
        let change = Change { role: Role::Record, action };
        let (id, name) = (GroupId(u32::try_from(at).expect("few")), change.set().name.clone());
        let (zone, after, requires) = (ZoneKey(0), Vec::new(), Vec::new());
        ChangeGroup { id, zone, name, changes: vec![change], after, requires }
    };
    all.enumerate().map(group).collect()
}

fn stored(own: &extdns_model::Record) -> Stored {
    Stored { set: own.set.clone(), labels: own.labels.clone(), origin: own.origin.clone() }
}

pub(super) async fn adjusted(provider: &dyn Provider, desired: Vec<Endpoint>) -> Adjusted {
    let inventory = provider.read().await.expect("readable");
    provider.adjust(desired, &inventory.index).await.expect("adjusted")
}

pub(super) async fn apply(
    provider: &dyn Provider,
    inventory: &Inventory,
    groups: &[ChangeGroup],
) -> Vec<Outcome> {
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(groups, Deadline::none()).await
}

/// One run: read, adjust, plan, apply.
pub(super) async fn run(provider: &dyn Provider, desired: Vec<Endpoint>) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(desired, &inventory.index).await.expect("adjusted");
    apply(provider, &inventory, &plan(&inventory, &adjusted.endpoints)).await
}
