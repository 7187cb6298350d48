//! The flags of `godaddy`.

use clap::ArgAction;
use extdns_auth::secrets::{self, Secret};

use crate::ProviderError;
use crate::rest::Auth;
use crate::rest::credentials::given;

/// Flags of the `godaddy` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider godaddy")]
pub struct GodaddyArgs {
    /// The key of the API
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    pub godaddy_api_key: String,

    /// The secret of that key
    #[arg(long, value_name = "SECRET", default_value = "", hide_default_value = true)]
    pub godaddy_api_secret: Secret,

    /// The TTL of records whose objects give none; less than 600 is 600
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub godaddy_api_ttl: u32,

    /// Call the test environment of GoDaddy
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub godaddy_api_ote: bool,
}

impl GodaddyArgs {
    /// The credentials.
    ///
    /// # Errors
    /// When one of the two is missing.
    pub(super) fn auth(&self) -> Result<Auth, ProviderError> {
        let flags = [
            ("--godaddy-api-key", self.godaddy_api_key.as_str()),
            ("--godaddy-api-secret", self.godaddy_api_secret.text()),
        ];
        let [key, secret] = given("GoDaddy", flags)?;
        secrets::register(&secret);
        Ok(Auth::scheme("sso-key", &format!("{key}:{secret}")))
    }
}
