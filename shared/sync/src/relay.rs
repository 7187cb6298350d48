//! The relay: the handler of calls with the clusters of the settings, and, where there is no queue, the runs that it
//! asks for in this process.

use std::sync::Arc;
use std::time::Duration;

use extdns_auth::documents::{Place, Reader};
use extdns_relay::queue::{Batch, Ended, Message, STORED_WITHIN, next};
use extdns_relay::{
    Current, Destination, Listener, LocalQueue, Queue, ReadKind, ReadSet, Relay, Service, TlsFiles,
};
use extdns_sources::{GatherOptions, Options};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::ExitCode;
use crate::function::Settings;
use crate::report::{Report, Standing, Summary};
use crate::rounds::{Rounds, Stop};
use crate::settings::{Arguments, Command, Environment};

/// How often the relay looks whether the configuration file has changed.
const LOOKED_AT: Duration = Duration::from_secs(2);

/// How long sending a message may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// An API server waits for the answer, two seconds at most.
    Briefly,
    /// Nobody waits.
    Long,
}

impl Wait {
    fn bound(self) -> Duration {
        match self {
            Self::Briefly => Duration::from_millis(1500),
            Self::Long => Duration::from_secs(30),
        }
    }
}

/// The queue that the settings name; `None` where they name none.
///
/// # Errors
/// When it cannot be used.
pub async fn queue(
    arguments: &Arguments,
    environment: &Environment,
    wait: Wait,
) -> Result<Option<Queue>, String> {
    let Some(url) = &arguments.relay.queue_url else { return Ok(None) };
    let sender = Reader::of(&environment.variables);
    let queue = Queue::open(url, sender, wait.bound()).await;
    queue.map(Some).map_err(|error| error.to_string())
}

/// The handler with the clusters of the settings.
///
/// # Errors
/// When the settings or the credentials cannot be used.
pub async fn service(
    arguments: &Arguments,
    environment: &Environment,
    destination: Destination,
) -> Result<Service, String> {
    let flags = &arguments.relay;
    let mut clusters = Vec::new();
    for entry in &arguments.cluster_entries {
        let options = Options::try_from(&entry.arguments.sources).map_err(|e| e.to_string())?;
        clusters.push((entry.name.clone(), read_set(&options.gather, flags.relay_joins)));
    }
    let place = flags.relay_credentials.as_deref().ok_or(
        "required flag '--relay-credentials' not provided: name the document that says who may call",
    )?;
    let place: Place = place.parse().map_err(|error| format!("--relay-credentials: {error}"))?;
    let reader = Reader::of(&environment.variables);
    let window = flags.window();
    let service = Service::start(Relay::new(clusters), place, reader, destination, window).await;
    service.map_err(|error| format!("--relay-credentials: {error}"))
}

/// What the sources of a cluster read.
pub(crate) fn read_set(options: &GatherOptions, joins: bool) -> ReadSet {
    let kinds = options.watched().into_iter().map(|own| ReadKind {
        group: own.group.to_string(),
        plural: own.plural.to_string(),
        kind: own.kind.to_string(),
        is_joined: own.is_joined,
    });
    ReadSet::new(kinds, joins)
}

/// How a run ended, as far as asking for another one is concerned.
#[must_use]
pub fn ended(report: &Report) -> Ended {
    let is_held = |standing: &Option<Standing>| matches!(standing, Some(Standing::Held { .. }));
    let summary = Summary::of(report);
    match report.exit_code() {
        _ if report.planned_only => Ended::Done,
        ExitCode::Failed | ExitCode::Partial => {
            Ended::Unfinished { progressed: summary.good() > 0 }
        }
        _ if report.targets.iter().any(|target| is_held(&target.standing)) => Ended::Held,
        _ => Ended::Done,
    }
}

