//! The checks that every provider passes. Each takes a maker of fresh harnesses and panics with
//! what it missed; [`conformance!`](crate::conformance!) makes tests of them.

use std::collections::BTreeSet;
use std::time::Duration;

use extdns_model::{
    Endpoint, Failure, FailureKind, Inventory, Name, NotSent, Outcome, Permit, RecordSet,
    RecordType, Ttl,
};

pub use super::promises::keeps_its_promises;
use super::simple_plan::{is_ownership_record, ownership_name, plan};
use super::{Fault, Harness, Lost};
use crate::engine::text;
use crate::{Deadline, ErrorKind, Limit, Provider, ProviderError};

/// A test that makes harnesses.
pub trait Make<H>: AsyncFn() -> H {}

impl<H, F: AsyncFn() -> H> Make<H> for F {}

/// What is in the zone is read as it is.
pub async fn reads_what_is_there<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let long = "x".repeat(300);
    let sets = [
        set(&kit, "two", RecordType::A, &["192.0.2.1", "192.0.2.2"]),
        set(&kit, "alias", RecordType::Cname, &["elsewhere.example.net"]),
        set(&kit, "text", RecordType::Txt, &["\"hello world\""]),
        set(&kit, "long", RecordType::Txt, &[&text::quoted(&long)]),
    ];
    kit.seed(&sets).await;
    let inventory = kit.provider().await.read().await.expect("readable");
    let found: Vec<_> = inventory.records().map(|(_, record)| record.set.clone()).collect();
    for set in &sets {
        assert!(found.iter().any(|found| shown(found) == shown(set)), "{set} among {found:?}");
    }
}

/// New records come with their ownership records.
pub async fn creates<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let desired = desired_sets(&kit, "a", 5);
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
}

/// Values are replaced, and so are TTLs.
pub async fn updates<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let mut desired = desired_sets(&kit, "a", 4);
    all_applied(&run(&kit, &desired).await);
    desired[0].targets = ["198.51.100.1"].into_iter().collect();
    desired[1].targets = ["192.0.2.1", "198.51.100.2"].into_iter().collect();
    desired[2].ttl = Ttl::from_seconds(3600);
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
    desired[1].targets = ["198.51.100.2"].into_iter().collect();
    all_applied(&run(&kit, &desired).await);
    converged(&kit, &desired).await;
}

/// Records that nobody wants go with their ownership records, foreign ones stay.
pub async fn deletes<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    all_applied(&run(&kit, &desired_sets(&kit, "a", 5)).await);
    let foreign = set(&kit, "foreign", RecordType::A, &["203.0.113.1"]);
    kit.seed(std::slice::from_ref(&foreign)).await;
    all_applied(&run(&kit, &[]).await);
    let left: Vec<_> = kit.contents().await.iter().map(shown).collect();
    assert_eq!(left, [shown(&foreign)]);
}

/// The second run finds nothing to do, whatever the first wrote.
pub async fn applies_twice<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let mut desired = desired_sets(&kit, "a", 3);
    desired.extend([
        set(&kit, "bücher", RecordType::A, &["192.0.2.1"]),
        set(&kit, "Upper", RecordType::Cname, &["elsewhere.example.net"]),
        set(&kit, "text", RecordType::Txt, &["hello \\ \"world\""]),
        set(&kit, "long", RecordType::Txt, &[&"y".repeat(600)]),
        set(&kit, "many", RecordType::A, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    ]);
    for set in &mut desired {
        set.ttl = Ttl::UNSET;
    }
    all_applied(&run(&kit, &desired).await);
    let writes = kit.writes().await;
    let outcomes = run(&kit, &desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
    assert_eq!(kit.writes().await, writes);
}

/// Every page is read.
pub async fn pages<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let sets = desired_sets(&kit, "page", 250);
    kit.seed(&sets).await;
    let inventory = kit.provider().await.read().await.expect("readable");
    let names: BTreeSet<_> =
        inventory.records().map(|(_, record)| record.set.name.key().into_owned()).collect();
    let missing = sets.iter().find(|set| !names.contains(set.name.key().as_ref()));
    assert_eq!(missing, None, "of 250 names");
}

