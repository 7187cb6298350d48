//! What is most likely a slip of the hand, although it is no error: it is told as a warning.

use std::collections::BTreeMap;

use super::layer::{FlagKind, Flags, PREFIX, variable_of};
use super::origin::{Given, Origin};
use super::secrets;

/// Lists whose entries may hold commas, or that take them apart themselves.
const WITH_COMMAS: [&str; 9] = [
    "domain-filter",
    "exclude-domains",
    "exclude-record-types",
    "fqdn-target-template",
    "fqdn-template",
    "managed-record-types",
    "plan-hash",
    "target-template",
    "zone-name-filter",
];

/// The most letters by which a variable may differ from the one that was meant.
const FARTHEST: usize = 2;

/// All hints about flags that are given and about variables that no flag has.
pub(super) fn of(
    given: &[Given],
    variables: &BTreeMap<String, String>,
    parser: &clap::Command,
    flags: &Flags,
) -> Vec<String> {
    let of_lists = given.iter().filter_map(|given| of_list(given, flags));
    let of_accepted = given.iter().filter_map(|given| of_accepted(given, parser));
    let of_variables = variables.keys().filter_map(|name| of_variable(name, flags));
    of_lists.chain(of_accepted).chain(of_variables).collect()
}

/// How the help of a flag begins that is only taken because ExternalDNS has or had it.
pub(super) const ACCEPTED: &str = "Accepted for compatibility: ";

/// A flag that changes nothing, whatever it is told.
fn of_accepted(given: &Given, parser: &clap::Command) -> Option<String> {
    let Given { flag, text, origin } = given;
    let arg = parser.get_arguments().find(|arg| arg.get_long() == Some(flag))?;
    let about = arg.get_help()?.to_string();
    let why = about.strip_prefix(ACCEPTED)?;
    let is_default = arg.get_default_values().iter().any(|value| value == text.as_str());
    (!is_default).then(|| format!("flag '--{flag}' ({origin}) is ignored: {why}"))
}

/// A comma in a list that has one entry for each flag, key or line.
fn of_list(given: &Given, flags: &Flags) -> Option<String> {
    let Given { flag, text, origin } = given;
    let is_list = flags.get(flag).is_some_and(|flag| flag.kind == FlagKind::List);
    let may_have = WITH_COMMAS.contains(&flag.as_str()) || secrets::is_secret(flag);
    if !is_list || !text.contains(',') || may_have {
        return None;
    }
    let remedy = apart(flag, text, origin);
    Some(format!(
        "flag '--{flag}' ({origin}): {text:?} is one entry of the list, with a comma in it; {remedy}"
    ))
}

/// How a list with commas is to be written.
pub(super) fn apart(flag: &str, text: &str, origin: &Origin) -> String {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    match origin {
        Origin::Variable(_) => "write one entry on each line of the variable".to_owned(),
        Origin::File { .. } => "write each entry as an item of its own".to_owned(),
        Origin::Argument(_) | Origin::ArgumentFile { .. } => {
            let flags: Vec<String> = entries.map(|entry| format!("--{flag}={entry}")).collect();
            format!("write {}", flags.join(" "))
        }
    }
}

/// A variable that is nearly that of a flag.
fn of_variable(name: &str, flags: &Flags) -> Option<String> {
    let rest = name.strip_prefix(PREFIX)?;
    if is_of_a_service(rest) || flags.iter().any(|(flag, _)| variable_of(flag) == name) {
        return None;
    }
    let negated = rest.strip_prefix("NO_").map(|rest| format!("{PREFIX}{rest}"));
    let is_switch = |(flag, kind): &(&str, _)| {
        let kind: &super::layer::Flag = kind;
        kind.kind == FlagKind::Bool && negated.as_ref() == Some(&variable_of(flag))
    };
    if let Some((flag, _)) = flags.iter().find(is_switch) {
        let variable = variable_of(flag);
        return Some(format!("variable {name} belongs to no flag; write {variable}=false"));
    }
    let distance = |(flag, _): (&str, _)| {
        let variable = variable_of(flag);
        (strsim::damerau_levenshtein(&variable, name), variable)
    };
    let (_, nearest) = flags.iter().map(distance).filter(|(far, _)| *far <= FARTHEST).min()?;
    Some(format!("variable {name} belongs to no flag, and is ignored; did you mean {nearest}?"))
}

