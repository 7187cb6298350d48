//! A service that wants names, and what it puts into the sink.

use std::sync::Arc;

use ecow::eco_format;
use extdns_model::{Name, Resource};
use extdns_template::Object;

use crate::annotations::Annotations;
use crate::context::Context;
use crate::records::{TargetGroups, Traits};
use crate::sink::{Frozen, Sink};
use crate::templates::Viewed;

use super::compatibility::Foreign;
use super::index::Index;
use crate::objects::{Service, ServiceType};

/// A service that wants names.
pub(crate) struct Wanted {
    pub(super) service: Viewed<Service>,
    pub(super) resource: Arc<Resource>,
    pub(super) traits: Traits,
    /// Names of the annotation `hostname`.
    pub(super) public: Vec<Name>,
    /// Names of the annotation `internal-hostname`.
    pub(super) internal: Vec<Name>,
    /// What another system would publish.
    pub(super) foreign: Option<Foreign>,
    /// For templates that are asked when it is known whether there is a record already.
    pub(super) view: Option<Arc<Object>>,
}

impl Wanted {
    /// The annotations of the service.
    pub(super) fn annotations<'a>(&'a self, context: &'a Context) -> Annotations<'a> {
        context.vocabulary.read(&self.service.metadata.annotations)
    }

    /// The service, where the manifests hold no object of these kinds.
    pub(super) fn frozen(&self, kinds: &[&str]) -> Frozen {
        let foreign = self.foreign.iter().flat_map(|foreign| &foreign.names);
        let (missing, lists) = (kinds.join(" and no "), kinds.join("List or "));
        Frozen {
            resource: Arc::clone(&self.resource),
            names: self.names().chain(foreign).cloned().collect(),
            reason: eco_format!(
                "{} gets its addresses from other objects, but the manifests hold no {missing}; add them (or an empty {lists}List \
                 if there are none)",
                self.resource
            ),
        }
    }

    /// The same service with other names.
    pub(super) fn named(&self, public: Vec<Name>) -> Self {
        Self {
            service: self.service.clone(),
            resource: Arc::clone(&self.resource),
            traits: self.traits.clone(),
            public,
            internal: Vec::new(),
            foreign: None,
            view: None,
        }
    }

    /// Both kinds of names, for origins that make no difference.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.public.iter().chain(&self.internal)
    }

    pub(super) fn settle(&self, public: &TargetGroups, internal: &TargetGroups, sink: &mut Sink) {
        if public.is_empty() && self.service.spec.kind == ServiceType::LoadBalancer {
            sink.unready(self.public.iter().cloned(), &self.traits, &self.resource);
        }
        sink.publish(&self.public, public, &self.traits, &self.resource);
        sink.publish(&self.internal, internal, &self.traits, &self.resource);
    }

    /// Puts the endpoints of names that another system publishes into the sink.
    pub(super) fn settle_foreign(&self, index: &Index, context: &Context, sink: &mut Sink) {
        let Some(foreign) = &self.foreign else { return };
        let targets = foreign.targets(&self.service, index, context);
        if targets.is_empty() {
            let names = foreign.names.iter().cloned();
            return sink.unready(names, &Traits::default(), &self.resource);
        }
        sink.publish(&foreign.names, &targets, &Traits::default(), &self.resource);
    }
}
