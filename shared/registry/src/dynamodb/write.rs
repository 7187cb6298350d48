//! Which statements the changes of ownership come to, and what their results mean.

use std::collections::HashMap;

use ecow::EcoString;
use extdns_model::{Failure, FailureKind, GroupId, Labels, RecordSet};

use super::item::{Item, Stored, key_of, same_labels};
use super::statement::Statement;
use super::table::{Refusal, Table};
use crate::{Entry, EntryAction, EntryChange, Refused, Settled, StoreError};

/// The writes of one step of a run.
pub(super) struct Writes<'t> {
    table: &'t Table,
    /// The items of owners as they are now, for those that were looked at again.
    now: HashMap<EcoString, HashMap<EcoString, Item>>,
}

/// What an item is to be.
struct Wanted<'c> {
    group: GroupId,
    key: EcoString,
    labels: &'c Labels,
    owner: EcoString,
    /// As it was read.
    old: Option<&'c Entry>,
    adopts: bool,
}

impl<'c> Wanted<'c> {
    fn of(change: &'c EntryChange) -> Option<Self> {
        let (set, labels, old, adopts) = match &change.action {
            EntryAction::Make { set, labels, reused, adopts } => {
                (set, labels, reused.as_ref(), *adopts)
            }
            EntryAction::Rewrite { old, set, labels } => (set, labels, Some(old), false),
            EntryAction::Remove(_) => return None,
        };
        let owner = labels.owner().unwrap_or_default().into();
        let key = old.map_or_else(|| key_of(set), |old| stored_key(old, set));
        Some(Self { group: change.group, key, labels, owner, old, adopts })
    }

    /// The first statement; none if the item is as it shall be.
    fn statement(&self) -> Option<Statement> {
        let (key, labels, owner) = (self.key.clone(), self.labels.clone(), self.owner.clone());
        let Some(old) = self.old else { return Some(Statement::Insert { key, owner, labels }) };
        let from: EcoString = old.labels.owner().unwrap_or_default().into();
        if from != owner {
            return Some(Statement::TakeOver { key, owner, labels, from: Some(from) });
        }
        (!same_labels(&old.labels, self.labels)).then_some(Statement::Update { key, labels })
    }
}

fn stored_key(entry: &Entry, set: &RecordSet) -> EcoString {
    entry.origin.get::<Stored>().map_or_else(|| key_of(set), |own| own.key.clone())
}

