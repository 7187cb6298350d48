//! Of which objects a change matters: what the sources of a cluster read.

/// A kind of objects that a source reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadKind {
    /// Its group; empty for the core group.
    pub group: String,
    /// Its plural name, as in the URLs of the API; empty if only the kind is known.
    pub plural: String,
    /// Its kind; empty if only the plural name is known.
    pub kind: String,
    /// Whether it is only read to complete objects of another kind, such as the pods of a service.
    pub is_joined: bool,
}

/// What the sources of a cluster read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadSet(Vec<ReadKind>);

/// The object that a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject<'a> {
    pub(crate) group: &'a str,
    pub(crate) plural: &'a str,
    pub(crate) kind: &'a str,
    /// The part of it that is written, such as `status`; empty for the object.
    pub(crate) subresource: &'a str,
}

impl ReadSet {
    /// The kinds of the sources; those that are joined only if `joins` says so, else their changes wait for the
    /// schedule.
    pub fn new(kinds: impl IntoIterator<Item = ReadKind>, joins: bool) -> Self {
        Self(kinds.into_iter().filter(|kind| joins || !kind.is_joined).collect())
    }

    /// Whether a change may change what is wanted: of an object of these kinds, or of its status. In which version of
    /// its API an object was written does not matter.
    pub(crate) fn contains(&self, subject: &Subject<'_>) -> bool {
        matches!(subject.subresource, "" | "status")
            && self.0.iter().any(|own| {
                own.group == subject.group
                    && (own.plural == subject.plural
                        || own.plural.is_empty() && own.kind == subject.kind)
            })
    }

    /// The rules of a webhook that sends these objects: group, and plural name or kind.
    pub fn kinds(&self) -> impl Iterator<Item = &ReadKind> {
        self.0.iter()
    }
}
