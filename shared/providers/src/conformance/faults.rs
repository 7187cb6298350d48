//! What can go wrong with a fake, as a test asks for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use extdns_model::Name;
use tokio::sync::Notify;

use crate::{ErrorKind, ProviderError};

/// Something to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The next calls are answered with "too many requests".
    Throttle {
        /// How many calls.
        calls: u32,
        /// What the answer asks for.
        retry_after: Option<Duration>,
    },
    /// Every write of this name is refused.
    Reject(Name),
    /// The answer of the next write is lost.
    Lose(Lost),
    /// The run dies after this many more writes: the last takes effect, its answer never comes.
    KillAfter(u64),
    /// The run dies at the call behind this many more, reads counted: it is neither done nor answered.
    KillAt(u64),
    /// Every write fails for a reason that may pass.
    Down,
    /// Every call, reads too, fails for a reason that may pass.
    Unreachable,
    /// A zone holds so many records, or record sets, and no more.
    Full(usize),
    /// The credentials are not good for writing.
    Unauthorised,
    /// The records of the zone of this id cannot be read.
    UnreadableZone(String),
    /// Every call takes this long.
    Slow(Duration),
    /// No write is ever answered, nor done.
    Hang,
    /// What remains to be done after writing fails.
    Unfinished,
}

/// What became of a write whose answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It was done.
    Done,
    /// It was not.
    NotDone,
}

/// The faults of one fake.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    death: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    throttled: u32,
    retry_after: Option<Duration>,
    rejected: BTreeSet<String>,
    lost: Option<Lost>,
    writes_left: Option<u64>,
    calls_left: Option<u64>,
    down: bool,
    unreachable: bool,
    most: Option<usize>,
    unauthorised: bool,
    unreadable: BTreeSet<String>,
    delay: Duration,
    hangs: bool,
    unfinished: bool,
    reads: u64,
    writes: u64,
    finishes: u64,
    dead: bool,
}

/// A secret in the messages of the fakes, as an SDK may leave one in its messages.
pub const SECRET: &str = "s3cr3t-t0ken";

impl Faults {
    /// From now on this goes wrong.
    pub fn inject(&self, fault: Fault) {
        let mut state = self.lock();
        match fault {
            Fault::Throttle { calls, retry_after } => {
                state.throttled = calls;
                state.retry_after = retry_after;
            }
            Fault::Reject(name) => {
                state.rejected.insert(name.key().into_owned());
            }
            Fault::Lose(lost) => state.lost = Some(lost),
            Fault::KillAfter(writes) => state.writes_left = Some(writes),
            Fault::KillAt(calls) => state.calls_left = Some(calls),
            Fault::Down => state.down = true,
            Fault::Unreachable => state.unreachable = true,
            Fault::Full(most) => state.most = Some(most),
            Fault::Unauthorised => state.unauthorised = true,
            Fault::UnreadableZone(id) => {
                state.unreadable.insert(id);
            }
            Fault::Slow(delay) => state.delay = delay,
            Fault::Hang => state.hangs = true,
            Fault::Unfinished => state.unfinished = true,
        }
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        let mut state = self.lock();
        let State { reads, writes, finishes, .. } = *state;
        *state = State { reads, writes, finishes, ..State::default() };
    }

    /// Reads that were asked of the server so far, refused ones included.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.lock().reads
    }

    /// Writes that were asked of the server so far, refused ones included.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// How often a written zone was finished.
    #[must_use]
    pub fn finishes(&self) -> u64 {
        self.lock().finishes
    }

    /// Runs a future until it ends or [`Fault::KillAfter`] strikes: then it is dropped where it
    /// stands, as a process would be.
    pub async fn until_killed<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.killed() => None,
            result = run => Some(result),
        }
    }

    /// Waits for [`Fault::KillAfter`] or [`Fault::KillAt`] to strike.
    pub async fn killed(&self) {
        loop {
            let death = self.death.notified();
            if self.lock().dead {
                return;
            }
            death.await;
        }
    }

    /// Before the server looks at a read.
    pub(crate) async fn read(&self, zone: Option<&str>) -> Result<(), ProviderError> {
        if self.is_last_call() {
            return self.die().await;
        }
        self.lock().reads += 1;
        self.call().await?;
        match zone {
            Some(zone) if self.lock().unreadable.contains(zone) => Err(denied()),
            _ => Ok(()),
        }
    }

    /// Before the server looks at a write of these names: whether its answer will be lost.
    pub(crate) async fn write(&self) -> Result<Option<Lost>, ProviderError> {
        if self.is_last_call() || self.lock().writes_left == Some(0) {
            return self.die().await;
        }
        self.lock().writes += 1;
        if self.lock().hangs {
            return std::future::pending().await;
        }
        self.call().await?;
        let mut state = self.lock();
        if state.down {
            return Err(ProviderError::new(ErrorKind::Transient, "service unavailable"));
        }
        if state.unauthorised {
            return Err(denied());
        }
        Ok(state.lost.take())
    }

    /// After a write took effect.
    pub(crate) async fn written(&self) {
        let dead = {
            let mut state = self.lock();
            if let Some(left) = &mut state.writes_left {
                *left = left.saturating_sub(1);
            }
            state.writes_left == Some(0)
        };
        if dead {
            self.die::<()>().await;
        }
    }

    /// Whether a write of this name is refused.
    pub(crate) fn rejects(&self, name: &Name) -> bool {
        self.lock().rejected.contains(name.key().as_ref())
    }

    /// Whether a zone that holds so many takes so many more.
    pub(crate) fn room(&self, holds: usize, more: isize) -> Result<(), ProviderError> {
        match self.lock().most {
            Some(most) if more > 0 && holds.saturating_add_signed(more) > most => {
                let message = format!("the zone takes {most} records; delete some");
                Err(ProviderError::new(ErrorKind::Quota, message))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn finish(&self) -> Result<(), ProviderError> {
        let mut state = self.lock();
        state.finishes += 1;
        if state.unfinished {
            return Err(ProviderError::new(ErrorKind::Transient, "deploy failed"));
        }
        Ok(())
    }

    async fn call(&self) -> Result<(), ProviderError> {
        let delay = self.lock().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let mut state = self.lock();
        if state.unreachable {
            return Err(ProviderError::new(ErrorKind::Transient, "connection refused"));
        }
        if state.throttled > 0 {
            state.throttled -= 1;
            return Err(ProviderError::throttled(state.retry_after, "too many requests"));
        }
        Ok(())
    }

    fn is_last_call(&self) -> bool {
        match &mut self.lock().calls_left {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    async fn die<T>(&self) -> T {
        self.lock().dead = true;
        self.death.notify_waiters();
        std::future::pending().await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn denied() -> ProviderError {
    let message = format!("access denied to {SECRET}; grant the right to the zone");
    ProviderError::new(ErrorKind::Unauthorised, message)
}

/// The error of a write whose answer is lost.
pub(super) fn lost() -> ProviderError {
    ProviderError::new(ErrorKind::Lost, "connection closed before the answer")
}
