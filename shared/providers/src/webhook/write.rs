//! Applying through a server that answers only "done" or "not done".
//!
//! After a failed POST the records are read again. Groups whose changes are there count as
//! applied; the rest is sent in halves until the group that the server does not like stands alone.
//! So one bad group among n costs at most 2 log2(n) + 2 POSTs, and does not keep the others from
//! being applied.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{
    Action, Change, ChangeGroup, GroupId, NotSent, Outcome, Record, RecordSet, RecordType,
};

use super::client::Client;
use crate::{Deadline, ErrorKind, ProviderError, Transport, Writer};

/// POSTs after which the rest waits for the next run: a server that refuses everything is down, not
/// picky.
const MOST_FAILURES: usize = 64;

/// The writing half of a webhook provider.
pub(super) struct WebhookWriter {
    pub(super) client: Arc<Client>,
}

#[async_trait]
impl Writer for WebhookWriter {
    async fn apply(&self, groups: &[ChangeGroup], until: Deadline) -> Vec<Outcome> {
        let mut run = Isolation {
            client: &self.client,
            via: self.client.transport().until(until),
            outcomes: HashMap::new(),
            failures: 0,
        };
        run.all(groups).await;
        groups
            .iter()
            .map(|group| {
                let outcome = run.outcomes.remove(&group.id);
                outcome.unwrap_or(Outcome::NotSent(NotSent::Deadline))
            })
            .collect()
    }
}

struct Isolation<'a> {
    client: &'a Client,
    via: Transport,
    outcomes: HashMap<GroupId, Outcome>,
    failures: usize,
}

impl Isolation<'_> {
    async fn all(&mut self, groups: &[ChangeGroup]) {
        // Groups that wait for each other are in one zone here, so one POST takes them together.
        let mut open: Vec<Vec<&ChangeGroup>> = vec![groups.iter().collect()];
        while let Some(part) = open.pop() {
            let Err(error) = self.client.apply(&self.via, &part).await else {
                self.settle(&part, &Outcome::Applied);
                continue;
            };
            tracing::warn!(groups = part.len(), "the webhook provider refused changes: {error}");
            self.failures += 1;
            if let Some(outcome) = hopeless(&error) {
                self.settle(&part, &outcome);
                for rest in open.drain(..) {
                    self.settle(&rest, &Outcome::NotSent(NotSent::Stopped(error.failure())));
                }
                return;
            }
            let left = match self.client.records().await {
                Ok(records) => self.applied_of(part, &records),
                // Without a look nobody knows what was done, so nothing is sent again.
                Err(unread) => {
                    self.settle(&part, &Outcome::Unknown(unread.failure()));
                    continue;
                }
            };
            match left.len() {
                0 => {}
                1 => self.settle(&left, &Outcome::Rejected(error.failure())),
                _ if self.failures >= MOST_FAILURES => {
                    self.settle(&left, &Outcome::NotSent(NotSent::Stopped(error.failure())));
                }
                half => {
                    let (first, second) = left.split_at(half / 2);
                    open.push(second.to_vec());
                    open.push(first.to_vec());
                }
            }
        }
    }

    fn settle(&mut self, groups: &[&ChangeGroup], outcome: &Outcome) {
        self.outcomes.extend(groups.iter().map(|group| (group.id, outcome.clone())));
    }

    /// Marks the groups that the records show as applied, and returns the others.
    fn applied_of<'g>(
        &mut self,
        groups: Vec<&'g ChangeGroup>,
        records: &[Record],
    ) -> Vec<&'g ChangeGroup> {
        let present: HashMap<Key<'_>, &RecordSet> =
            records.iter().map(|record| (key(&record.set), &record.set)).collect();
        let (done, left): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| group.changes.iter().all(|change| is_done(change, &present)));
        self.settle(&done, &Outcome::Applied);
        left
    }
}

/// The outcome of groups after an error that another POST would only repeat.
fn hopeless(error: &ProviderError) -> Option<Outcome> {
    match error.kind {
        ErrorKind::Deadline => Some(Outcome::NotSent(NotSent::Deadline)),
        ErrorKind::Unauthorised | ErrorKind::Config | ErrorKind::Throttled { .. } => {
            Some(Outcome::NotSent(NotSent::Stopped(error.failure())))
        }
        _ => None,
    }
}

type Key<'a> = (String, RecordType, &'a str);

fn key(set: &RecordSet) -> Key<'_> {
    (set.name.key().into_owned(), set.rtype, set.set_identifier())
}

/// Whether the records show what the change wanted. TTL and properties may be the server's own
/// choice, so they decide only where they are what changes.
fn is_done(change: &Change, present: &HashMap<Key<'_>, &RecordSet>) -> bool {
    let found = |set: &RecordSet| present.get(&key(set)).copied();
    let same_targets =
        |own: &RecordSet, set: &RecordSet| own.targets.same_as(&set.targets, set.rtype);
    match &change.action {
        Action::Create(new) => found(&new.set).is_some_and(|own| same_targets(own, &new.set)),
        Action::Delete(old) => found(&old.set).is_none(),
        Action::Update { old, new } => found(&new.set).is_some_and(|own| {
            let ttl = old.set.ttl == new.set.ttl || own.ttl == new.set.ttl;
            let properties = old.set.properties().same_as(new.set.properties())
                || own.properties().same_as(new.set.properties());
            same_targets(own, &new.set) && ttl && properties
        }),
    }
}
