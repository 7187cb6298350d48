//! One requirement of a selector.

use ecow::EcoString;

/// A text that is no selector: what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SelectorError(pub(super) String);

/// A key, and what its value has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) key: EcoString,
    pub(super) test: Test,
}

/// What the value of a key has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Exists,
    Absent,
    Is(EcoString),
    In(Vec<EcoString>),
    NotIn(Vec<EcoString>),
    GreaterThan(i64),
    LessThan(i64),
}

impl Test {
    /// Whether the value of the key passes; `None` where there is no such key.
    pub(super) fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|text| text.parse::<i64>().ok());
        let among =
            |values: &[EcoString]| value.is_some_and(|value| values.iter().any(|v| v == value));
        match self {
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::Is(wanted) => value == Some(wanted.as_str()),
            Self::In(values) => among(values),
            Self::NotIn(values) => !among(values),
            Self::GreaterThan(bound) => number().is_some_and(|n| n > *bound),
            Self::LessThan(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}