/// Whether Kubernetes sets such a variable for a Service whose name begins with `external-dns`
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
fn is_of_a_service(rest: &str) -> bool {
    let of_port = |word: &str| {
        rest.find(word).is_some_and(|at| {
            let behind = &rest[at + word.len()..];
            behind.is_empty() || behind.starts_with('_')
        })
    };
    rest.ends_with("SERVICE_HOST") || of_port("SERVICE_PORT") || rest == "PORT" || of_tcp(rest)
}

/// `PORT_7979_TCP_ADDR`, also behind more of the Service's name.
fn of_tcp(rest: &str) -> bool {
    let Some((_, behind)) = rest.split_once("PORT_") else { return false };
    behind.starts_with(|first: char| first.is_ascii_digit())
        && ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| behind.contains(protocol))
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, Request, resolve};

    fn hints(words: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
        let owned = |text: &&str| (*text).to_owned();
        let environment = Environment {
            arguments: ["--source=fake", "--provider=inmemory"]
                .iter()
                .chain(words)
                .map(owned)
                .collect(),
            variables: variables.iter().map(|(name, text)| (owned(name), owned(text))).collect(),
            ..Environment::default()
        };
        match resolve(&environment) {
            Ok(Request::Run(arguments)) => arguments.hints,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[test]
    fn a_variable_that_is_nearly_a_flag_is_told() {
        let table = [
            ("EXTERNAL_DNS_DRY_RUM", Some("did you mean EXTERNAL_DNS_DRY_RUN?")),
            ("EXTERNAL_DNS_DRYRUN", Some("did you mean EXTERNAL_DNS_DRY_RUN?")),
            ("EXTERNAL_DNS_TXT_OWNERID", Some("did you mean EXTERNAL_DNS_TXT_OWNER_ID?")),
            ("EXTERNAL_DNS_NO_EVENTS", Some("write EXTERNAL_DNS_EVENTS=false")),
            ("EXTERNAL_DNS_DRY_RUN", None),
            ("EXTERNAL_DNS_HELP", None),
            ("EXTERNAL_DNS_FROBNICATE_WIDGETS", None),
            ("EXTERNALDNS_DRY_RUM", None),
            // Those that Kubernetes sets for a Service that is named external-dns, or external-dns-webhook.
            ("EXTERNAL_DNS_SERVICE_HOST", None),
            ("EXTERNAL_DNS_SERVICE_PORT_HTTP", None),
            ("EXTERNAL_DNS_PORT", None),
            ("EXTERNAL_DNS_PORT_7979_TCP_PROTO", None),
            ("EXTERNAL_DNS_WEBHOOK_SERVICE_PORT", None),
        ];
        for (name, expected) in table {
            let hints = hints(&[], &[(name, "true")]);
            match expected {
                Some(end) => {
                    assert!(hints.len() == 1 && hints[0].ends_with(end), "{name}: {hints:?}")
                }
                None => assert!(hints.is_empty(), "{name}: {hints:?}"),
            }
        }
    }

    #[test]
    fn a_flag_that_is_only_accepted_is_told_with_the_reason() {
        let told = hints(&["--txt-new-format-only"], &[]);
        let expected = "flag '--txt-new-format-only' (argument 3) is ignored: ownership records have no other format any more";
        assert_eq!(told, [expected]);
        assert!(hints(&["--no-txt-new-format-only"], &[]).is_empty());
    }

    #[test]
    fn a_comma_where_a_list_has_one_entry_each_is_told() {
        let table: [(&[&str], Option<&str>); 5] = [
            (
                &["--ingress-class=a,b"],
                Some(
                    "flag '--ingress-class' (argument 3): \"a,b\" is one entry of the list, with a comma in it; \
                     write --ingress-class=a --ingress-class=b",
                ),
            ),
            (&["--ingress-class=a", "--ingress-class=b"], None),
            (&["--fqdn-template=a.{{.Name}},b.{{.Name}}"], None),
            (&["--domain-filter=a.test,b.test"], None),
            (&["--txt-owner-id=a"], None),
        ];
        for (words, expected) in table {
            assert_eq!(hints(words, &[]), Vec::from_iter(expected), "{words:?}");
        }
        let of_variable = hints(&[], &[("EXTERNAL_DNS_INGRESS_CLASS", "a,b")]);
        assert!(of_variable[0].ends_with("write one entry on each line of the variable"));
    }
}
