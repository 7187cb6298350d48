//! Runs that are killed, records that others change, names that move.

use extdns_model::{Name, NotSent, Outcome, Permit, RecordSet, RecordType, Ttl};

use super::{Make, adjusted, all_applied, converged, desired_sets, no_orphans, run, shown};
use crate::Deadline;
use crate::conformance::simple_plan::{OWNERSHIP, ownership_name, plan};
use crate::conformance::{Fault, Harness};

/// Killed after every write of an apply of 40 changes, run again on what reads show at once, and
/// again on what they show in the end: no record without its ownership record at any time, and in
/// the end everything as desired and nothing twice.
pub async fn survives_death_after_every_write<H: Harness>(make: impl Make<H>) {
    let step = make().await.writes_between_deaths();
    survives(make, (0..).step_by(step).map(Fault::KillAfter)).await;
}

/// The same, killed at every call, reads too: those of the list of zones, of the records, and before deletes.
pub async fn survives_death_at_every_call<H: Harness>(make: impl Make<H>) {
    survives(make, (0..).map(Fault::KillAt)).await;
}

async fn survives<H: Harness>(make: impl Make<H>, deaths: impl Iterator<Item = Fault>) {
    for death in deaths {
        let kit = make().await;
        let before = desired_sets(&kit, "n", 27);
        all_applied(&run(&kit, &before).await);
        let desired = forty_changes(&kit, &before);
        kit.settle().await;
        kit.lag().await;
        if !kit.inject(death.clone()).await {
            return;
        }
        let killed = tokio::select! {
            biased;
            () = kit.killed() => true,
            outcomes = run(&kit, &desired) => {
                all_applied(&outcomes);
                assert_eq!(outcomes.len(), 40);
                false
            }
        };
        kit.clear().await;
        no_orphans(&kit.contents().await);
        run(&kit, &desired).await;
        no_orphans(&kit.contents().await);
        kit.settle().await;
        all_applied(&run(&kit, &desired).await);
        converged(&kit, &desired).await;
        let outcomes = run(&kit, &desired).await;
        assert!(outcomes.is_empty(), "{death:?}, still to do: {outcomes:?}");
        if !killed {
            return;
        }
    }
}

/// 13 updates, 14 deletes and 13 creates.
fn forty_changes(kit: &impl Harness, before: &[RecordSet]) -> Vec<RecordSet> {
    let updated = before.iter().take(13).cloned().enumerate().map(|(index, mut set)| {
        let value = format!("198.51.100.{index}");
        set.targets = match index % 3 {
            0 => [value].into_iter().collect(),
            2 if kit.ttl() == 0 => [value].into_iter().collect(),
            1 => [set.targets.as_slice()[0].to_string(), value].into_iter().collect(),
            _ => {
                set.ttl = Ttl::from_seconds(7200);
                set.targets
            }
        };
        set
    });
    updated.chain(desired_sets(kit, "new", 13)).collect()
}

/// What another program changed between the read and the write of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// The records have another value.
    Value,
    /// The ownership records say another owner.
    Owner,
    /// The ownership records are gone.
    Unowned,
    /// The records are gone, with their ownership records.
    Gone,
}

/// What was changed between the read and the write is left as it is and reported: no update and no
/// delete meets it, and no record is made without its ownership record. The rest is applied.
pub async fn leaves_what_changed_meanwhile<H: Harness>(make: impl Make<H>) {
    for meanwhile in [Meanwhile::Value, Meanwhile::Owner, Meanwhile::Unowned, Meanwhile::Gone] {
        let kit = make().await;
        let before = desired_sets(&kit, "a", 4);
        all_applied(&run(&kit, &before).await);
        kit.settle().await;
        let provider = kit.provider().await;
        let inventory = provider.read().await.expect("readable");
        // The first is updated, the second and third are deleted; the third stays as it was read.
        let mut desired = vec![before[0].clone(), before[3].clone()];
        desired[0].targets = ["198.51.100.1"].into_iter().collect();
        let groups = plan(&inventory, &adjusted(provider.as_ref(), &inventory, &desired).await);
        let altered = alter_pairs(&kit, &before[..2], meanwhile).await;
        if !kit.alter(&altered).await {
            return;
        }
        let there = changed_names(&kit, &before[..2]).await;
        let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
        let outcomes = writer.apply(&groups, Deadline::none()).await;
        kit.settle().await;
        assert_eq!(changed_names(&kit, &before[..2]).await, there, "{meanwhile:?}");
        let left = kit.contents().await;
        let third = before[2].name.key();
        assert!(!left.iter().any(|set| set.name.key() == third), "{meanwhile:?}: {left:?}");
        for (group, outcome) in groups.iter().zip(&outcomes) {
            let is_changed = before[..2].iter().any(|set| set.name.key() == group.name.key());
            let is_gone = meanwhile == Meanwhile::Gone && group.name.key() == before[1].name.key();
            let applied = *outcome == Outcome::Applied;
            assert_eq!(
                applied,
                !is_changed || is_gone,
                "{meanwhile:?} {}: {outcome:?}",
                group.name
            );
        }
    }
}

