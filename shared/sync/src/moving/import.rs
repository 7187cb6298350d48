//! `import`: zone files and the zones of octoDNS as manifests.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use extdns_model::{Name, RecordSet, RecordType};
use extdns_providers::zonefile::text;

use super::dump::is_of_the_zone;
use super::manifests::{flags, manifest};
use super::octodns;

/// Why a file is not taken over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is not there, or may not be read.
    #[error("failed to read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its name is no zone.
    #[error(
        "{}: the name of the file is no zone; name it example.org.zone or example.org.yaml, or give --zone",
        path.display()
    )]
    Zone {
        /// The file.
        path: PathBuf,
    },
    /// It is not what it should be.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        problem: String,
    },
}

/// What a file has that a manifest can hold, and what it cannot.
pub(super) struct Taken {
    pub(super) sets: Vec<RecordSet>,
    /// Sentences, each about one record.
    pub(super) left: Vec<String>,
}

/// The records of these files as objects of the kind DNSEndpoint: `.yaml` and `.yml` are zones of octoDNS, all others are zone
/// files (RFC 1035). The zone is that of the flag, else that of the name of the file. What is left out is a comment.
///
/// # Errors
/// When a file cannot be read as a whole.
pub fn import(files: &[String], zone: Option<&str>) -> Result<String, ImportError> {
    let mut all = String::new();
    for file in files {
        let path = Path::new(file);
        let zone = zone_of(path, zone)?;
        let Taken { sets, left } = take(path, &zone)?;
        let apex = zone.key();
        let sets: Vec<&RecordSet> = sets.iter().filter(|set| !is_of_the_zone(set, &apex)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(all, "# {}", path.display());
        for reason in left {
            let _ = writeln!(all, "# not taken over: {reason}");
        }
        all.push_str(&flags(sets.iter().copied()));
        all.push_str(&manifest(zone.as_str(), None, &sets));
    }
    Ok(all)
}

fn take(path: &Path, zone: &Name) -> Result<Taken, ImportError> {
    let bytes = std::fs::read(path)
        .map_err(|source| ImportError::File { path: path.to_owned(), source })?;
    let is_yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let taken = if is_yaml { octodns::read(zone, &bytes) } else { of_zone_file(zone, &bytes) };
    taken.map_err(|problem| ImportError::Content { path: path.to_owned(), problem })
}

fn of_zone_file(zone: &Name, bytes: &[u8]) -> Result<Taken, String> {
    let (sets, others): (Vec<RecordSet>, Vec<RecordSet>) = text::read(zone, bytes)?
        .into_iter()
        .partition(|set| RecordType::KNOWN.contains(&set.rtype));
    let apex = zone.key();
    let left = others.iter().filter(|set| !is_of_the_zone(set, &apex));
    let left = left.map(|set| format!("{} {}: no manifest has this type", set.name, set.rtype));
    Ok(Taken { left: left.collect(), sets })
}

/// `example.org.zone`, `example.org.yaml`, `db.example.org`
fn zone_of(path: &Path, given: Option<&str>) -> Result<Name, ImportError> {
    let wrong = || ImportError::Zone { path: path.to_owned() };
    let file = path.file_name().and_then(|name| name.to_str()).ok_or_else(wrong)?;
    let ends = [".zone", ".yaml", ".yml", ".db", ".txt"];
    let bare = ends.iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file);
    let bare = bare.strip_prefix("db.").unwrap_or(bare);
    let name = given.unwrap_or(bare).trim_end_matches('.');
    let name = Name::parse(name).map_err(|_| wrong())?;
    if name.as_str().contains('.') { Ok(name) } else { Err(wrong()) }
}
