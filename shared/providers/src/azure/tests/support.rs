//! Zones that answer, and what was sent to them.

use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, GroupId, Inventory, Labels, Outcome, Permit, Planned,
    Record, RecordSet, Role, Stored, Ttl,
};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use super::super::*;
use crate::Deadline;

/// The path of the resource group.
const GROUP: &str = "/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network";

/// A zone of the list.
pub(super) fn zone(kind: &Kind, name: &str) -> Value {
    let zones = kind.zones;
    json!({ "id": format!("{GROUP}/{zones}/{name}"), "name": name, "type": format!("Microsoft.Network/{zones}") })
}

/// A record set of a list: `ttl` and the value of the type's property.
pub(super) fn rrset(kind: &Kind, name: &str, rtype: &str, ttl: u32, values: Value) -> Value {
    let (rtype_of_values, zones) = (rtype.parse().expect("a type"), kind.zones);
    let properties = json!({ (kind.case)("TTL"): ttl, kind.values_of(rtype_of_values): values,
        "fqdn": "..", "provisioningState": "Succeeded", "targetResource": {} });
    json!({ "id": "..", "name": name, "type": format!("Microsoft.Network/{zones}/{rtype}"),
        "etag": format!("etag-of-{name}-{rtype}"), "properties": properties })
}

/// Values with one field each.
pub(super) fn values(field: &str, texts: &[&str]) -> Value {
    texts.iter().map(|text| json!({ field: text })).collect()
}

/// A server with these zones and the record sets of each; `own` answers what it likes. It checks what every request
/// has.
pub(super) fn server(
    kind: &'static Kind,
    zones: Vec<(&'static str, Vec<Value>)>,
    own: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> ScriptedServer {
    ScriptedServer::start(move |request| {
        assert_eq!(request.header("authorization"), Some("Bearer s3cr3t-t0ken"));
        assert_eq!(request.header("x-ms-client-request-id").map(str::len), Some(36));
        let version = ("api-version".to_owned(), kind.version.to_owned());
        assert_eq!(request.pairs(), [version], "{}", request.target());
        if let Some(reply) = own(request) {
            return reply;
        }
        let path = request.path.strip_prefix(GROUP).expect("a path of the group");
        let list = |items: Vec<Value>| Reply::json(200, &json!({ "value": items }));
        let found = |name: &str| zones.iter().find(|(own, _)| *own == name);
        match (request.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["", own]) if *own == kind.zones => {
                list(zones.iter().map(|(name, _)| zone(kind, name)).collect())
            }
            ("GET", ["", own, name, all]) if *own == kind.zones && *all == kind.all => {
                list(found(name).expect("a zone").1.clone())
            }
            ("PUT", ["", own, name, _, _]) if *own == kind.zones && found(name).is_some() => {
                assert_eq!(request.header("content-type"), Some("application/json"));
                Reply::json(201, &json!({}))
            }
            ("DELETE", ["", own, name, _, _]) if *own == kind.zones && found(name).is_some() => {
                Reply::new(200)
            }
            other => panic!("{other:?}"),
        }
    })
}

/// The writes: method, path behind the zones, condition, body.
pub(super) fn sent(server: &ScriptedServer) -> Vec<String> {
    let writes = server.requests().into_iter().filter(|request| request.method != "GET");
    let shown = writes.map(|request| {
        let path = request.path.splitn(8, '/').last().unwrap_or_default().to_owned();
        let path = path.split_once('/').map_or("", |(_, path)| path);
        let condition = match (request.header("if-match"), request.header("if-none-match")) {
            (Some(version), None) => format!("if {version}"),
            (None, Some("*")) => "if none".to_owned(),
            (None, None) => "whatever is there".to_owned(),
            other => panic!("{other:?}"),
        };
        let body = String::from_utf8_lossy(&request.body);
        format!("{} {path} {condition} {body}", request.method).trim_end().to_owned()
    });
    shown.collect()
}

pub(super) fn endpoint(name: &str, rtype: RecordType, ttl: i64, targets: &[&str]) -> Endpoint {
    let targets = targets.iter().copied().collect();
    let ttl = Ttl::from_seconds(ttl);
    Endpoint::from_set(RecordSet::new(Name::as_listed(name), rtype, ttl, targets))
}

pub(super) fn with(mut endpoint: Endpoint, properties: &[(&str, &str)]) -> Endpoint {
    let set = |all: &mut extdns_model::Properties| {
        properties.iter().for_each(|(name, value)| all.set(*name, *value));
    };
    endpoint.set.edit_properties(set);
    endpoint
}

/// What differs between the zones and the endpoints, each change in a group of its own.
pub(super) fn plan(inventory: &Inventory, desired: &[Endpoint]) -> Vec<ChangeGroup> {
    let key = |set: &RecordSet| (set.name.key().into_owned(), set.rtype);
    let stored = |own: &Record| Stored {
        set: own.set.clone(),
        labels: own.labels.clone(),
        origin: own.origin.clone(),
    };
    let planned = |it: &Endpoint| Planned {
        set: it.set.clone(),
        labels: Labels::new(),
        hints: it.hints().clone(),
    };
    let is_desired = |set: &RecordSet| desired.iter().any(|it| key(&it.set) == key(set));
    let gone = inventory.records().filter(|(_, own)| !is_desired(&own.set) && own.set.rtype != Ns);
    let mut actions: Vec<_> = gone.map(|(zone, own)| (zone, Action::Delete(stored(own)))).collect();
    for it in desired {
        let mut found = inventory.records().filter(|(_, own)| key(&own.set) == key(&it.set));
        match (found.next(), inventory.index.route(&it.set.name.key(), None).first()) {
            (Some((_, own)), _) if is_as_desired(&own.set, &it.set) => {}
            (Some((zone, own)), _) => {
                actions.push((zone, Action::Update { old: stored(own), new: planned(it) }));
            }
            (None, Some(zone)) => actions.push((*zone, Action::Create(planned(it)))),
            (None, None) => {}
        }
    }
    let groups = (0..).map(GroupId).zip(actions).map(|(id, (zone, action))| {
        let change = Change { role: Role::Record, action };
        let name = change.set().name.clone();
        ChangeGroup {
            id,
            zone,
            name,
            changes: vec![change],
            after: Vec::new(),
            requires: Vec::new(),
        }
    });
    groups.collect()
}

fn is_as_desired(own: &RecordSet, desired: &RecordSet) -> bool {
    own.targets.same_as(&desired.targets, desired.rtype)
        && (!desired.ttl.is_set() || own.ttl == desired.ttl)
        && own.properties().same_as(desired.properties())
}

/// One run: read, adjust, plan, apply.
pub(super) async fn run(provider: &dyn Provider, desired: Vec<Endpoint>) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(desired, &inventory.index).await.expect("adjusted");
    let groups = plan(&inventory, &adjusted.endpoints);
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(&groups, Deadline::none()).await
}

/// What a run reads.
pub(super) async fn read(provider: &dyn Provider) -> Vec<String> {
    let inventory = provider.read().await.expect("readable");
    let mut sets: Vec<_> = inventory.records().map(|(_, own)| own.set.to_string()).collect();
    sets.sort();
    sets
}
