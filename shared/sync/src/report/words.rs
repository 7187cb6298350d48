//! The phrases that all renderings share, and the words of the JSON document for them.

use std::borrow::Cow;

use extdns_model::{Failure, FailureKind, LabelKey, NotSent, Outcome as Sent};
use extdns_plan::{Cause, Differences, FreezeCause, Hold, Scope};

use super::document::{self, HoldKind, Outcome};
use super::{ChangeKind, ChangeResult, ReportedChange};

/// Why a change is wanted, in one word.
pub(crate) fn cause(cause: Cause) -> document::Cause {
    match cause {
        Cause::Missing => document::Cause::Missing,
        Cause::Differs(Differences { targets: false, ttl: false, properties: false, .. }) => {
            document::Cause::Ownership
        }
        Cause::Differs(_) => document::Cause::Differs,
        Cause::Unwanted => document::Cause::Unwanted,
        Cause::Orphaned => document::Cause::Orphaned,
        Cause::Released => document::Cause::Released,
        Cause::GivesWay => document::Cause::GivesWay,
        Cause::Moves { .. } => document::Cause::Moves,
        Cause::Unowned => document::Cause::Unowned,
    }
}

/// Why a change is wanted, as a sentence.
pub(crate) fn reason(change: &ReportedChange) -> String {
    let Cause::Differs(differences) = change.cause else {
        return remark(change).unwrap_or("it is wanted and missing".into()).into_owned();
    };
    let Differences { targets, ttl, properties, ownership } = differences;
    let parts: Vec<&str> = [
        (targets, "its targets differ"),
        (ttl, "its TTL differs"),
        (properties, "its properties differ"),
        (ownership, REWRITTEN),
        (has_another_owner(change), SAME_OBJECT),
    ]
    .into_iter()
    .filter_map(|(differs, text)| differs.then_some(text))
    .collect();
    parts.join(", ")
}

/// Of a record that is as wanted and has no ownership record.
pub(crate) const OWNERSHIP_RECORD_MISSING: &str = "it is as wanted, so its ownership record may have been \
                                       removed, or have the name of another --txt-prefix or \
                                       --txt-suffix; compare these flags first, and where they are \
                                       right remove the record too: the next run makes both";

const REWRITTEN: &str = "its ownership record is rewritten";

/// Of a record of another owner whose ownership record names the object that wants it here.
const SAME_OBJECT: &str = "its ownership record names this very object: if no other cluster has one \
                           of this name, compare --txt-owner-id, or see who changed the owner in it";

/// Whether a record has another owner although its ownership record names the object that wants it here.
fn has_another_owner(change: &ReportedChange) -> bool {
    let ChangeResult::Held(Hold::Foreign { owner: Some(_) }) = change.result else { return false };
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return false };
    let is_same = |key: &str| before.labels.get(key) == after.labels.get(key);
    before.labels.resource().is_some() && is_same(LabelKey::RESOURCE) && is_same(LabelKey::CLUSTER)
}

/// What a line that shows the values does not say already of why a change is wanted.
pub(crate) fn remark(change: &ReportedChange) -> Option<Cow<'static, str>> {
    let remark = match change.cause {
        _ if has_another_owner(change) => SAME_OBJECT,
        Cause::Missing | Cause::Differs(Differences { ownership: false, .. }) => return None,
        Cause::Differs(_) => REWRITTEN,
        Cause::Unwanted => "nothing wants it any more",
        Cause::Orphaned => "an ownership record without a record",
        Cause::Released => "its record is released, and stays",
        Cause::GivesWay => "gives way to another type",
        Cause::Moves { .. } => {
            let zone = change.moves_to.as_deref().unwrap_or("another zone");
            return Some(format!("moves to zone {zone}").into());
        }
        Cause::Unowned => match &change.result {
            ChangeResult::Held(Hold::Foreign { owner: None }) => OWNERSHIP_RECORD_MISSING,
            _ => "it is as wanted",
        },
    };
    Some(remark.into())
}

