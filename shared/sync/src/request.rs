//! What one run is asked to do, beside the settings.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use extdns_plan::PlanHash;
use extdns_providers::Deadline;

use crate::report::Document;
use crate::settings::{Arguments, Command, SettingsError};

/// Whether a run only plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Only plan: there is no way to write.
    #[default]
    Plan,
    /// Carry the plan out.
    Apply,
}

/// One run. A process can do several with the same wiring; nothing of one is in the next.
#[derive(Debug, Default)]
pub struct RunRequest {
    /// Whether the run only plans.
    pub mode: Mode,
    /// When it must be over.
    pub until: Deadline,
    /// What the guard and the freeze let through this time.
    pub overrides: Overrides,
    /// The hash, hexadecimal, that the plan must have for anything to be written.
    pub expected_hash: Option<String>,
    /// The report of the run that is to be undone; the clusters are not read then.
    pub revert: Option<Document>,
}

/// What the guard and the freeze let through once, beside what the settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Zone names, zone ids or target names whose records may be deleted, and how many; any number
    /// without one.
    pub allow_deletes: BTreeMap<String, Option<usize>>,
    /// Clusters that may suddenly want nothing.
    pub allow_empty: Vec<String>,
}

impl RunRequest {
    /// A run that only plans.
    #[must_use]
    pub fn plan() -> Self {
        Self::default()
    }

    /// A run that writes.
    #[must_use]
    pub fn apply() -> Self {
        Self { mode: Mode::Apply, ..Self::default() }
    }
}

impl RunRequest {
    /// The run that a command line asks for.
    ///
    /// # Errors
    /// Flags that cannot be used.
    pub fn of(arguments: &Arguments) -> Result<Self, SettingsError> {
        let dry_run = arguments.process.dry_run;
        let apply = match arguments.command {
            Command::Once => !dry_run,
            Command::Apply if dry_run => {
                let problem = "apply writes, and --dry-run forbids it; say plan, or leave one away";
                return Err(SettingsError::Invalid(problem.to_owned()));
            }
            Command::Apply => true,
            Command::Gc => arguments.commands.apply && !dry_run,
            _ => false,
        };
        let expected_hash = arguments.commands.plan_hash.as_deref();
        Ok(Self {
            mode: if apply { Mode::Apply } else { Mode::Plan },
            until: Deadline::of_timeout(arguments.process.timeout),
            expected_hash: expected_hash.map(|text| hash(text, arguments)).transpose()?,
            revert: arguments.commands.revert.as_deref().map(document).transpose()?,
            ..Self::default()
        })
    }
}

/// The report in a file.
fn document(path: &Path) -> Result<Document, SettingsError> {
    let opened = File::open(path).map_err(|error| error.to_string());
    let read = opened.and_then(|file| Document::read(file).map_err(|error| error.to_string()));
    read.map_err(|problem| {
        SettingsError::Invalid(format!("--revert: failed to read {}: {problem}", path.display()))
    })
}

/// The hash of `[TARGET=]HASH`.
fn hash(text: &str, arguments: &Arguments) -> Result<String, SettingsError> {
    let target = arguments.providers.provider.name;
    let hash = match text.split_once('=') {
        Some((name, hash)) if name == target => hash,
        Some((name, _)) => {
            let problem = format!("--plan-hash: there is no target {name:?}, only {target:?}");
            return Err(SettingsError::Invalid(problem));
        }
        None => text,
    };
    let hash: PlanHash = hash
        .parse()
        .map_err(|problem| SettingsError::Invalid(format!("--plan-hash: {hash:?}: {problem}")))?;
    Ok(hash.to_string())
}
