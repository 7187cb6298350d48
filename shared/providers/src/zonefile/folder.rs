//! The folder of zone files: which zones it has, its lock, and files that are replaced whole.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use extdns_model::{DomainFilter, Name};

use super::names;
use crate::{Deadline, ErrorKind, Limit, ProviderError};

/// The file that is locked while zone files are written. It stays: removing it would let two runs
/// lock two files of that name.
const LOCK: &str = ".external-dns.lock";
/// How often a waiting run looks whether the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The mode of a zone file that is new: name servers run as another user.
const NEW_MODE: u32 = 0o644;

/// A zone and the path of its file.
#[derive(Debug, Clone)]
pub(super) struct ZonePath {
    pub(super) name: Name,
    pub(super) path: PathBuf,
    /// Whether the file is to be made where it is missing.
    pub(super) create: bool,
}

/// The zones of the folder that the filter lets through, by name; those to create included.
pub(super) fn list(
    dir: &Path,
    create: &[Name],
    filter: &DomainFilter,
) -> Result<Vec<ZonePath>, ProviderError> {
    let wrong = |error: io::Error| {
        ProviderError::config(format!(
            "--zonefile-dir: {}: {error}; name a folder that this user can read",
            dir.display()
        ))
    };
    let mut zones: BTreeMap<String, ZonePath> = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let Some(name) = zone_of(&path) else { continue };
        let zone = ZonePath { name, path, create: false };
        if let Some(twin) = zones.insert(zone.name.key().into_owned(), zone.clone()) {
            let (mut a, mut b) = (twin.path, zone.path);
            if b < a {
                std::mem::swap(&mut a, &mut b);
            }
            return Err(ProviderError::config(format!(
                "{} and {} are both files of zone {}; remove one",
                a.display(),
                b.display(),
                zone.name
            )));
        }
    }
    for name in create {
        let ascii = name
            .to_ascii()
            .map_err(|error| ProviderError::config(format!("--zonefile-create: {error}")))?;
        let path = dir.join(format!("{ascii}.zone"));
        zones
            .entry(name.key().into_owned())
            .and_modify(|zone| zone.create = true)
            .or_insert_with(|| ZonePath { name: name.clone(), path, create: true });
    }
    zones.retain(|_, zone| filter.matches(&zone.name) || filter.matches_parent(&zone.name));
    Ok(zones.into_values().collect())
}

/// The zone whose file this is, by the name of the file. Hidden files are not zones: editors and
/// this program keep unfinished ones so.
fn zone_of(path: &Path) -> Option<Name> {
    let file = path.file_name()?.to_str()?;
    let zone = file.strip_suffix(".zone").filter(|zone| !zone.is_empty())?;
    (!zone.starts_with('.') && !path.is_dir()).then(|| Name::as_listed(&names::readable(zone)))
}

/// A zone file's text; `None` if there is none. Only a regular file is opened, so nothing waits
/// for the other end of a pipe.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(facts) if facts.is_file() => fs::read(path).map(Some),
        Ok(_) => Err(io::Error::other("it is no regular file")),
        // A link into nowhere is a file that is missing by mistake.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The lock on the folder; free again when dropped, and when the process ends however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock, at most this long and until the deadline.
    pub(super) async fn take(
        dir: &Path,
        wait: Duration,
        until: &Deadline,
    ) -> Result<Self, ProviderError> {
        let path = dir.join(LOCK);
        let failed = |error: io::Error| {
            let message = format!(
                "cannot lock {} ({}: {error}); this user must be able to write the folder",
                dir.display(),
                path.display()
            );
            ProviderError::new(kind_of(&error), message)
        };
        // Readable for all, so that any run can say who holds the lock.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(NEW_MODE)
            .open(&path)
            .map_err(failed)?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if waited >= wait || !until.sleep(LOOK_AGAIN).await {
                return Err(ProviderError::new(
                    ErrorKind::Transient,
                    format!(
                        "another run holds the lock on {}: {}; run again when it has ended",
                        dir.display(),
                        holder(&mut file)
                    ),
                ));
            }
            waited += LOOK_AGAIN;
        }
        sign(&mut file).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Leaves word of who holds the lock.
fn sign(file: &mut File) -> io::Result<()> {
    let system = rustix::system::uname();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "pid {} on {}", std::process::id(), system.nodename().to_string_lossy())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let who = text.trim();
    if read.is_err() || who.is_empty() {
        return "who holds it is not written there".to_owned();
    }
    let since = file.metadata().and_then(|facts| facts.modified()).ok();
    match since.and_then(|since| since.elapsed().ok()) {
        Some(age) => format!("{who}, for {} s", age.as_secs()),
        None => who.to_owned(),
    }
}

/// Puts a text in the place of a zone file, whole or not at all. A link stays a link: the file
/// that it leads to is replaced, by one of the same mode and owner.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), ProviderError> {
    put(path, text).map_err(|error| {
        let remedy = match error.kind() {
            kind if is_full(kind) => "free space and run again",
            io::ErrorKind::PermissionDenied => {
                "run as the owner of the file, with the right to write its folder"
            }
            io::ErrorKind::ReadOnlyFilesystem => "mount it for writing",
            _ => "run again when this is repaired",
        };
        let message = format!(
            "zone file {} could not be written and is as it was: {error}; {remedy}",
            path.display()
        );
        ProviderError::new(kind_of(&error), message)
    })
}

fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    let (target, old) = match fs::canonicalize(path) {
        Ok(target) => {
            let facts = fs::metadata(&target)?;
            (target, Some(facts))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            (path.to_owned(), None)
        }
        Err(error) => return Err(error),
    };
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(io::Error::other("it is no file in a folder"));
    };
    let unfinished =
        folder.join(format!(".{}.external-dns-{}", name.to_string_lossy(), std::process::id()));
    let written =
        write(&unfinished, text, old.as_ref()).and_then(|()| fs::rename(&unfinished, &target));
    if written.is_err() {
        // What went wrong before matters more than a left-over file.
        let _ = fs::remove_file(&unfinished);
        return written;
    }
    // The new file is in place already; only a crash of the machine could still bring the old one
    // back, whole.
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::warn!(%error, folder = %folder.display(), "the folder could not be synced to disk");
    }
    Ok(())
}

fn write(path: &Path, text: &[u8], old: Option<&fs::Metadata>) -> io::Result<()> {
    // What a killed run with this process id left behind: nobody else writes under the lock.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    let mode = old.map_or(NEW_MODE, |old| old.mode() & 0o7777);
    if let Some(old) = old {
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            fchown(&file, Some(old.uid()), Some(old.gid()))?;
        }
    }
    // After the owner: a change of owner clears bits of the mode.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}

/// What a program can do about an error: only what may pass by itself is tried again.
pub(super) fn kind_of(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::Unauthorised
        }
        kind if is_full(kind) => ErrorKind::Limit(Limit::Other("space on the disk")),
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::Other => ErrorKind::Rejected(Vec::new()),
        _ => ErrorKind::Transient,
    }
}

fn is_full(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
