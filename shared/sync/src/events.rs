//! What an applying run tells the objects about their records (`--events-emit`), as Events of their clusters.

use std::collections::BTreeMap;
use std::time::Duration;

use extdns_clusters::Event;
use extdns_model::{
    ClusterId, LabelKey, Labels, NotSent, Outcome, Owners, Permit, Record, RecordSet, Resource,
};
use extdns_plan::{Decision, Plan, RecordChange};
use extdns_providers::Deadline;
use extdns_registry::{Groups, Registry};
use extdns_sources::{EventReasons, References};
use jiff::Timestamp;

use crate::report::by_unit;
use crate::status::Seen;

/// The most Events that a run makes in a cluster: as many as upstream's queue holds.
const MOST: usize = 100;

/// How long they may take, however much time the run has.
const LONGEST: Duration = Duration::from_secs(30);

/// The Events that are to be made, by cluster.
#[derive(Debug, Default)]
pub(crate) struct Events(BTreeMap<ClusterId, Queue>);

/// The Events of one cluster.
#[derive(Debug, Default)]
struct Queue {
    events: Vec<Event>,
    /// How many more there would be.
    left_out: usize,
}

/// What Events are made of, beside the plan.
pub(crate) struct Telling<'a> {
    /// The clusters that were read.
    pub(crate) seen: &'a [Seen],
    /// Who owns the records.
    pub(crate) registry: &'a dyn Registry,
}

impl Telling<'_> {
    /// Whether any object is told anything.
    fn is_asked(&self) -> bool {
        self.seen.iter().any(|seen| seen.references.is_some())
    }

    /// The Events about the changes that were sent, those about failures first.
    pub(crate) fn of(&self, plan: &Plan<'_>, groups: &Groups, sent: &[Outcome]) -> Events {
        let mut events = Events::default();
        if !self.is_asked() {
            return events;
        }
        // A unit that had nothing to send has no outcome.
        let outcomes = by_unit(groups, sent.to_vec());
        for wants_failures in [true, false] {
            for (index, row) in plan.rows.iter().enumerate() {
                for decision in row.decisions.iter().filter(|decision| decision.goes()) {
                    let reason = outcomes
                        .get(&(index, decision.unit))
                        .and_then(|outcome| reason_of(&decision.change, outcome));
                    let is_failure = reason == Some(EventReasons::ERROR);
                    if let Some(reason) = reason.filter(|_| is_failure == wants_failures) {
                        self.tell(&mut events, decision, reason);
                    }
                }
            }
        }
        events
    }

    /// The same where nothing could be sent.
    pub(crate) fn of_failure(&self, plan: &Plan<'_>) -> Events {
        let mut events = Events::default();
        for (_, decision) in plan.going() {
            self.tell(&mut events, decision, EventReasons::ERROR);
        }
        events
    }

    fn tell(&self, events: &mut Events, decision: &Decision<'_>, reason: &'static str) {
        let action = match decision.change {
            RecordChange::Create(_) => "Created",
            RecordChange::Update { .. } => "Updated",
            RecordChange::Delete(_) => "Deleted",
        };
        match decision.change {
            RecordChange::Create(endpoint) | RecordChange::Update { endpoint, .. } => {
                let labels = self.registry.labels(endpoint);
                for object in endpoint.attribution.resources() {
                    self.add(events, object, (action, reason), || note(&endpoint.set, &labels));
                }
            }
            RecordChange::Delete(record) => {
                if let Some(object) = object_of(record, self.registry.owners()) {
                    let note = || note(&record.set, &record.labels);
                    self.add(events, &object, (action, reason), note);
                }
            }
        }
    }

    fn add(
        &self,
        events: &mut Events,
        object: &Resource,
        (action, reason): (&'static str, &'static str),
        note: impl FnOnce() -> String,
    ) {
        let Some(references) = self.references(object.cluster) else { return };
        if !is_asked(references.reasons(), reason) {
            return;
        }
        let Some((regarding, source)) = references.get(object) else { return };
        let queue = events.0.entry(object.cluster).or_default();
        if queue.events.len() == MOST {
            queue.left_out += 1;
            return;
        }
        queue.events.push(Event { regarding, source, action, reason, note: note() });
    }

    fn references(&self, cluster: ClusterId) -> Option<&References> {
        let seen = self.seen.iter().find(|seen| seen.view.id() == cluster)?;
        seen.references.as_ref()
    }
}

