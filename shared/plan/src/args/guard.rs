//! Flags of the limits that a plan keeps to, even where more is desired.

use std::str::FromStr;

use clap::ArgAction;

use crate::{Allowance, Glob, Guard, Protected};

/// What keeps a plan from doing damage.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Guard")]
#[group(skip)]
pub struct GuardArgs {
    /// Delete at most this many of a hundred of our records: in all zones together, in each zone,
    /// and of each cluster in it.
    #[arg(long, default_value_t = 30, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_delete_percent: u8,

    /// Update at most this many of a hundred of our records; 100 for any number.
    #[arg(long, default_value_t = 100, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_update_percent: u8,

    /// Delete at most this many records in a run, in all zones together and however few there are.
    #[arg(long, value_name = "COUNT")]
    pub max_deletes: Option<usize>,

    /// Count percentages only where this many records are ours.
    #[arg(long, default_value_t = 10, value_name = "COUNT")]
    pub guard_min_records: usize,

    /// Allow deletes beyond the limits in this zone, given by name or id, or by the name of the
    /// target in all zones together; at most COUNT, if given (repeatable). For one run: the guard's
    /// message has the value.
    #[arg(long, value_name = "ZONE[:COUNT]", action = ArgAction::Append)]
    pub allow_deletes: Vec<Allowance>,

    /// Allow any number of deletes and updates, and that a cluster wants nothing.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub no_guard: bool,

    /// Never delete or update names that match this pattern, like *.prod.example.org (repeatable).
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub protect: Vec<Glob>,

    /// Keep the records of objects that exist but have no address yet, like a load balancer that is
    /// pending or a route that is not accepted. Without it, they are kept where there are several clusters, and where three or more
    /// would go at once and exceed --max-delete-percent.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub keep_unready: Option<bool>,

    /// Believe that this cluster wants nothing, or that a filter selects none of its objects,
    /// although it has three records or more (repeatable). For one run.
    #[arg(long, value_name = "CLUSTER", action = ArgAction::Append)]
    pub allow_empty: Vec<String>,
}

/// A text that allows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAllowance {
    /// It names no zone and no target.
    #[error("name a zone or the target, like example.org or example.org:40")]
    NoZone,
    /// The count is none.
    #[error("{0:?} is no number of records; write it like example.org:40")]
    Count(String),
}

impl GuardArgs {
    /// The guard of a target.
    #[must_use]
    pub fn guard(&self, target: &str) -> Guard {
        Guard {
            max_delete_percent: self.max_delete_percent,
            max_update_percent: self.max_update_percent,
            max_deletes: self.max_deletes,
            min_records: self.guard_min_records,
            allow_deletes: self.allow_deletes.clone(),
            disabled: self.no_guard,
            target: target.into(),
        }
    }

    /// The names that are never deleted or updated.
    #[must_use]
    pub fn protected(&self) -> Protected {
        Protected::new(self.protect.clone())
    }

    /// Whether records of objects without an address are kept, given how many clusters there are.
    #[must_use]
    pub fn keeps_unready(&self, clusters: usize) -> bool {
        self.keep_unready.unwrap_or(clusters > 1)
    }
}

/// `example.org`, `Z0123456789`, `example.org:40`
impl FromStr for Allowance {
    type Err = InvalidAllowance;

    fn from_str(text: &str) -> Result<Self, InvalidAllowance> {
        // No part of a domain or of an id is a word behind a colon, but the ids of some APIs have
        // colons of their own, so a path behind one is none.
        let is_count = |tail: &str| !tail.contains(['/', '.']);
        let (zone_or_target, count) = match text.rsplit_once(':').filter(|(_, tail)| is_count(tail))
        {
            Some((zone_or_target, count)) => {
                let number = count.parse().map_err(|_| InvalidAllowance::Count(count.to_owned()));
                (zone_or_target, Some(number?))
            }
            None => (text, None),
        };
        if zone_or_target.trim().is_empty() {
            return Err(InvalidAllowance::NoZone);
        }
        Ok(Self { zone_or_target: zone_or_target.trim().into(), count })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: GuardArgs,
    }