/// Throttled calls are repeated, reads and writes.
pub async fn waits_when_throttled<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let throttle = Fault::Throttle { calls: 2, retry_after: Some(Duration::from_secs(1)) };
    if !kit.inject(throttle.clone()).await {
        return;
    }
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable after a while");
    let desired = desired_sets(&kit, "a", 3);
    let groups = plan(&inventory, &adjusted(provider.as_ref(), &inventory, &desired).await);
    kit.inject(throttle).await;
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    all_applied(&writer.apply(&groups, Deadline::none()).await);
    converged(&kit, &desired).await;
}

/// Throttling without end is an error of that kind.
pub async fn gives_up_when_throttled_for_long<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let groups = plan(
        &inventory,
        &adjusted(provider.as_ref(), &inventory, &desired_sets(&kit, "a", 3)).await,
    );
    let for_ever = Fault::Throttle { calls: u32::MAX, retry_after: None };
    if !kit.inject(for_ever).await {
        return;
    }
    let error = match provider.read().await {
        Err(error) => error,
        Ok(inventory) => {
            let (_, unreadable) = inventory.unreadable().next().expect("something not readable");
            ProviderError::throttled(None, unreadable.to_string())
        }
    };
    assert!(matches!(error.kind, ErrorKind::Throttled { .. }), "{error:?}");
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    for outcome in writer.apply(&groups, Deadline::none()).await {
        let failure = failure(&outcome).unwrap_or_else(|| panic!("not applied: {outcome:?}"));
        assert_eq!(failure.kind, FailureKind::Throttled, "{failure}");
    }
    no_secrets(&kit, &[error.to_string()]);
}

/// Of 500 records one is bad: 499 are applied, one is reported.
pub async fn rejects_one_of_many<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let desired = desired_sets(&kit, "n", 500);
    if !kit.inject(Fault::Reject(desired[321].name.clone())).await {
        return;
    }
    let outcomes = run(&kit, &desired).await;
    assert_eq!(outcomes.len(), 500);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| **outcome != Outcome::Applied).collect();
    let [failed] = failed[..] else { panic!("one is bad, these failed: {failed:?}") };
    let failure = failure(failed).unwrap_or_else(|| panic!("a failure, not {failed:?}"));
    assert_eq!(failure.kind, FailureKind::Rejected, "{failure}");
    let contents = kit.contents().await;
    let there = |set: &&RecordSet| contents.iter().any(|found| found.name.key() == set.name.key());
    assert_eq!(desired.iter().filter(there).count(), 499);
    no_orphans(&contents);
}

/// What alone exceeds a limit is reported; the rest is applied.
pub async fn refuses_what_is_too_large<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let provider = kit.provider().await;
    let limit = provider.capabilities().batch_limits.values;
    if limit > 65_000 {
        return;
    }
    let values: Vec<String> =
        (0..=limit).map(|n| format!("10.0.{}.{}", n / 256, n % 256)).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let mut desired = desired_sets(&kit, "a", 3);
    desired.push(set(&kit, "large", RecordType::A, &values));
    let outcomes = run(&kit, &desired).await;
    let failed: Vec<_> = outcomes.iter().filter_map(failure).collect();
    let [failed] = failed[..] else { panic!("one is too large, these failed: {failed:?}") };
    assert_eq!(failed.kind, FailureKind::Limit, "{failed}");
    assert!(failed.message.contains("large."), "names the record: {failed}");
    assert!(failed.message.contains(&Limit::Values(limit).to_string()), "{failed}");
    desired.pop();
    converged(&kit, &desired).await;
}

/// A write whose answer is lost is neither taken for granted nor made twice.
pub async fn finds_out_about_lost_answers<H: Harness>(make: impl Make<H>) {
    for lost in [Lost::Done, Lost::NotDone] {
        let kit = make().await;
        if !kit.inject(Fault::Lose(lost)).await {
            return;
        }
        let desired = desired_sets(&kit, "a", 5);
        all_applied(&run(&kit, &desired).await);
        converged(&kit, &desired).await;
        if !kit.inject(Fault::Lose(lost)).await {
            return;
        }
        all_applied(&run(&kit, &[]).await);
        converged(&kit, &[]).await;
    }
}

