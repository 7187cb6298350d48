//! Endpoints decoded as Go decodes them: the names of members match in any case, `null` counts as absent,
//! and unknown members are skipped.

use std::fmt;

use ecow::EcoString;
use extdns_model::{Labels, Targets};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Received;

/// Most labels, and most properties, of one endpoint: each is compared with all others, and no provider
/// needs more.
const MOST_PAIRS: usize = 256;

impl<'de> Deserialize<'de> for Received {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReceivedVisitor)
    }
}

struct ReceivedVisitor;

impl<'de> Visitor<'de> for ReceivedVisitor {
    type Value = Received;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an endpoint")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Received, A::Error> {
        let mut received = Received::default();
        let mut seen = Seen::default();
        while let Some(member) = map.next_key::<Member>()? {
            seen.once::<A::Error>(member)?;
            match member {
                Member::DnsName => received.name = optional(&mut map)?,
                Member::RecordType => received.rtype = optional(&mut map)?,
                Member::SetIdentifier => received.set_identifier = optional(&mut map)?,
                Member::Ttl => received.ttl = optional(&mut map)?,
                Member::Targets => {
                    let List(targets) = optional(&mut map)?;
                    received.targets = targets;
                }
                Member::Labels => {
                    let Texts(labels) = optional(&mut map)?;
                    received.labels = labels;
                }
                Member::ProviderSpecific => {
                    let List::<Vec<Property>>(properties) = optional(&mut map)?;
                    bounded::<A::Error>(properties.len(), "properties")?;
                    received.properties =
                        properties.into_iter().map(|own| (own.name, own.value)).collect();
                }
                Member::Name | Member::Value | Member::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(received)
    }
}

fn optional<'de, A: MapAccess<'de>, T: Deserialize<'de> + Default>(
    map: &mut A,
) -> Result<T, A::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
}

fn bounded<E: serde::de::Error>(count: usize, what: &str) -> Result<(), E> {
    if count > MOST_PAIRS {
        return Err(E::custom(format_args!("more than {MOST_PAIRS} {what}")));
    }
    Ok(())
}

/// The members that are read.
const MEMBERS: [(&str, Member); 9] = [
    ("dnsName", Member::DnsName),
    ("targets", Member::Targets),
    ("recordType", Member::RecordType),
    ("recordTTL", Member::Ttl),
    ("labels", Member::Labels),
    ("setIdentifier", Member::SetIdentifier),
    ("providerSpecific", Member::ProviderSpecific),
    ("name", Member::Name),
    ("value", Member::Value),
];

/// The members that an object has had so far.
#[derive(Default)]
struct Seen(u16);

impl Seen {
    /// Takes note of a member. If one comes twice, it is not known which of the two holds, so the
    /// object is an error.
    fn once<E: serde::de::Error>(&mut self, member: Member) -> Result<(), E> {
        let bit = match member {
            Member::Unknown => 0,
            known => 1 << (known as u16),
        };
        if self.0 & bit != 0 {
            let name = MEMBERS.get(usize::from(member as u16)).map_or("", |(name, _)| name);
            return Err(E::duplicate_field(name));
        }
        self.0 |= bit;
        Ok(())
    }
}

/// In the order of [`MEMBERS`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    DnsName,
    Targets,
    RecordType,
    Ttl,
    Labels,
    SetIdentifier,
    ProviderSpecific,
    /// Of a property.
    Name,
    /// Of a property.
    Value,
    Unknown,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                let known = MEMBERS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
                Ok(known.map_or(Member::Unknown, |(_, member)| *member))
            }
        }
        deserializer.deserialize_identifier(Names)
    }
}

