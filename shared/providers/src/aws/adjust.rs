//! What Route 53 makes of desired endpoints: aliases, properties as they are read back, pins.

use std::collections::HashSet;

use extdns_model::{
    Endpoint, Name, Opaque, Properties, RecordType, Ttl, ZoneIndex, property_names::ALIAS,
};

use super::alias;
use super::args::AwsArgs;
use super::names::{bare_id, quoted};
use super::routing::{self, FAILOVER, HEALTH_CHECK, TARGET_HEALTH};
use crate::{Adaptation, AdaptationKind, Adjusted};

const PIN: &str = "aws/hosted-zone-id";
const TARGET_ZONE: &str = "aws/target-hosted-zone";
/// What the annotation `alias: "false"` becomes: no alias, also where the target or `--prefer-alias`
/// would make one.
const NO_ALIAS: &str = "aws/alias";

/// What is desired beside the record set itself, and is never compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AwsHints {
    /// The zone of the alias target.
    pub(super) target_zone: Option<String>,
    /// Coordinates as they were given.
    pub(super) coordinates: Option<String>,
    /// Whether its ownership record is one of several answers, as it cannot have the same failover.
    pub(super) multi_value: bool,
}

/// Adjusts all desired endpoints in their order; the AAAA record sets of aliases come last.
pub(super) fn adjust(args: &AwsArgs, zones: &ZoneIndex, desired: Adjusted) -> Adjusted {
    let Adjusted { mut endpoints, mut notes } = desired;
    let mut twins = Vec::new();
    for endpoint in &mut endpoints {
        let mut reasons = Vec::new();
        hide(endpoint);
        let twin = by_type(args, zones, endpoint, &mut reasons);
        properties(endpoint, &mut reasons);
        if twin {
            let mut twin = endpoint.clone();
            twin.set.rtype = RecordType::Aaaa;
            twins.push(twin);
        }
        notes.extend(
            reasons
                .into_iter()
                .map(|reason| Adaptation::of(endpoint, AdaptationKind::Changed, reason)),
        );
    }
    endpoints.append(&mut twins);
    fail_over(&mut endpoints);
    Adjusted { endpoints, notes }
}

/// Route 53 takes a PRIMARY only if it is an alias or has a health check. The ownership record of an alias
/// is not an alias and may have no health check. So it, and the ownership records of the other record sets
/// of its name, are written as multivalue answers.
fn fail_over(endpoints: &mut [Endpoint]) {
    let role = |endpoint: &Endpoint| endpoint.set.properties().get(FAILOVER).map(str::to_owned);
    let key = |endpoint: &Endpoint| (endpoint.set.name.key().into_owned(), endpoint.set.rtype);
    let mut families = HashSet::new();
    for endpoint in endpoints.iter() {
        let unchecked = endpoint.set.properties().get(HEALTH_CHECK).is_none();
        let is_primary = role(endpoint).as_deref() == Some("PRIMARY");
        if unchecked && is_primary && endpoint.set.is_alias() {
            families.insert(key(endpoint));
        }
    }
    if families.is_empty() {
        return;
    }
    for endpoint in endpoints.iter_mut() {
        if role(endpoint).is_some() && families.contains(&key(endpoint)) {
            edit_hints(endpoint, |hints| hints.multi_value = true);
        }
    }
}

fn edit_hints(endpoint: &mut Endpoint, edit: impl FnOnce(&mut AwsHints)) {
    endpoint.edit_hints(|hints| {
        let mut own = hints.data.get::<AwsHints>().cloned().unwrap_or_default();
        edit(&mut own);
        hints.data = Opaque::new(own);
    });
}

/// Removes the properties that only choose the zone of a record, as they are never read back.
fn hide(endpoint: &mut Endpoint) {
    let (pin, target_zone) = endpoint.set.edit_properties(|properties| {
        if properties.remove(NO_ALIAS).as_deref() == Some("false") {
            properties.set(ALIAS, "false");
        }
        (properties.remove(PIN), properties.remove(TARGET_ZONE))
    });
    if let Some(pin) = pin.as_deref().map(bare_id).filter(|pin| !pin.is_empty()) {
        endpoint.edit_hints(|hints| hints.zone = Some(pin.into()));
    }
    if let Some(zone) = target_zone.as_deref().map(bare_id).filter(|zone| !zone.is_empty()) {
        edit_hints(endpoint, |hints| hints.target_zone = Some(zone.to_owned()));
    }
}

