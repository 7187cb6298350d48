//! Servers that hang: the run ends with its deadline, or ten seconds after it was asked to stop.

use std::time::Duration;

use super::liars::{cluster, reading};
use super::{BOUND, GRACE, SIGTERM, TIMEOUT, converges, disturbed, over, task};
use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::lies::{Lie, liar};
use crate::program::Bench;
use crate::world::{Desired, strangers};

const LIES: [Lie; 2] = [Lie::Hang, Lie::Silence];

/// From SIGTERM to the end, at most; and as much for a busy machine.
const AFTER_TERM: Duration = Duration::from_secs(10);

pub(super) fn play(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::start(dice.pick(&["aws", "webhook"]), bench.dir(), &strangers);
    let before = Desired::roll(dice);
    judge::ended_with(&bench.run(&over("apply", bench, &dns, &before), BOUND)?, 0)?;
    let after = before.changed(dice);
    let kube = cluster(&after);
    let quiet = reading(dns.reached_by(task("apply")), &kube);

    let there = dns.records();
    let hanging = liar(dice, &LIES, |_| true);
    if dice.once_in(3) {
        kube.interfere(Some(hanging))
    } else {
        dns.interfere(Some(hanging))
    }
    let mut lied_to = quiet.clone().arg("--report=report.json");
    let terminated = dice.once_in(3);
    if !terminated {
        lied_to = lied_to.arg(TIMEOUT);
    }
    let running = bench.start(&lied_to)?;
    let mut bound = GRACE;
    if terminated {
        let moment = Duration::from_millis(dice.between(1, 150) as u64);
        std::thread::sleep(moment);
        running.terminate()?;
        bound = moment + 2 * AFTER_TERM;
    }
    let mut run = running.wait(bench, bound)?;
    // Before the program listens, the signal ends it as it ends every process.
    run.signal = run.signal.filter(|&signal| !terminated || signal != SIGTERM);
    kube.interfere(None);
    dns.interfere(None);
    disturbed(&run, &dns, &strangers)?;
    judge::kept(&before.names_in_common(&after), &there, &dns.records())?;
    converges(bench, &dns, &quiet, &after, &strangers)
}
