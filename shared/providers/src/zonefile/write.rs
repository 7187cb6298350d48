//! Writing: groups into files, each file once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{ChangeGroup, Failure, FailureKind, NotSent, Outcome, Zone, ZoneKey};
use tokio::time::Instant;

use super::edit::{DEFAULT_TTL, Editor};
use super::file::ZoneFile;
use super::folder::ZonePath;
use super::{FILE, WRITE, open, read_only, vanished};
use crate::engine::ledger::Ledger;
use crate::engine::replaced::Replaced;
use crate::files::{self, Location, Lock, blocking};
use crate::{Deadline, ErrorKind, ProviderError, Transport, Writer};

/// How long a run waits for the locks of all folders together.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Writes zone files.
pub(super) struct FileWriter {
    zones: Vec<(Zone, Option<Arc<ZonePath>>)>,
    via: Transport,
    wait: Duration,
}

/// Where the file of a zone lies, and the lock of its folder.
type Held = (Location, Arc<Lock>);

impl FileWriter {
    /// A writer of these zones, by their keys.
    pub(super) fn new(zones: Vec<(Zone, Option<Arc<ZonePath>>)>, via: Transport) -> Self {
        Self { zones, via, wait: LOCK_WAIT }
    }

    #[cfg(test)]
    pub(super) fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Locks the folders in which the files of these zones lie, in the order of their paths, so that
    /// two runs never block each other. A zone whose folder cannot be locked is not written.
    async fn lock(
        &self,
        zones: BTreeSet<ZoneKey>,
        until: &Deadline,
    ) -> BTreeMap<ZoneKey, Result<Held, NotSent>> {
        let path = |zone: ZoneKey| self.zones.get(zone.0 as usize)?.1.as_ref();
        let located: Vec<_> = zones
            .into_iter()
            .filter_map(|zone| Some((zone, files::locate(FILE, &path(zone)?.path))))
            .collect();
        let locations = located.iter().filter_map(|(_, location)| location.as_ref().ok());
        let folders: BTreeSet<&Path> =
            locations.map(|location| location.folder.as_path()).collect();
        let start = Instant::now();
        let mut locks: BTreeMap<&Path, Result<Arc<Lock>, NotSent>> = BTreeMap::new();
        for folder in folders {
            let wait = self.wait.saturating_sub(start.elapsed());
            let lock = Lock::take(folder, wait, until).await;
            if lock.is_ok() {
                files::tidy(folder);
            }
            locks.insert(folder, lock.map(Arc::new).map_err(|error| stopped(&error)));
        }
        let hold = |location: &Location| {
            let lock = locks[location.folder.as_path()].clone();
            lock.map(|lock| (location.clone(), lock))
        };
        let held = located
            .iter()
            .map(|(zone, location)| (*zone, location.as_ref().map_err(stopped).and_then(hold)));
        held.collect()
    }

    /// Applies groups of one zone with one write.
    async fn write(
        &self,
        zone: ZoneKey,
        held: Option<&Result<Held, NotSent>>,
        groups: Vec<Arc<ChangeGroup>>,
        until: &Deadline,
    ) -> Vec<Outcome> {
        let count = groups.len();
        let (Some((zone, Some(path))), Some(held)) = (self.zones.get(zone.0 as usize), held) else {
            let message = "the zone has no file in this folder".to_owned();
            let failure = Failure { kind: FailureKind::ZoneGone, message };
            return vec![Outcome::Rejected(failure); count];
        };
        let held = match held {
            Ok(held) => held,
            Err(why) => return vec![Outcome::NotSent(why.clone()); count],
        };
        let groups: Arc<[_]> = groups.into();
        let write = || {
            let (zone, path, groups) = (zone.clone(), Arc::clone(path), Arc::clone(&groups));
            // The work keeps the lock to its end, even if its caller is gone.
            let (location, lock) = held.clone();
            blocking(move || {
                let outcomes = write_zone(&zone, &path, &location, &groups);
                drop(lock);
                outcomes
            })
        };
        let error = match self.via.until(until.clone()).call(WRITE, write).await {
            Ok(outcomes) => return outcomes,
            Err(error) => error,
        };
        let outcome = match error.kind {
            ErrorKind::Deadline => Outcome::NotSent(NotSent::Deadline),
            // The work broke off: the file is the old one or the new one, whole.
            ErrorKind::Lost => Outcome::Unknown(error.failure()),
            _ => Outcome::undone(error.failure()),
        };
        vec![outcome; count]
    }
}

fn stopped(error: &ProviderError) -> NotSent {
    NotSent::Stopped(error.failure())
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
        let held = self.lock(groups.iter().map(|group| group.zone).collect(), &until).await;
        let mut ledger = Ledger::together(groups);
        // One pass is one write, so a second write of a zone comes only where groups of zones wait
        // for each other.
        while let Some((zone, ready)) = ledger.ready_in_one_zone() {
            let batch = ready.iter().map(|at| Arc::new(groups[*at].clone())).collect();
            ledger.enter(&ready, self.write(zone, held.get(&zone), batch, &until).await);
            // A group that was applied is in its file, which was read again before it took its
            // place.
            ledger.unseen_moves().into_iter().for_each(|(_, position)| ledger.see(position, true));
        }
        ledger.into_outcomes()
    }
}

/// Applies groups to the file as it is now. An error leaves the file as it was.
fn write_zone(
    zone: &Zone,
    path: &ZonePath,
    location: &Location,
    groups: &[Arc<ChangeGroup>],
) -> Result<Vec<Outcome>, ProviderError> {
    let shown = path.path.display();
    if files::locate(FILE, &path.path)? != *location {
        let message = format!("zone file {shown} was moved since it was locked; run again");
        return Err(ProviderError::new(ErrorKind::Transient, message));
    }
    let file = match open(path)? {
        Some(file) => file,
        None if path.create => new_file(zone)?,
        None => return Err(vanished(path)),
    };
    if let Some(reason) = read_only(path, &file) {
        let message = format!("zone file {shown} is not written: a record of it {reason}");
        return Err(ProviderError::new(ErrorKind::ReadOnly, message));
    }
    let mut editor = Editor::new(zone, &file);
    let mut edit = |group: &ChangeGroup| match editor.apply(group) {
        Ok(()) => Outcome::Applied,
        Err(failure) => Outcome::undone(Failure {
            kind: failure.kind,
            message: format!("zone file {shown}: {}", failure.message),
        }),
    };
    let replaced = Replaced::among(groups.iter().map(AsRef::as_ref));
    let mut outcomes = vec![Outcome::NotSent(NotSent::Replacement); groups.len()];
    let (first, last): (Vec<usize>, Vec<usize>) =
        (0..groups.len()).partition(|position| replaced.by(*position).is_empty());
    for position in first.into_iter().chain(last) {
        if replaced.by(position).iter().all(|by| outcomes[*by] == Outcome::Applied) {
            outcomes[position] = edit(&groups[position]);
        }
    }
    let text = editor.finish().map_err(|problem| {
        let message = format!("zone file {shown} was not written: {problem}");
        ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
    })?;
    if let Some(text) = text {
        files::replace(FILE, &path.path, location, &text)?;
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
