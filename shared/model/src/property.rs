//! Provider-specific properties of a record set.

use ecow::EcoString;
use thin_vec::ThinVec;

/// Names of the properties that belong to no single provider.
pub mod property_names {
    /// Provider-native alias: `true`, `false`, `A` or `AAAA`.
    pub const ALIAS: &str = "alias";
    /// PTR opt-in (`ptr`) or opt-out per resource; never leaves the source pipeline.
    pub const RECORD_TYPE: &str = "record-type";
}

/// One property, such as `aws/weight` = `10`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Property {
    /// The name; names with `/` begin with their provider.
    pub name: EcoString,
    /// The value, free text.
    pub value: EcoString,
}

/// An ordered list of properties in which a name occurs once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Properties(ThinVec<Property>);

impl Properties {
    /// No properties.
    #[must_use]
    pub const fn new() -> Self {
        Self(ThinVec::new())
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|property| property.name == name).map(|property| property.value.as_str())
    }

    /// The value of a property with the key of an annotation: by its whole name, else by the same key under another
    /// prefix.
    #[must_use]
    pub fn under_any_prefix(&self, name: &str) -> Option<&str> {
        let key = name.rsplit('/').next();
        let is_same = |it: &&Property| it.name.contains('/') && it.name.rsplit('/').next() == key;
        let other = || self.iter().find(is_same).map(|it| it.value.as_str());
        self.get(name).or_else(other)
    }

    /// Sets a property: in place if the name is there, else at the end.
    pub fn set(&mut self, name: impl Into<EcoString>, value: impl Into<EcoString>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|property| property.name == name) {
            Some(property) => property.value = value,
            None => {
                // Few record sets have more than one or two.
                self.0.reserve_exact(1);
                self.0.push(Property { name, value });
            }
        }
    }

    /// Removes a property and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<EcoString> {
        let index = self.0.iter().position(|property| property.name == name)?;
        Some(self.0.remove(index).value)
    }

    /// Keeps the properties for which the test holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Property) -> bool) {
        self.0.retain(|property| keep(property));
    }

    /// Sorts by name, byte-wise.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// The properties in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Property> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both hold the same names with the same values, in any order.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().all(|property| other.get(&property.name) == Some(&property.value))
    }
}

impl<N: Into<EcoString>, V: Into<EcoString>> FromIterator<(N, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut properties = Self::new();
        for (name, value) in pairs {
            properties.set(name, value);
        }
        properties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(properties: &Properties) -> Vec<(&str, &str)> {
        properties.iter().map(|property| (&*property.name, &*property.value)).collect()
    }

    #[test]
    fn a_name_occurs_once_and_keeps_its_place() {
        let mut properties: Properties = [("b", "1"), ("a", "2"), ("b", "3")].into_iter().collect();
        assert_eq!(pairs(&properties), [("b", "3"), ("a", "2")]);
        properties.sort();
        assert_eq!(pairs(&properties), [("a", "2"), ("b", "3")]);
        assert_eq!(properties.remove("a").as_deref(), Some("2"));
        assert_eq!(properties.remove("a"), None);
        assert_eq!(properties.get("a"), None);
        properties.retain(|property| property.name != "b");
        assert!(properties.is_empty());
    }

    #[test]
    fn same_as_ignores_order() {
        let given = |list: &[(&'static str, &'static str)]| -> Properties {
            list.iter().copied().collect()
        };
        let base = given(&[("a", "1"), ("b", "2")]);
        let cases = [
            (given(&[("b", "2"), ("a", "1")]), true),
            (given(&[("a", "1")]), false),
            (given(&[("a", "1"), ("b", "3")]), false),
            (given(&[("a", "1"), ("c", "2")]), false),
            (given(&[("a", "1"), ("b", "2"), ("c", "")]), false),
        ];
        for (other, expected) in &cases {
            assert_eq!(base.same_as(other), *expected, "{other:?}");
            assert_eq!(other.same_as(&base), *expected, "{other:?}");
        }
    }
}
