//! Bearer tokens for the API servers of EKS.
//!
//! A token is the URL of an STS call, `GetCallerIdentity`, signed by us and made by the API server: the answer tells it
//! who we are. The name of the cluster is signed with it, so that a token for one cluster opens no other. Nothing is
//! sent to make one. <https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster>

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::credentials::fetch;
use super::{AwsError, aws_error_chain};
use crate::secrets;

const PREFIX: &str = "k8s-aws-v1.";
/// The header that binds a token to a cluster.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";
/// What the URL says of itself. The API server takes it for 15 minutes all the same.
const EXPIRES_IN: Duration = Duration::from_secs(60);
/// Of the 15 minutes, the last five are left to slow answers and to clocks that differ.
const RENEWED_AFTER: Duration = Duration::from_secs(600);

/// The tokens of one identity for one cluster, for a run of any length.
pub struct EksTokens {
    cluster: String,
    region: String,
    /// URL of the STS that the API server asks.
    sts: String,
    credentials: SharedCredentialsProvider,
    current: Mutex<Option<Current>>,
}

/// The last token, and when the next is made.
struct Current {
    token: SecretString,
    until: SystemTime,
}

impl fmt::Debug for EksTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EksTokens").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

impl EksTokens {
    /// Tokens for `cluster` in the region of the configuration, signed with its credentials.
    ///
    /// The host in a token is STS as AWS names it, for the partition of the region: an `AWS_ENDPOINT_URL_STS` holds
    /// for our own calls, and the API server refuses any other host.
    ///
    /// # Errors
    /// When the configuration has no credentials, or no region that can be.
    pub async fn new(config: &SdkConfig, cluster: &str) -> Result<Self, AwsError> {
        let failed = |reason: String| AwsError::EksToken { cluster: cluster.to_owned(), reason };
        let region = config.region().ok_or_else(|| failed("there is no region".to_owned()))?;
        let parameters = Params::builder()
            .region(region.to_string())
            .set_use_fips(config.use_fips())
            .set_use_dual_stack(config.use_dual_stack())
            .build()
            .map_err(|error| failed(aws_error_chain(&error)))?;
        let endpoint = DefaultResolver::new()
            .resolve_endpoint(&parameters)
            .await
            .map_err(|error| failed(aws_error_chain(&*error)))?;
        let credentials = config
            .credentials_provider()
            .ok_or_else(|| failed("the SDK has no source of credentials".to_owned()))?;
        Ok(Self {
            cluster: cluster.to_owned(),
            region: region.to_string(),
            sts: endpoint.url().to_owned(),
            credentials,
            current: Mutex::default(),
        })
    }

    /// A token that holds for five minutes at least: the last one, or a new one.
    ///
    /// # Errors
    /// When there are no credentials any more.
    pub async fn token(&self) -> Result<SecretString, AwsError> {
        self.token_at(SystemTime::now()).await
    }

    async fn token_at(&self, now: SystemTime) -> Result<SecretString, AwsError> {
        let mut current = self.current.lock().await;
        if let Some(Current { token, until }) = &*current
            && now < *until
        {
            return Ok(token.clone());
        }
        let credentials = fetch(&self.credentials).await;
        let credentials = credentials.map_err(|error| self.failed(aws_error_chain(&error)))?;
        let token = self.sign(&credentials, now)?;
        secrets::register(&token);
        let token = SecretString::from(token);
        // STS refuses the call as soon as the session is over.
        let until = credentials.expiry().unwrap_or(now + RENEWED_AFTER).min(now + RENEWED_AFTER);
        *current = Some(Current { token: token.clone(), until });
        Ok(token)
    }

    fn sign(&self, credentials: &Credentials, now: SystemTime) -> Result<String, AwsError> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(EXPIRES_IN);
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("sts")
            .time(now)
            .settings(settings)
            .build()
            .map_err(|error| self.failed(aws_error_chain(&error)))?
            .into();
        let url = format!("{}/?Action=GetCallerIdentity&Version=2011-06-15", self.sts);
        let headers = std::iter::once((CLUSTER_HEADER, self.cluster.as_str()));
        let request = SignableRequest::new("GET", &url, headers, SignableBody::Bytes(&[]))
            .map_err(|error| self.failed(aws_error_chain(&error)))?;
        let (signature, _) = sign(request, &parameters)
            .map_err(|error| self.failed(aws_error_chain(&error)))?
            .into_parts();
        let mut signed = http::Request::get(&url)
            .body(())
            .map_err(|error| self.failed(aws_error_chain(&error)))?;
        signature.apply_to_request_http1x(&mut signed);
        Ok(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(signed.uri().to_string())))
    }

    fn failed(&self, reason: String) -> AwsError {
        AwsError::EksToken { cluster: self.cluster.clone(), reason }
    }
}

#[cfg(test)]
mod tests;
