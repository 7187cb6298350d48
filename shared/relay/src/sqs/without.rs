//! In place of the queue, in a program that was built without AWS.

use std::convert::Infallible;
use std::time::Duration;

use extdns_auth::documents::Reader;

use super::{QueueError, check};
use crate::queue::Message;

/// A queue, of which this program has none.
#[derive(Debug, Clone)]
pub struct Queue(Infallible);

impl Queue {
    /// Says that there is none.
    ///
    /// # Errors
    /// Always.
    #[expect(clippy::unused_async, reason = "with AWS, it makes calls")]
    pub async fn open(url: &str, _: Reader, _: Duration) -> Result<Self, QueueError> {
        check(url)?;
        let problem = "this program was built without AWS".to_owned();
        Err(QueueError::Identity { url: url.to_owned(), problem })
    }

    /// Is never called.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "with AWS, it makes calls")]
    pub async fn post(&self, _: &Message) -> Result<(), QueueError> {
        match self.0 {}
    }
}
