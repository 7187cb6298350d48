//! Any provider behind the webhook protocol of ExternalDNS.
//!
//! * API: <https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/webhook-provider/>;
//!   `GET /` negotiates and gives the domain filter, `GET /records` reads, `POST /adjustendpoints`
//!   adjusts, `POST /records` applies.
//! * Authentication: none; the server is a sidecar on the same host.
//! * Limits: none of the protocol; answers are bounded by `--webhook-provider-max-body-size`, each
//!   endpoint of them by [`wire::array::MOST_OF_ELEMENT`]. A server that finds a request too large (413)
//!   is sent smaller ones.
//! * Retries: negotiation, reading and adjusting, as long as a try that hangs has not used up the
//!   time of one request. Changes are sent again only after a look at what became of them.
//! * Time: a request takes no longer than its two timeouts together, and ends with the run.
//! * Conditions: the protocol has none. Before the first POST that deletes a record or gives it to
//!   another owner, all records are read once more, and a record that differs from what the plan saw is
//!   not written. Not noticed is what changes between that answer and the POST, and before an update that
//!   keeps the owner.
//! * Where an answer of `/adjustendpoints` lacks an endpoint, nothing of its name is deleted. A server
//!   may leave out what it cannot store, but that cannot be distinguished from a fault.
//! * Quirks: there are no zones, so everything is in one pseudo-zone. The server does not say which
//!   change it refuses: see [`client::write`]. It may apply a part of a request or nothing.
//! * Record types: those that the server takes. A record without a name or with a type that does not
//!   exist is left out of its list, with a warning. Nothing is created at a name at which it lists a
//!   record without a type.

mod client;
mod counts;
mod server;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    Endpoint, Inventory, Name, Permit, RecordSet, Routing, Surroundings, Zone, ZoneIndex,
    ZoneInventory, ZoneKey, parse_go_duration,
};

use crate::{
    Adjusted, CallCount, Capabilities, Context, Provider, ProviderError, Reader, Stores, Transport,
    Updates, Writer,
};
use client::{Client, Listed};
pub use counts::{RequestCount, request_counts};
pub use server::{Answer, Server};

/// Flags of the webhook provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider webhook")]
pub struct WebhookArgs {
    /// URL of the webhook provider
    #[arg(long, value_name = "URL", default_value = "http://localhost:8888")]
    pub webhook_provider_url: String,

    /// Longest time to wait for an answer, or as a server for a request; one request of ours may take this and the
    /// write timeout together
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_go_duration)]
    pub webhook_provider_read_timeout: Duration,

    /// Longest time to send a request, or as a server to make an answer
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_go_duration)]
    pub webhook_provider_write_timeout: Duration,

    /// Most bytes of an answer, or as a server of a request; 0 or less for no limit
    #[arg(long, value_name = "BYTES", default_value_t = 33_554_432, allow_negative_numbers = true)]
    pub webhook_provider_max_body_size: i64,
}

/// Flags of serving a provider to others.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Webhook server")]
pub struct WebhookServerArgs {
    /// Serve the provider to an ExternalDNS on 127.0.0.1:8888 by the webhook protocol, in place of making runs
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub webhook_server: bool,

    /// Longest time for the head of a request; 0 for no limit
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_go_duration)]
    pub webhook_provider_read_header_timeout: Duration,

    /// Longest time between two requests of a connection; 0 for no limit
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_go_duration)]
    pub webhook_provider_idle_timeout: Duration,
}

/// The media type of both directions, exactly.
const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";

const NEGOTIATE: &str = "negotiate";
const RECORDS: &str = "get records";
const ADJUST: &str = "adjust endpoints";
/// The operation that changes something; [`Transport`] does not repeat it if it may have been done.
const APPLY: &str = "apply changes";

impl WebhookArgs {
    /// Longest time of one request; none where both timeouts are zero.
    fn request_time(&self) -> Option<Duration> {
        let sum =
            self.webhook_provider_read_timeout.saturating_add(self.webhook_provider_write_timeout);
        (sum > Duration::ZERO).then_some(sum)
    }
}

/// A webhook provider.
#[derive(Debug)]
pub struct Webhook {
    client: Arc<Client>,
    capabilities: Capabilities,
    /// The keys of names at which the server lists something unknown.
    unclear: Mutex<HashSet<String>>,
}

impl Webhook {
    /// The provider behind the URL of the flags. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or a file of the TLS flags cannot be used.
    pub fn new(args: &WebhookArgs, context: &Context) -> Result<Self, ProviderError> {
        let capabilities = Capabilities {
            stores: Stores::Sets(Updates::InPlace),
            ascii_names: false,
            follows_dns: false,
            set_identifiers: true,
            alias: true,
            request_time: args.request_time(),
            mutating_operations: &[APPLY],
            ..Capabilities::new("webhook")
        };
        let via = Transport::new(&capabilities);
        let via = via.among(&context.accounts, &args.webhook_provider_url);
        let client = Client::new(args, via, &context.http)?;
        Ok(Self { client: Arc::new(client), capabilities, unclear: Mutex::default() })
    }

    /// A panic elsewhere leaves the texts as they are.
    fn unclear(&self) -> MutexGuard<'_, HashSet<String>> {
        self.unclear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Reader for Webhook {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn server(&self) -> Option<String> {
        Some(self.client.server())
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        let filter = self.client.negotiate().await?;
        let Listed { records, unclear } = self.client.records().await?;
        *self.unclear() = unclear.iter().map(|name| name.key().into_owned()).collect();
        let everything = Zone::new("webhook", Name::default());
        Ok(Inventory {
            index: ZoneIndex::new(vec![everything], Routing::Longest),
            filter,
            zones: vec![ZoneInventory { zone: ZoneKey(0), records: Ok(records) }],
        })
    }

    async fn adjust(
        &self,
        desired: Vec<Endpoint>,
        _zones: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError> {
        self.client.adjust(desired).await
    }

    /// A record of which the server does not name the type must not be overwritten.
    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        if self.unclear().contains(&*set.name.key()) {
            let reason = "the webhook provider lists something of this name without a type, so it is \
                          not known what is there; see the provider's log for why";
            return Some(reason.to_owned());
        }
        crate::storable::refusal(&self.capabilities, set, around)
    }

    fn calls(&self) -> Vec<CallCount> {
        self.client.transport().calls()
    }
}

impl Provider for Webhook {
    fn writer(&self, _: &Permit, _: &ZoneIndex) -> Result<Box<dyn Writer>, ProviderError> {
        Ok(Box::new(client::write::WebhookWriter { client: Arc::clone(&self.client) }))
    }
}
