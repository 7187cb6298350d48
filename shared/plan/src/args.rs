//! Flags of the plan: what may be changed, which types and names are managed.

mod guard;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::{Arg, ArgAction, Command};
use extdns_model::{DomainFilter, DomainFilterError, Owners, RecordType, RecordTypeError};

use crate::{Policy, RecordTypes, Settings, Sharing};
pub use guard::{GuardArgs, InvalidAllowance};

/// A policy, if one was chosen. (A plain `Option` in the struct would make clap refuse the empty
/// text.)
type Chosen = Option<Policy>;

/// What a plan may change.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Plan")]
#[group(skip)]
pub struct Args {
    /// Which changes are made: all of them; all but deletes; only new records. Without it, sync.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "POLICY",
        value_parser = PolicyParser
    )]
    pub policy: Chosen,

    /// Manage records of this type (repeatable); records of other types are not seen.
    #[arg(
        long,
        default_values = ["A", "AAAA", "CNAME"],
        value_name = "TYPE",
        action = ArgAction::Append
    )]
    pub managed_record_types: Vec<String>,

    /// Do not manage records of this type, even if the flag before says so (repeatable).
    #[arg(long, value_name = "TYPE", action = ArgAction::Append)]
    pub exclude_record_types: Vec<String>,

    /// Manage names in this domain only (repeatable); with a dot in front, only names below it.
    #[arg(long, value_name = "DOMAIN", action = ArgAction::Append)]
    pub domain_filter: Vec<String>,

    /// Leave names in this domain alone (repeatable).
    #[arg(long, value_name = "DOMAIN", action = ArgAction::Append)]
    pub exclude_domains: Vec<String>,

    /// Manage names that match this regular expression only; the lists of domains are then ignored.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "REGEX")]
    pub regex_domain_filter: String,

    /// Leave names that match this regular expression alone; the lists of domains are then ignored.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "REGEX")]
    pub regex_domain_exclusion: String,

    /// Who gets a name that several clusters want: the one that has it, else the first; or all of
    /// them, by the targets of one record, or by a weighted record for each.
    #[arg(long, value_enum, default_value_t = Sharing::First, value_name = "RULE")]
    pub sharing: Sharing,

    /// What a plan never does, even where it is desired.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// A value that a flag of the plan does not take.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ArgsError {
    /// A text that names no record type.
    #[error("--{flag}: {source}")]
    RecordType {
        /// The flag, without dashes.
        flag: &'static str,
        /// What is wrong.
        source: RecordTypeError,
    },
    /// Every managed type is excluded as well.
    #[error(
        "--managed-record-types without --exclude-record-types leaves no type to manage; name at \
         least one, like A"
    )]
    NoTypes,
    /// A regular expression that does not compile.
    #[error(transparent)]
    Filter(#[from] DomainFilterError),
}

