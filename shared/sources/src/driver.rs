//! How every source that reads one kind of object goes over its objects: filters, names, merging, and the notes for
//! `explain`. A source itself says only what an object wants.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::{FilterResult, ListScope, Projection, ResourceType};
use extdns_model::{ClusterId, Endpoint, Resource, ResourceKind};

use crate::annotations::{Annotations, Reads};
use crate::context::{Context, Run};
use crate::error::SourceError;
use crate::fault::Fault;
use crate::joins::{Join, join_all};
use crate::merge;
use crate::needs::{OWN_OBJECTS, Row};
use crate::sink::Sink;
use crate::source::Source;
use crate::trace::HiddenBy;
pub(crate) use crate::visit::Visit;

/// A source that reads the objects of one kind.
#[async_trait]
pub(crate) trait ObjectSource: Send + Sync + 'static {
    /// What is read of an object.
    type Object: Projection + Clone + Sync;
    /// An object that needs more than itself: other objects, or a look-up.
    type Waiting: Send + Sync;
    /// A rule of this source that hides an object, or one of its fields with names.
    type Rule: Display;
    /// What can be wrong with an object as a whole.
    type Fault: Fault;
    /// The kind in resource labels.
    const KIND: ResourceKind;
    /// The annotations that it reads.
    const READS: Reads;

    /// What is listed: the objects, in the namespace of the run.
    fn row(&self) -> Row {
        Row::list::<Self::Object>(OWN_OBJECTS)
    }

    /// What is read and written besides.
    fn other_rows(&self) -> Vec<Row> {
        Vec::new()
    }

    /// The kind in resource labels of the objects that the cluster serves here.
    fn label_kind(&self, _resource: &ResourceType) -> ResourceKind {
        Self::KIND
    }

    /// See [`Source::own_filter`].
    fn own_filter(&self) -> Option<EcoString> {
        None
    }

    /// The rule that hides an object that passed the shared filters.
    fn hides(&self, _object: &Self::Object, _context: &Context) -> Option<Self::Rule> {
        None
    }

    /// Whether an object with these annotations can want something: a quick look, before anything is made for it.
    fn may_want(&self, _annotations: Annotations<'_>, _context: &Context) -> bool {
        true
    }

    /// Puts what an object wants into the sink, or lets it wait.
    fn visit(&self, object: Self::Object, visit: &mut Visit<'_, Self::Waiting>);

    /// What the waiting objects are joined with, where one is looked at after the other.
    fn join<'a>(&'a self, _run: Run<'a>) -> Option<Box<dyn Join<Self::Waiting> + 'a>> {
        None
    }

    /// Puts what the waiting objects want into the sink; they come in the order of their names. Other objects that they
    /// need come from `run.view` (`shared` or `object`), and only if one of them needs them.
    async fn finish(
        &self,
        run: Run<'_>,
        waiting: Vec<(Arc<Resource>, Self::Waiting)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        match self.join(run) {
            Some(join) => join_all(join, waiting, sink).await,
            None => Ok(()),
        }
    }

    /// Makes one endpoint of those that want the same record set.
    fn merge(endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
        merge::merge_objects(endpoints)
    }
}

/// What one pass over the objects found.
struct Pass<'a, W> {
    context: &'a Context,
    kind: ResourceType,
    sink: Sink,
    waiting: Vec<(Arc<Resource>, W)>,
}

impl<W> Pass<'_, W> {
    fn look<S>(
        &mut self,
        source: &S,
        cluster: ClusterId,
        object: Cow<'_, S::Object>,
        result: FilterResult,
    ) where
        S: ObjectSource<Waiting = W>,
    {
        let context = self.context;
        if let Some(references) = &mut self.sink.references {
            let by = resource(source, cluster, &self.kind, &object);
            references.note(self.kind, &by, object.metadata());
        }
        let rule = if result.is_admitted() { source.hides(&object, context) } else { None };
        self.sink.filter_counts.count(result, rule.is_some());
        let is_hidden = !result.is_admitted() || rule.is_some();
        if is_hidden && !self.sink.is_tracing() {
            return;
        }
        let annotations = context.vocabulary.read(&object.metadata().annotations);
        if !source.may_want(annotations, context) {
            return;
        }
        self.sink.outdated_annotations += annotations.outdated(&S::READS);
        let by = resource(source, cluster, &self.kind, &object);
        if let Some(trace) = &mut self.sink.trace {
            match (result, rule) {
                (FilterResult::Dropped(filter), _) => trace.hide(&by, HiddenBy::Filter(filter)),
                (_, Some(rule)) => trace.hide(&by, HiddenBy::Source(eco_format!("{rule}"))),
                (FilterResult::Admitted, None) => {}
            }
        }
        let Self { kind, sink, waiting, .. } = self;
        source.visit(object.into_owned(), &mut Visit { by, kind: *kind, context, sink, waiting });
    }
}

