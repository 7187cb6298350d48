//! What the sources see of a cluster.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ecow::EcoString;
use extdns_model::ClusterId;
use futures::future::BoxFuture;

use crate::access::Right;
use crate::api::{Api, DEFAULT_NAMESPACE};
use crate::error::{ReadError, ReadErrorKind};
use crate::filter::{FilterResult, ObjectFilter};
use crate::kept::Kept;
use crate::manifests::Manifests;
use crate::object::{Projection, ResourceType};
use crate::receiver::{Fold, Receiver};
use crate::watched::{Changes, WatchedLists};

/// A cluster as the sources read it: an API server or a set of manifests. Clones share everything.
#[derive(Clone)]
pub struct ClusterView(Arc<Inner>);

struct Inner {
    id: ClusterId,
    name: EcoString,
    origin: Origin,
    counts: Mutex<BTreeMap<ResourceType, Counted>>,
    kept: Kept,
    /// The lists that are kept current, where the process makes many runs.
    watched: Option<Arc<WatchedLists>>,
    /// What makes the next view of the same connection ask again.
    doubts: Doubts,
}

/// Where the objects come from.
pub(crate) enum Origin {
    Api(Arc<Api>),
    Manifests(Manifests),
}

/// What a run has seen that the next one must not rely on.
#[derive(Default)]
struct Doubts {
    /// A kind is not served; it may be by then.
    unserved: AtomicBool,
    /// The credentials were refused.
    refused: AtomicBool,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    lists: u64,
    objects: u64,
}

/// Which objects a source lists.
#[derive(Clone, Copy, Debug)]
pub struct ListScope<'a> {
    /// Only this namespace; `None` (or an empty name) for all. Without effect on kinds outside namespaces.
    pub namespace: Option<&'a str>,
    /// The filters that decide the [`FilterResult`].
    pub filter: &'a ObjectFilter,
}

/// How often a resource was listed in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListCount {
    /// What was listed.
    pub resource: ResourceType,
    /// Lists that were begun (each takes one call, or one per page). Using a [shared](ClusterView::shared) list again
    /// does not count.
    pub lists: u64,
    /// Objects in the lists that were read in full.
    pub objects: u64,
}

impl ClusterView {
    pub(crate) fn new(id: ClusterId, name: EcoString, origin: Origin) -> Self {
        Self::with(id, name, origin, None)
    }

    fn with(
        id: ClusterId,
        name: EcoString,
        origin: Origin,
        watched: Option<Arc<WatchedLists>>,
    ) -> Self {
        Self(Arc::new(Inner {
            id,
            name,
            origin,
            counts: Mutex::default(),
            kept: Kept::default(),
            watched,
            doubts: Doubts::default(),
        }))
    }

    /// The same cluster with lists that are kept current by watches: what was read once is not listed again without
    /// need. `starts` says of which objects a change starts a run. Manifests have nobody to watch: `None`.
    #[must_use]
    pub fn watched(
        &self,
        changes: &Changes,
        starts: impl Fn(&ResourceType) -> bool + Send + Sync + 'static,
    ) -> Option<Self> {
        let Origin::Api(api) = &self.0.origin else { return None };
        let watched = WatchedLists::new(Arc::clone(api), changes.clone(), starts);
        let origin = Origin::Api(Arc::clone(api));
        Some(Self::with(self.0.id, self.0.name.clone(), origin, Some(Arc::new(watched))))
    }

    /// The same connection for another run, with the lists that are kept current. `None` where there are none, or the
    /// credentials were refused: then it has to be made again.
    #[must_use]
    pub fn again(&self) -> Option<Self> {
        let Origin::Api(api) = &self.0.origin else { return None };
        let watched = self.0.watched.clone()?;
        if self.0.doubts.refused.load(Ordering::Relaxed) {
            return None;
        }
        if self.0.doubts.unserved.load(Ordering::Relaxed) {
            api.forget_served();
        }
        let origin = Origin::Api(Arc::clone(api));
        Some(Self::with(self.0.id, self.0.name.clone(), origin, Some(watched)))
    }

