//! A target of a run.

use std::sync::Arc;

#[cfg(feature = "aws")]
use extdns_auth::AwsVariables;
use extdns_model::{
    ClusterId, Endpoint, Inventory, RecordSet, RecordType, Surroundings, ZoneIndex, property_names,
};
use extdns_plan::{Allowance, Policy, Settings, Sharing};
use extdns_providers::{Accounts, Adjusted, Provider};
#[cfg(feature = "aws")]
use extdns_registry::AwsCalls;
use extdns_registry::{Annotated, ClusterOwner, Keeper, Loaded, Places, Registry};
use extdns_sources::{Options, Pipeline};

use crate::error::RunError;
use crate::request::Overrides;
use crate::settings::{Arguments, ClusterEntry, Environment, SettingsError, TargetEntry};
use crate::state::effective;

/// Upstream's default: with it, clusters that share a zone take over the records of one another.
pub(crate) const DEFAULT_OWNER: &str = "default";

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

impl Target {
    pub(super) fn of(
        entry: &TargetEntry,
        provider: Arc<dyn Provider>,
        run: &Arguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let flags = &entry.arguments;
        let types = flags.plan.record_types().map_err(SettingsError::invalid)?;
        let options = Options::try_from(&run.sources).map_err(SettingsError::invalid)?;
        let pipeline = Pipeline::new(options.pipeline, types.contains(RecordType::Ptr))
            .map_err(SettingsError::invalid)?;
        let clusters: Vec<(ClusterId, &ClusterEntry)> = clusters_of(entry, run).collect();
        let owners: Vec<ClusterOwner> = clusters.iter().copied().map(owner_of).collect();
        let keeper = clusters.first().map(|(id, cluster)| Keeper {
            cluster: cluster.cluster(*id),
            environment: environment.for_clusters(),
        });
        let places = Places {
            keeper,
            #[cfg(feature = "aws")]
            aws: AwsCalls {
                options: flags
                    .providers
                    .aws
                    .options(None, AwsVariables::of(&environment.variables)),
                attempts: flags.providers.aws.attempts(),
            },
        };
        let ownership = ownership_of(entry)?;
        if ownership.registry != flags.registry.registry {
            tracing::info!(
                "Registry {:?} cannot be used with AWS Cloud Map. Switching to {:?}.",
                flags.registry.registry.name(),
                ownership.registry.name()
            );
        }
        let registry = extdns_registry::from_args(&ownership, &owners, places)
            .map_err(SettingsError::invalid)?;
        let mut plan = flags
            .plan
            .settings(registry.owners().clone(), &entry.name)
            .map_err(SettingsError::invalid)?;
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
    pub(super) fn check_sharing(&self) -> Result<(), SettingsError> {
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
    pub(super) fn warn_of_defaults(&self, arguments: &Arguments) {
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

    /// The settings of this one plan.
    pub(crate) fn plan_settings(&self, overrides: &Overrides) -> Settings {
        let mut settings = self.plan.clone();
        let allowed = overrides.allow_deletes.iter();
        settings.guard.allow_deletes.extend(allowed.map(|(zone_or_target, count)| Allowance {
            zone_or_target: zone_or_target.as_str().into(),
            count: *count,
        }));
        settings
    }

    /// What the provider makes of the desired endpoints. An address that asks for an alias of its own
    /// family is an alias, whatever the provider.
    pub(crate) async fn adjust(
        &self,
        desired: Vec<Endpoint>,
        zones: &ZoneIndex,
    ) -> Result<Adjusted, RunError> {
        let adjusted = self.provider.adjust(desired, zones).await;
        let mut adjusted = adjusted.map_err(RunError::Adjust)?;
        for endpoint in &mut adjusted.endpoints {
            let own_family = endpoint.set.rtype.is_address()
                && endpoint.set.properties().get(property_names::ALIAS)
                    == endpoint.set.rtype.known_text();
            if own_family {
                endpoint.set.edit_properties(|own| own.set(property_names::ALIAS, "true"));
            }
        }
        Ok(adjusted)
    }

    /// Why the provider would refuse to store a record set, if it would.
    pub(crate) fn refusal(&self) -> impl Fn(&RecordSet, Surroundings<'_>) -> Option<String> + '_ {
        |set, around| self.provider.refusal(set, around)
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
    let filter = flags.plan.filter().map_err(SettingsError::invalid)?;
    let owners: Vec<ClusterOwner> = clusters_of(entry, run).map(owner_of).collect();
    let context = extdns_providers::Context {
        environment: extdns_providers::Environment::new(environment.variables.clone()),
        owners: ownership_of(entry)?.owners(&owners).map_err(SettingsError::invalid)?,
        owner_ids: flags.registry.owner_ids(&owners).map_err(SettingsError::invalid)?,
        may_delete: flags.plan.policy.unwrap_or_default() == Policy::Sync,
        only_creates: flags.plan.policy == Some(Policy::CreateOnly),
        accounts: accounts.clone(),
        ..flags.providers.shared.context(filter).map_err(SettingsError::invalid)?
    };
    let kind = flags.providers.provider;
    let provider = kind.build(&flags.providers, &context).await.map_err(SettingsError::invalid)?;
    Ok(provider.into())
}

/// The flags of the registry that the provider of a target can have.
fn ownership_of(entry: &TargetEntry) -> Result<extdns_registry::Args, SettingsError> {
    let flags = &entry.arguments;
    flags.registry.with_provider(flags.providers.provider.name).map_err(SettingsError::invalid)
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
