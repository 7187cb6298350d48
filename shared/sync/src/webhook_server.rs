//! `--webhook-server`: a provider of ours, served to an ExternalDNS by its webhook protocol. No cluster is needed.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use extdns_providers::webhook::{self, WebhookServerArgs};
use extdns_providers::{Accounts, Deadline, Provider};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};

use crate::permit::permit;
use crate::repeat::exposed;
use crate::report::Metrics;
use crate::serve::{Answer, Server, Times};
use crate::settings::{Arguments, Environment, SettingsError};
use crate::wiring::provider;
use crate::{ExitCode, RunRequest};

/// Where ExternalDNS looks for a webhook provider, unless it is told another place.
const ADDRESS: &str = "127.0.0.1:8888";

/// Serves the provider of the arguments until the process is told to stop.
///
/// # Errors
/// The first setting that cannot be used.
pub(crate) async fn serve(
    arguments: &Arguments,
    environment: &Environment,
    stop: BoxFuture<'static, ()>,
) -> Result<ExitCode, SettingsError> {
    let served = Served::new(arguments, environment).await?;
    let stop = stop.shared();
    let address = &arguments.process.metrics_address;
    match exposed::open(address, Arc::new(Mutex::new(Metrics::default()))).await {
        Ok(metrics) => drop(tokio::spawn(metrics(stop.clone()))),
        Err(error) => {
            tracing::error!("failed to listen on --metrics-address={address}: {error}");
            return Ok(ExitCode::Failed);
        }
    }
    match served.open(ADDRESS).await {
        Ok((address, serving)) => {
            tracing::info!("serving the webhook protocol on {address}");
            serving(stop.boxed()).await;
            tracing::info!("Received SIGTERM. Terminating...");
            Ok(ExitCode::Success)
        }
        Err(error) => {
            tracing::error!("failed to listen on {ADDRESS}: {error}");
            Ok(ExitCode::Failed)
        }
    }
}

/// A provider that is ready to be served.
pub struct Served {
    server: Arc<webhook::Server>,
    times: Times,
    bounds: Bounds,
}

/// What serves until a future resolves.
pub type Serving = Box<dyn FnOnce(BoxFuture<'static, ()>) -> BoxFuture<'static, ()> + Send>;

/// What a request may take.
#[derive(Clone, Copy)]
struct Bounds {
    /// Bytes of its body.
    body: usize,
    /// Time for its body.
    read: Duration,
    /// Time until its answer.
    write: Duration,
}

impl Served {
    /// The provider that the arguments name.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub async fn new(
        arguments: &Arguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let [target] = arguments.target_entries.as_slice() else {
            let problem =
                "--webhook-server serves one provider, and several targets are configured";
            return Err(SettingsError::Invalid(problem.to_owned()));
        };
        if target.arguments.providers.provider.name == "webhook" {
            let problem = "--webhook-server serves a provider of its own, and --provider=webhook is none; \
                           name the provider that is to be served";
            return Err(SettingsError::Invalid(problem.to_owned()));
        }
        let made = provider(target, arguments, environment, &Accounts::default()).await?;
        Self::over(made, arguments)
    }

    /// The same over a provider that is there already.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn over(provider: Arc<dyn Provider>, arguments: &Arguments) -> Result<Self, SettingsError> {
        let filter = arguments.plan.filter().map_err(SettingsError::invalid)?;
        let request = RunRequest::of(arguments)?;
        let flags = &arguments.providers.webhook;
        let WebhookServerArgs {
            webhook_provider_read_header_timeout: head,
            webhook_provider_idle_timeout: idle,
            ..
        } = arguments.providers.webhook_server;
        let body = usize::try_from(flags.webhook_provider_max_body_size);
        Ok(Self {
            server: Arc::new(webhook::Server::new(provider, permit(&request), filter)),
            times: Times { head, idle },
            bounds: Bounds {
                body: body.ok().filter(|most| *most > 0).unwrap_or(usize::MAX),
                read: flags.webhook_provider_read_timeout,
                write: flags.webhook_provider_write_timeout,
            },
        })
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn open(self, address: &str) -> io::Result<(SocketAddr, Serving)> {
        let Self { server, times, bounds } = self;
        let listener = Server::bind(address, times).await?;
        let handler = move |request: Request<Incoming>| {
            let server = Arc::clone(&server);
            async move { answer(&server, request, bounds).await }
        };
        let address = listener.address()?;
        let serving: Serving = Box::new(move |stop| listener.serve(handler, stop).boxed());
        Ok((address, serving))
    }
}

/// Answers a request. Where that takes too long, the work goes on, and the client is told that it does not know.
async fn answer(
    server: &Arc<webhook::Server>,
    request: Request<Incoming>,
    bounds: Bounds,
) -> Answer {
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
    let body = match webhook::Server::takes_body(&method, &path) {
        false => Bytes::new(),
        true => match within(bounds.read, read(body, bounds.body)).await {
            Some(Ok(body)) => body,
            Some(Err(status)) => return response(webhook::Answer::status(status)),
            None => return response(webhook::Answer::status(408)),
        },
    };
    let server = Arc::clone(server);
    let work =
        tokio::spawn(async move { server.answer(&method, &path, &body, Deadline::none()).await });
    match within(bounds.write, work).await {
        Some(Ok(answer)) => response(answer),
        Some(Err(error)) => {
            tracing::error!("failed to answer a request: {error}");
            response(webhook::Answer::status(500))
        }
        None => {
            tracing::warn!(
                "a request took longer than --webhook-provider-write-timeout; it goes on without an answer"
            );
            response(webhook::Answer::status(503))
        }
    }
}

/// What is done within the time; zero is for ever.
async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    if time.is_zero() {
        return Some(work.await);
    }
    tokio::time::timeout(time, work).await.ok()
}

/// How much more of a body is read, and forgotten, so that its sender hears why it is refused.
const DRAINED: usize = 256 << 10;

/// The body, or the status that refuses it.
async fn read(mut body: Incoming, most: usize) -> Result<Bytes, u16> {
    let mut whole = Vec::new();
    let mut over = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| 400_u16)?.into_data() else { continue };
        if over == 0 && data.len() <= most - whole.len() {
            whole.extend_from_slice(&data);
            continue;
        }
        whole = Vec::new();
        over += data.len();
        if over > DRAINED {
            break;
        }
    }
    if over > 0 { Err(413) } else { Ok(whole.into()) }
}

fn response(answer: webhook::Answer) -> Answer {
    let has_body = answer.body.is_some();
    let mut response = Response::new(Full::new(answer.body.unwrap_or_default().into()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if has_body {
        let media_type = HeaderValue::from_static(webhook::Answer::MEDIA_TYPE);
        response.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    response
}
