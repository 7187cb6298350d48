//! Objects with those of their fields that templates read.
//!
//! A source reads an object into a small struct. Where a run has templates, the fields that they read are kept beside it.
//! Which these are is known when the run starts, but the code that decodes a list knows only types: so they are set for
//! the task that gathers.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use ecow::EcoString;
use extdns_clusters::{Metadata, Projection, ResourceType};
use extdns_template::{Data, Fields, Map, Object, Schema};
use serde::{Deserialize, Deserializer};

use super::Templates;

/// An object that templates can be rendered for.
pub(crate) trait Templated: Projection {
    /// What is known of its fields.
    const SCHEMA: &'static Schema;
    /// Fields that are kept besides those that templates read.
    const KEEPS: &'static [(&'static str, Option<&'static str>)] = &[];
}

/// The fields that are kept, by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views(Arc<BTreeMap<(&'static str, &'static str), Arc<Fields>>>);

tokio::task_local! {
    static VIEWS: Views;
}

impl Views {
    /// Adds the fields that templates read of a kind.
    pub(crate) fn with<K: Templated>(self, fields: &Fields) -> Self {
        let mut all = Fields::new(&[("metadata", Some("namespace"))]);
        all.add(&Fields::new(K::KEEPS));
        all.add(fields);
        let mut kinds = Arc::unwrap_or_clone(self.0);
        kinds.insert((K::RESOURCE.group, K::RESOURCE.kind), Arc::new(all));
        Self(Arc::new(kinds))
    }

    /// Adds those that `--fqdn-template` reads, for a source that gives its names the targets of the object.
    pub(crate) fn for_names<K: Templated>(self, templates: &Templates) -> Self {
        if templates.has_names() { self.with::<K>(&templates.fields(false)) } else { self }
    }

    /// Adds those that all templates read, for a source whose templates make whole records.
    pub(crate) fn for_records<K: Templated>(self, templates: &Templates) -> Self {
        if templates.make_names() { self.with::<K>(&templates.fields(true)) } else { self }
    }

    /// Lets a future keep these fields of the objects that it reads.
    pub(crate) async fn keep<F: Future>(&self, future: F) -> F::Output {
        VIEWS.scope(self.clone(), future).await
    }

    fn of<K: Templated>() -> Option<Arc<Fields>> {
        let key = (K::RESOURCE.group, K::RESOURCE.kind);
        VIEWS.try_with(|views| views.0.get(&key).cloned()).ok().flatten()
    }
}

/// An object with what templates read of it.
#[derive(Clone, Debug)]
pub(crate) struct Viewed<K> {
    object: K,
    root: Option<Data>,
}

impl<K> Deref for Viewed<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.object
    }
}

impl<'de, K: Templated> Deserialize<'de> for Viewed<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(fields) = Views::of::<K>() else {
            return Ok(Self { object: K::deserialize(deserializer)?, root: None });
        };
        let (object, root) = fields.read(deserializer)?;
        Ok(Self { object, root: Some(root) })
    }
}

impl<K: Templated> Projection for Viewed<K> {
    const RESOURCE: ResourceType = K::RESOURCE;
    const OLDER_VERSIONS: &'static [&'static str] = K::OLDER_VERSIONS;

    fn metadata(&self) -> &Metadata {
        self.object.metadata()
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        self.object.metadata_mut()
    }
}

impl<K: Templated> Viewed<K> {
    /// The object as templates see it; none where the run has no template.
    pub(crate) fn view(&self) -> Option<Arc<Object>> {
        self.view_as(K::RESOURCE)
    }

    /// The same, of an object of another kind.
    pub(crate) fn view_as(&self, resource: ResourceType) -> Option<Arc<Object>> {
        let root = self.root.clone()?;
        Some(Arc::new(Object {
            root: with_namespace(root, &self.object.metadata().namespace),
            kind: resource.kind.into(),
            api_version: resource.api_version().as_ref().into(),
            schema: K::SCHEMA,
        }))
    }

    /// A part of what is kept for templates.
    pub(crate) fn kept(&self, first: &str, second: &str) -> Option<&Data> {
        self.root.as_ref()?.get(first)?.get(second)
    }
}

/// A manifest can leave the namespace out.
fn with_namespace(root: Data, namespace: &EcoString) -> Data {
    let Data::Map(fields) = &root else { return root };
    let Some(Data::Map(metadata)) = fields.get("metadata") else { return root };
    if namespace.is_empty()
        || matches!(metadata.get("namespace"), Some(Data::Text(own)) if own == namespace)
    {
        return root;
    }
    let pairs =
        |map: &Map| map.iter().map(|(key, data)| (key.clone(), data.clone())).collect::<Vec<_>>();
    let mut metadata = pairs(metadata);
    metadata.push(("namespace".into(), Data::Text(namespace.clone())));
    let mut fields = pairs(fields);
    fields.push(("metadata".into(), Data::Map(Arc::new(metadata.into_iter().collect()))));
    Data::Map(Arc::new(fields.into_iter().collect()))
}