/// Takes calls until `stop` resolves. Without a queue the runs are made here.
pub(crate) async fn serve(
    arguments: &Arguments,
    environment: &Environment,
    stop: BoxFuture<'static, ()>,
) -> Result<(), String> {
    let stop = stop.shared();
    let settings = Settings::new(arguments.clone(), environment.clone());
    let local = Arc::new(LocalQueue::default());
    let destination = destination(&settings, &local).await?;
    let runner = match destination {
        Destination::Queue(_) => None,
        Destination::Local(_) => Some(Runner::new(settings.clone(), Arc::clone(&local)).await?),
    };
    let flags = &arguments.relay;
    let files = flags.listen_tls_cert.clone().zip(flags.listen_tls_key.clone());
    let files = files.map(|(cert, key)| TlsFiles { cert, key });
    let service = Arc::new(Current::new(service(arguments, environment, destination).await?));
    let listener = Listener::bind(&flags.listen, files).await.map_err(|e| e.to_string())?;
    let address = listener.address().map_err(|error| error.to_string())?;
    tracing::info!("taking calls on {address}");
    let serving = listener.serve(Arc::clone(&service), stop.clone());
    let renewing = renew(settings, &service, &local, stop.clone());
    let working = async {
        if let Some(runner) = runner {
            runner.work(stop).await;
        }
    };
    tokio::join!(serving, renewing, working);
    Ok(())
}

/// Where the settings say that runs are asked for.
async fn destination(settings: &Settings, local: &Arc<LocalQueue>) -> Result<Destination, String> {
    let queue = queue(&settings.arguments, &settings.environment, Wait::Briefly).await?;
    Ok(queue.map_or_else(
        || Destination::Local(Arc::clone(local)),
        |queue| Destination::Queue(Box::new(queue)),
    ))
}

/// Takes up what changes in the configuration file, until the process is told to stop.
async fn renew(mut settings: Settings, current: &Current, local: &Arc<LocalQueue>, stop: Stop) {
    loop {
        tokio::select! {
            () = stop.clone() => return,
            () = tokio::time::sleep(LOOKED_AT) => {}
        }
        let Some(newer) = settings.newer().await else { continue };
        let made = async {
            settings.refuse_other_listener(&newer)?;
            let destination = destination(&newer, local).await?;
            service(&newer.arguments, &newer.environment, destination).await
        };
        match made.await {
            Ok(service) => {
                current.replace(service);
                settings = newer;
                // There may be more to do, and the runner finds the same file.
                local.ask();
            }
            Err(problem) => tracing::error!("the settings stay as they were: {problem}"),
        }
    }
}

impl Settings {
    /// Refuses what is decided when the relay starts.
    fn refuse_other_listener(&self, newer: &Self) -> Result<(), String> {
        let (own, other) = (&self.arguments.relay, &newer.arguments.relay);
        let changed = [
            ("--listen", own.listen != other.listen),
            ("--listen-tls-cert", own.listen_tls_cert != other.listen_tls_cert),
            ("--listen-tls-key", own.listen_tls_key != other.listen_tls_key),
            ("--queue-url", own.queue_url.is_some() != other.queue_url.is_some()),
        ];
        match changed.iter().find(|(_, is_other)| *is_other) {
            Some((flag, _)) => Err(format!("{flag} has changed: start the relay again for that")),
            None => Ok(()),
        }
    }
}

/// Makes the runs of a relay without a queue: one at a time, when somebody asks and at regular times.
struct Runner {
    settings: Settings,
    arguments: Arguments,
    rounds: Rounds,
    queue: Arc<LocalQueue>,
}

impl Runner {
    async fn new(settings: Settings, queue: Arc<LocalQueue>) -> Result<Self, String> {
        let arguments = Arguments { command: Command::Once, ..settings.arguments.clone() };
        let rounds = Rounds::new(&arguments, &settings.environment).await;
        let rounds = rounds.map_err(|error| error.to_string())?;
        Ok(Self { settings, arguments, rounds, queue })
    }

    async fn work(mut self, stop: Stop) {
        let fresh = || Batch::of(std::iter::empty());
        let (mut batch, mut number) = (fresh(), 0_u64);
        while stop.peek().is_none() {
            number += 1;
            self.renew().await;
            let report = self.rounds.run(stop.clone()).await;
            report.log();
            let again = next(&batch, ended(&report), &number.to_string());
            let again = again.as_ref().map(Message::posted);
            batch = Batch::of(again.iter().map(|own| &*own.body));
            tokio::select! {
                () = stop.clone() => break,
                asked = self.wait(again.is_some()) => {
                    if asked {
                        batch = fresh();
                    }
                }
            }
        }
    }

