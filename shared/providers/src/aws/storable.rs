//! What Route 53 refuses, by its API reference (`ChangeResourceRecordSets`).

use std::collections::BTreeSet;

use extdns_model::{Properties, RecordSet, RecordType, Role, Surroundings};

use super::routing::{
    CONTINENT, COUNTRY, FAILOVER, HEALTH_CHECK, MULTI_VALUE, PROXIMITY_BIAS, PROXIMITY_COORDINATES,
    PROXIMITY_GROUP, PROXIMITY_REGION, REGION, SUBDIVISION, WEIGHT,
};
use crate::engine::text;

/// Most values of a record set.
pub(super) const MOST_VALUES: usize = 400;
/// The largest weight.
const MOST_WEIGHT: i64 = 255;
/// Most bytes of one string of a TXT.
const LONGEST_STRING: usize = 255;
/// Most bytes of one value of a TXT, its quotes included.
const LONGEST_TEXT: usize = 4000;

/// The routing policies, each with its properties.
const KINDS: [(&str, &[&str]); 6] = [
    ("weighted", &[WEIGHT]),
    ("latency", &[REGION]),
    ("failover", &[FAILOVER]),
    ("geolocation", &[CONTINENT, COUNTRY, SUBDIVISION]),
    ("geoproximity", &[PROXIMITY_REGION, PROXIMITY_GROUP, PROXIMITY_COORDINATES, PROXIMITY_BIAS]),
    ("multi-value", &[MULTI_VALUE]),
];

/// Of these, no two record sets of one name and type may have the same.
const EXCLUSIVE: [&str; 3] = ["latency", "failover", "geolocation"];

/// Why Route 53 would refuse a record set. An ownership record is routed as its record is, but for a
/// failover that it cannot have, which is replaced when it is written.
pub(super) fn refusal(set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
    of_text(set).or_else(|| match around.role {
        Role::Record => of_routing(set, around),
        Role::Ownership => None,
    })
}

fn of_text(set: &RecordSet) -> Option<String> {
    if set.rtype != RecordType::Txt {
        return None;
    }
    let too_long = |value: &str| {
        value.len() > LONGEST_TEXT
            || text::strings(value)
                .is_some_and(|all| all.iter().any(|string| string.len() > LONGEST_STRING))
    };
    set.targets.iter().any(|value| too_long(value)).then(|| {
        format!(
            "Route 53 takes strings of at most {LONGEST_STRING} bytes in a TXT of at most \
             {LONGEST_TEXT}; cut the text into several quoted strings"
        )
    })
}

fn of_routing(set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
    let id = set.set_identifier();
    if id.is_empty() {
        return None;
    }
    let kinds = kinds(set.properties());
    let [kind] = kinds[..] else {
        let found = if kinds.is_empty() { "none".to_owned() } else { kinds.join(" and ") };
        return Some(format!(
            "a record set with a set identifier needs exactly one routing policy, and it has \
             {found}; annotate one of aws-weight, aws-region, aws-failover, aws-geolocation-*, \
             aws-geoproximity-* and aws-multi-value-answer"
        ));
    };
    if let Some(weight) = set.properties().get(WEIGHT)
        && !weight.parse().is_ok_and(|weight: i64| (0..=MOST_WEIGHT).contains(&weight))
    {
        return Some(format!("aws/weight is 0 to {MOST_WEIGHT}, not {weight}"));
    }
    let role = set.properties().get(FAILOVER);
    if role == Some("PRIMARY") && !set.is_alias() && set.properties().get(HEALTH_CHECK).is_none() {
        let reason =
            "a PRIMARY that is no alias needs a health check; annotate aws-health-check-id";
        return Some(reason.to_owned());
    }
    let family = around.beside.iter().filter(|other| other.rtype == set.rtype);
    family.filter(|other| other.set_identifier() != id).find_map(|other| {
        let theirs = other.set_identifier();
        if !self::kinds(other.properties()).contains(&kind) {
            return Some(format!(
                "its name has the record set {theirs:?} of another routing policy than {kind}; all \
                 record sets of a name and type need the same"
            ));
        }
        let same = EXCLUSIVE.contains(&kind)
            && values(set.properties(), kind) == values(other.properties(), kind);
        same.then(|| format!("its name has the record set {theirs:?} with the same {kind} routing"))
    })
}

