//! Documents from elsewhere: a configuration, a kubeconfig, a report.
//!
//! There is one way to name the [`Place`] of a document and one to [`read`] it, for all flags and files. A message
//! names the place, what is missing, and what to do; it never shows the content.

#[cfg(feature = "aws")]
mod aws;
mod place;

#[cfg(not(feature = "aws"))]
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

#[cfg(feature = "aws")]
use crate::AwsOptions;

pub use self::place::{Place, PlaceError};

/// Why a document could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{task} {place}: {reason}")]
pub struct DocumentError {
    task: Task,
    /// Where it is.
    pub place: Place,
    /// What is wrong, and what to do.
    pub reason: String,
}

#[derive(Debug, Clone, Copy)]
enum Task {
    Read,
    Write,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

/// As whom documents of AWS are read.
#[cfg(feature = "aws")]
pub type Reader = AwsOptions;

/// As whom documents are read: this build has no AWS.
#[cfg(not(feature = "aws"))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reader(());

#[cfg(not(feature = "aws"))]
impl Reader {
    /// Whoever these variables name.
    #[must_use]
    pub fn of(_: &BTreeMap<String, String>) -> Self {
        Self(())
    }
}

/// The document, of at most `bound` bytes. `stdin` stands for `-`, and is not touched otherwise.
///
/// # Errors
/// When it is not there, may not be read, or is larger.
pub async fn read(
    place: &Place,
    reader: &Reader,
    stdin: impl Read,
    bound: usize,
) -> Result<Vec<u8>, DocumentError> {
    let document = match place {
        Place::Path(path) => read_file(path, bound),
        Place::Stdin => whole(stdin, bound),
        #[cfg(feature = "aws")]
        _ => aws::read(place, reader, bound).await,
        #[cfg(not(feature = "aws"))]
        _ => Err(no_aws(*reader)),
    };
    document.map_err(|reason| DocumentError { task: Task::Read, place: place.clone(), reason })
}

/// Writes a document whole: an object of S3, or a file, in whose place it appears at once.
///
/// # Errors
/// When it may not be written there.
pub async fn write(
    place: &Place,
    writer: &Reader,
    content_type: &str,
    document: Vec<u8>,
) -> Result<(), DocumentError> {
    let written = match place {
        Place::Path(path) => write_file(path, &document),
        #[cfg(feature = "aws")]
        Place::Object { .. } => aws::write(place, writer, content_type, document).await,
        #[cfg(not(feature = "aws"))]
        Place::Object { .. } => Err(format!("{}, so no {content_type}", no_aws(*writer))),
        _ => Err("only files and objects of S3 are written; give a path or s3://bucket/key".into()),
    };
    written.map_err(|reason| DocumentError { task: Task::Write, place: place.clone(), reason })
}

#[cfg(not(feature = "aws"))]
fn no_aws(_: Reader) -> String {
    "this program was built without AWS".to_owned()
}

fn read_file(path: &Path, bound: usize) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    whole(file, bound)
}

fn whole(source: impl Read, bound: usize) -> Result<Vec<u8>, String> {
    let mut document = Vec::new();
    let most = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
    source.take(most).read_to_end(&mut document).map_err(|error| error.to_string())?;
    if document.len() > bound { Err(too_large(bound)) } else { Ok(document) }
}

fn too_large(bound: usize) -> String {
    format!("it is larger than {bound} bytes")
}

/// Written beside its place first, so that no reader finds half of it.
fn write_file(path: &Path, document: &[u8]) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).and_then(|mut file| {
            std::io::Write::write_all(&mut file, document)?;
            file.persist(path).map(drop).map_err(|error| error.error)
        });
    written.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