/// The record sets that another program puts in the place of these records and their ownership records.
async fn alter_pairs(
    kit: &impl Harness,
    records: &[RecordSet],
    meanwhile: Meanwhile,
) -> Vec<RecordSet> {
    let contents = kit.contents().await;
    let ownership_records = contents.into_iter().filter(|set| {
        let of =
            |record: &RecordSet| ownership_name(&record.name, record.rtype).key() == set.name.key();
        records.iter().any(of)
    });
    let with = |mut set: RecordSet, target: &str| {
        set.targets = [target].into_iter().filter(|target| !target.is_empty()).collect();
        set
    };
    let records = records.iter().cloned();
    let other = "\"heritage=external-dns,external-dns/owner=other\"";
    match meanwhile {
        Meanwhile::Value => records.map(|set| with(set, "203.0.113.7")).collect(),
        Meanwhile::Owner => ownership_records.map(|set| with(set, other)).collect(),
        Meanwhile::Unowned => ownership_records.map(|set| with(set, "")).collect(),
        Meanwhile::Gone => records.chain(ownership_records).map(|set| with(set, "")).collect(),
    }
}

/// What the zone has of these records and of their ownership records.
async fn changed_names(
    kit: &impl Harness,
    records: &[RecordSet],
) -> Vec<(String, RecordType, Ttl, Vec<String>)> {
    let of = |set: &RecordSet| {
        records.iter().any(|record| {
            let ownership_record = ownership_name(&record.name, record.rtype);
            set.name.key() == record.name.key() || set.name.key() == ownership_record.key()
        })
    };
    let mut names: Vec<_> = kit.contents().await.iter().filter(|set| of(set)).map(shown).collect();
    names.sort();
    names
}

/// A name that belongs to another zone by now is made there first, and removed from its old zone
/// only when it was made: a refused create keeps the old record.
pub async fn moves_a_name_to_its_new_zone<H: Harness>(make: impl Make<H>) {
    for refused in [false, true] {
        let kit = make().await;
        let Some(child) = kit.child() else { return };
        let desired: Vec<RecordSet> = (0..2)
            .map(|n| {
                let name = Name::as_listed(&format!("m{n}.{child}"));
                let targets = ["192.0.2.1"].into_iter().collect();
                RecordSet::new(name, RecordType::A, Ttl::from_seconds(300), targets)
            })
            .collect();
        let ownership_records = desired.iter().map(|set| {
            let targets = [OWNERSHIP].into_iter().collect();
            let name = ownership_name(&set.name, set.rtype);
            RecordSet::new(name, RecordType::Txt, Ttl::from_seconds(300), targets)
        });
        kit.seed(&desired.iter().cloned().chain(ownership_records).collect::<Vec<_>>()).await;
        if refused && !kit.inject(Fault::Reject(desired[0].name.clone())).await {
            return;
        }
        let outcomes = run(&kit, &desired).await;
        kit.settle().await;
        let (old, new) = (kit.contents().await, kit.contents_of_child().await);
        no_orphans(&old);
        no_orphans(&new);
        let has = |sets: &[RecordSet], set: &RecordSet| {
            sets.iter().any(|own| own.name.key() == set.name.key())
        };
        assert!(has(&new, &desired[1]) && !has(&old, &desired[1]), "{outcomes:?}: {old:?} {new:?}");
        assert_eq!(has(&old, &desired[0]), refused, "{outcomes:?}: {old:?} {new:?}");
        let stays = outcomes.contains(&Outcome::NotSent(NotSent::Move));
        assert_eq!(stays, refused, "{outcomes:?}");
    }
}
