//! What templates give for one object, put where all that sources find is put.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{Name, Resource};
use extdns_template::Object;

use crate::records::{TargetGroups, Traits};
use crate::sink::{DropReason, Sink};
use crate::templates::{Items, Templates};

/// The templates of a run, an object as they see it (none where the run has no template), and the name of its source.
pub(crate) type Template<'a> = (&'a Templates, Option<Arc<Object>>, &'static str);

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

impl Sink {
    /// Puts names with the targets of their object into the sink; without a target they have no address yet.
    pub(crate) fn settle(
        &mut self,
        names: Vec<Name>,
        targets: &TargetGroups,
        traits: &Traits,
        by: &Arc<Resource>,
    ) {
        if targets.is_empty() {
            self.unready(names, traits, by);
        } else {
            self.publish(&names, targets, traits, by);
        }
    }

    /// The names that the template of names gives an object: it is asked where the object makes no record of its own, and
    /// where the run combines both.
    pub(crate) fn templated_names(
        &mut self,
        has_record: bool,
        (templates, object, source): &Template<'_>,
        by: &Arc<Resource>,
    ) -> Vec<Name> {
        match object {
            Some(object) if templates.apply(has_record) => {
                Ask { templates, object, source, by }.names(self)
            }
            _ => Vec::new(),
        }
    }

    /// [`Self::settle`] with those names.
    pub(crate) fn settle_templated(
        &mut self,
        mut names: Vec<Name>,
        targets: &TargetGroups,
        traits: &Traits,
        template: &Template<'_>,
        by: &Arc<Resource>,
    ) {
        let has_record = !names.is_empty() && !targets.is_empty();
        names.extend(self.templated_names(has_record, template, by));
        self.settle(names, targets, traits, by);
    }

    /// Adds the records that templates make by themselves, of an object with a record of its own or not: nothing of the
    /// object but their text is in them.
    pub(crate) fn add_templated(
        &mut self,
        has_record: bool,
        (templates, object, source): Template<'_>,
        by: &Arc<Resource>,
    ) {
        if let Some(object) = &object {
            Ask { templates, object, source, by }.publish(has_record, &Traits::default(), self);
        }
    }
}
