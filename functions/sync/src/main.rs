//! `extdns-fn-sync`: the AWS Lambda function that makes one run per event.
//!
//! The settings come from the variables that the command line program reads. Clients, TLS and credentials are set up
//! once per process; a warm process keeps them, and nothing else, from event to event. A configuration file that has
//! changed is found after five minutes.

mod answer;
mod event;
mod function;
#[cfg(test)]
mod messages;
mod queue;
mod store;

use extdns_sync::settings::Environment;

fn main() -> Result<(), extdns_lambda::Error> {
    extdns_sync::catch_panics();
    let environment = Environment::of([], std::env::vars_os());
    extdns_lambda::serve(function::Function::start(environment), extdns_sync::take_panic)
}