/// What there is to say of a change; nothing where the next run goes on with it.
fn reason_of(change: &RecordChange<'_>, outcome: &Outcome) -> Option<&'static str> {
    Some(match (outcome, change) {
        (Outcome::Applied, RecordChange::Delete(_)) => EventReasons::DELETED,
        (Outcome::Applied, _) => EventReasons::READY,
        (Outcome::NotSent(NotSent::Deadline | NotSent::Move | NotSent::Foreign(_)), _) => {
            return None;
        }
        _ => EventReasons::ERROR,
    })
}

fn is_asked(reasons: EventReasons, reason: &str) -> bool {
    match reason {
        EventReasons::READY => reasons.ready,
        EventReasons::DELETED => reasons.deleted,
        _ => reasons.error,
    }
}

/// The object that a record was made for, where it is known in which cluster that is.
fn object_of(record: &Record, owners: &Owners) -> Option<Resource> {
    let object = Resource::of_label(record.labels.resource()?)?;
    let with_id = owners.iter().filter(|(_, id)| record.labels.owner() == Some(*id));
    let label = record.labels.get(LabelKey::CLUSTER);
    let is_named = |cluster: &ClusterId| label.is_none() || owners.name_of(*cluster) == label;
    let clusters: Vec<_> = with_id.map(|(cluster, _)| cluster).filter(is_named).collect();
    match *clusters {
        [cluster] => Some(Resource { cluster, ..object }),
        _ => None,
    }
}

/// The form is upstream's.
fn note(set: &RecordSet, labels: &Labels) -> String {
    let targets: Vec<_> = set.targets.iter().map(|target| target.as_str()).collect();
    format!(
        "(external-dns) record:{},owner:{},type:{},ttl:{},targets:{}",
        set.name,
        labels.owner().unwrap_or_default(),
        set.rtype,
        set.ttl,
        targets.join(",")
    )
}

impl Events {
    /// Takes over the Events of another target.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (cluster, Queue { mut events, left_out }) in other.0 {
            let own = self.0.entry(cluster).or_default();
            let room = MOST - own.events.len();
            own.left_out += left_out + events.len().saturating_sub(room);
            events.truncate(room);
            own.events.append(&mut events);
        }
    }

    /// Makes them, as many as there is time for. They inform people, so one that cannot be made does not fail the run.
    pub(crate) async fn make(&self, permit: &Permit, seen: &[Seen], until: &Deadline) {
        if self.0.is_empty() {
            return;
        }
        let until = until.at_most(LONGEST);
        tokio::select! {
            biased;
            () = until.over() => {
                tracing::warn!("the time was over before all Events were made; the rest is left out");
            }
            () = self.make_all(permit, seen) => {}
        }
    }

    async fn make_all(&self, permit: &Permit, seen: &[Seen]) {
        for Seen { view, .. } in seen {
            let Some(Queue { events, left_out }) = self.0.get(&view.id()) else { continue };
            let cluster = view.name();
            if *left_out > 0 {
                tracing::warn!(%cluster, left_out, "a run makes at most {MOST} Events; the others are left out");
            }
            let writer = view.writer(permit);
            let made = writer.create_events(events, Timestamp::now(), |event, error| {
                tracing::warn!(%cluster, "failed to make the Event {event}: {error}");
            });
            if let Err(error) = made.await {
                tracing::warn!(%cluster, "failed to make Events: {error}");
            }
        }
    }
}
