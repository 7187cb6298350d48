//! What comes of the work at one target, and how long it may take.

use std::time::Duration;

use extdns_sources::Dropped;
use tokio::time::Instant;

use crate::error::RunError;
use crate::events::Events;
use crate::report::{ClusterReport, FailureKind, Report, Unrouted};
use crate::request::RunRequest;

/// How much of a run's time reading may take.
const READING_SHARE: f64 = 0.7;

/// What was done at one target.
#[derive(Default)]
pub(crate) struct Done {
    /// The report, as if there were no other target.
    pub(crate) report: Report,
    /// How many of its first notices are not about the target alone.
    pub(crate) shared_notices: usize,
    /// The names that lie in none of its zones.
    pub(crate) unrouted: Vec<Unrouted>,
    /// What its pipeline left out.
    pub(crate) dropped: Vec<Dropped>,
    /// Whether something was written, or there was nothing to write.
    pub(crate) has_applied: bool,
    /// What the objects are to be told.
    pub(crate) events: Events,
}

/// A target that came to no end, with what was known of the clusters by then.
pub(crate) struct Failed {
    pub(crate) error: RunError,
    pub(crate) clusters: Vec<ClusterReport>,
    /// Whether the time for reading was over by then.
    pub(crate) late: bool,
    /// What the objects are to be told.
    pub(crate) events: Events,
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        Self { error, clusters: Vec::new(), late: false, events: Events::default() }
    }
}

impl Failed {
    /// The kind, for programs.
    pub(crate) fn kind(&self) -> FailureKind {
        if self.late { FailureKind::Deadline } else { self.error.kind() }
    }
}

/// What was read, if that took no more than its part of the time.
pub(crate) async fn in_time<T>(
    request: &RunRequest,
    read: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let reading = request.until.share(READING_SHARE);
    tokio::select! {
        biased;
        // What was read while nothing else could be done may have taken too long all the same.
        inputs = read => match inputs {
            Ok(_) if request.until.is_over() => Err(RunError::of_end(&request.until).into()),
            inputs => inputs.map_err(|failed| Failed {
                late: failed.late || reading.is_over(),
                ..failed
            }),
        },
        () = reading.over() => Err(RunError::of_end(&request.until).into()),
    }
}

/// Measures one part of a run after the other.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the last call.
    pub(crate) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut self.0, now))
    }
}
