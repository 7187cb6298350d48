//! One object, as a source sees it while the list is read.

use std::fmt::Display;
use std::sync::Arc;

use ecow::eco_format;
use extdns_clusters::ResourceType;
use extdns_model::{Name, Resource, ResourceKind};
use extdns_template::Object;

use crate::annotations::{Annotations, Key};
use crate::ask::Ask;
use crate::common::Common;
use crate::fault::Fault;
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::templates::Templates;
use crate::trace::HiddenBy;

/// Why the names of the annotation `hostname` are not looked at.
pub(crate) const IGNORED_ANNOTATION: &str =
    "the name stands in its annotation, which --ignore-hostname-annotation leaves out";

/// One object, and where to put what it wants.
pub(crate) struct Visit<'a, W> {
    /// The object, as reports and labels name it.
    pub(crate) by: Arc<Resource>,
    /// Where the cluster serves it.
    pub(crate) kind: ResourceType,
    pub(crate) sink: &'a mut Sink,
    pub(crate) waiting: &'a mut Vec<(Arc<Resource>, W)>,
}

impl<W> Visit<'_, W> {
    /// The names in one field of the object; none if a rule hides the field.
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

    /// The names in a field that every run reads.
    pub(crate) fn all_names<T: AsRef<str>>(&mut self, texts: impl Iterator<Item = T>) -> Vec<Name> {
        self.names(texts, None::<&str>)
    }

    /// The names of the annotation `hostname`, unless the run ignores it.
    pub(crate) fn hostnames(&mut self, annotations: Annotations<'_>, common: &Common) -> Vec<Name> {
        let hidden = common.ignores_hostnames.then_some(IGNORED_ANNOTATION);
        self.names(annotations.list(Key::HOSTNAME), hidden)
    }

    /// Puts names with the targets of the object into the sink; without a target they have no address yet.
    pub(crate) fn settle(&mut self, names: Vec<Name>, targets: &TargetGroups, traits: &Traits) {
        if targets.is_empty() {
            self.sink.unready(names, traits, &self.by);
        } else {
            self.sink.publish(&names, targets, traits, &self.by);
        }
    }

    /// The same with the names that the template of names gives the object: it is asked where the names of the object itself
    /// make no record, and where the run combines both.
    pub(crate) fn settle_templated(
        &mut self,
        mut names: Vec<Name>,
        targets: &TargetGroups,
        traits: &Traits,
        (templates, object, source): (&Templates, Option<Arc<Object>>, &'static str),
    ) {
        let has_record = !names.is_empty() && !targets.is_empty();
        if let Some(object) = &object
            && templates.apply(has_record)
        {
            let ask = Ask { templates, object, source, by: &self.by };
            names.extend(ask.names(self.sink));
        }
        self.settle(names, targets, traits);
    }

    /// The object under another kind: records of templates do not name it in their label.
    pub(crate) fn renamed(&self, kind: ResourceKind) -> Arc<Resource> {
        Arc::new(Resource { kind, ..Resource::clone(&self.by) })
    }

    /// Keeps the object until the list is complete.
    pub(crate) fn wait(&mut self, waiting: W) {
        self.waiting.push((Arc::clone(&self.by), waiting));
    }

    /// Notes what is wrong with the object as a whole, see [`Sink::fail`].
    pub(crate) fn fail(&mut self, fault: &impl Fault) {
        self.sink.fail(&self.by, fault);
    }
}
