//! The variables that the SDK works with, held against what it can take: over some values it panics,
//! and others it passes over, as an endpoint that is not a URL: then calls go to the real service.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;

use aws_types::os_shim_internal::Env;

use super::AwsError;
use crate::secrets;

/// What AWS's SDK is handed of the process's environment. A variable that is empty counts as not set,
/// as it does for the AWS CLI.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AwsVariables(BTreeMap<String, String>);

/// The values are not shown: keys are among them.
impl fmt::Debug for AwsVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl AwsVariables {
    /// Those of all variables that the SDK may look at: its own, and where the home folder is.
    #[must_use]
    pub fn of(variables: &BTreeMap<String, String>) -> Self {
        let of_sdk =
            |name: &str| name.starts_with("AWS_") || ["HOME", "USERPROFILE"].contains(&name);
        let kept =
            variables.iter().filter(|(name, value)| of_sdk(name) && !value.trim().is_empty());
        Self(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Refuses what the SDK cannot take.
    ///
    /// # Errors
    /// The first variable whose value cannot be meant, in the order of their names.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        for (name, value) in &self.0 {
            if is_endpoint(name) {
                secrets::register_url(value);
            }
            if let Some(rule) = RULES.iter().find(|rule| rule.is_about(name))
                && !(rule.admits)(value)
            {
                let shown = if rule.secret { String::new() } else { format!("={value:?}") };
                let what = format!("{name}{shown}");
                let reason = format!("{}; correct it, or unset it", rule.reason);
                return Err(AwsError::Setting { what, reason });
            }
        }
        Ok(())
    }

    /// The region that they name.
    pub(super) fn region(&self) -> Option<&str> {
        self.get("AWS_REGION").or_else(|| self.get("AWS_DEFAULT_REGION"))
    }

    /// `AWS_CA_BUNDLE`: a PEM file with certificates of authorities to trust beside the system's.
    /// The SDK does not read it.
    pub(super) fn ca_bundle(&self) -> Option<PathBuf> {
        self.get("AWS_CA_BUNDLE").map(PathBuf::from)
    }

    /// As the SDK takes them.
    pub(super) fn env(&self) -> Env {
        let variables = self.0.iter().map(|(name, value)| (name.clone(), value.clone()));
        Env::from(variables.collect::<HashMap<_, _>>())
    }

    /// The value of one of them.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// What the value of a variable must be.
struct Rule {
    name: &'static str,
    admits: fn(&str) -> bool,
    reason: &'static str,
    secret: bool,
}

const RULES: &[Rule] = &[
    secret("AWS_ACCESS_KEY_ID", is_credential, NO_CREDENTIAL),
    secret("AWS_SECRET_ACCESS_KEY", is_credential, NO_CREDENTIAL),
    secret("AWS_SESSION_TOKEN", is_credential, NO_CREDENTIAL),
    secret("AWS_CONTAINER_AUTHORIZATION_TOKEN", is_header, NO_HEADER),
    plain("AWS_REGION", is_region, NO_REGION),
    plain("AWS_DEFAULT_REGION", is_region, NO_REGION),
    plain(ENDPOINT, is_url, "is no URL of http or https"),
    plain("AWS_RETRY_MODE", is_mode, "is none of standard, adaptive and legacy"),
    plain("AWS_MAX_ATTEMPTS", is_count, "is no number from 1 on"),
    plain("AWS_USE_FIPS_ENDPOINT", is_switch, NO_SWITCH),
    plain("AWS_USE_DUALSTACK_ENDPOINT", is_switch, NO_SWITCH),
    plain("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", is_switch, NO_SWITCH),
];

/// The endpoint of all services; with the name of one behind it, of that one.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";
pub(super) const NO_CREDENTIAL: &str =
    "has a blank, a line break or another character that is in no credential";
const NO_HEADER: &str = "has a line break or another character that is in no token";
pub(super) const NO_REGION: &str = "is no name of a region, such as eu-central-1";
const NO_SWITCH: &str = "is neither true nor false";

const fn plain(name: &'static str, admits: fn(&str) -> bool, reason: &'static str) -> Rule {
    Rule { name, admits, reason, secret: false }
}

const fn secret(name: &'static str, admits: fn(&str) -> bool, reason: &'static str) -> Rule {
    Rule { name, admits, reason, secret: true }
}

impl Rule {
    fn is_about(&self, name: &str) -> bool {
        self.name == name || (self.name == ENDPOINT && is_endpoint(name))
    }
}

fn is_endpoint(name: &str) -> bool {
    name.strip_prefix(ENDPOINT).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Credentials travel in headers, and consist of letters, digits and signs only.
pub(super) fn is_credential(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_header(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

pub(super) fn is_region(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= 63 && text.bytes().all(part) && !text.starts_with('-')
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    })
}

fn is_mode(text: &str) -> bool {
    ["standard", "adaptive", "legacy"].iter().any(|mode| text.eq_ignore_ascii_case(mode))
}

fn is_count(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|count| count > 0)
}

fn is_switch(text: &str) -> bool {
    ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> AwsVariables {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        AwsVariables::of(&pairs.iter().map(owned).collect())
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let variables = of(&[
            ("AWS_ENDPOINT_URL", ""),
            ("AWS_ENDPOINT_URL_STS", " "),
            ("AWS_REGION", ""),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_RETRY_MODE", ""),
            ("AWS_CA_BUNDLE", ""),
            ("PATH", "/bin"),
            ("HOME", "/root"),
        ]);
        assert_eq!(variables, of(&[("AWS_DEFAULT_REGION", "eu-west-1"), ("HOME", "/root")]));
        assert!(variables.check().is_ok());
        assert_eq!((variables.region(), variables.ca_bundle()), (Some("eu-west-1"), None));
    }

    #[test]
    fn a_value_that_cannot_be_meant_is_refused_by_the_name_of_its_variable() {
        let odd = [
            ("AWS_ACCESS_KEY_ID", "AKIA\nX"),
            ("AWS_SECRET_ACCESS_KEY", "abc\r"),
            ("AWS_SESSION_TOKEN", "tök"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\tb"),
            ("AWS_REGION", "eu west"),
            ("AWS_DEFAULT_REGION", "EU-WEST-1"),
            ("AWS_ENDPOINT_URL", "localhost:4566"),
            ("AWS_ENDPOINT_URL", "http://"),
            ("AWS_ENDPOINT_URL_ROUTE_53", "nowhere"),
            ("AWS_RETRY_MODE", "odd"),
            ("AWS_MAX_ATTEMPTS", "0"),
            ("AWS_MAX_ATTEMPTS", "three"),
            ("AWS_USE_FIPS_ENDPOINT", "yes"),
        ];
        for (name, value) in odd {
            let error = of(&[(name, value)]).check().expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
            assert!(error.ends_with("; correct it, or unset it"), "{error}");
            let secret = name.contains("KEY") || name.contains("TOKEN");
            assert_eq!(error.contains(&format!("{value:?}")), !secret, "{error}");
        }
    }

    #[test]
    fn a_usual_value_passes() {
        let usual = [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY+="),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic YTpi"),
            ("AWS_REGION", "us-gov-west-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
            ("AWS_ENDPOINT_URL_ROUTE_53", "https://route53.example.org/path"),
            ("AWS_RETRY_MODE", "adaptive"),
            ("AWS_MAX_ATTEMPTS", "10"),
            ("AWS_USE_FIPS_ENDPOINT", "True"),
            ("AWS_PROFILE", "any thing"),
        ];
        assert!(of(&usual).check().is_ok());
        assert!(!format!("{:?}", of(&usual)).contains("wJalr"));
    }
}
