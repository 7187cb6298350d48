//! Runs are killed, or asked to stop, at any moment: by the clock, or when a request arrives or is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use extdns_testkit::http::{Interference, Interferer};

use super::{BOUND, SIGTERM, converges, over};
use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::program::{Bench, Task};
use crate::world::{Desired, strangers};

/// The longest that a run of this size takes on a machine that is not busy.
const USUAL: usize = 90;

pub(super) fn play(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::roll(dice, bench.dir(), &strangers);
    let before = Desired::roll(dice);
    judge::ended_with(&bench.run(&over("apply", bench, &dns, &before), BOUND)?, 0)?;
    let after = before.changed(dice);
    let task = over("apply", bench, &dns, &after);
    for _ in 0..dice.between(1, 3) {
        kill(dice, bench, &dns, &task)?;
        let now = dns.records();
        judge::strangers_keep(&strangers, &now)?;
        judge::all_owned(&strangers, &now)?;
    }
    converges(bench, &dns, &task, &after, &strangers)?;
    nothing_is_left(&dns)
}

/// Starts a run and ends it at some moment: mostly it is killed, sometimes asked to stop.
pub(super) fn kill(dice: &mut Dice, bench: &Bench, dns: &Dns, task: &Task) -> anyhow::Result<()> {
    let strike = Arc::new(AtomicBool::new(false));
    let after = Duration::from_millis(dice.between(1, USUAL) as u64);
    if dice.once_in(2) {
        dns.interfere(Some(at_a_request(dice, Arc::clone(&strike))));
    }
    let begin = Instant::now();
    let gently = dice.once_in(4);
    let mut running = bench.start(task)?;
    while !strike.load(Ordering::SeqCst) && begin.elapsed() < after && !running.is_over()? {
        std::thread::yield_now();
    }
    if gently {
        running.terminate()?
    } else {
        running.kill()
    }
    let mut run = running.wait(bench, BOUND)?;
    // Before the program listens, the signal ends it as it ends every process.
    run.signal = run.signal.filter(|&signal| !(gently && signal == SIGTERM));
    dns.interfere(None);
    judge::sound(&run)
}

/// Strikes at one of the first requests, before or after it took effect.
fn at_a_request(dice: &mut Dice, strike: Arc<AtomicBool>) -> Interferer {
    let left = std::sync::atomic::AtomicUsize::new(dice.between(0, 8));
    let late = dice.once_in(2);
    Box::new(move |_| {
        let due = left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_err();
        if !due {
            return Interference::None;
        }
        if !late {
            strike.store(true, Ordering::SeqCst);
            return Interference::None;
        }
        let strike = Arc::clone(&strike);
        Interference::Spoiled(Box::new(move |reply| {
            strike.store(true, Ordering::SeqCst);
            reply
        }))
    })
}

/// The next run removes what a killed one could not.
fn nothing_is_left(dns: &Dns) -> anyhow::Result<()> {
    let Dns::Files(folder) = dns else { return Ok(()) };
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        anyhow::ensure!(
            name.ends_with(".zone") || name.ends_with(".lock"),
            "a killed run left {name} in the folder of zone files"
        );
    }
    Ok(())
}
