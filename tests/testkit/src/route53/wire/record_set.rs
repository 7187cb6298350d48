//! A record set as XML, both ways.

use serde::{Deserialize, Serialize};

use super::not_in;
use crate::route53::answer::ApiError;
use crate::route53::name::Name;
use crate::route53::rdata::TYPES;
use crate::route53::record::{Alias, RecordSet, Routing};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::route53) struct WireRecordSet {
    name: String,
    #[serde(rename = "Type")]
    record_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geo_location: Option<GeoLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failover: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_answer: Option<bool>,
    #[serde(rename = "TTL", skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_records: Option<ResourceRecords>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias_target: Option<AliasTarget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health_check_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cidr_routing_config: Option<CidrRoutingConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geo_proximity_location: Option<GeoProximityLocation>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ResourceRecords {
    #[serde(rename = "ResourceRecord", default)]
    list: Vec<ResourceRecord>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ResourceRecord {
    value: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AliasTarget {
    hosted_zone_id: String,
    #[serde(rename = "DNSName")]
    dns_name: String,
    evaluate_target_health: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GeoLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    continent_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subdivision_code: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CidrRoutingConfig {
    collection_id: String,
    location_name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GeoProximityLocation {
    #[serde(rename = "AWSRegion", skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_zone_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coordinates: Option<Coordinates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bias: Option<i32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Coordinates {
    latitude: String,
    longitude: String,
}

const POLICIES: &str = "[Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig]";
const CONTENTS: &str =
    "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]";

impl WireRecordSet {
    pub(super) fn record_set(self, action: &str) -> Result<RecordSet, ApiError> {
        if !TYPES.contains(&self.record_type.as_str()) {
            return Err(not_in(&self.record_type, &format!("[{}]", TYPES.join(", "))));
        }
        let in_change = format!(
            "in Change with [Action={action}, Name={}, Type={}, SetIdentifier={}]",
            self.name,
            self.record_type,
            self.set_identifier.as_deref().unwrap_or("null")
        );
        let invalid =
            |what: String| ApiError::invalid_input(format!("Invalid request: {what} {in_change}"));
        let mut policies = self.policies()?;
        let routing = match (policies.len(), &self.set_identifier) {
            (0, None) => None,
            (1, Some(_)) => policies.pop().map(Box::new),
            (0, Some(_)) => {
                return Err(invalid(format!("Expected exactly one of {POLICIES}, but found none")));
            }
            (1, None) => return Err(invalid("Missing field 'SetIdentifier'".to_owned())),
            _ => {
                return Err(invalid(format!(
                    "Expected exactly one of {POLICIES}, but found more than one"
                )));
            }
        };
        let records = self.resource_records.map(|records| records.list).unwrap_or_default();
        let own = self.ttl.is_some() || !records.is_empty();
        match (&self.alias_target, self.ttl.is_some() && !records.is_empty()) {
            (Some(_), _) if own => {
                return Err(invalid(format!(
                    "Expected exactly one of {CONTENTS}, but found more than one"
                )));
            }
            (None, false) => {
                return Err(invalid(format!("Expected exactly one of {CONTENTS}, but found none")));
            }
            _ => {}
        }
        let ttl = self.ttl.map(|ttl| match u32::try_from(ttl) {
            Ok(seconds) if seconds <= i32::MAX.unsigned_abs() => Ok(seconds),
            _ => Err(out_of_range(ttl, "TTL", "between 0 and 2147483647")),
        });
        let shown = |name: &str| {
            Name::parse(name)
                .map(|name| name.to_string())
                .map_err(|problem| ApiError::invalid_batch(vec![problem.to_string()]))
        };
        let alias = self.alias_target.map(|target| {
            let zone_id = target.hosted_zone_id;
            let name = shown(&target.dns_name)?;
            let evaluate_target_health = target.evaluate_target_health;
            Ok(Box::new(Alias { zone_id, name, evaluate_target_health }))
        });
        Ok(RecordSet {
            name: shown(&self.name)?,
            record_type: self.record_type,
            set_identifier: self.set_identifier,
            routing,
            ttl: ttl.transpose()?,
            values: records.into_iter().map(|record| record.value).collect(),
            alias: alias.transpose()?,
            health_check_id: self.health_check_id,
        })
    }

    /// All routing policies that are given.
    fn policies(&self) -> Result<Vec<Routing>, ApiError> {
        let mut policies = Vec::new();
        if let Some(weight) = self.weight {
            let weight = u8::try_from(weight)
                .map_err(|_| out_of_range(weight, "weight", "between 0 and 255"))?;
            policies.push(Routing::Weighted(weight));
        }
        policies.extend(self.region.clone().map(Routing::Latency));
        if let Some(role) = &self.failover {
            if !["PRIMARY", "SECONDARY"].contains(&role.as_str()) {
                return Err(not_in(role, "[PRIMARY, SECONDARY]"));
            }
            policies.push(Routing::Failover(role.clone()));
        }
        policies.extend(self.multi_value_answer.filter(|&on| on).map(|_| Routing::MultiValue));
        policies.extend(self.geo_location.clone().map(|location| Routing::GeoLocation {
            continent: location.continent_code,
            country: location.country_code,
            subdivision: location.subdivision_code,
        }));
        policies.extend(self.geo_proximity_location.clone().map(|location| {
            Routing::GeoProximity {
                region: location.region,
                local_zone_group: location.local_zone_group,
                coordinates: location.coordinates.map(|at| (at.latitude, at.longitude)),
                bias: location.bias,
            }
        }));
        policies.extend(self.cidr_routing_config.clone().map(|config| Routing::Cidr {
            collection: config.collection_id,
            location: config.location_name,
        }));
        Ok(policies)
    }
}

impl From<&RecordSet> for WireRecordSet {
    fn from(set: &RecordSet) -> Self {
        let mut wire = Self {
            name: set.name.clone(),
            record_type: set.record_type.clone(),
            set_identifier: set.set_identifier.clone(),
            ttl: set.ttl.map(i64::from),
            health_check_id: set.health_check_id.clone(),
            ..Self::default()
        };
        if set.alias.is_none() {
            let list =
                set.values.iter().map(|value| ResourceRecord { value: value.clone() }).collect();
            wire.resource_records = Some(ResourceRecords { list });
        }
        wire.alias_target = set.alias.as_ref().map(|alias| AliasTarget {
            hosted_zone_id: alias.zone_id.clone(),
            dns_name: alias.name.clone(),
            evaluate_target_health: alias.evaluate_target_health,
        });
        match set.routing.as_deref() {
            None => {}
            Some(Routing::Weighted(weight)) => wire.weight = Some(i64::from(*weight)),
            Some(Routing::Latency(region)) => wire.region = Some(region.clone()),
            Some(Routing::Failover(role)) => wire.failover = Some(role.clone()),
            Some(Routing::MultiValue) => wire.multi_value_answer = Some(true),
            Some(Routing::GeoLocation { continent, country, subdivision }) => {
                wire.geo_location = Some(GeoLocation {
                    continent_code: continent.clone(),
                    country_code: country.clone(),
                    subdivision_code: subdivision.clone(),
                });
            }
            Some(Routing::GeoProximity { region, local_zone_group, coordinates, bias }) => {
                wire.geo_proximity_location = Some(GeoProximityLocation {
                    region: region.clone(),
                    local_zone_group: local_zone_group.clone(),
                    coordinates: coordinates
                        .clone()
                        .map(|(latitude, longitude)| Coordinates { latitude, longitude }),
                    bias: *bias,
                });
            }
            Some(Routing::Cidr { collection, location }) => {
                wire.cidr_routing_config = Some(CidrRoutingConfig {
                    collection_id: collection.clone(),
                    location_name: location.clone(),
                });
            }
        }
        wire
    }
}

fn out_of_range(value: i64, field: &str, bound: &str) -> ApiError {
    ApiError::invalid_input(format!(
        "1 validation error detected: Value '{value}' at 'changeBatch.changes.resourceRecordSet.{field}' failed to \
         satisfy constraint: Member must have value {bound}"
    ))
}
