//! What the sources of a run share.

use std::sync::Arc;

use extdns_clusters::{ClusterView, ObjectFilter, Projection};

use crate::annotations::{Key, Reads, Vocabulary};
use crate::common::Common;
use crate::needs::SharedKinds;
use crate::resolver::Resolver;

/// A run over one cluster.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) context: &'a Context,
    pub(crate) view: &'a ClusterView,
}

/// What the sources of a run share.
pub(crate) struct Context {
    pub(crate) common: Common,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) filter: ObjectFilter,
    /// The same for sources that do not read the annotation `controller`.
    filter_of_any_controller: ObjectFilter,
    pub(crate) resolver: Arc<dyn Resolver>,
    shared: SharedKinds,
}

impl Context {
    pub(crate) fn new(common: Common, resolver: Arc<dyn Resolver>, shared: SharedKinds) -> Self {
        let vocabulary = Vocabulary::new(common.annotation_prefix.as_deref());
        let filter = ObjectFilter {
            annotations: common.annotation_filter.clone(),
            labels: common.label_filter.clone(),
            controller_keys: vocabulary.keys(Key::CONTROLLER),
        };
        let filter_of_any_controller =
            ObjectFilter { controller_keys: Vec::new(), ..filter.clone() };
        Self { common, vocabulary, filter, filter_of_any_controller, resolver, shared }
    }

    /// The filter of the objects of a source that reads these annotations.
    pub(crate) fn filter_of(&self, reads: &Reads) -> &ObjectFilter {
        let has_controller = reads.keys.contains(&Key::CONTROLLER);
        if has_controller { &self.filter } else { &self.filter_of_any_controller }
    }

    /// Whether other sources of the run can come to list these objects too. Then the list is kept for them.
    pub(crate) fn is_shared<K: Projection>(&self) -> bool {
        self.shared.contain::<K>()
    }

    /// The namespace that the run looks at; all if there is none.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.common.namespace.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Context, SharedKinds};
    use crate::{Options, SystemResolver};

    impl Context {
        /// What the sources share in a run with these flags.
        pub(crate) fn of_flags(flags: &[&str]) -> Self {
            let options = Options::of_flags(&[&["--source=fake"], flags].concat());
            let resolver = Arc::new(SystemResolver::default());
            Self::new(options.gather.common, resolver, SharedKinds::default())
        }
    }
}
