//! One object, as a source sees it while the list is read.

use std::fmt::Display;
use std::sync::Arc;

use ecow::eco_format;
use extdns_clusters::{Metadata, ResourceType};
use extdns_model::{Name, Resource};
use extdns_template::Object;

use crate::annotations::{Annotations, Key};
use crate::ask::Template;
use crate::context::Context;
use crate::fault::Fault;
use crate::objects::host_name;
use crate::records::{TargetGroups, Traits};
use crate::sink::{DropReason, Sink};
use crate::trace::HiddenBy;

/// Why the names of the annotation `hostname` are not looked at.
pub(crate) const IGNORED_ANNOTATION: &str =
    "the name stands in its annotation, which --ignore-hostname-annotation leaves out";

/// Why a name is left out that no listener can have.
const NO_HOST_NAME: &str = "a listener has host names only, which are letters, digits and \"-\", with \"*\" as the first label \
                            at most; give the name to another source, such as crd";

/// One object, and where to put what it wants.
pub(crate) struct Visit<'a, W> {
    /// The object, as reports and labels name it.
    pub(crate) by: Arc<Resource>,
    /// Where the cluster serves it.
    pub(crate) kind: ResourceType,
    pub(crate) context: &'a Context,
    pub(crate) sink: &'a mut Sink,
    pub(crate) waiting: &'a mut Vec<(Arc<Resource>, W)>,
}

impl<'a, W> Visit<'a, W> {
    /// The annotations of the object.
    pub(crate) fn annotations<'m>(&self, metadata: &'m Metadata) -> Annotations<'m>
    where
        'a: 'm,
    {
        self.context.vocabulary.read(&metadata.annotations)
    }

    /// The names in one field of the object; none if a rule hides the field.
    pub(crate) fn names<T: AsRef<str>>(
        &mut self,
        texts: impl Iterator<Item = T>,
        hidden: Option<impl Display>,
    ) -> Vec<Name> {
        let Some(rule) = hidden else {
            let names = texts.filter_map(|text| self.sink.name(text.as_ref(), &self.by));
            let mut names: Vec<Name> = names.collect();
            // Objects that wait keep them, and as a rule there is one.
            names.shrink_to_fit();
            return names;
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
    pub(crate) fn hostnames(&mut self, annotations: Annotations<'_>) -> Vec<Name> {
        let hidden = self.context.common.ignores_hostnames.then_some(IGNORED_ANNOTATION);
        self.names(annotations.list(Key::HOSTNAME), hidden)
    }

    /// Leaves out the names that no listener can have.
    pub(crate) fn keep_host_names(&mut self, names: &mut Vec<Name>) {
        names.retain(|name| {
            let is_host_name = host_name(name.as_str()).is_some();
            if !is_host_name {
                self.sink.drop(name.as_str(), &self.by, DropReason::Source(NO_HOST_NAME.into()));
            }
            is_host_name
        });
    }

    /// See [`Sink::settle`].
    pub(crate) fn settle(&mut self, names: Vec<Name>, targets: &TargetGroups, traits: &Traits) {
        self.sink.settle(names, targets, traits, &self.by);
    }

    /// The templates of the run, for the object as they see it.
    pub(crate) fn template(&self, view: Option<Arc<Object>>, source: &'static str) -> Template<'a> {
        (&self.context.common.templates, view, source)
    }

    /// See [`Sink::settle_templated`].
    pub(crate) fn settle_templated(
        &mut self,
        names: Vec<Name>,
        targets: &TargetGroups,
        traits: &Traits,
        template: &Template<'_>,
    ) {
        self.sink.settle_templated(names, targets, traits, template, &self.by);
    }

    /// The object for records that do not name it in their label, such as those of templates.
    pub(crate) fn unlabelled(&self) -> Arc<Resource> {
        Arc::new(Resource { kind: self.by.kind.unlabelled(), ..Resource::clone(&self.by) })
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
