//! Flags.

use clap::ArgAction;

/// Flags of the `coredns` provider, which is `skydns` too.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider coredns")]
pub struct CorednsArgs {
    /// What all keys in etcd begin with: the path of the etcd plugin of CoreDNS
    #[arg(long, value_name = "PREFIX", default_value = "/skydns/")]
    pub coredns_prefix: String,

    /// Write the owner id into each value, and see, change and delete only values with one of our ids
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub coredns_strictly_owned: bool,
}

impl CorednsArgs {
    /// The prefix with a slash at its end: without one it would be that of other names too.
    pub(super) fn prefix(&self) -> String {
        format!("{}/", self.coredns_prefix.trim().trim_end_matches('/'))
    }
}
