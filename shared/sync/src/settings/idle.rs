//! Flags that are given and change nothing.

use clap::{Arg, Command};
use extdns_providers::ProviderEntry;

use super::origin::Given;

/// The flags that have no effect with this provider, each once. One that is given its default changes
/// nothing anywhere, and is not told.
pub(super) fn flags(given: Vec<Given>, parser: &Command, provider: ProviderEntry) -> Vec<Given> {
    let serves = given.iter().any(|own| own.flag == "webhook-server" && own.text != "false");
    let is_idle = |given: &Given| {
        if serves && given.flag.starts_with("webhook-provider-") {
            return false;
        }
        let flag = parser.get_arguments().find(|flag| flag.get_long() == Some(&given.flag));
        flag.is_some_and(|flag| !provider.heeds(flag) && !is_default(flag, &given.text))
    };
    let mut idle: Vec<Given> = given.into_iter().filter(is_idle).collect();
    idle.dedup_by(|later, first| later.flag == first.flag);
    idle
}

fn is_default(flag: &Arg, text: &str) -> bool {
    flag.get_default_values().iter().any(|value| value == text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Arguments, Environment, Request, resolve};

    fn resolved(words: &[&str], variables: &[(&str, &str)]) -> Box<Arguments> {
        let owned = |text: &&str| (*text).to_owned();
        let environment = Environment {
            arguments: ["--source=fake"].iter().chain(words).map(owned).collect(),
            variables: variables
                .iter()
                .map(|(name, value)| (owned(name), owned(value)))
                .collect::<BTreeMap<_, _>>(),
            ..Environment::default()
        };
        match resolve(&environment) {
            Ok(Request::Run(arguments)) => arguments,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn told(words: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
        let arguments = resolved(words, variables);
        let told = |given: &super::Given| format!("{} ({})", given.flag, given.origin);
        arguments.without_effect.iter().map(told).collect()
    }

    #[test]
    fn a_flag_that_the_provider_does_not_use_is_reported_with_its_source() {
        let table: [(&[&str], &[&str]); 7] = [
            (&["--provider=inmemory"], &[]),
            (&["--provider=inmemory", "--inmemory-zone=a.test"], &[]),
            (
                &["--provider=inmemory", "--pdns-server=http://a.test", "--aws-profile=a"],
                &["pdns-server (argument 3)", "aws-profile (argument 4)"],
            ),
            (
                &["--provider=inmemory", "--zone-id-filter=Z1", "--zone-id-filter=Z2"],
                &["zone-id-filter (argument 3)"],
            ),
            (&["--provider=pdns", "--zone-id-filter=a", "--tls-ca=a.pem"], &[]),
            (
                &["--provider=aws", "--batch-change-size=5", "--tls-ca=a.pem"],
                &["batch-change-size (argument 3)", "tls-ca (argument 4)"],
            ),
            (&["--provider=pdns", "--zone-name-filter=a.test"], &["zone-name-filter (argument 3)"]),
        ];
        for (words, expected) in table {
            assert_eq!(told(words, &[]), expected, "{words:?}");
        }
    }

    #[test]
    fn variables_are_reported_and_defaults_are_not() {
        let variables = [
            ("EXTERNAL_DNS_ZONE_ID_FILTER", "Z1\nZ2"),
            ("EXTERNAL_DNS_PDNS_SERVER_ID", "localhost"),
            ("EXTERNAL_DNS_AWS_PREFER_CNAME", "false"),
        ];
        let expected = ["zone-id-filter (variable EXTERNAL_DNS_ZONE_ID_FILTER)"];
        assert_eq!(told(&["--provider=inmemory"], &variables), expected);
    }
}
