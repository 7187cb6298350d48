//! Routing policies: the properties `aws/..` and what they are in a record set.

use aws_sdk_route53::types::builders::ResourceRecordSetBuilder;
use aws_sdk_route53::types::{
    Coordinates, GeoLocation, GeoProximityLocation, ResourceRecordSet, ResourceRecordSetFailover,
    ResourceRecordSetRegion,
};
use extdns_model::{Properties, property_names};

pub(super) const WEIGHT: &str = "aws/weight";
pub(super) const REGION: &str = "aws/region";
pub(super) const FAILOVER: &str = "aws/failover";
pub(super) const CONTINENT: &str = "aws/geolocation-continent-code";
pub(super) const COUNTRY: &str = "aws/geolocation-country-code";
pub(super) const SUBDIVISION: &str = "aws/geolocation-subdivision-code";
pub(super) const PROXIMITY_REGION: &str = "aws/geoproximity-region";
pub(super) const PROXIMITY_GROUP: &str = "aws/geoproximity-local-zone-group";
pub(super) const PROXIMITY_COORDINATES: &str = "aws/geoproximity-coordinates";
pub(super) const PROXIMITY_BIAS: &str = "aws/geoproximity-bias";
pub(super) const MULTI_VALUE: &str = "aws/multi-value-answer";
pub(super) const HEALTH_CHECK: &str = "aws/health-check-id";
pub(super) const TARGET_HEALTH: &str = "aws/evaluate-target-health";

/// Properties that choose among record sets of one name, and so need a set identifier.
pub(super) const POLICIES: [&str; 11] = [
    WEIGHT,
    REGION,
    FAILOVER,
    CONTINENT,
    COUNTRY,
    SUBDIVISION,
    PROXIMITY_REGION,
    PROXIMITY_GROUP,
    PROXIMITY_COORDINATES,
    PROXIMITY_BIAS,
    MULTI_VALUE,
];

/// Where a geoproximity record set lies.
const LOCATIONS: [&str; 3] = [PROXIMITY_REGION, PROXIMITY_GROUP, PROXIMITY_COORDINATES];

/// The properties of a record set as it is listed.
pub(super) fn read(set: &ResourceRecordSet) -> Properties {
    let mut properties = Properties::new();
    if set.set_identifier.is_some() {
        policy(set, &mut properties);
    }
    if let Some(id) = set.health_check_id() {
        properties.set(HEALTH_CHECK, id);
    }
    properties
}

/// The one policy of a record set.
fn policy(set: &ResourceRecordSet, properties: &mut Properties) {
    if let Some(weight) = set.weight {
        properties.set(WEIGHT, weight.to_string());
    } else if let Some(region) = &set.region {
        properties.set(REGION, region.as_str());
    } else if let Some(failover) = &set.failover {
        properties.set(FAILOVER, failover.as_str());
    } else if set.multi_value_answer == Some(true) {
        properties.set(MULTI_VALUE, "");
    } else if let Some(location) = &set.geo_location {
        if let Some(continent) = location.continent_code() {
            properties.set(CONTINENT, continent);
        } else {
            let parts =
                [(COUNTRY, location.country_code()), (SUBDIVISION, location.subdivision_code())];
            set_all(properties, parts);
        }
    } else if let Some(location) = &set.geo_proximity_location {
        let parts = [
            (PROXIMITY_REGION, location.aws_region()),
            (PROXIMITY_GROUP, location.local_zone_group()),
        ];
        set_all(properties, parts);
        if let Some(coordinates) = location.coordinates() {
            let listed = listed(coordinates);
            properties.set(PROXIMITY_COORDINATES, canonical(&listed).unwrap_or(listed));
        }
        if let Some(bias) = location.bias {
            properties.set(PROXIMITY_BIAS, bias.to_string());
        }
    }
}

fn set_all<const N: usize>(properties: &mut Properties, parts: [(&str, Option<&str>); N]) {
    for (name, value) in parts {
        if let Some(value) = value {
            properties.set(name, value);
        }
    }
}

/// Coordinates in the form of the property.
pub(super) fn listed(coordinates: &Coordinates) -> String {
    format!("{},{}", coordinates.latitude(), coordinates.longitude())
}

