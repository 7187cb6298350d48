//! The relay at work: credentials that are read again, and where runs are asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use extdns_auth::documents::{self, Place};
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use crate::call::{Answer, Call};
use crate::credentials::Credentials;
use crate::handler::{Received, Relay, Trigger};
use crate::queue::{Message, Window};
use crate::sqs::{Queue, QueueError};

/// The largest document of credentials, in bytes.
const DOCUMENT_BOUND: usize = 64 << 10;

/// How old the credentials may be: after this time a value that was taken away is no longer valid.
const KEPT: Duration = Duration::from_secs(300);

/// How soon credentials are read again when a caller is refused, as it may have new ones.
const REFRESHED: Duration = Duration::from_secs(30);

/// Where runs are asked for.
#[derive(Debug, Clone)]
pub enum Destination {
    /// The queue of the function.
    Queue(Box<Queue>),
    /// This process.
    Local(Arc<LocalQueue>),
}

/// The wishes for runs of this process: any number of them is one run.
#[derive(Debug, Default)]
pub struct LocalQueue {
    wish: Notify,
}

impl LocalQueue {
    /// Asks for a run.
    pub fn ask(&self) {
        self.wish.notify_one();
    }

    /// Resolves when somebody has asked for a run since the last time.
    pub async fn asked(&self) {
        self.wish.notified().await;
    }
}

/// The relay at work.
#[derive(Debug)]
pub struct Service {
    relay: Relay,
    place: Place,
    reader: documents::Reader,
    credentials: RwLock<Known>,
    refreshing: Mutex<()>,
    destination: Destination,
    window: Window,
    /// The last window for which a message was sent, and one more: 0 for none.
    sent: AtomicU64,
}

/// The service of a process whose settings may change.
#[derive(Debug)]
pub struct Current(RwLock<Arc<Service>>);

impl Current {
    /// Begins with a service.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self(RwLock::new(Arc::new(service)))
    }

    /// The service for a call that comes now.
    #[must_use]
    pub fn get(&self) -> Arc<Service> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another service in its place. Calls that are being answered are answered by the former one.
    pub fn replace(&self, mut service: Service) {
        service.follow(&self.get());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(service);
    }
}

#[derive(Debug)]
struct Known {
    credentials: Arc<Credentials>,
    at: Instant,
}

impl Service {
    /// Reads the credentials, and is ready.
    ///
    /// # Errors
    /// When the credentials cannot be read, or are not sound.
    pub async fn start(
        relay: Relay,
        place: Place,
        reader: documents::Reader,
        destination: Destination,
        window: Window,
    ) -> Result<Self, String> {
        let credentials = read(&place, &reader).await?;
        for cluster in credentials.clusters() {
            if !relay.clusters().any(|own| own == cluster) {
                tracing::warn!(
                    "{place} has a token of cluster {cluster:?}, which is not configured"
                );
            }
        }
        let known = Known { credentials: Arc::new(credentials), at: Instant::now() };
        Ok(Self {
            relay,
            place,
            reader,
            credentials: RwLock::new(known),
            refreshing: Mutex::new(()),
            destination,
            window,
            sent: AtomicU64::new(0),
        })
    }

    /// Comes in the place of a former one, with other settings: a signature that it has taken is not taken again.
    pub fn follow(&mut self, former: &Self) {
        self.relay.follow(&former.relay);
    }

    /// Answers a call, and asks for the run that it asks for. An admission review is always answered: what could not
    /// be sent is in the log, and the schedule makes up for it.
    pub async fn answer(&self, call: &Call<'_>) -> Answer {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let credentials = self.credentials_within(KEPT).await;
        let mut received = self.relay.receive(&credentials, call, now.as_secs());
        if received.answer.status == 401 {
            let newer = self.credentials_within(REFRESHED).await;
            if !Arc::ptr_eq(&newer, &credentials) {
                received = self.relay.receive(&newer, call, now.as_secs());
            }
        }
        let Received { answer, trigger } = received;
        match trigger {
            Some(trigger) => self.ask(answer, trigger, now).await,
            None => {
                if answer.status >= 400 {
                    tracing::warn!(status = answer.status, "a call was refused");
                }
                answer
            }
        }
    }

    async fn ask(&self, answer: Answer, trigger: Trigger, now: Duration) -> Answer {
        let Trigger { cluster, reason, is_awaited } = trigger;
        let window = self.window.index(now);
        tracing::debug!(cluster, object = reason, window, "a run is asked for");
        let sent = match &self.destination {
            Destination::Local(queue) => {
                queue.ask();
                Ok(())
            }
            // The queue has the message of this window.
            Destination::Queue(_) if self.sent.load(Ordering::Relaxed) == window + 1 => Ok(()),
            Destination::Queue(queue) => {
                self.send(queue, Message::Change { window, cluster, object: reason }).await
            }
        };
        match sent {
            Ok(()) => answer,
            Err(error) => {
                tracing::error!("failed to {error}; the change waits for the schedule");
                if is_awaited {
                    Answer::refused(503, "the run could not be asked for")
                } else {
                    answer
                }
            }
        }
    }

    async fn send(&self, queue: &Queue, message: Message) -> Result<(), QueueError> {
        queue.post(&message).await?;
        if let Message::Change { window, cluster, object } = message {
            self.sent.store(window + 1, Ordering::Relaxed);
            tracing::info!(cluster, object, window, "asked for a run");
        }
        Ok(())
    }

    /// The credentials, read again where they are older than this. Where they cannot be read, those that are known
    /// stay valid.
    async fn credentials_within(&self, age: Duration) -> Arc<Credentials> {
        if let Some(own) = self.known(age) {
            return own;
        }
        let _one_at_a_time = self.refreshing.lock().await;
        if let Some(own) = self.known(age) {
            return own;
        }
        let read = read(&self.place, &self.reader).await;
        let mut known = self.credentials.write().unwrap_or_else(PoisonError::into_inner);
        known.at = Instant::now();
        match read {
            Ok(new) => known.credentials = Arc::new(new),
            Err(error) => tracing::error!("failed to read the credentials again: {error}"),
        }
        Arc::clone(&known.credentials)
    }

    fn known(&self, age: Duration) -> Option<Arc<Credentials>> {
        let known = self.credentials.read().unwrap_or_else(PoisonError::into_inner);
        (known.at.elapsed() < age).then(|| Arc::clone(&known.credentials))
    }
}

async fn read(place: &Place, reader: &documents::Reader) -> Result<Credentials, String> {
    let document = documents::read(place, reader, std::io::empty(), DOCUMENT_BOUND).await;
    let document = document.map_err(|error| error.to_string())?;
    Credentials::read(&document).map_err(|error| format!("{place}: {error}"))
}
