//! What a plan was made of: the API servers that were read, and the rules that it keeps to. A plan of the wrong cluster or
//! of the wrong owner is easily taken for the right one.

use clap::ValueEnum as _;
use extdns_plan::{Guard, Policy, Settings};
use extdns_providers::Reader;

use super::{ClusterReport, Report};

/// What the plan of a target keeps to.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where the zones are.
    pub place: Option<Place>,
    /// Whose records are ours, each owner id once; none where the registry knows no owners.
    pub owners: Vec<String>,
    /// Which changes are allowed.
    pub policy: Policy,
    /// How much may change at once.
    pub guard: Guard,
}

/// Where zones are, as far as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In these accounts, projects or subscriptions.
    Account(String),
    /// At these servers; whose account it is, only they know.
    Server(String),
}

impl Place {
    /// That of a provider's zones.
    fn of(provider: &dyn Reader) -> Option<Self> {
        provider.accounts().map(Self::Account).or_else(|| provider.server().map(Self::Server))
    }

    fn sentence(&self) -> String {
        match self {
            Self::Account(name) => format!("account {name}"),
            Self::Server(name) => format!("server {name}"),
        }
    }
}

impl Rules {
    /// Those of a target.
    #[must_use]
    pub fn of(settings: &Settings, provider: &dyn Reader) -> Self {
        let mut owners: Vec<String> = settings.owners.iter().map(|(_, id)| id.to_owned()).collect();
        owners.dedup();
        let (policy, guard) = (settings.policy, settings.guard.clone());
        Self { place: Place::of(provider), owners, policy, guard }
    }

    /// `owner my-cluster, policy sync, guard at 30 % of deletes`
    pub(super) fn sentence(&self) -> String {
        let place = self.place.as_ref().map(Place::sentence);
        let owners = match &self.owners[..] {
            [] => "no owner".to_owned(),
            [one] => format!("owner {one}"),
            several => format!("owners {}", several.join(", ")),
        };
        let policy = self.policy.to_possible_value();
        let policy = policy.map(|policy| format!("policy {}", policy.get_name()));
        let parts = [place, Some(owners), policy, Some(guard(&self.guard))];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn guard(guard: &Guard) -> String {
    if guard.disabled {
        return "guard off".to_owned();
    }
    let updates = (guard.max_update_percent < 100)
        .then(|| format!("{} % of updates", guard.max_update_percent));
    let limits = [
        Some(format!("{} % of deletes", guard.max_delete_percent)),
        guard.max_deletes.map(|most| format!("{most} deletes")),
        updates,
    ];
    format!("guard at {}", limits.into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

/// The lines above a plan; none above what was done.
pub(super) fn lines(report: &Report) -> Vec<String> {
    if !report.planned_only {
        return Vec::new();
    }
    let cluster = |ClusterReport { name, reached, .. }: &ClusterReport| {
        Some(format!("cluster {name}: {}", reached.as_ref()?))
    };
    let clusters = report.clusters.iter().filter_map(cluster);
    let targets = report.targets.iter().filter_map(|target| {
        let rules = target.rules.as_ref()?.sentence();
        Some(format!("plan for {}: {rules}; nothing is written", target.name))
    });
    clusters.chain(targets).collect()
}
