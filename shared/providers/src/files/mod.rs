//! Files that providers keep: where they are after links are followed, and how a file is replaced as a whole, under a lock.

mod lock;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::{ErrorKind, Limit, ProviderError};
pub(crate) use lock::Lock;

/// What stands in the name of a file that is not yet in its place, before the id of the process.
const UNFINISHED: &str = ".external-dns-";
/// The mode of a file that is new: who reads it runs as another user.
const NEW_MODE: u32 = 0o644;

/// Work on files, on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProviderError> + Send + 'static,
) -> Result<T, ProviderError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(ProviderError::new(ErrorKind::Lost, format!("work on a file broke off: {error}")))
    })
}

/// The place of a file after all links are followed. Who replaces the file must hold the lock of that
/// folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
}

impl Location {
    fn of(path: &Path) -> io::Result<Self> {
        let no_file = || io::Error::other("it is no file in a folder");
        let file = match fs::canonicalize(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
                let folder = path.parent().ok_or_else(no_file)?;
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                fs::canonicalize(folder)?.join(path.file_name().ok_or_else(no_file)?)
            }
            found => found?,
        };
        let folder = file.parent().ok_or_else(no_file)?.to_owned();
        Ok(Self { folder, file })
    }
}

/// Where the file of this path lies, or will lie. `what` is what it is called in messages.
pub(crate) fn locate(what: &str, path: &Path) -> Result<Location, ProviderError> {
    Location::of(path).map_err(|error| {
        let remedy = remedy(&error);
        let message = format!("{what} {} cannot be found: {error}; {remedy}", path.display());
        ProviderError::new(kind_of(&error), message)
    })
}

/// Removes the unfinished files that killed runs left in a folder. To be called under its lock only: then
/// no run is writing such a file. Files with other names are not touched.
pub(crate) fn tidy(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_str().is_some_and(is_unfinished) {
            match fs::remove_file(entry.path()) {
                Ok(()) => tracing::info!(
                    file = %entry.path().display(), "removed what a killed run left behind"
                ),
                // It does no harm; the next run tries again.
                Err(error) => tracing::debug!(%error, file = %entry.path().display(), "left-over"),
            }
        }
    }
}

/// Whether this is the name of a file that a run was still writing.
fn is_unfinished(name: &str) -> bool {
    let Some((zone, process)) = name.rsplit_once(UNFINISHED) else { return false };
    zone.len() > 1
        && zone.starts_with('.')
        && !process.is_empty()
        && process.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a file has other names. Replacing one name would leave the others with the old text.
pub(crate) fn has_other_names(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.nlink() > 1)
}

/// A file's text; `None` if there is none. Only a regular file is opened, so that no run
/// waits for the other end of a pipe.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(facts) if facts.is_file() => fs::read(path).map(Some),
        Ok(_) => Err(io::Error::other("it is no regular file")),
        // A link into nowhere is a file that is missing by mistake.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a text in the place of a file, whole or not at all. A link stays a link: the file
/// that it leads to is replaced, by one of the same mode and owner. To be called under the lock of
/// the folder where it lies.
pub(crate) fn replace(
    what: &str,
    shown: &Path,
    location: &Location,
    text: &[u8],
) -> Result<(), ProviderError> {
    put(location, text).map_err(|error| {
        let message = format!(
            "{what} {} could not be written and is as it was: {error}; {}",
            shown.display(),
            remedy(&error)
        );
        ProviderError::new(kind_of(&error), message)
    })
}

fn put(location: &Location, text: &[u8]) -> io::Result<()> {
    let Location { folder, file: target } = location;
    let old = match fs::symlink_metadata(target) {
        Ok(facts) if facts.is_file() => Some(facts),
        Ok(_) => return Err(io::Error::other("it is no regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.join(format!(".{name}{UNFINISHED}{}", std::process::id()));
    let written =
        write(&unfinished, text, old.as_ref()).and_then(|()| fs::rename(&unfinished, target));
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
    // What a killed run with this process id left behind: no other process writes under the lock.
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

/// What a user can do about an error.
pub(crate) fn remedy(error: &io::Error) -> &'static str {
    // EMFILE and ENFILE have no kind of their own.
    let descriptors = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
    if error.raw_os_error().is_some_and(|code| descriptors.contains(&code)) {
        return "allow the process more open files (ulimit -n)";
    }
    match error.kind() {
        kind if is_full(kind) => "free space and run again",
        io::ErrorKind::PermissionDenied => {
            "run as the owner of the file, with the right to write its folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => "mount it for writing",
        io::ErrorKind::ResourceBusy => {
            "mount the folder that it is in, as a file that is mounted by itself cannot be replaced"
        }
        io::ErrorKind::NotFound => "put it there, or remove the link that leads to it",
        _ => "run again when this is repaired",
    }
}

/// The kind of an error: only a temporary one is tried again.
pub(crate) fn kind_of(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::Unauthorised
        }
        kind if is_full(kind) => ErrorKind::Limit(Limit::Other("space on the disk")),
        io::ErrorKind::NotFound => ErrorKind::ZoneGone,
        io::ErrorKind::ResourceBusy => ErrorKind::Config,
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
