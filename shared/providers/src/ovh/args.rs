//! The flags of `ovh`.

use clap::ArgAction;

/// Flags of the `ovh` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider ovh")]
pub struct OvhArgs {
    /// The API: ovh-eu, ovh-ca, ovh-us, kimsufi-eu, kimsufi-ca, soyoustart-eu, soyoustart-ca, or a URL
    #[arg(long, value_name = "NAME", default_value = "ovh-eu")]
    pub ovh_endpoint: String,

    /// Calls of the API in a second
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub ovh_api_rate_limit: u32,

    /// Leave the targets of CNAMEs without a final dot, so that they are names within the zone
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub ovh_enable_cname_relative: bool,
}
