//! A zone appears inside another one: the names below it move there. What is wanted is somewhere at every moment.

use extdns_testkit::route53::Route53Sim;

use super::{BOUND, GRACE, TIMEOUT, converges, disturbed, kills, over};
use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::lies::{Lie, liar};
use crate::program::Bench;
use crate::world::{Desired, ZONES};

/// How the changes are answered while names move.
const LIES: [Lie; 6] =
    [Lie::HangUp, Lie::Lost, Lie::Status(400), Lie::Status(403), Lie::StatusAfter(500), Lie::Hang];

pub(super) fn play(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let sim = Route53Sim::start();
    let outer = sim.zone(ZONES[0]);
    let mut dns = Dns::Route53 { sim, zones: vec![outer] };
    let before = Desired::roll(dice);
    judge::ended_with(&bench.run(&over("apply", bench, &dns, &before), BOUND)?, 0)?;
    if let Dns::Route53 { sim, zones } = &mut dns {
        zones.push(sim.zone(ZONES[1]));
    }
    let after = before.changed(dice);
    let wanted = before.names_in_common(&after);
    let task = over("apply", bench, &dns, &after);
    for _ in 0..dice.between(1, 3) {
        let there = dns.records();
        if dice.once_in(2) {
            kills::kill(dice, bench, &dns, &task)?;
        } else {
            let writes = |request: &extdns_testkit::http::Request| request.method == "POST";
            dns.interfere(Some(liar(dice, &LIES, writes)));
            let run = bench.run(&task.clone().arg(TIMEOUT), GRACE)?;
            dns.interfere(None);
            disturbed(&run, &dns, &[])?;
        }
        judge::kept(&wanted, &there, &dns.records())?;
    }
    converges(bench, &dns, &task, &after, &[])
}
