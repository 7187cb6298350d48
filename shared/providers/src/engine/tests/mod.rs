//! The engine over the fakes, with a clock that stands still.

mod accounts;
mod batches;
mod deadline;
mod dependencies;
mod down;
mod exclusive;
mod reading;
mod steps;
mod transport;
mod values;

use extdns_model::{
    Action, Change, ChangeGroup, GroupId, Hints, Inventory, Labels, Name, Outcome, Permit, Planned,
    Record, RecordSet, RecordType, Role, Stored, Ttl, ZoneKey,
};

use crate::conformance::{RecordServer, RrsetServer};
use crate::engine::{Zoned, batched, stepped};
use crate::{Deadline, Provider, Reader, Transport, ZoneReader};

const ZONE: &str = "example.org";

fn set(name: &str, rtype: RecordType, target: &str) -> RecordSet {
    let targets = [target].into_iter().collect();
    RecordSet::new(Name::as_listed(name), rtype, Ttl::from_seconds(300), targets)
}

fn a(name: &str) -> RecordSet {
    set(name, RecordType::A, "192.0.2.1")
}

fn txt(name: &str) -> RecordSet {
    set(name, RecordType::Txt, "\"heritage=external-dns\"")
}

fn create(set: RecordSet) -> Change {
    let role = if set.rtype == RecordType::Txt { Role::Ownership } else { Role::Record };
    Change { role, action: Action::Create(planned(set)) }
}

fn planned(set: RecordSet) -> Planned {
    Planned { set, labels: Labels::new(), hints: Hints::default() }
}

fn stored(record: &Record) -> Stored {
    Stored { set: record.set.clone(), labels: Labels::new(), origin: record.origin.clone() }
}

fn group(id: u32, zone: ZoneKey, changes: Vec<Change>) -> ChangeGroup {
    let name = changes.first().map(|change| change.set().name.clone()).unwrap_or_default();
    ChangeGroup { id: GroupId(id), zone, name, changes, after: Vec::new(), requires: Vec::new() }
}

/// One group each for these many names, with a record alone.
fn creates(count: u32) -> Vec<ChangeGroup> {
    let one = |n| group(n, ZoneKey(0), vec![create(a(&format!("n{n}.{ZONE}")))]);
    (0..count).map(one).collect()
}

fn rrsets(server: &RrsetServer) -> Zoned {
    let api = server.api();
    let via = Transport::new(api.capabilities());
    batched(api, via)
}

fn records(server: &RecordServer) -> Zoned {
    let api = server.api();
    let via = Transport::new(api.capabilities());
    stepped(api, via)
}

async fn apply(provider: &impl Provider, groups: &[ChangeGroup], until: Deadline) -> Vec<Outcome> {
    let Inventory { index, .. } = provider.read().await.expect("readable");
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    let before = provider.written();
    let outcomes = writer.apply(groups, until).await;
    // Each group that is in its zone was counted, once; one that is not finished is counted too.
    if let Some(written) = provider.written().zip(before).map(|(now, before)| now - before) {
        let applied = outcomes.iter().filter(|own| **own == Outcome::Applied).count() as u64;
        assert!((applied..=groups.len() as u64).contains(&written), "{written}: {outcomes:?}");
    }
    outcomes
}

/// The calls of one operation.
fn calls(provider: &(impl Reader + ?Sized), operation: &str) -> u64 {
    let calls = provider.calls();
    calls.iter().find(|count| count.operation == operation).map_or(0, |count| count.calls)
}

/// What became of the groups, by kind.
fn kinds(outcomes: &[Outcome]) -> Vec<&'static str> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Applied => "applied",
            Outcome::Partial { .. } => "partial",
            Outcome::NotSent(_) => "not sent",
            Outcome::Rejected(_) => "rejected",
            Outcome::Failed(_) => "failed",
            Outcome::Unknown(_) => "unknown",
        })
        .collect()
}
