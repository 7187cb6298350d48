//! Zones that answer, and what was sent to them.

use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, GroupId, Inventory, Labels, Name, Outcome, Permit,
    Planned, Record, RecordSet, RecordType, Role, Stored, Ttl,
};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use super::super::*;
use crate::Deadline;
use crate::conformance::SECRET;

const BASE: &str = "/dns/v1/projects/example-project/managedZones";

/// A zone of the list.
pub(super) fn zone(number: u32, name: &str, domain: &str) -> Value {
    json!({ "kind": "dns#managedZone", "id": number.to_string(), "name": name, "dnsName": domain,
        "visibility": "public", "description": "", "creationTime": "2024-04-01T12:34:56Z" })
}

pub(super) fn private(mut zone: Value) -> Value {
    zone["visibility"] = "private".into();
    zone
}

/// A record set of a list.
pub(super) fn rrset(name: &str, rtype: &str, ttl: u32, values: &[&str]) -> Value {
    json!({ "kind": "dns#resourceRecordSet", "name": name, "type": rtype, "ttl": ttl,
        "rrdatas": values, "signatureRrdatas": [] })
}

/// A server with these zones and the records of each; `own` answers what it likes.
pub(super) fn server(
    zones: Vec<Value>,
    records: Vec<(&'static str, Vec<Value>)>,
    own: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> ScriptedServer {
    ScriptedServer::start(move |request| {
        let bearer = format!("Bearer {SECRET}");
        assert_eq!(request.header("authorization"), Some(bearer.as_str()));
        assert!(request.pairs().contains(&("prettyPrint".to_owned(), "false".to_owned())));
        if let Some(reply) = own(request) {
            return reply;
        }
        let path = request.path.strip_prefix(BASE).expect("a path of the API");
        let body = match (request.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", [""]) => {
                json!({ "kind": "dns#managedZonesListResponse", "managedZones": zones })
            }
            ("GET", ["", zone, "rrsets"]) => {
                let of_zone = records.iter().find(|(own, _)| own == zone);
                let kind = "dns#resourceRecordSetsListResponse";
                match of_zone {
                    Some((_, records)) => json!({ "kind": kind, "rrsets": records }),
                    None => json!({ "kind": kind }),
                }
            }
            ("POST", ["", _, "changes"]) => {
                json!({ "kind": "dns#change", "id": "7", "status": "pending" })
            }
            other => panic!("{other:?}"),
        };
        Reply::json(200, &body)
    })
}

/// The changes that were sent: the zone, and the body.
pub(super) fn sent(server: &ScriptedServer) -> Vec<(String, Value)> {
    let writes = server.requests().into_iter().filter(|request| request.method != "GET");
    let shown = writes.map(|request| {
        assert_eq!(request.method, "POST");
        assert_eq!(request.header("content-type"), Some("application/json"));
        let path = request.path.strip_prefix(BASE).and_then(|path| path.strip_suffix("/changes"));
        (path.expect("changes").trim_start_matches('/').to_owned(), request.json())
    });
    shown.collect()
}

/// A record set as it is written.
pub(super) fn written(name: &str, rtype: &str, ttl: u32, values: &[&str]) -> Value {
    json!({ "name": name, "type": rtype, "ttl": ttl, "rrdatas": values })
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

/// What differs between the zones and the endpoints, each change in a group of its own.
pub(super) fn plan(inventory: &Inventory, desired: &[Endpoint]) -> Vec<ChangeGroup> {
    let is = |set: &RecordSet, other: &RecordSet| {
        (set.name.key(), set.rtype) == (other.name.key(), other.rtype)
    };
    let mut actions = Vec::new();
    for it in desired {
        for zone in inventory.index.route(&it.set.name.key(), None) {
            let mut found = inventory
                .records()
                .filter(|(own, record)| *own == zone && is(&record.set, &it.set));
            let new =
                Planned { set: it.set.clone(), labels: Labels::new(), hints: it.hints().clone() };
            match found.next() {
                None => actions.push((zone, Action::Create(new))),
                Some((_, own))
                    if own.set.targets.same_as(&it.set.targets, it.set.rtype)
                        && own.set.ttl == it.set.ttl => {}
                Some((_, own)) => actions.push((zone, Action::Update { old: stored(own), new })),
            }
        }
    }
    for (zone, own) in inventory.records() {
        let kept = [RecordType::Ns, RecordType::Other(6)].contains(&own.set.rtype);
        if !kept && !desired.iter().any(|it| is(&it.set, &own.set)) {
            actions.push((zone, Action::Delete(stored(own))));
        }
    }
    let group = |(at, (zone, action))| {
        let change = Change { role: Role::Record, action };
        let (id, name) = (GroupId(at), change.set().name.clone());
        let (after, requires) = (Vec::new(), Vec::new());
        ChangeGroup { id, zone, name, changes: vec![change], after, requires }
    };
    (0..).zip(actions).map(group).collect()
}

fn stored(own: &Record) -> Stored {
    Stored { set: own.set.clone(), labels: own.labels.clone(), origin: own.origin.clone() }
}

/// One run: read, adjust, plan, apply.
pub(super) async fn run(provider: &dyn Provider, desired: Vec<Endpoint>) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    let adjusted = provider.adjust(desired, &inventory.index).await.expect("adjusted");
    let groups = plan(&inventory, &adjusted.endpoints);
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(&groups, Deadline::none()).await
}
