//! Flags.

use clap::ArgAction;

/// Flags of the `pihole` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider pihole")]
pub struct PiholeArgs {
    /// URL of the web server of Pi-hole, without the path of its API
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub pihole_server: String,

    /// The password of its web interface, or an application password
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    pub pihole_password: String,

    /// Accept any certificate of the server
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub pihole_tls_skip_verify: bool,

    /// The version of Pi-hole: 6, or 5, whose web interface has another API
    #[arg(long, value_name = "VERSION", default_value = "6")]
    pub pihole_api_version: PiholeVersion,
}

/// The version of Pi-hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PiholeVersion {
    /// 5 and before: the scripts of its web interface.
    #[value(name = "5")]
    Five,
    /// From 6 on: its REST API.
    #[value(name = "6")]
    Six,
}
