//! The flags of the source `traefik-proxy`.

use clap::{ArgAction, Args};

use crate::common::Common;
use crate::error::OptionsError;

use super::object::{CURRENT, LEGACY, RouterKind};

/// The flags of the source `traefik-proxy`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Read the group traefik.containo.us, which Traefik had up to version 2, too.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    traefik_enable_legacy: bool,

    /// Do not read the group traefik.io.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    traefik_disable_new: bool,

    /// Deprecated, without effect: the group traefik.containo.us is read only with --traefik-enable-legacy.
    #[arg(long, hide = true, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    traefik_disable_legacy: bool,
}

/// Nothing would be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "--traefik-disable-new leaves no API group for the source traefik-proxy; add --traefik-enable-legacy to read traefik.containo.us"
)]
pub(crate) struct NoGroupError;

impl Flags {
    pub(super) fn deprecation(&self) -> Option<&'static str> {
        self.traefik_disable_legacy.then_some(
            "--traefik-disable-legacy is deprecated and has no effect: traefik.containo.us is read only with \
             --traefik-enable-legacy",
        )
    }

    /// The kinds of routers that the source of this name reads, each in all its groups.
    pub(super) fn kinds(
        &self,
        common: &Common,
        name: &str,
    ) -> Result<Vec<(RouterKind, &'static str)>, OptionsError> {
        let groups = [(CURRENT, !self.traefik_disable_new), (LEGACY, self.traefik_enable_legacy)];
        let of_kind = |kind| groups.into_iter().filter(|it| it.1).map(move |it| (kind, it.0));
        let kinds: Vec<_> = RouterKind::ALL.into_iter().flat_map(of_kind).collect();
        if kinds.is_empty() && common.sources.contains(&name) {
            return Err(OptionsError::source(NoGroupError));
        }
        Ok(kinds)
    }
}
