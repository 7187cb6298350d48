//! The queue of Amazon SQS.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use std::time::Duration;

use extdns_auth::aws_api::{AwsApi, SQS};
use extdns_auth::{AwsOptions, AwsVariables, aws_identity, aws_region};
use serde_json::json;

use crate::queue::{GROUP, Message, Posted};

/// The largest answer to a message that was sent.
const ANSWER_BOUND: usize = 64 << 10;

/// The end of the name of every queue that keeps the order.
const FIFO: &str = ".fifo";

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    url: String,
    api: AwsApi,
    /// How long sending may take in all.
    bound: Duration,
}

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

impl Queue {
    /// Opens a queue with the credentials of the environment. Sending a message may take as long as `bound`.
    ///
    /// # Errors
    /// When the URL is not that of such a queue, or there are no credentials.
    pub async fn open(
        url: &str,
        variables: AwsVariables,
        bound: Duration,
    ) -> Result<Self, QueueError> {
        check(url)?;
        let failed = |problem: String| QueueError::Identity { url: url.to_owned(), problem };
        let options = AwsOptions { variables, ..AwsOptions::default() };
        let region = match region_of(url) {
            Some(region) => Some(region.to_owned()),
            None => aws_region(&options).await,
        };
        let options = AwsOptions { region, ..options };
        let identity = aws_identity(&options).await.map_err(|error| failed(error.to_string()))?;
        let api = AwsApi::new(&options, &identity).map_err(|error| failed(error.to_string()))?;
        Ok(Self { url: url.to_owned(), api, bound })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the service does not take it in time.
    pub async fn post(&self, message: &Message) -> Result<(), QueueError> {
        let Posted { body, deduplication_id } = message.posted();
        let question = json!({
            "QueueUrl": self.url,
            "MessageBody": body,
            "MessageGroupId": GROUP,
            "MessageDeduplicationId": deduplication_id,
        });
        let question = question.to_string().into_bytes();
        let sent = self.api.json(&SQS, None, "SendMessage", question, ANSWER_BOUND);
        let url = || self.url.clone();
        match tokio::time::timeout(self.bound, sent).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(QueueError::Refused { url: url(), problem: error.to_string() }),
            Err(_) => Err(QueueError::Late { url: url(), bound: self.bound }),
        }
    }
}

/// Whether a URL is that of a queue that keeps the order.
pub(crate) fn check(url: &str) -> Result<(), QueueError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let has_path = rest
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(host, path)| !host.is_empty() && path.contains('/') && path.ends_with(FIFO));
    if has_path { Ok(()) } else { Err(QueueError::Url(url.to_owned())) }
}

/// The region in the host of a URL: `sqs.eu-west-1.amazonaws.com`.
fn region_of(url: &str) -> Option<&str> {
    let host = url.split("://").nth(1)?.split('/').next()?;
    let mut words = host.split('.');
    let service = words.next()?;
    let region = words.next()?;
    (matches!(service, "sqs" | "sqs-fips") && region.contains('-')).then_some(region)
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
        assert_eq!(region_of(right), Some("eu-west-1"));
        assert_eq!(region_of("http://127.0.0.1:5000/1/q.fifo"), None);
        assert_eq!(region_of("http://localhost/1/q.fifo"), None);
    }
}
