//! The progress line at a terminal: it is drawn every second on standard error, and erased before
//! anything else is written there.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::wiring::Wiring;

/// A run that takes no longer than this shows no progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the line stands on the terminal.
static DRAWN: AtomicBool = AtomicBool::new(false);

/// Draws the line every second, until it is dropped or for ever.
pub(crate) async fn show(wiring: &Wiring) {
    let start = Instant::now();
    let mut ticks = tokio::time::interval_at(start + PATIENCE, Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let _erased = EraseOnDrop;
    loop {
        ticks.tick().await;
        let calls = wiring.targets.iter().flat_map(|target| target.provider.calls());
        let calls: u64 = calls.map(|call| call.calls).sum();
        // Where one target does not tell, nobody knows of all.
        let written: Option<u64> =
            wiring.targets.iter().map(|target| target.provider.written()).sum();
        let phase = wiring.phase.sentence(wiring.clusters.len(), written);
        draw(start.elapsed(), &phase, calls);
    }
}

fn draw(elapsed: Duration, phase: &str, calls: u64) {
    let mut err = io::stderr().lock();
    DRAWN.store(true, Ordering::SeqCst);
    // If the terminal is gone, nothing needs to be drawn.
    let _ = write!(err, "\r\x1b[K{} s, {phase}, {calls} calls to the provider", elapsed.as_secs());
    let _ = err.flush();
}

/// Standard error, where the line goes before anything else is written.
pub(crate) fn standard_error() -> io::Stderr {
    erase();
    io::stderr()
}

fn erase() {
    if DRAWN.swap(false, Ordering::SeqCst) {
        // As above.
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

struct EraseOnDrop;

impl Drop for EraseOnDrop {
    fn drop(&mut self) {
        erase();
    }
}
