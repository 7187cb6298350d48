//! Sends messages to a queue.

use std::time::Duration;

use extdns_auth::aws_api::{AwsApi, SQS};
use extdns_auth::documents::Reader;
use extdns_auth::{aws_identity, aws_region};
use serde_json::json;

use super::{QueueError, check};
use crate::queue::{GROUP, Message, Posted};

/// The largest answer to a message that was sent.
const ANSWER_BOUND: usize = 64 << 10;

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    url: String,
    api: AwsApi,
    /// How long sending may take in all.
    bound: Duration,
}

impl Queue {
    /// Opens a queue as this sender. Sending a message may take as long as `bound`.
    ///
    /// # Errors
    /// When the URL is not that of such a queue, or there are no credentials.
    pub async fn open(url: &str, sender: Reader, bound: Duration) -> Result<Self, QueueError> {
        check(url)?;
        let failed = |problem: String| QueueError::Identity { url: url.to_owned(), problem };
        let region = match region_of(url) {
            Some(region) => Some(region.to_owned()),
            None => aws_region(&sender).await,
        };
        let options = Reader { region, ..sender };
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
    use super::region_of;

    #[test]
    fn the_host_names_the_region() {
        let right = "https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo";
        assert_eq!(region_of(right), Some("eu-west-1"));
        assert_eq!(region_of("http://127.0.0.1:5000/1/q.fifo"), None);
        assert_eq!(region_of("http://localhost/1/q.fifo"), None);
    }
}
