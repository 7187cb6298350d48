//! One event, one run.

use std::fmt;
use std::io::{self, Write as _};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, SystemTime};

use extdns_auth::AwsVariables;
use extdns_auth::secrets::redact;
use extdns_lambda::{Context, Diagnostic};
use extdns_relay::Queue;
use extdns_sync::relay::{self, Wait};
use extdns_sync::report::{FailureKind, Report, render_emf};
use extdns_sync::settings::{Arguments, Command, Environment};
use extdns_sync::{Deadline, FunctionSettings, RunRequest, Wiring, run, take_panic};
use futures::FutureExt as _;
use futures::lock::Mutex;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::answer::answer;
use crate::event::{Action, Event, Invocation};
use crate::{queue, store};

/// What a run leaves of the time of its event: for the answer, and for answers to what it sent last.
const RESERVE: Duration = Duration::from_secs(10);

/// How long a run has after its time to end by itself.
const ENDING: Duration = Duration::from_secs(5);

/// The namespace of the metrics: of each function its own, `external-dns/<function>`.
const NAMESPACE: &str = "external-dns";

/// What stays from event to event.
pub(crate) struct Function {
    /// Events come one after the other; a run may leave targets out.
    parts: Mutex<Parts>,
    namespace: String,
}

/// What the settings make.
struct Parts {
    settings: FunctionSettings,
    wiring: Wiring,
    /// Where a run that did not end well asks for another one.
    queue: Option<Queue>,
    aws: AwsVariables,
}

impl Parts {
    async fn new(settings: FunctionSettings) -> Result<Self, String> {
        let FunctionSettings { arguments, environment, .. } = &settings;
        refuse_what_functions_have_not(arguments)?;
        let wiring =
            Wiring::new(arguments, environment).await.map_err(|error| error.to_string())?;
        let queue = relay::queue(arguments, environment, Wait::Long).await?;
        let aws = AwsVariables::of(&environment.variables);
        Ok(Self { settings, wiring, queue, aws })
    }

    /// Finds what was not there before: a configuration file that has changed, and credentials.
    async fn renew(&mut self) {
        if let Some(newer) = self.settings.newer().await {
            match Self::new(newer).await {
                Ok(parts) => *self = parts,
                Err(problem) => tracing::error!("the settings stay as they were: {problem}"),
            }
        }
        let FunctionSettings { arguments, environment, .. } = &self.settings;
        self.wiring.make_missing(arguments, environment).await;
    }
}

impl Function {
    /// Sets up everything that no event changes.
    pub(crate) async fn start(environment: Environment) -> Result<Self, String> {
        let name = environment.variables.get("AWS_LAMBDA_FUNCTION_NAME").map_or("", String::as_str);
        let namespace = format!("{NAMESPACE}/{name}");
        let parts = Parts::new(FunctionSettings::start(environment).await?).await?;
        Ok(Self { parts: Mutex::new(parts), namespace })
    }

    /// Makes the run that an event asks for. A run that failed, or that a rule stopped, has an answer too. `id` is
    /// that of the event.
    pub(crate) async fn answer(
        &self,
        event: &Value,
        deadline: SystemTime,
        id: &str,
    ) -> Result<Box<RawValue>, NoAnswer> {
        let event = Event::read(event).map_err(NoAnswer::Refused)?;
        let mut parts = self.parts.lock().await;
        parts.renew().await;
        let Parts { settings, wiring, queue, aws } = &mut *parts;
        let arguments = &settings.arguments;
        let (request, targets) =
            request(arguments, &event, wiring, deadline).map_err(NoAnswer::Refused)?;
        let aside = wiring.set_aside(targets);
        let report = make(wiring, &request).await;
        wiring.take_back(aside);
        self.log(&report);
        if let Some(place) = &arguments.commands.report {
            store::report(&report, place, aws).await;
        }
        if let Event::Queue(batch) = &event {
            queue::after(batch, &report, queue.as_ref(), id).await;
        }
        answer(&report).map_err(NoAnswer::Unspeakable)
    }

    /// Writes the report to the log, and the metrics, which the service finds there.
    fn log(&self, report: &Report) {
        report.log();
        let metrics = render_emf(report, &self.namespace);
        if let Err(error) = io::stdout().write_all(redact(&metrics).as_bytes()) {
            tracing::error!("failed to print the metrics: {error}");
        }
    }
}

impl extdns_lambda::Function for Function {
    type Error = NoAnswer;

    async fn handle(
        &self,
        event: Box<RawValue>,
        context: &Context,
    ) -> Result<Box<RawValue>, NoAnswer> {
        let event: Value = serde_json::from_str(event.get())
            .map_err(|error| NoAnswer::Refused(format!("the event is no JSON: {error}")))?;
        self.answer(&event, context.deadline(), &context.request_id).await
    }
}

