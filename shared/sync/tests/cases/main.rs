//! Replays what upstream did with random clusters and zones (`tests/cases/README.md`): the same
//! arguments, objects and records must give the same changes, but for the deviations that stand in
//! `tests/cases/deviations.toml` with the reason.

mod case;
mod compare;
mod deviations;
mod provider;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use case::Case;
use compare::Comparison;
use deviations::Deviations;

/// The fewest cases that a checkout without the whole collection runs.
const CHECKED_IN: usize = 57;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases")
}

/// The folders with cases: those checked in, and the whole collection where a variable names it.
fn folders() -> Vec<PathBuf> {
    let collection = std::env::var_os("EXTDNS_CASES").map(PathBuf::from);
    std::iter::once(repository()).chain(collection).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_those_of_upstream() {
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for folder in folders() {
        for case in case::load(&folder) {
            cases.insert(case.name.clone(), case);
        }
    }
    assert!(
        cases.len() >= CHECKED_IN,
        "only {} cases were found; tests/cases has at least {CHECKED_IN}",
        cases.len()
    );
    let deviations = Deviations::load(&repository().join("deviations.toml"));
    let mut problems = Vec::new();
    let mut changes = 0;
    for case in cases.values() {
        let ours = case.replay().await;
        let comparison = Comparison::of(case, &ours, &deviations);
        changes += comparison.agreed;
        problems.extend(comparison.problems);
    }
    // Past the harness, which keeps what a passing test prints.
    let _ = writeln!(
        std::io::stderr(),
        "replayed {} recorded runs of upstream, {changes} changes agree, {} deviate on purpose",
        cases.len(),
        deviations.used()
    );
    problems.extend(deviations.unused(&cases));
    assert!(
        problems.is_empty(),
        "{} differences:\n{}",
        problems.len(),
        problems.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
}
