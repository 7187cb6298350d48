//! The commands: the first word of the command line, and the flags that only some of them take.

use std::path::PathBuf;

use clap::ArgAction;

use super::error::SettingsError;
use super::origin::{Given, Word};

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
    /// Take records that are not ours.
    Adopt {
        /// Their names.
        names: Vec<String>,
    },
    /// Give records up without removing them.
    Release {
        /// Their names.
        names: Vec<String>,
    },
    /// Give the records of one owner to another one.
    Transfer,
    /// Tell everything about one name.
    Explain {
        /// The name.
        name: String,
    },
    /// Look for what is wrong before the first run.
    Doctor,
    /// Show which rights a run needs in its clusters.
    Rbac,
    /// Write the zones as they are, with the owners of their records.
    Dump,
    /// Make manifests of zone files and of zones of octoDNS.
    Import {
        /// The files.
        files: Vec<String>,
    },
    /// Take calls of clusters, and ask for runs.
    Relay,
    /// Look at the settings alone.
    Config {
        /// What is done.
        action: ConfigAction,
    },
}

/// What is done with the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigAction {
    /// Say whether they can be used.
    Check,
    /// Show each value, and where it came from.
    Show,
}

/// How a command is written.
struct Entry {
    word: &'static str,
    /// What stands behind the word; with two dots behind it, any number of it.
    operand: Option<&'static str>,
    about: &'static str,
    make: fn(Vec<String>) -> Option<Command>,
}

/// The commands.
const COMMANDS: [Entry; 13] = [
    Entry {
        word: "plan",
        operand: None,
        about: "show what a run would change, and why; nothing is written",
        make: |_| Some(Command::Plan),
    },
    Entry {
        word: "apply",
        operand: None,
        about: "carry it out; with --plan-hash only if it is the plan that was looked at",
        make: |_| Some(Command::Apply),
    },
    Entry {
        word: "explain",
        operand: Some("NAME"),
        about: "who wants this name, who owns it, what a run does with it and why",
        make: |names| Some(Command::Explain { name: names.into_iter().next()? }),
    },
    Entry {
        word: "doctor",
        operand: None,
        about: "check credentials, permissions, zones and ownership names before the first run",
        make: |_| Some(Command::Doctor),
    },
    Entry {
        word: "rbac",
        operand: None,
        about: "print the roles of Kubernetes that the sources need, with their bindings",
        make: |_| Some(Command::Rbac),
    },
    Entry {
        word: "gc",
        operand: None,
        about: "find ownership records without a record; with --apply remove them",
        make: |_| Some(Command::Gc),
    },
    Entry {
        word: "adopt",
        operand: Some("NAME.."),
        about: "take records that are not ours as they are; with --apply mark them as ours",
        make: |names| Some(Command::Adopt { names }),
    },
    Entry {
        word: "release",
        operand: Some("NAME.."),
        about: "give records of ours up; with --apply remove their ownership records, not them",
        make: |names| Some(Command::Release { names }),
    },
    Entry {
        word: "transfer",
        operand: None,
        about: "give the records of one owner or cluster to another; with --apply say so in them",
        make: |_| Some(Command::Transfer),
    },
    Entry {
        word: "dump",
        operand: None,
        about: "print the zones as they are, with the owners of their records; nothing is written",
        make: |_| Some(Command::Dump),
    },
    Entry {
        word: "import",
        operand: Some("FILE.."),
        about: "print zone files and zones of octoDNS as manifests that the source crd reads",
        make: |files| Some(Command::Import { files }),
    },
    Entry {
        word: "relay",
        operand: None,
        about: "take calls of clusters' webhooks, and ask for a run when something changes",
        make: |_| Some(Command::Relay),
    },
    Entry {
        word: "config",
        operand: Some("check|show"),
        about: "check the settings, or show each value and where it came from",
        make: |actions| {
            let action = match actions.first()?.as_str() {
                "check" => ConfigAction::Check,
                "show" => ConfigAction::Show,
                _ => return None,
            };
            Some(Command::Config { action })
        },
    },
];

/// The commands that end with a report.
const RUNS: [&str; 7] = ["", "plan", "apply", "gc", "adopt", "release", "transfer"];