    fn parse(words: &[&str]) -> Result<GuardArgs, clap::Error> {
        Cli::try_parse_from([&["test"], words].concat()).map(|cli| cli.args)
    }

    fn args(words: &[&str]) -> GuardArgs {
        parse(words).expect("valid arguments")
    }

    #[test]
    fn without_flags_the_guard_is_on() {
        let guard = args(&[]).guard("aws");
        let expected = Guard { target: "aws".into(), ..Guard::default() };
        assert_eq!(format!("{guard:?}"), format!("{expected:?}"));
        assert!(args(&[]).protected().is_empty() && args(&[]).allow_empty.is_empty());
        assert!(!guard.disabled && (guard.max_delete_percent, guard.min_records) == (30, 10));
    }

    #[test]
    fn every_flag_takes_effect() {
        let args = args(&[
            "--max-delete-percent=0",
            "--max-update-percent=50",
            "--max-deletes=7",
            "--guard-min-records=1",
            "--allow-deletes=a.org",
            "--allow-deletes=Z1:3",
            "--protect=*.prod.org",
            "--allow-empty=lab",
            "--no-guard",
        ]);
        let guard = args.guard("aws");
        assert_eq!((guard.max_delete_percent, guard.max_update_percent), (0, 50));
        assert_eq!((guard.max_deletes, guard.min_records, guard.disabled), (Some(7), 1, true));
        let allowances: Vec<_> =
            guard.allow_deletes.iter().map(|it| (it.zone_or_target.as_str(), it.count)).collect();
        assert_eq!(allowances, [("a.org", None), ("Z1", Some(3))]);
        let name = extdns_model::Name::as_listed("A.Prod.org");
        assert_eq!(args.protected().find(&name).map(Glob::as_str), Some("*.prod.org"));
        assert_eq!(args.allow_empty, ["lab"]);
    }

    #[test]
    fn unready_names_are_kept_where_there_are_several_clusters() {
        let cases: [(&[&str], usize, bool); 6] = [
            (&[], 1, false),
            (&[], 2, true),
            (&["--keep-unready"], 1, true),
            (&["--keep-unready=true"], 1, true),
            (&["--keep-unready=false"], 2, false),
            (&["--keep-unready=false"], 1, false),
        ];
        for (words, clusters, expected) in cases {
            assert_eq!(args(words).keeps_unready(clusters), expected, "{words:?} {clusters}");
        }
    }

    #[test]
    fn wrong_values_are_named_with_their_flag_and_a_remedy() {
        let cases = [
            (
                "--max-delete-percent=101",
                "invalid value '101' for '--max-delete-percent <PERCENT>': 101 is not in 0..=100",
            ),
            (
                "--max-update-percent=x",
                "invalid value 'x' for '--max-update-percent <PERCENT>': invalid digit found in \
                 string",
            ),
            (
                "--max-deletes=-1",
                "invalid value '-1' for '--max-deletes <COUNT>': invalid digit found in string",
            ),
            (
                "--allow-deletes=:3",
                "invalid value ':3' for '--allow-deletes <ZONE[:COUNT]>': name a zone or the \
                 target, like example.org or example.org:40",
            ),
            (
                "--allow-deletes=a.org:3x",
                "invalid value 'a.org:3x' for '--allow-deletes <ZONE[:COUNT]>': \"3x\" is no \
                 number of records; write it like example.org:40",
            ),
            (
                "--protect= ",
                "invalid value ' ' for '--protect <PATTERN>': the pattern is empty; to protect \
                 every name, write *",
            ),
            (
                "--protect=[a",
                "invalid value '[a' for '--protect <PATTERN>': no pattern of names: invalid range \
                 pattern; write [*] for a plain *",
            ),
        ];
        for (word, expected) in cases {
            let error = parse(&[word]).expect_err(word).to_string();
            let first = error.lines().next().unwrap_or_default();
            assert_eq!(first, format!("error: {expected}"), "{word}");
        }
    }
}
