//! PowerDNS passes the suite of all providers, over a real server. What goes wrong does so in a proxy that
//! stands before it.

use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{Name, RecordSet};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use extdns_testkit::pdns::{KEY, PowerDns};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::super::rrset::Rrset;
use super::super::{Contents, FORM};
use super::make;
use crate::conformance::{Fault, Faults, Harness, Lost};
use crate::{ErrorKind, Provider, ProviderError};

pub(super) const ZONE: &str = "example.org";
pub(super) const CHILD: &str = "sub.example.org";
const API: &str = "/api/v1/servers/localhost";

/// A server of its own, and the proxy before it.
pub(super) struct Real {
    pub(super) server: Arc<PowerDns>,
    proxy: ScriptedServer,
    faults: Faults,
}

impl Real {
    pub(super) async fn start() -> Self {
        let server = PowerDns::start_or_skip("the conformance kit").await;
        let server = Arc::new(server.expect("tests/setup pdns installs it"));
        for zone in [ZONE, CHILD] {
            server.create_zone(zone, "Native").await;
        }
        let faults = Faults::default();
        let runtime = tokio::runtime::Handle::current();
        let (own, going_wrong) = (Arc::clone(&server), faults.clone());
        let proxy = ScriptedServer::start(move |request| {
            let (sender, answer) = oneshot::channel();
            let passed = pass(Arc::clone(&own), going_wrong.clone(), request.clone());
            runtime.spawn(async move { drop(sender.send(passed.await)) });
            Reply::later(answer)
        });
        Self { server, proxy, faults }
    }

    /// The record sets of a zone, without its SOA and NS.
    async fn of_zone(&self, zone: &str) -> Vec<RecordSet> {
        let contents: Contents =
            serde_json::from_value(self.server.zone(zone).await).expect("a zone");
        let records = contents.rrsets.iter().filter_map(Rrset::record);
        records.map(|record| record.set).filter(|set| set.name.as_str() != zone).collect()
    }
}

/// What the server answers, unless something goes wrong.
async fn pass(server: Arc<PowerDns>, faults: Faults, request: Request) -> Reply {
    assert_eq!(request.header("x-api-key"), Some(KEY));
    let is_write = request.method == "PATCH";
    let admitted = match is_write {
        true => faults.write().await,
        false => faults.read(None).await.map(|()| None),
    };
    let lost = match admitted {
        Ok(Some(Lost::NotDone)) => return Reply::hang_up(),
        Ok(lost) => lost,
        Err(error) => return failure(&error),
    };
    let target = request.target();
    let path = target.strip_prefix(API).expect("a path of the API");
    let body = if request.body.is_empty() { Value::Null } else { request.json() };
    if is_write && let Err(refused) = accept(&server, &faults, path, &body).await {
        return refused;
    }
    let (status, answer) = server.pass(request.method.as_str(), path, &body).await;
    if is_write && status == 204 {
        faults.written().await;
    }
    match (lost, answer) {
        (Some(_), _) => Reply::hang_up(),
        (None, Value::Null) => Reply::new(status),
        (None, answer) => Reply::json(status, &answer),
    }
}

/// Whether the proxy lets a change through: the real server knows neither bad names nor a full zone.
async fn accept(server: &PowerDns, faults: &Faults, path: &str, body: &Value) -> Result<(), Reply> {
    let rrsets = body["rrsets"].as_array().expect("record sets");
    let name = |rrset: &Value| rrset["name"].as_str().expect("a name").to_owned();
    if let Some(bad) = rrsets.iter().map(name).find(|name| faults.rejects(&Name::as_listed(name))) {
        let text = format!("RRset {bad} IN A: the name is not permitted");
        return Err(Reply::json(422, &json!({ "error": text })));
    }
    let zone = path.trim_start_matches("/zones/").trim_end_matches('.');
    let contents = server.zone(zone).await;
    let present = contents["rrsets"].as_array().expect("record sets");
    let is_present = |rrset: &Value| {
        present.iter().any(|own| own["name"] == rrset["name"] && own["type"] == rrset["type"])
    };
    let more: isize = rrsets
        .iter()
        .map(|rrset| match (rrset["changetype"].as_str(), is_present(rrset)) {
            (Some("DELETE"), true) => -1,
            (Some("REPLACE"), false) => 1,
            _ => 0,
        })
        .sum();
    // The SOA and the NS do not count.
    faults.room(present.len() - 2, more).map_err(|error| failure(&error))
}

fn failure(error: &ProviderError) -> Reply {
    let body = json!({ "error": error.message });
    match error.kind {
        ErrorKind::Throttled { retry_after } => {
            let reply = Reply::json(429, &body);
            let seconds = retry_after.map(|wait| wait.as_secs().to_string());
            seconds.into_iter().fold(reply, |reply, wait| reply.header("retry-after", &wait))
        }
        ErrorKind::Unauthorised => Reply::json(403, &body),
        ErrorKind::Quota => Reply::json(402, &body),
        _ => Reply::json(503, &body),
    }
}

#[async_trait]
impl Harness for Real {
    async fn provider(&self) -> Box<dyn Provider> {
        make(&self.proxy.url())
    }

    fn zone(&self) -> Name {
        Name::as_listed(ZONE)
    }

    async fn seed(&self, sets: &[RecordSet]) {
        self.alter(sets).await;
    }

    async fn contents(&self) -> Vec<RecordSet> {
        self.of_zone(ZONE).await
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        let rrset = |set: &RecordSet| {
            let records = set.targets.iter().map(
                |target| json!({ "content": FORM.value(set.rtype, target), "disabled": false }),
            );
            json!({ "name": format!("{}.", set.name.key()), "type": set.rtype.to_string(),
                "ttl": set.ttl.seconds(), "changetype": "REPLACE",
                "records": records.collect::<Vec<_>>() })
        };
        let body = json!({ "rrsets": sets.iter().map(rrset).collect::<Vec<_>>() });
        assert_eq!(self.server.patch(ZONE, &body).await, (204, Value::Null));
        true
    }

    fn child(&self) -> Option<Name> {
        Some(Name::as_listed(CHILD))
    }

    async fn contents_of_child(&self) -> Vec<RecordSet> {
        self.of_zone(CHILD).await
    }

    async fn writes(&self) -> u64 {
        self.faults.writes()
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.faults.inject(fault);
        true
    }

    async fn clear(&self) {
        self.faults.clear();
    }

    async fn killed(&self) {
        self.faults.killed().await;
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned()]
    }
}

crate::conformance! {
    #[tokio::test]
    Real::start().await
}
