//! What every function of AWS Lambda has in common: one thread, a start that can fail and says so to the service, and
//! events one after the other.

use std::fmt;
use std::panic::AssertUnwindSafe;

use extdns_auth::secrets::redact;
use futures::FutureExt as _;
use lambda_runtime::{LambdaEvent, service_fn};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{Client, build_request};
use serde_json::value::RawValue;

pub use lambda_runtime::{Context, Diagnostic, Error};

/// What the service and the callers of a function that cannot start see as the type of the error.
const KIND: &str = "Configuration";

/// A function that has started.
pub trait Function {
    /// Why an event has no answer. What it shows of itself is a line of the log.
    type Error: Into<Diagnostic> + fmt::Debug;

    /// Handles an event.
    fn handle(
        &self,
        event: Box<RawValue>,
        context: &Context,
    ) -> impl Future<Output = Result<Box<RawValue>, Self::Error>>;
}

/// Starts a function, and lets it handle events until the service ends the process. `problem_of_panic` tells what a
/// panic said.
///
/// # Errors
/// When the function cannot start.
pub fn serve<F: Function>(
    start: impl Future<Output = Result<F, String>>,
    problem_of_panic: fn() -> Option<String>,
) -> Result<(), Error> {
    // One thread: a run waits for the network, and one thread needs the least memory.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        match AssertUnwindSafe(start).catch_unwind().await {
            Ok(Ok(function)) => handle_events(&function).await,
            Ok(Err(problem)) => failed(&problem).await,
            Err(_) => failed(&problem_of_panic().unwrap_or_default()).await,
        }
    });
    // A look-up of a name that hangs in a thread is not waited for.
    runtime.shutdown_background();
    result
}

async fn handle_events<F: Function>(function: &F) -> Result<(), Error> {
    lambda_runtime::Runtime::new(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        function.handle(event.payload, &event.context).await
    }))
    .run()
    .await
}

/// Reports that the function cannot start, and ends with that as its error.
async fn failed(problem: &str) -> Result<(), Error> {
    tracing::error!("config validation failed: {problem}");
    let diagnostic =
        Diagnostic { error_type: KIND.to_owned(), error_message: redact(problem).into_owned() };
    let request = build_request()
        .method("POST")
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", KIND)
        .body(Body::from(serde_json::to_vec(&diagnostic)?))?;
    Client::builder().build()?.call(request).await?;
    Err(redact(problem).into())
}
