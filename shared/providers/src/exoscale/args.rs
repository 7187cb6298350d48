//! The flags of `exoscale`.

use std::time::Duration;

use extdns_auth::secrets::Secret;
use extdns_model::parse_go_duration;

use super::sign::Exo2;
use crate::ProviderError;
use crate::rest::Auth;
use crate::rest::credentials::given;

/// Flags of the `exoscale` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider exoscale")]
pub struct ExoscaleArgs {
    /// The key of the API
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    pub exoscale_apikey: String,

    /// The secret of that key
    #[arg(long, value_name = "SECRET", default_value = "", hide_default_value = true)]
    pub exoscale_apisecret: Secret,

    /// The environment of the API
    #[arg(long, value_name = "NAME", default_value = "api")]
    pub exoscale_apienv: String,

    /// The zone of Exoscale whose API is called
    #[arg(long, value_name = "ZONE", default_value = "ch-gva-2")]
    pub exoscale_apizone: String,

    /// Accepted for compatibility: a run reads every zone once, so there is nothing to cache
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub exoscale_zones_cache_duration: Duration,

    /// Accepted for compatibility: that API was taken down, and --exoscale-apienv and --exoscale-apizone say which is
    /// called
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub exoscale_endpoint: String,
}

impl ExoscaleArgs {
    /// The URL of the API.
    pub(super) fn base(&self) -> String {
        format!("https://{}-{}.exoscale.com/v2", self.exoscale_apienv, self.exoscale_apizone)
    }

    /// The credentials.
    ///
    /// # Errors
    /// When one of the two is missing.
    pub(super) fn auth(&self) -> Result<Auth, ProviderError> {
        let flags = [
            ("--exoscale-apikey", self.exoscale_apikey.as_str()),
            ("--exoscale-apisecret", self.exoscale_apisecret.text()),
        ];
        let [key, secret] = given("Exoscale", flags)?;
        Ok(Auth::signed(Exo2::new(&key, &secret), vec![secret]))
    }
}