/// Everything up to the writer makes no write call.
pub async fn plans_without_writing<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    all_applied(&run(&kit, &desired_sets(&kit, "a", 5)).await);
    let before = kit.writes().await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    let groups = plan(
        &inventory,
        &adjusted(provider.as_ref(), &inventory, &desired_sets(&kit, "b", 5)).await,
    );
    assert_eq!(groups.len(), 10, "five to come and five to go");
    assert_eq!(kit.writes().await, before);
    let writes: u64 =
        provider.calls().iter().filter(|count| count.mutating).map(|count| count.calls).sum();
    assert_eq!(writes, 0);
}

/// Missing rights are an error of that kind, without secrets, and end the writing of the zone.
pub async fn tells_missing_rights<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    if !kit.inject(Fault::Unauthorised).await {
        return;
    }
    let outcomes = run(&kit, &desired_sets(&kit, "a", 50)).await;
    let messages: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            let failure = failure(outcome).unwrap_or_else(|| panic!("a failure: {outcome:?}"));
            assert_eq!(failure.kind, FailureKind::Unauthorised, "{failure}");
            failure.message.clone()
        })
        .collect();
    assert_eq!(messages.len(), 50);
    no_secrets(&kit, &messages);
    kit.clear().await;
    assert!(kit.contents().await.is_empty());
}

