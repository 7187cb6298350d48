//! The flags of `tencentcloud`.

/// Flags of the `tencentcloud` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider tencentcloud")]
pub struct TencentcloudArgs {
    /// The file with the region, the key and the VPC
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/tencent-cloud.json")]
    pub tencent_cloud_config_file: String,

    /// The zones: public ones of DNSPod, or private ones of the VPC
    #[arg(long, value_name = "TYPE", default_value = "", value_parser = ["", "public", "private"])]
    pub tencent_cloud_zone_type: String,
}
