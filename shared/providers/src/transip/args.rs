//! The flags of `transip`.

use super::sign::Key;
use crate::ProviderError;
use crate::rest::credentials::given;

/// Flags of the `transip` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider transip")]
pub struct TransipArgs {
    /// The name of the account at TransIP
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub transip_account: String,

    /// The file with a private key of that account, in PEM
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub transip_keyfile: String,
}

impl TransipArgs {
    /// The key of the account.
    ///
    /// # Errors
    /// When one of the two is missing, or the file holds no RSA key.
    pub(super) fn key(&self) -> Result<Key, ProviderError> {
        let flags = [
            ("--transip-account", self.transip_account.as_str()),
            ("--transip-keyfile", &self.transip_keyfile),
        ];
        let [account, path] = given("TransIP", flags)?;
        let cannot = |problem: &str| {
            let text = format!("the file {path:?} of --transip-keyfile cannot be used: {problem}");
            ProviderError::config(text)
        };
        let pem = std::fs::read_to_string(&path).map_err(|error| cannot(&error.to_string()))?;
        Key::of(&account, &pem).ok_or_else(|| {
            cannot("it holds no RSA key in PEM (PKCS#8 or PKCS#1); make one in the control panel of TransIP")
        })
    }
}
