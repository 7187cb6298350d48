//! The phrases of an explanation.

use extdns_model::ResourceKind;
use extdns_plan::{Cause, Decision, Differences, RecordChange, Rule};

use super::{Fate, Owner, Wish};
use crate::report::ChangeKind;

pub(super) fn kind(change: &RecordChange<'_>) -> ChangeKind {
    match change {
        RecordChange::Create(_) => ChangeKind::Create,
        RecordChange::Update { .. } => ChangeKind::Update,
        RecordChange::Delete(_) => ChangeKind::Delete,
    }
}

/// Why a plan wants a change.
pub(super) fn cause(decision: &Decision<'_>) -> String {
    match decision.cause {
        Cause::Missing => "it is wanted and missing".to_owned(),
        Cause::Differs(differences) => format!("it differs in {}", differing(differences)),
        Cause::Unwanted => "it is ours and nothing wants it".to_owned(),
        Cause::GivesWay => "it gives way to one that cannot stand beside it".to_owned(),
    }
}

fn differing(differences: Differences) -> String {
    let Differences { targets, ttl, properties, ownership } = differences;
    let parts = [
        (targets, "targets"),
        (ttl, "TTL"),
        (properties, "properties"),
        (ownership, "what its ownership record says"),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
    parts.join(", ")
}

/// What became of a wish.
pub(super) fn fate(wish: &Wish) -> String {
    match &wish.fate {
        Fate::Hidden(rule) => format!("not looked at: {rule}"),
        Fate::Unready => "it has no address yet".to_owned(),
        Fate::NothingToPublish => nothing_to_publish(wish).to_owned(),
        Fate::Dropped(reason) => format!("dropped: {reason}"),
        Fate::Refused(reason) => format!("dropped: {reason}"),
        Fate::OutsideFilter => "dropped: --domain-filter, --exclude-domains or their regular \
                                expressions leave the name out"
            .to_owned(),
        Fate::OutsideProvider => {
            "dropped: the provider itself does not take names of this domain".to_owned()
        }
        Fate::TypeNotManaged(rtype) => {
            format!(
                "dropped: {rtype} is not in --managed-record-types, or in --exclude-record-types"
            )
        }
        Fate::NoZone => "dropped: the name lies in no zone of the provider".to_owned(),
        Fate::Lost { to, rule } => format!("lost to {to}, {}", by(*rule)),
        Fate::Taken => "this is what is to be published".to_owned(),
        Fate::Unknown => "wanted, but the zones could not be read".to_owned(),
    }
}

fn nothing_to_publish(wish: &Wish) -> &'static str {
    match wish.resource.as_ref().map(|resource| &resource.kind) {
        Some(ResourceKind::Service) => {
            "it has nothing to publish: a ClusterIP service needs --publish-internal-services, a \
             headless one ready pods, a NodePort one nodes, an ExternalName one a name"
        }
        Some(ResourceKind::Crd) => "its entry has no target",
        _ => "it has nothing to publish",
    }
}

fn by(rule: Rule) -> &'static str {
    match rule {
        Rule::Preferred => "whose targets come first",
        Rule::KeepsResource => "which has the record already",
        Rule::NoCnameBeside => "since a CNAME cannot stand beside other types",
    }
}

/// Whose something is.
pub(super) fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Ours(id) => format!("ours ({id:?})"),
        Owner::Everybody => "ours, like every record (--registry=noop)".to_owned(),
        Owner::Foreign(id) => format!("of owner {id:?}, not ours"),
        Owner::Nobody => "without an ownership record, so somebody else made it".to_owned(),
        Owner::Fixed(why) => format!("not to be changed: it {why}"),
    }
}
