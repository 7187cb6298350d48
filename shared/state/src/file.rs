//! State in a file, for runs on one machine: one JSON object with the document of each target.
//!
//! Whoever changes it holds a lock on a file beside it, and puts a new file in its place, so that a reader
//! finds the old text or the new one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::Permit;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::document::LIMIT;
use crate::{Backend, BackendError, Document, Revision, Stored, WriteError};

/// How often, and how long, the lock of the file is tried for: others hold it for a moment.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: u32 = 100;

/// Keeps the documents of all targets in one file.
#[derive(Debug, Clone)]
pub struct FileBackend {
    path: PathBuf,
}

impl FileBackend {
    /// In this file, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the file is: a link stays one.
    fn file(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    async fn lock(&self) -> Result<File, BackendError> {
        let path = beside(&self.file(), ".lock");
        let failed = |error: io::Error| {
            BackendError(format!(
                "cannot lock it with {}: {error}; name a file in a folder that this user can write",
                path.display()
            ))
        };
        let open = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        for _ in 0..LOOKS {
            match open.try_lock() {
                Ok(()) => return Ok(open),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(BackendError(format!(
            "another process has locked {} for {:?}; see what it does",
            path.display(),
            LOOK_AGAIN * LOOKS
        )))
    }
}

#[async_trait]
impl Backend for FileBackend {
    fn place(&self, target: &str) -> String {
        format!("the state of {target:?} in {}", self.path.display())
    }

    async fn read(&self, target: &str) -> Result<Option<Stored>, BackendError> {
        let document = documents(&self.file())?.remove(target);
        Ok(document.map(|document| {
            let text = document.to_string();
            Stored { revision: Revision(text.as_str().into()), text }
        }))
    }

    async fn write(
        &self,
        _permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Revision, WriteError> {
        let _lock = self.lock().await?;
        let path = self.file();
        let mut documents = documents(&path)?;
        let found = documents.get(target).map(|document| Revision(document.to_string().into()));
        if found.as_ref() != read {
            return Err(WriteError::Conflict);
        }
        let text = document.text();
        let value = serde_json::from_str(&text).map_err(|error| BackendError(error.to_string()))?;
        documents.insert(target.to_owned(), value);
        put(&path, &documents).map_err(|error| {
            BackendError(format!("{error}; name a file in a folder that this user can write"))
        })?;
        Ok(Revision(text.into()))
    }
}

/// `state.json.lock`
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn documents(path: &Path) -> Result<BTreeMap<String, Value>, BackendError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(BackendError(error.to_string())),
    };
    let mut text = String::new();
    let bound = 16 * LIMIT;
    let read = file.take(bound as u64 + 1).read_to_string(&mut text);
    read.map_err(|error| BackendError(error.to_string()))?;
    if text.len() > bound {
        let reason = format!("it has more than {bound} bytes, so it is no state of external-dns");
        return Err(BackendError(format!("{reason}; name another file")));
    }
    // A file that was only made, by hand or by a shell, is no state yet.
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(&text).map_err(|error| {
        BackendError(format!(
            "it is no state of external-dns ({error}); delete it, or name another file"
        ))
    })
}

/// Puts the documents in the place of what is there: whole, or not at all.
fn put(path: &Path, documents: &BTreeMap<String, Value>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut new = NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut new, documents)?;
    new.write_all(b"\n")?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}
