//! A store in memory and a clock that is moved by hand, for the tests of this crate and of those who use it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::Permit;
use jiff::Timestamp;

use crate::{Backend, BackendError, ClockSource, Document, Revision, Stored, WriteError};

/// A clock that stands still until it is moved. To wait moves it.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(Timestamp::UNIX_EPOCH)
    }
}

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Moves it.
    pub fn advance(&self, time: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(time).unwrap_or(Timestamp::MAX);
    }
}

#[async_trait]
impl ClockSource for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait(&self, time: Duration) {
        self.advance(time);
        tokio::task::yield_now().await;
    }
}

/// What is wrong with a [`MemoryBackend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Reads fail.
    Reads,
    /// Writes fail, and change nothing.
    Writes,
    /// Every call fails.
    Everything,
    /// Writes are carried out, and their answers get lost.
    Answers,
}

/// Keeps documents in memory. Clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct MemoryBackend(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    texts: BTreeMap<String, String>,
    fault: Option<Fault>,
    reads: usize,
    writes: usize,
}

impl MemoryBackend {
    /// Stores a text for a target, whatever it is.
    pub fn put(&self, target: &str, text: &str) {
        self.memory().texts.insert(target.to_owned(), text.to_owned());
    }

    /// Removes the text of a target.
    pub fn remove(&self, target: &str) {
        self.memory().texts.remove(target);
    }

    /// The text of a target.
    #[must_use]
    pub fn text(&self, target: &str) -> Option<String> {
        self.memory().texts.get(target).cloned()
    }

    /// From now on this is wrong.
    pub fn fail(&self, fault: Option<Fault>) {
        self.memory().fault = fault;
    }

    /// How often it was read and written.
    #[must_use]
    pub fn calls(&self) -> (usize, usize) {
        let memory = self.memory();
        (memory.reads, memory.writes)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken() -> BackendError {
    BackendError("the store is broken".to_owned())
}

#[async_trait]
impl Backend for MemoryBackend {
    fn place(&self, target: &str) -> String {
        format!("the state of {target:?} in memory")
    }

    async fn read(&self, target: &str) -> Result<Option<Stored>, BackendError> {
        let mut memory = self.memory();
        memory.reads += 1;
        if matches!(memory.fault, Some(Fault::Reads | Fault::Everything)) {
            return Err(broken());
        }
        let text = memory.texts.get(target).cloned();
        Ok(text.map(|text| Stored { revision: Revision(text.as_str().into()), text }))
    }

    async fn write(
        &self,
        _permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Revision, WriteError> {
        let mut memory = self.memory();
        memory.writes += 1;
        if matches!(memory.fault, Some(Fault::Writes | Fault::Everything)) {
            return Err(broken().into());
        }
        if memory.texts.get(target).map(String::as_str) != read.map(|read| read.0.as_str()) {
            return Err(WriteError::Conflict);
        }
        let text = document.text();
        memory.texts.insert(target.to_owned(), text.clone());
        if memory.fault == Some(Fault::Answers) {
            return Err(broken().into());
        }
        Ok(Revision(text.into()))
    }
}
