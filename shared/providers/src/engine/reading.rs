//! Whether the zones are as they were read, without looking into what the API answers: each call of the reading is made
//! again, and the digest of its answer is compared with that of before.
//!
//! A loop whose clusters want the same as before so learns that a run would find nothing to do, for the price of the calls.
//! A provider takes part by [noting](Transport::note) each call of its reading. One call that is not noted, and nothing
//! is known.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};

use super::account::lock;
use crate::{ProviderError, Transport};

/// The SHA-256 of an answer.
pub type Digest = [u8; 32];

/// Makes a call again, and gives the digest of its answer; nothing where it has none.
type Again =
    dyn Fn(Transport) -> BoxFuture<'static, Result<Option<Digest>, ProviderError>> + Send + Sync;

/// A reading that is under way.
#[derive(Default)]
pub(super) struct Noted {
    /// The calls that it made, as far as they are noted.
    answers: Mutex<Vec<Answered>>,
    /// How many answers it rests on.
    all: AtomicUsize,
}

/// A call that was answered.
struct Answered {
    digest: Digest,
    again: Box<Again>,
}

/// A reading that can be made again.
pub(super) struct Reading(Vec<Answered>);

impl Noted {
    /// The reading rests on one more answer.
    pub(super) fn count(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add<F>(
        &self,
        digest: Digest,
        again: impl Fn(Transport) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<Option<Digest>, ProviderError>> + Send + 'static,
    {
        let again = Box::new(move |via| again(via).boxed());
        lock(&self.answers).push(Answered { digest, again });
    }

    /// The reading, if all of it is noted. One without any call rests on something else.
    pub(super) fn finish(&self) -> Option<Arc<Reading>> {
        let answers = std::mem::take(&mut *lock(&self.answers));
        let is_whole = !answers.is_empty() && answers.len() == self.all.load(Ordering::Relaxed);
        is_whole.then(|| Arc::new(Reading(answers)))
    }
}

impl Reading {
    /// Whether every call is answered as before, of which so many are made at a time. A call that fails is a change: who
    /// reads says what is wrong.
    pub(super) async fn is_the_same(&self, via: &Transport, at_once: usize) -> bool {
        let calls: Vec<BoxFuture<'_, bool>> = self
            .0
            .iter()
            .map(|Answered { digest, again }| {
                async move { again(via.clone()).await.is_ok_and(|now| now == Some(*digest)) }
                    .boxed()
            })
            .collect();
        let mut same = futures::stream::iter(calls).buffer_unordered(at_once.max(1));
        while let Some(is_same) = same.next().await {
            if !is_same {
                return false;
            }
        }
        true
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("calls", &self.0.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Capabilities;

    fn noted(answers: usize, of: usize) -> Option<Arc<Reading>> {
        let noted = Noted::default();
        (0..of).for_each(|_| noted.count());
        (0..answers).for_each(|_| noted.add([1; 32], |_| std::future::ready(Ok(Some([1; 32])))));
        noted.finish()
    }

    #[test]
    fn only_a_reading_of_which_each_call_is_noted_can_be_made_again() {
        let table = [(0, 0, false), (0, 1, false), (1, 2, false), (1, 1, true), (2, 2, true)];
        for (answers, of, can) in table {
            assert_eq!(noted(answers, of).is_some(), can, "{answers} of {of}");
        }
    }

    #[tokio::test]
    async fn another_digest_a_failure_and_none_are_changes() {
        let via = Transport::new(&Capabilities::new("test"));
        let failed = || ProviderError::config("no answer");
        let table: [(Result<Option<Digest>, ProviderError>, bool); 4] = [
            (Ok(Some([1; 32])), true),
            (Ok(Some([2; 32])), false),
            (Ok(None), false),
            (Err(failed()), false),
        ];
        for (now, is_same) in table {
            let noted = Noted::default();
            noted.count();
            let again = now.clone();
            noted.add([1; 32], move |_| std::future::ready(again.clone()));
            let reading = noted.finish().expect("a reading");
            assert_eq!(reading.is_the_same(&via, 4).await, is_same, "{now:?}");
        }
    }
}
