//! Flags.

use clap::ArgAction;
use clap::builder::PossibleValuesParser;

/// Flags of the `cloudflare` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider cloudflare")]
pub struct CloudflareArgs {
    /// Whether requests go through Cloudflare's proxy where no annotation says it
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub cloudflare_proxied: bool,

    /// Records per page of a list, at most 5000; 0 leaves it to Cloudflare
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=5000))]
    pub cloudflare_dns_records_per_page: u32,

    /// The comment of records that have none of their own
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub cloudflare_record_comment: String,

    /// Manage custom hostnames (Cloudflare for SaaS)
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub cloudflare_custom_hostnames: bool,

    /// The least TLS version of new custom hostnames
    #[arg(long, value_name = "VERSION", default_value = "1.0", value_parser = PossibleValuesParser::new(["1.0", "1.1", "1.2", "1.3"]))]
    pub cloudflare_custom_hostnames_min_tls_version: String,

    /// The authority that certifies new custom hostnames; none leaves it to Cloudflare
    #[arg(long, value_name = "NAME", default_value = "none", value_parser = PossibleValuesParser::new(["none", "google", "ssl_com", "lets_encrypt"]))]
    pub cloudflare_custom_hostnames_certificate_authority: String,

    /// Manage the regions of hostnames (Regional Services)
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub cloudflare_regional_services: bool,

    /// The region of hostnames that have none of their own; it turns on --cloudflare-regional-services
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    pub cloudflare_region_key: String,

    /// Accepted for compatibility: zones are always listed in pages of 50
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub cloudflare_zones_per_page: u32,
}

impl CloudflareArgs {
    /// Whether the regions of hostnames are managed.
    pub(super) fn has_regions(&self) -> bool {
        self.cloudflare_regional_services || !self.cloudflare_region_key.is_empty()
    }
}
