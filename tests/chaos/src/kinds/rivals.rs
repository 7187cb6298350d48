//! Several runs with the same owner id and opposite desired endpoints, at once: a schedule and
//! people, say.

use super::{BOUND, converges, over, task};
use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::program::Bench;
use crate::world::{Desired, strangers};

pub(super) fn play(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::roll(dice, bench.dir(), &strangers);
    let first = Desired::roll(dice);
    judge::ended_with(&bench.run(&over("apply", bench, &dns, &first), BOUND)?, 0)?;
    // A protocol without conditions cannot rule out that two writers split a record and its ownership record.
    let conditional = !matches!(dns, Dns::Webhook(_));
    let other = dns.by_another_way(bench.dir())?;
    for _ in 0..dice.between(1, 2) {
        let all: Vec<Desired> = (0..dice.between(2, 4)).map(|_| first.changed(dice)).collect();
        let mut running = Vec::new();
        for (number, desired) in all.iter().enumerate() {
            let path = bench.write(&format!("rival-{number}.json"), desired.list());
            let server = other.as_ref().filter(|_| dice.once_in(2)).unwrap_or(&dns);
            let own =
                server.reached_by(task("apply")).arg(&format!("--manifests={}", path.display()));
            running.push(bench.start(&own)?);
        }
        for rival in running {
            judge::sound(&rival.wait(bench, BOUND)?)?;
        }
        let now = dns.records();
        judge::strangers_keep(&strangers, &now)?;
        if conditional {
            judge::all_owned(&strangers, &now)?;
        }
    }
    if conditional {
        let last = first.changed(dice);
        converges(bench, &dns, &over("apply", bench, &dns, &last), &last, &strangers)?;
    }
    Ok(())
}