/// Coordinates in the form in which they are compared: plain numbers. `None` if they are none.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (latitude, longitude) = text.split_once(',')?;
    let within = |text: &str, most: f64| {
        text.parse::<f64>().ok().filter(|value| (-most..=most).contains(value))
    };
    // Adding zero makes a negative zero one of ours.
    Some(format!("{},{}", within(latitude, 90.0)? + 0.0, within(longitude, 180.0)? + 0.0))
}

/// The same record set with its policy. `coordinates` are to be written as they were given.
pub(super) fn write(
    builder: ResourceRecordSetBuilder,
    properties: &Properties,
    coordinates: Option<&str>,
) -> ResourceRecordSetBuilder {
    let text = |name: &str| properties.get(name).map(str::to_owned);
    builder
        .set_weight(properties.get(WEIGHT).map(|weight| weight.parse().unwrap_or(0)))
        .set_region(properties.get(REGION).map(ResourceRecordSetRegion::from))
        .set_failover(properties.get(FAILOVER).map(ResourceRecordSetFailover::from))
        .set_multi_value_answer(properties.get(MULTI_VALUE).map(|_| true))
        .set_geo_location(location(properties))
        .set_geo_proximity_location(proximity(properties, coordinates))
        .set_health_check_id(text(HEALTH_CHECK))
}

fn location(properties: &Properties) -> Option<GeoLocation> {
    let text = |name: &str| properties.get(name).map(str::to_owned);
    if let Some(continent) = text(CONTINENT) {
        return Some(GeoLocation::builder().continent_code(continent).build());
    }
    let (country, subdivision) = (text(COUNTRY), text(SUBDIVISION));
    (country.is_some() || subdivision.is_some()).then(|| {
        GeoLocation::builder().set_country_code(country).set_subdivision_code(subdivision).build()
    })
}

fn proximity(properties: &Properties, coordinates: Option<&str>) -> Option<GeoProximityLocation> {
    let text = |name: &str| properties.get(name).map(str::to_owned);
    let location = coordinates.or_else(|| properties.get(PROXIMITY_COORDINATES)).and_then(|text| {
        let (latitude, longitude) = text.split_once(',')?;
        Coordinates::builder().latitude(latitude).longitude(longitude).build().ok()
    });
    let (region, group) = (text(PROXIMITY_REGION), text(PROXIMITY_GROUP));
    let bias = properties.get(PROXIMITY_BIAS).map(|bias| bias.parse().unwrap_or(0));
    let any = location.is_some() || region.is_some() || group.is_some() || bias.is_some();
    any.then(|| {
        GeoProximityLocation::builder()
            .set_aws_region(region)
            .set_local_zone_group(group)
            .set_coordinates(location)
            .set_bias(bias)
            .build()
    })
}

/// Desired properties as they will be read back; what is changed or left out for a reason that the
/// user should know is noted.
pub(super) fn normalise(
    properties: &mut Properties,
    set_identifier: &str,
    notes: &mut Vec<String>,
) -> Option<String> {
    if set_identifier.is_empty() {
        for name in POLICIES {
            if properties.remove(name).is_some() {
                notes.push(format!("{name} needs a set identifier; it is left out"));
            }
        }
    }
    if properties.get(MULTI_VALUE).is_some() {
        properties.set(MULTI_VALUE, "");
    }
    if let Some(text) = properties.get(WEIGHT) {
        let weight = number::<i64>(text).unwrap_or_else(|error| {
            tracing::error!(
                "Failed parsing value of aws/weight: {text}: {error}; using weight of 0"
            );
            notes.push(format!("aws/weight {text:?} is no whole number; using weight of 0"));
            0
        });
        properties.set(WEIGHT, weight.to_string());
    }
    if let Some(failover) = properties.get(FAILOVER) {
        properties.set(FAILOVER, failover.to_ascii_uppercase());
    }
    if properties.get(CONTINENT).is_some() {
        properties.remove(COUNTRY);
        properties.remove(SUBDIVISION);
    }
    normalise_proximity(properties, notes)
}

