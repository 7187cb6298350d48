//! Which filters of a run select none of the objects that a source reads. A filter that suddenly selects nothing is
//! more often a typing error than meant to delete every record.

use ecow::{EcoString, eco_format};
use extdns_clusters::{DroppedBy, FilterResult};

use crate::common::WrittenFilters;

/// How the filters judged the objects that one source read, each by the first filter that left it out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FilterCounts {
    seen: u64,
    by_annotations: u64,
    by_labels: u64,
    /// Those that name another controller: they passed the filters of annotations and labels, and no other filter was
    /// applied.
    of_others: u64,
    /// Those that a rule of the source leaves out.
    by_source: u64,
}

impl FilterCounts {
    /// Counts an object.
    pub(crate) fn count(&mut self, result: FilterResult, left_out_by_source: bool) {
        self.seen += 1;
        match result {
            FilterResult::Dropped(DroppedBy::Annotations) => self.by_annotations += 1,
            FilterResult::Dropped(DroppedBy::Labels) => self.by_labels += 1,
            FilterResult::Dropped(DroppedBy::Controller) => self.of_others += 1,
            FilterResult::Admitted => self.by_source += u64::from(left_out_by_source),
        }
    }

    /// Adds the counts of another.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { seen, by_annotations, by_labels, of_others, by_source } = other;
        self.seen += seen;
        self.by_annotations += by_annotations;
        self.by_labels += by_labels;
        self.of_others += of_others;
        self.by_source += by_source;
    }

    /// Whether there was no object at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// The filters as their flags were written, joined by commas, if they left out every object that there was. A
    /// controller annotation is no such filter: the owner of the object wrote it.
    pub(crate) fn selecting_nothing(
        &self,
        written: &WrittenFilters,
        own_filter: Option<EcoString>,
    ) -> Option<EcoString> {
        let annotations = || eco_format!("--annotation-filter={}", written.annotations);
        let labels = || eco_format!("--label-filter={}", written.labels);
        // It is not known whether a filter that was not applied selects them.
        let (by_own_filter, unasked) = match own_filter {
            Some(_) => (self.by_source, self.of_others),
            None => (0, 0),
        };
        let left_out = self.by_annotations + self.by_labels + by_own_filter;
        if left_out == 0 || left_out + unasked < self.seen {
            return None;
        }
        let flags = [
            (self.by_annotations > 0).then(annotations),
            (self.by_labels > 0).then(labels),
            own_filter.filter(|_| by_own_filter > 0),
        ];
        Some(flags.into_iter().flatten().collect::<Vec<_>>().join(", ").into())
    }
}

/// A source whose filters select none of the objects that there are, or whose namespace does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingSelected {
    /// The source.
    pub source: &'static str,
    /// The filter as its flag was written (`--ingress-class=web`); several of them joined by commas.
    pub filter: EcoString,
    /// Whether the filter is a namespace that the cluster does not have.
    pub is_absent_namespace: bool,
}