/// The kinds of the policies among properties.
fn kinds(properties: &Properties) -> Vec<&'static str> {
    let has = |names: &[&str]| names.iter().any(|name| properties.get(name).is_some());
    KINDS.iter().filter(|(_, names)| has(names)).map(|(kind, _)| *kind).collect()
}

/// What a policy of this kind says.
fn values<'p>(properties: &'p Properties, kind: &str) -> BTreeSet<(&'static str, &'p str)> {
    let names = KINDS.iter().filter(|(own, _)| *own == kind).flat_map(|(_, names)| *names);
    names.filter_map(|name| Some((*name, properties.get(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use extdns_model::{Name, Ttl, Zone};

    use super::*;

    fn routed(id: &str, properties: &[(&str, &str)]) -> RecordSet {
        let targets = ["192.0.2.1"].into_iter().collect();
        RecordSet::new(Name::as_listed("www.example.org"), RecordType::A, Ttl::UNSET, targets)
            .with_set_identifier(id)
            .with_properties(properties.iter().copied().collect())
    }

    #[test]
    fn routing_that_route_53_refuses_is_known_beforehand() {
        let west = routed("west", &[(REGION, "us-west-2")]);
        let checked = (HEALTH_CHECK, "hc-1");
        let primary = routed("west", &[(FAILOVER, "PRIMARY"), checked]);
        let zone = Zone::new("Z1", Name::as_listed("example.org"));
        let cases: &[(RecordSet, &[&RecordSet], Option<&str>)] = &[
            (routed("", &[]), &[&west], None),
            (routed("a", &[]), &[], Some("exactly one routing policy, and it has none")),
            (
                routed("a", &[(WEIGHT, "1"), (REGION, "eu-west-1")]),
                &[],
                Some("weighted and latency"),
            ),
            (routed("a", &[(WEIGHT, "255")]), &[], None),
            (routed("a", &[(WEIGHT, "256")]), &[], Some("0 to 255, not 256")),
            (routed("a", &[(WEIGHT, "1")]), &[&west], Some("another routing policy than weighted")),
            (routed("a", &[(REGION, "us-east-1")]), &[&west], None),
            (routed("a", &[(REGION, "us-west-2")]), &[&west], Some("the same latency routing")),
            (routed("west", &[(REGION, "us-west-2")]), &[&west], None),
            (routed("a", &[(FAILOVER, "SECONDARY")]), &[&primary], None),
            (routed("a", &[(FAILOVER, "PRIMARY"), checked]), &[], None),
            (routed("a", &[(FAILOVER, "PRIMARY"), ("alias", "true")]), &[], None),
            (routed("a", &[(FAILOVER, "PRIMARY")]), &[], Some("annotate aws-health-check-id")),
            (
                routed("a", &[(FAILOVER, "PRIMARY"), checked]),
                &[&primary],
                Some("the same failover"),
            ),
            (routed("a", &[(WEIGHT, "1")]), &[&routed("b", &[(WEIGHT, "1")])], None),
        ];
        for (set, beside, expected) in cases {
            let around = Surroundings { beside, ..Surroundings::alone(&zone, set) };
            let found = refusal(set, around);
            assert_eq!(found.is_some(), expected.is_some(), "{set}: {found:?}");
            for (found, expected) in found.iter().zip(*expected) {
                assert!(found.contains(expected), "{set}: {found}");
            }
        }
    }

    #[test]
    fn a_txt_with_a_string_that_is_too_long_is_known_beforehand() {
        let long = "a".repeat(300);
        let cases = [
            (format!("\"{}\" \"{}\"", &long[..255], &long[..45]), false),
            (format!("\"{long}\""), true),
            ((0..20).map(|_| format!("\"{}\"", &long[..255])).collect::<Vec<_>>().join(" "), true),
        ];
        for (value, expected) in cases {
            let name = Name::as_listed("t.example.org");
            let targets = [value.as_str()].into_iter().collect();
            let set = RecordSet::new(name, RecordType::Txt, Ttl::UNSET, targets);
            let zone = Zone::new("Z1", Name::as_listed("example.org"));
            let found = refusal(&set, Surroundings::alone(&zone, &set));
            assert_eq!(found.is_some(), expected, "{value}");
        }
    }
}
