//! Flags.

use clap::ArgAction;

/// Flags of the `pdns` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider pdns")]
pub struct PdnsArgs {
    /// URL of the server's API; a path in front of /api/v1 is kept
    #[arg(long, value_name = "URL", default_value = "http://localhost:8081")]
    pub pdns_server: String,

    /// The id of the server, as its API lists it
    #[arg(long, value_name = "ID", default_value = "localhost")]
    pub pdns_server_id: String,

    /// The key of the API
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    pub pdns_api_key: String,

    /// Accept any certificate of the server
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub pdns_skip_tls_verify: bool,

    /// Accepted for compatibility: the URL of --pdns-server says whether TLS is used
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub pdns_tls_enabled: bool,
}
