//! What holds after every round.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};

use crate::program::Run;
use crate::secrets;
use crate::world::{Desired, Record, contested};

/// The exit codes that the program promises.
const CODES: std::ops::RangeInclusive<i32> = 0..=6;

/// The name of a stranger's record whose ownership name also holds an ownership record of ours: it
/// may go, the stranger's text not.
const MIXED: &str = "text.example.org";

/// A process that ended by itself did so with one of our codes; it did not panic, and printed no secret.
pub fn sound(run: &Run) -> anyhow::Result<()> {
    ended(run)?;
    for word in ["panicked", "internal error", "stack overflow"] {
        ensure!(
            !run.written.contains(word),
            "{word:?} in what it wrote:\n{}",
            end_of(&run.written)
        );
    }
    Ok(())
}

/// As [`sound`], but a library may have panicked, as some do where the system has no resources left: that is logged in a line
/// and is a run that failed.
pub fn ended(run: &Run) -> anyhow::Result<()> {
    if let Some(signal) = run.signal {
        bail!("ended by signal {signal}:\n{}", end_of(&run.written));
    }
    if let Some(code) = run.code {
        ensure!(CODES.contains(&code), "ended with {code}:\n{}", end_of(&run.written));
    }
    if let Some(secret) = secrets::found_in(&run.written) {
        let line = run.written.lines().find(|line| secrets::found_in(line).is_some());
        bail!("printed the secret {secret:?}: {}", line.unwrap_or("in several lines"));
    }
    Ok(())
}

fn end_of(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(1500))..]
}

/// [`sound`], and it ended with this code.
pub fn ended_with(run: &Run, code: i32) -> anyhow::Result<()> {
    sound(run)?;
    ensure!(
        run.code == Some(code),
        "ended with {:?} instead of {code}:\n{}",
        run.code,
        run.written
    );
    Ok(())
}

/// What strangers have is as it was.
pub fn strangers_keep(strangers: &[Record], now: &[Record]) -> anyhow::Result<()> {
    for theirs in strangers.iter().filter(|record| record.name != MIXED) {
        let set = now.iter().find(|own| own.name == theirs.name && own.rtype == theirs.rtype);
        let Some(set) = set else { bail!("a stranger's record is gone: {theirs:?}") };
        let lost = theirs.values.iter().find(|value| !set.values.contains(value));
        let ours_went =
            theirs.name == format!("a-{MIXED}") && lost.is_some_and(|v| v.contains("heritage"));
        ensure!(
            lost.is_none() || ours_went,
            "a stranger's value is gone: {theirs:?} is now {set:?}"
        );
        ensure!(
            set.rtype == "TXT" || set.values == theirs.values,
            "a stranger's record was changed: {theirs:?} is now {set:?}"
        );
    }
    Ok(())
}

/// Every record that no stranger made has an ownership record of ours.
pub fn all_owned(strangers: &[Record], now: &[Record]) -> anyhow::Result<()> {
    let theirs = contested(strangers);
    for record in now.iter().filter(|own| own.rtype != "TXT" && !theirs.contains(own.name.as_str()))
    {
        let name = record.ownership_name();
        let ownership_record = now.iter().find(|own| own.rtype == "TXT" && own.name == name);
        ensure!(
            ownership_record.is_some_and(Record::is_our_ownership_record),
            "{record:?} has no ownership record of ours: {ownership_record:?}"
        );
    }
    Ok(())
}

/// The names that were there and are still wanted are there.
pub fn kept(names: &BTreeSet<String>, before: &[Record], now: &[Record]) -> anyhow::Result<()> {
    for name in names {
        let has =
            |records: &[Record]| records.iter().any(|own| own.name == *name && own.rtype == "A");
        ensure!(!has(before) || has(now), "{name} is wanted and was deleted");
    }
    Ok(())
}

/// The zones hold what is wanted where no stranger is in the way, and nothing else of ours.
pub fn as_wanted(desired: &Desired, strangers: &[Record], now: &[Record]) -> anyhow::Result<()> {
    let theirs = contested(strangers);
    let free =
        |name: &str| !theirs.contains(name) && !theirs.contains(format!("a-{name}").as_str());
    let wanted: BTreeSet<(String, Vec<String>)> = desired
        .hosts()
        .filter(|(name, _)| free(name))
        .map(|(name, addresses)| (name, addresses.to_vec()))
        .collect();
    let ours = now.iter().filter(|own| own.rtype != "TXT" && free(&own.name));
    let there: BTreeSet<(String, Vec<String>)> =
        ours.map(|own| (own.name.clone(), own.values.clone())).collect();
    let missing: Vec<_> = wanted.difference(&there).collect();
    let surplus: Vec<_> = there.difference(&wanted).collect();
    ensure!(
        missing.is_empty() && surplus.is_empty(),
        "the zones are not as wanted: missing {missing:?}, surplus {surplus:?}"
    );
    all_owned(strangers, now)
}
