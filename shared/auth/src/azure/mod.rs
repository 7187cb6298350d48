//! Identities of Azure: which credential is used, in which cloud, and the tokens that it is exchanged for.
//!
//! Microsoft's own crate (`azure_identity`) is not used: it signs with a client certificate by OpenSSL alone,
//! a second TLS stack, and takes no server of a test. What is needed are two kinds of requests:
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow> and
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>.

mod assertion;
mod cloud;
mod config;
mod credential;
mod resource;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use cloud::AzureCloud;
pub use config::AzureVariables;
use config::Settings;
use credential::Credential;
pub use token::AzureTokens;

use crate::call::Clients;
use crate::held::Held;
use crate::{HttpOptions, Tried};

/// Where it is said who we are.
#[derive(Debug, Clone, Default)]
pub struct AzureOptions {
    /// The path of `azure.json`, which need not exist. Here and in the other fields an empty text is none.
    pub file: Option<PathBuf>,
    /// The subscription, in place of that of the file or of `AZURE_SUBSCRIPTION_ID`.
    pub subscription: Option<String>,
    /// The resource group, in place of that of the file or of `AZURE_RESOURCE_GROUP`.
    pub resource_group: Option<String>,
    /// The client id of a managed identity that a user assigned, in place of that of the file.
    pub user_assigned: Option<String>,
    /// What the environment says.
    pub variables: AzureVariables,
    /// How servers are reached.
    pub http: HttpOptions,
}

/// An identity at Azure.
pub struct AzureIdentity {
    /// The cloud.
    pub cloud: AzureCloud,
    /// The subscription, where one is named.
    pub subscription: Option<String>,
    /// The resource group, where one is named.
    pub resource_group: Option<String>,
    credential: Credential,
    clients: Clients,
    /// The token for Azure Resource Manager.
    held: Held,
}

/// A bearer token.
pub struct AzureToken {
    /// Its text, which is registered as a secret.
    pub text: String,
    /// How long it is good for, where that is said.
    pub lasts: Option<Duration>,
}

/// Why there is no identity, or no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AzureError {
    /// What the settings say cannot be used, or they say too little.
    #[error("{0}")]
    Setting(String),
    /// No credentials, or nothing that says where resources are, in any place.
    #[error("authenticating to Azure: {0}")]
    Missing(Tried),
    /// The credential was refused.
    #[error("a token for {who} was refused: {reason}")]
    Refused {
        /// The credential.
        who: String,
        /// What the server says, and the remedy.
        reason: String,
    },
    /// There was no usable answer; the same may succeed later.
    #[error("no token came for {who}: {reason}")]
    Unanswered {
        /// The credential.
        who: String,
        /// What happened.
        reason: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// A call that was refused, or not answered.
    #[error("{reason}")]
    Call {
        /// What the service says.
        reason: String,
        /// The status of the answer, if there was one.
        status: Option<u16>,
        /// Whether it may be different in a moment.
        may_pass: bool,
    },
}

impl AzureError {
    /// Whether it may be different in a moment: a server that is busy or did not answer.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unanswered { .. } | Self::Call { may_pass: true, .. })
    }

    /// The status with which a call was refused.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Call { status, .. } => *status,
            _ => None,
        }
    }
}

impl AzureIdentity {
    /// The identity that the settings name. A file may be read; nothing is sent yet.
    ///
    /// # Errors
    /// When the settings do not say it, with every place that was looked at.
    pub fn find(options: &AzureOptions) -> Result<Self, AzureError> {
        let file = options.file.as_deref().filter(|file| !file.as_os_str().is_empty());
        let settings = Settings::read(file, &options.variables)?;
        let given = |option: &Option<String>, field: &str, variable: &str| {
            let option = option.as_deref().map(str::trim).filter(|option| !option.is_empty());
            option.or_else(|| settings.get(field, variable)).map(str::to_owned)
        };
        // No variable of Azure has it, and one of ours is the flag's.
        let assigned = given(&options.user_assigned, "userAssignedIdentityID", "");
        let cloud = AzureCloud::of(&settings)?;
        let credential = Credential::choose(&settings, assigned.as_deref())?;
        Ok(Self {
            subscription: given(&options.subscription, "subscriptionId", "AZURE_SUBSCRIPTION_ID"),
            resource_group: given(&options.resource_group, "resourceGroup", "AZURE_RESOURCE_GROUP"),
            cloud,
            credential,
            clients: Clients::new(&options.http)
                .map_err(|error| AzureError::Setting(error.to_string()))?,
            held: Held::default(),
        })
    }

    /// The paths of the resource groups: below a subscription, without a `/` in front. `resource_group` names
    /// several with commas between them, `SUBSCRIPTION/GROUP` one of another subscription, and `*` stands for
    /// the whole subscription.
    ///
    /// # Errors
    /// When no group is named, or not of which subscription it is.
    pub fn resource_groups(&self) -> Result<Vec<String>, AzureError> {
        let missing = || {
            AzureError::Setting(
                "it is not known where the zones are: set subscriptionId and resourceGroup in the file of \
                 --azure-config-file, or --azure-subscription-id and --azure-resource-group, or \
                 AZURE_SUBSCRIPTION_ID and AZURE_RESOURCE_GROUP"
                    .to_owned(),
            )
        };
        let own = self.subscription.as_deref();
        let groups = self.resource_group.as_deref().ok_or_else(missing)?;
        let path = |text: &str| {
            let (subscription, group) = text.split_once('/').or(own.map(|own| (own, text)))?;
            let group =
                if group == "*" { String::new() } else { format!("/resourceGroups/{group}") };
            Some(format!("subscriptions/{subscription}{group}"))
        };
        groups.split(',').map(|text| path(text.trim()).ok_or_else(missing)).collect()
    }

    /// What the credential is, in words.
    #[must_use]
    pub fn who(&self) -> String {
        self.credential.to_string()
    }
}

/// Without its credential.
impl fmt::Debug for AzureIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureIdentity").field("cloud", &self.cloud).finish_non_exhaustive()
    }
}

/// Without its text.
impl fmt::Debug for AzureToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureToken").field("lasts", &self.lasts).finish_non_exhaustive()
    }
}
