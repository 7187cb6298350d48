//! A batch of changes: checked change by change in its order, applied as one or not at all.

use std::collections::HashMap;

use super::answer::ApiError;
use super::name::Name;
use super::rdata;
use super::record::{Key, RecordSet, Routing};
use super::wire::{Action, Change};
use super::zone::HostedZone;

/// `ResourceRecord` elements of a batch, an alias counting as one, those of an UPSERT twice.
const MAX_RECORDS: usize = 1000;
/// Characters of all `Value` elements of a batch, those of an UPSERT twice.
const MAX_CHARACTERS: usize = 32_000;
const MAX_VALUES: usize = 400;
/// The zone of every CloudFront distribution.
const CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

/// The other zones that an alias may point into.
pub(super) type Others<'a> = &'a HashMap<String, HostedZone>;

/// Applies all of a batch, or says what is wrong with each change and leaves the zone as it was.
pub(super) fn apply(
    zone: &mut HostedZone,
    others: Others,
    changes: &[Change],
) -> Result<(), ApiError> {
    let mut messages = limits(changes);
    if messages.is_empty() {
        messages = sequences(changes);
    }
    if !messages.is_empty() {
        return Err(ApiError::invalid_batch(messages));
    }
    let mut undo: Vec<(Key, Option<RecordSet>)> = Vec::with_capacity(changes.len());
    for change in changes {
        match step(zone, others, change) {
            Ok(undone) => undo.push(undone),
            Err(found) => messages.extend(found),
        }
    }
    messages.extend(apex(zone, changes));
    if zone.sets.len() > zone.quota && changes.iter().any(|change| change.action != Action::Delete)
    {
        messages.push(format!("Exceeded limit MAX_RRSETS_BY_ZONE for zone: {}", zone.id));
    }
    if messages.is_empty() {
        return Ok(());
    }
    for (key, before) in undo.into_iter().rev() {
        match before {
            Some(set) => zone.sets.insert(key, set),
            None => zone.sets.remove(&key),
        };
    }
    Err(ApiError::invalid_batch(messages))
}

fn limits(changes: &[Change]) -> Vec<String> {
    let sum = |count: fn(&RecordSet) -> usize| -> usize {
        let weight = |action| if action == Action::Upsert { 2 } else { 1 };
        changes.iter().map(|change| weight(change.action) * count(&change.record_set)).sum()
    };
    let mut messages = Vec::new();
    if sum(|set| set.values.len().max(1)) > MAX_RECORDS {
        messages.push(format!("Number of records limit of {MAX_RECORDS} exceeded."));
    }
    if sum(|set| set.values.iter().map(|value| value.chars().count()).sum()) > MAX_CHARACTERS {
        messages.push(format!("RDATA character limit of {MAX_CHARACTERS} exceeded."));
    }
    messages
}

/// One record set may be in a batch once, or be deleted and then created.
fn sequences(changes: &[Change]) -> Vec<String> {
    let mut seen: HashMap<Key, Vec<Action>> = HashMap::new();
    let mut messages = Vec::new();
    for Change { action, record_set } in changes {
        let Ok(key) = record_set.key() else { continue };
        let actions = seen.entry(key).or_default();
        actions.push(*action);
        if !matches!(actions[..], [_] | [Action::Delete, Action::Create]) {
            messages.push(format!(
                "The request contains an invalid set of changes for a resource record set '{} {}'",
                record_set.record_type, record_set.name
            ));
        }
    }
    messages
}

/// Applies one change to the zone, and says how to take it back.
fn step(
    zone: &mut HostedZone,
    others: Others,
    Change { action, record_set: set }: &Change,
) -> Result<(Key, Option<RecordSet>), Vec<String>> {
    let name = Name::parse(&set.name).map_err(|problem| vec![problem.to_string()])?;
    if !name.is_in(&zone.apex) {
        return Err(vec![format!(
            "RRSet with DNS name {name} is not permitted in zone {}",
            zone.apex
        )]);
    }
    let key = Key::new(&name, &set.record_type, set.set_identifier.as_deref().unwrap_or_default());
    let stored = zone.sets.get(&key);
    let refused = |verb: &str, reason: &str| {
        Err(vec![format!("Tried to {verb} resource record set {} but {reason}", set.described())])
    };
    match (action, stored) {
        (Action::Delete, None) => refused("delete", "it was not found"),
        (Action::Delete, Some(stored)) if !set.deletes(stored) => {
            refused("delete", "the values provided do not match the current values")
        }
        (Action::Delete, Some(_)) => {
            let before = zone.sets.remove(&key);
            Ok((key, before))
        }
        (Action::Create, Some(_)) => refused("create", "it already exists"),
        (Action::Create | Action::Upsert, _) => {
            let mut messages = contents(set, &zone.apex, &name);
            messages.extend(neighbours(zone, &name, set));
            messages.extend(target(zone, others, set));
            if !messages.is_empty() {
                return Err(messages);
            }
            let before = zone.sets.insert(key.clone(), set.clone());
            Ok((key, before))
        }
    }
}

