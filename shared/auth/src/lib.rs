//! Identities and transport: what the clients of Kubernetes, of AWS and of REST APIs share.
//!
//! It knows no other crate of this project. [`HttpOptions`] makes the HTTP client with the TLS and
//! proxy settings of a run, [`aws_identity`] finds credentials of AWS, [`GoogleIdentity`] those of
//! Google, [`AzureIdentity`] those of Azure, [`OracleIdentity`] those of Oracle Cloud, [`documents`] reads what a flag names, wherever it is, [`request_times`] says how long the requests of the process took, and [`secrets`] keeps every credential that was loaded out of all output.

mod alibaba;
#[cfg(feature = "aws")]
mod aws;
mod azure;
pub mod call;
pub mod documents;
mod google;
mod held;
mod http;
#[cfg(test)]
mod messages;
mod oracle;
mod requests;
mod retry_after;
mod roots;
pub mod secrets;
mod tried;
mod uuid;

use std::sync::Once;

pub use alibaba::{AlibabaKey, AlibabaMachine};
#[cfg(feature = "aws")]
pub use aws::api as aws_api;
#[cfg(feature = "aws")]
pub use aws::{
    Around, AwsError, AwsIdentity, AwsOptions, AwsRole, AwsVariables, EksTokens, around,
    aws_error_chain, aws_identity, aws_region,
};
pub use azure::{
    AzureCloud, AzureError, AzureIdentity, AzureOptions, AzureToken, AzureTokens, AzureVariables,
};
pub use google::{GoogleError, GoogleIdentity, GoogleToken, GoogleVariables};
pub use http::{HttpClient, HttpError, HttpOptions, USER_AGENT, http_client};
pub use oracle::{
    OracleError, OracleIdentity, OracleKey, OracleRegion, OracleVariables, OracleWho, signed_text,
};
pub use requests::{Begun, RequestKind, RequestTimes, execute, request_times, send};
pub use reqwest::Url;
pub use retry_after::retry_after;
pub use roots::{all_roots, certificates, private_key, verifier};
pub use tried::Tried;
pub use uuid::uuid;

static INSTALLED: Once = Once::new();

/// Makes aws-lc-rs the crypto provider of every rustls client in the process.
///
/// rustls chooses a provider by itself only where exactly one is compiled in, which the features of a
/// dependency can change. So each binary says it, and so does every crate before it makes a client: calling it
/// again does nothing, and a provider that the process already has is kept.
pub fn install_crypto() {
    INSTALLED.call_once(|| {
        // It fails only if a provider is already installed, which is fine.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::install_crypto;
    use rustls::crypto::CryptoProvider;

    #[test]
    fn a_provider_is_there_however_often_it_is_asked_for() {
        install_crypto();
        install_crypto();
        assert!(CryptoProvider::get_default().is_some());
    }
}
