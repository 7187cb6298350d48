//! What the sources of a run share.

use std::sync::Arc;

use extdns_clusters::{ObjectFilter, Projection};

use crate::annotations::{Key, Vocabulary};
use crate::common::Common;
use crate::needs::SharedKinds;
use crate::resolver::Resolver;

/// What the sources of a run share.
pub(crate) struct Context {
    pub(crate) common: Common,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) filter: ObjectFilter,
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
        Self { common, vocabulary, filter, resolver, shared }
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
