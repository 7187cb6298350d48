//! Answers within what the service takes.

use extdns_auth::secrets::redact;
use extdns_sync::report::{Answer, Report};
use serde_json::value::RawValue;

/// The largest answer. The service takes 6 MB; callers that log it or show it take less.
const LIMIT: usize = 1 << 20;

/// The report as an answer: totals, what to look at, and as many of the first changes as there is room for.
pub(crate) fn answer(report: &Report) -> Result<Box<RawValue>, serde_json::Error> {
    let mut answer = Answer::of(report);
    loop {
        let text = serde_json::value::to_raw_value(&answer)?;
        if text.get().len() <= LIMIT || answer.changes.is_empty() {
            let redacted = redact(text.get()).into_owned();
            return RawValue::from_string(redacted);
        }
        let kept = answer.changes.len() / 2;
        answer.more_changes += answer.changes.len() - kept;
        answer.changes.truncate(kept);
    }
}
