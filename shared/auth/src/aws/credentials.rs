//! Credentials that were fetched already, and what went wrong when they could not be.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

/// Gives what was fetched already to the first who asks, so that nothing is fetched twice; later
/// asks, when those have expired.
#[derive(Debug)]
pub(super) struct Prefetched {
    first: Mutex<Option<Credentials>>,
    later: SharedCredentialsProvider,
}

impl Prefetched {
    pub(super) fn new(first: Credentials, later: SharedCredentialsProvider) -> Self {
        Self { first: Mutex::new(Some(first)), later }
    }
}

impl ProvideCredentials for Prefetched {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(first) => future::ProvideCredentials::ready(Ok(first)),
            None => self.later.provide_credentials(),
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