/// The resource that an object is.
fn resource<S: ObjectSource>(
    source: &S,
    cluster: ClusterId,
    resource: &ResourceType,
    object: &S::Object,
) -> Arc<Resource> {
    let metadata = object.metadata();
    let namespace = S::Object::RESOURCE.namespaced.then(|| metadata.namespace.clone());
    let kind = source.label_kind(resource);
    Arc::new(Resource { cluster, kind, namespace, name: metadata.name.clone() })
}

/// Goes over all objects. A list that other sources of the run read too is kept for them; of any other list only what
/// the objects want is kept.
async fn pass<'a, S: ObjectSource>(
    source: &S,
    Run { context, view }: Run<'a>,
    sink: &Sink,
) -> Result<Pass<'a, S::Waiting>, SourceError> {
    let row = source.row();
    let kind = row.kind.find(view).await.map_err(|error| SourceError::of_flag(error, row.flag))?;
    for other in source.other_rows().iter().filter(|other| other.is_required) {
        let served = other.kind.require(view).await;
        served.map_err(|error| SourceError::of_flag(error, other.flag))?;
    }
    let (namespace, filter) = (row.namespace(context.namespace()), context.filter_of(&S::READS));
    let start = || Pass { context, kind, sink: sink.sibling(), waiting: Vec::new() };
    if context.is_shared::<S::Object>() {
        let mut pass = start();
        for object in view.shared::<S::Object>(namespace).await?.iter() {
            let result = filter.apply(object.metadata());
            pass.look(source, view.id(), Cow::Borrowed(object), result);
        }
        return Ok(pass);
    }
    let step = |pass: &mut Pass<'_, _>, object, result| {
        pass.look(source, view.id(), Cow::Owned(object), result);
    };
    let folded = view.fold_as(kind, ListScope { namespace, filter }, start, step).await;
    folded.map_err(|error| SourceError::of_flag(error, row.flag))
}

/// Gathers from several sources as if they were one. All are asked, and a kind that is not served hides no other failure.
pub(crate) async fn gather_all<S: Source>(
    sources: &[S],
    run: Run<'_>,
    sink: &mut Sink,
) -> Result<(), SourceError> {
    let mut outcome: Result<(), SourceError> = Ok(());
    for source in sources {
        let own = source.gather(run, sink).await;
        let is_first = match (&outcome, &own) {
            (_, Ok(())) => false,
            (Ok(()), Err(_)) => true,
            (Err(first), Err(own)) => first.is_not_served() && !own.is_not_served(),
        };
        if is_first {
            outcome = own;
        }
    }
    outcome
}

#[async_trait]
impl<S: ObjectSource> Source for S {
    async fn gather(&self, run: Run<'_>, sink: &mut Sink) -> Result<(), SourceError> {
        let Pass { sink: mut found, mut waiting, .. } = pass(self, run, sink).await?;
        let mut outcome = Ok(());
        if !waiting.is_empty() {
            waiting.sort_by(|(a, _), (b, _)| a.cmp(b));
            outcome = self.finish(run, waiting, &mut found).await;
        }
        found.endpoints = Self::merge(found.endpoints);
        let mut unknown = std::mem::take(&mut found.unknown);
        sink.absorb(found);
        unknown.sort();
        outcome.and_then(|()| SourceError::of_objects(&unknown))
    }

    fn needs(&self) -> Vec<Row> {
        let mut rows = self.other_rows();
        rows.insert(0, self.row());
        rows
    }

    fn own_filter(&self) -> Option<EcoString> {
        ObjectSource::own_filter(self)
    }
}
