//! One change as one line, for everything that people read.

use std::borrow::Cow;

use extdns_model::RecordSet;
use extdns_plan::{Cause, Differences};

use super::listing::first_few;
use super::words::{remark, result_below_alerts};
use super::{ChangeKind, ReportedChange, Severity, Snapshot};

/// The parts of a line: `~ A www.example.org  192.0.2.1 -> 192.0.2.2  (service/shop/web)`.
pub(super) struct Line {
    pub(super) sign: Sign,
    pub(super) rtype: String,
    /// The name, with the set identifier where there is one.
    pub(super) label: String,
    /// The values, or what changes about them.
    pub(super) values: String,
    /// The objects that want it, and their cluster.
    pub(super) wanted_by: String,
    /// Why it is as it is, and what became of it.
    pub(super) reason: String,
}

/// What a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Delete,
    Failed,
    Update,
    Create,
    Held,
}

impl Sign {
    /// In the order in which people read them.
    pub(super) const ORDER: [Self; 5] =
        [Self::Delete, Self::Failed, Self::Update, Self::Create, Self::Held];

    /// Its place in [`Sign::ORDER`].
    pub(super) fn rank(self) -> usize {
        self as usize
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Delete => "-",
            Self::Held => "=",
            Self::Failed => "!",
        }
    }

    fn of(change: &ReportedChange) -> Self {
        match (change.result.severity(), change.kind) {
            (Severity::Held | Severity::Frozen | Severity::Guarded | Severity::Deferred, _) => {
                Self::Held
            }
            (Severity::Failed, _) => Self::Failed,
            (Severity::Good, ChangeKind::Create) => Self::Create,
            (Severity::Good, ChangeKind::Update) => Self::Update,
            (Severity::Good, ChangeKind::Delete) => Self::Delete,
        }
    }
}

impl Line {
    /// The line of a change; none if it is about nothing.
    pub(super) fn of(change: &ReportedChange) -> Option<Self> {
        let set = change.set()?;
        Some(Self {
            sign: Sign::of(change),
            rtype: set.rtype.to_string(),
            label: label(set),
            values: values(change),
            wanted_by: wanted_by(change),
            reason: reason(change),
        })
    }

    /// Who wants it and why it is as it is, in parentheses; nothing where there is nothing to say.
    pub(super) fn about(&self) -> String {
        match (&*self.wanted_by, &*self.reason) {
            ("", "") => String::new(),
            (one, "") | ("", one) => format!("({one})"),
            (wanted_by, reason) => format!("({wanted_by}; {reason})"),
        }
    }
}

fn label(set: &RecordSet) -> String {
    match set.set_identifier() {
        "" => set.name.to_string(),
        id => format!("{} [{id}]", set.name),
    }
}

fn wanted_by(change: &ReportedChange) -> String {
    match (change.wanted_by(", "), &change.cluster) {
        (Some(resource), Some(cluster)) => format!("{resource} in {cluster}"),
        (resource, _) => resource.unwrap_or_default(),
    }
}

fn reason(change: &ReportedChange) -> String {
    let parts = [remark(change).map(Cow::into_owned), result_below_alerts(&change.result)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn values(change: &ReportedChange) -> String {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => match change.cause {
            Cause::Differs(differences) => difference(&before.set, &after.set, differences),
            _ => targets(&after.set),
        },
        (Some(Snapshot { set, .. }), None) | (None, Some(Snapshot { set, .. })) => set
            .ttl
            .seconds()
            .map_or_else(|| targets(set), |ttl| format!("{} ttl {ttl}", targets(set))),
        (None, None) => String::new(),
    }
}

fn difference(before: &RecordSet, after: &RecordSet, differences: Differences) -> String {
    let mut parts = Vec::new();
    if differences.targets {
        parts.push(format!("{} -> {}", targets(before), targets(after)));
    } else {
        parts.push(targets(after));
    }
    if differences.ttl {
        parts.push(format!("ttl {} -> {}", before.ttl, after.ttl));
    }
    if differences.properties {
        parts.push(format!("{} -> {}", properties(before), properties(after)));
    }
    parts.join(", ")
}

fn properties(set: &RecordSet) -> String {
    let pairs: Vec<String> = set
        .properties()
        .iter()
        .map(|property| format!("{}={}", property.name, property.value))
        .collect();
    format!("{{{}}}", pairs.join(" "))
}

/// The targets; of many, the first few and how many more.
fn targets(set: &RecordSet) -> String {
    const SHOWN: usize = 4;
    first_few(set.targets.iter().map(|target| target.as_str()), set.targets.len(), SHOWN, ",")
}
