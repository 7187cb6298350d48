//! The checks that every provider passes. Each takes a maker of fresh harnesses and panics with
//! what it missed; [`conformance!`](crate::conformance!) makes tests of them.

mod calls;
mod content;
mod kinds;
mod races;
mod replaced;
mod trouble;

use std::collections::BTreeSet;

use extdns_model::{
    Endpoint, Failure, Inventory, Name, NotSent, Outcome, Permit, RecordSet, RecordType, Ttl,
};

use super::Harness;
pub use super::promises::keeps_its_promises;
use super::simple_plan::{is_ownership_record, ownership_name, plan};
use crate::engine::text;
use crate::{Deadline, Provider};
pub use calls::makes_no_more_calls;
pub use content::{
    applies_twice, creates, deletes, pages, plans_without_writing, reads_what_is_there, updates,
};
pub use kinds::{heals_values_that_disagree, keeps_child_zones_apart, stores_every_kind};
pub use races::{
    leaves_what_changed_meanwhile, moves_a_name_to_its_new_zone, survives_death_after_every_write,
    survives_death_at_every_call,
};
pub use replaced::{keeps_what_is_not_replaced, swaps_an_alias};
pub use trouble::{
    ends_with_the_deadline, finds_out_about_lost_answers, gives_up_when_throttled_for_long,
    leaves_an_api_alone_that_is_down, refuses_what_is_too_large, rejects_one_of_many,
    stops_creates_in_a_full_zone, tells_missing_rights, waits_when_throttled,
};

/// A test that makes harnesses.
pub trait Make<H>: AsyncFn() -> H {}

impl<H, F: AsyncFn() -> H> Make<H> for F {}

/// One run: read, adjust, plan, apply.
pub async fn run<H: Harness>(kit: &H, desired: &[RecordSet]) -> Vec<Outcome> {
    run_with(kit.provider().await.as_ref(), desired).await
}

/// The same with a provider that is there.
async fn run_with(provider: &dyn Provider, desired: &[RecordSet]) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    apply(provider, &inventory, &adjusted(provider, &inventory, desired).await).await
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
    RecordSet::new(name, rtype, Ttl::from_seconds(kit.ttl()), targets.iter().copied().collect())
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

/// A set in a form in which it can be compared, as APIs change the spelling of names and text.
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
