//! Every flag of ExternalDNS, held to the table of its specification (`tests/flags/upstream.tsv`).

mod page_tests;

use clap::CommandFactory as _;

use super::elsewhere::{feature_of, provider_of};
use super::layer::{FlagKind, Flags, variable_of};
use super::{Arguments, Environment, Request, SettingsError, hints, resolve, secrets};

const TABLE: &str = include_str!("../../../../tests/flags/upstream.tsv");

/// Flags of what is not here yet. Whoever adds it takes its flags away from this list.
const LATER: &[&str] = &["contour-load-balancer"];

/// Flags that change nothing here, as their help says. For each there is a reason in the specification.
const ACCEPTED: [&str; 7] = [
    "azure-zones-cache-duration",
    "cloudflare-zones-per-page",
    "exoscale-endpoint",
    "exoscale-zones-cache-duration",
    "oci-zones-cache-duration",
    "pdns-tls-enabled",
    "txt-new-format-only",
];

/// Flags with another default, which means the same or is better. `annotation-prefix`: both prefixes of ExternalDNS are read.
/// `batch-change-*`: providers have limits of their own. `exoscale-endpoint`: that API is gone. `pihole-api-version`: releases
/// without the flag speak 6.
const OWN_DEFAULTS: [&str; 5] = [
    "annotation-prefix",
    "batch-change-interval",
    "batch-change-size",
    "exoscale-endpoint",
    "pihole-api-version",
];

/// Beginnings of flags of which nothing is shown, as there are secrets among them: the tests of their
/// providers and sources hold that they have an effect.
const NOT_SHOWN: [&str; 4] = ["akamai-", "cf-", "exoscale-", "godaddy-"];

/// Only the command line asks for these, and for a text.
const INFORMATION: [&str; 2] = ["help", "version"];

/// A line of the table.
struct Row {
    flag: &'static str,
    kind: &'static str,
    default: &'static str,
    /// Another value than the default.
    other: &'static str,
    is_secret: bool,
}

fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, flag, kind, default, other, secret] = fields[..] else { panic!("{line}") };
        Row { flag, kind, default, other, is_secret: secret == "secret" }
    })
}

/// What the words and variables come to, without where they were written.
fn typed(words: &[String], variables: &[(String, String)]) -> Result<String, SettingsError> {
    let has = |flag: &str| {
        words.iter().any(|word| word.starts_with(&format!("--{flag}=")))
            || variables.iter().any(|(name, _)| *name == variable_of(flag))
    };
    let required = [("source", "--source=fake"), ("provider", "--provider=inmemory")];
    let required =
        required.iter().filter(|(flag, _)| !has(flag)).map(|(_, word)| (*word).to_owned());
    let environment = Environment {
        arguments: required.chain(words.iter().cloned()).collect(),
        variables: variables.iter().cloned().collect(),
        ..Environment::default()
    };
    match resolve(&environment)? {
        Request::Run(own) => Ok(format!(
            "{:?}",
            (&own.process, &own.clusters, &own.sources, &own.plan, &own.registry, &own.providers)
        )),
        Request::Show(text) => panic!("{words:?}: {text}"),
    }
}

#[test]
fn every_flag_of_upstream_is_known_or_belongs_to_what_is_not_here_yet() {
    let mut parser = Arguments::command();
    parser.build();
    let flags = Flags::of(&parser);
    let unknown = rows().map(|row| row.flag).filter(|flag| flags.get(flag).is_none());
    let unknown: Vec<&str> =
        unknown.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    assert_eq!(unknown, LATER, "the list of later flags is not what is missing");
    for flag in LATER {
        let error = typed(&[format!("--{flag}=1")], &[]).expect_err(flag).to_string();
        assert!(provider_of(flag).or_else(|| feature_of(flag)).is_some(), "{flag}: {error}");
        assert!(!error.contains("unknown long flag"), "{flag}: {error}");
    }
}

#[test]
fn every_flag_has_the_type_and_the_default_of_upstream() {
    let mut parser = Arguments::command();
    parser.build();
    let flags = Flags::of(&parser);
    for Row { flag, kind, default, is_secret, .. } in rows() {
        let Some(own) = flags.get(flag).filter(|_| !INFORMATION.contains(&flag)) else { continue };
        let expected = match kind {
            "bool" => FlagKind::Bool,
            "list" | "map" => FlagKind::List,
            _ => FlagKind::One,
        };
        assert_eq!(own.kind, expected, "{flag}");
        assert_eq!(own.integer, kind.starts_with("int"), "{flag}");
        assert!(!is_secret || secrets::is_secret(flag), "{flag} is shown, and it is a secret");
        let of_flag = |arg: &&clap::Arg| arg.get_long() == Some(flag);
        let arg = parser.get_arguments().find(of_flag).expect(flag);
        let values: Vec<_> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        match default {
            "(required)" => assert!(arg.is_required_set(), "{flag}"),
            _ if OWN_DEFAULTS.contains(&flag) => {}
            default => assert_eq!(values.join(","), default, "{flag}"),
        }
    }
}

#[test]
fn no_flag_of_upstream_ignores_its_value() {
    let plain = typed(&[], &[]).expect("settings");
    let mut parser = Arguments::command();
    parser.build();
    let flags = Flags::of(&parser);
    let mut ignored = Vec::new();
    for Row { flag, other, is_secret, .. } in rows() {
        if flags.get(flag).is_none() || INFORMATION.contains(&flag) {
            continue;
        }
        let argument = typed(&[format!("--{flag}={other}")], &[])
            .unwrap_or_else(|error| panic!("--{flag}={other}: {error}"));
        let variable = typed(&[], &[(variable_of(flag), other.to_owned())])
            .unwrap_or_else(|error| panic!("{flag}: {error}"));
        assert_eq!(argument, variable, "the variable of {flag}");
        // What is secret is not shown, so it does not differ here.
        let is_shown = !is_secret && !NOT_SHOWN.iter().any(|start| flag.starts_with(start));
        if is_shown && argument == plain {
            ignored.push(flag);
        }
    }
    assert_eq!(ignored, [""; 0], "flags that change nothing");
}

#[test]
fn what_is_accepted_without_effect_is_on_the_list() {
    let mut parser = Arguments::command();
    parser.build();
    let is_accepted = |arg: &&clap::Arg| {
        arg.get_help().is_some_and(|help| help.to_string().starts_with(hints::ACCEPTED))
    };
    let accepted = parser.get_arguments().filter(is_accepted).filter_map(clap::Arg::get_long);
    let accepted: std::collections::BTreeSet<&str> = accepted.collect();
    assert_eq!(accepted, ACCEPTED.into_iter().collect());
}
