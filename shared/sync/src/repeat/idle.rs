//! Runs that would find nothing new.

use std::time::Duration;

use tokio::time::Instant;

use crate::settings::Arguments;
use crate::wiring::{Watching, Wiring};

/// What is known since the last run that left nothing to do.
pub(super) struct Idle {
    /// For how long the zones are taken for unchanged; not at all without `--txt-cache-interval` and
    /// `--provider-cache-time`.
    cached_for: Duration,
    last: Option<Last>,
}

struct Last {
    began: Instant,
    /// How many changes there were in the clusters by then.
    changes: u64,
}

impl Idle {
    pub(super) fn new(arguments: &Arguments) -> Self {
        // Load balancers whose names are looked up change without a change in the cluster.
        let looks_up = |own: &crate::settings::Given| {
            own.flag == "resolve-service-load-balancer-hostname" && own.text != "false"
        };
        let clusters = &arguments.cluster_entries;
        let looks_up = clusters.iter().any(|own| own.arguments.given.iter().any(looks_up));
        let of_targets = arguments.target_entries.iter().map(|own| {
            let flags = &own.arguments;
            flags.registry.txt_cache_interval.max(flags.providers.provider_cache_time)
        });
        let cached_for = if looks_up { None } else { of_targets.min() };
        Self { cached_for: cached_for.unwrap_or_default(), last: None }
    }

    /// A run ended that began then; it may have left something to do.
    pub(super) fn ended(&mut self, began: Instant, changes: u64, is_done: bool) {
        self.last = is_done.then_some(Last { began, changes });
    }

    /// Whether a run now would read the same clusters, and may take the zones for unchanged.
    pub(super) fn is_now(&self, now: Instant, wiring: &Wiring, watching: &Watching) -> bool {
        self.last.as_ref().is_some_and(|last| {
            last.changes == watching.changes().number()
                && now.duration_since(last.began) < self.cached_for
                && watching.is_current(&wiring.clusters)
        })
    }
}
