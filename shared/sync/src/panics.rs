//! A panic is a fault of ours. It ends in one line of the log and a failed run, wherever it happens:
//! in the run, in a task, in a thread.

use std::panic::{PanicHookInfo, set_hook};
use std::sync::{Mutex, Once, PoisonError};

use crate::logging;

static INSTALLED: Once = Once::new();

/// What the last panic said, until somebody takes it.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// From now on a panic of the process is one line of the log, without a backtrace.
pub fn tell_panics() {
    INSTALLED.call_once(|| set_hook(Box::new(|panic| tell(&describe(panic)))));
}

/// What the last panic said, if there was one since the last call.
pub fn take_panic() -> Option<String> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn tell(problem: &str) {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem.to_owned());
    // It may come before anything else was to be logged.
    logging::start(Default::default(), Default::default());
    tracing::error!("{problem}");
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let said = panic.payload_as_str().unwrap_or("a panic without words");
    let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
    format!("internal error, please report it: {said}{place}")
}