/// What became of a change, in one word.
pub(crate) fn outcome(result: &ChangeResult) -> Outcome {
    match result {
        ChangeResult::Planned => Outcome::Planned,
        ChangeResult::Held(
            Hold::Frozen { .. }
            | Hold::UnknownCluster { .. }
            | Hold::Outage { .. }
            | Hold::Kept { .. }
            | Hold::ReadOnlyZone { .. },
        ) => Outcome::Frozen,
        ChangeResult::Held(Hold::Guarded { .. }) => Outcome::Guarded,
        ChangeResult::Held(_) => Outcome::Held,
        ChangeResult::Sent(sent) => match sent {
            Sent::Applied => Outcome::Applied,
            Sent::Partial { .. } => Outcome::Partial,
            Sent::Rejected(_) => Outcome::Rejected,
            Sent::Failed(_) => Outcome::Failed,
            Sent::Unknown(_) => Outcome::Unknown,
            Sent::NotSent(NotSent::Deadline) => Outcome::Deferred,
            Sent::NotSent(NotSent::Foreign(_)) => Outcome::Held,
            Sent::NotSent(
                NotSent::Predecessor | NotSent::Move | NotSent::Replacement | NotSent::Stopped(_),
            ) => Outcome::Skipped,
        },
    }
}

/// The word of an outcome, as JSON and metrics have it.
pub(crate) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Planned => "planned",
        Outcome::Applied => "applied",
        Outcome::Partial => "partial",
        Outcome::Rejected => "rejected",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
        Outcome::Skipped => "skipped",
        Outcome::Deferred => "deferred",
        Outcome::Frozen => "frozen",
        Outcome::Guarded => "guarded",
        Outcome::Held => "held",
    }
}

/// The word of an action, as JSON, logs and metrics have it.
pub(crate) fn action_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Create => "create",
        ChangeKind::Update => "update",
        ChangeKind::Delete => "delete",
    }
}

/// What there is to say about what became of a change; nothing if it is as it should be.
pub(crate) fn result(result: &ChangeResult) -> Option<String> {
    match result {
        ChangeResult::Planned | ChangeResult::Sent(Sent::Applied) => None,
        ChangeResult::Held(hold) => Some(format!("held back: {}", held(hold))),
        ChangeResult::Sent(outcome) => Some(sent(outcome)),
    }
}

/// Why the zone of a change took no more changes, for which many are left out: an alert says it once for all of them.
pub(super) fn closing(result: &ChangeResult) -> Option<&Failure> {
    match result {
        ChangeResult::Sent(Sent::NotSent(NotSent::Stopped(failure))) => Some(failure),
        ChangeResult::Sent(Sent::Rejected(failure)) if failure.kind == FailureKind::Quota => {
            Some(failure)
        }
        _ => None,
    }
}

/// What there is to say about what became of a change, below the alerts.
pub(super) fn result_below_alerts(change: &ChangeResult) -> Option<String> {
    match closing(change) {
        Some(_) => Some("not made, as said above of its zone".to_owned()),
        None => result(change),
    }
}

/// The rule that holds a change back.
pub(crate) fn hold_kind(hold: &Hold) -> HoldKind {
    match hold {
        Hold::Foreign { .. } => HoldKind::Foreign,
        Hold::InDoubt(_) => HoldKind::InDoubt,
        Hold::Policy => HoldKind::Policy,
        Hold::Coexistence => HoldKind::Coexistence,
        Hold::Unit => HoldKind::Unit,
        Hold::CannotBeOwned { .. } => HoldKind::CannotBeOwned,
        Hold::CannotBeStored { .. } => HoldKind::CannotBeStored,
        Hold::UnreadableZone => HoldKind::UnreadableZone,
        Hold::ReadOnly { .. } | Hold::ReadOnlyZone { .. } => HoldKind::ReadOnly,
        Hold::Frozen { .. } => HoldKind::Frozen,
        Hold::UnknownCluster { .. } => HoldKind::UnknownCluster,
        Hold::Unready { .. } => HoldKind::Unready,
        Hold::Outage { .. } => HoldKind::Outage,
        Hold::Moves { .. } => HoldKind::Moves,
        Hold::NoZone => HoldKind::NoZone,
        Hold::Kept { .. } => HoldKind::Kept,
        Hold::Protected { .. } => HoldKind::Protected,
        Hold::Guarded { .. } => HoldKind::Guarded,
    }
}

