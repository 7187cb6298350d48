//! From settings to the parts of a run.

use std::sync::Arc;
use std::time::Duration;

use extdns_clusters::{Access, Cluster};
use extdns_model::{ClusterId, DomainFilter, Inventory, RecordType};
use extdns_plan::{DEFAULT_WEIGHT, Policy, Settings, Sharing};
use extdns_providers::{Accounts, Provider};
use extdns_registry::{Annotated, ClusterOwner, Keeper, Loaded, Registry};
use extdns_sources::{Options, Pipeline, Sources, SystemResolver};

use crate::error::RunError;
use crate::settings::{Arguments, ClusterEntry, Environment, SettingsError, TargetEntry};
use crate::stand_in::stand_in;
use crate::stdin::Input;
use crate::turn::{State, effective};

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
}

/// A cluster, and what is read of it.
pub struct WiredCluster {
    /// Where its objects are.
    pub cluster: Cluster,
    /// What is read of it.
    pub sources: Sources,
    /// How long reading it may take; `None` for its part of the run's time.
    pub timeout: Option<Duration>,
    /// The names that it may publish.
    pub domains: DomainFilter,
    /// The weight of its records where clusters share a name by weight.
    pub weight: u8,
}

/// Where records go. Each target is planned and written on its own.
pub struct Target {
    /// Its name: that of its provider, where the settings give none.
    pub name: String,
    /// The clusters whose records go there, in the order of the settings.
    pub clusters: Vec<ClusterId>,
    /// The pipeline between the sources and the plan.
    pub pipeline: Pipeline,
    /// Where records are.
    pub provider: Arc<dyn Provider>,
    /// The provider's name as in `--provider`: it decides which properties stay.
    pub provider_name: String,
    /// The registry, which knows who owns them.
    pub registry: Box<dyn Registry>,
    /// The settings of the plan.
    pub plan: Settings,
    /// Whether names of objects without an address stay as they are.
    pub keep_unready: bool,
    /// The settings of which the outcome of a run depends, as texts.
    pub effective: Vec<(String, String)>,
}

impl Wiring {
    /// The parts that the settings name.
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
            providers.push(provider(entry, arguments, environment, &accounts).await?);
        }
        let wiring = Self::over(arguments, environment, providers)?;
        for (target, entry) in wiring.targets.iter().zip(&arguments.target_entries) {
            target.check_sharing()?;
            target.warn_of_defaults(&entry.arguments);
        }
        arguments.clusters.warn_of_deprecated();
        Ok(wiring)
    }

    /// Whether the settings can be used, as far as no provider needs to be asked for that.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(arguments: &Arguments, environment: &Environment) -> Result<(), SettingsError> {
        let none = arguments.target_entries.iter().map(|_| stand_in());
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
        })
    }

    /// The clusters of a target, in the order of the settings.
    pub(crate) fn clusters_of<'a>(
        &'a self,
        target: &'a Target,
    ) -> impl Iterator<Item = &'a WiredCluster> + 'a {
        self.clusters.iter().filter(|own| target.clusters.contains(&own.cluster.id))
    }

    /// Whether there are several targets, so that what is said of one has to name it.
    pub(crate) fn has_several_targets(&self) -> bool {
        self.targets.len() > 1
    }
}

impl WiredCluster {
    fn of(
        id: ClusterId,
        entry: &ClusterEntry,
        resolver: &Arc<SystemResolver>,
    ) -> Result<Self, SettingsError> {
        let flags = &entry.arguments;
        if let Some(problem) = flags.clusters.validate().into_iter().next() {
            return Err(SettingsError::Invalid(problem));
        }
        let options = Options::try_from(&flags.sources).map_err(invalid)?;
        let mut cluster = entry.cluster(id);
        if !options.gather.needs_cluster() {
            cluster.access = Access::Manifests(Vec::new());
        }
        if flags.sources.assumes_target() && !matches!(cluster.access, Access::Manifests(_)) {
            let problem = "--assume-target is for manifests, which have no addresses; a cluster knows its own (use it with \
                           plan and --manifests)";
            return Err(SettingsError::Invalid(problem.to_owned()));
        }
        let resolver = Arc::clone(resolver);
        let sources = Sources::new(options.gather, resolver);
        let domains: Vec<&str> = entry.domains.iter().map(String::as_str).collect();
        Ok(Self {
            cluster,
            sources,
            timeout: entry.timeout,
            domains: DomainFilter::lists(domains, Vec::<&str>::new()),
            weight: entry.weight.unwrap_or(DEFAULT_WEIGHT),
        })
    }
}

