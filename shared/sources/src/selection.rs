//! Which filters of a run select none of the objects that a source reads. A filter that suddenly selects nothing is more
//! often a typing error than a wish to have every record deleted.

use ecow::EcoString;
use extdns_clusters::DroppedBy;

use crate::options::WrittenFilters;
use crate::trace::HiddenBy;

/// A filter that leaves out whole objects, as a flag of its own. A controller annotation is none: the owner of the
/// object wrote it.
#[derive(Clone, Copy)]
enum Filter {
    Annotations,
    Labels,
    Class,
    ServiceType,
}

impl Filter {
    const ALL: [Self; 4] = [Self::Annotations, Self::Labels, Self::Class, Self::ServiceType];

    fn of(hidden: &HiddenBy) -> Option<Self> {
        match hidden {
            HiddenBy::Filter(DroppedBy::Annotations) => Some(Self::Annotations),
            HiddenBy::Filter(DroppedBy::Labels) => Some(Self::Labels),
            HiddenBy::Class { .. } => Some(Self::Class),
            HiddenBy::ServiceType(_) => Some(Self::ServiceType),
            HiddenBy::Filter(DroppedBy::Controller)
            | HiddenBy::HostnameSource
            | HiddenBy::IgnoredRules
            | HiddenBy::IgnoredTls
            | HiddenBy::Cordoned
            | HiddenBy::NotOnHostNetwork => None,
        }
    }

    /// The filter as its flag was written.
    fn flag(self, written: &WrittenFilters) -> EcoString {
        let (name, value) = match self {
            Self::Annotations => ("annotation-filter", &written.annotations),
            Self::Labels => ("label-filter", &written.labels),
            Self::Class => ("ingress-class", &written.classes),
            Self::ServiceType => ("service-type-filter", &written.service_types),
        };
        ecow::eco_format!("--{name}={value}")
    }
}

/// How the filters judged the objects that one source read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    seen: u64,
    /// By the first filter that left an object out.
    left_out: [u64; Filter::ALL.len()],
    /// Those that name another controller: they passed the filters of annotations and labels, and nobody asked further.
    of_others: u64,
}

impl Tally {
    /// Counts an object.
    pub(crate) fn count(&mut self, hidden: Option<&HiddenBy>) {
        self.seen += 1;
        if let Some(filter) = hidden.and_then(Filter::of) {
            self.left_out[filter as usize] += 1;
        } else if hidden == Some(&HiddenBy::Filter(DroppedBy::Controller)) {
            self.of_others += 1;
        }
    }

    /// Adds what another tally counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.seen += other.seen;
        self.of_others += other.of_others;
        for (own, more) in self.left_out.iter_mut().zip(other.left_out) {
            *own += more;
        }
    }

    /// Whether there was no object at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// The filters as their flags were written, joined by commas, if they left out every object that there was.
    pub(crate) fn selecting_nothing(&self, written: &WrittenFilters) -> Option<EcoString> {
        let left_out: u64 = self.left_out.iter().sum();
        // With a filter that was not asked, nobody knows whether it selects them.
        let selected = if written.classes.is_empty() && written.service_types.is_empty() {
            self.seen - left_out
        } else {
            self.seen - left_out - self.of_others
        };
        if left_out == 0 || selected > 0 {
            return None;
        }
        let some = Filter::ALL.into_iter().filter(|filter| self.left_out[*filter as usize] > 0);
        let flags: Vec<EcoString> = some.map(|filter| filter.flag(written)).collect();
        Some(flags.join(", ").into())
    }
}

/// A source whose filters select none of the objects that there are, or whose namespace does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingSelected {
    /// The source.
    pub source: &'static str,
    /// The filter as its flag was written (`--ingress-class=web`); several of them joined by commas.
    pub filter: EcoString,
}
