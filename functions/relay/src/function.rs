//! One event, one call.

use std::fmt;

use extdns_auth::secrets::redact;
use extdns_lambda::{Context, Diagnostic};
use extdns_relay::{Destination, Service};
use extdns_sync::FunctionSettings;
use extdns_sync::relay::{self, Wait};
use extdns_sync::settings::Environment;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::event::Event;

/// What stays from event to event. Events come one after the other.
pub(crate) struct Function(Mutex<Parts>);

/// What the settings make.
struct Parts {
    settings: FunctionSettings,
    service: Service,
}

impl Parts {
    async fn new(settings: FunctionSettings) -> Result<Self, String> {
        let FunctionSettings { arguments, environment, .. } = &settings;
        let queue = relay::queue(arguments, environment, Wait::Briefly).await?;
        let queue = queue.ok_or("the function needs a queue: set EXTERNAL_DNS_QUEUE_URL")?;
        let destination = Destination::Queue(Box::new(queue));
        let service = relay::service(arguments, environment, destination).await?;
        Ok(Self { settings, service })
    }

    /// Finds a configuration file that has changed: it may name other clusters.
    async fn renew(&mut self) {
        let Some(newer) = self.settings.newer().await else { return };
        match Self::new(newer).await {
            Ok(parts) => {
                let former = std::mem::replace(self, parts);
                self.service.follow(&former.service);
            }
            Err(problem) => tracing::error!("the settings stay as they were: {problem}"),
        }
    }
}

impl Function {
    /// Sets up everything that no event changes.
    pub(crate) async fn start(environment: Environment) -> Result<Self, String> {
        let parts = Parts::new(FunctionSettings::start(environment).await?).await?;
        Ok(Self(Mutex::new(parts)))
    }
}

impl extdns_lambda::Function for Function {
    type Error = NoCall;

    async fn handle(&self, event: Box<RawValue>, _: &Context) -> Result<Box<RawValue>, NoCall> {
        let event = Event::read(event.get()).map_err(NoCall)?;
        let answer = match event.body() {
            Ok(body) => {
                let mut parts = self.0.lock().await;
                parts.renew().await;
                parts.service.answer(&event.call(&body)).await
            }
            Err(refused) => refused,
        };
        RawValue::from_string(event.answer(&answer)).map_err(|error| NoCall(error.to_string()))
    }
}

/// An event that is no call.
pub(crate) struct NoCall(String);

/// What the runtime's client logs: a line for people.
impl fmt::Debug for NoCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event is refused: {}", redact(&self.0))
    }
}

impl From<NoCall> for Diagnostic {
    fn from(NoCall(problem): NoCall) -> Self {
        Self { error_type: "Event".to_owned(), error_message: redact(&problem).into_owned() }
    }
}
