//! The filters that every source shares, and what they say about one object.

use ecow::EcoString;

use crate::object::Metadata;
use crate::selector::Selector;

/// The only value of the controller annotation that lets an object through.
const THIS_CONTROLLER: &str = "dns-controller";

/// What is asked of each object of a primary kind, in this order: annotations, labels, controller.
#[derive(Clone, Debug, Default)]
pub struct ObjectFilter {
    /// `--annotation-filter`.
    pub annotations: Selector,
    /// `--label-filter`.
    pub labels: Selector,
    /// Keys of the controller annotation, the preferred first; the first that is present counts. Empty where the
    /// source makes no such check.
    pub controller_keys: Vec<EcoString>,
}

impl ObjectFilter {
    /// What the filters say about an object.
    #[must_use]
    pub fn apply(&self, metadata: &Metadata) -> FilterResult {
        if !self.annotations.matches(&metadata.annotations) {
            return FilterResult::Dropped(DroppedBy::Annotations);
        }
        if !self.labels.matches(&metadata.labels) {
            return FilterResult::Dropped(DroppedBy::Labels);
        }
        let controller = self.controller_keys.iter().find_map(|key| metadata.annotations.get(key));
        match controller {
            Some(other) if other != THIS_CONTROLLER => FilterResult::Dropped(DroppedBy::Controller),
            _ => FilterResult::Admitted,
        }
    }
}

/// Whether an object takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterResult {
    /// It passed every filter.
    Admitted,
    /// It is invisible to an ordinary run; the first filter that it failed.
    Dropped(DroppedBy),
}

impl FilterResult {
    /// Whether the object passed every filter.
    #[must_use]
    pub fn is_admitted(self) -> bool {
        self == Self::Admitted
    }
}

/// The filter that an object failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DroppedBy {
    /// `--annotation-filter`.
    Annotations,
    /// `--label-filter`.
    Labels,
    /// The controller annotation names another controller.
    Controller,
}

impl std::fmt::Display for DroppedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Annotations => "its annotations do not match --annotation-filter",
            Self::Labels => "its labels do not match --label-filter",
            Self::Controller => "its controller annotation names another controller",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{DroppedBy, FilterResult, ObjectFilter};
    use crate::object::{Metadata, Pairs};
    use crate::selector::Selector;

    fn metadata(annotations: &[(&str, &str)], labels: &[(&str, &str)]) -> Metadata {
        let pairs = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Pairs>();
        Metadata { annotations: pairs(annotations), labels: pairs(labels), ..Metadata::default() }
    }

    #[test]
    fn the_first_filter_that_fails_is_named() {
        let filter = ObjectFilter {
            annotations: Selector::annotations("dns=yes").unwrap(),
            labels: Selector::labels("app!=old").unwrap(),
            controller_keys: vec!["new/controller".into(), "old/controller".into()],
        };
        let dropped = FilterResult::Dropped;
        type Strings<'a> = &'a [(&'a str, &'a str)];
        let table: &[(Strings<'_>, Strings<'_>, FilterResult)] = &[
            (&[("dns", "yes")], &[], FilterResult::Admitted),
            (&[], &[("app", "old")], dropped(DroppedBy::Annotations)),
            (&[("dns", "yes")], &[("app", "old")], dropped(DroppedBy::Labels)),
            (&[("dns", "yes"), ("new/controller", "dns-controller")], &[], FilterResult::Admitted),
            (&[("dns", "yes"), ("new/controller", "")], &[], dropped(DroppedBy::Controller)),
            (
                &[("dns", "yes"), ("old/controller", "Dns-Controller")],
                &[],
                dropped(DroppedBy::Controller),
            ),
            // The preferred key decides where both are present.
            (
                &[("dns", "yes"), ("new/controller", "dns-controller"), ("old/controller", "x")],
                &[],
                FilterResult::Admitted,
            ),
        ];
        for (annotations, labels, expected) in table {
            assert_eq!(
                filter.apply(&metadata(annotations, labels)),
                *expected,
                "{annotations:?} {labels:?}"
            );
        }
    }

    #[test]
    fn without_settings_everything_passes() {
        let result = ObjectFilter::default().apply(&metadata(&[("new/controller", "x")], &[]));
        assert!(result.is_admitted());
    }
}
