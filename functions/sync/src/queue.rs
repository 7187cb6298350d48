//! What follows from a run that a batch of the queue asked for.

use extdns_relay::Queue;
use extdns_relay::queue::{Batch, Ended, next};
use extdns_sync::relay::ended;
use extdns_sync::report::Report;

/// Asks for another run, where there is anything left that it could do. The batch is acknowledged in any case: if the
/// message is not sent, the schedule makes up for it.
pub(crate) async fn after(batch: &Batch, report: &Report, queue: Option<&Queue>, run: &str) {
    if batch.unreadable > 0 {
        tracing::warn!(
            messages = batch.messages,
            unreadable = batch.unreadable,
            "messages that cannot be read count as wishes for a run"
        );
    }
    let ended = ended(report);
    let Some(message) = next(batch, ended, run) else {
        if ended != Ended::Done {
            tracing::warn!(attempt = batch.attempt, "what is left waits for the schedule");
        }
        return;
    };
    let Some(queue) = queue else {
        tracing::warn!(
            "what is left waits for the schedule: set EXTERNAL_DNS_QUEUE_URL to repeat runs"
        );
        return;
    };
    match queue.post(&message).await {
        Ok(()) => tracing::info!(run, attempt = batch.attempt, "asked for another run"),
        Err(error) => tracing::error!("failed to {error}; what is left waits for the schedule"),
    }
}
