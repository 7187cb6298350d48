//! Every call to a provider's API goes through here: the account's budget, retries, the deadline,
//! the call counter, redaction.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use extdns_auth::secrets;
use rand::RngExt as _;
use tokio::time::Instant;

use super::account::{Account, Accounts, lock};
use super::reading::{Digest, Noted};
use crate::{Capabilities, Deadline, ErrorKind, ProviderError, RateLimit};

/// Fewest attempts of a call that is throttled: waiting is enough for it.
const THROTTLED_ATTEMPTS: u32 = 5;
/// The ceiling of the first pause between two attempts; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that the engine chooses itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// The longest pause that an API may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);
/// How long a change that is under way when the process is told to stop may take to its end: if it
/// were killed at once, its result would not be known.
const UNDER_WAY: Duration = Duration::from_secs(3);

/// The way to a provider's API. Clones share the account: its budget and its pause after throttling.
/// So does every other way to it [among the accounts of the process](Transport::among). A provider
/// that works for several accounts has [a way to each](Transport::of_account); they share the counter.
///
/// It knows neither SDKs nor HTTP: a provider wraps each call, turns what went wrong into a
/// [`ProviderError`], and leaves the rest to the transport. Reads are repeated after anything that
/// may pass. Of the [mutating operations](Capabilities::mutating_operations) only those are
/// repeated that certainly did nothing; a lost answer goes to the caller.
///
/// No call outlives its run: each ends with the deadline, and has a bound of its own
/// ([`Capabilities::request_time`]). So everything that a request waits for, the body of its answer
/// too, belongs into the call.
///
/// ```
/// # use extdns_providers::{Capabilities, Cursor, ProviderError, Transport};
/// # async fn list(client: &str) -> Result<Vec<String>, ProviderError> { Ok(vec![client.into()]) }
/// # async fn example(via: &Transport, client: &str) -> Result<(), ProviderError> {
/// let zones = via.call("list zones", || list(client)).await?;
/// # let _ = zones;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Transport {
    shared: Arc<Shared>,
    accounts: Accounts,
    account: Arc<Account>,
    /// Where the API is, if that tells a reader something.
    server: Option<Arc<str>>,
    until: Deadline,
    /// The reading that the calls belong to.
    noted: Option<Arc<Noted>>,
}

/// What all accounts of a provider share.
struct Shared {
    provider: &'static str,
    mutating: &'static [&'static str],
    rate_limit: Option<RateLimit>,
    attempts: u32,
    request_time: Option<Duration>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
    /// Groups that were written.
    written: AtomicU64,
    secrets: Vec<String>,
}

/// Calls of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallCount {
    /// The operation, as the provider names it.
    pub operation: &'static str,
    /// How many calls were started, repeated ones included.
    pub calls: u64,
    /// Whether the operation changes something.
    pub mutating: bool,
}

impl Transport {
    /// A new account with the budget and the mutating operations of these capabilities.
    #[must_use]
    pub fn new(capabilities: &Capabilities) -> Self {
        Self::with_secrets(capabilities, [])
    }

    /// The same; these texts never appear in an error that leaves the transport.
    #[must_use]
    pub fn with_secrets(
        capabilities: &Capabilities,
        secrets: impl IntoIterator<Item = String>,
    ) -> Self {
        let shared = Shared {
            provider: capabilities.provider,
            mutating: capabilities.mutating_operations,
            rate_limit: capabilities.rate_limit,
            attempts: capabilities.attempts,
            request_time: capabilities.request_time,
            calls: Mutex::default(),
            written: AtomicU64::default(),
            secrets: secrets.into_iter().filter(|secret| !secret.is_empty()).collect(),
        };
        let accounts = Accounts::default();
        let account = accounts.get(shared.provider, "", shared.rate_limit);
        let (until, server, noted) = (Deadline::none(), None, None);
        Self { shared: Arc::new(shared), accounts, account, server, until, noted }
    }

    /// The same, to the server of this name.
    #[must_use]
    pub fn at(&self, server: &str) -> Self {
        Self { server: Some(server.into()), ..self.clone() }
    }

    /// The name of the server, where it is known.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// The way to an account among those of the process, so that all who call it share its budget. What
    /// distinguishes the account may hold its credential: it is hashed.
    #[must_use]
    pub fn among(&self, accounts: &Accounts, account: &str) -> Self {
        Self { accounts: accounts.clone(), ..self.clone() }.of_account(account)
    }

