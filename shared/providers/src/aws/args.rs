//! Flags.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::ArgAction;
use extdns_model::parse_go_duration;

use crate::ZoneType;

/// Flags of the `aws` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider aws")]
pub struct AwsArgs {
    /// Only zones of this type; without it, of both
    #[arg(long, value_name = "TYPE", default_value = "")]
    pub aws_zone_type: ZoneType,

    /// Only zones with this tag, `key` or `key=value`; can be given several times, all must be there
    #[arg(long, value_name = "TAG", default_value = "")]
    pub aws_zone_tags: Vec<String>,

    /// A profile of the shared AWS configuration; can be given several times, their zones are managed
    /// together
    #[arg(long, value_name = "NAME", default_value = "")]
    pub aws_profile: Vec<String>,

    /// A role to assume, with the credentials of each profile
    #[arg(long, value_name = "ARN", default_value = "")]
    pub aws_assume_role: String,

    /// The external id that the role asks for
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub aws_assume_role_external_id: String,

    /// Most changes of one batch; the limits of values and bytes hold beside it
    #[arg(long, value_name = "N", default_value = "1000")]
    pub aws_batch_change_size: usize,

    /// Most bytes of values in one batch; those of an update count twice, as they go and come
    #[arg(long, value_name = "N", default_value = "32000")]
    pub aws_batch_change_size_bytes: usize,

    /// Most values in one batch; those of an update count twice, as they go and come
    #[arg(long, value_name = "N", default_value = "1000")]
    pub aws_batch_change_size_values: usize,

    /// Pause between two batches of a zone
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = parse_go_duration)]
    pub aws_batch_change_interval: Duration,

    /// Evaluate the health of an alias's target, where the resource does not say
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = true, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub aws_evaluate_target_health: bool,

    /// Most attempts of a call that failed for a reason that may pass, 0 for no limit; a throttled
    /// call is tried 5 times at least
    #[arg(long, value_name = "N", default_value = "3")]
    pub aws_api_retries: u32,

    /// Calls to Route 53 per second and AWS account, after a burst of 10; raise it where Route 53
    /// allows the account more and nobody else needs it
    #[arg(long, value_name = "N", default_value = "5")]
    pub aws_requests_per_second: NonZeroU32,

    /// Make a CNAME also of a host that could be an alias
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub aws_prefer_cname: bool,

    /// How long a list of zones serves the runs of one process; each run lists them once at most
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub aws_zones_cache_duration: Duration,

    /// Also manage zones that are parents of a domain in --domain-filter
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub aws_zone_match_parent: bool,
}

impl AwsArgs {
    /// The profiles, one text each: environment variables separate them by lines or spaces. None
    /// stands for the SDK's own choice.
    pub(super) fn profiles(&self) -> Vec<Option<String>> {
        let mut named: Vec<Option<String>> = Vec::new();
        for name in self.aws_profile.iter().flat_map(|text| text.split_whitespace()) {
            if !named.iter().flatten().any(|other| other == name) {
                named.push(Some(name.to_owned()));
            }
        }
        if named.is_empty() { vec![None] } else { named }
    }

    /// The tags that a zone must have: a key, and a value unless any will do. Of a key that is
    /// given twice the last value counts.
    pub(super) fn tags(&self) -> Vec<(&str, &str)> {
        let mut tags: Vec<(&str, &str)> = Vec::new();
        for text in &self.aws_zone_tags {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            let (key, value) = (key.trim(), value.trim());
            tags.retain(|(own, _)| *own != key);
            if !key.is_empty() {
                tags.push((key, value));
            }
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: AwsArgs,
    }

    fn parse(words: &[&str]) -> AwsArgs {
        Cli::try_parse_from(["test"].iter().chain(words)).map(|cli| cli.args).expect("valid")
    }

    #[test]
    fn defaults() {
        let args = parse(&[]);
        assert_eq!(args.aws_zone_type, ZoneType::Any);
        assert_eq!(args.profiles(), [None]);
        assert!(args.tags().is_empty());
        assert_eq!((args.aws_batch_change_size, args.aws_batch_change_size_bytes), (1000, 32_000));
        assert_eq!((args.aws_batch_change_size_values, args.aws_api_retries), (1000, 3));
        assert_eq!(args.aws_batch_change_interval, Duration::from_secs(1));
        assert_eq!(args.aws_requests_per_second.get(), 5);
        assert!(args.aws_evaluate_target_health && !args.aws_prefer_cname);
        assert!(!args.aws_zone_match_parent);
    }

    #[test]
    fn lists() {
        let args = parse(&[
            "--aws-profile=one two",
            "--aws-profile=three\nfour",
            "--aws-profile=one",
            "--aws-zone-tags=a = b",
            "--aws-zone-tags=c",
            "--aws-zone-tags==d",
            "--aws-zone-tags=a=e",
            "--aws-zone-type=private",
        ]);
        let profiles: Vec<_> = args.profiles().into_iter().flatten().collect();
        assert_eq!(profiles, ["one", "two", "three", "four"]);
        assert_eq!(args.tags(), [("c", ""), ("a", "e")]);
        assert_eq!(args.aws_zone_type, ZoneType::Private);
    }

    #[test]
    fn unknown_types_are_refused() {
        assert!(Cli::try_parse_from(["test", "--aws-zone-type=unknown"]).is_err());
    }
}
