//! A folder with zone files, and a provider over it.

use std::fs::{self};
use std::path::{Path, PathBuf};
use std::process::Command;

use extdns_model::{ChangeGroup, DomainFilter, Inventory, Outcome, Permit, RecordType};
use extdns_testkit::process;
use tempfile::TempDir;

use super::{create, group, set};
use crate::zonefile::{Zonefile, ZonefileArgs};
use crate::{Context, Deadline, Provider as _, Reader as _};

pub(super) struct Folder(pub(super) TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, text) in files {
            fs::write(folder.path(name), text).expect("written");
        }
        folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("readable")
    }

    pub(super) fn provider(&self, create: &[&str]) -> Zonefile {
        self.try_provider(create, &DomainFilter::default()).expect("a provider")
    }

    pub(super) fn try_provider(
        &self,
        create: &[&str],
        filter: &DomainFilter,
    ) -> Result<Zonefile, String> {
        let args = ZonefileArgs {
            zonefile_dir: Some(self.0.path().to_owned()),
            zonefile_create: create.iter().map(ToString::to_string).collect(),
        };
        Zonefile::new(&args, &Context { zones: filter.clone().into(), ..Context::default() })
            .map_err(|error| error.message)
    }

    /// The names of all files, hidden ones too.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .collect();
        files.sort();
        files
    }
}

pub(super) async fn apply(provider: &Zonefile, groups: &[ChangeGroup]) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("read");
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(groups, Deadline::none()).await
}

pub(super) fn www() -> ChangeGroup {
    group(vec![create(set("www.example.org", RecordType::A, 0, &["192.0.2.1"]))])
}

pub(super) fn zones(inventory: &Inventory) -> Vec<String> {
    inventory.index.iter().map(|(_, zone)| zone.to_string()).collect()
}

/// Asserts that BIND takes a zone file.
pub(super) async fn checkzone(zone: &str, path: &Path) {
    let Some(program) = process::set_up("bind").await else {
        return process::skip(&format!("the check of {zone}"), "named-checkzone");
    };
    let checked = Command::new(program).args(["-i", "none", zone]).arg(path).output();
    let checked = checked.expect("tests/setup found it");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
