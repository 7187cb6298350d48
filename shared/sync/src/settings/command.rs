//! The commands: the first word of the command line, and the flags that only some of them take.

use std::path::PathBuf;

use clap::ArgAction;

use super::layer::Word;
use super::{Given, SettingsError};

/// What the process is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Command {
    /// No command: upstream's way, a run with `--once`.
    #[default]
    Once,
    /// Show what a run would change.
    Plan,
    /// Change it.
    Apply,
    /// Find ownership records without a record, and remove them.
    Gc,
    /// Tell everything about one name.
    Explain {
        /// The name.
        name: String,
    },
    /// Look for what is wrong before the first run.
    Doctor,
}

/// How a command is written.
struct Entry {
    word: &'static str,
    /// What stands behind the word.
    operand: Option<&'static str>,
    about: &'static str,
    make: fn(String) -> Command,
}

/// The commands.
const COMMANDS: [Entry; 5] = [
    Entry {
        word: "plan",
        operand: None,
        about: "show what a run would change, and why; nothing is written",
        make: |_| Command::Plan,
    },
    Entry {
        word: "apply",
        operand: None,
        about: "carry it out; with --plan-hash only if it is the plan that was looked at",
        make: |_| Command::Apply,
    },
    Entry {
        word: "explain",
        operand: Some("NAME"),
        about: "who wants this name, who owns it, what a run does with it and why",
        make: |name| Command::Explain { name },
    },
    Entry {
        word: "doctor",
        operand: None,
        about: "check credentials, permissions, zones and ownership names before the first run",
        make: |_| Command::Doctor,
    },
    Entry {
        word: "gc",
        operand: None,
        about: "find ownership records without a record; with --apply remove them",
        make: |_| Command::Gc,
    },
];

/// Flags that not every command takes, with the commands that do; `""` is a run without a command.
const FLAGS: [(&str, &[&str]); 8] = [
    ("output", &["", "plan", "apply", "gc"]),
    ("out", &["", "plan", "apply", "gc"]),
    ("report", &["", "plan", "apply", "gc"]),
    ("metrics-file", &["", "plan", "apply", "gc"]),
    ("plan-hash", &["apply"]),
    ("detailed-exitcode", &["plan"]),
    ("revert", &["plan", "apply"]),
    ("apply", &["gc"]),
];

/// Flags of the commands.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Commands and reports")]
pub struct CommandArgs {
    /// How a plan or a run is shown; without it as a table where a plan or a terminal is, else as
    /// log lines
    #[arg(long, value_name = "FORMAT")]
    pub output: Option<Output>,

    /// Write what --output shows into this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Write a report of the run into this file as JSON, also when the run fails
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Write the run's metrics into this file, for node-exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,

    /// With apply: write only if the plan is the one with this hash, which plan shows
    #[arg(long, value_name = "[TARGET=]HASH")]
    pub plan_hash: Option<String>,

    /// With plan: end with code 6 if there is something to change
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub detailed_exitcode: bool,

    /// With plan and apply: undo the run that this report tells about
    #[arg(long, value_name = "REPORT")]
    pub revert: Option<PathBuf>,

    /// With gc: remove what was found
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub apply: bool,
}

/// How a plan or a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// A table by zone.
    Text,
    /// The report as one JSON document.
    Json,
    /// A comment for a pull request.
    Markdown,
}

impl Command {
    /// Takes the command and its operand from the front of the command line.
    pub(super) fn take(words: &mut Vec<Word>) -> Result<Self, SettingsError> {
        let Some((word, _)) = words.first() else { return Ok(Self::Once) };
        let Some(entry) = COMMANDS.iter().find(|entry| entry.word == word) else {
            return Ok(Self::Once);
        };
        words.remove(0);
        let Some(operand) = entry.operand else { return Ok((entry.make)(String::new())) };
        // The operand may stand behind flags that take no value as well as in front of them, but
        // only in front is it told from a flag's value.
        match words.first() {
            Some((word, _)) if !word.starts_with('-') => {
                let (name, _) = words.remove(0);
                Ok((entry.make)(name))
            }
            _ => Err(SettingsError::MissingOperand { command: entry.word, operand }),
        }
    }

    /// The word of the command; empty without one.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Once => "",
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Gc => "gc",
            Self::Explain { .. } => "explain",
            Self::Doctor => "doctor",
        }
    }

    /// Refuses flags that the command does not take.
    pub(super) fn check(&self, given: &[Given]) -> Result<(), SettingsError> {
        let restricted = |given: &Given| {
            FLAGS.iter().find(|(flag, commands)| {
                *flag == given.flag && !commands.contains(&self.word()) && given.text != "false"
            })
        };
        let Some((given, (flag, commands))) =
            given.iter().find_map(|given| Some((given, restricted(given)?)))
        else {
            return Ok(());
        };
        let commands = commands.iter().filter(|word| !word.is_empty()).copied().collect();
        Err(SettingsError::NotOfCommand { flag, origin: given.origin.clone(), commands })
    }

    /// Whether the command reads objects, so that it needs to know which.
    pub(super) fn needs_sources(&self, given: &[Given]) -> bool {
        *self != Self::Gc && !given.iter().any(|given| given.flag == "revert")
    }
}

/// Whether this word is a command.
pub(super) fn is_command(word: &str) -> bool {
    COMMANDS.iter().any(|entry| entry.word == word)
}

/// The commands for `--help`.
pub(super) fn help() -> String {
    let mut text = String::from("Commands:\n");
    for entry in &COMMANDS {
        let written = match entry.operand {
            Some(operand) => format!("{} {operand}", entry.word),
            None => entry.word.to_owned(),
        };
        text.push_str(&format!("  {written:<14}{}\n", entry.about));
    }
    text.push_str("Without a command it runs as ExternalDNS does: with --once like apply, with --dry-run like plan.");
    text
}

/// The command that a mistyped word most resembles.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    COMMANDS
        .iter()
        .map(|entry| (strsim::damerau_levenshtein(entry.word, word), entry.word))
        .min()
        // More than half of a short word is no slip of the hand.
        .filter(|(distance, word)| *distance <= (word.len() / 2).min(2))
        .map(|(_, word)| word)
}
