//! What templates give for one object, put where all that sources find is put.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{Name, Resource};
use extdns_template::Object;

use crate::records::{TargetGroups, Traits};
use crate::sink::{DropReason, Sink};
use crate::templates::{Items, Templates};

/// Why an item of a template is left out.
const NOT_THERE: &str = "its template reads a field that the object does not have; let the template leave such objects out";

/// The templates of a run, asked for one object. A template that the object does not fit fails the source.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) templates: &'a Templates,
    pub(crate) object: &'a Arc<Object>,
    /// The name of the source.
    pub(crate) source: &'static str,
    pub(crate) by: &'a Arc<Resource>,
}

impl Ask<'_> {
    /// The names of `--fqdn-template`.
    pub(crate) fn names(self, sink: &mut Sink) -> Vec<Name> {
        let items = self.templates.names(self.object, self.source).unwrap_or_else(|fault| {
            sink.fail(self.by, &fault);
            Items::default()
        });
        self.leave_out(&items.bad, sink);
        items.good.iter().filter_map(|text| sink.name(text, self.by)).collect()
    }

    /// The targets of `--target-template`.
    pub(crate) fn targets(self, sink: &mut Sink) -> TargetGroups {
        let items = self.templates.targets(self.object, self.source).unwrap_or_else(|fault| {
            sink.fail(self.by, &fault);
            Items::default()
        });
        self.leave_out(&items.bad, sink);
        items.good.iter().collect()
    }

    /// Puts what the templates give into the sink, for an object that has a record of its own or not: pairs, and names
    /// with the targets of `--target-template`.
    pub(crate) fn publish(self, has_record: bool, traits: &Traits, sink: &mut Sink) {
        if !self.templates.apply(has_record) {
            return;
        }
        let has_pairs = self.publish_pairs(traits, sink);
        if self.templates.apply(has_record || has_pairs) {
            let (names, targets) = (self.names(sink), self.targets(sink));
            sink.publish(&names, &targets, traits, self.by);
        }
    }

    /// Puts the names of `--fqdn-target-template` with their targets into the sink; whether there are any.
    pub(crate) fn publish_pairs(self, traits: &Traits, sink: &mut Sink) -> bool {
        let (pairs, bad) = self.templates.pairs(self.object, self.source).unwrap_or_else(|fault| {
            sink.fail(self.by, &fault);
            Default::default()
        });
        self.leave_out(&bad, sink);
        let before = sink.endpoints.len();
        for pair in pairs {
            let Some(name) = sink.name(&pair.name, self.by) else { continue };
            let targets = [&pair.target].into_iter().collect();
            sink.publish(&[name], &targets, traits, self.by);
        }
        sink.endpoints.len() > before
    }

    fn leave_out(self, items: &[EcoString], sink: &mut Sink) {
        for item in items {
            sink.drop(item, self.by, DropReason::Source(NOT_THERE.into()));
        }
    }
}
