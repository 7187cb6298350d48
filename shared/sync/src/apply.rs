//! The only place where the right to write is granted.

use extdns_model::{ChangeGroup, Outcome, Permit};
use extdns_providers::Deadline;
use extdns_registry::Annotated;

use crate::error::RunError;
use crate::request::RunRequest;
use crate::status::{self, Seen};
use crate::wiring::Wiring;

/// Sends the groups; one outcome for each, in their order. Then the objects are told that they were
/// seen, whether or not anything had to change.
///
/// # Errors
/// When the provider cannot be written to at all.
pub(crate) async fn apply(
    wiring: &Wiring,
    request: &RunRequest,
    annotated: &Annotated,
    groups: &[ChangeGroup],
    seen: &[Seen],
) -> Result<Vec<Outcome>, RunError> {
    let permit = Permit::grant();
    let until = request.until.clone();
    let outcomes = send(&permit, wiring, annotated, groups, until).await?;
    status::write(&permit, seen, &request.until).await;
    Ok(outcomes)
}

async fn send(
    permit: &Permit,
    wiring: &Wiring,
    annotated: &Annotated,
    groups: &[ChangeGroup],
    until: Deadline,
) -> Result<Vec<Outcome>, RunError> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let writer =
        wiring.provider.writer(permit, &annotated.inventory.index).map_err(RunError::Write)?;
    Ok(writer.apply(groups, until).await)
}
