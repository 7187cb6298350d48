//! AWS Lambda around a function's real binary: the Runtime API over HTTP, and what the service does beside it.
//!
//! The service starts the binary when an event comes and none is running, keeps it warm, kills it when its time is over,
//! and refuses answers that are too large. Events are invoked one at a time, as with a reserved concurrency of 1.
//!
//! ```no_run
//! use std::time::Duration;
//! use extdns_testkit::lambda::Lambda;
//! use serde_json::json;
//!
//! let mut function = Lambda::new("target/debug/bootstrap", [("KEY", "value")]);
//! let answer = function.invoke(&json!({ "action": "plan" }), Duration::from_secs(30)).expect("an answer");
//! assert_eq!(answer.json()["ok"], true);
//! assert_eq!(function.starts(), 1, "the second event finds a warm process");
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::http::{Reply, Request, ScriptedServer};
use crate::process::Daemon;

/// The largest answer of a function, in bytes.
pub const MAX_PAYLOAD: usize = 6_291_556;

/// The ARN by which functions are invoked here.
pub const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:111111111111:function:function";

const API: &str = "/2018-06-01/runtime/";
const STEP: Duration = Duration::from_millis(20);
/// How long the service lets a function start.
const INIT_BOUND: Duration = Duration::from_secs(10);

/// A function, as the service runs it.
pub struct Lambda {
    binary: PathBuf,
    variables: BTreeMap<String, String>,
    server: ScriptedServer,
    service: Arc<Mutex<Service>>,
    ends: Receiver<End>,
    process: Option<Daemon>,
    starts: usize,
    invocations: u64,
    log: String,
}

/// What a function answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body read as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("functions answer JSON")
    }
}

/// What the caller of a function that failed sees (`X-Amz-Function-Error`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// Such as `Runtime.ExitError`, or what the function said.
    pub error_type: String,
    /// In words.
    pub error_message: String,
}

/// How an invocation, or the start before it, ended.
enum End {
    /// The function polls for its first event.
    Started,
    NotStarted(FunctionError),
    Invoked(Result<Answer, FunctionError>),
}

/// What the server's thread knows.
struct Service {
    /// The event that no runtime has taken yet.
    event: Option<Reply>,
    /// The poll that waits for an event.
    poll: Option<oneshot::Sender<Reply>>,
    /// The id of the event that is worked on.
    current: Option<String>,
    initialising: bool,
    ends: Sender<End>,
}

impl Lambda {
    /// The function behind `binary`, with these variables beside those of the service. Nothing is started yet.
    pub fn new<K: Into<String>, V: Into<String>>(
        binary: impl Into<PathBuf>,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let (sender, ends) = mpsc::channel();
        let service = Arc::new(Mutex::new(Service {
            event: None,
            poll: None,
            current: None,
            initialising: true,
            ends: sender,
        }));
        let served = Arc::clone(&service);
        Self {
            binary: binary.into(),
            variables: variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect(),
            server: ScriptedServer::start(move |request| lock(&served).answer(request)),
            service,
            ends,
            process: None,
            starts: 0,
            invocations: 0,
            log: String::new(),
        }
    }

    /// Starts the function if none is running, as the first invocation would, and says why it did not start.
    pub fn init_error(&mut self) -> Option<FunctionError> {
        self.start().err()
    }

