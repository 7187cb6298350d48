//! Where a source puts what it finds.

use std::fmt;
use std::sync::Arc;

use ecow::{EcoString, eco_format};
use extdns_clusters::StatusUpdate;
use extdns_model::{
    Endpoint, InvalidEndpoint, Name, NameError, RecordType, RecordTypeError, Resource, Unready,
};

use crate::events::References;
use crate::fault::{Effect, Fault};
use crate::records::{TargetGroups, Traits};
use crate::selection::FilterCounts;
use crate::trace::{HiddenBy, Trace};

/// What the sources of a cluster found.
#[derive(Debug, Default)]
pub struct Sink {
    /// What the objects want.
    pub endpoints: Vec<Endpoint>,
    /// Names of objects that have no address yet: neither wanted nor unwanted.
    pub unready: Vec<Unready>,
    /// Names whose target is assumed, as `--assume-target` says.
    pub assumed: Vec<Unready>,
    /// Objects of which the input does not hold enough to know what they want.
    pub frozen: Vec<Frozen>,
    /// What the objects want but cannot have.
    pub dropped: Vec<Dropped>,
    /// Objects whose status does not say yet that this generation was seen. An applying run writes
    /// it.
    pub seen: Vec<StatusUpdate>,
    /// Whom Events can tell something; only where the run makes Events.
    pub references: Option<References>,
    /// How many annotations with the old prefix took effect.
    pub outdated_annotations: usize,
    /// The target of `--assume-target`.
    pub(crate) assumed_target: Option<Arc<TargetGroups>>,
    /// How the filters judged the objects.
    pub(crate) filter_counts: FilterCounts,
    /// Objects of which it is not known what they want, and why.
    pub(crate) unknown: Vec<(Arc<Resource>, EcoString)>,
    /// The objects that have the name that `explain` asks for; only where it does.
    pub(crate) trace: Option<Box<Trace>>,
}

/// An object of which it is not known what it wants: its records stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frozen {
    /// The object.
    pub resource: Arc<Resource>,
    /// The names that it has in any case.
    pub names: Vec<Name>,
    /// What is not known, and the remedy; reads after "it stays as it is:".
    pub reason: EcoString,
}

impl Frozen {
    /// An object that gets its addresses from others, of whose kinds the manifests hold nothing.
    pub(crate) fn of_manifests(
        resource: Arc<Resource>,
        names: impl IntoIterator<Item = Name>,
        kinds: &[&str],
    ) -> Self {
        let (missing, lists) = (kinds.join(" and no "), kinds.join("List or "));
        let reason = eco_format!(
            "{resource} gets its addresses from other objects, but the manifests hold no {missing}; add them (or an empty \
             {lists}List if there are none)"
        );
        Self { resource, names: names.into_iter().collect(), reason }
    }
}

/// Something wanted that does not become a record.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// The objects that want it; empty for a generated record.
    pub resources: Vec<Arc<Resource>>,
    /// The name as it was written; `None` where the object as a whole is dropped.
    pub name: Option<EcoString>,
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
    /// A reason of one source, in its words.
    #[error("{0}")]
    Source(EcoString),
    /// There is no such record type.
    #[error(transparent)]
    RecordType(#[from] RecordTypeError),
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
        match (&self.reason, &self.name, self.rtype) {
            (DropReason::Name(_) | DropReason::Invalid(_), ..) | (_, None, _) => {}
            (_, Some(name), Some(rtype)) => write!(f, "{rtype} record {:?}: ", name.as_str())?,
            (_, Some(name), None) => write!(f, "{:?}: ", name.as_str())?,
        }
        self.reason.fmt(f)
    }
}

impl Sink {
    /// An empty sink that looks for the same.
    pub(crate) fn sibling(&self) -> Self {
        let trace = self.trace.as_ref().map(|trace| Box::new(trace.sibling()));
        let references = self.references.as_ref().map(References::sibling);
        let assumed_target = self.assumed_target.clone();
        Self { trace, references, assumed_target, ..Self::default() }
    }