impl<'t> Writes<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self { table, now: HashMap::new() }
    }

    /// Writes the items of records that are to be made or changed.
    pub(super) async fn claim(mut self, changes: &[&EntryChange]) -> Vec<(GroupId, Refused)> {
        let wanted = changes.iter().filter_map(|change| Wanted::of(change));
        let open: Vec<(Wanted<'_>, Statement)> =
            wanted.filter_map(|own| own.statement().map(|statement| (own, statement))).collect();
        let statements: Vec<Statement> = open.iter().map(|(_, own)| own.clone()).collect();
        let results = self.table.execute(&statements).await;
        let mut refused = Vec::new();
        for ((own, statement), result) in open.iter().zip(results) {
            let Err(refusal) = result else { continue };
            if let Err(why) = self.second(own, statement, refusal).await {
                refused.push((own.group, why));
            }
        }
        refused
    }

    /// What follows from a refusal: the item may be ours after all, may be adopted, or may have gone meanwhile.
    async fn second(
        &mut self,
        own: &Wanted<'_>,
        statement: &Statement,
        refusal: Refusal,
    ) -> Result<(), Refused> {
        let (key, labels, owner) = (own.key.clone(), own.labels.clone(), own.owner.clone());
        let next = match statement {
            // The answer to a first call was lost, or another run of ours was faster.
            Statement::Insert { .. } if refusal.is_duplicate() => match self.ours(own).await? {
                Some(there) if same_labels(&there, own.labels) => return Ok(()),
                Some(_) => Statement::Update { key, labels },
                None if own.adopts => Statement::TakeOver { key, owner, labels, from: None },
                None => return Err(foreign(own)),
            },
            Statement::Update { .. } if refusal.is_missing() => {
                Statement::Insert { key, owner, labels }
            }
            Statement::TakeOver { .. } if refusal.is_missing() => match self.ours(own).await? {
                Some(there) if same_labels(&there, own.labels) => return Ok(()),
                Some(_) => Statement::Update { key, labels },
                None => Statement::Insert { key, owner, labels },
            },
            _ => return Err(Refused::Failed(failure(statement, &refusal))),
        };
        match self.table.execute(std::slice::from_ref(&next)).await.pop() {
            Some(Ok(())) => Ok(()),
            Some(Err(refusal)) if refusal.is_duplicate() => Err(foreign(own)),
            Some(Err(refusal)) => Err(Refused::Failed(failure(&next, &refusal))),
            None => Ok(()),
        }
    }

    /// The labels of an item of the owner that it is to have, if it has that owner now.
    async fn ours(&mut self, own: &Wanted<'_>) -> Result<Option<Labels>, Refused> {
        if !self.now.contains_key(&own.owner) {
            let items = self.table.scan(&own.owner).await.map_err(|message| {
                Refused::Failed(Failure { kind: FailureKind::Transient, message })
            })?;
            let items = items.into_iter().map(|item| (item.key().clone(), item)).collect();
            self.now.insert(own.owner.clone(), items);
        }
        let items = self.now.get(&own.owner);
        Ok(items.and_then(|items| items.get(&own.key)).map(Item::labels))
    }

    /// Removes the items of records that are gone, and those that were made for records that were not.
    pub(super) async fn settle(
        self,
        changes: &[(&EntryChange, Settled)],
    ) -> Vec<(GroupId, Failure)> {
        let mut groups = Vec::new();
        let mut statements = Vec::new();
        for (change, settled) in changes {
            let statement = match (&change.action, settled) {
                (
                    EntryAction::Make { set, labels, reused: None, adopts: false },
                    Settled::Undone,
                ) => {
                    let owner = labels.owner().unwrap_or_default().into();
                    Statement::Delete { key: key_of(set), owner }
                }
                (EntryAction::Remove(old), Settled::Done) => deleted(old),
                _ => continue,
            };
            groups.push(change.group);
            statements.push(statement);
        }
        self.delete(groups, &statements).await
    }

    /// Removes items without a record.
    pub(super) async fn sweep(self, orphans: &[Entry]) {
        let statements: Vec<Statement> = orphans.iter().map(deleted).collect();
        let none = vec![GroupId(0); statements.len()];
        for (_, failure) in self.delete(none, &statements).await {
            tracing::warn!("{failure}; the next run that changes something tries again");
        }
    }

    /// What is gone already, or another owner's by now, is done.
    async fn delete(&self, groups: Vec<GroupId>, all: &[Statement]) -> Vec<(GroupId, Failure)> {
        let results = self.table.execute(all).await;
        let failed =
            groups.into_iter().zip(all).zip(results).filter_map(|((group, own), result)| {
                let refusal = result.err().filter(|refusal| !refusal.is_missing())?;
                Some((group, failure(own, &refusal)))
            });
        failed.collect()
    }
}

fn deleted(old: &Entry) -> Statement {
    let owner = old.labels.owner().unwrap_or_default().into();
    Statement::Delete { key: stored_key(old, &old.set), owner }
}

fn failure(statement: &Statement, refusal: &Refusal) -> Failure {
    let kind = match refusal.may_pass() {
        true => FailureKind::Transient,
        false if refusal.code.starts_with("AccessDenied") => FailureKind::Unauthorised,
        false => FailureKind::Rejected,
    };
    let message = format!("{} dynamodb record {:?}: {refusal}", statement.doing(), statement.key());
    Failure { kind, message }
}

fn foreign(own: &Wanted<'_>) -> Refused {
    Refused::Foreign(format!(
        "another owner has the item {:?} of the table, so the record is not ours to make; adopt it, or delete the \
         item",
        own.key
    ))
}

/// Nothing could be written, because the table cannot be reached.
pub(super) fn unreachable(error: &StoreError) -> Failure {
    Failure { kind: FailureKind::Transient, message: error.to_string() }
}
