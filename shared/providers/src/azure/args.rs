//! Flags.

use std::time::Duration;

use extdns_model::parse_go_duration;

/// Flags of the providers `azure`, `azure-dns` and `azure-private-dns`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider azure")]
pub struct AzureArgs {
    /// Azure's configuration file; without it flags and the variables of Azure say everything
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/azure.json")]
    pub azure_config_file: String,

    /// The resource groups of the zones, in place of the file's: NAME, SUBSCRIPTION/NAME for one of
    /// another subscription, * for all of a subscription; commas between several
    #[arg(long, value_name = "GROUPS", default_value = "", hide_default_value = true)]
    pub azure_resource_group: String,

    /// The id of the subscription, in place of the file's
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub azure_subscription_id: String,

    /// The client id of a managed identity that a user assigned, in place of the file's
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub azure_user_assigned_identity_client_id: String,

    /// How often a call is repeated that failed for a reason that may pass; 0 counts as 3, and a negative
    /// number means never
    #[arg(long, value_name = "COUNT", default_value_t = 3, allow_negative_numbers = true)]
    pub azure_maxretries_count: i32,

    /// Accepted for compatibility: a run lists the zones once, so there is nothing to cache
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub azure_zones_cache_duration: Duration,
}
