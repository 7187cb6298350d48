//! Flags.

use std::time::Duration;

use clap::ArgAction;
use extdns_model::parse_go_duration;

use crate::ZoneType;

/// Flags of the `google` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider google")]
pub struct GoogleArgs {
    /// The project of the zones; without it, that of the machine or cluster, of GOOGLE_CLOUD_PROJECT or of the
    /// credentials
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub google_project: String,

    /// Most additions and deletions of one change, at most 1000; an update is one of each. 0 for as many as there can be
    #[arg(long, value_name = "N", default_value = "1000")]
    pub google_batch_change_size: usize,

    /// Pause between two changes of a zone
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = parse_go_duration)]
    pub google_batch_change_interval: Duration,

    /// Only zones of this visibility; without it, of both
    #[arg(long, value_name = "VISIBILITY", default_value = "")]
    pub google_zone_visibility: ZoneType,

    /// Keep records in all zones of one domain, public and private; without it, in the public one alone
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub google_split_horizon: bool,
}
