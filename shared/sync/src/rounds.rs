//! One run after another over the same parts.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, join_all};

use crate::report::{FailureKind, Report};
use crate::settings::{Arguments, Environment, SettingsError};
use crate::{Deadline, RunRequest, Wiring, panics, run};

/// Resolves when the process is told to stop.
pub(crate) type Stop = Shared<BoxFuture<'static, ()>>;

/// The parts of runs, and what they are asked to do.
pub(crate) struct Rounds {
    arguments: Arguments,
    environment: Environment,
    pub(crate) wiring: Wiring,
}

impl Rounds {
    /// The runs that the arguments ask for.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub(crate) async fn new(
        arguments: &Arguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        RunRequest::of(arguments)?;
        let wiring = Wiring::new(arguments, environment).await?;
        Ok(Self { arguments: arguments.clone(), environment: environment.clone(), wiring })
    }

    /// Whether the zones of all targets are as the last run found them, and nothing else decides what a run does. `false`
    /// where that is not known. Being told to stop ends it.
    pub(crate) async fn finds_zones_as_read(&self, stop: Stop) -> bool {
        let Wiring { targets, state, .. } = &self.wiring;
        if state.is_some()
            || self.wiring.lacks_a_provider()
            || targets.iter().any(|target| target.registry.store().is_some())
        {
            return false;
        }
        let until = Deadline::of_timeout(self.arguments.process.timeout);
        let asked = targets.iter().map(|target| target.provider.is_as_read(until.clone()));
        tokio::select! {
            all = join_all(asked) => all.into_iter().all(|is_same| is_same),
            () = stop => false,
        }
    }

    /// Runs once. Being told to stop ends the run's time; a panic makes it a run that failed.
    pub(crate) async fn run(&mut self, stop: Stop) -> Report {
        self.wiring.make_missing(&self.arguments, &self.environment).await;
        let (until, stopper) = Deadline::of_timeout(self.arguments.process.timeout).stoppable();
        let request = match RunRequest::of(&self.arguments) {
            Ok(request) => RunRequest { until, ..request },
            Err(error) => return Report::of_failure(FailureKind::Configuration, error.to_string()),
        };
        let mut work = Box::pin(AssertUnwindSafe(run(&self.wiring, &request)).catch_unwind());
        let report = tokio::select! {
            report = &mut work => report,
            () = stop => {
                stopper.stop();
                work.await
            }
        };
        let mut report = report.unwrap_or_default();
        if let Some(problem) = panics::take_panic() {
            report.fail(FailureKind::Other, problem);
        }
        report
    }
}
