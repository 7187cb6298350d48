//! Commands that only read, while all servers answer wrongly: nothing is written.

use super::liars::{cluster, reading};
use super::{BOUND, GRACE, TIMEOUT, over, task};
use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::lies::{DEEP, Lie, PLAIN, liar};
use crate::program::{Bench, Task};
use crate::world::{Desired, OWNER, strangers};

/// Commands that write nothing, with flags of their own.
const READERS: [&[&str]; 8] = [
    &["plan"],
    &["plan", "--output=json", "--report=report.json", "--no-guard"],
    &["plan", "--detailed-exitcode", "--output=markdown", "--out=plan.md"],
    &["--once", "--dry-run"],
    &["doctor"],
    &["explain", "h01.example.org"],
    &["explain", "other.example.org"],
    &["gc"],
];

pub(super) fn play(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::roll(dice, bench.dir(), &strangers);
    let before = Desired::roll(dice);
    judge::ended_with(&bench.run(&over("apply", bench, &dns, &before), BOUND)?, 0)?;
    let kube = cluster(&before.changed(dice));
    let (there, writes, by_hand) = (dns.records(), dns.writes(), dns.by_hand());
    let lies: Vec<Lie> = PLAIN.into_iter().chain(DEEP).collect();
    for _ in 0..dice.between(1, 3) {
        if !dice.once_in(4) {
            dns.interfere(Some(liar(dice, &lies, |_| true)));
        }
        if dice.once_in(2) {
            kube.interfere(Some(liar(dice, &lies, |_| true)));
        }
        let words = dice.pick(&READERS);
        let mut reader = reading(dns.reached_by(task_of(words)), &kube);
        reader = reader.arg(TIMEOUT).arg(&format!("--log-level={}", dice.pick(&["info", "trace"])));
        let run = bench.run(&reader, GRACE)?;
        dns.interfere(None);
        kube.interfere(None);
        judge::sound(&run)?;
        let same = dns.records() == there && dns.writes() == writes && dns.by_hand() == by_hand;
        anyhow::ensure!(same, "{words:?} wrote something");
    }
    Ok(())
}

/// The usual flags behind these words; what needs no source takes none.
fn task_of(words: &[&str]) -> Task {
    match words {
        ["gc"] => Task::new(words).arg("--registry=txt").arg(&format!("--txt-owner-id={OWNER}")),
        _ => words[1..].iter().fold(task(words[0]), |task, word| task.arg(word)),
    }
}
