//! The flags of the sources of the Gateway API.

use clap::{ArgAction, Args};
use ecow::EcoString;
use extdns_clusters::Selector;

use crate::common::{non_empty, selector};
use crate::error::OptionsError;

use super::object::ParentRef;

/// The flags of the sources of the Gateway API.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Take only Gateways of this namespace; empty means all.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAMESPACE")]
    gateway_namespace: String,

    /// Take only Gateways whose labels match this selector.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "SELECTOR")]
    gateway_label_filter: String,

    /// Take only Gateways of this name.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    gateway_name: String,

    /// Read ListenerSets, too, and the routes that belong to them.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    gateway_listener_sets: bool,
}

/// What the flags say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Of Gateways; all if there is none.
    pub(super) namespace: Option<EcoString>,
    /// Of Gateways.
    pub(super) labels: Selector,
    /// Of Gateways.
    pub(super) name: Option<EcoString>,
    pub(super) reads_listener_sets: bool,
}

impl Options {
    /// Reads the flags. Where no source of the Gateway API is asked for, a filter that is none does no harm.
    pub(super) fn read(flags: &Flags, is_named: bool) -> Result<Self, OptionsError> {
        let labels = Selector::annotations(&flags.gateway_label_filter);
        let labels = selector("gateway-label-filter", labels);
        Ok(Self {
            namespace: non_empty(&flags.gateway_namespace),
            labels: if is_named { labels? } else { labels.unwrap_or_default() },
            name: non_empty(&flags.gateway_name),
            reads_listener_sets: flags.gateway_listener_sets,
        })
    }

    /// Whether routes of this Gateway count, as far as its name says.
    pub(super) fn ask_gateway(&self, (namespace, name): (&str, &str)) -> bool {
        let is_asked = |only: &Option<EcoString>, own| only.as_ref().is_none_or(|it| it == own);
        is_asked(&self.namespace, namespace) && is_asked(&self.name, name)
    }

    /// The same of what an object in this namespace names as its parent.
    pub(super) fn ask(&self, parent: &ParentRef, own: &str) -> bool {
        let is_set = parent.kind == "ListenerSet";
        if is_set { self.reads_listener_sets } else { self.ask_gateway(parent.key(own)) }
    }
}
