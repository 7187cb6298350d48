//! The flags of `ns1`.

use clap::ArgAction;

/// Flags of the `ns1` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider ns1")]
pub struct Ns1Args {
    /// Another base URL of the API than https://api.nsone.net/v1/
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub ns1_endpoint: String,

    /// Accept any certificate of the server
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub ns1_ignoressl: bool,

    /// The TTL of records whose objects give none; less than 10 is 10. Other TTLs stay as they are
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub ns1_min_ttl: u32,
}