/// Returns the coordinates as they were given.
fn normalise_proximity(properties: &mut Properties, notes: &mut Vec<String>) -> Option<String> {
    let given = properties.get(PROXIMITY_COORDINATES).map(str::to_owned);
    let valid = given.as_deref().and_then(canonical);
    match (&given, valid) {
        (Some(_), Some(valid)) => properties.set(PROXIMITY_COORDINATES, valid),
        (Some(text), None) => {
            properties.remove(PROXIMITY_COORDINATES);
            notes.push(format!(
                "aws/geoproximity-coordinates {text:?} are no latitude and longitude, like \
                 45.0,90.0; they are left out"
            ));
        }
        (None, _) => {}
    }
    if !LOCATIONS.iter().any(|name| properties.get(name).is_some()) {
        properties.remove(PROXIMITY_BIAS);
        return None;
    }
    let bias = properties.get(PROXIMITY_BIAS).map_or(Ok(0), |text| {
        number::<i32>(text).map_err(|_| {
            notes.push(format!("aws/geoproximity-bias {text:?} is no whole number; using 0"));
        })
    });
    properties.set(PROXIMITY_BIAS, bias.unwrap_or(0).to_string());
    properties.get(PROXIMITY_COORDINATES)?;
    given
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, T::Err> {
    text.parse()
}

/// Whether a property is written, or otherwise of use here.
pub(super) fn is_known(name: &str) -> bool {
    POLICIES.contains(&name) || [HEALTH_CHECK, TARGET_HEALTH, property_names::ALIAS].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(pairs: &[(&str, &str)]) -> Properties {
        pairs.iter().copied().collect()
    }

    #[test]
    fn r53_case_39_coordinates_and_bias() {
        let cases = [
            ("45.0,90.0", Some("45,90")),
            ("-90.0,-180.0", Some("-90,-180")),
            ("90.0,180.0", Some("90,180")),
            ("-0.0,1e1", Some("0,10")),
            ("91.0,90.0", None),
            ("45.0,-181.0", None),
            ("45.0", None),
            ("a,b", None),
            ("1,2,3", None),
            ("45.0, 90.0", None),
            ("NaN,0", None),
            ("inf,0", None),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
            let mut desired = properties(&[(PROXIMITY_COORDINATES, text)]);
            let mut notes = Vec::new();
            let given = normalise(&mut desired, "id", &mut notes);
            assert_eq!(given.as_deref(), expected.map(|_| text), "{text}");
            assert_eq!(notes.len(), usize::from(expected.is_none()), "{text}");
            let bias = desired.get(PROXIMITY_BIAS);
            assert_eq!(bias, expected.map(|_| "0"), "no location, no bias: {text}");
        }
        for (bias, expected) in
            [("10", "10"), ("-5", "-5"), ("99", "99"), ("abc", "0"), ("10.5", "0"), ("", "0")]
        {
            let mut desired = properties(&[(PROXIMITY_REGION, "eu"), (PROXIMITY_BIAS, bias)]);
            normalise(&mut desired, "id", &mut Vec::new());
            assert_eq!(desired.get(PROXIMITY_BIAS), Some(expected), "{bias}");
        }
    }

    #[test]
    fn r53_case_40_weight_that_is_no_number() {
        let mut desired = properties(&[(WEIGHT, "abc")]);
        let mut notes = Vec::new();
        normalise(&mut desired, "id", &mut notes);
        assert_eq!(desired.get(WEIGHT), Some("0"));
        assert!(notes[0].contains("\"abc\""), "{notes:?}");
    }

    #[test]
    fn properties_that_would_never_be_read_back() {
        let mut desired = properties(&[
            (MULTI_VALUE, "true"),
            (WEIGHT, "+010"),
            (FAILOVER, "primary"),
            (CONTINENT, "EU"),
            (COUNTRY, "DE"),
            (SUBDIVISION, "BY"),
        ]);
        let mut simple = desired.clone();
        assert_eq!(normalise(&mut desired, "id", &mut Vec::new()), None);
        let expected = properties(&[
            (MULTI_VALUE, ""),
            (WEIGHT, "10"),
            (FAILOVER, "PRIMARY"),
            (CONTINENT, "EU"),
        ]);
        assert!(desired.same_as(&expected), "{desired:?}");
        let mut notes = Vec::new();
        normalise(&mut simple, "", &mut notes);
        assert!(simple.is_empty());
        assert_eq!(notes.len(), 6, "{notes:?}");
    }
}
