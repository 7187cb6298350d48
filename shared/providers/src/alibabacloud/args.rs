//! The flags of `alibabacloud`.

/// Flags of the `alibabacloud` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider alibabacloud")]
pub struct AlibabacloudArgs {
    /// The file with the region, the key and the VPC; empty for the RAM role of the machine
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/alibaba-cloud.json")]
    pub alibaba_cloud_config_file: String,

    /// The zones: public, or private ones of the VPC
    #[arg(long, value_name = "TYPE", default_value = "", value_parser = ["", "public", "private"])]
    pub alibaba_cloud_zone_type: String,
}
