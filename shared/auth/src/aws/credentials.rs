//! Credentials that were fetched already, and those that are fetched later.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result, SharedCredentialsProvider, future,
};

use super::variables::{NO_CREDENTIAL, is_credential};
use crate::secrets;

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
            future::ProvideCredentials::new(fetch(&self.later))
        }
    }
}

/// Asks for credentials, of which no output of the process may show anything from now on. Over those
/// that no header can carry the SDK would panic.
pub(super) async fn fetch(provider: &SharedCredentialsProvider) -> Result {
    let credentials = provider.provide_credentials().await?;
    secrets::register(credentials.secret_access_key());
    if let Some(token) = credentials.session_token() {
        secrets::register(token);
    }
    let parts = [
        ("access key id", Some(credentials.access_key_id())),
        ("secret access key", Some(credentials.secret_access_key())),
        ("session token", credentials.session_token()),
    ];
    let odd = |text: Option<&str>| text.is_some_and(|text| !is_credential(text));
    if let Some((part, _)) = parts.into_iter().find(|(_, text)| odd(*text)) {
        let text = format!("the {part} {NO_CREDENTIAL}; correct it where it is kept");
        return Err(CredentialsError::invalid_configuration(text));
    }
    Ok(credentials)
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

    #[tokio::test]
    async fn credentials_that_no_header_can_carry_are_refused_and_not_shown() {
        let cases = [
            ("AK\nIA", "a-secret-key", None, "access key id"),
            ("AKIA", "a-secret\nkey", None, "secret access key"),
            ("AKIA", "a-secret-key", Some("a-session\u{7f}token"), "session token"),
            ("AKIA", "a-secret-key", Some(""), "session token"),
        ];
        for (key, secret, token, part) in cases {
            let odd = Credentials::new(key, secret, token.map(str::to_owned), None, "test");
            let error = fetch(&SharedCredentialsProvider::new(odd)).await.expect_err(part);
            let text = super::super::aws_error_chain(&error);
            assert!(text.contains(part), "{text}");
            assert!(!text.contains("a-secret") && !text.contains("a-session"), "{text}");
        }
    }

    #[tokio::test]
    async fn credentials_are_never_shown_once_they_were_fetched() {
        let token = Some("session-token-of-the-test".to_owned());
        let found = Credentials::new("AKIA", "secret-key-of-the-test", token, None, "test");
        fetch(&SharedCredentialsProvider::new(found)).await.expect("fine");
        let text = "key secret-key-of-the-test, token session-token-of-the-test";
        assert_eq!(secrets::redact(text), "key [redacted], token [redacted]");
    }
}