/// The run that an event asks for, and its targets.
fn request<'a>(
    arguments: &Arguments,
    event: &'a Event,
    wiring: &Wiring,
    deadline: SystemTime,
) -> Result<(RunRequest, &'a [String]), String> {
    let mut arguments = arguments.clone();
    // As the command line without a command: apply, unless it is a dry run.
    arguments.command = Command::Once;
    let mut overrides = (Default::default(), Vec::new());
    let mut targets: &[String] = &[];
    if let Event::Direct(asked) = event {
        let Invocation { action, plan_hash, allow_deletes, allow_empty, .. } = asked;
        arguments.command = match action {
            Action::Plan => Command::Plan,
            Action::Apply => Command::Apply,
        };
        // It forbids the schedule to write, not somebody who says so.
        arguments.process.dry_run = false;
        targets = &asked.targets;
        check_targets(targets, wiring)?;
        arguments.commands.plan_hash =
            plan_hash.iter().map(|hash| of_target(hash, targets)).collect();
        overrides = (allow_deletes.clone(), allow_empty.clone());
    }
    let mut request = RunRequest::of(&arguments).map_err(|error| error.to_string())?;
    request.until = Deadline::within(time(deadline, arguments.process.timeout));
    request.overrides.allow_deletes.extend(overrides.0);
    request.overrides.allow_empty.extend(overrides.1);
    Ok((request, targets))
}

/// The run, which ends while there is time to say so, whatever it meets.
async fn make(wiring: &Wiring, request: &RunRequest) -> Report {
    let last = request.until.extended(ENDING);
    let work = AssertUnwindSafe(run(wiring, request)).catch_unwind();
    let mut report = tokio::select! {
        biased;
        report = work => report.unwrap_or_default(),
        () = last.over() => {
            let problem = "the time of the event was over, and the run had not ended; what it \
                           sent last may or may not be done, and the next run looks again";
            Report::of_failure(FailureKind::Deadline, problem)
        }
    };
    if let Some(problem) = take_panic() {
        report.fail(FailureKind::Other, problem);
    }
    report
}

fn check_targets(asked: &[String], wiring: &Wiring) -> Result<(), String> {
    let known: Vec<&str> = wiring.targets.iter().map(|target| &*target.name).collect();
    match asked.iter().find(|name| !known.contains(&&***name)) {
        Some(name) => {
            let known: Vec<String> = known.iter().map(|name| format!("{name:?}")).collect();
            Err(format!("there is no target {name:?}, only {}", known.join(", ")))
        }
        None => Ok(()),
    }
}

/// The hash of the one target that is asked for needs no name before it.
fn of_target(hash: &str, targets: &[String]) -> String {
    match targets {
        [only] if !hash.contains('=') => format!("{only}={hash}"),
        _ => hash.to_owned(),
    }
}

/// Why an event has no answer but an error.
pub(crate) enum NoAnswer {
    /// It is not for this function, or not sound.
    Refused(String),
    /// The answer could not be written.
    Unspeakable(serde_json::Error),
}

impl NoAnswer {
    fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Refused(problem) => ("Event", redact(problem).into_owned()),
            Self::Unspeakable(error) => ("Answer", error.to_string()),
        }
    }
}

/// What the runtime's client logs: a line for people.
impl fmt::Debug for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => write!(f, "the event is refused: {}", redact(problem)),
            Self::Unspeakable(error) => write!(f, "failed to write the answer: {error}"),
        }
    }
}

impl From<NoAnswer> for Diagnostic {
    fn from(error: NoAnswer) -> Self {
        let (kind, error_message) = error.parts();
        Self { error_type: kind.to_owned(), error_message }
    }
}

/// The time of a run.
fn time(deadline: SystemTime, timeout: Duration) -> Duration {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    let left = left.saturating_sub(RESERVE);
    if timeout.is_zero() { left } else { left.min(timeout) }
}

/// Flags that mean something to a process with files and a terminal.
pub(crate) fn refuse_what_functions_have_not(arguments: &Arguments) -> Result<(), String> {
    let flags = &arguments.commands;
    let is_file = flags.report.as_deref().is_some_and(|path| !store::is_object(path));
    let refused = [
        ("--output", flags.output.is_some(), "the plan is in the answer and in the log"),
        ("--out", flags.out.is_some(), "the plan is in the answer and in the log"),
        ("--report", is_file, "the report is in the log; s3://bucket/key stores it as well"),
        (
            "--metrics-file",
            flags.metrics_file.is_some(),
            "the metrics are in the log, and CloudWatch finds them",
        ),
        ("--manifests=-", arguments.reads_input(), "there is no standard input"),
    ];
    if let Some((flag, _, instead)) = refused.iter().find(|(_, given, _)| *given) {
        return Err(format!("{flag} is not for a function: {instead}"));
    }
    arguments.relay.check().map_err(|error| error.to_string())?;
    if arguments.relay.queue_url.is_some() && !arguments.state.is_given() {
        return Err("--queue-url needs --state: without a lease a direct invocation and a run of the queue could write \
                    at once"
            .to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
