//! Flags of the process itself: how it runs and what it prints.

use std::time::Duration;

use clap::ArgAction;
use extdns_model::parse_go_duration;

/// How a run starts, and what it says.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Run")]
pub struct ProcessArgs {
    /// Synchronise once and exit; without it, the program makes one run after another
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub once: bool,

    /// Read several clusters and targets from this file of YAML or JSON: a path, - for standard input, ssm:NAME
    /// or s3://bucket/key; flags and variables win over it
    #[arg(long, value_name = "WHERE")]
    pub config: Option<String>,

    /// Show what would be changed and change nothing
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub dry_run: bool,

    /// Time for one run: reading may take 70 % of it, and what cannot be written in it is left for
    /// the next run; 0 for no end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub timeout: Duration,

    /// Time between two runs of the loop; without effect with --once
    #[arg(long, value_name = "DURATION", default_value = "1m0s", value_parser = parse_go_duration)]
    pub interval: Duration,

    /// Least time between two runs that cluster events start; without effect with --once
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_go_duration)]
    pub min_event_sync_interval: Duration,

    /// Start runs on cluster events; without effect with --once
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub events: bool,

    /// How log lines look
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// The least level that is logged
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: LogLevel,

    /// Address of the metrics server of the loop; without effect with --once
    #[arg(long, value_name = "ADDRESS", default_value = ":7979")]
    pub metrics_address: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// `time="..." level=info msg="..."`
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The least level that is logged, with upstream's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogLevel {
    /// Nothing of ours is this severe: as `error`.
    Panic,
    /// As `error`.
    Fatal,
    /// Failures.
    Error,
    /// Failures and warnings.
    #[value(alias = "warn")]
    Warning,
    /// What was done.
    #[default]
    Info,
    /// What was looked at.
    Debug,
    /// Everything.
    Trace,
}