    /// Invokes the function with an event, and lets it work for `timeout`, its start not counted.
    ///
    /// # Errors
    /// What the caller of a function that failed sees. A process that ended, did not start or was killed is gone; the
    /// next event starts another one.
    pub fn invoke(&mut self, event: &Value, timeout: Duration) -> Result<Answer, FunctionError> {
        self.start()?;
        self.invocations += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", self.invocations);
        let deadline = Timestamp::now() + timeout;
        let reply = Reply::json(200, event)
            .header("lambda-runtime-aws-request-id", &id)
            .header("lambda-runtime-deadline-ms", &deadline.as_millisecond().to_string())
            .header("lambda-runtime-invoked-function-arn", FUNCTION_ARN)
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            );
        lock(&self.service).offer(id.clone(), reply);
        match self.wait(timeout) {
            Waited::For(End::Invoked(result)) => result,
            Waited::For(_) => panic!("the function polled for an event while it had one"),
            Waited::Exit(status) => Err(self.gone(
                "Runtime.ExitError",
                &format!("RequestId: {id} Error: Runtime exited with error: {status}"),
            )),
            Waited::TooLong => Err(self.gone(
                "Sandbox.Timedout",
                &format!("RequestId: {id} Error: Task timed out after {timeout:.2?}"),
            )),
        }
    }

    /// How many processes were started.
    pub fn starts(&self) -> usize {
        self.starts
    }

    /// What all processes have printed: both streams go to one log.
    pub fn log(&self) -> String {
        let running = self.process.as_ref().map(Daemon::log);
        format!("{}{}", self.log, running.unwrap_or_default())
    }

    /// The most memory that the running process had at a time, in bytes.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = format!("/proc/{}/status", self.process.as_ref()?.pid());
        let status = std::fs::read_to_string(status).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
    }

    /// The processor time that the running process has taken, user and system, to a hundredth of a second.
    pub fn cpu_time(&self) -> Option<Duration> {
        /// Linux counts in these for every program, whatever its own clock is (`USER_HZ`).
        const TICKS_A_SECOND: u64 = 100;
        let stat = format!("/proc/{}/stat", self.process.as_ref()?.pid());
        let stat = std::fs::read_to_string(stat).ok()?;
        // `utime` and `stime`, the 14th and 15th field; the second one is a name in brackets (proc_pid_stat(5)).
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks: Vec<u64> =
            fields.split_ascii_whitespace().skip(11).take(2).flat_map(str::parse).collect();
        let [user, system] = ticks.as_slice() else { return None };
        Some(Duration::from_millis((user + system) * 1000 / TICKS_A_SECOND))
    }

    fn start(&mut self) -> Result<(), FunctionError> {
        if self.process.as_mut().is_some_and(|process| process.ended().is_none()) {
            return Ok(());
        }
        self.forget();
        lock(&self.service).begin();
        let dir = TempDir::new().expect("a folder for the function");
        let mut command = self.command(&dir);
        self.process = Some(Daemon::spawn("function", dir, &mut command).expect("the function"));
        self.starts += 1;
        match self.wait(INIT_BOUND) {
            Waited::For(End::Started) => Ok(()),
            Waited::For(End::NotStarted(error)) => {
                self.forget();
                Err(error)
            }
            Waited::For(End::Invoked(_)) => panic!("an answer before the first event"),
            Waited::Exit(status) => Err(self
                .gone("Runtime.ExitError", &format!("Error: Runtime exited with error: {status}"))),
            Waited::TooLong => {
                Err(self.gone("Sandbox.Timedout", &format!("Init timed out after {INIT_BOUND:?}")))
            }
        }
    }

    /// The environment of a function: nothing of the test's own.
    fn command(&self, dir: &TempDir) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .current_dir(dir.path())
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "function"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0123456789abcdef"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "ASIAFUNCTION"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("AWS_SESSION_TOKEN", "token"),
                ("_HANDLER", "bootstrap"),
                ("LANG", "en_US.UTF-8"),
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("TZ", ":UTC"),
            ])
            .env("LAMBDA_TASK_ROOT", dir.path())
            .env("AWS_LAMBDA_RUNTIME_API", self.server.address().to_string())
            .envs(&self.variables);
        command
    }

    fn wait(&mut self, bound: Duration) -> Waited {
        let begin = Instant::now();
        loop {
            let left = bound.saturating_sub(begin.elapsed());
            match self.ends.recv_timeout(left.min(STEP)) {
                Ok(end) => return Waited::For(end),
                Err(RecvTimeoutError::Disconnected) => unreachable!("the service holds a sender"),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Waited::TooLong,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let Some(status) = self.process.as_mut().and_then(Daemon::ended) else { continue };
            // It may have spoken before it ended.
            return self.ends.try_recv().map_or(Waited::Exit(status), Waited::For);
        }
    }

    fn gone(&mut self, error_type: &str, message: &str) -> FunctionError {
        self.forget();
        FunctionError { error_type: error_type.to_owned(), error_message: message.to_owned() }
    }

    /// Ends the process and keeps what it printed.
    fn forget(&mut self) {
        if let Some(process) = self.process.take() {
            self.log += &process.log();
        }
    }
}

enum Waited {
    For(End),
    Exit(ExitStatus),
    TooLong,
}

impl Service {
    /// A new process comes; what the last one left open is void.
    fn begin(&mut self) {
        (self.event, self.poll, self.current) = (None, None, None);
        self.initialising = true;
    }

    fn offer(&mut self, id: String, event: Reply) {
        self.current = Some(id);
        match self.poll.take() {
            Some(poll) => self.event = poll.send(event).err(),
            None => self.event = Some(event),
        }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let path = request.path.strip_prefix(API).unwrap_or_default();
        let steps: Vec<&str> = path.split('/').collect();
        match (&request.method, steps.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next(),
            (&Method::POST, ["init", "error"]) if self.initialising => {
                self.end(End::NotStarted(error_of(request)));
                accepted()
            }
            (&Method::POST, ["init", "error"]) => {
                refused(403, "InvalidStateTransition", "the function has started")
            }
            (&Method::POST, ["invocation", id, how @ ("response" | "error")]) => {
                if self.current.as_deref() != Some(*id) {
                    return refused(400, "InvalidRequestID", "Invalid request ID");
                }
                if *how == "error" { self.failed(request) } else { self.responded(request) }
            }
            _ => refused(404, "NotFound", "no such operation"),
        }
    }

    fn next(&mut self) -> Reply {
        if std::mem::take(&mut self.initialising) {
            self.end(End::Started);
        }
        self.event.take().unwrap_or_else(|| {
            let (sender, receiver) = oneshot::channel();
            self.poll = Some(sender);
            Reply::later(receiver)
        })
    }

    fn responded(&mut self, request: &Request) -> Reply {
        self.current = None;
        if request.body.len() > MAX_PAYLOAD {
            let limit = format!("maximum allowed payload size ({MAX_PAYLOAD} bytes).");
            self.end(End::Invoked(Err(FunctionError {
                error_type: "Function.ResponseSizeTooLarge".to_owned(),
                error_message: format!("Response payload size exceeded {limit}"),
            })));
            return refused(413, "RequestEntityTooLarge", &format!("Exceeded {limit}"));
        }
        self.end(End::Invoked(Ok(Answer { body: request.body.clone() })));
        accepted()
    }

    fn failed(&mut self, request: &Request) -> Reply {
        self.current = None;
        self.end(End::Invoked(Err(error_of(request))));
        accepted()
    }

    fn end(&self, end: End) {
        // Nobody listens any more when the test is over.
        let _ = self.ends.send(end);
    }
}

fn error_of(request: &Request) -> FunctionError {
    serde_json::from_value(request.json())
        .unwrap_or_else(|error| panic!("an error is errorType and errorMessage: {error}"))
}

fn accepted() -> Reply {
    Reply::json(202, &json!({ "status": "OK" }))
}

fn refused(status: u16, kind: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "errorType": kind, "errorMessage": message }))
}

fn lock(service: &Mutex<Service>) -> MutexGuard<'_, Service> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}
