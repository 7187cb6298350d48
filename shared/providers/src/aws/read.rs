//! From pages of record sets to records.

use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use ecow::EcoString;
use extdns_model::{
    Name, Opaque, Record, RecordSet, RecordType, Targets, Ttl, Zone, property_names::ALIAS,
};

use super::names::decoded;
use super::routing::{self, PROXIMITY_COORDINATES, TARGET_HEALTH};
use super::{PAGE, RECORD_TYPES, Route53, TTL};
use crate::{Cursor, ErrorKind, Page, PageFrom, ProviderError, Transport};

/// What a record set has that its plain form lost, and that a delete must repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The name as it was listed, where sending the plain one would name another.
    pub(super) name: Option<EcoString>,
    /// The zone of the alias target.
    pub(super) alias_zone: Option<EcoString>,
    /// The values as they are stored, where their trailing dots were taken off.
    pub(super) values: Option<Box<[EcoString]>>,
    /// Coordinates as they are stored.
    pub(super) coordinates: Option<EcoString>,
}

/// One page of a zone.
pub(super) async fn page(
    api: &Route53,
    via: &Transport,
    zone: &Zone,
    from: PageFrom,
) -> Result<Page, ProviderError> {
    let login = api.login(zone)?;
    let words = match &from {
        PageFrom::Start => Vec::new(),
        PageFrom::Name(name) => vec![name.key().into_owned().into()],
        PageFrom::After(Cursor(words)) => words.clone(),
    };
    let (client, id) = (login.client.clone(), zone.id.to_string());
    let request = move || {
        let word = |index: usize| words.get(index).map(EcoString::to_string);
        let request = client.list_resource_record_sets().hosted_zone_id(&*id);
        request
            .max_items(PAGE)
            .set_start_record_name(word(0))
            .set_start_record_type(word(1).as_deref().map(RrType::from))
            .set_start_record_identifier(word(2))
            .send()
    };
    let of_zone = super::of_zone(zone, login);
    let answer = api.call(via, login, "ListResourceRecordSets", &of_zone, request).await?;
    let broken = |what: &str| {
        let text = format!("the list{of_zone} is not whole: {what}");
        ProviderError::new(ErrorKind::Transient, text)
    };
    let next = answer.next_record_name.filter(|_| answer.is_truncated);
    if answer.is_truncated && next.is_none() {
        return Err(broken("a page does not name the next"));
    }
    if next.is_some() && answer.resource_record_sets.is_empty() {
        return Err(broken("a page names the next, but is empty"));
    }
    let next = next.map(|name| {
        let rtype = answer.next_record_type.map(|rtype| rtype.as_str().to_owned());
        let words = [Some(name), rtype, answer.next_record_identifier];
        Cursor(words.into_iter().map_while(|word| word.map(EcoString::from)).collect())
    });
    let records = answer.resource_record_sets.iter().map(record);
    let records: Result<Vec<_>, _> = records.collect();
    let records = records.map_err(|what| broken(&what))?;
    Ok(Page { records: records.into_iter().flatten().collect(), next })
}

/// A record; `None` for types that are not managed.
///
/// # Errors
/// When the record set lacks what each has: the SDK puts empty texts in place of what is missing.
fn record(listed: &ResourceRecordSet) -> Result<Option<Record>, String> {
    check(listed)?;
    let known = listed.r#type.as_str().parse().ok();
    let managed = known.filter(|rtype| RECORD_TYPES.contains(rtype));
    Ok(managed.map(|rtype| of_type(listed, rtype)))
}

fn check(listed: &ResourceRecordSet) -> Result<(), String> {
    let (name, rtype) = (&listed.name, listed.r#type.as_str());
    if name.is_empty() || rtype.is_empty() {
        return Err("it has a record set without a name or a type".to_owned());
    }
    let values = listed.resource_records();
    let whole = match &listed.alias_target {
        Some(alias) => !alias.dns_name.is_empty() && !alias.hosted_zone_id.is_empty(),
        None => !values.is_empty() && values.iter().all(|record| !record.value.is_empty()),
    };
    if whole { Ok(()) } else { Err(format!("it has a record set without a value, {name} {rtype}")) }
}

fn of_type(listed: &ResourceRecordSet, rtype: RecordType) -> Record {
    let name = decoded(&listed.name);
    let mut origin = Origin {
        name: (!name.is_ascii()).then(|| listed.name.as_str().into()),
        ..Origin::default()
    };
    let name = Name::as_listed(&name);
    let mut properties = routing::read(listed);
    let (ttl, targets) = match &listed.alias_target {
        Some(alias) => {
            properties.set(ALIAS, "true");
            let health = if alias.evaluate_target_health { "true" } else { "false" };
            properties.set(TARGET_HEALTH, health);
            origin.alias_zone = Some(alias.hosted_zone_id.as_str().into());
            (listed.ttl.unwrap_or(TTL), [decoded(&alias.dns_name)].into_iter().collect())
        }
        None => {
            if rtype == RecordType::Cname {
                properties.set(ALIAS, "false");
            }
            (listed.ttl.unwrap_or(TTL), targets(listed, rtype, &mut origin))
        }
    };
    keep_coordinates(listed, &properties, &mut origin);
    let set = RecordSet::new(name, rtype, Ttl::from_seconds(ttl), targets)
        .with_set_identifier(listed.set_identifier().unwrap_or_default())
        .with_properties(properties);
    let origin = if origin == Origin::default() { Opaque::none() } else { Opaque::new(origin) };
    let mut record = Record::new(set, origin);
    record.set_read_only(read_only(listed));
    record
}

fn targets(listed: &ResourceRecordSet, rtype: RecordType, origin: &mut Origin) -> Targets {
    let values = || listed.resource_records().iter().map(|record| record.value.as_str());
    if rtype.keeps_target_dot() || !values().any(|value| value.ends_with('.')) {
        return values().collect();
    }
    origin.values = Some(values().map(EcoString::from).collect());
    values().map(|value| value.strip_suffix('.').unwrap_or(value)).collect()
}

fn keep_coordinates(
    listed: &ResourceRecordSet,
    properties: &extdns_model::Properties,
    origin: &mut Origin,
) {
    let stored = listed.geo_proximity_location().and_then(|location| location.coordinates());
    let stored = stored.map(routing::listed);
    if stored.as_deref() != properties.get(PROXIMITY_COORDINATES) {
        origin.coordinates = stored.map(EcoString::from);
    }
}

/// Record sets with features that we cannot write are left alone.
fn read_only(listed: &ResourceRecordSet) -> Option<&'static str> {
    if listed.cidr_routing_config.is_some() {
        Some("it has CIDR routing, which cannot be expressed in properties")
    } else if listed.traffic_policy_instance_id.is_some() {
        Some("it has a traffic policy, which manages it")
    } else {
        None
    }
}
