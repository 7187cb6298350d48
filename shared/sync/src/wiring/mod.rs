//! From settings to the parts of a run.

mod cluster;
mod target;
mod watching;

use std::collections::BTreeSet;
use std::sync::Arc;

use extdns_model::ClusterId;
use extdns_plan::{Clusters, Reading};
use extdns_providers::{Accounts, Provider};
use extdns_sources::SystemResolver;

pub use cluster::WiredCluster;
pub use target::Target;
pub(crate) use target::{DEFAULT_OWNER, provider};
pub(crate) use watching::Watching;

use crate::outlets::Outlets;
use crate::phase::Phase;
use crate::settings::{Arguments, Environment, SettingsError};
use crate::stand_in::stand_in;
use crate::state::State;
use crate::stdin::Input;

/// The parts of a run, ready to start: clusters, which all targets share, and targets.
pub struct Wiring {
    /// Where objects are. The number of each is its position.
    pub clusters: Vec<WiredCluster>,
    /// What connecting needs of the process's environment.
    pub environment: extdns_clusters::Environment,
    /// What `-` among the manifests stands for.
    pub input: Input,
    /// Where records go, in the order of the settings; at least one.
    pub targets: Vec<Target>,
    /// Clusters that may suddenly want nothing.
    pub allow_empty: Vec<String>,
    /// Where runs leave what the next one needs to know; `None` for nowhere.
    pub state: Option<State>,
    /// Where runs tell what they did.
    pub outlets: Outlets,
    /// What the run is doing.
    pub(crate) phase: Phase,
    /// Whether the provider of some target could not be made.
    lacks_a_provider: bool,
    /// The connections to the clusters, where they outlive a run.
    pub(crate) watching: Option<Watching>,
}

/// Targets that are left out for a run, each with its position.
#[must_use = "a target that is not given back is lost"]
pub struct SetAside(Vec<(usize, Target)>);

