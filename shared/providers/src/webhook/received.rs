//! What a server answers: endpoints and the domain filter, decoded as Go does. Member names match
//! in any case, `null` counts as absent, unknown members are skipped.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ecow::EcoString;
use extdns_model::{
    DomainFilter, DomainFilterError, Labels, Name, Opaque, Properties, Record, RecordSet,
    RecordType, Targets, Ttl,
};
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{ErrorKind, ProviderError};

/// Most labels, and most properties, of one endpoint: each is looked for among the others, and
/// nobody needs more.
const MOST_PAIRS: usize = 256;

/// An endpoint as it came.
#[derive(Debug, Default)]
pub(super) struct Received {
    name: EcoString,
    rtype: EcoString,
    set_identifier: EcoString,
    targets: Targets,
    ttl: i64,
    labels: Labels,
    properties: Properties,
}

impl Received {
    /// The record set and its labels.
    pub(super) fn into_set(self) -> Result<(RecordSet, Labels), Unusable> {
        let Ok(rtype) = self.rtype.parse::<RecordType>() else {
            return Err(Unusable { name: self.name, rtype: self.rtype });
        };
        if self.name.is_empty() {
            return Err(Unusable { name: self.name, rtype: self.rtype });
        }
        let set = RecordSet::new(
            Name::as_listed(&self.name),
            rtype,
            Ttl::from_seconds(self.ttl),
            self.targets,
        )
        .with_set_identifier(self.set_identifier)
        .with_properties(self.properties);
        Ok((set, self.labels))
    }

    /// As a record of the pseudo-zone.
    pub(super) fn into_record(self) -> Result<Record, Unusable> {
        let (set, labels) = self.into_set()?;
        let mut record = Record::new(set, Opaque::none());
        record.labels = labels;
        Ok(record)
    }
}

/// An endpoint without a name, or of a type that is none.
#[derive(Debug)]
pub(super) struct Unusable {
    name: EcoString,
    rtype: EcoString,
}

impl Unusable {
    /// Whether the type is not even a word, as those are that some servers have beside the types of DNS (`ALIAS`):
    /// nobody knows what is there.
    fn may_be_anything(&self) -> bool {
        let is_of_word = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        self.rtype.is_empty() || !self.rtype.bytes().all(is_of_word)
    }
}

/// The unusable endpoints of one answer: how many, and which came first.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    count: usize,
    first: Vec<String>,
    /// The names of those that are unknown.
    pub(super) unclear: Vec<Name>,
}

impl Skipped {
    /// Endpoints that are named in a message, and letters of a name there.
    const SHOWN: usize = 3;

    /// What is usable; the rest is counted.
    pub(super) fn sift<T>(&mut self, endpoint: Result<T, Unusable>) -> Option<T> {
        let unusable = match endpoint {
            Ok(endpoint) => return Some(endpoint),
            Err(unusable) => unusable,
        };
        if !unusable.name.is_empty() && unusable.may_be_anything() {
            self.unclear.push(Name::as_listed(&unusable.name));
        }
        let Unusable { name, rtype } = unusable;
        if self.first.len() < Self::SHOWN {
            self.first.push(format!("{} (type {})", shown(&name), shown(&rtype)));
        }
        self.count += 1;
        None
    }

    /// What to tell the user, if there is something to tell.
    pub(super) fn message(&self) -> Option<String> {
        let first = self.first.join(", ");
        let more = self.count.checked_sub(self.first.len()).filter(|more| *more > 0);
        let more = more.map_or_else(String::new, |more| format!(" and {more} more"));
        (self.count > 0).then(|| {
            format!("endpoints that have no name or a type that does not exist: {first}{more}")
        })
    }
}

/// A text of a stranger: quoted, and not for ever.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    let dots = if short.len() < text.len() { ".." } else { "" };
    format!("{short:?}{dots}")
}

