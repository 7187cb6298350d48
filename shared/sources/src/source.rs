//! What a source is, and where it puts what it finds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::{ClusterView, ListScope, Metadata, ObjectFilter, StatusUpdate};
use extdns_model::{
    ClusterId, Endpoint, InvalidEndpoint, Name, NameError, RecordType, RecordTypeError, Resource,
    ResourceKind, Unready,
};

use crate::annotations::{Annotations, Key, Vocabulary};
use crate::error::SourceError;
use crate::options::GatherOptions;
use crate::resolver::Resolver;
use crate::selection::Tally;
use crate::trace::Trace;

/// Makes endpoints of the objects of a cluster.
#[async_trait]
pub trait Source: Send + Sync {
    /// The name in `--source`.
    fn name(&self) -> &'static str;

    /// Puts everything that the cluster's objects want into the sink.
    ///
    /// # Errors
    /// When something could not be read or looked up. What the sink holds then is right, but not
    /// all: it must not be the reason to delete anything.
    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError>;
}

/// What the sources of a cluster found.
#[derive(Debug, Default)]
pub struct Sink {
    /// What the objects want.
    pub endpoints: Vec<Endpoint>,
    /// Names of objects that have no address yet: neither wanted nor unwanted.
    pub unready: Vec<Unready>,
    /// What the objects want but cannot have.
    pub dropped: Vec<Dropped>,
    /// Objects whose status does not say yet that they were seen as they are now. An applying run
    /// tells them.
    pub seen: Vec<StatusUpdate>,
    /// How many annotations with the old prefix took effect.
    pub outdated_annotations: usize,
    /// How the filters judged the objects.
    pub(crate) tally: Tally,
    /// Who has the name that is asked for; only where one is.
    pub(crate) trace: Option<Box<Trace>>,
}

/// Something wanted that does not become a record.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// The objects that want it; empty for a generated record.
    pub resources: Vec<Arc<Resource>>,
    /// The name as it was written.
    pub name: EcoString,
    /// The record type, where the reason concerns only one.
    pub rtype: Option<RecordType>,
    /// Why not.
    pub reason: DropReason,
}

/// Why something wanted does not become a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DropReason {
    /// The text is no DNS name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The content does not fit the record type.
    #[error(transparent)]
    Invalid(#[from] InvalidEndpoint),
    /// There is no such record type.
    #[error(transparent)]
    RecordType(#[from] RecordTypeError),
    /// The entry names nothing.
    #[error("it has no dnsName; give it one")]
    NoName,
    /// A dot at the end of a target is missing, or there is one too many.
    #[error("target {target:?} is not what this record type takes; write {correct:?}")]
    FinalDot {
        /// The target.
        target: EcoString,
        /// What was meant.
        correct: EcoString,
    },
    /// There is no target.
    #[error("it has no target; give it one, or set --default-targets")]
    NoTarget,
    /// No target lies in the networks that the run looks at.
    #[error("no target passes --target-net-filter and --exclude-target-net")]
    TargetsFiltered,
}

/// `service/web/shop: www.example.org: it has no target ..`
impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(resource) = self.resources.first() {
            write!(f, "{resource}: ")?;
        }
        match &self.reason {
            DropReason::Name(_) | DropReason::Invalid(_) => {}
            _ => match self.rtype {
                Some(rtype) => write!(f, "{rtype} record {:?}: ", self.name.as_str())?,
                None => write!(f, "{:?}: ", self.name.as_str())?,
            },
        }
        self.reason.fmt(f)
    }
}

impl Sink {
    /// The name of this text, or nothing where it is none: that is noted, and does not touch the
    /// object's other names.
    pub(crate) fn name(&mut self, text: &str, resource: &Arc<Resource>) -> Option<Name> {
        self.note(text, resource, None);
        match Name::parse(text) {
            Ok(name) => Some(name),
            Err(reason) => {
                let dropped = Dropped {
                    resources: vec![Arc::clone(resource)],
                    name: text.into(),
                    rtype: None,
                    reason: reason.into(),
                };
                // The report tells it, once, and louder.
                tracing::debug!("skipping a host name: {dropped}");
                self.dropped.push(dropped);
                None
            }
        }
    }

    /// The names of a list annotation.
    pub(crate) fn names(
        &mut self,
        annotations: Annotations<'_>,
        key: Key,
        resource: &Arc<Resource>,
    ) -> Vec<Name> {
        annotations.list(key).filter_map(|text| self.name(&text, resource)).collect()
    }

    /// Notes names whose object has no address yet.
    pub(crate) fn unready(&mut self, names: impl IntoIterator<Item = Name>, by: &Arc<Resource>) {
        self.unready
            .extend(names.into_iter().map(|name| Unready { name, resource: Arc::clone(by) }));
    }

    /// Puts what is reported into an order that does not depend on that of the objects.
    pub(crate) fn sort_reports(&mut self) {
        self.unready.sort();
        self.unready.dedup();
        self.seen.sort();
        self.dropped.sort_by(|a, b| (&a.resources, &a.name).cmp(&(&b.resources, &b.name)));
    }

    /// Takes over everything that another sink holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        let Self { endpoints, unready, dropped, seen, outdated_annotations, tally, trace } = other;
        self.endpoints.extend(endpoints);
        self.unready.extend(unready);
        self.dropped.extend(dropped);
        self.seen.extend(seen);
        self.outdated_annotations += outdated_annotations;
        self.tally.add(tally);
        self.absorb_trace(trace);
    }
}

/// What the sources of a run share.
pub(crate) struct Context {
    pub(crate) options: GatherOptions,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) filter: ObjectFilter,
    pub(crate) resolver: Arc<dyn Resolver>,
}

impl Context {
    pub(crate) fn new(options: GatherOptions, resolver: Arc<dyn Resolver>) -> Self {
        let vocabulary = Vocabulary::new(options.annotation_prefix.as_deref());
        let filter = ObjectFilter {
            annotations: options.annotation_filter.clone(),
            labels: options.label_filter.clone(),
            controller_keys: vocabulary.keys(Key::Controller).to_vec(),
        };
        Self { options, vocabulary, filter, resolver }
    }

    /// The objects that a source lists: in the namespace of the run, judged by the shared filters.
    pub(crate) fn scope(&self) -> ListScope<'_> {
        ListScope { namespace: self.namespace(), filter: &self.filter }
    }

    /// The namespace that the run looks at; all if there is none.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.options.namespace.as_deref()
    }
}

/// The resource that a namespaced object is.
pub(crate) fn resource(
    cluster: ClusterId,
    kind: ResourceKind,
    metadata: &Metadata,
) -> Arc<Resource> {
    let namespace = Some(metadata.namespace.clone());
    Arc::new(Resource { cluster, kind, namespace, name: metadata.name.clone() })
}
