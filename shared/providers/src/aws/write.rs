//! From change groups to one change batch.

use std::cmp::Reverse;

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ResourceRecord, ResourceRecordSet, RrType,
};
use extdns_model::{
    Action, ChangeGroup, Name, Planned, RecordSet, Stored, Ttl, Zone, property_names::ALIAS,
};

use super::adjust::Wish;
use super::read::Origin;
use super::routing::{self, TARGET_HEALTH};
use super::{TTL, alias};
use crate::Cost;

/// The changes of groups, in the order in which they are sent: upserts, deletes, creates, each by
/// name and type.
pub(super) fn changes(
    groups: &[&ChangeGroup],
    zone: &Zone,
    evaluate: bool,
) -> Result<Vec<Change>, BuildError> {
    let mut changes = Vec::new();
    for change in groups.iter().flat_map(|group| &group.changes) {
        match &change.action {
            Action::Create(new) => {
                changes.push((ChangeAction::Create, planned(new, None, zone, evaluate)?));
            }
            Action::Delete(old) => changes.push((ChangeAction::Delete, stored(old, zone)?)),
            Action::Update { old, new } => {
                let set = planned(new, Some(old), zone, evaluate)?;
                if replaces(&old.set, &new.set) {
                    changes.push((ChangeAction::Delete, stored(old, zone)?));
                    changes.push((ChangeAction::Create, set));
                } else {
                    changes.push((ChangeAction::Upsert, set));
                }
            }
        }
    }
    changes.sort_by(|(left, a), (right, b)| {
        (Reverse(left.as_str()), &a.name, a.r#type.as_str()).cmp(&(
            Reverse(right.as_str()),
            &b.name,
            b.r#type.as_str(),
        ))
    });
    changes
        .into_iter()
        .map(|(action, set)| Change::builder().action(action).resource_record_set(set).build())
        .collect()
}

/// Whether an update takes a delete and a create.
fn replaces(old: &RecordSet, new: &RecordSet) -> bool {
    let alias = |set: &RecordSet| set.properties().get(ALIAS).map(str::to_owned);
    old.rtype != new.rtype
        || old.set_identifier() != new.set_identifier()
        || (new.rtype.is_address() && alias(old) != alias(new))
        || routing::kind_differs(old.properties(), new.properties())
        || old.name.key() != new.name.key()
}

/// What a change counts against the limits of a batch: an upsert's values count twice.
pub(super) fn cost(change: &extdns_model::Change) -> Cost {
    let of = |set: &RecordSet| Cost {
        changes: 1,
        values: if is_alias(set) { 1 } else { set.targets.len() },
        bytes: if is_alias(set) {
            set.targets.first().map_or(0, |target| target.len())
        } else {
            set.targets.iter().map(|target| target.len()).sum()
        },
    };
    match &change.action {
        Action::Create(new) => of(&new.set),
        Action::Delete(old) => of(&old.set),
        Action::Update { old, new } if replaces(&old.set, &new.set) => of(&old.set) + of(&new.set),
        Action::Update { new, .. } => {
            let once = of(&new.set);
            Cost { values: 2 * once.values, bytes: 2 * once.bytes, ..once }
        }
    }
}

fn is_alias(set: &RecordSet) -> bool {
    set.is_alias() && set.rtype.is_address() && !set.targets.is_empty()
}

/// A record set as it shall be.
fn planned(
    new: &Planned,
    old: Option<&Stored>,
    zone: &Zone,
    evaluate: bool,
) -> Result<ResourceRecordSet, BuildError> {
    let set = &new.set;
    let wish = new.hints.data.get::<Wish>();
    let coordinates = wish.and_then(|wish| wish.coordinates.as_deref());
    let builder = begin(set, set.name.key().as_ref());
    let builder = routing::write(builder, set.properties(), coordinates);
    if !is_alias(set) {
        let ttl = set.ttl.or(Ttl::from_seconds(TTL));
        return with_values(builder, ttl, set.targets.iter().map(AsRef::as_ref)).build();
    }
    let host = set.targets.first().map_or("", |target| target.as_str());
    let told = wish.and_then(|wish| wish.target_zone.as_deref());
    // The zone of the same target as it is stored, else the zone that the record goes to.
    let kept = || {
        let old = old.filter(|old| old.set.targets.same_as(&set.targets, set.rtype))?;
        old.origin.get::<Origin>()?.alias_zone.as_deref()
    };
    let id = told.or_else(|| alias::known(host)).or_else(kept).unwrap_or(&zone.id);
    let health = set.properties().get(TARGET_HEALTH).map_or(evaluate, |value| value == "true");
    let target = alias_target(host, id, health && id != alias::CLOUDFRONT)?;
    builder.alias_target(target).build()
}

/// A record set as it is stored: a delete must repeat it.
fn stored(old: &Stored, zone: &Zone) -> Result<ResourceRecordSet, BuildError> {
    let set = &old.set;
    let origin = old.origin.get::<Origin>();
    let listed = origin.and_then(|origin| origin.name.as_deref());
    let key = set.name.key();
    let coordinates = origin.and_then(|origin| origin.coordinates.as_deref());
    let builder = routing::write(begin(set, listed.unwrap_or(&key)), set.properties(), coordinates);
    let zone_read = origin.and_then(|origin| origin.alias_zone.as_deref());
    if zone_read.is_some() || is_alias(set) {
        let host = set.targets.first().map_or("", |target| target.as_str());
        let id = zone_read.or_else(|| alias::known(host)).unwrap_or(&zone.id);
        let health = set.properties().get(TARGET_HEALTH) == Some("true");
        return builder.alias_target(alias_target(host, id, health)?).build();
    }
    let ttl = set.ttl.or(Ttl::from_seconds(TTL));
    match origin.and_then(|origin| origin.values.as_deref()) {
        Some(values) => with_values(builder, ttl, values.iter().map(AsRef::as_ref)).build(),
        None => with_values(builder, ttl, set.targets.iter().map(AsRef::as_ref)).build(),
    }
}

type Builder = aws_sdk_route53::types::builders::ResourceRecordSetBuilder;

fn begin(set: &RecordSet, name: &str) -> Builder {
    let rtype = set.rtype.to_string();
    let id = Some(set.set_identifier()).filter(|id| !id.is_empty()).map(str::to_owned);
    ResourceRecordSet::builder()
        .name(name)
        .r#type(RrType::from(rtype.as_str()))
        .set_set_identifier(id)
}

fn with_values<'a>(builder: Builder, ttl: Ttl, values: impl Iterator<Item = &'a str>) -> Builder {
    let records = values.map(|value| ResourceRecord::builder().value(value).build());
    builder
        .ttl(ttl.seconds().map_or(TTL, i64::from))
        .set_resource_records(records.collect::<Result<Vec<_>, _>>().ok())
}

fn alias_target(host: &str, zone: &str, health: bool) -> Result<AliasTarget, BuildError> {
    AliasTarget::builder()
        .dns_name(Name::as_listed(host).key())
        .hosted_zone_id(zone)
        .evaluate_target_health(health)
        .build()
}
