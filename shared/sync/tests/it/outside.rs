//! Whole runs with a store of ownership records outside the zones. The numbers are those of the
//! cases that the specification has for such registries.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use extdns_model::{Failure, FailureKind, GroupId, Name, Opaque, Owners, Permit, RecordSet};
use extdns_providers::conformance::{Fault, RecordServer};
use extdns_providers::engine::stepped;
use extdns_providers::{Provider, Transport, ZoneReader as _};
use extdns_registry::{
    Entry, EntryAction, EntryChange, Loaded, Outside, Refused, Settled, Store, StoreError,
};
use extdns_sync::report::{ChangeResult, Report, Summary};
use extdns_sync::{ExitCode, gc};

use crate::support::{services, wired};

/// A table of owners by `name#TYPE`, as strict as one with conditional writes.
#[derive(Clone, Default)]
struct Table(Arc<Mutex<Rows>>);

#[derive(Default)]
struct Rows {
    owners: BTreeMap<String, String>,
    /// Every write, in order.
    writes: Vec<String>,
    /// A key that another owner inserts just before we do.
    raced: Option<String>,
    /// Whether writes fail, and whether reads do.
    broken: bool,
    unreadable: bool,
}

fn key(set: &RecordSet) -> String {
    format!("{}#{}", set.name.key(), set.rtype)
}

fn failure(kind: FailureKind, message: &str) -> Failure {
    Failure { kind, message: message.to_owned() }
}

impl Table {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self) -> Vec<String> {
        self.rows().owners.keys().cloned().collect()
    }

    fn take_writes(&self) -> Vec<String> {
        std::mem::take(&mut self.rows().writes)
    }
}

#[async_trait]
impl Store for Table {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let rows = self.rows();
        if rows.unreadable {
            let (store, reason) = ("table owners".to_owned(), "access denied".to_owned());
            return Err(StoreError { store, reason });
        }
        let entry = |(key, owner): (&String, &String)| {
            let (name, rtype) = key.split_once('#').expect("a key");
            let name = Name::as_listed(name);
            let rtype = rtype.parse().expect("a type");
            Entry {
                set: RecordSet::new(name, rtype, Default::default(), Default::default()),
                labels: [("owner", owner.as_str())].into_iter().collect(),
                shown: format!("row {key}"),
                origin: Opaque::none(),
            }
        };
        Ok(rows.owners.iter().map(entry).collect::<Vec<_>>().into())
    }

    async fn claim(&self, _: &Permit, changes: &[&EntryChange]) -> Vec<(GroupId, Refused)> {
        let mut rows = self.rows();
        if let Some(raced) = rows.raced.take() {
            rows.owners.insert(raced, "other".to_owned());
        }
        let mut refused = Vec::new();
        for change in changes {
            let EntryAction::Make { set, labels, reused, .. } = &change.action else {
                panic!("only what is made is claimed: {change:?}")
            };
            let key = key(set);
            if rows.broken {
                let failed = failure(FailureKind::Transient, "the table does not answer");
                refused.push((change.group, Refused::Failed(failed)));
            } else if reused.is_none() && rows.owners.contains_key(&key) {
                let taken = failure(FailureKind::Conflict, "another owner has it");
                refused.push((change.group, Refused::Taken(taken)));
            } else {
                rows.writes.push(format!("claim {key}"));
                rows.owners.insert(key, labels.owner().expect("an owner").to_owned());
            }
        }
        refused
    }

    async fn settle(
        &self,
        _: &Permit,
        changes: &[(&EntryChange, Settled)],
    ) -> Vec<(GroupId, Failure)> {
        let mut rows = self.rows();
        let mut failed = Vec::new();
        for (change, settled) in changes {
            let gone = match (&change.action, settled) {
                (EntryAction::Make { set, reused: None, .. }, Settled::Undone) => key(set),
                (EntryAction::Remove(old), Settled::Done) => key(&old.set),
                _ => continue,
            };
            if rows.broken {
                let failure = failure(FailureKind::Transient, "the table does not answer");
                failed.push((change.group, failure));
                continue;
            }
            rows.writes.push(format!("delete {gone}"));
            rows.owners.remove(&gone).expect("a row");
        }
        failed
    }
}

fn provider(server: &RecordServer) -> Arc<dyn Provider> {
    let api = server.api();
    let via = Transport::new(api.capabilities());
    Arc::new(stepped(api, via))
}

fn owned_by(table: &Table) -> Box<Outside> {
    let owners = Owners::new([(Default::default(), "me".into())]).expect("a valid id");
    Box::new(Outside::new(owners, Box::new(table.clone())))
}

/// Runs over a service for each host.
async fn run(hosts: &[&str], server: &RecordServer, table: &Table, flags: &[&str]) -> Report {
    let objects = services(hosts.iter().map(|host| (*host, "192.0.2.1")));
    let (mut wiring, request, _file) = wired(&objects, provider(server), flags);
    wiring.targets[0].registry = owned_by(table);
    extdns_sync::run(&wiring, &request).await
}

fn names(server: &RecordServer) -> Vec<String> {
    let mut names: Vec<_> = server.contents().iter().map(|set| set.name.to_string()).collect();
    names.sort();
    names
}

