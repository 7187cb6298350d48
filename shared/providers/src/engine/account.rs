//! The accounts that this process calls. Each has one budget and one pause, however many providers,
//! targets and runs use it.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::tempo::Tempo;
use crate::RateLimit;

/// The accounts of the process. Clones hold the same accounts.
#[derive(Clone, Default)]
pub struct Accounts(Arc<Registry>);

#[derive(Default)]
struct Registry {
    by_key: Mutex<HashMap<Key, Arc<Account>>>,
    hasher: RandomState,
}

/// The provider, and the hash of what distinguishes its accounts: that may be a credential, which is not
/// kept here.
type Key = (&'static str, u64);

impl Accounts {
    /// The account of a provider, made when it is first asked for.
    pub(super) fn get(
        &self,
        provider: &'static str,
        account: &str,
        limit: Option<RateLimit>,
    ) -> Arc<Account> {
        let key = (provider, self.0.hasher.hash_one(account));
        let account = Arc::clone(lock(&self.0.by_key).entry(key).or_default());
        account.limit(limit);
        account
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accounts({})", lock(&self.0.by_key).len())
    }
}

/// One account: when it may be called next.
#[derive(Default)]
pub(super) struct Account {
    budget: Mutex<Option<Budget>>,
    /// No call is made before this instant, because the API throttled us.
    paused: Mutex<Option<Instant>>,
    tempo: Mutex<Tempo>,
}

struct Budget {
    limit: RateLimit,
    left: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
}

impl Account {
    /// Of several limits the strictest counts.
    fn limit(&self, limit: Option<RateLimit>) {
        let Some(limit) = limit else { return };
        let mut budget = lock(&self.budget);
        if budget.as_ref().is_none_or(|own| limit.per_second < own.limit.per_second) {
            *budget = Some(Budget::new(limit));
        }
    }

    /// How long the next call has to wait; `None` takes it out of the budget.
    pub(super) fn wait(&self) -> Option<Duration> {
        let paused = *lock(&self.paused);
        let pause = paused.map(|until| until.saturating_duration_since(Instant::now()));
        let mut tempo = lock(&self.tempo);
        let rest = pause.unwrap_or_default().max(tempo.wait());
        if !rest.is_zero() {
            return Some(rest);
        }
        if let Some(wait) = lock(&self.budget).as_ref().and_then(Budget::take) {
            return Some(wait);
        }
        tempo.begin();
        None
    }

    /// The API throttled us: no call is made for this long.
    pub(super) fn pause(&self, pause: Duration) {
        let now = Instant::now();
        let mut paused = lock(&self.paused);
        // Of calls that were under way together, only the first refusal counts.
        if paused.is_none_or(|until| until <= now) {
            lock(&self.tempo).slow_down();
        }
        *paused = (*paused).max(now.checked_add(pause));
    }

    /// A call went through.
    pub(super) fn speed_up(&self) {
        lock(&self.tempo).speed_up();
    }
}

impl Budget {
    fn new(limit: RateLimit) -> Self {
        let quota = Quota::per_second(limit.per_second).allow_burst(limit.burst);
        Self { limit, left: RateLimiter::direct_with_clock(quota, TokioClock(Instant::now())) }
    }

    /// Takes a call out of the budget, or says how long there is none.
    fn take(&self) -> Option<Duration> {
        let until = self.left.check().err()?;
        Some(until.wait_time_from(self.left.clock().now()))
    }
}

/// The clock of the runtime, which tests can stop.
#[derive(Debug, Clone)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Locks plain data, which a panic elsewhere leaves usable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
