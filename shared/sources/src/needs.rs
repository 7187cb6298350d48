//! What the sources read and write in a cluster, and so which rights they need there.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use extdns_clusters::{ClusterView, Event, Projection, ReadError, ResourceType, Right};

/// Something that a source reads or writes in a cluster.
#[derive(Debug, Clone)]
pub struct Need {
    /// The source.
    pub source: &'static str,
    /// For which objects it does so: a fragment that reads after "for".
    pub purpose: &'static str,
    /// Whether it only writes what people look at: without the right no record is missing.
    pub is_courtesy: bool,
    verb: Verb,
    kind: Kind,
    namespace: Option<EcoString>,
}

/// The purpose of the row with what a source lists as its own.
pub(crate) const OWN_OBJECTS: &str = "all its objects";

/// What a source can come to do to the objects of one kind.
pub(crate) struct Row {
    verb: Verb,
    pub(crate) kind: Kind,
    purpose: &'static str,
    /// Where, if not in the namespace of the run; `Some(None)` for all namespaces.
    namespace: Option<Option<EcoString>>,
    /// What is read of the objects, where that is always the same.
    pub(crate) projection: Option<TypeId>,
    /// Whether the objects only complete those of another kind.
    is_joined: bool,
    /// Whether the cluster must serve the kind even where no object needs one of its objects.
    pub(crate) is_required: bool,
    /// The flag that asks for the kind, where it is not `--source`.
    pub(crate) flag: Option<&'static str>,
    /// Whether only a run over one namespace does this.
    pub(crate) is_elsewhere: bool,
    /// The fields that are read of the objects, for the table of sources.
    #[cfg(test)]
    pub(crate) fields: Option<fn() -> BTreeSet<String>>,
}

/// A kind of objects of which a change may change what a source wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedKind {
    /// Its group; empty for the core group.
    pub group: EcoString,
    /// Its plural name; empty where only the kind is known.
    pub plural: EcoString,
    /// Its kind; empty where only the plural name is known.
    pub kind: EcoString,
    /// Whether the objects only complete those of another kind, such as the pods of a service.
    pub is_joined: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    List,
    Get,
    UpdateStatus,
    Create,
}

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A kind with a fixed API version, with its older versions.
    Known(ResourceType, &'static [&'static str]),
    /// One that only the settings name; the cluster says where it serves it.
    Named { group: EcoString, version: EcoString, kind: EcoString },
    /// The same, by the name of its list.
    Listed { group: EcoString, version: EcoString, plural: EcoString },
}

impl Kind {
    /// The kind of a projection.
    pub(crate) fn of<K: Projection>() -> Self {
        Self::Known(K::RESOURCE, K::OLDER_VERSIONS)
    }

    /// A kind that only the settings name.
    pub(crate) fn named(group: &str, version: &str, kind: &str) -> Self {
        Self::Named { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// Where the cluster serves it.
    ///
    /// # Errors
    /// When the cluster does not serve the kind, or does not answer.
    pub(crate) async fn find(&self, view: &ClusterView) -> Result<ResourceType, ReadError> {
        match self {
            Self::Known(newest, older) => view.served_as(*newest, older).await,
            Self::Named { group, version, kind } => view.find_kind(group, version, kind).await,
            Self::Listed { group, version, plural } => {
                view.find_plural(group, version, plural).await
            }
        }
    }

    /// The same, where the cluster is asked even for a kind that has but one version.
    ///
    /// # Errors
    /// When the cluster does not serve the kind, or does not answer.
    pub(crate) async fn require(&self, view: &ClusterView) -> Result<ResourceType, ReadError> {
        match self {
            Self::Known(newest, older) => view.find_served(*newest, older).await,
            named => named.find(view).await,
        }
    }
}

impl Verb {
    fn is_courtesy(self) -> bool {
        matches!(self, Self::UpdateStatus | Self::Create)
    }
}

impl Row {
    /// Lists the objects of a kind. Where several sources of a run do so, the list is read once.
    pub(crate) fn list<K: Projection>(purpose: &'static str) -> Self {
        let projection = Some(TypeId::of::<K>());
        Self { projection, ..Self::list_as::<K>(Kind::of::<K>(), purpose) }
    }

    /// Lists the objects of a kind that the settings can name, of which this is read.
    #[cfg_attr(
        not(test),
        expect(
            clippy::extra_unused_type_parameters,
            reason = "the table of sources alone tells what is read"
        )
    )]
    pub(crate) fn list_as<K: Projection>(kind: Kind, purpose: &'static str) -> Self {
        Self {
            #[cfg(test)]
            fields: Some(crate::fields::of::<K>),
            ..Self::list_kind(kind, purpose)
        }
    }

    /// Lists the objects of a kind that the settings can name.
    pub(crate) fn list_kind(kind: Kind, purpose: &'static str) -> Self {
        Self {
            verb: Verb::List,
            kind,
            purpose,
            namespace: None,
            projection: None,
            is_joined: false,
            is_required: false,
            flag: None,
            is_elsewhere: false,
            #[cfg(test)]
            fields: None,
        }
    }

