//! Flags.

use clap::ArgAction;

/// Flags of the `infoblox` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider infoblox")]
pub struct InfobloxArgs {
    /// The host of the Grid Manager; a URL without a port is taken as it is
    #[arg(long, value_name = "HOST", default_value = "", hide_default_value = true)]
    pub infoblox_grid_host: String,

    /// The port of its WAPI
    #[arg(long, value_name = "PORT", default_value = "443")]
    pub infoblox_wapi_port: u16,

    /// The user of its WAPI
    #[arg(long, value_name = "NAME", default_value = "admin")]
    pub infoblox_wapi_username: String,

    /// The password of that user
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    pub infoblox_wapi_password: String,

    /// The version of its WAPI
    #[arg(long, value_name = "VERSION", default_value = "2.3.1")]
    pub infoblox_wapi_version: String,

    /// Verify the certificate of the server
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = true, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub infoblox_ssl_verify: bool,

    /// The DNS view; without it that of the zones, and `default` where several views have one zone
    #[arg(long, value_name = "VIEW", default_value = "", hide_default_value = true)]
    pub infoblox_view: String,

    /// Most objects of one answer; 0 for 1,000
    #[arg(long, value_name = "N", default_value = "0")]
    pub infoblox_max_results: u32,

    /// Only zones whose names match this regular expression of the WAPI
    #[arg(long, value_name = "REGEX", default_value = "", hide_default_value = true)]
    pub infoblox_fqdn_regex: String,

    /// Only records whose names match this regular expression of the WAPI; others are not seen
    #[arg(long, value_name = "REGEX", default_value = "", hide_default_value = true)]
    pub infoblox_name_regex: String,

    /// Make a PTR record with each A record whose address lies in a reverse zone of the filters
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub infoblox_create_ptr: bool,

    /// The TTL of all records, in seconds; 0 for that of each object
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub infoblox_cache_duration: u32,
}
