//! Tokens that are read again where the server refuses them: one that was right at the beginning of a run may end in it.

use std::path::PathBuf;
use std::time::Duration;

use kube::config::{AuthInfo, ExecConfig};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use crate::{credentials, exec};

/// A token, and where the next one comes from.
pub(crate) struct Renewable {
    origin: TokenOrigin,
    current: Mutex<Current>,
}

enum TokenOrigin {
    /// A file that something else keeps up to date, as the kubelet does.
    File(PathBuf),
    /// A credential plugin, and how long it may take.
    Plugin(Box<ExecConfig>, Duration),
}

struct Current {
    /// How often a new token was read.
    number: u64,
    token: SecretString,
}

impl Renewable {
    /// Takes the token from the credentials, if it came from a plugin or a file: the client would send it for ever.
    pub(crate) fn take(
        auth: &mut AuthInfo,
        file: Option<PathBuf>,
        plugin: Option<ExecConfig>,
        timeout: Duration,
    ) -> Option<Self> {
        let origin = match (plugin, file) {
            (Some(plugin), _) => TokenOrigin::Plugin(Box::new(plugin), timeout),
            (None, Some(file)) => TokenOrigin::File(file),
            (None, None) => return None,
        };
        let current = Mutex::new(Current { number: 0, token: auth.token.take()? });
        Some(Self { origin, current })
    }

    pub(crate) async fn token(&self) -> SecretString {
        self.current.lock().await.token.clone()
    }

    /// The number of the token that is sent now.
    pub(crate) async fn number(&self) -> u64 {
        self.current.lock().await.number
    }

    /// Whether there is another token in place of the one with this number, which the server refused. It is read once
    /// for all requests that were refused with it.
    pub(crate) async fn renew(&self, refused: u64) -> bool {
        let mut current = self.current.lock().await;
        if current.number != refused {
            return true;
        }
        match self.read().await {
            Ok(token) if token.expose_secret() != current.token.expose_secret() => {
                *current = Current { number: refused + 1, token };
                true
            }
            Ok(_) => false,
            Err(reason) => {
                tracing::debug!(reason, "the token cannot be read again");
                false
            }
        }
    }

    async fn read(&self) -> Result<SecretString, String> {
        let mut auth = AuthInfo::default();
        match &self.origin {
            TokenOrigin::File(path) => auth.token = Some(credentials::read_token(path)?),
            TokenOrigin::Plugin(plugin, timeout) => {
                auth.exec = Some((**plugin).clone());
                exec::resolve(&mut auth, *timeout).await?;
            }
        }
        credentials::admit(&auth)?;
        auth.token.ok_or_else(|| "the plugin gave no token".to_owned())
    }
}
