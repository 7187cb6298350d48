//! The flags of `akamai`.

use extdns_auth::secrets::Secret;

/// Flags of the `akamai` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider akamai")]
pub struct AkamaiArgs {
    /// The host of the API, as the credentials name it
    #[arg(long, value_name = "HOST", default_value = "", hide_default_value = true)]
    pub akamai_serviceconsumerdomain: String,

    /// The client token
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    pub akamai_client_token: Secret,

    /// The client secret
    #[arg(long, value_name = "SECRET", default_value = "", hide_default_value = true)]
    pub akamai_client_secret: Secret,

    /// The access token
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    pub akamai_access_token: Secret,

    /// The file with the credentials, where neither these flags nor variables give them; ~/.edgerc otherwise
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub akamai_edgerc_path: String,

    /// The section of that file, and of the names of variables; DEFAULT otherwise
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub akamai_edgerc_section: String,
}
