//! One object, as a source sees it while the list is read.

use std::fmt::Display;
use std::sync::Arc;

use ecow::eco_format;
use extdns_clusters::ResourceType;
use extdns_model::{Name, Resource};

use crate::fault::Fault;
use crate::sink::Sink;
use crate::trace::HiddenBy;

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

    /// Keeps the object until the list is complete.
    pub(crate) fn wait(&mut self, waiting: W) {
        self.waiting.push((Arc::clone(&self.by), waiting));
    }

    /// Notes what is wrong with the object as a whole, see [`Sink::fail`].
    pub(crate) fn fail(&mut self, fault: &impl Fault) {
        self.sink.fail(&self.by, fault);
    }
}
