//! The only place where the right to write is granted.

use extdns_model::{ChangeGroup, Outcome, Permit};
use extdns_providers::Deadline;
use extdns_registry::Annotated;

use crate::error::RunError;
use crate::wiring::Wiring;

/// Sends the groups; one outcome for each, in their order.
///
/// # Errors
/// When the provider cannot be written to at all.
pub(crate) async fn apply(
    wiring: &Wiring,
    annotated: &Annotated,
    groups: &[ChangeGroup],
) -> Result<Vec<Outcome>, RunError> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let permit = Permit::grant();
    let writer =
        wiring.provider.writer(&permit, &annotated.inventory.index).map_err(RunError::Write)?;
    Ok(writer.apply(groups, Deadline::none()).await)
}
