//! Settings and providers of the tests.

use std::sync::Arc;

use extdns_auth::AwsIdentity;
use extdns_providers::aws::{self, Login};
use extdns_providers::{Context, Provider};
use extdns_sync::report::Report;
use extdns_sync::settings::{Arguments, Environment, Request, resolve};
use extdns_sync::{Input, Mode, RunRequest, Wiring};
use extdns_testkit::route53::{ACCOUNT, Route53Sim};

const USUAL: [&str; 3] = ["--provider=inmemory", "--txt-owner-id=me", "--policy=sync"];

/// What the command line says. Flags that are given again win over the usual ones.
pub(crate) fn settings(flags: &[&str]) -> (Arguments, Environment) {
    let name =
        |flag: &str| flag.split_once('=').map_or(flag.to_owned(), |(name, _)| name.to_owned());
    let usual = USUAL.iter().filter(|usual| !flags.iter().any(|flag| name(flag) == name(usual)));
    let words = std::iter::once(&"--once").chain(usual).chain(flags);
    let arguments = words.map(ToString::to_string).collect();
    let environment = Environment { arguments, ..Environment::default() };
    match resolve(&environment) {
        Ok(Request::Run(arguments)) => (*arguments, environment),
        other => panic!("{flags:?}: {other:?}"),
    }
}

/// Empty zones in memory, as the flags name them.
pub(crate) async fn in_memory(zones: &[&str]) -> Arc<dyn Provider> {
    let zones: Vec<String> = zones.iter().map(|zone| format!("--inmemory-zone={zone}")).collect();
    let flags: Vec<&str> =
        std::iter::once("--source=fake").chain(zones.iter().map(String::as_str)).collect();
    let (arguments, _) = settings(&flags);
    let entry = arguments.providers.provider;
    let context = Context::default();
    entry.build(&arguments.providers, &context).await.expect("a provider").into()
}

/// The user whose key [`route53`] has.
pub(crate) const USER: &str = "AKIATEST";

/// Route 53 as these settings see it.
pub(crate) fn route53(sim: &Route53Sim, arguments: &Arguments) -> Arc<dyn Provider> {
    let config = sim.sdk_config(USER);
    let login = Login::new("default", &AwsIdentity { config, account: ACCOUNT.to_owned() });
    let filter = arguments.plan.filter().expect("a filter");
    let context = arguments.providers.shared.context(filter).expect("flags");
    Arc::new(aws::over(vec![login], &arguments.providers.aws, &context))
}

/// A run's parts over a provider, with objects from standard input.
pub(crate) fn wiring(provider: &Arc<dyn Provider>, flags: &[&str]) -> Wiring {
    let (arguments, environment) = settings(flags);
    let name = arguments.providers.provider.name;
    Wiring::assemble(&arguments, &environment, Arc::clone(provider), name).expect("settings")
}

/// The same with these objects on standard input.
pub(crate) fn reading(mut wiring: Wiring, objects: &str) -> Wiring {
    wiring.input = Input::from(objects.as_bytes());
    wiring
}

/// Applies these objects.
pub(crate) async fn apply(provider: &Arc<dyn Provider>, flags: &[&str], objects: &str) -> Report {
    let wiring = reading(wiring(provider, flags), objects);
    let request = RunRequest { mode: Mode::Apply, ..RunRequest::default() };
    let report = extdns_sync::run(&wiring, &request).await;
    assert!(report.failure.is_none(), "{:?}", report.failure);
    report
}
