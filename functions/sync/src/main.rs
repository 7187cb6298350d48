//! `extdns-fn-sync`: the AWS Lambda function that makes one run per event.
//!
//! The settings come from the variables that the command line program reads. Clients, TLS and credentials are set up
//! once per process; a warm process keeps them, and nothing else, from event to event.

mod answer;
mod event;
mod function;
mod init;
#[cfg(test)]
mod messages;

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use function::Function;

fn main() -> Result<(), lambda_runtime::Error> {
    // One thread: a run waits for the network, and one thread needs the least memory.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(serve());
    // A look-up of a name that hangs in a thread is not waited for.
    runtime.shutdown_background();
    result
}

async fn serve() -> Result<(), lambda_runtime::Error> {
    extdns_sync::catch_panics();
    let function = AssertUnwindSafe(Function::from_environment()).catch_unwind().await;
    let function = match function {
        Ok(Ok(function)) => function,
        Ok(Err(problem)) => return init::failed(&problem).await,
        Err(_) => return init::failed(&extdns_sync::take_panic().unwrap_or_default()).await,
    };
    let function = &function;
    lambda_runtime::Runtime::new(service_fn(move |event: LambdaEvent<Value>| async move {
        function.handle(&event.payload, event.context.deadline()).await
    }))
    .run()
    .await
}
