//! The phrases of an explanation.

use extdns_model::ResourceKind;
use extdns_plan::{Cause, Decision, Differences, Hold, RecordChange, Rule};

use super::{Desired, Fate, Owner};
use crate::report::ChangeKind;
use crate::report::words::OWNERSHIP_RECORD_MISSING;

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
        Cause::Orphaned => "it is an ownership record of ours without a record".to_owned(),
        Cause::Released => "its record is released, and stays".to_owned(),
        Cause::GivesWay => "it gives way to one that cannot stand beside it".to_owned(),
        Cause::Moves { .. } => "its name is wanted in another zone now".to_owned(),
        Cause::Unowned => match decision.held() {
            Some(Hold::Foreign { owner: None }) => OWNERSHIP_RECORD_MISSING.to_owned(),
            _ => "it is as wanted, but not ours".to_owned(),
        },
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

/// What became of a desired endpoint.
pub(super) fn fate(desired: &Desired) -> String {
    match &desired.fate {
        Fate::Hidden(rule) => format!("not looked at: {rule}"),
        Fate::Unready => {
            "it has no address yet; a route has none before a parent accepts it".to_owned()
        }
        Fate::NothingToPublish => nothing_to_publish(desired).to_owned(),
        Fate::Dropped(reason) => format!("dropped: {reason}"),
        Fate::Changed(reason) => format!("changed: {reason}"),
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

fn nothing_to_publish(desired: &Desired) -> &'static str {
    match desired.resource.as_ref().map(|resource| resource.kind) {
        Some(kind) if kind == ResourceKind::SERVICE => {
            "it has nothing to publish: a ClusterIP service needs --publish-internal-services, a \
             headless one ready pods, a NodePort one nodes, an ExternalName one a name"
        }
        Some(kind) if kind == ResourceKind::CRD => "its entry has no target",
        _ => "it has nothing to publish",
    }
}

fn by(rule: Rule) -> &'static str {
    match rule {
        Rule::Preferred => "whose targets come first",
        Rule::KeepsResource => "which has the record already",
        Rule::NoCnameBeside => "since a CNAME cannot stand beside other types",
        Rule::KeepsCluster => "whose cluster has the name already",
        Rule::FirstCluster => "whose cluster comes first in the settings",
        Rule::CannotMerge => "since record sets of these types cannot be merged (--sharing)",
    }
}