impl Target {
    fn of(
        entry: &TargetEntry,
        provider: Arc<dyn Provider>,
        run: &Arguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let flags = &entry.arguments;
        let types = flags.plan.record_types().map_err(invalid)?;
        let options = Options::try_from(&run.sources).map_err(invalid)?;
        let pipeline =
            Pipeline::new(options.pipeline, types.contains(RecordType::Ptr)).map_err(invalid)?;
        let clusters: Vec<(ClusterId, &ClusterEntry)> = clusters_of(entry, run).collect();
        let owners: Vec<ClusterOwner> = clusters.iter().copied().map(owner_of).collect();
        let keeper = clusters.first().map(|(id, cluster)| Keeper {
            cluster: cluster.cluster(*id),
            environment: environment.for_clusters(),
        });
        let registry =
            extdns_registry::from_args(&flags.registry, &owners, keeper).map_err(invalid)?;
        let mut plan =
            flags.plan.settings(registry.owners().clone(), &entry.name).map_err(invalid)?;
        plan.weight_property = provider.capabilities().weight_property;
        let effective = effective(flags, clusters.iter().map(|(_, cluster)| *cluster));
        Ok(Self {
            name: entry.name.clone(),
            keep_unready: flags.plan.guard.keeps_unready(clusters.len()),
            clusters: clusters.into_iter().map(|(id, _)| id).collect(),
            pipeline,
            provider,
            provider_name: flags.providers.provider.name.to_owned(),
            registry,
            plan,
            effective,
        })
    }

    /// Looks whether the provider can do what `--sharing` says.
    fn check_sharing(&self) -> Result<(), SettingsError> {
        let provider = &self.provider_name;
        match self.plan.sharing {
            Sharing::Weighted if self.plan.weight_property.is_none() => {
                Err(SettingsError::Invalid(format!(
                    "--sharing=weighted: the provider {provider} has no weighted records; use first or merge"
                )))
            }
            Sharing::Merge if self.provider.capabilities().alias && self.clusters.len() > 1 => {
                tracing::warn!(
                    "--sharing=merge: the load balancers of {provider} have names, not addresses, and CNAMEs and \
                     aliases cannot be merged: of several clusters one gets such a name; use --sharing=weighted"
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Warns of settings that work, but perhaps not as the user expects. `doctor` reports the same
    /// among its findings.
    fn warn_of_defaults(&self, arguments: &Arguments) {
        for given in &arguments.without_effect {
            tracing::warn!(
                "flag '--{}' ({}) has no effect with --provider={}; leave it out, or see whether the \
                 provider is right",
                given.flag,
                given.origin,
                self.provider_name
            );
        }
        if arguments.plan.policy.is_none() {
            tracing::warn!(
                "no --policy is given, so records that nothing wants any more are deleted (sync); \
                 say --policy=sync, upsert-only or create-only"
            );
        }
        let owners = &self.plan.owners;
        if !owners.is_empty() && arguments.registry.txt_owner_id == DEFAULT_OWNER {
            tracing::warn!(
                "--txt-owner-id is left at \"default\": every ExternalDNS that does so counts these \
                 records as its own; give each cluster an id of its own"
            );
        }
        if owners.is_empty() && self.plan.policy == Policy::Sync && self.plan.filter.is_open() {
            tracing::warn!(
                "--registry=noop with --policy=sync and no --domain-filter deletes every record that \
                 no object wants, whoever made it"
            );
        }
    }

    /// Joins ownership to an inventory, and reads the store for it, where there is one.
    ///
    /// # Errors
    /// When the store could not be read in full.
    pub(crate) async fn annotate(&self, inventory: Inventory) -> Result<Annotated, RunError> {
        let loaded = match self.registry.store() {
            Some(store) => store.load().await.map_err(RunError::Ownership)?,
            None => Loaded::default(),
        };
        Ok(self.registry.annotate(inventory, loaded))
    }
}

/// The provider that the flags of a target name. All providers of the process are given the same accounts.
///
/// # Errors
/// When its flags cannot be used, or there are no credentials for it.
pub(crate) async fn provider(
    entry: &TargetEntry,
    run: &Arguments,
    environment: &Environment,
    accounts: &Accounts,
) -> Result<Arc<dyn Provider>, SettingsError> {
    let flags = &entry.arguments;
    let filter = flags.plan.filter().map_err(invalid)?;
    let owners: Vec<ClusterOwner> = clusters_of(entry, run).map(owner_of).collect();
    let context = extdns_providers::Context {
        environment: extdns_providers::Environment::new(environment.variables.clone()),
        owners: flags.registry.owners(&owners).map_err(invalid)?,
        may_delete: flags.plan.policy.unwrap_or_default() == Policy::Sync,
        accounts: accounts.clone(),
        ..flags.providers.shared.context(filter).map_err(invalid)?
    };
    let kind = flags.providers.provider;
    let provider = kind.build(&flags.providers, &context).await.map_err(invalid)?;
    Ok(provider.into())
}

/// The clusters that a target lists, with their numbers.
fn clusters_of<'a>(
    target: &'a TargetEntry,
    run: &'a Arguments,
) -> impl Iterator<Item = (ClusterId, &'a ClusterEntry)> + 'a {
    let is_listed = |name: &String| target.clusters.as_ref().is_none_or(|own| own.contains(name));
    let all = (0..=u16::MAX).map(ClusterId).zip(&run.cluster_entries);
    all.filter(move |(_, cluster)| is_listed(&cluster.name))
}

fn owner_of((id, cluster): (ClusterId, &ClusterEntry)) -> ClusterOwner {
    ClusterOwner {
        id,
        name: cluster.name.as_str().into(),
        owner: cluster.owner.as_deref().map(Into::into),
        affix: cluster.affix.clone(),
    }
}

/// Upstream's default: with it, clusters that share a zone take over the records of one another.
pub(crate) const DEFAULT_OWNER: &str = "default";

fn invalid(error: impl std::fmt::Display) -> SettingsError {
    SettingsError::Invalid(error.to_string())
}
