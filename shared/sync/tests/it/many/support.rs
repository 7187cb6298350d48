//! Settings of a configuration file, and runs with them.

use std::path::Path;
use std::sync::Arc;

use extdns_providers::Provider;
use extdns_sync::report::Report;
use extdns_sync::settings::{Arguments, ConfigText, Environment, Request, resolve};
use extdns_sync::{RunRequest, Wiring};

/// What the file and the command line say. Without optimisation the code that clap derives for all flags needs more
/// stack than a test has.
pub(crate) fn settings(config: &str, words: &[&str]) -> (Box<Arguments>, Environment) {
    let arguments =
        words.iter().copied().chain(["--config=conf.yaml"]).map(str::to_owned).collect();
    let config = ConfigText { place: "conf.yaml".to_owned(), text: config.to_owned() };
    let environment = Environment { arguments, config: Some(config), ..Environment::default() };
    let resolve = || match resolve(&environment) {
        Ok(Request::Run(arguments)) => arguments,
        other => panic!("{other:?}"),
    };
    let arguments = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, resolve);
        thread.expect("a thread").join().expect("settings")
    });
    (arguments, environment)
}

/// The parts of a run over these providers, one for each target.
pub(crate) fn wired(
    config: &str,
    words: &[&str],
    providers: &[Arc<dyn Provider>],
) -> (Wiring, RunRequest) {
    let (arguments, environment) = settings(config, words);
    let wiring = Wiring::over(&arguments, &environment, providers.to_vec()).expect("settings");
    let request = RunRequest::of(&arguments).expect("a request");
    (wiring, request)
}

/// Runs once.
pub(crate) async fn run(config: &str, words: &[&str], providers: &[Arc<dyn Provider>]) -> Report {
    let (wiring, request) = wired(config, words, providers);
    Box::pin(extdns_sync::run(&wiring, &request)).await
}

/// A file of load balancer services for these hosts.
pub(crate) fn objects(folder: &Path, name: &str, hosts: &[String]) -> String {
    let path = folder.join(format!("{name}.yaml"));
    let hosts = hosts.iter().map(|host| (host.as_str(), "192.0.2.1"));
    std::fs::write(&path, crate::support::services(hosts)).expect("objects");
    path.display().to_string()
}

/// `www.<name>.example.org`
pub(crate) fn host(name: &str) -> Vec<String> {
    vec![format!("www.{name}.example.org")]
}