    /// Finds a configuration file that has changed.
    async fn renew(&mut self) {
        let Some(newer) = self.settings.newer().await else { return };
        let made = async {
            self.settings.refuse_other_listener(&newer)?;
            Self::new(newer, Arc::clone(&self.queue)).await
        };
        match made.await {
            Ok(runner) => *self = runner,
            Err(problem) => tracing::error!("the settings stay as they were: {problem}"),
        }
    }

    /// Waits until a run is due: at the end of the window of a change, for the next attempt, or because it is time.
    /// Whether somebody asked.
    async fn wait(&self, is_repeated: bool) -> bool {
        let window = self.arguments.relay.window();
        let due = if is_repeated { window.delay() } else { self.arguments.process.interval };
        let asked = tokio::time::timeout(due, self.queue.asked()).await.is_ok();
        if asked {
            tokio::time::sleep(window.delay() - STORED_WITHIN).await;
            // What came in the window is in this run; what comes from now on may be stored after it has read.
            let _ = self.queue.asked().now_or_never();
            tokio::time::sleep(STORED_WITHIN).await;
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::read_set;
    use crate::settings::{Environment, Request, resolve};

    fn kinds(flags: &[&str], joins: bool) -> BTreeSet<String> {
        let words = ["plan", "--provider=inmemory"].iter().chain(flags);
        let arguments = words.map(ToString::to_string).collect();
        let environment = Environment { arguments, ..Environment::default() };
        let read = || {
            let Ok(Request::Run(arguments)) = resolve(&environment) else { panic!("{flags:?}") };
            let options = extdns_sources::Options::try_from(&arguments.sources).expect("options");
            let own = read_set(&options.gather, joins);
            own.kinds().map(|own| format!("{}.{}", own.plural, own.group)).collect()
        };
        // Without optimisation the code that clap derives for all flags needs more stack than a test has.
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, read);
            thread.expect("a thread").join().expect("no panic")
        })
    }

    fn set(kinds: &[&str]) -> BTreeSet<String> {
        kinds.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_cluster_is_listened_to_about_what_its_sources_read() {
        let services = set(&["services."]);
        assert_eq!(kinds(&["--source=service"], false), services);
        let joined = set(&["endpointslices.discovery.k8s.io", "nodes.", "pods.", "services."]);
        assert_eq!(kinds(&["--source=service"], true), joined);
        assert_eq!(kinds(&["--source=pod"], false), set(&["pods."]));
        let crd = kinds(&["--source=crd"], false);
        assert!(crd.iter().any(|own| own.contains("externaldns.k8s.io")), "{crd:?}");
        assert_eq!(kinds(&["--source=fake"], true), set(&[]));
    }

    #[test]
    fn the_shipped_webhook_sends_what_its_sources_read() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/aws/kubernetes/webhook.yaml");
        let webhook = std::fs::read_to_string(path).expect("the webhook");
        let webhook: Value = serde_saphyr::from_str(&webhook).expect("YAML");
        let rules = webhook["webhooks"][0]["rules"].as_array().expect("a list");
        let of_rule = |rule: &Value| {
            let group = rule["apiGroups"][0].as_str().expect("text").to_owned();
            let resources = rule["resources"].as_array().expect("a list").clone();
            resources.into_iter().map(move |own| format!("{}.{group}", own.as_str().expect("text")))
        };
        let sent: BTreeSet<String> = rules.iter().flat_map(of_rule).collect();
        let read = kinds(&["--source=service", "--source=ingress"], false);
        let read = read.iter().flat_map(|own| {
            let (plural, group) = own.split_once('.').expect("a dot");
            [format!("{plural}.{group}"), format!("{plural}/status.{group}")]
        });
        assert_eq!(sent, read.collect());
    }
}