impl Args {
    /// The settings of a plan over records of these owners in a target of this name.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn settings(&self, owners: Owners, target: &str) -> Result<Settings, ArgsError> {
        self.warn_of_lists();
        Ok(Settings {
            policy: self.policy.unwrap_or_default(),
            types: self.record_types()?,
            filter: self.filter()?,
            owners,
            protected: self.guard.protected(),
            guard: self.guard.guard(target),
            sharing: self.sharing,
            weight_property: None,
        })
    }

    /// The managed types.
    ///
    /// # Errors
    /// A text that names no type, or that every managed type is excluded.
    pub fn record_types(&self) -> Result<RecordTypes, ArgsError> {
        let managed = types("managed-record-types", &self.managed_record_types)?;
        let excluded = types("exclude-record-types", &self.exclude_record_types)?;
        let types = RecordTypes::new(&managed, &excluded);
        if types.is_empty() { Err(ArgsError::NoTypes) } else { Ok(types) }
    }

    /// The names in scope.
    ///
    /// # Errors
    /// A regular expression that does not compile.
    pub fn filter(&self) -> Result<DomainFilter, ArgsError> {
        let (include, exclude) = (&self.regex_domain_filter, &self.regex_domain_exclusion);
        if include.is_empty() && exclude.is_empty() {
            let lists = (split(&self.domain_filter), split(&self.exclude_domains));
            return Ok(DomainFilter::lists(lists.0, lists.1));
        }
        Ok(DomainFilter::regex(
            ("--regex-domain-filter", include),
            ("--regex-domain-exclusion", exclude),
        )?)
    }

    /// Warns of lists that are ignored, and of those that ExternalDNS reads in another way. The lists themselves are
    /// read more than once.
    fn warn_of_lists(&self) {
        let regex = [&self.regex_domain_filter, &self.regex_domain_exclusion];
        let domains = [&self.domain_filter, &self.exclude_domains];
        if regex.iter().any(|text| !text.is_empty())
            && domains.iter().any(|list| list.iter().any(|domain| !domain.trim().is_empty()))
        {
            tracing::warn!(
                "--domain-filter and --exclude-domains are ignored beside --regex-domain-filter \
                 and --regex-domain-exclusion"
            );
        }
        let lists = [
            ("domain-filter", &self.domain_filter),
            ("exclude-domains", &self.exclude_domains),
            ("managed-record-types", &self.managed_record_types),
            ("exclude-record-types", &self.exclude_record_types),
        ];
        for (flag, texts) in lists {
            if let Some(text) = texts.iter().find(|text| text.contains(',')) {
                tracing::warn!(
                    "--{flag}={text} is read as several entries; upstream needs one flag for each"
                );
            }
        }
    }
}

fn types(flag: &'static str, texts: &[String]) -> Result<Vec<RecordType>, ArgsError> {
    split(texts)
        .iter()
        .map(|text| text.parse().map_err(|source| ArgsError::RecordType { flag, source }))
        .collect()
}

/// The entries of a list, without blank ones. Upstream takes a text with commas for one entry,
/// which never means anything; here it is cut.
fn split(texts: &[String]) -> Vec<&str> {
    let entries = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    entries.filter(|entry| !entry.is_empty()).collect()
}

/// The policies by name; the empty text stands for none.
#[derive(Debug, Clone, Copy)]
struct PolicyParser;

impl TypedValueParser for PolicyParser {
    type Value = Chosen;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Chosen, clap::Error> {
        if value.is_empty() {
            return Ok(None);
        }
        EnumValueParser::<Policy>::new().parse_ref(command, arg, value).map(Some)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let names = <Policy as clap::ValueEnum>::value_variants().iter();
        Some(Box::new(names.filter_map(clap::ValueEnum::to_possible_value)))
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};
    use extdns_model::Name;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn parse(words: &[&str]) -> Result<Args, clap::Error> {
        Cli::try_parse_from([&["test"], words].concat()).map(|cli| cli.args)
    }

    fn args(words: &[&str]) -> Args {
        parse(words).expect("valid arguments")
    }

    #[test]
    fn the_command_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn policies() {
        let cases: [(&[&str], Option<Policy>); 5] = [
            (&[], None),
            (&["--policy="], None),
            (&["--policy=sync"], Some(Policy::Sync)),
            (&["--policy", "upsert-only"], Some(Policy::UpsertOnly)),
            (&["--policy=create-only"], Some(Policy::CreateOnly)),
        ];
        for (words, expected) in cases {
            let args = args(words);
            assert_eq!(args.policy, expected, "{words:?}");
            let settings = args.settings(Owners::none(), "all").expect("valid settings");
            assert_eq!(settings.policy, expected.unwrap_or(Policy::Sync), "{words:?}");
        }
        for text in ["Sync", "delete", " sync"] {
            let error = parse(&["--policy", text]).expect_err(text).to_string();
            assert!(error.contains("sync, upsert-only, create-only"), "{error}");
        }
    }