/// Why something is held back, as a fragment that reads after "held back:".
pub(crate) fn held(hold: &Hold) -> Cow<'_, str> {
    match hold {
        Hold::Foreign { owner: Some(owner) } => {
            format!("the name belongs to owner {owner:?}").into()
        }
        Hold::Foreign { owner: None } => {
            "the name has a record without an ownership record, so it is not ours".into()
        }
        Hold::InDoubt(doubt) => doubt.to_string().into(),
        Hold::Policy => "--policy does not allow it".into(),
        Hold::Coexistence => {
            "a record of the name stays, and a CNAME cannot stand beside others".into()
        }
        Hold::Unit => "a change that belongs to it is held back".into(),
        Hold::CannotBeOwned { reason } | Hold::CannotBeStored { reason } => reason.into(),
        Hold::UnreadableZone => "its zone could not be read".into(),
        Hold::ReadOnly { reason } | Hold::ReadOnlyZone { reason } => format!("it {reason}").into(),
        Hold::Frozen { cluster, why: FreezeCause::Failed } => {
            format!("cluster {cluster} could not be read in full").into()
        }
        Hold::Frozen { cluster, why: FreezeCause::Empty { filter: None, .. } } => {
            format!("cluster {cluster} suddenly wants nothing").into()
        }
        Hold::Frozen { cluster, why: FreezeCause::Empty { filter: Some(filter), .. } } => {
            format!("{filter} selects nothing in cluster {cluster}").into()
        }
        Hold::UnknownCluster { name } => {
            format!("it belongs to cluster {name}, which is not configured").into()
        }
        Hold::Unready { resource } => {
            format!("{resource} has no address yet, and the name is kept as it is until then")
                .into()
        }
        Hold::Outage { resource } => {
            format!("{resource} has no address any more, like too many others at once").into()
        }
        Hold::Moves { zone, why } => {
            format!("its name is not made in zone {zone} yet: {}", held(why)).into()
        }
        Hold::NoZone => "its name is wanted, but in a zone that is not there".into(),
        Hold::Kept { reason } => format!("it stays as it is: {reason}").into(),
        Hold::Protected { glob } => format!("--protect={glob} keeps it as it is").into(),
        Hold::Guarded { kind, scope } => match scope {
            Scope::Target => format!("there would be too many {kind} in all zones together").into(),
            Scope::Zone(_) => format!("there would be too many {kind} in the zone").into(),
            Scope::Cluster { name, .. } => {
                format!("there would be too many {kind} of cluster {name} in the zone").into()
            }
        },
    }
}

/// What became of something that was sent, or was to be.
pub(crate) fn sent(outcome: &Sent) -> String {
    match outcome {
        Sent::Applied => "done".to_owned(),
        Sent::Partial { done, left, reason } => {
            format!("{done} of {} steps done, then: {reason}", done + left)
        }
        Sent::NotSent(why) => why.to_string(),
        Sent::Rejected(failure) => format!("rejected: {failure}"),
        Sent::Failed(failure) => format!("failed, the next run tries again: {failure}"),
        Sent::Unknown(failure) => format!("unconfirmed, the next run looks again: {failure}"),
    }
}

/// A text of unknown origin on one line of so many bytes at most.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    let short = &text[..text.floor_char_boundary(longest)];
    let end = if short.len() < text.len() { "…" } else { "" };
    format!("{}{end}", printable(short))
}

/// A text of unknown origin on one line, and without what a terminal would obey.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return text.into();
    }
    let mut clean = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if char.is_control() {
            clean.extend(char.escape_default());
        } else {
            clean.push(char);
        }
    }
    clean.into()
}
