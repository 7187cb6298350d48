//! The store that the settings name for what one run leaves for the next, and the settings that its hash covers.

use std::sync::Arc;
use std::time::Duration;

use extdns_model::ClusterId;
use extdns_state::{Context, Keeper, Store, SystemClock};

use crate::settings::{Arguments, ClusterEntry, Environment, Given, SettingsError};

/// The store of the runs of a wiring.
pub struct State {
    /// Where gates and leases are.
    pub store: Store,
    /// How long a run waits for a lease.
    pub wait: Duration,
    /// How old the last full read of a gated run may be.
    pub full_resync_interval: Duration,
}

impl State {
    /// The store that the settings name; `None` where they name none. Nothing is called yet.
    pub(crate) fn open(
        arguments: &Arguments,
        environment: &Environment,
    ) -> Result<Option<Self>, SettingsError> {
        let flags = &arguments.state;
        let first = arguments.cluster_entries.first();
        let context = Context {
            clock: Arc::new(SystemClock),
            keeper: first.map(|own| Keeper {
                cluster: own.cluster(ClusterId(0)),
                environment: environment.for_clusters(),
            }),
            #[cfg(feature = "aws")]
            aws: extdns_auth::AwsVariables::of(&environment.variables),
        };
        let store = flags.open(context).map_err(SettingsError::invalid)?;
        Ok(store.map(|store| Self {
            store,
            wait: flags.lease_wait,
            full_resync_interval: flags.full_resync_interval,
        }))
    }
}

/// The settings of which the outcome of a run depends, each with its value: those of the target, then those of each
/// of its clusters.
pub(crate) fn effective<'a>(
    target: &Arguments,
    clusters: impl Iterator<Item = &'a ClusterEntry>,
) -> Vec<(String, String)> {
    let mut effective: Vec<(String, String)> = of(&target.given).collect();
    for ClusterEntry { name, own, arguments, .. } in clusters {
        effective.push(("cluster".to_owned(), name.clone()));
        effective.extend(of(own));
        effective.extend(of(&arguments.given));
    }
    effective
}

fn of(given: &[Given]) -> impl Iterator<Item = (String, String)> {
    let matters = |own: &&Given| !WITHOUT_EFFECT.contains(&own.flag.as_str());
    given.iter().filter(matters).map(|own| (own.flag.clone(), own.text.clone()))
}

/// Flags of which what is written does not depend, or not that of a run which wrote everything.
const WITHOUT_EFFECT: [&str; 25] = [
    "allow-deletes",
    "allow-empty",
    "config",
    "detailed-exitcode",
    "dry-run",
    "events-emit",
    "full-resync-interval",
    "interval",
    "lease-wait",
    "listen",
    "listen-tls-cert",
    "listen-tls-key",
    "log-format",
    "log-level",
    "metrics-file",
    "once",
    "out",
    "output",
    "plan-hash",
    "queue-url",
    "relay-credentials",
    "relay-joins",
    "relay-window",
    "report",
    "timeout",
];
