//! The sources that there are: one line each.

use std::sync::Arc;

use crate::crd::CrdSource;
use crate::empty::Empty;
use crate::fake::Fake;
use crate::ingress::IngressSource;
use crate::needs::{self, Row};
use crate::service::ServiceSource;
use crate::source::{Context, Source};

/// A source that can be named in `--source`.
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does to a cluster; nothing if it needs none.
    pub(crate) needs: &'static [Row],
    make: fn(&Arc<Context>) -> Box<dyn Source>,
}

/// All sources, by name.
pub(crate) const SOURCES: [Entry; 5] = [
    Entry { name: "crd", needs: needs::CRD, make: |c| Box::new(CrdSource::new(c)) },
    Entry { name: "empty", needs: &[], make: |_| Box::new(Empty) },
    Entry { name: "fake", needs: &[], make: |_| Box::new(Fake) },
    Entry { name: "ingress", needs: needs::INGRESS, make: |c| Box::new(IngressSource::new(c)) },
    Entry { name: "service", needs: needs::SERVICE, make: |c| Box::new(ServiceSource::new(c)) },
];

impl Entry {
    /// The source of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        SOURCES.iter().find(|entry| entry.name == name)
    }

    /// Makes the source.
    pub(crate) fn make(&self, context: &Arc<Context>) -> Box<dyn Source> {
        (self.make)(context)
    }
}