/// Killed after every write of an apply of 40 changes, run again on what reads show at once, and
/// again on what they show in the end: no record without its ownership record at any time, and in
/// the end everything as desired and nothing twice.
pub async fn survives_death_after_every_write<H: Harness>(make: impl Make<H>) {
    let step = make().await.writes_between_deaths();
    for writes in (0..).step_by(step) {
        let kit = make().await;
        let before = desired_sets(&kit, "n", 27);
        all_applied(&run(&kit, &before).await);
        let desired = forty_changes(&kit, &before);
        kit.settle().await;
        kit.lag().await;
        if !kit.inject(Fault::KillAfter(writes)).await {
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
        assert!(outcomes.is_empty(), "after {writes} writes, still to do: {outcomes:?}");
        if !killed {
            return;
        }
    }
}

/// What somebody changed between the read and the write of a run.
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
        // The first is updated, the second and third are deleted; the third nobody changes.
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

/// The record sets that somebody puts in the place of these records and their ownership records.
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
            let targets = [super::simple_plan::OWNERSHIP].into_iter().collect();
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

/// A server that hangs does not hold a run beyond its deadline, and not for ten seconds after it was
/// told to stop. What was under way is unknown.
pub async fn ends_with_the_deadline<H: Harness>(make: impl Make<H>) {
    for stopped in [false, true] {
        let kit = make().await;
        let provider = kit.provider().await;
        let inventory = provider.read().await.expect("readable");
        let groups = plan(
            &inventory,
            &adjusted(provider.as_ref(), &inventory, &desired_sets(&kit, "a", 5)).await,
        );
        if !kit.inject(Fault::Hang).await {
            return;
        }
        let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
        let start = tokio::time::Instant::now();
        let second = Duration::from_secs(1);
        let (outcomes, most) = if stopped {
            let (until, stopper) = Deadline::none().stoppable();
            let stop = async {
                tokio::time::sleep(second).await;
                stopper.stop();
            };
            (tokio::join!(writer.apply(&groups, until), stop).0, 10)
        } else {
            (writer.apply(&groups, Deadline::within(2 * second)).await, 3)
        };
        assert!(start.elapsed() < most * second, "{:?}", start.elapsed());
        assert!(outcomes.iter().any(|it| matches!(it, Outcome::Unknown(_))), "{outcomes:?}");
        assert!(!outcomes.contains(&Outcome::Applied), "{outcomes:?}");
    }
}

/// 13 updates, 14 deletes and 13 creates.
fn forty_changes(kit: &impl Harness, before: &[RecordSet]) -> Vec<RecordSet> {
    let updated = before.iter().take(13).cloned().enumerate().map(|(index, mut set)| {
        let value = format!("198.51.100.{index}");
        set.targets = match index % 3 {
            0 => [value].into_iter().collect(),
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

/// One run: read, adjust, plan, apply.
pub async fn run<H: Harness>(kit: &H, desired: &[RecordSet]) -> Vec<Outcome> {
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    apply(provider.as_ref(), &inventory, &adjusted(provider.as_ref(), &inventory, desired).await)
        .await
}

/// The second half of a run: plan, apply.
pub async fn apply(
    provider: &dyn Provider,
    inventory: &Inventory,
    desired: &[RecordSet],
) -> Vec<Outcome> {
    let groups = plan(inventory, desired);
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    let outcomes = writer.apply(&groups, Deadline::none()).await;
    assert_eq!(outcomes.len(), groups.len(), "an outcome for every group");
    outcomes
}

async fn adjusted(
    provider: &dyn Provider,
    inventory: &Inventory,
    desired: &[RecordSet],
) -> Vec<RecordSet> {
    let endpoints = desired.iter().cloned().map(Endpoint::from_set).collect();
    let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
    adjusted.endpoints.into_iter().map(|endpoint| endpoint.set).collect()
}

fn set(kit: &impl Harness, label: &str, rtype: RecordType, targets: &[&str]) -> RecordSet {
    let name = Name::as_listed(&format!("{label}.{}", kit.zone()));
    RecordSet::new(name, rtype, Ttl::from_seconds(300), targets.iter().copied().collect())
}

fn desired_sets(kit: &impl Harness, label: &str, count: usize) -> Vec<RecordSet> {
    (0..count)
        .map(|n| {
            let value = format!("192.0.{}.{}", n / 250, n % 250 + 1);
            set(kit, &format!("{label}{n:03}"), RecordType::A, &[&value])
        })
        .collect()
}

pub(super) fn all_applied(outcomes: &[Outcome]) {
    let failed: Vec<_> = outcomes.iter().filter(|it| **it != Outcome::Applied).collect();
    assert!(failed.is_empty(), "not applied: {failed:?}");
}

/// The zone holds what is desired, with ownership records, each value once, and nothing else.
async fn converged<H: Harness>(kit: &H, desired: &[RecordSet]) {
    kit.settle().await;
    let contents = kit.contents().await;
    no_orphans(&contents);
    let mut records: Vec<_> =
        contents.iter().filter(|set| !is_ownership_record(set)).map(shown).collect();
    let mut expected: Vec<_> = desired.iter().map(shown).collect();
    records.sort();
    expected.sort();
    assert_eq!(records, expected);
    let ownership_records = contents.iter().filter(|set| is_ownership_record(set));
    let twice = ownership_records.clone().find(|set| set.targets.len() != 1);
    assert_eq!(twice, None, "an ownership record that is there twice");
    assert_eq!(ownership_records.count(), desired.len(), "one ownership record for each record");
}

/// Every record has its ownership record.
fn no_orphans(contents: &[RecordSet]) {
    let ownership_records: BTreeSet<_> = contents
        .iter()
        .filter(|set| is_ownership_record(set))
        .map(|set| set.name.key().into_owned())
        .collect();
    let foreign = |set: &&RecordSet| set.name.as_str().starts_with("foreign.");
    let orphan =
        contents.iter().filter(|set| !is_ownership_record(set) && !foreign(set)).find(|set| {
            !ownership_records.contains(ownership_name(&set.name, set.rtype).key().as_ref())
        });
    assert_eq!(orphan, None, "a record without its ownership record");
}

fn no_secrets<H: Harness>(kit: &H, messages: &[String]) {
    for secret in kit.secrets() {
        let leak = messages.iter().find(|message| message.contains(&secret));
        assert_eq!(leak, None, "a message with a secret");
    }
}

fn failure(outcome: &Outcome) -> Option<&Failure> {
    match outcome {
        Outcome::Rejected(failure)
        | Outcome::Failed(failure)
        | Outcome::Partial { reason: failure, .. }
        | Outcome::Unknown(failure)
        | Outcome::NotSent(NotSent::Stopped(failure)) => Some(failure),
        Outcome::Applied | Outcome::NotSent(_) => None,
    }
}

/// A set in a form in which it can be compared, whatever the API makes of names and text.
fn shown(set: &RecordSet) -> (String, RecordType, Ttl, Vec<String>) {
    let mut values: Vec<_> = set
        .targets
        .iter()
        .map(|target| match set.rtype {
            RecordType::Txt => text::bare(target).into_owned(),
            _ => target.to_lowercase().to_string(),
        })
        .collect();
    values.sort();
    (set.name.key().into_owned(), set.rtype, set.ttl, values)
}