    /// Whether every list that was read is kept current, and nothing else was read: as long as [`Changes::number`] stays
    /// the same, another run would read the same.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.0.watched.as_ref().is_some_and(|watched| watched.are_current())
    }

    /// The number that endpoints carry for this cluster.
    #[must_use]
    pub fn id(&self) -> ClusterId {
        self.0.id
    }

    /// The cluster's name in the configuration.
    #[must_use]
    pub fn name(&self) -> &EcoString {
        &self.0.name
    }

    /// What is read, and as whom: `https://10.0.0.1:6443 (context "lab", user "u", of /home/u/.kube/config)`. It holds
    /// no secret. `None` for manifests.
    #[must_use]
    pub fn reached(&self) -> Option<&str> {
        self.api().map(|api| api.reached.as_str())
    }

    /// The namespace that the kubeconfig names, or else `default`.
    #[must_use]
    pub fn default_namespace(&self) -> &str {
        self.api().map_or(DEFAULT_NAMESPACE, |api| &api.namespace)
    }

    /// Whether the cluster serves a resource. Asks discovery once, on first need; manifests serve everything.
    ///
    /// There is no need to ask before a list: that one says by itself what is missing.
    ///
    /// # Errors
    /// When discovery fails.
    pub async fn has(&self, resource: &ResourceType) -> Result<bool, ReadError> {
        Ok(self
            .served_versions(resource.group, resource.plural)
            .await?
            .is_none_or(|versions| versions.iter().any(|v| v == resource.version)))
    }

    /// The versions in which the cluster serves a resource, the preferred one first; `None` for manifests, which
    /// are read in every version.
    ///
    /// # Errors
    /// When discovery fails.
    pub async fn served_versions(
        &self,
        group: &str,
        plural: &str,
    ) -> Result<Option<Vec<EcoString>>, ReadError> {
        match &self.0.origin {
            Origin::Api(api) => {
                let versions = api.served_versions(group, plural).await;
                Ok(Some(versions.map_err(|kind| self.error(kind))?))
            }
            Origin::Manifests(_) => Ok(None),
        }
    }

    /// Where the cluster serves a namespaced kind that only the configuration names. Manifests hold
    /// kinds alone, as a rule, so the plural is the usual one unless they define the kind.
    ///
    /// # Errors
    /// When discovery fails, or knows no such kind.
    pub async fn find_kind(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<ResourceType, ReadError> {
        let plural = match &self.0.origin {
            Origin::Api(api) => {
                let plural = api.plural(group, version, kind).await;
                plural.map_err(|kind| self.error(kind))?
            }
            Origin::Manifests(manifests) => {
                let usual = || format!("{}s", kind.to_lowercase()).into();
                manifests.plural_of(group, kind).unwrap_or_else(usual)
            }
        };
        Ok(ResourceType::found(group, version, &plural, kind))
    }

    /// Whether it can be known which objects of a kind there are. Manifests without an object of the kind say nothing of
    /// it, unless they have an empty list of it (`kind: PodList`).
    #[must_use]
    pub fn holds<K: Projection>(&self) -> bool {
        match &self.0.origin {
            Origin::Api(_) => true,
            Origin::Manifests(manifests) => manifests.hold(&K::RESOURCE),
        }
    }

    /// What the lists of this plural name hold, of which only the configuration knows. Where manifests do not define it,
    /// it is the kind among them whose usual plural this is.
    ///
    /// # Errors
    /// When discovery fails, or knows no such list.
    pub async fn find_plural(
        &self,
        group: &str,
        version: &str,
        plural: &str,
    ) -> Result<ResourceType, ReadError> {
        let (kind, namespaced) = match &self.0.origin {
            Origin::Api(api) => {
                let found = api.kind_of(group, version, plural).await;
                found.map_err(|kind| self.error(kind))?
            }
            Origin::Manifests(manifests) => {
                let (kind, namespaced) =
                    manifests.kind_of(group, plural).unwrap_or_else(|| (plural.into(), None));
                let namespaced = namespaced.unwrap_or_else(|| !is_cluster_wide(&kind));
                (kind, namespaced)
            }
        };
        let found = ResourceType::found(group, version, plural, &kind);
        Ok(ResourceType { namespaced, ..found })
    }

    /// Reads all objects of a kind, one by one as they arrive, into an accumulator.
    ///
    /// `step` is handed each object with what the filters say about it. When the server's snapshot expires in the
    /// middle, the list begins again with a fresh accumulator from `start`: so the result never has an object
    /// twice, and never is a short list. The order is the server's; a caller that needs another one sorts.
    ///
    /// # Errors
    /// When the list could not be read in full; what was accumulated until then is gone.
    pub async fn fold<K, A>(
        &self,
        scope: ListScope<'_>,
        start: impl Fn() -> A + Send,
        step: impl FnMut(&mut A, K, FilterResult) + Send,
    ) -> Result<A, ReadError>
    where
        K: Projection,
        A: Send,
    {
        self.fold_as(K::RESOURCE, scope, start, step).await
    }

    /// [`fold`](Self::fold) over objects of another kind that have the form of the projection.
    ///
    /// # Errors
    /// When the list could not be read in full; what was accumulated until then is gone.
    pub async fn fold_as<K, A>(
        &self,
        resource: ResourceType,
        scope: ListScope<'_>,
        start: impl Fn() -> A + Send,
        mut step: impl FnMut(&mut A, K, FilterResult) + Send,
    ) -> Result<A, ReadError>
    where
        K: Projection,
        A: Send,
    {
        let mut fold = Fold::new(start, |accumulator: &mut A, object: K| {
            let result = scope.filter.apply(object.metadata());
            step(accumulator, object, result);
        });
        let namespace = scope.namespace.filter(|_| resource.namespaced).unwrap_or_default();
        self.list(resource, namespace, &mut fold).await?;
        Ok(fold.into_accumulator())
    }

    /// Hands on all objects of a kind.
    fn list<'a>(
        &'a self,
        resource: ResourceType,
        namespace: &'a str,
        receiver: &'a mut dyn Receiver,
    ) -> BoxFuture<'a, Result<(), ReadError>> {
        let list = async move {
            let read = match (&self.0.origin, &self.0.watched) {
                (Origin::Api(_), Some(watched)) => {
                    let read = watched.hand_on(&resource, namespace, receiver).await;
                    read.map(|read| {
                        let lists = u64::from(read.is_listed);
                        self.count(resource, |counted| counted.lists += lists);
                        read.objects
                    })
                }
                (Origin::Api(api), None) => {
                    self.count(resource, |counted| counted.lists += 1);
                    let listed = api.list(&resource, namespace, receiver).await;
                    listed.map(|listed| listed.objects)
                }
                (Origin::Manifests(manifests), _) => {
                    self.count(resource, |counted| counted.lists += 1);
                    manifests.list(&resource, namespace, receiver)
                }
            };
            let objects = read.map_err(|kind| self.error(kind))?;
            self.count(resource, |counted| counted.objects += objects);
            Ok(())
        };
        Box::pin(list)
    }

    /// Whether our credentials have a right. Asks the server, and tries nothing; manifests may be
    /// read in any case.
    ///
    /// # Errors
    /// When the server gives no answer.
    pub async fn may(&self, right: &Right) -> Result<bool, ReadError> {
        match &self.0.origin {
            Origin::Api(api) => api.may(right).await.map_err(|kind| self.error(kind)),
            Origin::Manifests(_) => Ok(true),
        }
    }

    /// Whether there is a namespace of this name; `None` where that cannot be known, because the credentials may not
    /// ask. Among manifests a namespace is there if anything is in it.
    pub async fn has_namespace(&self, name: &str) -> Option<bool> {
        match &self.0.origin {
            Origin::Api(api) => api.has_namespace(name).await,
            Origin::Manifests(manifests) => Some(manifests.has_namespace(name)),
        }
    }

    /// Whether a kind can be listed: asks for one object of it.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn try_list(&self, right: &Right) -> Result<(), ReadError> {
        match &self.0.origin {
            Origin::Api(api) => api.try_list(right).await.map_err(|kind| self.error(kind)),
            Origin::Manifests(_) => Ok(()),
        }
    }

    /// What the server's clock says, in the form of the header `Date`, where it says something. The
    /// cheapest way to see whether it answers, and knows us.
    ///
    /// # Errors
    /// When there is no answer, or the credentials are refused.
    pub async fn date(&self) -> Result<Option<EcoString>, ReadError> {
        match &self.0.origin {
            Origin::Api(api) => api.date().await.map_err(|kind| self.error(kind)),
            Origin::Manifests(_) => Ok(None),
        }
    }

    /// How often each resource was listed so far, by group and name.
    #[must_use]
    pub fn lists(&self) -> Vec<ListCount> {
        let counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(&resource, counted)| ListCount {
                resource,
                lists: counted.lists,
                objects: counted.objects,
            })
            .collect()
    }

    /// The server that is written to; none behind manifests.
    pub(crate) fn api(&self) -> Option<&Api> {
        match &self.0.origin {
            Origin::Api(api) => Some(api),
            Origin::Manifests(_) => None,
        }
    }

    /// Where the objects come from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// What the sources of the run share.
    pub(crate) fn kept(&self) -> &Kept {
        &self.0.kept
    }

    /// Single objects are read, which nobody watches.
    pub(crate) fn read_single(&self) {
        if let Some(watched) = &self.0.watched {
            watched.has_singles.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn error(&self, kind: ReadErrorKind) -> ReadError {
        let doubts = &self.0.doubts;
        match kind {
            ReadErrorKind::NotServed { .. } => doubts.unserved.store(true, Ordering::Relaxed),
            ReadErrorKind::Unauthorized { .. } => doubts.refused.store(true, Ordering::Relaxed),
            _ => {}
        }
        ReadError { cluster: self.0.name.clone(), kind: Box::new(kind) }
    }

    fn count(&self, resource: ResourceType, add: impl FnOnce(&mut Counted)) {
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        add(counts.entry(resource).or_default());
    }
}

/// Kinds of Kubernetes itself that live outside namespaces; others of this kind say so in their name, as a rule.
fn is_cluster_wide(kind: &str) -> bool {
    const KINDS: [&str; 5] =
        ["IngressClass", "Namespace", "Node", "PersistentVolume", "StorageClass"];
    kind.starts_with("Cluster") || KINDS.contains(&kind)
}

impl std::fmt::Debug for ClusterView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterView").field("name", &self.0.name).finish_non_exhaustive()
    }
}
