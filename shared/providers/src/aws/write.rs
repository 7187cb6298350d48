//! From change groups to one change batch.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashSet;

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ResourceRecord, ResourceRecordSet, RrType,
};
use extdns_model::{
    self as model, Action, ChangeGroup, Name, Planned, Properties, RecordSet, Role, Stored, Ttl,
    Zone,
};

use super::adjust::AwsHints;
use super::read::Origin;
use super::routing::{self, FAILOVER, MULTI_VALUE, TARGET_HEALTH};
use super::{TTL, alias};
use crate::Cost;

/// The changes of groups as one batch that is refused if a record was changed: what is replaced or removed is deleted as it was
/// read, and so is what a group requires, which is then created again. Deletes come first, then
/// creates, those of aliases last, as they may point at what is created with them; each by name and
/// type.
pub(super) fn changes<'g>(
    groups: &[&'g ChangeGroup],
    zone: &Zone,
    evaluate: bool,
) -> Result<Vec<Change>, BuildError> {
    let mut batch = Vec::new();
    let changes = |group: &&'g ChangeGroup| {
        let group: &'g ChangeGroup = group;
        group.changes.iter().map(move |change| (group, change))
    };
    for (group, change) in groups.iter().flat_map(changes) {
        if let Action::Delete(old) | Action::Update { old, .. } = &change.action {
            batch.push((ChangeAction::Delete, stored(old, zone)?));
        }
        match &change.action {
            Action::Create(new) => {
                let properties = properties(group, change.role, None, new);
                let set = planned(new, None, &properties, zone, evaluate)?;
                batch.push((ChangeAction::Create, set));
            }
            Action::Update { old, new } => {
                let properties = properties(group, change.role, Some(old), new);
                let set = planned(new, Some(old), &properties, zone, evaluate)?;
                batch.push((ChangeAction::Create, set));
            }
            Action::Delete(_) => {}
        }
    }
    require(groups, zone, &mut batch)?;
    batch.sort_by(|(left, a), (right, b)| {
        let last = |action: &ChangeAction, set: &ResourceRecordSet| {
            *action == ChangeAction::Create && set.alias_target.is_some()
        };
        (Reverse(left.as_str()), last(left, a), &a.name, a.r#type.as_str()).cmp(&(
            Reverse(right.as_str()),
            last(right, b),
            &b.name,
            b.r#type.as_str(),
        ))
    });
    batch
        .into_iter()
        .map(|(action, set)| Change::builder().action(action).resource_record_set(set).build())
        .collect()
}

/// Adds what groups require, once each. What the batch changes itself is compared by that.
fn require(
    groups: &[&ChangeGroup],
    zone: &Zone,
    batch: &mut Vec<(ChangeAction, ResourceRecordSet)>,
) -> Result<(), BuildError> {
    let key = |set: &ResourceRecordSet| {
        (set.name.clone(), set.r#type.clone(), set.set_identifier.clone())
    };
    let mut named: Option<HashSet<_>> = None;
    for own in groups.iter().flat_map(|group| &group.requires) {
        let set = stored(own, zone)?;
        let named = named.get_or_insert_with(|| batch.iter().map(|(_, set)| key(set)).collect());
        if named.insert(key(&set)) {
            batch.push((ChangeAction::Delete, set.clone()));
            batch.push((ChangeAction::Create, set));
        }
    }
    Ok(())
}

/// What a change counts against the limits of a batch. An update is one change, and its values count
/// twice, as the old ones go and the new ones come.
pub(super) fn cost(change: &model::Change) -> Cost {
    match &change.action {
        Action::Create(new) => of_set(&new.set),
        Action::Delete(old) => of_set(&old.set),
        Action::Update { old, new } => Cost { changes: 1, ..of_set(&old.set) + of_set(&new.set) },
    }
}

/// A required record stays as it is, but its values are sent twice.
pub(super) fn cost_of_requirement(own: &Stored) -> Cost {
    Cost { changes: 0, ..of_set(&own.set) + of_set(&own.set) }
}

fn of_set(set: &RecordSet) -> Cost {
    let alias = is_alias(set);
    let sent = if alias { 1 } else { set.targets.len() };
    let bytes = set.targets.iter().take(sent).map(|target| target.len()).sum();
    Cost { changes: 1, values: sent, bytes }
}

fn is_alias(set: &RecordSet) -> bool {
    set.is_alias() && set.rtype.is_address() && !set.targets.is_empty()
}

/// The properties of a record set as it shall be: those that are planned, but for the ownership record
/// of a failover that it cannot have, or did not have so far.
fn properties<'c>(
    group: &ChangeGroup,
    role: Role,
    old: Option<&Stored>,
    new: &'c Planned,
) -> Cow<'c, Properties> {
    let planned = new.set.properties();
    if role == Role::Record || planned.get(FAILOVER).is_none() {
        return Cow::Borrowed(planned);
    }
    let is_so = old.is_some_and(|old| old.set.properties().get(MULTI_VALUE).is_some());
    let of_record = |change: &model::Change| {
        let (Action::Create(record) | Action::Update { new: record, .. }) = &change.action else {
            return false;
        };
        let aws_hints = record.hints.data.get::<AwsHints>();
        record.set.set_identifier() == new.set.set_identifier()
            && aws_hints.is_some_and(|hints| hints.multi_value)
    };
    if !is_so && !group.changes.iter().any(of_record) {
        return Cow::Borrowed(planned);
    }
    let mut properties = planned.clone();
    properties.remove(FAILOVER);
    properties.set(MULTI_VALUE, "");
    Cow::Owned(properties)
}

/// A record set as it shall be.
fn planned(
    new: &Planned,
    old: Option<&Stored>,
    properties: &Properties,
    zone: &Zone,
    evaluate: bool,
) -> Result<ResourceRecordSet, BuildError> {
    let set = &new.set;
    let aws_hints = new.hints.data.get::<AwsHints>();
    let coordinates = aws_hints.and_then(|hints| hints.coordinates.as_deref());
    let builder = begin(set, set.name.key().as_ref());
    let builder = routing::write(builder, properties, coordinates);
    if !is_alias(set) {
        let ttl = set.ttl.or(Ttl::from_seconds(TTL));
        return with_values(builder, ttl, set.targets.iter().map(AsRef::as_ref)).build();
    }
    let host = set.targets.first().map_or("", |target| target.as_str());
    let told = aws_hints.and_then(|hints| hints.target_zone.as_deref());
    // The zone of the same target as it is stored, else the zone that the record goes to.
    let kept = || {
        let old = old.filter(|old| old.set.targets.same_as(&set.targets, set.rtype))?;
        old.origin.get::<Origin>()?.alias_zone.as_deref()
    };
    let id = told.or_else(|| alias::known(host)).or_else(kept).unwrap_or(&zone.id);
    let health = properties.get(TARGET_HEALTH).map_or(evaluate, |value| value == "true");
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
