//! `extdns-fn-relay`: the AWS Lambda function that turns a cluster's webhook calls into messages of the queue.
//!
//! It is called through a function URL, an API Gateway or a load balancer. What a call is answered, and whether it
//! asks for a run, is decided in `shared/relay`; here are the forms of events and answers.

mod event;
mod function;

use extdns_sync::settings::Environment;

fn main() -> Result<(), extdns_lambda::Error> {
    extdns_sync::catch_panics();
    let environment = Environment::of(["relay".into()], std::env::vars_os());
    extdns_lambda::serve(function::Function::start(environment), extdns_sync::take_panic)
}
