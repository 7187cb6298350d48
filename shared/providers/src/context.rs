//! What every provider needs of a run.

use std::num::NonZeroUsize;
use std::time::Duration;

use extdns_auth::HttpOptions;
use extdns_model::Owners;

use crate::engine::Accounts;
use crate::rest::{Account, Auth, Rest, Service};
use crate::{Capabilities, Environment, ProviderError, ZoneFilter};

/// What every provider needs of a run: what is not in the flags of its own.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The environment variables, where providers find credentials.
    pub environment: Environment,
    /// Which zones are managed; others are not read.
    pub zones: ZoneFilter,
    /// How servers are reached: the flags `--tls-..`.
    pub http: HttpOptions,
    /// How large batches are, and how far apart.
    pub batches: Batches,
    /// The owner ids of this target, for a provider that keeps them with its records.
    pub owners: Owners,
    /// The same, also where the registry keeps no owners.
    pub owner_ids: Owners,
    /// Whether the policy lets records be deleted, for a provider that clears away what it made beside
    /// them.
    pub may_delete: bool,
    /// Whether the policy lets records be created alone, so that nothing that is there need be known.
    pub only_creates: bool,
    /// The accounts of the process: all runs, targets and providers that call one account share its
    /// budget.
    pub accounts: Accounts,
}

impl Context {
    /// A client of a service for the account of these credentials. `base` takes the place of the
    /// service's own URL.
    ///
    /// # Errors
    /// When the URL is none, or a file of the TLS flags cannot be used.
    pub fn rest(
        &self,
        service: &Service,
        base: Option<&str>,
        auth: Auth,
    ) -> Result<Rest, ProviderError> {
        Ok(Rest::new(service, base, auth, &self.http)?.sharing(&self.accounts))
    }

    /// The same, where no certificate of the server is checked if the user of a provider says so.
    #[must_use]
    pub fn trusting_any(&self, accept_any_certificate: bool) -> Self {
        let http = HttpOptions { accept_any_certificate, ..self.http.clone() };
        Self { http, ..self.clone() }
    }

    /// The account that this client is for, with the zones that the user wants.
    #[must_use]
    pub fn account(&self, rest: Rest, capabilities: Capabilities) -> Account {
        Account { rest, capabilities, zones: self.zones.clone() }
    }
}

/// How the user wants batches: `--batch-change-size`, `--batch-change-interval`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Batches {
    /// Most changes of one batch; `None` leaves it to the provider.
    pub changes: Option<NonZeroUsize>,
    /// Pause between two batches of a zone; `None` leaves it to the provider.
    pub pause: Option<Duration>,
}

impl Batches {
    /// The capabilities of an API that is sent such batches. No batch gets larger than the API takes.
    #[must_use]
    pub fn within(self, mut capabilities: Capabilities) -> Capabilities {
        let limits = &mut capabilities.batch_limits;
        limits.changes = self.changes.map_or(limits.changes, |most| most.get().min(limits.changes));
        capabilities.batch_pause = self.pause.unwrap_or(capabilities.batch_pause);
        capabilities
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BatchLimits;

    #[test]
    fn batches_are_as_the_user_wants_them_and_never_larger_than_the_api_takes() {
        let api = Capabilities {
            batch_limits: BatchLimits::changes(1000),
            batch_pause: Duration::from_secs(2),
            ..Capabilities::new("example")
        };
        let table = [
            (None, None, 1000, 2),
            (Some(50), None, 50, 2),
            (Some(5000), Some(0), 1000, 0),
            (None, Some(7), 1000, 7),
        ];
        for (changes, pause, most, seconds) in table {
            let batches = Batches {
                changes: changes.and_then(NonZeroUsize::new),
                pause: pause.map(Duration::from_secs),
            };
            let ours = batches.within(api.clone());
            assert_eq!(ours.batch_limits.changes, most, "{batches:?}");
            assert_eq!(ours.batch_pause, Duration::from_secs(seconds), "{batches:?}");
        }
    }
}
