//! The identities of clouds: bearer tokens of some, signatures of others.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use extdns_auth::call::Fault;
use extdns_auth::{
    AlibabaKey, AlibabaMachine, AzureError, AzureIdentity, HttpError, OracleError, OracleIdentity,
};
use jiff::Timestamp;
use tokio::sync::OnceCell;

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

/// Who calls Alibaba Cloud: the holder of a key, or a machine by its role.
pub(crate) struct AlibabaIdentity {
    machine: Option<AlibabaMachine>,
    key: Mutex<AlibabaKey>,
    vpc: OnceCell<String>,
}

/// How long before its end the key of a role is fetched anew.
const EARLY: Duration = Duration::from_secs(600);

impl AlibabaIdentity {
    /// The holder of a key, and the VPC whose private zones are managed.
    pub(crate) fn of_key(id: String, secret: String, vpc: String) -> Self {
        let key = AlibabaKey { id, secret: secret.into(), ..AlibabaKey::default() };
        Self { machine: None, key: Mutex::new(key), vpc: OnceCell::new_with(Some(vpc)) }
    }

    /// The machine that this runs on. Nothing is asked for yet.
    pub(crate) fn of_machine(machine: AlibabaMachine) -> Self {
        Self { machine: Some(machine), key: Mutex::default(), vpc: OnceCell::new() }
    }

    /// The key that is good now.
    pub(crate) fn key(&self) -> AlibabaKey {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches the key of the role, unless there is one that is good.
    pub(crate) async fn prepare(&self, via: &Transport) -> Result<(), ProviderError> {
        let Some(machine) = self.machine.as_ref().filter(|_| !is_good(&self.key())) else {
            return Ok(());
        };
        let key = via.call("read metadata", async || Ok(machine.key().await?)).await?;
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = key;
        Ok(())
    }

    /// The VPC whose private zones are managed. The machine is asked for it once.
    pub(crate) async fn vpc(&self, via: &Transport) -> Result<&str, ProviderError> {
        let ask = || async {
            let Some(machine) = &self.machine else { return Ok(String::new()) };
            via.call("read metadata", async || Ok(machine.vpc().await?)).await
        };
        self.vpc.get_or_try_init(ask).await.map(String::as_str)
    }
}

fn is_good(key: &AlibabaKey) -> bool {
    let until = key.expires.as_ref().map(|text| text.parse::<Timestamp>());
    let is_good = |until: Timestamp| until > Timestamp::now() + EARLY;
    !key.id.is_empty() && until.is_none_or(|until| until.is_ok_and(is_good))
}

impl From<HttpError> for ProviderError {
    fn from(error: HttpError) -> Self {
        Self::config(error.to_string())
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