    #[test]
    fn record_types() {
        use RecordType::{A, Aaaa, Cname, Mx, Other, Txt};
        let cases: [(&[&str], &[RecordType]); 8] = [
            (&[], &[A, Aaaa, Cname]),
            (&["--managed-record-types=TXT"], &[Txt]),
            (&["--managed-record-types=A", "--managed-record-types=MX"], &[A, Mx]),
            (&["--managed-record-types=A,CNAME"], &[A, Cname]),
            (&["--managed-record-types=A, MX,", "--managed-record-types="], &[A, Mx]),
            (&["--exclude-record-types=AAAA"], &[A, Cname]),
            (&["--exclude-record-types=AAAA,A", "--exclude-record-types=NS"], &[Cname]),
            (&["--managed-record-types=CAA"], &[Other(257)]),
        ];
        for (words, expected) in cases {
            let types = args(words).record_types().expect("valid types");
            let is_managed = |rtype: &RecordType| types.contains(*rtype);
            let all = [A, Aaaa, Cname, Mx, Txt, Other(257)];
            let found: Vec<_> = all.into_iter().filter(is_managed).collect();
            let expected: Vec<_> = all.into_iter().filter(|it| expected.contains(it)).collect();
            assert_eq!(found, expected, "{words:?}");
        }
    }

    #[test]
    fn wrong_record_types() {
        let cases: [(&[&str], &str); 4] = [
            (
                &["--managed-record-types=a"],
                "--managed-record-types: \"a\" is no record type; write it in upper case, like \
                 CNAME or TYPE65280",
            ),
            (
                &["--exclude-record-types=A,B"],
                "--exclude-record-types: \"B\" is no record type; write it in upper case, like \
                 CNAME or TYPE65280",
            ),
            (
                &["--managed-record-types=A", "--exclude-record-types=A"],
                "--managed-record-types without --exclude-record-types leaves no type to manage; \
                 name at least one, like A",
            ),
            (
                &["--managed-record-types="],
                "--managed-record-types without --exclude-record-types leaves no type to manage; \
                 name at least one, like A",
            ),
        ];
        for (words, expected) in cases {
            let error = args(words).record_types().expect_err(expected);
            assert_eq!(error.to_string(), expected, "{words:?}");
        }
    }

    #[test]
    fn domain_filters() {
        let cases: [(&[&str], &[&str], &[&str]); 9] = [
            (&[], &["a.org", "b.com"], &[]),
            (&["--domain-filter="], &["a.org"], &[]),
            (&["--domain-filter=a.org"], &["a.org", "x.a.org"], &["b.org"]),
            (&["--domain-filter=.a.org"], &["x.a.org"], &["a.org"]),
            (&["--domain-filter=a.org,b.org"], &["a.org", "b.org"], &["c.org"]),
            (&["--domain-filter=a.org", "--domain-filter=b.org"], &["a.org", "b.org"], &["c.org"]),
            (&["--exclude-domains=x.org", "--exclude-domains=y.org"], &["a.org"], &["b.y.org"]),
            (
                &["--regex-domain-filter=^[ab],?[.]org$", "--domain-filter=c.org"],
                &["a.org", "b.org"],
                &["c.org", "xa.org"],
            ),
            (
                &["--regex-domain-exclusion=^x", "--domain-filter=c.org"],
                &["a.org"],
                &["x.org", "xc.org"],
            ),
        ];
        for (words, matching, other) in cases {
            let filter = args(words).filter().expect("valid filter");
            for name in matching {
                assert!(filter.matches(&Name::as_listed(name)), "{words:?}: {name}");
            }
            for name in other {
                assert!(!filter.matches(&Name::as_listed(name)), "{words:?}: {name}");
            }
        }
    }

    #[test]
    fn a_wrong_expression_is_named_by_its_flag() {
        for flag in ["--regex-domain-filter", "--regex-domain-exclusion"] {
            let error = args(&[&format!("{flag}=(")]).filter().expect_err(flag).to_string();
            assert!(error.starts_with(&format!("invalid {flag}: ")), "{error}");
        }
    }
}
