//! The flags of the source `pod`.

use clap::{ArgAction, Args};
use ecow::EcoString;

use crate::common::non_empty;

/// The flags of the source `pod`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Leave pods out that do not use the network of their host.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    ignore_non_host_network_pods: bool,

    /// Publish the address of every pod under its name in this domain.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "DOMAIN")]
    pod_source_domain: String,
}

/// What the flags say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(super) ignore_non_host_network: bool,
    pub(super) domain: Option<EcoString>,
}

impl From<&Flags> for Options {
    fn from(flags: &Flags) -> Self {
        Self {
            ignore_non_host_network: flags.ignore_non_host_network_pods,
            domain: non_empty(&flags.pod_source_domain),
        }
    }
}