/// What is wrong with a record set by itself.
fn contents(set: &RecordSet, apex: &Name, name: &Name) -> Vec<String> {
    let (record_type, values) = (set.record_type.as_str(), &set.values);
    let mut messages: Vec<String> = values
        .iter()
        .filter_map(|value| rdata::check(record_type, value).err())
        .map(|problem| format!("Invalid Resource Record: '{problem}'"))
        .collect();
    let mut sorted: Vec<&String> = values.iter().collect();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        messages.push(format!("Duplicate Resource Record: '{}'", twice[0]));
    }
    if values.len() > MAX_VALUES {
        messages.push(format!("Cannot have more than {MAX_VALUES} records in a RRSet."));
    }
    if record_type == "CNAME" && values.len() > 1 {
        messages.push(format!(
            "RRSet of type CNAME with DNS name {name} may hold one resource record only"
        ));
    }
    if matches!(set.routing.as_deref(), Some(Routing::Failover(role)) if role == "PRIMARY")
        && set.alias.is_none()
        && set.health_check_id.is_none()
    {
        messages.push(
            "A non-alias primary ResourceRecordSet must have an associated health check."
                .to_owned(),
        );
    }
    if record_type == "CNAME" && name == apex {
        messages.push(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}"
        ));
    }
    messages
}

/// What does not go together with the other record sets of its name.
fn neighbours(zone: &HostedZone, name: &Name, set: &RecordSet) -> Vec<String> {
    let (record_type, apex) = (set.record_type.as_str(), &zone.apex);
    let mut messages = Vec::new();
    let mut types = zone.family(name, None).map(|other| other.record_type.as_str());
    if record_type == "CNAME" && types.any(|other| other != "CNAME") {
        messages.push(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the \
             same DNS name in zone {apex}"
        ));
    } else if record_type != "CNAME" && types.any(|other| other == "CNAME") {
        // Two blanks, as the service has it.
        messages.push(format!(
            "RRSet of type {record_type} with DNS name {name} is not permitted because a conflicting RRSet of type  \
             CNAME with the same DNS name already exists in zone {apex}"
        ));
    }
    let siblings = || {
        let family = zone.family(name, Some(record_type));
        family.filter(|other| other.set_identifier != set.set_identifier)
    };
    let Some((routing, identifier)) = set.routing.as_deref().zip(set.set_identifier.as_deref())
    else {
        if siblings().next().is_some() {
            messages.push(format!(
                "RRSet with DNS name {name}, type {record_type} cannot be created as other RRSets exist with the \
                 same name and type."
            ));
        }
        return messages;
    };
    let kind = routing.kind();
    let who = format!("RRSet with DNS name {name}, type {record_type}, SetIdentifier {identifier}");
    if siblings().any(|other| other.routing.as_ref().is_none_or(|other| other.kind() != kind)) {
        messages.push(format!(
            "{who} cannot be created as a non-{kind} set exists with the same name and type."
        ));
    }
    if let Some((what, word)) = routing.exclusive()
        && siblings().any(|other| other.routing.as_deref() == Some(routing))
    {
        messages.push(format!(
            "{who}, and {what} cannot be created because a {kind} RRSet with the same name, type and {word} already \
             exists."
        ));
    }
    messages
}

/// An alias into a zone that is known here needs its target there. All other zones are those of AWS's services.
fn target(zone: &HostedZone, others: Others, set: &RecordSet) -> Vec<String> {
    let Some(alias) = &set.alias else { return Vec::new() };
    if alias.zone_id == CLOUDFRONT && alias.evaluate_target_health {
        return vec![
            "EvaluateTargetHealth must be false for an alias to a CloudFront distribution"
                .to_owned(),
        ];
    }
    let of = if alias.zone_id == zone.id { Some(zone) } else { others.get(&alias.zone_id) };
    let (Some(of), Ok(name)) = (of, Name::parse(&alias.name)) else { return Vec::new() };
    let tried = format!(
        "Tried to create an alias that targets {name}, type {} in zone {}",
        set.record_type, alias.zone_id
    );
    let mut messages = Vec::new();
    if !name.is_in(&of.apex) {
        messages.push(format!(
            "{tried}, but the alias target name does not lie within the target zone"
        ));
    }
    if of.family(&name, Some(&set.record_type)).next().is_none() {
        messages.push(format!("{tried}, but that target was not found"));
    }
    messages
}

/// What every zone must keep. Looked at only if the batch touches it.
fn apex(zone: &HostedZone, changes: &[Change]) -> Vec<String> {
    let apex = zone.apex.to_string();
    let rules = [
        ("SOA", "A HostedZone must contain exactly one SOA record."),
        ("NS", "A HostedZone must contain at least one NS record for the zone itself."),
    ];
    rules
        .into_iter()
        .filter(|(record_type, _)| {
            let touched = |change: &Change| {
                change.record_set.record_type == *record_type && change.record_set.name == apex
            };
            changes.iter().any(touched)
                && zone.family(&zone.apex, Some(record_type)).next().is_none()
        })
        .map(|(_, message)| message.to_owned())
        .collect()
}
