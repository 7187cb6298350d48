//! The identities of clouds: bearer tokens of some, signatures of others.

use async_trait::async_trait;
use extdns_auth::call::Fault;
use extdns_auth::{AzureError, AzureIdentity, OracleError, OracleIdentity};

use super::{Auth, Outgoing, Signer, Token, TokenSource};
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

#[async_trait]
impl Signer for OracleIdentity {
    async fn prepare(&self, via: &Transport) -> Result<(), ProviderError> {
        if self.is_ready() {
            return Ok(());
        }
        via.call("get token", async || Ok(OracleIdentity::prepare(self).await?)).await
    }

    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let Outgoing { method, url, headers, body } = request;
        Ok(OracleIdentity::sign(self, (method, url), headers, body.as_deref())?)
    }
}

impl From<OracleError> for ProviderError {
    fn from(error: OracleError) -> Self {
        let kind = match &error {
            OracleError::Call { fault, .. } => kind_of(fault),
            _ => ErrorKind::Config,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Fault> for ProviderError {
    fn from(fault: Fault) -> Self {
        Self::new(kind_of(&fault), fault.to_string())
    }
}

fn kind_of(fault: &Fault) -> ErrorKind {
    match fault.status.map(|status| status.as_u16()) {
        _ if fault.may_pass => ErrorKind::Transient,
        Some(401 | 403) => ErrorKind::Unauthorised,
        _ => ErrorKind::Config,
    }
}
