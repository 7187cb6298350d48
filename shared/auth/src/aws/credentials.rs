//! Credentials that were fetched already, and what went wrong when they could not be.

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

/// What credentials must still hold to be worth giving away.
const MARGIN: Duration = Duration::from_secs(60);

/// Gives what was fetched already as long as it holds, so that nothing is fetched twice, however many
/// clients there are; then it asks.
#[derive(Debug)]
pub(super) struct Prefetched {
    first: Credentials,
    later: SharedCredentialsProvider,
}

impl Prefetched {
    pub(super) fn new(first: Credentials, later: SharedCredentialsProvider) -> Self {
        Self { first, later }
    }
}

impl ProvideCredentials for Prefetched {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        if self.first.expiry().is_none_or(|expiry| SystemTime::now() + MARGIN < expiry) {
            future::ProvideCredentials::ready(Ok(self.first.clone()))
        } else {
            self.later.provide_credentials()
        }
    }
}

/// What every level of an SDK error says, from the outside to the cause, each once: the outermost
/// alone says little more than that there was an error.
#[must_use]
pub fn aws_error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let level = error.to_string();
        if !text.contains(&level) {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {level}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(key: &str, seconds: Option<u64>) -> Credentials {
        let expiry = seconds.map(|seconds| SystemTime::now() + Duration::from_secs(seconds));
        Credentials::new(key, "s", None, expiry, "test")
    }

    /// However often they are asked for: until they end soon.
    #[tokio::test]
    async fn what_was_fetched_is_given_while_it_holds() {
        let table =
            [(None, "first"), (Some(3600), "first"), (Some(30), "later"), (Some(0), "later")];
        for (seconds, expected) in table {
            let later = SharedCredentialsProvider::new(ending("later", Some(3600)));
            let provider = Prefetched::new(ending("first", seconds), later);
            for _ in 0..3 {
                let credentials = provider.provide_credentials().await.expect("credentials");
                assert_eq!(credentials.access_key_id(), expected, "{seconds:?}");
            }
        }
    }
}
