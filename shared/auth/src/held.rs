//! A token that is kept as long as it holds.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(60);

/// The last token, and when the next one is asked for.
#[derive(Default)]
pub(crate) struct Held(Mutex<Option<(String, Instant)>>);

impl Held {
    /// A token that holds now: the last one until shortly before its end, then a new one with the time for which it holds.
    /// Of those who need one at the same time one asks: nothing is asked before `fresh` is awaited. A token that does not say how long it holds is used once.
    pub(crate) async fn token<E>(
        &self,
        fresh: impl Future<Output = Result<(String, Option<Duration>), E>>,
    ) -> Result<String, E> {
        let mut current = self.0.lock().await;
        if let Some((token, until)) = &*current
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let (text, lasts) = fresh.await?;
        let lasts = lasts.unwrap_or_default().saturating_sub(EARLY);
        *current = Instant::now().checked_add(lasts).map(|until| (text.clone(), until));
        Ok(text)
    }
}
