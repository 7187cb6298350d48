//! Identities of Oracle Cloud: the key of a user, a machine (instance principal) or a service account of a cluster (workload
//! identity), and the signatures that they make.
//!
//! The last two make a session key and have it certified by a token; it signs like the key of a user until it is renewed.
//! <https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm>

mod key;
mod machine;
mod region;
mod session;
mod sign;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

pub use region::OracleRegion;
pub use sign::{OracleKey, signed_text};

use crate::call::Fault;
use crate::secrets::{self, Secret};
use crate::{HttpError, HttpOptions};
use session::Session;

/// Who calls.
#[derive(Debug, Clone)]
pub enum OracleWho {
    /// A user, with a key of the API.
    User {
        /// The region, by its name or its short code.
        region: String,
        /// What the API calls the key: the tenancy, the user and the fingerprint, with slashes between them.
        key_id: String,
        /// The RSA key, as PEM.
        key: Secret,
        /// What encrypts the key; empty where it is not encrypted.
        passphrase: Secret,
    },
    /// The machine that this runs on.
    Machine,
    /// The service account of the pod that this runs in, and the region of its cluster.
    Account(String),
}

/// What the environment says of it.
#[derive(Clone, Default)]
pub struct OracleVariables(BTreeMap<String, String>);

impl OracleVariables {
    /// Those of all variables that are looked at here.
    #[must_use]
    pub fn of(variables: &BTreeMap<String, String>) -> Self {
        let ours = |name: &str| {
            name.starts_with("OCI_") || ["HOME", "KUBERNETES_SERVICE_HOST"].contains(&name)
        };
        let kept = variables.iter().filter(|(name, value)| ours(name) && !value.trim().is_empty());
        Self(kept.map(|(name, value)| (name.clone(), value.trim().to_owned())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }
}

/// The values are not shown.
impl fmt::Debug for OracleVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why there is no identity, or no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OracleError {
    /// What the settings say cannot be used, or they say too little.
    #[error("{0}")]
    Setting(String),
    /// A call that was refused, or not answered.
    #[error("{what}: {fault}")]
    Call {
        /// What was asked for.
        what: &'static str,
        /// What happened.
        fault: Fault,
    },
}

impl OracleError {
    fn setting(text: impl Into<String>) -> Self {
        Self::Setting(text.into())
    }

    /// Whether it may be different in a moment.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Call { fault: Fault { may_pass: true, .. }, .. })
    }
}

impl From<HttpError> for OracleError {
    fn from(error: HttpError) -> Self {
        Self::Setting(error.to_string())
    }
}

/// An identity at Oracle Cloud.
pub struct OracleIdentity {
    /// Its region.
    pub region: OracleRegion,
    signer: Signer,
}

enum Signer {
    Key(OracleKey),
    Session(Box<Session>),
}

impl OracleIdentity {
    /// The identity. A machine is asked for its region; of the others nothing is sent yet.
    ///
    /// # Errors
    /// When the key cannot be used, this runs in no cluster, or the machine does not answer.
    pub async fn find(
        who: &OracleWho,
        variables: &OracleVariables,
        http: &HttpOptions,
    ) -> Result<Self, OracleError> {
        let named = |region: &str| OracleRegion::find(region, variables);
        let (region, signer) = match who {
            OracleWho::User { region, key_id, key, passphrase } => {
                secrets::register(key.text());
                secrets::register(passphrase.text());
                let key = OracleKey::of_pem(key_id.clone(), key.text(), passphrase.text())?;
                (named(region), Signer::Key(key))
            }
            OracleWho::Machine => {
                let (session, region) = Session::of_machine(variables, http).await?;
                (region, Signer::Session(Box::new(session)))
            }
            OracleWho::Account(region) => {
                let session = Session::of_account(variables, http)?;
                (named(region), Signer::Session(Box::new(session)))
            }
        };
        Ok(Self { region, signer })
    }

    /// Whether a request can be signed now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match &self.signer {
            Signer::Key(_) => true,
            Signer::Session(session) => session.is_good(),
        }
    }

    /// Makes a session key, unless there is one that is good. Of those who need one at the same time one makes it.
    ///
    /// # Errors
    /// When the service gives no token for it.
    pub async fn prepare(&self) -> Result<(), OracleError> {
        match &self.signer {
            Signer::Key(_) => Ok(()),
            Signer::Session(session) => session.renew().await,
        }
    }

    /// Adds the headers of a signature to a request that is complete but for them.
    ///
    /// # Errors
    /// When there is no session key yet, or a header cannot carry what it has to.
    pub fn sign(
        &self,
        (method, url): (&Method, &Url),
        headers: &mut HeaderMap,
        body: Option<&[u8]>,
    ) -> Result<(), OracleError> {
        let now = SystemTime::now();
        match &self.signer {
            Signer::Key(key) => key.sign((method, url), headers, body, now),
            Signer::Session(session) => session.key()?.sign((method, url), headers, body, now),
        }
    }
}

/// Without its key.
impl fmt::Debug for OracleIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OracleIdentity").field("region", &self.region).finish_non_exhaustive()
    }
}
