//! The flags of `dyn`.

use extdns_auth::secrets::Secret;

use crate::ProviderError;

/// Flags of the `dyn` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider dyn")]
pub struct DynArgs {
    /// The name of the customer
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub dyn_customer_name: String,

    /// The name of the user
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub dyn_username: String,

    /// The password of the user
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    pub dyn_password: Secret,

    /// The least TTL of records whose objects give one
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    pub dyn_min_ttl: i64,

    /// A server that still speaks the API of Dyn, such as https://dyn.example.org/REST; the service of Oracle is closed
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub dyn_api_url: String,
}

/// What there is in the place of the service.
const CLOSED: &str = "Oracle closed Dyn Managed DNS on 2023-05-31, and nothing answers there any more; move the zones to another \
                      service (Oracle Cloud Infrastructure: --provider=oci; or another of --provider), or name a server \
                      that still speaks its API with --dyn-api-url";

impl DynArgs {
    /// The least TTL, where the rest is there too.
    ///
    /// # Errors
    /// When there is no server any more, or something is missing.
    pub(super) fn least_ttl(&self) -> Result<u32, ProviderError> {
        let needed = [
            (self.dyn_api_url.trim(), CLOSED),
            (&self.dyn_username, "no Dyn username specified; give it with --dyn-username"),
            (
                &self.dyn_customer_name,
                "no Dyn customer name specified; give it with --dyn-customer-name",
            ),
        ];
        if let Some((_, problem)) = needed.iter().find(|(value, _)| value.is_empty()) {
            return Err(ProviderError::config(*problem));
        }
        let negative = "TTL specified for Dyn is negative; give --dyn-min-ttl a number of seconds";
        u32::try_from(self.dyn_min_ttl).map_err(|_| ProviderError::config(negative))
    }
}
