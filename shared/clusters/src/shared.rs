//! Objects that several sources of a run need: read once, on first need, and kept with an index.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::ReadError;
use crate::filter::ObjectFilter;
use crate::object::Projection;
use crate::view::{ClusterView, ListScope};

/// All objects of a kind, by namespace and name.
#[derive(Debug)]
pub struct SharedList<K> {
    objects: Vec<K>,
    /// The objects with a label, by namespace and the label's value: positions in the list. Made on first need.
    by_label: Mutex<BTreeMap<&'static str, Arc<[usize]>>>,
}

impl<K: Projection> SharedList<K> {
    fn new(mut objects: Vec<K>) -> Self {
        let places = places(&objects.iter().map(namespaced_name).collect::<Vec<_>>());
        arrange(&mut objects, places);
        objects.shrink_to_fit();
        Self { objects, by_label: Mutex::default() }
    }

    /// The position of the object of this name. The namespace is empty for kinds that live outside namespaces.
    #[must_use]
    pub fn position(&self, namespace: &str, name: &str) -> Option<usize> {
        self.objects.binary_search_by(|own| namespaced_name(own).cmp(&(namespace, name))).ok()
    }

    /// The object of this name, as [`position`](Self::position) finds it.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<&K> {
        self.position(namespace, name).map(|at| &self.objects[at])
    }

    /// All objects of a namespace, by name.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> &[K] {
        let start = self.objects.partition_point(|own| namespaced_name(own).0 < namespace);
        let count =
            self.objects[start..].partition_point(|own| namespaced_name(own).0 == namespace);
        &self.objects[start..start + count]
    }

    /// The objects of a namespace whose label has this value, by name.
    pub fn labelled<'a>(
        &'a self,
        namespace: &'a str,
        label: &'static str,
        value: &'a str,
    ) -> impl Iterator<Item = &'a K> {
        let index = self.index(label);
        let key = |at: &usize| namespaced_label(&self.objects[*at], label);
        let wanted = (namespace, Some(value));
        let start = index.partition_point(|at| key(at) < wanted);
        let count = index[start..].partition_point(|at| key(at) == wanted);
        (start..start + count).map(move |at| &self.objects[index[at]])
    }

    fn index(&self, label: &'static str) -> Arc<[usize]> {
        let mut indices = self.by_label.lock().unwrap_or_else(PoisonError::into_inner);
        let index = indices.entry(label).or_insert_with(|| {
            let labels = self.objects.iter().map(|object| namespaced_label(object, label));
            index(&labels.collect::<Vec<_>>())
        });
        Arc::clone(index)
    }
}

/// The place of each object in the order of their names. Objects of all kinds are sorted here.
fn places(names: &[(&str, &str)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|at| names[*at]);
    let mut places = vec![0; names.len()];
    for (place, at) in order.into_iter().enumerate() {
        places[at] = place;
    }
    places
}

/// Puts each object into its place.
fn arrange<K>(objects: &mut [K], mut places: Vec<usize>) {
    for at in 0..objects.len() {
        while places[at] != at {
            let place = places[at];
            objects.swap(at, place);
            places.swap(at, place);
        }
    }
}

/// The positions of what has a label, in the order of namespaces and labels.
fn index(labels: &[(&str, Option<&str>)]) -> Arc<[usize]> {
    let mut index: Vec<usize> = (0..labels.len()).filter(|at| labels[*at].1.is_some()).collect();
    index.sort_by_key(|at| labels[*at]);
    index.into()
}

fn namespaced_name<K: Projection>(object: &K) -> (&str, &str) {
    object.metadata().key()
}

fn namespaced_label<'a, K: Projection>(object: &'a K, label: &str) -> (&'a str, Option<&'a str>) {
    let metadata = object.metadata();
    (&metadata.namespace, metadata.labels.get(label))
}

/// All objects, by namespace and name.
impl<K> Deref for SharedList<K> {
    type Target = [K];

    fn deref(&self) -> &[K] {
        &self.objects
    }
}

impl ClusterView {
    /// All objects of a kind, listed on first need and shared by all sources of the run; no filters.
    ///
    /// # Errors
    /// When the list could not be read in full.
    pub async fn shared<K>(&self, namespace: Option<&str>) -> Result<Arc<SharedList<K>>, ReadError>
    where
        K: Projection + Sync,
    {
        let namespace = namespace.filter(|_| K::RESOURCE.namespaced).unwrap_or_default();
        let read = async {
            let filter = ObjectFilter::default();
            let scope = ListScope { namespace: Some(namespace), filter: &filter };
            let keep = |all: &mut Vec<K>, object, _| all.push(object);
            let resource = self.served::<K>().await?;
            self.fold_as(resource, scope, Vec::new, keep).await.map(SharedList::new)
        };
        self.kept().get(namespace, None, read).await
    }

    /// Lets go of what the sources shared, when the last of them has ended: a run goes on for long without it.
    pub fn forget_shared(&self) {
        self.kept().clear();
    }

    /// One object by its name, read on first need and shared by all sources of the run; `None` where the cluster has
    /// no object of this name.
    ///
    /// # Errors
    /// When that is not known.
    pub async fn object<K>(&self, namespace: &str, name: &str) -> Result<Option<Arc<K>>, ReadError>
    where
        K: Projection + Sync,
    {
        let namespace = if K::RESOURCE.namespaced { namespace } else { "" };
        let read = async {
            let resource = self.served::<K>().await?;
            let found: Option<K> = self.read_object(&resource, namespace, name).await?;
            Ok(found.map(Arc::new))
        };
        let found = self.kept().get::<Option<Arc<K>>>(namespace, Some(name), read).await?;
        Ok(Option::clone(&found))
    }
}
