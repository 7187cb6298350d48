//! Selectors as objects hold them: `matchLabels` and `matchExpressions`
//! (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/>).

use ecow::EcoString;
use serde::{Deserialize, Deserializer};

use super::Selector;
use super::parse::{valid_key, valid_value};
use super::requirement::{Requirement, SelectorError, Test};
use crate::object::{Pairs, nullable};

/// A selector in an object. An empty one selects everything, and one that is not valid nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSelector(Result<Selector, SelectorError>);

impl LabelSelector {
    /// Whether the labels of an object meet every requirement. A requirement `NotIn` or `DoesNotExist` is also met by
    /// an object without the label.
    #[must_use]
    pub fn selects(&self, labels: &Pairs) -> bool {
        self.0.as_ref().is_ok_and(|selector| selector.matches(labels))
    }

    /// Why it is not valid, if it is not.
    #[must_use]
    pub fn fault(&self) -> Option<&SelectorError> {
        self.0.as_ref().err()
    }
}

impl<'de> Deserialize<'de> for LabelSelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Fields::deserialize(deserializer)?.selector()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Fields {
    match_labels: Pairs,
    #[serde(deserialize_with = "nullable")]
    match_expressions: Vec<Expression>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Expression {
    #[serde(deserialize_with = "nullable")]
    key: EcoString,
    #[serde(deserialize_with = "nullable")]
    operator: EcoString,
    #[serde(deserialize_with = "nullable")]
    values: Vec<EcoString>,
}

impl Fields {
    fn selector(self) -> Result<Selector, SelectorError> {
        let labels = self.match_labels.iter().map(|(key, value)| {
            let (key, value) = (valid_key(key)?, valid_value(key, value)?);
            Ok(Requirement { key, test: Test::Is(value) })
        });
        let expressions = self.match_expressions.into_iter().map(Expression::requirement);
        labels.chain(expressions).collect::<Result<_, _>>().map(Selector)
    }
}

impl Expression {
    fn requirement(self) -> Result<Requirement, SelectorError> {
        let Self { key, operator, values } = self;
        let key = valid_key(&key)?;
        for value in &values {
            valid_value(&key, value)?;
        }
        let test = match (operator.as_str(), values.is_empty()) {
            ("In", false) => Test::In(values),
            ("NotIn", false) => Test::NotIn(values),
            ("Exists", true) => Test::Exists,
            ("DoesNotExist", true) => Test::Absent,
            ("In" | "NotIn", true) => {
                return Err(SelectorError(format!(
                    "operator {operator} of {key:?}: it needs values"
                )));
            }
            ("Exists" | "DoesNotExist", false) => {
                return Err(SelectorError(format!(
                    "operator {operator} of {key:?}: it takes no values"
                )));
            }
            _ => {
                return Err(SelectorError(format!(
                    "operator {operator:?} of {key:?}: not one of In, NotIn, Exists and DoesNotExist"
                )));
            }
        };
        Ok(Requirement { key, test })
    }
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;
    use crate::object::Pairs;

    fn pairs(text: &str) -> Pairs {
        text.split_terminator(' ').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect()
    }

    fn selector(json: &str) -> LabelSelector {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn a_selector_of_an_object_selects_by_labels_and_expressions() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("{}", &["", "k=v"], &[]),
            (r#"{"matchLabels":null,"matchExpressions":null}"#, &["", "k=v"], &[]),
            (r#"{"matchLabels":{"k":"v","l":""}}"#, &["k=v l="], &["", "k=v", "k=w l="]),
            (
                r#"{"matchExpressions":[{"key":"k","operator":"In","values":["a","b"]}]}"#,
                &["k=a", "k=b l=x"],
                &["", "k=c"],
            ),
            (
                r#"{"matchExpressions":[{"key":"k","operator":"NotIn","values":["a"]}]}"#,
                &["", "k=b"],
                &["k=a"],
            ),
            (
                r#"{"matchExpressions":[{"key":"k","operator":"Exists"}]}"#,
                &["k=", "k=x"],
                &["", "l=x"],
            ),
            (
                r#"{"matchExpressions":[{"key":"k","operator":"DoesNotExist","values":null}]}"#,
                &["", "l=x"],
                &["k="],
            ),
            (
                r#"{"matchLabels":{"k":"v"},"matchExpressions":[{"key":"x.org/l","operator":"Exists","values":[]}]}"#,
                &["k=v x.org/l=1"],
                &["k=v", "x.org/l=1"],
            ),
        ];
        for (json, selected, others) in table {
            let selector = selector(json);
            assert_eq!(selector.fault(), None, "{json}");
            for text in *selected {
                assert!(selector.selects(&pairs(text)), "{json} and {text:?}");
            }
            for text in *others {
                assert!(!selector.selects(&pairs(text)), "{json} and not {text:?}");
            }
        }
    }

    #[test]
    fn a_selector_that_is_not_valid_selects_nothing_and_says_why() {
        let expression = |key: &str, operator: &str, values: &str| {
            format!(
                r#"{{"matchExpressions":[{{"key":"{key}","operator":"{operator}","values":[{values}]}}]}}"#
            )
        };
        let table = [
            (expression("k", "In", ""), "operator In of \"k\": it needs values"),
            (expression("k", "NotIn", ""), "operator NotIn of \"k\": it needs values"),
            (expression("k", "Exists", "\"a\""), "operator Exists of \"k\": it takes no values"),
            (
                expression("k", "in", "\"a\""),
                "operator \"in\" of \"k\": not one of In, NotIn, Exists and DoesNotExist",
            ),
            (expression("-k", "Exists", ""), "key \"-k\": at most 63 letters"),
            (expression("k", "In", "\"a b\""), "value \"a b\" of \"k\": at most 63 letters"),
            (r#"{"matchLabels":{"k":"-"}}"#.to_owned(), "value \"-\" of \"k\": at most 63 letters"),
            (r#"{"matchExpressions":[{}]}"#.to_owned(), "key \"\": at most 63 letters"),
        ];
        for (json, reason) in table {
            let selector = selector(&json);
            for text in ["", "k=a", "k"] {
                assert!(!selector.selects(&pairs(text)), "{json} and {text:?}");
            }
            let fault = selector.fault().map(ToString::to_string).unwrap_or_default();
            assert!(fault.starts_with(reason), "{json}: {fault}");
        }
    }
}