/// Whose something is.
pub(super) fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Ours(id) => format!("ours ({id:?})"),
        Owner::Everybody => "ours, like every record (--registry=noop)".to_owned(),
        Owner::Foreign(id) => format!("of owner {id:?}, not ours"),
        Owner::Nobody => "without an ownership record, so it is not ours".to_owned(),
        Owner::InDoubt(doubt) => format!("not ours: {doubt}"),
        Owner::Fixed(why) => format!("not to be changed: it {why}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use extdns_clusters::DroppedBy;
    use extdns_model::{
        ClusterId, Doubt, DoubtCause, Labels, Name, RecordSet, RecordType, Resource, Targets, Ttl,
        ZoneKey,
    };
    use extdns_plan::{DecisionState, Unit};
    use extdns_sources::{DropReason, HiddenBy};

    use super::*;

    fn desired(kind: ResourceKind, fate: Fate) -> Desired {
        let namespace = Some("shop".into());
        let resource = Resource { cluster: ClusterId(0), kind, namespace, name: "web".into() };
        Desired {
            resource: Some(Arc::new(resource)),
            cluster: None,
            rtype: None,
            targets: Targets::new(),
            fate,
        }
    }

    /// The place of a fate in the table below: a new one does not compile without one.
    fn row_of(fate: &Fate) -> usize {
        match fate {
            Fate::Hidden(_) => 0,
            Fate::Unready => 1,
            Fate::NothingToPublish => 2,
            Fate::Dropped(_) => 3,
            Fate::Changed(_) => 4,
            Fate::Refused(_) => 5,
            Fate::OutsideFilter => 6,
            Fate::OutsideProvider => 7,
            Fate::TypeNotManaged(_) => 8,
            Fate::NoZone => 9,
            Fate::Lost { .. } => 10,
            Fate::Taken => 11,
            Fate::Unknown => 12,
        }
    }

    #[test]
    fn every_fate_has_its_words() {
        let lost = |rule| Fate::Lost { to: "ingress/a/b".to_owned(), rule };
        let table = [
            (
                Fate::Hidden(HiddenBy::Filter(DroppedBy::Labels)),
                "not looked at: its labels do not match --label-filter",
            ),
            (Fate::Unready, "it has no address yet; a route has none before a parent accepts it"),
            (
                Fate::NothingToPublish,
                "it has nothing to publish: a ClusterIP service needs --publish-internal-services, \
                 a headless one ready pods, a NodePort one nodes, an ExternalName one a name",
            ),
            (
                Fate::Dropped(DropReason::NoTarget),
                "dropped: it has no target; give it one, or set --default-targets",
            ),
            (Fate::Changed("TTL raised to 60".to_owned()), "changed: TTL raised to 60"),
            (Fate::Refused("no MX here".to_owned()), "dropped: no MX here"),
            (
                Fate::OutsideFilter,
                "dropped: --domain-filter, --exclude-domains or their regular expressions leave the \
                 name out",
            ),
            (
                Fate::OutsideProvider,
                "dropped: the provider itself does not take names of this domain",
            ),
            (
                Fate::TypeNotManaged(RecordType::Mx),
                "dropped: MX is not in --managed-record-types, or in --exclude-record-types",
            ),
            (Fate::NoZone, "dropped: the name lies in no zone of the provider"),
            (lost(Rule::Preferred), "lost to ingress/a/b, whose targets come first"),
            (Fate::Taken, "this is what is to be published"),
            (Fate::Unknown, "wanted, but the zones could not be read"),
        ];
        for (row, (fate_of, expected)) in table.into_iter().enumerate() {
            assert_eq!(row_of(&fate_of), row);
            assert_eq!(fate(&desired(ResourceKind::SERVICE, fate_of)), expected);
        }
        for (rule, expected) in [
            (Rule::KeepsResource, "lost to ingress/a/b, which has the record already"),
            (
                Rule::NoCnameBeside,
                "lost to ingress/a/b, since a CNAME cannot stand beside other types",
            ),
        ] {
            assert_eq!(fate(&desired(ResourceKind::SERVICE, lost(rule))), expected);
        }
        for (kind, expected) in [
            (ResourceKind::CRD, "its entry has no target"),
            (ResourceKind::other("ingress"), "it has nothing to publish"),
        ] {
            assert_eq!(fate(&desired(kind, Fate::NothingToPublish)), expected);
        }
    }

    #[test]
    fn every_owner_has_its_words() {
        let table = [
            (Owner::Ours("me".to_owned()), "ours (\"me\")"),
            (Owner::Everybody, "ours, like every record (--registry=noop)"),
            (Owner::Foreign("x".to_owned()), "of owner \"x\", not ours"),
            (Owner::Nobody, "without an ownership record, so it is not ours"),
            (
                Owner::InDoubt(Box::new(Doubt {
                    txt: Name::as_listed("a-www.org"),
                    why: DoubtCause::Contested,
                })),
                "not ours: the ownership record a-www.org has several ownership values; leave only \
                 the right one",
            ),
            (Owner::Fixed("is an NS set"), "not to be changed: it is an NS set"),
        ];
        for (of, expected) in table {
            assert_eq!(owner(&of), expected);
        }
    }

    #[test]
    fn every_cause_has_its_words() {
        let set = RecordSet::new(Default::default(), RecordType::A, Ttl::UNSET, Targets::new());
        let mut record = extdns_model::Record::new(set, extdns_model::Opaque::none());
        record.labels = Labels::new();
        let all = Differences { targets: true, ttl: true, properties: true, ownership: true };
        let table = [
            (Cause::Missing, "it is wanted and missing"),
            (
                Cause::Differs(all),
                "it differs in targets, TTL, properties, what its ownership record says",
            ),
            (Cause::Unwanted, "it is ours and nothing wants it"),
            (Cause::Orphaned, "it is an ownership record of ours without a record"),
            (Cause::GivesWay, "it gives way to one that cannot stand beside it"),
            (Cause::Moves { to: ZoneKey(0) }, "its name is wanted in another zone now"),
            (Cause::Unowned, "it is as wanted, but not ours"),
        ];
        for (of, expected) in table {
            let change = RecordChange::Delete(&record);
            let decision = Decision { change, cause: of, state: DecisionState::Go, unit: Unit(0) };
            assert_eq!(cause(&decision), expected);
        }
        // For example where its ownership record was removed, which is not known for sure.
        let state = DecisionState::Held(Hold::Foreign { owner: None });
        let change = RecordChange::Delete(&record);
        let unowned = Decision { change, cause: Cause::Unowned, state, unit: Unit(0) };
        assert_eq!(
            cause(&unowned),
            "it is as wanted, so its ownership record may have been removed, or have the name of \
             another --txt-prefix or --txt-suffix; compare these flags first, and where they are \
             right remove the record too: the next run makes both"
        );
    }
}
