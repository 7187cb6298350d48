//! The identities of the profiles, and the ways to Route 53 that they give.

use aws_sdk_route53::Client;
use extdns_auth::{AwsIdentity, AwsOptions, AwsRole, AwsVariables, around, aws_identity};

use super::digest::digesting;
use super::{AwsArgs, over};
use crate::engine::Zoned;
use crate::{Context, ProviderError};

/// Route 53 with the identities that the flags name.
///
/// # Errors
/// When there are no credentials, or the role cannot be assumed.
pub async fn provider(args: &AwsArgs, context: &Context) -> Result<Zoned, ProviderError> {
    let variables = AwsVariables::of(context.environment.variables());
    let mut logins = Vec::new();
    for profile in args.profiles() {
        let name = profile.clone().unwrap_or_else(|| "default".to_owned());
        let options = args.options(profile, variables.clone());
        let identity = aws_identity(&options)
            .await
            .map_err(|error| ProviderError::config(error.to_string()))?;
        logins.push(Login::new(&name, &identity));
    }
    Ok(over(logins, args, context))
}

impl AwsArgs {
    /// As whom AWS is called: with the credentials of a profile, or as the variables say, and in the role
    /// of the flags. Whatever calls AWS for the sake of these flags does so.
    #[must_use]
    pub fn options(&self, profile: Option<String>, variables: AwsVariables) -> AwsOptions {
        let role = (!self.aws_assume_role.is_empty()).then(|| AwsRole {
            arn: self.aws_assume_role.clone(),
            external_id: Some(self.aws_assume_role_external_id.clone()).filter(|id| !id.is_empty()),
        });
        AwsOptions { profile, role, variables, ..AwsOptions::default() }
    }

    /// How often a call is made at most, the first included.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        if self.aws_api_retries == 0 { u32::MAX } else { self.aws_api_retries }
    }
}

/// A profile's way to Route 53.
#[derive(Debug, Clone)]
pub struct Login {
    pub(super) profile: String,
    pub(super) account: String,
    pub(super) client: Client,
}

impl Login {
    /// The identity of a profile.
    #[must_use]
    pub fn new(profile: &str, identity: &AwsIdentity) -> Self {
        let config = aws_sdk_route53::config::Builder::from(&identity.config);
        let mut config = config.interceptor(super::whole::Whole);
        if let Some(client) = identity.config.http_client() {
            config = config.http_client(around(client, digesting));
        }
        let config = config.build();
        Self {
            profile: profile.to_owned(),
            account: identity.account.clone(),
            client: Client::from_conf(config),
        }
    }
}
