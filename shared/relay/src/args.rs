//! The flags of the relay, and of the queue that it shares with the function `sync`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgAction;
use extdns_model::parse_go_duration;

use crate::queue::Window;

/// The flags.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Relay and queue")]
pub struct Args {
    /// The queue of SQS in which runs are asked for: by the relay when something changes, by the function sync when a
    /// run is to be made again; without one, the relay makes the runs itself
    #[arg(long, value_name = "URL")]
    pub queue_url: Option<String>,

    /// The time in which changes are taken together: a run starts five seconds after its end
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_go_duration)]
    pub relay_window: Duration,

    /// Also ask for a run when an object changes that only completes others, such as a pod of a service
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub relay_joins: bool,

    /// With relay: who may call, as a document of JSON: a path, secretsManager:NAME, ssm:NAME or s3://bucket/key
    #[arg(long, value_name = "WHERE")]
    pub relay_credentials: Option<String>,

    /// With relay: the address on which calls are taken
    #[arg(long, value_name = "ADDRESS", default_value = ":8443")]
    pub listen: String,

    /// With relay: the certificate chain of the server, as PEM; it is read again when it is replaced
    #[arg(long, value_name = "FILE", requires = "listen_tls_key")]
    pub listen_tls_cert: Option<PathBuf>,

    /// With relay: the private key of the server, as PEM
    #[arg(long, value_name = "FILE", requires = "listen_tls_cert")]
    pub listen_tls_key: Option<PathBuf>,
}

impl Args {
    /// The windows of the queue.
    #[must_use]
    pub fn window(&self) -> Window {
        Window::new(self.relay_window)
    }

    /// Whether the URL is that of a queue that fits.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<(), crate::QueueError> {
        self.queue_url.as_deref().map_or(Ok(()), crate::sqs::check)
    }
}
