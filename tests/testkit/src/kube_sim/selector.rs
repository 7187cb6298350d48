//! Label and field selectors, as the API server takes them.

use serde_json::Value;

/// Fields that can be selected by, besides `metadata.name` and `metadata.namespace`.
const FIELDS: &[(&str, &[&str])] = &[
    ("namespaces", &["status.phase"]),
    ("nodes", &["spec.unschedulable"]),
    (
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
        ],
    ),
    ("secrets", &["type"]),
    ("services", &["spec.clusterIP", "spec.type"]),
];

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let among =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|own| own == value));
        match self {
            Self::In(values) => among(values),
            Self::NotIn(values) => !among(values),
            Self::Exists => value.is_some(),
            Self::Missing => value.is_none(),
        }
    }
}

/// Both selectors of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Selectors {
    labels: Vec<(String, Test)>,
    fields: Vec<(String, Test)>,
}

impl Selectors {
    /// Reads both; the error is the server's message.
    pub(super) fn parse(plural: &str, labels: &str, fields: &str) -> Result<Self, String> {
        let labels = requirements(labels)
            .ok_or_else(|| format!("unable to parse requirement: {labels:?}"))?;
        let fields = terms(fields)
            .ok_or_else(|| format!("invalid selector: '{fields}'; can't understand it"))?;
        let own = FIELDS.iter().find(|(own, _)| *own == plural).map_or(&[][..], |(_, own)| own);
        for (field, _) in &fields {
            if !["metadata.name", "metadata.namespace"].iter().chain(own).any(|own| own == field) {
                return Err(format!("field label not supported: {field}"));
            }
        }
        Ok(Self { labels, fields })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn admit(&self, object: &Value) -> bool {
        let label = |key: &str| object["metadata"]["labels"][key].as_str();
        // A field that is not there counts as an empty one.
        let field = |path: &str| {
            let value = path.split('.').fold(object, |value, step| &value[step]);
            Some(value.as_str().unwrap_or_default())
        };
        self.labels.iter().all(|(key, test)| test.holds(label(key)))
            && self.fields.iter().all(|(path, test)| test.holds(field(path)))
    }
}

/// `a=b,c!=d`.
fn terms(text: &str) -> Option<Vec<(String, Test)>> {
    split(text).map(equality).collect()
}

fn equality(term: &str) -> Option<(String, Test)> {
    let (key, value, positive) = if let Some((key, value)) = term.split_once("!=") {
        (key, value, false)
    } else if let Some((key, value)) = term.split_once("==") {
        (key, value, true)
    } else {
        let (key, value) = term.split_once('=')?;
        (key, value, true)
    };
    let values = vec![value.trim().to_owned()];
    let test = if positive { Test::In(values) } else { Test::NotIn(values) };
    (!key.trim().is_empty()).then(|| (key.trim().to_owned(), test))
}

/// The whole grammar of labels: also `a in (b, c)`, `a notin (b)`, `a`, `!a`.
fn requirements(text: &str) -> Option<Vec<(String, Test)>> {
    split(text).map(requirement).collect()
}

fn requirement(term: &str) -> Option<(String, Test)> {
    if let Some((head, values)) = term.split_once('(') {
        let values = values.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned());
        let values = values.collect();
        let (key, operator) = head.trim().rsplit_once(' ')?;
        let test = match operator {
            "in" => Test::In(values),
            "notin" => Test::NotIn(values),
            _ => return None,
        };
        return is_key(key.trim()).then(|| (key.trim().to_owned(), test));
    }
    if term.contains('=') {
        return equality(term).filter(|(key, _)| is_key(key));
    }
    let (key, test) = match term.strip_prefix('!') {
        Some(key) => (key.trim(), Test::Missing),
        None => (term, Test::Exists),
    };
    is_key(key).then(|| (key.to_owned(), test))
}

fn is_key(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// The terms of a list; commas inside brackets belong to a term.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    text.split(move |c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(move |term| !text.trim().is_empty() || !term.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Selectors;
    use serde_json::json;

    #[test]
    fn selectors_admit_or_not() {
        let object = json!({
            "metadata": { "name": "web", "namespace": "shop", "labels": { "app": "web", "tier/x": "" } },
            "spec": { "type": "LoadBalancer" },
        });
        let table = [
            ("", "", true),
            ("app=web", "", true),
            ("app == web , tier/x", "", true),
            ("app!=web", "", false),
            ("other!=web", "", true),
            ("app in (a, web),!other", "", true),
            ("app notin (a,web)", "", false),
            ("other notin (a)", "", true),
            ("other", "", false),
            ("tier/x=", "", true),
            ("", "metadata.name=web,metadata.namespace!=shop", false),
            ("", "spec.type==LoadBalancer", true),
            ("app", "spec.type!=ClusterIP", true),
        ];
        for (labels, fields, expected) in table {
            let selectors = Selectors::parse("services", labels, fields).unwrap();
            assert_eq!(selectors.admit(&object), expected, "{labels:?} {fields:?}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for labels in ["a in b", "a in (b", "=b", "a,,b", "a b", "a of (b)"] {
            assert!(Selectors::parse("pods", labels, "").is_err(), "{labels}");
        }
        for fields in ["metadata.name", "spec.type=x", "=x"] {
            assert!(Selectors::parse("pods", "", fields).is_err(), "{fields}");
        }
    }
}
