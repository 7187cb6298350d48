//! A second look at the objects, for one name: who has it, and by which rule nobody asks them.
//!
//! An ordinary run lets hidden objects go as they are read, and stores nothing of them. A sink with
//! a trace lets them through, and the trace keeps the first rule that each failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;
use extdns_clusters::{ClusterView, DroppedBy, Verdict};
use extdns_model::{Name, Resource};

use crate::source::Sink;
use crate::sources::{SourceFailure, Sources};

/// Why an object, or one of its names, is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum HiddenBy {
    /// A filter that all sources share.
    #[error("{0}")]
    Filter(DroppedBy),
    /// `--ingress-class`.
    #[error("{}", class_words(class.as_deref()))]
    Class {
        /// Its class, if it has one.
        class: Option<EcoString>,
    },
    /// `--service-type-filter`.
    #[error("it is a service of type {0}, which --service-type-filter leaves out")]
    ServiceType(&'static str),
    /// The annotation that says where an ingress takes its names from.
    #[error("its annotation ingress-hostname-source does not read the place where the name stands")]
    HostnameSource,
    /// `--ignore-ingress-rules-spec`.
    #[error("the name stands in its rules, which --ignore-ingress-rules-spec leaves out")]
    IgnoredRules,
    /// `--ignore-ingress-tls-spec`.
    #[error("the name stands in its TLS section, which --ignore-ingress-tls-spec leaves out")]
    IgnoredTls,
    /// `--exclude-unschedulable`.
    #[error("it is cordoned, and --exclude-unschedulable leaves cordoned nodes out")]
    Cordoned,
    /// `--ignore-non-host-network-pods`.
    #[error(
        "it does not use the network of its host, and --ignore-non-host-network-pods leaves it out"
    )]
    NotOnHostNetwork,
}

impl HiddenBy {
    /// The shared filter that an object failed.
    pub(crate) fn verdict(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Admitted => None,
            Verdict::Dropped(filter) => Some(Self::Filter(filter)),
        }
    }
}

fn class_words(class: Option<&str>) -> String {
    match class {
        Some(class) => format!("its class {class:?} is not among --ingress-class"),
        None => "it has no class, and --ingress-class asks for one".to_owned(),
    }
}

/// An object that has the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// The object.
    pub resource: Arc<Resource>,
    /// The first rule that keeps an ordinary run from asking it; `None` if it is asked.
    pub hidden: Option<HiddenBy>,
}

/// What a second look found.
#[derive(Debug, Default)]
pub struct Sightings {
    /// The objects that have the name, in order, each once.
    pub found: Vec<Sighting>,
    /// The sources that could not look at everything.
    pub failures: Vec<SourceFailure>,
}

/// Notes who has a name.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The key of the name.
    key: Box<str>,
    /// Objects that are only looked at because of the trace.
    hidden: BTreeMap<Arc<Resource>, HiddenBy>,
    found: Vec<Sighting>,
}

impl Trace {
    fn of(name: &Name) -> Self {
        Self { key: name.key().into(), hidden: BTreeMap::new(), found: Vec::new() }
    }

    fn note(&mut self, text: &str, resource: &Arc<Resource>, hidden: Option<HiddenBy>) {
        if *Name::as_listed(text).key() == *self.key {
            self.found.push(Sighting { resource: Arc::clone(resource), hidden });
        }
    }

    /// An object that is hidden as a whole is so under each of its names. A name that stands in
    /// several places of an object is hidden only if all of them are.
    fn finish(self) -> Vec<Sighting> {
        let Self { hidden, mut found, .. } = self;
        for sighting in &mut found {
            if let Some(rule) = hidden.get(&sighting.resource) {
                sighting.hidden = Some(rule.clone());
            }
        }
        found.sort();
        found.dedup_by(|later, first| later.resource == first.resource);
        found
    }
}

impl Sink {
    /// An empty sink that looks for the same.
    pub(crate) fn sibling(&self) -> Self {
        let trace = self.trace.as_ref().map(|trace| {
            Box::new(Trace { key: trace.key.clone(), hidden: BTreeMap::new(), found: Vec::new() })
        });
        Self { trace, ..Self::default() }
    }

    /// Whether an object is looked at: one that a rule hides only for the sake of a trace.
    pub(crate) fn admits(
        &mut self,
        hidden: Option<HiddenBy>,
        resource: impl FnOnce() -> Arc<Resource>,
    ) -> bool {
        self.tally.count(hidden.as_ref());
        match (hidden, &mut self.trace) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(rule), Some(trace)) => {
                trace.hidden.insert(resource(), rule);
                true
            }
        }
    }

    /// Whether names that are not asked for are to be noted.
    pub(crate) fn is_tracing(&self) -> bool {
        self.trace.is_some()
    }

    /// Notes a name that an object has, asked for or not.
    pub(crate) fn note(&mut self, text: &str, by: &Arc<Resource>, hidden: Option<HiddenBy>) {
        if let Some(trace) = &mut self.trace {
            trace.note(text, by, hidden);
        }
    }

    /// Takes over what another trace found.
    pub(crate) fn absorb_trace(&mut self, other: Option<Box<Trace>>) {
        if let (Some(own), Some(other)) = (&mut self.trace, other) {
            own.hidden.extend(other.hidden);
            own.found.extend(other.found);
        }
    }
}

impl Sources {
    /// Every object of a cluster that has a name, whether or not a run asks it. Reads the cluster
    /// again: an ordinary run keeps nothing of the objects that it does not ask.
    pub async fn trace(&self, view: &ClusterView, name: &Name) -> Sightings {
        let mut sink = Sink { trace: Some(Box::new(Trace::of(name))), ..Sink::default() };
        let mut failures = Vec::new();
        for source in &self.list {
            if let Err(error) = source.gather(view, &mut sink).await {
                failures.push(SourceFailure { source_name: source.name(), error });
            }
        }
        let found = sink.trace.map(|trace| trace.finish()).unwrap_or_default();
        Sightings { found, failures }
    }
}
