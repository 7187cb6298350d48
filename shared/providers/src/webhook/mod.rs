//! Any provider behind the webhook protocol of ExternalDNS.
//!
//! * API: <https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/webhook-provider/>;
//!   `GET /` negotiates and gives the domain filter, `GET /records` reads, `POST /adjustendpoints`
//!   adjusts, `POST /records` applies.
//! * Authentication: none; the server is a sidecar on the same host.
//! * Limits: none of the protocol; answers are bounded by `--webhook-provider-max-body-size`.
//! * Quirks: there are no zones, so everything is one pseudo-zone. The server does not say which
//!   change it did not like: see [`write`]. It may or may not be atomic.
//! * Record types: whatever the server takes.

mod array;
mod client;
mod wire;
mod write;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    Endpoint, Inventory, Name, Permit, RecordType, Routing, Zone, ZoneIndex, ZoneInventory,
    ZoneKey, parse_go_duration,
};

use crate::{
    Adaptation, Adjusted, CallCount, Capabilities, Provider, ProviderError, Reader, Transport,
    Verdict, Writer,
};
use client::Client;

/// Flags of the webhook provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider webhook")]
pub struct WebhookArgs {
    /// URL of the webhook provider
    #[arg(long, value_name = "URL", default_value = "http://localhost:8888")]
    pub webhook_provider_url: String,

    /// Longest time to wait for an answer; one request may take this and the write timeout together
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_go_duration)]
    pub webhook_provider_read_timeout: Duration,

    /// Longest time to send a request
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_go_duration)]
    pub webhook_provider_write_timeout: Duration,

    /// Most bytes of an answer; 0 or less for no limit
    #[arg(long, value_name = "BYTES", default_value_t = 33_554_432, allow_negative_numbers = true)]
    pub webhook_provider_max_body_size: i64,
}

/// The operation that changes something; [`Transport`] never repeats it blindly.
const APPLY: &str = "apply changes";

/// A webhook provider.
#[derive(Debug)]
pub struct Webhook {
    client: Arc<Client>,
    capabilities: Capabilities,
}

impl Webhook {
    /// The provider behind the URL of the flags. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn new(args: &WebhookArgs) -> Result<Self, ProviderError> {
        let capabilities = Capabilities {
            replaces_rrsets: true,
            ascii_names: false,
            set_identifiers: true,
            alias: true,
            mutating_operations: &[APPLY],
            ..Capabilities::new("webhook")
        };
        let client = Client::new(args, Transport::new(&capabilities))?;
        Ok(Self { client: Arc::new(client), capabilities })
    }
}

#[async_trait]
impl Reader for Webhook {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        let filter = self.client.negotiate().await?;
        let records = self.client.records().await?;
        let everything = Zone::new("webhook", Name::default());
        Ok(Inventory {
            index: ZoneIndex::new(vec![everything], Routing::Longest),
            filter,
            zones: vec![ZoneInventory { zone: ZoneKey(0), records: Ok(records) }],
        })
    }

    async fn adjust(&self, desired: Vec<Endpoint>) -> Result<Adjusted, ProviderError> {
        let adjusted = self.client.adjust(&desired).await?;
        Ok(reattach(desired, adjusted))
    }

    fn calls(&self) -> Vec<CallCount> {
        self.client.transport().calls()
    }
}

impl Provider for Webhook {
    fn writer(&self, _: &Permit, _: &ZoneIndex) -> Result<Box<dyn Writer>, ProviderError> {
        Ok(Box::new(write::WebhookWriter { client: Arc::clone(&self.client) }))
    }
}

/// The protocol carries labels but not who wants a record: each adjusted endpoint gets that back by
/// its key, else from the endpoints of its name. What did not come back is noted.
fn reattach(desired: Vec<Endpoint>, mut adjusted: Vec<Endpoint>) -> Adjusted {
    type Key<'a> = (&'a str, RecordType, &'a str);
    fn key(endpoint: &Endpoint) -> Key<'_> {
        (endpoint.set.name.as_str(), endpoint.set.rtype, endpoint.set.set_identifier())
    }
    // Servers that change little answer in order: then no index is needed.
    let in_order = desired.len() == adjusted.len()
        && desired.iter().zip(&adjusted).all(|(wish, answer)| key(wish) == key(answer));
    if in_order {
        for (wish, answer) in desired.into_iter().zip(&mut adjusted) {
            answer.attribution = wish.attribution;
        }
        return Adjusted { endpoints: adjusted, notes: Vec::new() };
    }
    let by_key: HashMap<Key<'_>, &Endpoint> =
        desired.iter().map(|wish| (key(wish), wish)).collect();
    let mut by_name: HashMap<&str, &Endpoint> = HashMap::new();
    for wish in &desired {
        by_name.entry(wish.set.name.as_str()).or_insert(wish);
    }
    for answer in &mut adjusted {
        let wish = by_key.get(&key(answer)).or_else(|| by_name.get(answer.set.name.as_str()));
        if let Some(wish) = wish {
            answer.attribution = wish.attribution.clone();
        }
    }
    let kept: std::collections::HashSet<Key<'_>> = adjusted.iter().map(key).collect();
    let notes = desired
        .iter()
        .filter(|wish| !kept.contains(&key(wish)))
        .map(|wish| {
            let reason =
                "the webhook provider did not return it from /adjustendpoints in this form";
            Adaptation::of(wish, Verdict::Dropped, reason)
        })
        .collect();
    Adjusted { endpoints: adjusted, notes }
}