/// Flags that not every command takes, with the commands that do; `""` is a run without a command.
const FLAGS: [(&str, &[&str]); 19] = [
    ("output", &RUNS),
    ("out", &RUNS),
    ("report", &RUNS),
    ("metrics-file", &RUNS),
    ("notify", &["", "apply"]),
    ("metrics-push", &["", "apply"]),
    ("plan-hash", &["apply"]),
    ("detailed-exitcode", &["plan"]),
    ("revert", &["plan", "apply"]),
    ("apply", &["gc", "adopt", "release", "transfer"]),
    ("as", &["dump"]),
    ("zone", &["import"]),
    ("listen", &["relay"]),
    ("listen-tls-cert", &["relay"]),
    ("listen-tls-key", &["relay"]),
    ("from", &["transfer"]),
    ("cluster", &["transfer", "rbac"]),
    ("subject", &["rbac"]),
    ("to", &["adopt", "transfer"]),
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

    /// Tell a webhook of Slack, of Teams or of your own when a run changed something, was stopped by the guard, froze records
    /// or failed (repeatable); slack+, teams+ or json+ in front of the URL say which it is, where its host does not
    #[arg(long, value_name = "URL")]
    pub notify: Vec<String>,

    /// Push the run's metrics there: a Pushgateway, or OTLP over HTTP where the path is /v1/metrics
    #[arg(long, value_name = "URL")]
    pub metrics_push: Option<String>,

    /// With apply: write only if the plan is the one with this hash, which plan shows; of several targets, each
    /// may have one (repeatable)
    #[arg(long, value_name = "[TARGET=]HASH")]
    pub plan_hash: Vec<String>,

    /// With plan: end with code 6 if there is something to change
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub detailed_exitcode: bool,

    /// With plan and apply: undo the run that this report tells about
    #[arg(long, value_name = "REPORT")]
    pub revert: Option<PathBuf>,

    /// With transfer: the cluster or the owner id whose records get another owner
    #[arg(long, value_name = "CLUSTER|ID")]
    pub from: Option<String>,

    /// With transfer: in place of --from, the cluster that the records name, even if it is configured no more; with
    /// rbac: the only cluster that is shown
    #[arg(long, value_name = "CLUSTER", conflicts_with = "from")]
    pub cluster: Option<String>,

    /// With adopt and transfer: the cluster or the owner id that gets the records; adopt needs it only where several
    /// clusters are configured
    #[arg(long, value_name = "CLUSTER|ID")]
    pub to: Option<String>,

    /// With rbac: who gets the rights [default: the service account of infra/kubernetes, or the group external-dns where
    /// a cluster is read from outside]
    #[arg(long, value_name = "user:NAME|group:NAME|serviceaccount:NAMESPACE/NAME")]
    pub subject: Option<String>,

    /// With dump: how records are written [default: manifests]
    #[arg(long = "as", value_name = "FORM")]
    pub dump_as: Option<DumpForm>,

    /// With import: the zone of the files [default: the name of each file]
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,

    /// With gc, adopt, release and transfer: do what they found, in place of showing it
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub apply: bool,
}

/// How `dump` writes records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum DumpForm {
    /// Objects of the kind DNSEndpoint, which the source `crd` reads.
    #[default]
    Manifests,
    /// Master files (RFC 1035), one zone below the other.
    Zonefiles,
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
    /// A page that needs nothing else.
    Html,
}

impl Command {
    /// Takes the command and its operand from the front of the command line.
    pub(super) fn take(words: &mut Vec<Word>) -> Result<Self, SettingsError> {
        let Some((word, _)) = words.first() else { return Ok(Self::Once) };
        let Some(entry) = COMMANDS.iter().find(|entry| entry.word == word) else {
            return Ok(Self::Once);
        };
        words.remove(0);
        let Some(operand) = entry.operand else {
            return Ok((entry.make)(Vec::new()).unwrap_or_default());
        };
        let missing = SettingsError::MissingOperand { command: entry.word, operand };
        // An operand may stand behind flags that take no value as well as in front of them, but
        // only in front is it told from a flag's value.
        let given = words.iter().take_while(|(word, _)| !word.starts_with('-')).count();
        let taken = if operand.ends_with("..") { given } else { given.min(1) };
        let operands: Vec<String> = words.drain(..taken).map(|(word, _)| word).collect();
        if operands.is_empty() { Err(missing) } else { (entry.make)(operands).ok_or(missing) }
    }

    /// The word of the command; empty without one.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Once => "",
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Gc => "gc",
            Self::Adopt { .. } => "adopt",
            Self::Release { .. } => "release",
            Self::Transfer => "transfer",
            Self::Explain { .. } => "explain",
            Self::Doctor => "doctor",
            Self::Rbac => "rbac",
            Self::Dump => "dump",
            Self::Import { .. } => "import",
            Self::Relay => "relay",
            Self::Config { .. } => "config",
        }
    }

    /// Whether the command reads clusters.
    #[must_use]
    pub fn reads_clusters(&self) -> bool {
        let of_zones = matches!(self, Self::Gc | Self::Dump | Self::Import { .. });
        !self.changes_ownership() && !of_zones
    }

    /// Whether the command changes who owns records, and nothing else.
    #[must_use]
    pub fn changes_ownership(&self) -> bool {
        matches!(self, Self::Adopt { .. } | Self::Release { .. } | Self::Transfer)
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

    /// Whether the command needs to know where records go. A relay that only sends messages does not, nor what reads files
    /// alone.
    pub(super) fn needs_provider(&self, given: &[Given]) -> bool {
        match self {
            Self::Relay => !given.iter().any(|given| given.flag == "queue-url"),
            Self::Import { .. } => false,
            _ => true,
        }
    }

    /// Whether the command reads objects, so that it needs to know which.
    pub(super) fn needs_sources(&self, given: &[Given]) -> bool {
        let needs_none = |given: &Given| {
            given.flag == "revert" || given.flag == "webhook-server" && given.text != "false"
        };
        self.reads_clusters() && !given.iter().any(needs_none)
    }
}

/// Whether this word is a command.
pub(super) fn is_command(word: &str) -> bool {
    about(word).is_some()
}

/// What the command does; `None` where the word is none.
pub(super) fn about(word: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|entry| entry.word == word).map(|entry| entry.about)
}

/// What stands behind the word of a command.
pub(super) fn operand(word: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|entry| entry.word == word)?.operand
}

/// Whether a flag is one that the command takes and not every other does.
pub(super) fn is_flag_of(flag: &str, word: &str) -> bool {
    FLAGS.iter().any(|(own, commands)| *own == flag && commands.contains(&word))
}

/// Whether only some commands take a flag.
pub(super) fn is_of_some(flag: &str) -> bool {
    FLAGS.iter().any(|(own, _)| *own == flag)
}

/// The words of all commands.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|entry| entry.word)
}

/// The commands for `--help`.
pub(super) fn help() -> String {
    let mut text = String::from("Commands:\n");
    for entry in &COMMANDS {
        let written = match entry.operand {
            Some(operand) => format!("{} {operand}", entry.word),
            None => entry.word.to_owned(),
        };
        text.push_str(&format!("  {written:<19}{}\n", entry.about));
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
