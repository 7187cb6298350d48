//! The domain filter that a server gives when it negotiates.

use extdns_model::{DomainFilter, DomainFilterError};
use serde::Deserialize;
use serde::de::Error as _;

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
pub(in crate::webhook) fn domain_filter(text: &[u8]) -> Result<DomainFilter, serde_json::Error> {
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
