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

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use function::Function;

// One thread: a run waits for the network, and one thread needs the least memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let function = match Function::from_environment().await {
        Ok(function) => function,
        Err(problem) => return init::failed(&problem).await,
    };
    let function = &function;
    lambda_runtime::Runtime::new(service_fn(move |event: LambdaEvent<Value>| async move {
        function.handle(&event.payload, event.context.deadline()).await
    }))
    .run()
    .await
}
