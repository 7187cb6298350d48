//! From settings to the parts of a run.

use std::sync::Arc;

use extdns_clusters::{Access, Cluster};
use extdns_model::{ClusterId, Inventory, RecordType};
use extdns_plan::{Policy, Settings};
use extdns_providers::Provider;
use extdns_registry::{Annotated, ClusterOwner, Registry};
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
    /// What becomes of it before the plan.
    pub pipeline: Pipeline,
    /// Where records are.
    pub provider: Arc<dyn Provider>,
    /// The provider's name as in `--provider`: it decides which properties stay.
    pub provider_name: String,
    /// Who owns them.
    pub registry: Box<dyn Registry>,
    /// What a plan depends on.
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
        let provider = provider(arguments, environment).await?;
        let name = arguments.providers.provider.name;
        Self::assemble(arguments, environment, provider, name)
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
        if !options.gather.needs_cluster() {
            cluster.access = Access::Manifests(Vec::new());
        }
        let owner = ClusterOwner { id: cluster.id, name: cluster.name.clone(), owner: None };
        let registry =
            extdns_registry::from_args(&arguments.registry, &[owner]).map_err(invalid)?;
        let plan =
            arguments.plan.settings(registry.owners().clone(), provider_name).map_err(invalid)?;
        warn_of_unowned_deletes(&plan);
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
    /// Joins ownership to an inventory, and reads the store for it, where there is one.
    ///
    /// # Errors
    /// When the store could not be read in full.
    pub(crate) async fn annotate(&self, inventory: Inventory) -> Result<Annotated, RunError> {
        let loaded = match self.registry.store() {
            Some(store) => store.load().await.map_err(RunError::Ownership)?,
            None => Vec::new(),
        };
        Ok(self.registry.annotate(inventory, loaded))
    }
}

/// The provider that the flags name.
///
/// # Errors
/// When its flags cannot be used, or there are no credentials for it.
pub(crate) async fn provider(
    arguments: &Arguments,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, SettingsError> {
    let context = extdns_providers::Context {
        domain_filter: arguments.plan.filter().map_err(invalid)?,
        environment: extdns_providers::Environment::new(environment.variables.clone()),
        aws: extdns_auth::AwsVariables::of(&environment.variables),
    };
    let entry = arguments.providers.provider;
    let provider = entry.build(&arguments.providers, &context).await.map_err(invalid)?;
    Ok(provider.into())
}

/// The name of the one cluster of a run without a configuration file.
const DEFAULT_CLUSTER: &str = "default";

fn invalid(error: impl std::fmt::Display) -> SettingsError {
    SettingsError::Invalid(error.to_string())
}

/// Without owners every record that nothing wants is deleted, whoever made it.
fn warn_of_unowned_deletes(plan: &Settings) {
    if plan.owners.is_empty() && plan.policy == Policy::Sync && plan.filter.is_open() {
        tracing::warn!(
            "--registry=noop with --policy=sync and no --domain-filter deletes every record that \
             no object wants, whoever made it"
        );
    }
}