impl Wiring {
    /// The parts that the settings name. A target whose provider cannot be made fails alone when the
    /// run reads its zones, as long as there is another target that can be worked on.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub async fn new(
        arguments: &Arguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let accounts = Accounts::default();
        let mut providers = Vec::with_capacity(arguments.target_entries.len());
        for entry in &arguments.target_entries {
            providers.push(provider(entry, arguments, environment, &accounts).await);
        }
        let wiring = Self::over_made(arguments, environment, providers)?;
        for hint in &arguments.hints {
            tracing::warn!("{hint}");
        }
        arguments.clusters.warn_of_deprecated();
        tell_of_sources(arguments);
        Ok(wiring)
    }

    /// Makes the parts again if the provider of some target could not be made: a process that runs
    /// more than once finds credentials that were not there at its start.
    pub async fn make_missing(&mut self, arguments: &Arguments, environment: &Environment) {
        if self.lacks_a_provider
            && let Ok(again) = Self::new(arguments, environment).await
        {
            let (input, watching) = (self.input.clone(), self.watching.take());
            *self = Self { input, watching, ..again };
        }
    }

    /// The same over providers of which some could not be made: one for each target.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn over_made(
        arguments: &Arguments,
        environment: &Environment,
        providers: Vec<Result<Arc<dyn Provider>, SettingsError>>,
    ) -> Result<Self, SettingsError> {
        let are_made: Vec<bool> = providers.iter().map(Result::is_ok).collect();
        let is_any_made = are_made.contains(&true);
        let providers = providers.into_iter().map(|provider| match provider {
            Err(error) if is_any_made => Ok(stand_in(error)),
            provider => provider,
        });
        let mut wiring = Self::over(arguments, environment, providers.collect::<Result<_, _>>()?)?;
        wiring.lacks_a_provider = are_made.contains(&false);
        let entries = arguments.target_entries.iter();
        for ((target, entry), is_made) in wiring.targets.iter().zip(entries).zip(are_made) {
            if is_made {
                target.check_sharing()?;
            }
            target.warn_of_defaults(&entry.arguments);
        }
        Ok(wiring)
    }

    /// Whether the settings can be used, as far as no provider needs to be asked for that.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(arguments: &Arguments, environment: &Environment) -> Result<(), SettingsError> {
        let none = arguments.target_entries.iter().map(|_| stand_in("no provider is asked"));
        Self::over(arguments, environment, none.collect()).map(drop)
    }

    /// The same over a provider that is there already.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn assemble(
        arguments: &Arguments,
        environment: &Environment,
        provider: Arc<dyn Provider>,
        provider_name: &str,
    ) -> Result<Self, SettingsError> {
        let mut wiring = Self::over(arguments, environment, vec![provider])?;
        for target in &mut wiring.targets {
            if target.name == target.provider_name {
                provider_name.clone_into(&mut target.name);
                target.plan.guard.target = provider_name.into();
            }
            provider_name.clone_into(&mut target.provider_name);
        }
        Ok(wiring)
    }

    /// The same over providers that are there already, one for each target.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn over(
        arguments: &Arguments,
        environment: &Environment,
        providers: Vec<Arc<dyn Provider>>,
    ) -> Result<Self, SettingsError> {
        let resolver = Arc::new(SystemResolver::default());
        let entries = &arguments.cluster_entries;
        let ids = (0..=u16::MAX).map(ClusterId);
        let clusters: Vec<WiredCluster> = ids
            .zip(entries)
            .map(|(id, entry)| WiredCluster::of(id, entry, &resolver))
            .collect::<Result<_, _>>()?;
        let targets = arguments.target_entries.iter().zip(providers);
        let targets = targets
            .map(|(entry, provider)| Target::of(entry, provider, arguments, environment))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            clusters,
            environment: environment.for_clusters(),
            input: Input::default(),
            targets,
            allow_empty: arguments.plan.guard.allow_empty.clone(),
            state: State::open(arguments, environment)?,
            outlets: Outlets::of(&arguments.commands)?,
            phase: Phase::default(),
            lacks_a_provider: false,
            watching: None,
        })
    }

    /// The clusters of a target, in the order of the settings.
    pub(crate) fn clusters_of<'a>(
        &'a self,
        target: &'a Target,
    ) -> impl Iterator<Item = &'a WiredCluster> + 'a {
        self.clusters.iter().filter(|own| target.clusters.contains(&own.cluster.id))
    }

    /// The clusters of a target where none is read, and none is frozen for that: each wants as many endpoints.
    pub(crate) fn unread_clusters(&self, target: &Target, endpoints: usize) -> Clusters {
        let known = Reading::Complete { endpoints };
        let cluster = |WiredCluster { cluster, .. }: &WiredCluster| {
            extdns_plan::Cluster::new(cluster.id, cluster.name.to_string(), known)
        };
        Clusters::new(self.clusters_of(target).map(cluster).collect())
    }

    /// Leaves out the targets that are not among these, until they are given back; none stand for all.
    pub fn set_aside(&mut self, wanted: &[String]) -> SetAside {
        let mut aside = Vec::new();
        if !wanted.is_empty() {
            let all = std::mem::take(&mut self.targets);
            for (position, target) in all.into_iter().enumerate() {
                match wanted.contains(&target.name) {
                    true => self.targets.push(target),
                    false => aside.push((position, target)),
                }
            }
        }
        SetAside(aside)
    }

    /// Takes targets back that were left out.
    pub fn take_back(&mut self, SetAside(aside): SetAside) {
        for (position, target) in aside {
            self.targets.insert(position, target);
        }
    }

    /// Whether the provider of some target could not be made: the next run tries again.
    pub(crate) fn lacks_a_provider(&self) -> bool {
        self.lacks_a_provider
    }

    /// Whether there are several targets, so that what is said of one has to name it.
    pub(crate) fn has_several_targets(&self) -> bool {
        self.targets.len() > 1
    }
}

/// Tells which annotations are read in place of the usual ones, and warns of outdated flags and of words of `--events-emit`
/// that ask for nothing, each once.
fn tell_of_sources(arguments: &Arguments) {
    let clusters = arguments.cluster_entries.iter();
    let prefixes = clusters.clone().filter_map(|entry| entry.arguments.sources.custom_prefix());
    for prefix in prefixes.collect::<BTreeSet<_>>() {
        tracing::info!("Using custom annotation prefix: {prefix}");
    }
    let outdated = clusters.clone().flat_map(|entry| entry.arguments.sources.deprecations());
    for text in outdated.collect::<BTreeSet<_>>() {
        tracing::warn!("{text}");
    }
    let words = clusters.flat_map(|entry| entry.arguments.sources.unknown_events());
    for word in words.collect::<BTreeSet<_>>() {
        tracing::warn!(
            "--events-emit={word}: there is no such reason, so it is left out; use RecordReady, RecordError or RecordDeleted"
        );
    }
}
