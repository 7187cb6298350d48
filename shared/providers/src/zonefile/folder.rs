//! The folder of zone files: which zones it has.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use extdns_model::{Name, Visibility};

use super::names;
use crate::{ProviderError, ZoneFilter};

/// A zone and the path of its file.
#[derive(Debug, Clone)]
pub(super) struct ZonePath {
    pub(super) name: Name,
    pub(super) path: PathBuf,
    /// Whether the file is to be made where it is missing.
    pub(super) create: bool,
}

impl ZonePath {
    /// The id of the zone, the whole path: a zone of the same name in another folder is another zone.
    pub(super) fn id(&self) -> String {
        let path = std::path::absolute(&self.path);
        path.as_ref().unwrap_or(&self.path).display().to_string()
    }
}

/// The zones of the folder that the filter lets through, by name; those to create included.
pub(super) fn list(
    dir: &Path,
    create: &[Name],
    filter: &ZoneFilter,
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
    zones.retain(|_, zone| filter.passes(&zone.id(), &zone.name, Visibility::Public));
    Ok(zones.into_values().collect())
}

/// The zone whose file this is, by the name of the file. Hidden files are not zones: editors and
/// this program keep unfinished ones so.
fn zone_of(path: &Path) -> Option<Name> {
    let file = path.file_name()?.to_str()?;
    let zone = file.strip_suffix(".zone").filter(|zone| !zone.is_empty())?;
    (!zone.starts_with('.') && !path.is_dir()).then(|| Name::as_listed(&names::readable(zone)))
}
