//! How every source that reads one kind of object goes over its objects: filters, names, merging, and the notes for
//! those who ask for a name. A source itself says only what an object wants.

use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::{
    ClusterView, FilterResult, ListScope, ObjectFilter, Projection, ReadError, ResourceType,
};
use extdns_model::{ClusterId, Endpoint, Name, Resource, ResourceKind};

use crate::annotations::{Annotations, Reads};
use crate::context::Context;
use crate::error::SourceError;
use crate::merge;
use crate::sink::Sink;
use crate::source::Source;
use crate::trace::HiddenBy;

/// What the objects of one kind want.
#[async_trait]
pub(crate) trait ObjectSource: Send + Sync + 'static {
    /// What is read of an object.
    type Object: Projection;
    /// An object that needs more than itself: other objects, or a look-up.
    type Waiting: Send;
    /// A rule of this source that hides an object, or a place where names stand in it.
    type Rule: Display;
    /// The kind in resource labels.
    const KIND: ResourceKind;
    /// The annotations that it reads.
    const READS: Reads;

    fn context(&self) -> &Context;

    /// Where the cluster serves the objects.
    async fn resource(&self, _view: &ClusterView) -> Result<ResourceType, ReadError> {
        Ok(Self::Object::RESOURCE)
    }

    /// The shared filters, where the source does not ask all of them.
    fn filter(&self) -> &ObjectFilter {
        &self.context().filter
    }

    /// See [`Source::own_filter`].
    fn own_filter(&self) -> Option<EcoString> {
        None
    }

    /// The rule that hides an object that passed the shared filters.
    fn hides(&self, _object: &Self::Object) -> Option<Self::Rule> {
        None
    }

    /// Whether an object with these annotations can want something: a quick look, before anything is made for it.
    fn may_want(&self, _annotations: Annotations<'_>) -> bool {
        true
    }

    /// Puts what an object wants into the sink, or lets it wait.
    fn visit(&self, object: Self::Object, visit: &mut Visit<'_, Self::Waiting>);

    /// Puts what the waiting objects want into the sink; they come in the order of their names.
    async fn finish(
        &self,
        _view: &ClusterView,
        _waiting: Vec<Self::Waiting>,
        _sink: &mut Sink,
    ) -> Result<(), SourceError> {
        Ok(())
    }

    /// Makes one endpoint of those that want the same record set.
    fn merge(endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
        merge::merge_objects(endpoints)
    }
}

/// One object, and where to put what it wants.
pub(crate) struct Visit<'a, W> {
    /// The object, as reports and labels name it.
    pub(crate) by: Arc<Resource>,
    /// Where the cluster serves it.
    pub(crate) kind: ResourceType,
    pub(crate) sink: &'a mut Sink,
    waiting: &'a mut Vec<(Arc<Resource>, W)>,
    unknown: &'a mut Vec<(Arc<Resource>, &'static str)>,
    is_hidden: bool,
}

impl<W> Visit<'_, W> {
    /// The names that stand in one place of the object; none if a rule hides the place.
    pub(crate) fn names<T: AsRef<str>>(
        &mut self,
        texts: impl Iterator<Item = T>,
        hidden: Option<impl Display>,
    ) -> Vec<Name> {
        let Some(rule) = hidden else {
            return texts.filter_map(|text| self.sink.name(text.as_ref(), &self.by)).collect();
        };
        if self.sink.is_tracing() {
            let rule = HiddenBy::Source(eco_format!("{rule}"));
            texts.for_each(|text| self.sink.note(text.as_ref(), &self.by, Some(rule.clone())));
        }
        Vec::new()
    }

    /// The names that stand in a place which every run reads.
    pub(crate) fn all_names<T: AsRef<str>>(&mut self, texts: impl Iterator<Item = T>) -> Vec<Name> {
        self.names(texts, None::<&str>)
    }

    /// Lets the object wait until the list is complete.
    pub(crate) fn wait(&mut self, waiting: W) {
        self.waiting.push((Arc::clone(&self.by), waiting));
    }

    /// Notes that nobody knows what the object wants: the source is not complete then.
    pub(crate) fn unknown(&mut self, reason: &'static str) {
        if !self.is_hidden {
            self.unknown.push((Arc::clone(&self.by), reason));
        }
    }
}

/// What one pass over the objects found.
struct Pass<W> {
    kind: ResourceType,
    sink: Sink,
    waiting: Vec<(Arc<Resource>, W)>,
    /// Objects of which nobody knows what they want, and why.
    unknown: Vec<(Arc<Resource>, &'static str)>,
}

impl<W> Pass<W> {
    fn look<S>(&mut self, source: &S, cluster: ClusterId, object: S::Object, result: FilterResult)
    where
        S: ObjectSource<Waiting = W>,
    {
        let rule = if result.is_admitted() { source.hides(&object) } else { None };
        self.sink.filter_counts.count(result, rule.is_some());
        let is_hidden = !result.is_admitted() || rule.is_some();
        if is_hidden && !self.sink.is_tracing() {
            return;
        }
        let annotations = source.context().vocabulary.read(&object.metadata().annotations);
        if !source.may_want(annotations) {
            return;
        }
        self.sink.outdated_annotations += annotations.outdated(&S::READS);
        let by = resource::<S>(cluster, &object);
        if let Some(trace) = &mut self.sink.trace {
            match (result, rule) {
                (FilterResult::Dropped(filter), _) => trace.hide(&by, HiddenBy::Filter(filter)),
                (_, Some(rule)) => trace.hide(&by, HiddenBy::Source(eco_format!("{rule}"))),
                (FilterResult::Admitted, None) => {}
            }
        }
        let Self { kind, sink, waiting, unknown } = self;
        source.visit(object, &mut Visit { by, kind: *kind, sink, waiting, unknown, is_hidden });
    }
}

/// The resource that an object is.
fn resource<S: ObjectSource>(cluster: ClusterId, object: &S::Object) -> Arc<Resource> {
    let metadata = object.metadata();
    let namespace = S::Object::RESOURCE.namespaced.then(|| metadata.namespace.clone());
    Arc::new(Resource { cluster, kind: S::KIND, namespace, name: metadata.name.clone() })
}

#[async_trait]
impl<S: ObjectSource> Source for S {
    fn own_filter(&self) -> Option<EcoString> {
        ObjectSource::own_filter(self)
    }

    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let kind = self.resource(view).await?;
        let scope = ListScope { namespace: self.context().namespace(), filter: self.filter() };
        let start =
            || Pass { kind, sink: sink.sibling(), waiting: Vec::new(), unknown: Vec::new() };
        let step = |pass: &mut Pass<_>, object, result| pass.look(self, view.id(), object, result);
        let Pass { sink: mut found, mut waiting, mut unknown, .. } =
            view.fold_as(kind, scope, start, step).await?;
        let mut outcome = Ok(());
        if !waiting.is_empty() {
            waiting.sort_by(|(a, _), (b, _)| a.cmp(b));
            let waiting = waiting.into_iter().map(|(_, waiting)| waiting).collect();
            outcome = self.finish(view, waiting, &mut found).await;
        }
        found.endpoints = Self::merge(found.endpoints);
        sink.absorb(found);
        unknown.sort();
        outcome.and_then(|()| SourceError::of_objects(&unknown))
    }
}
