//! Flags.

use std::path::PathBuf;

use clap::ArgAction;
use extdns_auth::HttpOptions;

use crate::ProviderError;

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

    /// Accepted for compatibility: the URL says whether TLS is used
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub pdns_tls_enabled: bool,

    /// A PEM file with certificates of authorities to trust beside the system's
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub tls_ca: String,

    /// A PEM file with the client's certificate
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub tls_client_cert: String,

    /// A PEM file with the key of the client's certificate
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub tls_client_cert_key: String,
}

impl PdnsArgs {
    /// How the server is reached.
    ///
    /// # Errors
    /// When there is a certificate without a key, or a key without a certificate.
    pub(super) fn http(&self) -> Result<HttpOptions, ProviderError> {
        let file = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        let identity = match (file(&self.tls_client_cert), file(&self.tls_client_cert_key)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                return Err(ProviderError::config(
                    "--tls-client-cert and --tls-client-cert-key belong together; give both or none",
                ));
            }
        };
        Ok(HttpOptions {
            ca: file(&self.tls_ca),
            identity,
            accept_any_certificate: self.pdns_skip_tls_verify,
            ..HttpOptions::default()
        })
    }
}