    /// The name of this text, or nothing where it is none: that is noted, and does not touch the
    /// object's other names.
    pub(crate) fn name(&mut self, text: &str, resource: &Arc<Resource>) -> Option<Name> {
        match Name::parse(text) {
            Ok(name) => {
                self.note(text, resource, None);
                Some(name)
            }
            Err(reason) => {
                self.drop(text, resource, reason.into());
                None
            }
        }
    }

    /// Notes that a name of an object becomes no record, and why.
    pub(crate) fn drop(&mut self, name: &str, by: &Arc<Resource>, reason: DropReason) {
        self.note(name, by, None);
        self.add_dropped(Some(name.into()), by, reason);
    }

    /// Notes what is wrong with an object as a whole. The fault says whether the source is complete
    /// without it. An object that only a trace looks at is not reported.
    pub(crate) fn fail(&mut self, by: &Arc<Resource>, fault: &impl Fault) {
        if self.trace.as_ref().is_some_and(|trace| trace.hides(by)) {
            return;
        }
        let reason = eco_format!("{fault}");
        match fault.effect() {
            Effect::DropsObject => self.add_dropped(None, by, DropReason::Source(reason)),
            Effect::FailsSource => self.unknown.push((Arc::clone(by), reason)),
        }
    }

    fn add_dropped(&mut self, name: Option<EcoString>, by: &Arc<Resource>, reason: DropReason) {
        let dropped = Dropped { resources: vec![Arc::clone(by)], name, rtype: None, reason };
        // The report says so, once and as a warning.
        tracing::debug!("skipping what an object wants: {dropped}");
        self.dropped.push(dropped);
    }

    /// Puts the endpoints of names into the sink.
    pub(crate) fn publish(
        &mut self,
        names: &[Name],
        targets: &TargetGroups,
        traits: &Traits,
        by: &Arc<Resource>,
    ) {
        for name in names {
            self.endpoints.extend(targets.endpoints(name, traits, by));
        }
    }

    /// Notes names whose object has no address yet, or gives them the target that the run assumes.
    pub(crate) fn unready(
        &mut self,
        names: impl IntoIterator<Item = Name>,
        traits: &Traits,
        by: &Arc<Resource>,
    ) {
        let unready = names.into_iter().map(|name| Unready { name, resource: Arc::clone(by) });
        let Some(assumed) = self.assumed_target.clone() else {
            return self.unready.extend(unready);
        };
        for own in unready {
            self.publish(std::slice::from_ref(&own.name), &assumed, traits, by);
            self.assumed.push(own);
        }
    }

    /// Whether `explain` asks for a name.
    pub(crate) fn is_tracing(&self) -> bool {
        self.trace.is_some()
    }

    /// Notes a name that an object has, looked at or not.
    pub(crate) fn note(&mut self, text: &str, by: &Arc<Resource>, hidden: Option<HiddenBy>) {
        if let Some(trace) = &mut self.trace {
            trace.note(text, by, hidden);
        }
    }

    /// Puts what is reported into an order that does not depend on that of the objects.
    pub(crate) fn sort_reports(&mut self) {
        self.unready.sort();
        self.unready.dedup();
        self.assumed.sort();
        self.frozen.sort();
        self.seen.sort();
        self.dropped.sort_by(|a, b| (&a.resources, &a.name).cmp(&(&b.resources, &b.name)));
    }

    /// Takes over everything that another sink holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        let Self {
            endpoints,
            unready,
            assumed,
            assumed_target: _,
            frozen,
            dropped,
            seen,
            references,
            outdated_annotations,
            filter_counts,
            unknown,
            trace,
        } = other;
        if self.endpoints.is_empty() {
            self.endpoints = endpoints;
        } else {
            self.endpoints.extend(endpoints);
        }
        self.unready.extend(unready);
        self.assumed.extend(assumed);
        self.frozen.extend(frozen);
        self.dropped.extend(dropped);
        self.seen.extend(seen);
        self.outdated_annotations += outdated_annotations;
        self.filter_counts.add(filter_counts);
        self.unknown.extend(unknown);
        match (&mut self.references, references) {
            (Some(own), Some(other)) => own.absorb(other),
            (own, other) => *own = own.take().or(other),
        }
        if let (Some(own), Some(other)) = (&mut self.trace, trace) {
            own.absorb(*other);
        }
    }
}
