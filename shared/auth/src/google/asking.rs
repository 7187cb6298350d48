//! What is needed to ask for tokens.

use super::GoogleVariables;
use crate::call::Clients;

/// What is needed to ask for tokens.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) clients: &'a Clients,
    pub(super) variables: &'a GoogleVariables,
    pub(super) scopes: &'a [&'a str],
}
