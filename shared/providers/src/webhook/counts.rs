//! How often the process has asked webhook providers, and how often in vain. ExternalDNS publishes these numbers, so they
//! are counted as it counts: one request for each list, adjustment and POST of changes.

use std::sync::atomic::{AtomicU64, Ordering};

/// What was asked, with how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestCount {
    /// The word that ExternalDNS has for it: `records`, `adjustendpoints` or `applychanges`.
    pub request: &'static str,
    /// Requests so far.
    pub requests: u64,
    /// Those of them that failed.
    pub errors: u64,
}

/// The counts of the process, by the request.
#[must_use]
pub fn request_counts() -> [RequestCount; 3] {
    [&RECORDS, &ADJUST, &APPLY].map(|own| RequestCount {
        request: own.word,
        requests: own.requests.load(Ordering::Relaxed),
        errors: own.errors.load(Ordering::Relaxed),
    })
}

/// One kind of request.
pub(super) struct Counter {
    word: &'static str,
    requests: AtomicU64,
    errors: AtomicU64,
}

pub(super) static RECORDS: Counter = Counter::new("records");
pub(super) static ADJUST: Counter = Counter::new("adjustendpoints");
pub(super) static APPLY: Counter = Counter::new("applychanges");

impl Counter {
    const fn new(word: &'static str) -> Self {
        Self { word, requests: AtomicU64::new(0), errors: AtomicU64::new(0) }
    }

    /// Counts a request by its answer.
    pub(super) fn count<T, E>(&self, answer: Result<T, E>) -> Result<T, E> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.errors.fetch_add(u64::from(answer.is_err()), Ordering::Relaxed);
        answer
    }
}