fn code(report: &Report) -> ExitCode {
    assert!(report.failure.is_none(), "{:?}", report.failure);
    Summary::of(report).exit_code()
}

const ONE: &str = "one.example.org";
const TWO: &str = "two.example.org";

/// D1, D8, D10: a row comes before its record and goes after it; a second run does nothing.
#[tokio::test]
async fn rows_follow_their_records() {
    let (server, table) = (RecordServer::new(&["example.org"]), Table::default());
    assert_eq!(code(&run(&[ONE, TWO], &server, &table, &[]).await), ExitCode::Success);
    assert_eq!(names(&server), [ONE, TWO], "there are no TXT records");
    let claims = ["claim one.example.org#A", "claim two.example.org#A"];
    assert_eq!(table.take_writes(), claims);
    assert_eq!(code(&run(&[ONE, TWO], &server, &table, &[]).await), ExitCode::Success);
    assert!(table.take_writes().is_empty(), "nothing is left to do");
    assert_eq!(code(&run(&[ONE], &server, &table, &["--no-guard"]).await), ExitCode::Success);
    assert_eq!(
        (names(&server), table.take_writes()),
        (vec![ONE.to_owned()], vec!["delete two.example.org#A".to_owned()])
    );
}

/// A plan has no way to write to the store.
#[tokio::test]
async fn a_dry_run_writes_no_row() {
    let (server, table) = (RecordServer::new(&["example.org"]), Table::default());
    let report = run(&[ONE], &server, &table, &["--dry-run"]).await;
    assert_eq!(report.changes().count(), 1);
    assert!(table.take_writes().is_empty() && table.keys().is_empty() && names(&server).is_empty());
}

/// D5: another owner was faster. Its name drops out; the rest is made.
#[tokio::test]
async fn what_another_owner_took_meanwhile_drops_out() {
    let (server, table) = (RecordServer::new(&["example.org"]), Table::default());
    table.rows().raced = Some("one.example.org#A".to_owned());
    let report = run(&[ONE, TWO], &server, &table, &[]).await;
    assert_eq!(code(&report), ExitCode::Partial);
    assert_eq!(names(&server), [TWO]);
    assert_eq!(table.take_writes(), ["claim two.example.org#A"]);
    // The next run knows it from the start.
    let report = run(&[ONE, TWO], &server, &table, &[]).await;
    let is_held = |change: &_| matches!(change, ChangeResult::Held(_));
    assert!(
        report.changes().all(|change| is_held(&change.result)) && report.changes().count() == 1
    );
    assert!(table.take_writes().is_empty());
}

/// D6: a store that cannot be written to stops the creates; the provider is not called for them.
#[tokio::test]
async fn no_record_is_made_without_its_row() {
    let (server, table) = (RecordServer::new(&["example.org"]), Table::default());
    table.rows().broken = true;
    assert_eq!(code(&run(&[ONE], &server, &table, &[]).await), ExitCode::Partial);
    assert!(names(&server).is_empty() && table.keys().is_empty());
}

/// C2: the provider refuses, and nothing of it is left; the next run makes it.
#[tokio::test]
async fn the_row_of_a_record_that_is_refused_goes_again() {
    let (server, table) = (RecordServer::new(&["example.org"]), Table::default());
    server.faults().inject(Fault::Reject(Name::as_listed(ONE)));
    assert_eq!(code(&run(&[ONE, TWO], &server, &table, &[]).await), ExitCode::Partial);
    assert_eq!(
        (names(&server), table.keys()),
        (vec![TWO.to_owned()], vec!["two.example.org#A".to_owned()])
    );
}

/// A row that cannot be removed is told, and `gc` removes it.
#[tokio::test]
async fn a_row_that_stays_is_reported_and_collected() {
    let (server, table) = (RecordServer::new(&["example.org"]), Table::default());
    run(&[ONE, TWO], &server, &table, &[]).await;
    table.rows().broken = true;
    assert_eq!(code(&run(&[ONE], &server, &table, &["--no-guard"]).await), ExitCode::Partial);
    table.rows().broken = false;
    table.take_writes();
    let report = run(&[ONE], &server, &table, &["--no-guard"]).await;
    assert!(report.notices.iter().any(|notice| notice.message.contains("row two.example.org#A")));
    let (mut wiring, request, _file) = wired("", provider(&server), &["--no-guard"]);
    wiring.targets[0].registry = owned_by(&table);
    let report = gc::collect(&wiring, &request).await;
    assert_eq!(code(&report), ExitCode::Success);
    assert_eq!(table.take_writes(), ["delete two.example.org#A"]);
    assert_eq!(
        (names(&server), table.keys()),
        (vec![ONE.to_owned()], vec!["one.example.org#A".to_owned()])
    );
}

/// Partial knowledge deletes nothing: a store that cannot be read ends the run before anything is
/// written.
#[tokio::test]
async fn a_store_that_cannot_be_read_changes_nothing() {
    let (server, table) = (RecordServer::new(&["example.org"]), Table::default());
    run(&[ONE], &server, &table, &[]).await;
    table.rows().unreadable = true;
    let report = run(&[TWO], &server, &table, &["--no-guard"]).await;
    let failure = report.failure.expect("a failed run");
    assert!(failure.message.contains("table owners: access denied"), "{failure:?}");
    assert_eq!(names(&server), [ONE]);
}
