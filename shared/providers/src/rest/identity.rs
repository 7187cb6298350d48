//! Bearer tokens of the identities of clouds.

use async_trait::async_trait;
use extdns_auth::{AzureError, AzureIdentity};

use super::{Auth, Token, TokenSource};
use crate::{ErrorKind, ProviderError, Transport};

impl Auth {
    /// Tokens of an identity of Azure, for Azure Resource Manager.
    #[must_use]
    pub fn azure(identity: AzureIdentity) -> Self {
        Self::tokens(identity)
    }
}

#[async_trait]
impl TokenSource for AzureIdentity {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let ask = async || Ok(self.token(&self.cloud.audience).await?);
        let token = via.call("get token", ask).await?;
        Ok(Token::new(token.text, token.lasts))
    }

    /// The identity registers what is secret when it loads it.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

impl From<AzureError> for ProviderError {
    fn from(error: AzureError) -> Self {
        let kind = match &error {
            AzureError::Refused { .. } => ErrorKind::Unauthorised,
            AzureError::Unanswered { retry_after: Some(wait), .. } => {
                ErrorKind::Throttled { retry_after: Some(*wait) }
            }
            AzureError::Unanswered { .. } => ErrorKind::Transient,
            _ => ErrorKind::Config,
        };
        Self::new(kind, error.to_string())
    }
}
