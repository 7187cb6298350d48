//! Identities of AWS: which credentials, of which account, and how its services are reached.
//!
//! Credentials come from the SDK's default chain: environment variables, shared configuration and
//! credentials files, web identity (IRSA), containers (ECS, EKS Pod Identity), instance metadata.
//! The chain and the SDK's own settings (`AWS_REGION`, `AWS_ENDPOINT_URL`,
//! `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_USE_FIPS_ENDPOINT`, ..) are handed the variables of the process,
//! checked, in place of reading them ([`AwsVariables`]); only for a profile that is named the SDK
//! reads the environment by itself.
//!
//! A profile that is named wins over keys in the environment. A role is assumed with what was found
//! so far. Credentials are fetched once before the first call, so what is wrong with them is known
//! early, and the account to which they belong is known at all.

mod account;
pub mod api;
mod around;
mod credentials;
mod eks_token;
mod measured;
mod tried;
mod variables;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

pub use self::around::{Around, around};
use self::credentials::{Prefetched, fetch};
pub use self::eks_token::EksTokens;
pub use self::variables::AwsVariables;
use self::variables::{NO_REGION, is_region};
pub use self::words::aws_error_chain;
use crate::install_crypto;
use crate::roots::built_in_roots;

/// Where a region is needed but none is configured: services without regions, such as Route 53,
/// take it for the partition `aws`.
const FALLBACK_REGION: &str = "us-east-1";
/// The name of our sessions in CloudTrail.
const SESSION_NAME: &str = "external-dns";
/// Longest time until a connection is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time until an answer begins.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time of a call, its attempts and the answer's body included.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Whose credentials are used, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsOptions {
    /// A profile of the shared configuration files; `None` leaves the choice to the SDK
    /// (`AWS_PROFILE`).
    pub profile: Option<String>,
    /// A role to assume with the credentials found.
    pub role: Option<AwsRole>,
    /// The region of the services and of STS; `None` for the configured one.
    pub region: Option<String>,
    /// What the process's environment says to the SDK.
    pub variables: AwsVariables,
}

impl AwsOptions {
    /// Whoever these variables name.
    #[must_use]
    pub fn of(variables: &BTreeMap<String, String>) -> Self {
        Self { variables: AwsVariables::of(variables), ..Self::default() }
    }
}

/// A role to assume.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsRole {
    /// Its ARN.
    pub arn: String,
    /// The external id that its trust policy asks for.
    pub external_id: Option<String>,
}

/// The external id is not shown.
impl fmt::Debug for AwsRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsRole").field("arn", &self.arn).finish_non_exhaustive()
    }
}

/// An identity at AWS.
#[derive(Debug, Clone)]
pub struct AwsIdentity {
    /// What clients of services are made of. They make each call once: who calls retries.
    pub config: SdkConfig,
    /// The account to which the credentials belong: its id, or the access key where that does not
    /// tell.
    pub account: String,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// No credentials, or a role that cannot be assumed.
    #[error("instantiating AWS config: {identity}: {reason}")]
    Credentials {
        /// The profile or role.
        identity: String,
        /// The places that were tried, or why the role cannot be assumed.
        reason: String,
    },
    /// A setting that cannot be used.
    #[error("instantiating AWS config: {what} {reason}")]
    Setting {
        /// The variable with its value, or the value.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of authorities that cannot be used.
    #[error("instantiating AWS config: AWS_CA_BUNDLE={}: {reason}", path.display())]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A token that cannot be made.
    #[error("signing a token for EKS cluster {cluster:?}: {reason}")]
    EksToken {
        /// The cluster.
        cluster: String,
        /// What the SDK says about it.
        reason: String,
    },
}

/// Finds the credentials, and assumes the role.
///
/// # Errors
/// When there are no credentials, the role cannot be assumed, or a file cannot be used.
pub async fn aws_identity(options: &AwsOptions) -> Result<AwsIdentity, AwsError> {
    install_crypto();
    options.variables.check()?;
    if let Some(role) = &options.role {
        check_role(&role.arn)?;
    }
    let found = found_identity(options);
    tokio::time::timeout(CALL_TIMEOUT, found).await.unwrap_or_else(|_| {
        let reason = format!("no credentials within {} seconds", CALL_TIMEOUT.as_secs());
        Err(AwsError::Credentials { identity: identity(options), reason })
    })
}

async fn found_identity(options: &AwsOptions) -> Result<AwsIdentity, AwsError> {
    let region = region(options).await?;
    // Of variables and profiles the SDK takes nothing about retries, over which it could panic: who
    // calls retries.
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .env(options.variables.env())
        .region(region)
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts())
        .http_client(http_client(options)?);
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let mut config = loader.load().await;
    if let Some(profile) = &options.profile {
        let credentials = of_profile(profile, &config);
        config = with_credentials(&config, SharedCredentialsProvider::new(credentials));
    }
    if let Some(role) = &options.role {
        config = with_credentials(&config, assumed(role, &config).await);
    }
    prefetch(options, &config).await
}