#[derive(Default)]
struct Property {
    name: EcoString,
    value: EcoString,
}

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Property;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a property with name and value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Property, A::Error> {
                let mut property = Property::default();
                let mut seen = Seen::default();
                while let Some(member) = map.next_key::<Member>()? {
                    seen.once::<A::Error>(member)?;
                    match member {
                        Member::Name => property.name = optional(&mut map)?,
                        Member::Value => property.value = optional(&mut map)?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(property)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A JSON array that becomes a collection without a list in between.
#[derive(Default)]
struct List<C>(C);

trait Push: Default {
    type Item;
    fn push_item(&mut self, item: Self::Item);
}

impl Push for Targets {
    type Item = EcoString;
    fn push_item(&mut self, item: EcoString) {
        self.push(item);
    }
}

impl Push for Vec<Property> {
    type Item = Property;
    fn push_item(&mut self, item: Property) {
        self.push(item);
    }
}

impl<'de, C: Push> Deserialize<'de> for List<C>
where
    C::Item: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<C>(C);
        impl<'de, C: Push> Visitor<'de> for Items<C>
        where
            C::Item: Deserialize<'de>,
        {
            type Value = List<C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<List<C>, A::Error> {
                while let Some(item) = seq.next_element()? {
                    self.0.push_item(item);
                }
                Ok(List(self.0))
            }
        }
        deserializer.deserialize_seq(Items(C::default()))
    }
}

/// A JSON object of texts.
#[derive(Default)]
struct Texts(Labels);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut labels = Labels::new();
                while let Some((key, value)) = map.next_entry::<EcoString, Option<EcoString>>()? {
                    bounded::<A::Error>(labels.len() + 1, "labels")?;
                    labels.set(key, value.unwrap_or_default());
                }
                Ok(Texts(labels))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::{Name, RecordSet, RecordType, Ttl};

    use super::*;

    #[test]
    fn members_match_in_any_case_and_null_is_nothing() {
        let full = r#"{"DNSNAME":"a.org","RecordType":"A","setidentifier":"s","TARGETS":["192.0.2.1"],
            "recordttl":60,"Labels":{"owner":"me","x":null},"name":{},"extra":[[]],
            "providerspecific":[{"NAME":"alias","vaLue":"true","x":1},{"Name":"b","value":null}]}"#;
        let record = serde_json::from_str::<Received>(full).expect("an endpoint").into_record();
        let record = record.expect("usable");
        let properties = [("alias", "true"), ("b", "")].into_iter().collect();
        let set = RecordSet::new(
            Name::as_listed("a.org"),
            RecordType::A,
            Ttl::from_seconds(60),
            ["192.0.2.1"].into_iter().collect(),
        );
        assert_eq!(record.set, set.with_set_identifier("s").with_properties(properties));
        assert_eq!(record.labels, [("owner", "me"), ("x", "")].into_iter().collect());

        let empty = r#"{"dnsName":"a.org","recordType":"A","setIdentifier":null,"targets":null,
            "recordTTL":null,"labels":null,"providerSpecific":null}"#;
        let record = serde_json::from_str::<Received>(empty).expect("an endpoint").into_record();
        let record = record.expect("usable");
        assert!(record.set.targets.is_empty() && record.labels.is_empty());
        assert_eq!(record.set.ttl, Ttl::UNSET);
    }

    #[test]
    fn labels_and_properties_are_bounded() {
        for (count, fits) in [(MOST_PAIRS, true), (MOST_PAIRS + 1, false)] {
            let labels: Vec<_> = (0..count).map(|n| format!("\"l{n}\":\"\"")).collect();
            let labels = format!("{{\"labels\":{{{}}}}}", labels.join(","));
            assert_eq!(serde_json::from_str::<Received>(&labels).is_ok(), fits, "{count} labels");
            let properties: Vec<_> = (0..count).map(|n| format!("{{\"name\":\"p{n}\"}}")).collect();
            let properties = format!("{{\"providerSpecific\":[{}]}}", properties.join(","));
            assert_eq!(serde_json::from_str::<Received>(&properties).is_ok(), fits, "{count}");
        }
    }
}
