//! Writing: groups into files, each file once.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    After, ChangeGroup, Failure, FailureKind, GroupId, NotSent, Outcome, Zone, ZoneKey,
};

use super::edit::{DEFAULT_TTL, Editor};
use super::file::ZoneFile;
use super::folder::{self, Lock, ZonePath};
use super::{WRITE, blocking, open, vanished};
use crate::{Deadline, ErrorKind, ProviderError, Transport, Writer};

/// How long a run waits for another one to let go of the folder.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Writes the zone files of one folder.
pub(super) struct FileWriter {
    dir: PathBuf,
    zones: Vec<(Zone, Option<Arc<ZonePath>>)>,
    via: Transport,
    wait: Duration,
}

impl FileWriter {
    /// A writer of these zones, by their keys.
    pub(super) fn new(
        dir: PathBuf,
        zones: Vec<(Zone, Option<Arc<ZonePath>>)>,
        via: Transport,
    ) -> Self {
        Self { dir, zones, via, wait: LOCK_WAIT }
    }

    #[cfg(test)]
    pub(super) fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Applies groups of one zone with one write.
    async fn write(
        &self,
        zone: ZoneKey,
        groups: Vec<Arc<ChangeGroup>>,
        until: &Deadline,
    ) -> Vec<Outcome> {
        let count = groups.len();
        let Some((zone, Some(path))) = self.zones.get(zone.0 as usize) else {
            let message = "the zone has no file in this folder".to_owned();
            let failure = Failure { kind: FailureKind::NotFound, message };
            return vec![Outcome::Rejected(failure); count];
        };
        let groups: Arc<[_]> = groups.into();
        let write = || {
            let (zone, path, groups) = (zone.clone(), Arc::clone(path), Arc::clone(&groups));
            blocking(move || write_zone(&zone, &path, &groups))
        };
        let error = match self.via.until(until.clone()).call(WRITE, write).await {
            Ok(outcomes) => return outcomes,
            Err(error) => error,
        };
        let outcome = match error.kind {
            ErrorKind::Deadline => Outcome::NotSent(NotSent::Deadline),
            // The work broke off: the file is the old one or the new one, whole.
            ErrorKind::Lost => Outcome::Unknown(error.failure()),
            _ => Outcome::Rejected(error.failure()),
        };
        vec![outcome; count]
    }
}

#[async_trait]
impl Writer for FileWriter {
    async fn apply(&self, groups: &[ChangeGroup], until: Deadline) -> Vec<Outcome> {
        if groups.is_empty() {
            return Vec::new();
        }
        if until.is_over() {
            return vec![Outcome::NotSent(NotSent::Deadline); groups.len()];
        }
        let _lock = match Lock::take(&self.dir, self.wait, &until).await {
            Ok(lock) => lock,
            Err(error) => {
                return vec![Outcome::NotSent(NotSent::Stopped(error.failure())); groups.len()];
            }
        };
        let groups: Vec<_> = groups.iter().cloned().map(Arc::new).collect();
        let mut outcomes: Vec<Option<Outcome>> = vec![None; groups.len()];
        while let Some((zone, ready)) = next_batch(&groups, &outcomes) {
            let batch = ready.iter().map(|at| Arc::clone(&groups[*at])).collect();
            let done = self.write(zone, batch, &until).await;
            for (at, outcome) in ready.into_iter().zip(done) {
                outcomes[at] = Some(outcome);
            }
        }
        // What is left waits for a group that failed, or that is not there.
        let left = |group: &ChangeGroup| {
            let moves = group.after.iter().any(|after| matches!(after, After::Move(_)));
            Outcome::NotSent(if moves { NotSent::Move } else { NotSent::Predecessor })
        };
        let outcomes = groups.iter().zip(outcomes);
        outcomes.map(|(group, outcome)| outcome.unwrap_or_else(|| left(group))).collect()
    }
}

/// The groups of one zone that wait for nothing: the first zone that has any. One pass is one
/// write, so a second write of a zone comes only where groups of zones wait for each other.
fn next_batch(
    groups: &[Arc<ChangeGroup>],
    outcomes: &[Option<Outcome>],
) -> Option<(ZoneKey, Vec<usize>)> {
    let applied: HashMap<GroupId, bool> = groups
        .iter()
        .zip(outcomes)
        .map(|(group, outcome)| (group.id, matches!(outcome, Some(Outcome::Applied))))
        .collect();
    let mut ready: BTreeMap<ZoneKey, Vec<usize>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate().filter(|(at, _)| outcomes[*at].is_none()) {
        if group.after.iter().all(|before| applied.get(&before.group()) == Some(&true)) {
            ready.entry(group.zone).or_default().push(at);
        }
    }
    ready.pop_first()
}

/// Applies groups to the file as it is now. An error leaves the file as it was.
fn write_zone(
    zone: &Zone,
    path: &ZonePath,
    groups: &[Arc<ChangeGroup>],
) -> Result<Vec<Outcome>, ProviderError> {
    let file = match open(path)? {
        Some(file) => file,
        None if path.create => new_file(zone)?,
        None => return Err(vanished(path)),
    };
    let shown = path.path.display();
    let mut editor = Editor::new(zone, &file);
    let outcomes = groups
        .iter()
        .map(|group| match editor.apply(group) {
            Ok(()) => Outcome::Applied,
            Err(failure) => Outcome::Rejected(Failure {
                kind: failure.kind,
                message: format!("zone file {shown}: {}", failure.message),
            }),
        })
        .collect();
    let text = editor.finish().map_err(|problem| {
        let message = format!("zone file {shown} was not written: {problem}");
        ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
    })?;
    if let Some(text) = text {
        folder::replace(&path.path, &text)?;
    }
    Ok(outcomes)
}

/// The file of a zone that is made: the first change brings its serial to 1. Its name server is
/// still to be named; `localhost` needs no address in the zone, so name servers load it at once.
fn new_file(zone: &Zone) -> Result<ZoneFile, ProviderError> {
    let wrong = |problem: String| ProviderError::config(format!("--zonefile-create: {problem}"));
    let apex = super::names::to_file(&zone.name).map_err(wrong)?;
    let text = format!(
        "; Made by external-dns. Put your name servers in the place of localhost.\n\
         {apex} {DEFAULT_TTL} IN SOA ns1.{apex} hostmaster.{apex} 0 3600 600 604800 300\n\
         {apex} {DEFAULT_TTL} IN NS localhost.\n"
    );
    ZoneFile::parse(&zone.name, text.into_bytes()).map_err(|fault| wrong(fault.to_string()))
}