/// Asks for the credentials once, to be used by the first call.
async fn prefetch(options: &AwsOptions, config: &SdkConfig) -> Result<AwsIdentity, AwsError> {
    let failed = |reason| AwsError::Credentials { identity: identity(options), reason };
    let provider = config
        .credentials_provider()
        .ok_or_else(|| failed("the SDK has no source of credentials".to_owned()))?;
    let first =
        fetch(&provider).await.map_err(|error| failed(tried::of_credentials(options, &error)))?;
    let account = account::of(&first, options.role.as_ref().map(|role| role.arn.as_str()));
    let provider = SharedCredentialsProvider::new(Prefetched::new(first, provider));
    let config = with_credentials(config, provider)
        .into_builder()
        .retry_config(RetryConfig::disabled())
        .build();
    Ok(AwsIdentity { config, account })
}

fn identity(options: &AwsOptions) -> String {
    match (&options.role, &options.profile) {
        (Some(role), Some(profile)) => format!("role {} with profile {profile}", role.arn),
        (Some(role), None) => format!("role {}", role.arn),
        (None, Some(profile)) => format!("profile {profile}"),
        (None, None) => "default credentials".to_owned(),
    }
}

/// The region that the options, else variables, else the profile name. Instance metadata is not asked:
/// where there is none that takes seconds.
pub async fn aws_region(options: &AwsOptions) -> Option<String> {
    let given = [options.region.as_deref(), options.variables.region()];
    if let Some(region) = given.into_iter().flatten().next() {
        return Some(region.to_owned());
    }
    let mut of_profile = ProfileFileRegionProvider::builder();
    if let Some(profile) = &options.profile {
        of_profile = of_profile.profile_name(profile);
    }
    let region = RegionProviderChain::first_try(of_profile.build()).region().await;
    region.map(|region| region.to_string()).filter(|region| !region.trim().is_empty())
}

async fn region(options: &AwsOptions) -> Result<Region, AwsError> {
    let region = aws_region(options).await.unwrap_or_else(|| FALLBACK_REGION.to_owned());
    if is_region(&region) {
        return Ok(Region::new(region));
    }
    let reason = format!("{NO_REGION}; check the flag, AWS_REGION and the profile");
    Err(AwsError::Setting { what: format!("region {region:?}"), reason })
}

/// `arn:aws:iam::111122223333:role/dns`, in any partition and with any path.
fn check_role(arn: &str) -> Result<(), AwsError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_role = matches!(parts[..], ["arn", _, "iam", "", account, resource]
        if !account.is_empty() && resource.starts_with("role/"));
    if is_role && arn.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = "is no ARN of a role, such as arn:aws:iam::111122223333:role/dns; \
                  aws iam get-role tells it";
    Err(AwsError::Setting { what: format!("role {arn:?}"), reason: reason.to_owned() })
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

fn of_profile(profile: &str, config: &SdkConfig) -> ProfileFileCredentialsProvider {
    let mut provider = ProviderConfig::without_region().with_region(config.region().cloned());
    if let Some(client) = config.http_client() {
        provider = provider.with_http_client(client);
    }
    ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile).build()
}

async fn assumed(role: &AwsRole, config: &SdkConfig) -> SharedCredentialsProvider {
    let mut builder =
        AssumeRoleProvider::builder(&role.arn).session_name(SESSION_NAME).configure(config);
    match &role.external_id {
        Some(id) => {
            tracing::info!("Assuming role {} with external id", role.arn);
            builder = builder.external_id(id);
        }
        None => tracing::info!("Assuming role: {}", role.arn),
    }
    SharedCredentialsProvider::new(builder.build().await)
}

fn with_credentials(config: &SdkConfig, provider: SharedCredentialsProvider) -> SdkConfig {
    config.to_builder().credentials_provider(provider).build()
}

/// The SDK's client, with two things that it does not do by itself: it goes through the proxies of
/// the environment, and trusts the bundle.
fn http_client(options: &AwsOptions) -> Result<SharedHttpClient, AwsError> {
    let mut store = TrustStore::default();
    let bundle = options.variables.ca_bundle();
    if let Some(path) = &bundle {
        let failed = |reason| AwsError::CaBundle { path: path.clone(), reason };
        store = store.with_pem_certificate(read_bundle(path).map_err(failed)?);
    }
    for root in built_in_roots() {
        store = store.with_pem_certificate(pem(root));
    }
    let context = TlsContext::builder().with_trust_store(store).build().map_err(|error| {
        AwsError::CaBundle { path: bundle.unwrap_or_default(), reason: error.to_string() }
    })?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector
            .set_connector_settings(settings.cloned())
            .set_sleep_impl(components.and_then(|components| components.sleep_impl()))
            .set_proxy_config(Some(ProxyConfig::from_env()));
        connector
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context.clone())
            .build()
    });
    Ok(around(client, measured::measured))
}

/// The only form in which the SDK takes certificates.
fn pem(certificate: &CertificateDer<'_>) -> String {
    let body = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

/// A file of certificates. The SDK would panic over anything else.
fn read_bundle(path: &Path) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        store.add(certificate).map_err(|error| error.to_string())?;
    }
    if store.is_empty() { Err("holds no PEM certificate".to_owned()) } else { Ok(pem) }
}