/// Whether a list of records has no record twice. One that repeats itself, as a page that is given
/// again does, lacks others: it is not complete. Records of one key and different content are the
/// plan's to judge.
///
/// # Errors
/// Names the record.
pub(super) fn no_twins(records: &[Record]) -> Result<(), ProviderError> {
    let hash = |record: &Record| {
        let mut hasher = DefaultHasher::new();
        record.set.name.key().hash(&mut hasher);
        record.set.rtype.hash(&mut hasher);
        record.set.set_identifier().hash(&mut hasher);
        record.set.targets.as_slice().hash(&mut hasher);
        hasher.finish()
    };
    let mut hashes: Vec<u64> = records.iter().map(hash).collect();
    hashes.sort_unstable();
    if hashes.is_sorted_by(|left, right| left < right) {
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(records.len());
    let twin = records.iter().map(|record| &record.set).find(|set| {
        let key = (set.name.key(), set.rtype, set.set_identifier(), set.targets.as_slice());
        !seen.insert(key)
    });
    let Some(twin) = twin else { return Ok(()) };
    let message = format!(
        "the webhook provider lists {} {} twice, so its list of records is not complete; look for \
         a fault in the provider's paging",
        twin.name, twin.rtype
    );
    Err(ProviderError::new(ErrorKind::Rejected(Vec::new()), message))
}

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
    /// Takes note of a member; one that comes twice makes the object worthless, as nobody knows which
    /// of the two is meant.
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

/// The members of a domain filter, in lower case.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase", default)]
struct ReceivedFilter {
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    #[serde(rename = "regexinclude")]
    regex_include: Option<String>,
    #[serde(rename = "regexexclude")]
    regex_exclude: Option<String>,
    /// What the published description of the protocol calls `include`.
    filters: Option<Vec<String>>,
}

/// The domain filter of a negotiation.
pub(super) fn domain_filter(text: &[u8]) -> Result<DomainFilter, serde_json::Error> {
    let members: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(text)?;
    let members = members.unwrap_or_default();
    let lower = members.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let filter: ReceivedFilter =
        serde_json::from_value(serde_json::Value::Object(lower.collect()))?;
    let mut include = filter.include.unwrap_or_default();
    if let Some(filters) = filter.filters.filter(|own| include.is_empty() && !own.is_empty()) {
        tracing::warn!("the webhook provider calls its domain filter `filters`, not `include`");
        include = filters;
    }
    let exclude = filter.exclude.unwrap_or_default();
    let regex_include = filter.regex_include.unwrap_or_default();
    let regex_exclude = filter.regex_exclude.unwrap_or_default();
    let lists = !include.is_empty() || !exclude.is_empty();
    let regex = !regex_include.is_empty() || !regex_exclude.is_empty();
    match (lists, regex) {
        (true, true) => Err(serde_json::Error::custom(DomainFilterError::Mixed)),
        (_, false) => Ok(DomainFilter::lists(include, exclude)),
        (false, true) => {
            DomainFilter::regex(("regexInclude", &regex_include), ("regexExclude", &regex_exclude))
                .map_err(serde_json::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_is_counted_and_shown_in_part() {
        let mut skipped = Skipped::default();
        assert_eq!(skipped.message(), None);
        let long = "x".repeat(100);
        for (name, rtype) in [("a.org", "ALIAS"), ("", "A"), (&long, "\n"), ("d", "e"), ("f", "")] {
            let received =
                Received { name: name.into(), rtype: rtype.into(), ..Received::default() };
            assert!(skipped.sift(received.into_record()).is_none(), "{name} {rtype}");
        }
        let fits = Received { name: "a.org".into(), rtype: "A".into(), ..Received::default() };
        assert!(skipped.sift(fits.into_set()).is_some());
        let unclear: Vec<&str> = skipped.unclear.iter().map(Name::as_str).collect();
        assert_eq!(
            unclear,
            [&*long, "f"],
            "of a type that is a word it is known that it is no other"
        );
        let shown = format!(
            "\"a.org\" (type \"ALIAS\"), \"\" (type \"A\"), \"{}\".. (type \"\\n\")",
            "x".repeat(80)
        );
        let expected = format!(
            "endpoints that have no name or a type that does not exist: {shown} and 2 more"
        );
        assert_eq!(skipped.message(), Some(expected));
    }

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

    #[test]
    fn domain_filters() {
        let includes =
            [r#"{"include":["a.org"]}"#, r#"{"INCLUDE":["a.org"]}"#, r#"{"filters":["a.org"]}"#];
        for text in includes {
            let filter = domain_filter(text.as_bytes()).expect(text);
            let same = DomainFilter::lists(["a.org"], [] as [&str; 0]);
            assert_eq!(format!("{filter:?}"), format!("{same:?}"), "{text}");
        }
        for text in ["{}", "null", r#"{"include":null,"regexInclude":""}"#, r#"{"other":1}"#] {
            let filter = domain_filter(text.as_bytes()).expect(text);
            assert_eq!(format!("{filter:?}"), format!("{:?}", DomainFilter::default()));
        }
        let regex =
            domain_filter(br#"{"regexinclude":"^a","RegexExclude":"b$"}"#).expect("a filter");
        let same = DomainFilter::regex(("", "^a"), ("", "b$")).expect("a filter");
        assert_eq!(format!("{regex:?}"), format!("{same:?}"));
        let wrong = [
            (r#"{"include":["a"],"regexExclude":"b"}"#, "cannot have both domain list and regex"),
            (r#"{"regexInclude":"("}"#, "invalid regexInclude: "),
            (r#"{"regexExclude":"("}"#, "invalid regexExclude: "),
            (r#"{"include":"a"}"#, "invalid type: string \"a\", expected a sequence"),
            (r#"{"include":[1]}"#, "invalid type: integer"),
            (r#"{"regexInclude":[]}"#, "invalid type: sequence"),
            ("[]", "invalid type: sequence"),
            ("<html>", "expected value"),
            ("", "EOF"),
        ];
        for (text, expected) in wrong {
            let error = domain_filter(text.as_bytes()).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
