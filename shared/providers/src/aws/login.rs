//! The identities of the profiles, and the ways to Route 53 that they give.

use aws_sdk_route53::Client;
use extdns_auth::{AwsIdentity, AwsOptions, AwsRole, AwsVariables, aws_identity};

use super::{AwsArgs, over};
use crate::engine::Zoned;
use crate::{Context, ProviderError};

/// Route 53 with the identities that the flags name.
///
/// # Errors
/// When there are no credentials, or the role cannot be assumed.
pub async fn provider(args: &AwsArgs, context: &Context) -> Result<Zoned, ProviderError> {
    let role = (!args.aws_assume_role.is_empty()).then(|| AwsRole {
        arn: args.aws_assume_role.clone(),
        external_id: Some(args.aws_assume_role_external_id.clone()).filter(|id| !id.is_empty()),
    });
    let variables = AwsVariables::of(context.environment.variables());
    let mut logins = Vec::new();
    for profile in args.profiles() {
        let name = profile.clone().unwrap_or_else(|| "default".to_owned());
        let (role, variables) = (role.clone(), variables.clone());
        let options = AwsOptions { profile, role, variables, ..AwsOptions::default() };
        let identity = aws_identity(&options)
            .await
            .map_err(|error| ProviderError::config(error.to_string()))?;
        logins.push(Login::new(&name, &identity));
    }
    Ok(over(logins, args, context))
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
        let config = config.interceptor(super::whole::Whole).build();
        Self {
            profile: profile.to_owned(),
            account: identity.account.clone(),
            client: Client::from_conf(config),
        }
    }
}