    /// The way to another account of the provider, by a name of the provider's choice: the same
    /// name is the same account, with a budget and pauses of its own.
    #[must_use]
    pub fn of_account(&self, name: &str) -> Self {
        let Shared { provider, rate_limit, .. } = *self.shared;
        Self { account: self.accounts.get(provider, name, rate_limit), ..self.clone() }
    }

    /// The same account, with calls that start before the deadline only, and end with it.
    #[must_use]
    pub fn until(&self, deadline: Deadline) -> Self {
        Self { until: deadline, ..self.clone() }
    }

    /// The same, for a reading whose calls are noted.
    pub(super) fn noting(&self, noted: &Arc<Noted>) -> Self {
        Self { noted: Some(Arc::clone(noted)), ..self.clone() }
    }

    /// Whether answers are to be [noted](Self::note).
    #[must_use]
    pub fn is_noted(&self) -> bool {
        self.noted.is_some()
    }

    /// Notes the answer to a call that was made through here, and how to make it again: so it is known
    /// [later](crate::Reader::is_as_read) whether it would still be the same.
    pub fn note<F>(&self, digest: Digest, again: impl Fn(Self) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Option<Digest>, ProviderError>> + Send + 'static,
    {
        if let Some(noted) = &self.noted {
            noted.add(digest, again);
        }
    }

    /// What is being read rests on an answer of before, which is not noted.
    pub fn rest_on_memory(&self) {
        if let Some(noted) = &self.noted {
            noted.count();
        }
    }

    /// Makes a call: waits for the account's budget, repeats what may be repeated, counts.
    ///
    /// # Errors
    /// The last error, without secrets; [`ErrorKind::Deadline`] if the call never started, or if
    /// it would have changed something and was only ever refused for coming too soon;
    /// [`ErrorKind::Lost`] if there was no answer in time.
    pub async fn call<T, F, A>(
        &self,
        operation: &'static str,
        request: F,
    ) -> Result<T, ProviderError>
    where
        F: Fn() -> A,
        A: Future<Output = Result<T, ProviderError>>,
    {
        let mutating = self.shared.mutating.contains(&operation);
        if let Some(noted) = &self.noted {
            noted.count();
        }
        let start = Instant::now();
        let mut attempt = 1;
        let mut last = None;
        loop {
            if !self.admit().await {
                return Err(out_of_time(operation, mutating, &self.until, last));
            }
            self.count(operation);
            let error = match self.in_time(operation, mutating, request()).await {
                Ok(answer) => {
                    self.account.speed_up();
                    return Ok(answer);
                }
                Err(error) => self.redact(error),
            };
            if attempt >= self.attempts(&error.kind)
                || !may_repeat(&error.kind, mutating)
                || !self.has_patience(&error.kind, start)
            {
                return Err(error);
            }
            let pause = pause_after(&error.kind, attempt);
            tracing::debug!(operation, attempt, ?pause, %error, "repeating the call");
            if matches!(error.kind, ErrorKind::Throttled { .. }) {
                self.account.pause(pause);
            } else if !self.until.sleep(pause).await {
                return Err(error);
            }
            last = Some(error);
            attempt += 1;
        }
    }

    /// What is still to come of the answer to a call that cannot be made again: bounded as the
    /// call.
    ///
    /// # Errors
    /// Its own, without secrets; or that it did not come in time.
    pub async fn rest<T>(
        &self,
        operation: &str,
        answer: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        self.in_time(operation, false, answer).await.map_err(|error| self.redact(error))
    }

    /// An answer, if it comes before the deadline and within the time of one request.
    async fn in_time<T>(
        &self,
        operation: &str,
        mutating: bool,
        answer: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let until = if mutating { self.until.with_grace(UNDER_WAY) } else { self.until.clone() };
        let bound = self.shared.request_time;
        let hangs = async {
            match bound {
                Some(bound) => tokio::time::sleep(bound).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = answer => answer,
            () = until.over() => Err(cut_off(operation, mutating, &self.until)),
            () = hangs => Err(ProviderError::new(
                ErrorKind::Lost,
                format!(
                    "{operation}: timed out, no whole answer within {:?}; see whether the server \
                     can be reached and has room, and run again",
                    bound.unwrap_or_default()
                ),
            )),
        }
    }

    /// Whether a failure other than "too many requests" came early enough to try again: a server
    /// that hangs or answers slowly holds a run for at most twice the time of one request.
    fn has_patience(&self, kind: &ErrorKind, start: Instant) -> bool {
        matches!(kind, ErrorKind::Throttled { .. })
            || self.shared.request_time.is_none_or(|time| start.elapsed() < time)
    }

    /// The calls of the account so far, by operation in alphabetical order.
    #[must_use]
    pub fn calls(&self) -> Vec<CallCount> {
        lock(&self.shared.calls)
            .iter()
            .map(|(operation, calls)| CallCount {
                operation,
                calls: *calls,
                mutating: self.shared.mutating.contains(operation),
            })
            .collect()
    }

    /// Another group is in its zone.
    pub(super) fn wrote(&self) {
        self.shared.written.fetch_add(1, Ordering::Relaxed);
    }

    /// How many groups were written.
    pub(super) fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// How many calls of mutating operations were started.
    #[must_use]
    pub fn mutating_calls(&self) -> u64 {
        self.calls().iter().filter(|count| count.mutating).map(|count| count.calls).sum()
    }

    /// The error without secrets: those of this transport, and those of the process.
    #[must_use]
    pub fn redact(&self, mut error: ProviderError) -> ProviderError {
        for secret in &self.shared.secrets {
            if error.message.contains(secret.as_str()) {
                error.message = error.message.replace(secret.as_str(), secrets::REDACTED);
            }
        }
        if let Cow::Owned(message) = secrets::redact(&error.message) {
            error.message = message;
        }
        error
    }

    /// Waits for the account's pause and budget; false when the deadline comes first.
    async fn admit(&self) -> bool {
        loop {
            if self.until.is_over() {
                return false;
            }
            let Some(wait) = self.account.wait() else { return true };
            if !self.until.sleep(wait).await {
                return false;
            }
        }
    }

    fn attempts(&self, kind: &ErrorKind) -> u32 {
        match kind {
            // The user wants no repetition at all.
            ErrorKind::Throttled { .. } if self.shared.attempts > 1 => {
                self.shared.attempts.max(THROTTLED_ATTEMPTS)
            }
            _ => self.shared.attempts,
        }
    }

    fn count(&self, operation: &'static str) {
        *lock(&self.shared.calls).entry(operation).or_default() += 1;
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

fn may_repeat(kind: &ErrorKind, mutating: bool) -> bool {
    match kind {
        ErrorKind::Throttled { .. } | ErrorKind::Transient => true,
        ErrorKind::Lost => !mutating,
        _ => false,
    }
}

/// Full jitter under a ceiling that doubles, on top of what the API asked for.
fn pause_after(kind: &ErrorKind, attempt: u32) -> Duration {
    let ceiling = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_PAUSE);
    let jitter = rand::rng().random_range(Duration::ZERO..=ceiling);
    match kind {
        ErrorKind::Throttled { retry_after: Some(wait) } => {
            (*wait).min(LONGEST_RETRY_AFTER) + jitter.min(FIRST_PAUSE)
        }
        _ => jitter,
    }
}

/// The error of a call that was under way when the run's time was over.
fn cut_off(operation: &str, mutating: bool, until: &Deadline) -> ProviderError {
    let (kind, rest) = if mutating {
        (ErrorKind::Lost, "; whether it took effect, the next run sees")
    } else {
        (ErrorKind::Deadline, "")
    };
    let end =
        if until.is_stopped() { "the run was told to stop" } else { "the run's time was over" };
    let message = format!("{operation}: no answer before {end}{rest}");
    ProviderError::new(kind, message)
}

/// The error of a call that has no time left, after its last failure. A change that was throttled
/// is as if it had not been started.
fn out_of_time(
    operation: &str,
    mutating: bool,
    until: &Deadline,
    last: Option<ProviderError>,
) -> ProviderError {
    let why = match until.is_stopped() {
        true => "the run was told to stop",
        false => "the run's time was nearly over",
    };
    let message = match last {
        None => format!("{operation}: not started, {why}"),
        Some(error) if mutating && matches!(error.kind, ErrorKind::Throttled { .. }) => {
            format!("{error}; {why} before it could be repeated")
        }
        Some(error) => return error,
    };
    ProviderError::new(ErrorKind::Deadline, message)
}
