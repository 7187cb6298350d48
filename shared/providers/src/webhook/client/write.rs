//! Applying through a server that answers only "done" or "not done".
//!
//! After a failed POST the records are read again. Changes that are there count as applied; the
//! rest is sent in halves until the group that the server refuses stands alone. When one half is
//! applied, the other must hold the group that is refused, so it is halved without being sent. So one
//! refused group among n costs at most 2 log2(n) + 2 POSTs, and the others are applied.

mod part;
mod replaced;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Failure, FailureKind, NotSent, Outcome, Record};
use tokio::time::Instant;

use super::Client;
use super::body::Body;
use crate::engine::changed::{Present, takes_away};
use crate::{Deadline, ErrorKind, ProviderError, Transport, Writer};
use part::{Open, Part, is_done, middle};

/// After this many failed POSTs in a row the rest waits for the next run: a server that refuses
/// everything does not work.
const MOST_FAILURES_IN_A_ROW: usize = 32;
/// After this many failures in a row POSTs are also taken from other places of the queue: where many
/// groups side by side are refused, the limit must not be reached before the other groups are tried.
const FAILURES_IN_ORDER: usize = 8;

/// The writing half of a webhook provider.
pub(in crate::webhook) struct WebhookWriter {
    pub(in crate::webhook) client: Arc<Client>,
}

#[async_trait]
impl Writer for WebhookWriter {
    async fn apply(&self, groups: &[ChangeGroup], until: Deadline) -> Vec<Outcome> {
        let mut run = Isolation {
            client: &self.client,
            groups,
            via: self.client.transport().until(until.clone()),
            until,
            open: VecDeque::new(),
            outcomes: vec![Outcome::NotSent(NotSent::Deadline); groups.len()],
            alone: Vec::new(),
            splits: 0,
            failures_in_a_row: 0,
            succeeded: false,
            refused_length: u64::MAX,
            slowest: Duration::ZERO,
        };
        run.all().await;
        run.outcomes
    }
}

struct Isolation<'a> {
    client: &'a Client,
    /// Everything that is to be sent.
    groups: &'a [ChangeGroup],
    via: Transport,
    until: Deadline,
    /// What is still to be sent.
    open: VecDeque<Part<'a>>,
    /// One for each group, in their order.
    outcomes: Vec<Outcome>,
    /// Groups that were refused when they were sent alone, and why.
    alone: Vec<(Open<'a>, ProviderError)>,
    /// How often a part was halved.
    splits: usize,
    failures_in_a_row: usize,
    /// Whether the server has taken anything in this run.
    succeeded: bool,
    /// The shortest body that the server found too large.
    refused_length: u64,
    /// The longest time of a POST.
    slowest: Duration,
}

/// What a failed POST means for everything else.
enum Reaction {
    /// Smaller POSTs may show which groups are refused.
    Halve,
    /// The same, and the server has done nothing, so that the records need not be read.
    HalveUnread,
    /// Any other POST would end in the same way.
    Stop,
    /// The same, and the server has done nothing, so that the records need not be read.
    StopUnread,
}

impl<'a> Isolation<'a> {
    async fn all(&mut self) {
        let open = |(position, group): (usize, &'a ChangeGroup)| Open {
            position,
            group,
            changes: group.changes.iter().collect(),
        };
        let groups: Vec<_> = self.groups.iter().enumerate().map(open).collect();
        let groups = self.unchanged(groups).await;
        if !groups.is_empty() {
            self.open.push_back(Part { groups, split: None, suspect: false });
        }
        while let Some(part) = self.next() {
            if !self.until.allows(self.slowest * 2) {
                self.settle(&part.groups, &Outcome::NotSent(NotSent::Deadline));
            } else if part.suspect && middle(&part.groups).is_some() {
                self.halve(part.groups, true);
            } else {
                let part = self.with_replacements(part);
                if !part.groups.is_empty() {
                    self.send(part).await;
                }
            }
        }
        self.judge_alone();
    }

    /// The groups that may be sent. The protocol has no conditions, so where a record is to be
    /// deleted or to have another owner, all are read once more right before, and what has changed
    /// since the plan was made is left as it is.
    async fn unchanged(&mut self, mut groups: Vec<Open<'a>>) -> Vec<Open<'a>> {
        if self.until.is_over() || !groups.iter().any(|open| takes_away(open.group)) {
            return groups;
        }
        match self.client.records_via(&self.via).await {
            Ok(records) => {
                let present = Present::new(&records, true);
                groups.retain(|open| match present.changed(open.group) {
                    None => true,
                    Some(failure) => {
                        self.outcomes[open.position] = Outcome::Rejected(failure);
                        false
                    }
                });
                groups
            }
            Err(error) => {
                self.open.push_back(Part { groups, split: None, suspect: false });
                self.stop(&error);
                Vec::new()
            }
        }
    }

    /// The next part in order; after many failures in a row every second time the largest part,
    /// which probably holds the most groups that the server takes.
    fn next(&mut self) -> Option<Part<'a>> {
        let failures = self.failures_in_a_row;
        if failures < FAILURES_IN_ORDER || failures % 2 == 1 {
            return self.open.pop_front();
        }
        let sizes = self.open.iter().map(|part| part.groups.len()).enumerate();
        let (largest, _) = sizes.rev().max_by_key(|(_, size)| *size)?;
        self.open.remove(largest)
    }

