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
    /// By target, the hash, hexadecimal, that its plan must have for anything to be written there.
    pub expected_hashes: BTreeMap<String, String>,
    /// The report of the run that is to be undone; the clusters are not read then.
    pub revert: Option<Document>,
    /// Whether somebody asked for exactly this run: the zones are read whatever the last run left.
    pub by_hand: bool,
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
    /// The hash that the plan of a target must have, if it must have one.
    pub(crate) fn expects(&self, target: &str) -> Option<&String> {
        self.expected_hashes.get(target)
    }

    /// Whether the run ends where the last one left nothing to do.
    pub(crate) fn is_gated(&self) -> bool {
        !self.by_hand && self.expected_hashes.is_empty() && self.revert.is_none()
    }

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
            Command::Gc | Command::Adopt { .. } | Command::Release { .. } | Command::Transfer => {
                arguments.commands.apply && !dry_run
            }
            _ => false,
        };
        if apply
            && arguments.cluster_entries.iter().any(|own| own.arguments.sources.assumes_target())
        {
            let problem = "--assume-target is for plans alone; say plan, or leave it away";
            return Err(SettingsError::Invalid(problem.to_owned()));
        }
        let hashes = arguments.commands.plan_hash.iter().map(|text| hash(text, arguments));
        Ok(Self {
            mode: if apply { Mode::Apply } else { Mode::Plan },
            until: Deadline::of_timeout(arguments.process.timeout),
            expected_hashes: hashes.collect::<Result<_, _>>()?,
            revert: arguments.commands.revert.as_deref().map(document).transpose()?,
            by_hand: arguments.command != Command::Once,
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

/// Target and hash of `[TARGET=]HASH`. Where there are several, the target has to be named.
fn hash(text: &str, arguments: &Arguments) -> Result<(String, String), SettingsError> {
    let targets: Vec<&str> = arguments.target_entries.iter().map(|own| &*own.name).collect();
    let known = targets.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let invalid = |problem| Err(SettingsError::Invalid(format!("--plan-hash: {problem}")));
    let (target, hash) = match (text.split_once('='), &*targets) {
        (Some((name, hash)), _) if targets.contains(&name) => (name, hash),
        (Some((name, _)), _) => {
            return invalid(format!("there is no target {name:?}, only {known}"));
        }
        (None, [only]) => (*only, text),
        (None, _) => {
            return invalid(format!("say of which target, as TARGET=HASH; there is {known}"));
        }
    };
    let hash: PlanHash = match hash.parse() {
        Ok(hash) => hash,
        Err(problem) => return invalid(format!("{hash:?}: {problem}")),
    };
    Ok((target.to_owned(), hash.to_string()))
}
