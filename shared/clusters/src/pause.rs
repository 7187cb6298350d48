//! Asking a cloud again, where its API is busy: a run is one such call.

use std::time::Duration;

/// How often it is asked, and the first pause in between, which doubles.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// The answer, or the last failure: `may_pass` says after which of them to ask again.
pub(crate) async fn asking_again<T, E, F: Future<Output = Result<T, E>>>(
    may_pass: fn(&E) -> bool,
    ask: impl Fn() -> F,
) -> Result<T, E> {
    let mut pause = PAUSE;
    for _ in 1..ATTEMPTS {
        match ask().await {
            Err(error) if may_pass(&error) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
        pause *= 2;
    }
    ask().await
}
