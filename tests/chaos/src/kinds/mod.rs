//! The kinds of hostility.

mod hangs;
mod inputs;
mod kills;
mod lambda;
mod liars;
mod moves;
mod readers;
mod rivals;
mod zonefiles;

use std::time::Duration;

use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::program::{Bench, Run, Task};
use crate::world::{Desired, OWNER, Record};

/// One kind of hostility.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What happens in a round.
    pub about: &'static str,
    /// How many rounds of it are played in turn with one of each other kind.
    pub weight: usize,
    /// Plays a round. An error says what did not hold.
    pub play: fn(&mut Dice, &Bench) -> anyhow::Result<()>,
}

/// All of them.
pub const KINDS: [Kind; 15] = [
    Kind { name: "kills", about: "runs are killed at any moment", weight: 2, play: kills::play },
    Kind {
        name: "rivals",
        about: "several runs want the opposite at once",
        weight: 2,
        play: rivals::play,
    },
    Kind {
        name: "moves",
        about: "a child zone appears, and refuses or the run is killed",
        weight: 1,
        play: moves::play,
    },
    Kind { name: "kubernetes", about: "the API server lies", weight: 3, play: liars::kubernetes },
    Kind { name: "route53", about: "Route 53 lies", weight: 3, play: liars::route53 },
    Kind { name: "webhook", about: "a webhook provider lies", weight: 3, play: liars::webhook },
    Kind {
        name: "zonefiles",
        about: "zone files and their folder are odd",
        weight: 2,
        play: zonefiles::play,
    },
    Kind {
        name: "hangs",
        about: "servers hang, and the run is asked to stop",
        weight: 1,
        play: hangs::play,
    },
    Kind {
        name: "lambda",
        about: "the function gets odd events, and its servers lie",
        weight: 1,
        play: lambda::play,
    },
    Kind {
        name: "readers",
        about: "commands that only read meet lies",
        weight: 2,
        play: readers::play,
    },
    Kind {
        name: "manifests",
        about: "manifests, kubeconfigs and credentials are odd",
        weight: 2,
        play: inputs::files,
    },
    Kind { name: "flags", about: "flags and variables are odd", weight: 3, play: inputs::flags },
    Kind {
        name: "ownership",
        about: "ownership records are odd",
        weight: 2,
        play: inputs::ownership,
    },
    Kind {
        name: "answers",
        about: "answers of all servers are garbled",
        weight: 3,
        play: inputs::answers,
    },
    Kind {
        name: "reports",
        about: "reports to be undone are odd",
        weight: 1,
        play: inputs::reports,
    },
];

/// The kind of this name.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Longest time for an undisturbed run, on a machine that is busy.
const BOUND: Duration = Duration::from_secs(60);

const SIGTERM: i32 = 15;

/// The deadline that runs are given where servers may hang.
const TIMEOUT: &str = "--timeout=1s";

/// What a run is given beyond its deadline: ten seconds for what it has sent, and as many for a busy machine.
const GRACE: Duration = Duration::from_secs(21);

/// The flags of every run: all sources, all records may go at once.
fn task(command: &str) -> Task {
    Task::new(&[
        command,
        "--source=service",
        "--source=ingress",
        "--source=crd",
        "--registry=txt",
        "--policy=sync",
        "--max-delete-percent=100",
    ])
    .arg(&format!("--txt-owner-id={OWNER}"))
}

/// A run over these desired endpoints, given as a manifest.
fn over(command: &str, bench: &Bench, dns: &Dns, desired: &Desired) -> Task {
    let path = bench.write("desired.json", desired.list());
    dns.reached_by(task(command)).arg(&format!("--manifests={}", path.display()))
}

/// Two quiet runs: after the first the zones are as wanted, the second has nothing to do.
fn converges(
    bench: &Bench,
    dns: &Dns,
    task: &Task,
    desired: &Desired,
    strangers: &[Record],
) -> anyhow::Result<()> {
    judge::ended_with(&bench.run(task, BOUND)?, 0)?;
    let now = dns.records();
    judge::strangers_keep(strangers, &now)?;
    judge::as_wanted(desired, strangers, &now)?;
    let writes = dns.writes();
    judge::ended_with(&bench.run(task, BOUND)?, 0)?;
    anyhow::ensure!(dns.writes() == writes, "a second run had something to do");
    Ok(())
}

/// A run that may end with each of the exit codes that are documented.
fn disturbed(run: &Run, dns: &Dns, strangers: &[Record]) -> anyhow::Result<()> {
    judge::sound(run)?;
    let now = dns.records();
    judge::strangers_keep(strangers, &now)?;
    judge::all_owned(strangers, &now)
}
