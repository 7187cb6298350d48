//! A panic is a bug of this program. It ends in one line of the log and a failed run, wherever it
//! happens: in the run, in a task, in a thread.

use std::panic::{PanicHookInfo, set_hook};
use std::sync::{Mutex, Once, PoisonError};

use crate::logging;

static INSTALLED: Once = Once::new();

/// The message of a panic, until [`take_panic`] takes it.
static UNREPORTED: Mutex<Option<String>> = Mutex::new(None);

/// From now on a panic of the process prints nothing: the caller of the work takes its message and
/// reports it with the result of the work.
pub fn catch_panics() {
    INSTALLED.call_once(|| set_hook(Box::new(|panic| keep(describe(panic)))));
}

/// What a panic said, if there was one since the last call.
pub fn take_panic() -> Option<String> {
    UNREPORTED.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Keeps the message of the first panic. Later ones are logged at once, because the process may end
/// after them.
fn keep(problem: String) {
    let mut unreported = UNREPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    if unreported.is_none() {
        *unreported = Some(problem);
        return;
    }
    drop(unreported);
    log_problem(&problem);
}

/// One line of the log.
pub(crate) fn log_problem(problem: &str) {
    // It may come before anything else was to be logged.
    logging::start(Default::default(), Default::default());
    tracing::error!("{problem}");
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let said = panic.payload_as_str().unwrap_or("a panic without words");
    let location = panic.location().map(|location| format!(" at {location}")).unwrap_or_default();
    format!("internal error, please report it: {said}{location}")
}
