//! The only place where the right to write is granted.

use extdns_model::Permit;

use crate::request::{Mode, RunRequest};

/// The right to write, for a run that applies.
pub(crate) fn permit(request: &RunRequest) -> Option<Permit> {
    match request.mode {
        Mode::Apply => Some(Permit::grant()),
        Mode::Plan => None,
    }
}
