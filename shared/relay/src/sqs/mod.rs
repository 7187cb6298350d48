//! The queue of Amazon SQS.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

#[cfg(feature = "aws")]
mod client;
#[cfg(not(feature = "aws"))]
mod without;

use std::time::Duration;

#[cfg(feature = "aws")]
pub use client::Queue;
#[cfg(not(feature = "aws"))]
pub use without::Queue;

/// The end of the name of every queue that keeps the order.
const FIFO: &str = ".fifo";

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The URL is not that of a queue that fits.
    #[error(
        "--queue-url={0}: give the URL of a queue of SQS that keeps the order, like https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo"
    )]
    Url(String),
    /// There are no credentials.
    #[error("the queue {url}: {problem}")]
    Identity {
        /// The queue.
        url: String,
        /// What is missing.
        problem: String,
    },
    /// The service did not take it.
    #[error(
        "send a message to {url}: {problem}; allow sqs:SendMessage on it where access is denied"
    )]
    Refused {
        /// The queue.
        url: String,
        /// What the service says.
        problem: String,
    },
    /// There was no answer in time.
    #[error("send a message to {url}: no answer within {bound:?}")]
    Late {
        /// The queue.
        url: String,
        /// The time that there was.
        bound: Duration,
    },
}

/// Whether a URL is that of a queue that keeps the order.
pub(crate) fn check(url: &str) -> Result<(), QueueError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let has_path = rest
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(host, path)| !host.is_empty() && path.contains('/') && path.ends_with(FIFO));
    if has_path { Ok(()) } else { Err(QueueError::Url(url.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_queue_that_keeps_the_order_will_do() {
        let right = "https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo";
        assert!(check(right).is_ok());
        assert!(check("http://127.0.0.1:5000/123456789012/q.fifo").is_ok());
        for wrong in
            ["", "extdns.fifo", "https://sqs.eu-west-1.amazonaws.com/1/q", "https:///1/q.fifo"]
        {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
