//! From settings to the parts of a run.

use std::sync::Arc;

use extdns_clusters::{Access, Cluster};
use extdns_model::{ClusterId, Inventory, RecordType};
use extdns_plan::{Policy, Settings};
use extdns_providers::{Accounts, Provider};
use extdns_registry::{Annotated, ClusterOwner, Keeper, Loaded, Registry};
use extdns_sources::{Options, Pipeline, Sources, SystemResolver};

use crate::error::RunError;
use crate::settings::{Arguments, Environment, SettingsError};

/// The parts of a run, ready to start.
pub struct Wiring {
    /// Where objects are.
    pub clusters: Vec<Cluster>,
    /// What connecting needs of the process's environment.
    pub environment: extdns_clusters::Environment,
    /// What is read of them.
    pub sources: Sources,
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
    /// Clusters that may suddenly want nothing.
    pub allow_empty: Vec<String>,
}

impl Wiring {
    /// The parts that the flags name.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub async fn new(
        arguments: &Arguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let provider = provider(arguments, environment, &Accounts::default()).await?;
        let name = arguments.providers.provider.name;
        let wiring = Self::assemble(arguments, environment, provider, name)?;
        wiring.warn_of_defaults(arguments);
        Ok(wiring)
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
        if let Some(problem) = arguments.clusters.validate().into_iter().next() {
            return Err(SettingsError::Invalid(problem));
        }
        let options = Options::try_from(&arguments.sources).map_err(invalid)?;
        let types = arguments.plan.record_types().map_err(invalid)?;
        let pipeline =
            Pipeline::new(options.pipeline, types.contains(RecordType::Ptr)).map_err(invalid)?;
        let mut cluster = arguments.clusters.cluster(ClusterId(0), DEFAULT_CLUSTER);
        let keeper = Keeper { cluster: cluster.clone(), environment: environment.for_clusters() };
        if !options.gather.needs_cluster() {
            cluster.access = Access::Manifests(Vec::new());
        }
        let owner = ClusterOwner { id: cluster.id, name: cluster.name.clone(), owner: None };
        let registry = extdns_registry::from_args(&arguments.registry, &[owner], Some(keeper))
            .map_err(invalid)?;
        let plan =
            arguments.plan.settings(registry.owners().clone(), provider_name).map_err(invalid)?;
        Ok(Self {
            clusters: vec![cluster],
            environment: environment.for_clusters(),
            sources: Sources::new(options.gather, Arc::new(SystemResolver::default())),
            pipeline,
            provider,
            provider_name: provider_name.to_owned(),
            registry,
            plan,
            keep_unready: arguments.plan.guard.keeps_unready(1),
            allow_empty: arguments.plan.guard.allow_empty.clone(),
        })
    }
}

impl Wiring {
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

/// The provider that the flags name. All providers of the process are given the same accounts.
///
/// # Errors
/// When its flags cannot be used, or there are no credentials for it.
pub(crate) async fn provider(
    arguments: &Arguments,
    environment: &Environment,
    accounts: &Accounts,
) -> Result<Arc<dyn Provider>, SettingsError> {
    let filter = arguments.plan.filter().map_err(invalid)?;
    let context = extdns_providers::Context {
        environment: extdns_providers::Environment::new(environment.variables.clone()),
        owners: arguments.registry.owners(&[]).map_err(invalid)?,
        may_delete: arguments.plan.policy.unwrap_or_default() == Policy::Sync,
        accounts: accounts.clone(),
        ..arguments.providers.shared.context(filter).map_err(invalid)?
    };
    let entry = arguments.providers.provider;
    let provider = entry.build(&arguments.providers, &context).await.map_err(invalid)?;
    Ok(provider.into())
}

/// The name of the one cluster of a run without a configuration file.
const DEFAULT_CLUSTER: &str = "default";

/// Upstream's default: with it, clusters that share a zone take over the records of one another.
pub(crate) const DEFAULT_OWNER: &str = "default";

fn invalid(error: impl std::fmt::Display) -> SettingsError {
    SettingsError::Invalid(error.to_string())
}