/// What follows from the type. Returns whether an AAAA record set is wanted beside it.
fn by_type(
    args: &AwsArgs,
    zones: &ZoneIndex,
    endpoint: &mut Endpoint,
    reasons: &mut Vec<String>,
) -> bool {
    let alias_value = endpoint.set.properties().get(ALIAS).map(str::to_owned);
    match (endpoint.set.rtype, alias_value.as_deref()) {
        (RecordType::A | RecordType::Aaaa, Some("true")) => alias_of(args, endpoint),
        (RecordType::A | RecordType::Aaaa, _) => drop_alias(&mut endpoint.set),
        (RecordType::Cname, alias_value) => {
            return cname(args, zones, endpoint, alias_value, reasons);
        }
        (rtype, _) => {
            drop_alias(&mut endpoint.set);
            if rtype == RecordType::Txt {
                let targets = &endpoint.set.targets;
                if targets.iter().any(|target| !target.starts_with('"')) {
                    endpoint.set.targets = targets.iter().map(|target| quoted(target)).collect();
                }
            }
        }
    }
    false
}

fn drop_alias(set: &mut extdns_model::RecordSet) {
    if !set.properties().is_empty() {
        set.edit_properties(|properties| {
            properties.remove(ALIAS);
            properties.remove(TARGET_HEALTH);
        });
    }
}

fn cname(
    args: &AwsArgs,
    zones: &ZoneIndex,
    endpoint: &mut Endpoint,
    alias_value: Option<&str>,
    reasons: &mut Vec<String>,
) -> bool {
    let target = endpoint.set.targets.first().cloned().unwrap_or_default();
    let rtype = match alias_value {
        Some("true") => {
            warn_of_stranger(endpoint, &target, zones, reasons);
            RecordType::A
        }
        Some("A") => RecordType::A,
        Some("AAAA") => RecordType::Aaaa,
        Some("false") => RecordType::Cname,
        _ if !args.aws_prefer_cname && alias::detected(&target).is_some() => RecordType::A,
        _ => RecordType::Cname,
    };
    if rtype == RecordType::Cname {
        endpoint.set.edit_properties(|properties| {
            properties.set(ALIAS, "false");
            properties.remove(TARGET_HEALTH);
        });
        return false;
    }
    endpoint.set.rtype = rtype;
    endpoint.set.edit_properties(|properties| properties.set(ALIAS, "true"));
    alias_of(args, endpoint);
    !matches!(alias_value, Some("A" | "AAAA"))
}

/// Route 53 takes aliases of AWS's names, and of names in the same zone.
fn warn_of_stranger(
    endpoint: &Endpoint,
    target: &str,
    zones: &ZoneIndex,
    reasons: &mut Vec<String>,
) {
    let is_ours = || !zones.route(&Name::as_listed(target).key(), None).is_empty();
    let told =
        endpoint.hints().data.get::<AwsHints>().is_some_and(|hints| hints.target_zone.is_some());
    if told || zones.is_empty() || is_ours() || alias::known(target).is_some() {
        return;
    }
    reasons.push(format!(
        "it is written as an alias, but its target {target} is neither a known name of AWS nor in \
         one of the zones, so Route 53 will refuse it; annotate alias: \"false\", or name the \
         target's zone with {TARGET_ZONE}"
    ));
}

fn alias_of(args: &AwsArgs, endpoint: &mut Endpoint) {
    let target = endpoint.set.targets.first().cloned().unwrap_or_default();
    if endpoint.set.ttl.is_set() {
        endpoint.set.ttl = Ttl::from_seconds(super::TTL);
    }
    if !target.is_ascii() {
        let ascii = Name::as_listed(&target).key().into_owned();
        endpoint.set.targets = [ascii].into_iter().collect();
    }
    let told =
        endpoint.hints().data.get::<AwsHints>().and_then(|hints| hints.target_zone.as_deref());
    let never = told.or_else(|| alias::known(&target)) == Some(alias::CLOUDFRONT);
    endpoint.set.edit_properties(|properties| {
        let is_desired = properties
            .get(TARGET_HEALTH)
            .map_or(args.aws_evaluate_target_health, |value| value == "true");
        properties.set(TARGET_HEALTH, if is_desired && !never { "true" } else { "false" });
    });
}

/// Properties as they will be read back.
fn properties(endpoint: &mut Endpoint, reasons: &mut Vec<String>) {
    if endpoint.set.properties().is_empty() {
        return;
    }
    let id = endpoint.set.set_identifier().to_owned();
    let coordinates = endpoint.set.edit_properties(|properties| {
        drop_unknown(properties, reasons);
        routing::normalise(properties, &id, reasons)
    });
    if coordinates.is_some() {
        edit_hints(endpoint, |hints| hints.coordinates = coordinates);
    }
}

fn drop_unknown(properties: &mut Properties, reasons: &mut Vec<String>) {
    properties.retain(|property| {
        let known = routing::is_known(&property.name);
        if !known && property.name.starts_with("aws/") {
            reasons.push(format!("{} is no property of Route 53; it is left out", property.name));
        }
        known
    });
}
