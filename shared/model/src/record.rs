//! A record set: what DNS sees.

use std::fmt;

use ecow::EcoString;

use crate::{Name, Properties, RecordType, Targets, Ttl};

/// All values of one name and type (an RRset, RFC 9499), or one member of a routed family where a
/// set identifier distinguishes members (weighted, latency, failover, ...).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    /// The name.
    pub name: Name,
    /// The type.
    pub rtype: RecordType,
    /// The time to live.
    pub ttl: Ttl,
    /// The values.
    pub targets: Targets,
    /// What most record sets lack, apart so that they stay small.
    routing: Option<Box<RoutingData>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct RoutingData {
    set_identifier: EcoString,
    properties: Properties,
}

static NO_PROPERTIES: Properties = Properties::new();

impl RecordSet {
    /// A record set as given: no target is changed. [`crate::Endpoint::new`] cleans targets up.
    #[must_use]
    pub fn new(name: Name, rtype: RecordType, ttl: Ttl, targets: Targets) -> Self {
        Self { name, rtype, ttl, targets, routing: None }
    }

    /// The set identifier, empty for a simple record set.
    #[must_use]
    pub fn set_identifier(&self) -> &str {
        self.routing.as_ref().map_or("", |routing| &routing.set_identifier)
    }

    /// The provider-specific properties.
    #[must_use]
    pub fn properties(&self) -> &Properties {
        self.routing.as_ref().map_or(&NO_PROPERTIES, |routing| &routing.properties)
    }

    /// Sets the set identifier; the empty string makes a simple record set.
    pub fn set_set_identifier(&mut self, id: impl Into<EcoString>) {
        let id = id.into();
        if !id.is_empty() || self.routing.is_some() {
            self.routing.get_or_insert_default().set_identifier = id;
            self.shed();
        }
    }

    /// Changes the properties.
    pub fn edit_properties<T>(&mut self, edit: impl FnOnce(&mut Properties) -> T) -> T {
        let result = edit(&mut self.routing.get_or_insert_default().properties);
        self.shed();
        result
    }

    /// Replaces the properties.
    pub fn set_properties(&mut self, properties: Properties) {
        if !properties.is_empty() || self.routing.is_some() {
            self.routing.get_or_insert_default().properties = properties;
            self.shed();
        }
    }

    /// With this set identifier.
    #[must_use]
    pub fn with_set_identifier(mut self, id: impl Into<EcoString>) -> Self {
        self.set_set_identifier(id);
        self
    }

    /// With these properties.
    #[must_use]
    pub fn with_properties(mut self, properties: Properties) -> Self {
        self.set_properties(properties);
        self
    }

    /// Whether the `alias` property is exactly `true`: the record set is a provider-native alias.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.properties().get(crate::property_names::ALIAS) == Some("true")
    }

    fn shed(&mut self) {
        if self.routing.as_ref().is_some_and(|routing| {
            routing.set_identifier.is_empty() && routing.properties.is_empty()
        }) {
            self.routing = None;
        }
    }
}

/// `www.example.org 300 IN A blue 192.0.2.1;192.0.2.2 [{aws/weight 10}]`
impl fmt::Display for RecordSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} IN {} {} ", self.name, self.ttl, self.rtype, self.set_identifier())?;
        for (index, target) in self.targets.iter().enumerate() {
            write!(f, "{}{target}", if index == 0 { "" } else { ";" })?;
        }
        f.write_str(" [")?;
        for (index, property) in self.properties().iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{{{} {}}}", property.name, property.value)?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> RecordSet {
        let targets = ["192.0.2.1", "192.0.2.2"].into_iter().collect();
        RecordSet::new(Name::as_listed("a.org"), RecordType::A, Ttl::from_seconds(300), targets)
    }

    #[test]
    fn display() {
        assert_eq!(set().to_string(), "a.org 300 IN A  192.0.2.1;192.0.2.2 []");
        let properties = [("aws/weight", "10"), ("alias", "true")].into_iter().collect();
        assert_eq!(
            set().with_set_identifier("blue").with_properties(properties).to_string(),
            "a.org 300 IN A blue 192.0.2.1;192.0.2.2 [{aws/weight 10} {alias true}]"
        );
    }

    #[test]
    fn what_is_taken_away_leaves_no_trace() {
        let mut set = set().with_set_identifier("blue");
        set.edit_properties(|properties| properties.set("alias", "true"));
        assert!(set.is_alias());
        set.set_set_identifier("");
        assert!(set.is_alias());
        set.set_properties(Properties::new());
        assert!(!set.is_alias());
        assert_eq!(set, self::set());
        assert!(set.routing.is_none());
    }

    #[test]
    fn alias_is_exactly_true() {
        for (value, expected) in [("true", true), ("True", false), ("A", false), ("false", false)] {
            let set = set().with_properties([("alias", value)].into_iter().collect());
            assert_eq!(set.is_alias(), expected, "{value}");
        }
    }
}
