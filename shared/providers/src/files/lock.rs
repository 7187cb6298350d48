//! The lock of a folder: a run holds it while it replaces a file there. Several folders may link to one file, so the lock
//! is in the folder of the file, not of the link.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

use super::{NEW_MODE, kind_of, remedy};
use crate::{Deadline, ErrorKind, ProviderError};

/// The file that is locked while files are written. It stays: removing it would let two runs
/// lock two files of that name.
const LOCK: &str = ".external-dns.lock";
/// How often a waiting run looks whether the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How the text of a lock file begins. A file that begins otherwise is not overwritten.
const SIGNATURE: &str = "pid ";

/// A lock that is held. It is free again when it is dropped, and when the process ends or is killed.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock, at most this long and until the deadline.
    pub(crate) async fn take(
        dir: &Path,
        wait: Duration,
        until: &Deadline,
    ) -> Result<Self, ProviderError> {
        let path = dir.join(LOCK);
        let failed = |error: io::Error| {
            let message = format!(
                "cannot lock {}, as {} cannot be used: {error}; {}",
                dir.display(),
                path.display(),
                remedy(&error)
            );
            ProviderError::new(kind_of(&error), message)
        };
        let mut waited = Duration::ZERO;
        loop {
            let mut file = open(&path).map_err(failed)?;
            match file.try_lock() {
                // The file may have been removed while we opened it: then another is the lock.
                Ok(()) if is_at(&file, &path) => {
                    sign(&mut file).map_err(failed)?;
                    return Ok(Self { _file: file });
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
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
    }
}

/// Opens the lock file, which every user may read, so that any run can say which process holds it. A link is
/// not followed, and a file with other names is refused: it could be one that is written.
fn open(path: &Path) -> io::Result<File> {
    let strange = || {
        io::Error::other(
            "it is a link, or not a regular file of its own; remove it, and take the right to \
             write this folder from the user who made it",
        )
    };
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(NEW_MODE)
        // Not blocking, in case it is a pipe.
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path);
    let file = match opened {
        Err(_) if path.is_symlink() => return Err(strange()),
        opened => opened?,
    };
    let facts = file.metadata()?;
    if !facts.is_file() || facts.nlink() > 1 {
        return Err(strange());
    }
    Ok(file)
}

fn is_at(file: &File, path: &Path) -> bool {
    let identity = |facts: fs::Metadata| (facts.dev(), facts.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(own), Ok(there)) => identity(own) == identity(there),
        _ => false,
    }
}

/// Writes into the lock file which process holds it, unless the file has a text that is not ours.
fn sign(file: &mut File) -> io::Result<()> {
    let text = content(file)?;
    if !text.is_empty() && !text.starts_with(SIGNATURE) {
        return Ok(());
    }
    let system = rustix::system::uname();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{SIGNATURE}{} on {}", std::process::id(), system.nodename().to_string_lossy())
}

/// The beginning of the lock's text.
fn content(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(512).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn holder(file: &mut File) -> String {
    let text = content(file).unwrap_or_default();
    let who = text.trim();
    if !who.starts_with(SIGNATURE) {
        return "the lock file does not say which".to_owned();
    }
    let since = file.metadata().and_then(|facts| facts.modified()).ok();
    match since.and_then(|since| since.elapsed().ok()) {
        Some(age) => format!("{who}, for {} s", age.as_secs()),
        None => who.to_owned(),
    }
}
