//! Zone files that are odd, in a folder that is odd.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::{GRACE, TIMEOUT, over};
use crate::dice::Dice;
use crate::dns::{Dns, head};
use crate::judge;
use crate::mutate;
use crate::program::Bench;
use crate::world::{Desired, ZONES, strangers};

/// What is done to the file of the inner zone, or beside it.
type Oddity = fn(&mut Dice, &Path) -> std::io::Result<()>;

const ODDITIES: [Oddity; 11] = [
    garbled,
    cut,
    no_end,
    signed,
    empty,
    a_pipe,
    a_link_away,
    a_link_to_nothing,
    unreadable,
    long,
    a_lock_that_is_a_link,
];

pub(super) fn play(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::start("zonefile", bench.dir(), &strangers);
    let Dns::Files(folder) = &dns else { unreachable!("zone files were asked for") };
    let desired = Desired::roll(dice);
    judge::ended_with(&bench.run(&over("apply", bench, &dns, &desired), GRACE)?, 0)?;
    let outer = fs::read(folder.join(format!("{}.zone", ZONES[0])))?;
    // What becomes of the inner zone is no reason to lose anything of the outer one.
    dice.pick(&ODDITIES)(dice, folder)?;
    let bystander = bench.write("bystander", head("example.com"));
    let there = dns.records();
    for command in ["plan", "apply", "apply"] {
        let run = bench.run(&over(command, bench, &dns, &desired).arg(TIMEOUT), GRACE)?;
        judge::sound(&run)?;
        let now = dns.records();
        let of_outer = |records: &[crate::world::Record]| -> Vec<crate::world::Record> {
            records
                .iter()
                .filter(|own| crate::world::zone_of(&own.name) == ZONES[0])
                .cloned()
                .collect()
        };
        anyhow::ensure!(
            of_outer(&now) == of_outer(&there),
            "{command} changed the zone that was in order"
        );
    }
    anyhow::ensure!(
        fs::read(&bystander)? == head("example.com").as_bytes(),
        "a file outside was written"
    );
    let now = fs::read(folder.join(format!("{}.zone", ZONES[0])))?;
    anyhow::ensure!(
        now == outer,
        "the zone file that was in order is not byte for byte what it was"
    );
    Ok(())
}

fn inner(folder: &Path) -> std::path::PathBuf {
    folder.join(format!("{}.zone", ZONES[1]))
}

fn garbled(dice: &mut Dice, folder: &Path) -> std::io::Result<()> {
    let text = fs::read(inner(folder))?;
    fs::write(inner(folder), mutate::bytes(dice, &text))
}

fn cut(dice: &mut Dice, folder: &Path) -> std::io::Result<()> {
    let text = fs::read(inner(folder))?;
    fs::write(inner(folder), &text[..dice.between(0, text.len())])
}

fn no_end(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    let text = fs::read_to_string(inner(folder))?;
    fs::write(inner(folder), text.replace("; END external-dns\n", ""))
}

fn signed(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    let text = fs::read_to_string(inner(folder))?;
    let zone = ZONES[1];
    let line =
        format!("{zone}. 300 IN RRSIG A 8 2 300 20300101000000 20260101000000 1 {zone}. AAAA\n");
    fs::write(inner(folder), text.replacen("; kept by hand", &format!("{line}; kept by hand"), 1))
}

fn empty(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    fs::write(inner(folder), "")
}

/// A named pipe without a writer: a process that opens it waits.
fn a_pipe(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    fs::remove_file(inner(folder))?;
    Command::new("mkfifo").arg(inner(folder)).status().map(drop)
}

fn a_link_away(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    let away = folder.with_file_name("away.zone");
    fs::rename(inner(folder), &away)?;
    symlink(away, inner(folder))
}

fn a_link_to_nothing(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    fs::remove_file(inner(folder))?;
    symlink(folder.join("nothing"), inner(folder))
}

fn unreadable(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    fs::set_permissions(inner(folder), fs::Permissions::from_mode(0o000))
}

fn long(dice: &mut Dice, folder: &Path) -> std::io::Result<()> {
    let text = fs::read_to_string(inner(folder))?;
    let line = format!("x IN TXT \"{}\"\n", "y".repeat(dice.between(250, 300)));
    fs::write(inner(folder), text.replacen("; kept by hand", &(line.repeat(2000) + ";"), 1))
}

/// The lock file is a link to a file of the user.
fn a_lock_that_is_a_link(_: &mut Dice, folder: &Path) -> std::io::Result<()> {
    let lock = folder.join(".external-dns.lock");
    if lock.exists() {
        fs::remove_file(&lock)?;
    }
    symlink(folder.with_file_name("bystander"), lock)
}
