//! From a call of a cluster to a run: what the relay does with an admission review or a request of another
//! caller, and the messages of the queue between the relay and the function `sync`.
//!
//! [`Relay`] is the handler, without I/O: it authenticates a call before it reads its body, and says what is
//! answered and whether a run is asked for. [`Service`] puts it to work: credentials that are read again while
//! the process lives, and where runs are asked for. [`listen`] serves it over HTTP. [`queue`] holds the rules
//! of the queue, without I/O too.

mod args;
mod call;
mod credentials;
mod handler;
mod listen;
#[cfg(test)]
mod messages;
pub mod queue;
mod read_set;
mod review;
mod seen;
mod service;
mod sqs;

pub use args::Args;
pub use call::{Answer, Call};
pub use credentials::{Credentials, CredentialsError};
pub use handler::{BODY_LIMIT, Received, Relay, Trigger};
pub use listen::{ListenError, Listener, TlsFiles};
pub use read_set::{ReadKind, ReadSet};
pub use service::{Current, Destination, LocalQueue, Service};
pub use sqs::{Queue, QueueError};
