//! The only place where the right to write is granted.

use std::time::Duration;

use extdns_model::{ChangeGroup, Failure, FailureKind, Outcome, Permit};
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
    let last = until.with_grace(STOPPING).extended(ENDING);
    tokio::select! {
        biased;
        outcomes = writer.apply(groups, until) => Ok(outcomes),
        () = last.over() => Ok(vec![unanswered(); groups.len()]),
    }
}

/// How long a writer has to end by itself: behind the deadline, and, before that, from the moment
/// when the process is told to stop. Kubernetes kills 30 seconds after that.
const ENDING: Duration = Duration::from_secs(3);
const STOPPING: Duration = Duration::from_secs(5);

/// What became of groups whose writer does not come back.
fn unanswered() -> Outcome {
    let message = "the time was over, and the provider had not answered".to_owned();
    Outcome::Unknown(Failure { kind: FailureKind::Transient, message })
}