    async fn send(&mut self, part: Part<'a>) {
        let changes: Vec<_> = part.groups.iter().flat_map(|open| &open.changes).copied().collect();
        let body = match Body::changes(&changes) {
            Ok(body) => body,
            Err(error) => return self.refused(part.groups, error),
        };
        if body.length() >= self.refused_length && middle(&part.groups).is_some() {
            return self.halve(part.groups, false);
        }
        let start = Instant::now();
        let answer = self.client.apply(&self.via, body).await;
        self.slowest = self.slowest.max(start.elapsed());
        let length = body.length();
        match answer {
            Ok(()) => self.taken(&part),
            Err(error) => self.failed(part, length, error).await,
        }
    }

    fn taken(&mut self, part: &Part<'a>) {
        self.settle(&part.groups, &Outcome::Applied);
        self.failures_in_a_row = 0;
        self.succeeded = true;
        let sibling =
            self.open.iter_mut().find(|own| own.split.is_some() && own.split == part.split);
        if let Some(sibling) = sibling {
            sibling.suspect = true;
        }
    }

    async fn failed(&mut self, part: Part<'a>, length: u64, error: ProviderError) {
        let sent = part.groups.len();
        tracing::warn!(groups = sent, "the webhook provider did not apply changes: {error}");
        self.failures_in_a_row += 1;
        let reaction = reaction(&error);
        if let Reaction::StopUnread = reaction {
            self.open.push_front(part);
            return self.stop(&error);
        }
        if let Reaction::HalveUnread = reaction {
            self.refused_length = self.refused_length.min(length);
            return self.go_on(part.groups, error, sent, false);
        }
        let left = match self.client.records_via(&self.via).await {
            Ok(records) => self.without_applied(part.groups, &records),
            // Without a read it is not known what was done, so nothing is sent again.
            Err(unread) => {
                self.settle(&part.groups, &Outcome::Unknown(unread.failure()));
                return self.stop(&unread);
            }
        };
        if let Reaction::Stop = reaction {
            self.refused(left, error.clone());
            return self.stop(&error);
        }
        self.go_on(left, error, sent, true);
    }

    /// After a failure: the rest in halves, unless it was sent alone.
    fn go_on(&mut self, left: Vec<Open<'a>>, error: ProviderError, sent: usize, related: bool) {
        if left.len() < sent || middle(&left).is_some() {
            self.halve(left, related);
        } else {
            self.refused(left, error.clone());
        }
        if self.failures_in_a_row >= MOST_FAILURES_IN_A_ROW {
            self.stop(&error);
        }
    }

    /// Puts both halves in front of everything else that is open.
    fn halve(&mut self, groups: Vec<Open<'a>>, related: bool) {
        self.splits += 1;
        let split = related.then_some(self.splits);
        let mut first = groups;
        let second = middle(&first).map_or_else(Vec::new, |position| first.split_off(position));
        for groups in [second, first].into_iter().filter(|half| !half.is_empty()) {
            self.open.push_front(Part { groups, split, suspect: false });
        }
    }

    fn refused(&mut self, groups: Vec<Open<'a>>, error: ProviderError) {
        self.alone.extend(groups.into_iter().map(|open| (open, error.clone())));
    }

    /// Gives up what is still to be sent.
    fn stop(&mut self, error: &ProviderError) {
        let outcome = match error.kind {
            ErrorKind::Deadline => Outcome::NotSent(NotSent::Deadline),
            _ => Outcome::NotSent(NotSent::Stopped(error.failure())),
        };
        for part in std::mem::take(&mut self.open) {
            self.settle(&part.groups, &outcome);
        }
    }

    /// Decides about the groups that failed when they were sent alone. Where the server took others, the
    /// reason is the group and not the server.
    fn judge_alone(&mut self) {
        for (open, error) in std::mem::take(&mut self.alone) {
            let mut reason = error.failure();
            if self.succeeded && reason.kind == FailureKind::Transient {
                reason = Failure { kind: FailureKind::Rejected, ..reason };
            }
            let done = open.group.changes.len() - open.changes.len();
            let outcome = Outcome::undone(reason).after(done, open.changes.len());
            self.outcomes[open.position] = outcome;
        }
    }

    /// Sets the outcome of groups. Those that were not sent again may be applied in part.
    fn settle(&mut self, groups: &[Open<'_>], outcome: &Outcome) {
        for open in groups {
            let done = open.group.changes.len() - open.changes.len();
            let outcome = match outcome {
                Outcome::NotSent(why) if done > 0 => {
                    Outcome::Partial { done, left: open.changes.len(), reason: reason(why) }
                }
                other => other.clone(),
            };
            self.outcomes[open.position] = outcome;
        }
    }

    /// Marks the changes that the records show as applied, and returns the groups with others.
    fn without_applied(&mut self, groups: Vec<Open<'a>>, records: &[Record]) -> Vec<Open<'a>> {
        let present = Present::new(records, true);
        let mut left = Vec::new();
        for mut open in groups {
            let before = open.changes.len();
            open.changes.retain(|change| !is_done(change, &present));
            if open.changes.len() < before {
                self.failures_in_a_row = 0;
                self.succeeded = true;
            }
            if open.changes.is_empty() {
                self.outcomes[open.position] = Outcome::Applied;
            } else {
                left.push(open);
            }
        }
        left
    }
}

fn reaction(error: &ProviderError) -> Reaction {
    match error.kind {
        // No connection was made.
        ErrorKind::Deadline | ErrorKind::Transient => Reaction::StopUnread,
        // The body was not even read.
        ErrorKind::Limit(_) => Reaction::HalveUnread,
        ErrorKind::Unauthorised | ErrorKind::Config | ErrorKind::Throttled { .. } => Reaction::Stop,
        _ => Reaction::Halve,
    }
}

fn reason(why: &NotSent) -> Failure {
    match why {
        NotSent::Stopped(failure) => failure.clone(),
        other => Failure { kind: FailureKind::Transient, message: other.to_string() },
    }
}
