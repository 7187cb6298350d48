//! The kinds of cluster objects, as ownership records and reports name them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// The kind of a resource. Each source names its own; two are the same if their text is.
#[derive(Clone, Copy)]
pub struct ResourceKind(&'static KindName);

/// What a kind is called.
#[derive(Debug)]
pub enum KindName {
    /// The text in reports, and the first part of the label.
    Labelled(&'static str),
    /// The text in reports. Resources of this kind are not named in labels: several of them share a name and come and
    /// go, so that a label would change with each of them.
    Unlabelled(&'static str),
}

impl ResourceKind {
    /// `service`.
    pub const SERVICE: Self = Self::new(&KindName::Labelled("service"));
    /// `record`: an object of which only the record is known.
    pub const RECORD: Self = Self::new(&KindName::Unlabelled("record"));
    /// `crd`: a DNSEndpoint.
    pub const CRD: Self = Self::new(&KindName::Labelled("crd"));

    /// The kind of this name.
    #[must_use]
    pub const fn new(name: &'static KindName) -> Self {
        Self(name)
    }

    /// A kind that only the data knows, in lower case, with a label. Its text is kept for ever: such kinds are few.
    #[must_use]
    pub fn other(kind: &str) -> Self {
        let text = kind.to_lowercase();
        kept(&text, true, KindName::Labelled)
    }

    /// The same kind without a label.
    #[must_use]
    pub fn unlabelled(self) -> Self {
        kept(self.as_str(), false, KindName::Unlabelled)
    }

    /// The text in labels and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            KindName::Labelled(text) | KindName::Unlabelled(text) => text,
        }
    }

    /// Whether resources of this kind are named in labels.
    #[must_use]
    pub const fn is_labelled(self) -> bool {
        matches!(self.0, KindName::Labelled(_))
    }
}

/// A kind that is known from now on, made once.
fn kept(
    text: &str,
    is_labelled: bool,
    name: impl FnOnce(&'static str) -> KindName,
) -> ResourceKind {
    static KEPT: Mutex<BTreeMap<(&'static str, bool), &'static KindName>> =
        Mutex::new(BTreeMap::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(&(text, is_labelled)) {
        return ResourceKind(known);
    }
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let name: &'static KindName = Box::leak(Box::new(name(text)));
    kept.insert((text, is_labelled), name);
    ResourceKind(name)
}

impl PartialEq for ResourceKind {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ResourceKind {}

impl PartialOrd for ResourceKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By the text.
impl Ord for ResourceKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ResourceKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{KindName, ResourceKind};

    #[test]
    fn kinds_are_the_same_by_their_text() {
        const SERVICE: ResourceKind = ResourceKind::new(&KindName::Labelled("service"));
        assert_eq!(SERVICE, ResourceKind::SERVICE);
        assert_eq!(ResourceKind::other("Service"), ResourceKind::SERVICE);
        assert_eq!(ResourceKind::other("HTTPRoute"), ResourceKind::other("httproute"));
        assert!(ResourceKind::CRD < ResourceKind::SERVICE);
        assert_eq!(ResourceKind::other("HTTPRoute").as_str(), "httproute");
        assert!(!ResourceKind::new(&KindName::Unlabelled("pod")).is_labelled());
        assert!(!SERVICE.unlabelled().is_labelled());
        assert_eq!(SERVICE.unlabelled(), SERVICE);
        assert!(ResourceKind::other("service").is_labelled());
    }
}
