//! The flags of the source `gloo-proxy`.

use clap::{ArgAction, Args};
use ecow::EcoString;

use crate::common::Common;

/// The flags of the source `gloo-proxy`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// The namespace of the proxies of Gloo (repeatable).
    #[arg(long, value_name = "NAMESPACE", action = ArgAction::Append, default_value = "gloo-system")]
    gloo_namespace: Vec<String>,
}

/// What the flags say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(super) namespaces: Vec<EcoString>,
    /// Whether the run looks at one namespace: the others of Gloo are read all the same.
    pub(super) is_namespaced: bool,
}

impl Options {
    pub(super) fn read(flags: &Flags, common: &Common) -> Self {
        let namespaces = flags.gloo_namespace.iter().map(EcoString::from).collect();
        Self { namespaces, is_namespaced: common.namespace.is_some() }
    }
}