    /// Lists the objects of a kind that complete those of another one.
    pub(crate) fn join<K: Projection>(purpose: &'static str) -> Self {
        Self { is_joined: true, ..Self::list::<K>(purpose) }
    }

    /// The same for a kind that may be missing in a cluster: without it, it cannot be known which objects there are.
    pub(crate) fn require<K: Projection>(purpose: &'static str) -> Self {
        Self { is_required: true, ..Self::join::<K>(purpose) }
    }

    /// Reads single objects of a kind, in any namespace, that complete those of another one.
    pub(crate) fn get<K: Projection>(purpose: &'static str) -> Self {
        let row = Self::list_as::<K>(Kind::of::<K>(), purpose).within(None);
        Self { verb: Verb::Get, is_joined: true, ..row }
    }

    /// The same in a run over one namespace; a run over all namespaces lists the objects.
    pub(crate) fn get_elsewhere<K: Projection>(purpose: &'static str) -> Self {
        Self { is_elsewhere: true, ..Self::get::<K>(purpose) }
    }

    /// Updates the status of objects.
    pub(crate) fn update_status(kind: Kind, purpose: &'static str) -> Self {
        Self { verb: Verb::UpdateStatus, ..Self::list_kind(kind, purpose) }
    }

    /// Makes Events about objects of a kind, where the API wants them.
    pub(crate) fn create_events(kind: &Kind, namespace: &Option<EcoString>) -> Self {
        let events = Kind::Known(Event::RESOURCE, &[]);
        let row = Self::list_kind(events, "the Events that --events-emit asks for");
        let row = Self { verb: Verb::Create, ..row };
        match kind {
            Kind::Known(kind, _) if !kind.namespaced && namespace.is_some() => {
                row.within(Some(Event::namespace_for("").into()))
            }
            _ => row,
        }
    }

    /// Which this flag asks for, and not `--source` alone.
    pub(crate) fn of_flag(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }

    /// In this namespace, or in all, whatever the namespace of the run.
    pub(crate) fn within(self, namespace: Option<EcoString>) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// The namespace that is looked at in a run over this one; all if there is none.
    pub(crate) fn namespace<'a>(&'a self, of_run: Option<&'a str>) -> Option<&'a str> {
        self.namespace.as_ref().map_or(of_run, Option::as_deref)
    }

    /// The kind, where its objects are read.
    pub(crate) fn watched(&self) -> Option<WatchedKind> {
        let none = EcoString::new;
        let (group, plural, kind) = match &self.kind {
            Kind::Known(resource, _) => {
                (resource.group.into(), resource.plural.into(), resource.kind.into())
            }
            Kind::Named { group, kind, .. } => (group.clone(), none(), kind.clone()),
            Kind::Listed { group, plural, .. } => (group.clone(), plural.clone(), none()),
        };
        let is_joined = self.is_joined;
        matches!(self.verb, Verb::List | Verb::Get).then_some(WatchedKind {
            group,
            plural,
            kind,
            is_joined,
        })
    }

    /// The need of a source.
    pub(crate) fn of(self, source: &'static str, namespace: Option<EcoString>) -> Need {
        let Self { verb, kind, purpose, namespace: own, .. } = self;
        let namespace = own.unwrap_or(namespace);
        Need { source, purpose, is_courtesy: verb.is_courtesy(), verb, kind, namespace }
    }
}

/// The projections whose objects several sources of a run list in the same namespace.
#[derive(Debug, Default)]
pub(crate) struct SharedKinds(BTreeSet<TypeId>);

impl SharedKinds {
    /// Looks through the rows of each source, for a run over this namespace.
    pub(crate) fn of(
        sources: impl IntoIterator<Item = Vec<Row>>,
        namespace: &Option<EcoString>,
    ) -> Self {
        let mut readers: BTreeMap<TypeId, usize> = BTreeMap::new();
        for rows in sources {
            let is_in_scope =
                |row: &&Row| row.namespace.as_ref().is_none_or(|own| own == namespace);
            let in_scope = rows.iter().filter(is_in_scope);
            let own: BTreeSet<TypeId> = in_scope.filter_map(|row| row.projection).collect();
            own.into_iter().for_each(|kind| *readers.entry(kind).or_default() += 1);
        }
        Self(readers.into_iter().filter(|(_, count)| *count > 1).map(|(kind, _)| kind).collect())
    }

    /// Whether several sources list these objects.
    pub(crate) fn contain<K: Projection>(&self) -> bool {
        self.0.contains(&TypeId::of::<K>())
    }
}

impl Need {
    /// The right that it takes. A kind that only the settings name is looked up at the cluster.
    ///
    /// # Errors
    /// When the cluster does not serve the kind, or does not answer.
    pub async fn right(&self, view: &ClusterView) -> Result<Right, ReadError> {
        let namespace = self.namespace.as_deref();
        let resource = self.kind.find(view).await?;
        Ok(match self.verb {
            Verb::List => Right::list(resource, namespace),
            Verb::Get => Right::get(resource, namespace),
            Verb::UpdateStatus => Right::update_status(resource, namespace),
            Verb::Create => Right::create(resource, namespace),
        })
    }
}
