//! What every backend must do, whatever it is made of.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::Permit;
use extdns_state::testing::ManualClock;
use extdns_state::{
    Backend, Claim, ClockSource as _, Document, Gate, Hash, Known, Lease, LeaseEnd, LeaseEntry,
    StateError, Store, Taken, WriteError,
};

/// A place where state is kept, and ways to disturb it.
#[async_trait(?Send)]
pub(crate) trait Place {
    /// A backend of its own, as another process would have it.
    fn backend(&self) -> Box<dyn Backend>;

    /// Stores a text for a target, past the backend.
    async fn put(&self, target: &str, text: &str);

    /// Stores something that is no state where that of a target belongs.
    async fn put_other(&self, target: &str);

    /// Removes what is stored for a target.
    async fn remove(&self, target: &str);
}

pub(crate) fn permit() -> Permit {
    Permit::grant()
}

/// A run with its own connection to the place.
pub(crate) fn store(place: &dyn Place, clock: &ManualClock) -> Store {
    Store::new(place.backend(), Arc::new(clock.clone()))
}

pub(crate) fn claim<'a>(target: &'a str, holder: &'a str) -> Claim<'a> {
    Claim { target, holder, end: LeaseEnd { deadline: None }, wait: Duration::ZERO }
}

pub(crate) async fn take<'a>(store: &'a Store, target: &str, holder: &str) -> Lease<'a> {
    let taken = store.acquire(&permit(), &claim(target, holder)).await;
    lease(taken.unwrap_or_else(|error| panic!("{target}: {holder}: {error}")))
}

pub(crate) fn lease(taken: Taken<'_>) -> Lease<'_> {
    match taken {
        Taken::Lease(lease) => lease,
        Taken::Held(holder) => panic!("held by {holder:?}"),
    }
}

pub(crate) async fn holder(store: &Store, target: &str) -> LeaseEntry {
    match store.acquire(&permit(), &claim(target, "second")).await {
        Ok(Taken::Held(holder)) => holder,
        Ok(Taken::Lease(_)) => panic!("{target}: nobody held the lease"),
        Err(error) => panic!("{target}: {error}"),
    }
}

pub(crate) fn gate(text: &str, clock: &ManualClock) -> Gate {
    Gate { hash: Hash::of(text.as_bytes()), full_read_at: clock.now() }
}

/// All of it. The clock of the machine plays no role.
pub(crate) async fn holds(place: &dyn Place) {
    a_lease_is_taken_given_back_and_leaves_a_gate(place).await;
    another_run_is_told_who_holds_the_lease(place).await;
    a_lease_that_is_over_is_taken_by_the_next(place).await;
    of_two_writes_over_one_state_the_second_is_refused(place).await;
    targets_do_not_share_leases(place).await;
    state_that_was_removed_is_a_lost_lease(place).await;
    what_is_no_state_is_neither_taken_nor_overwritten(place).await;
    a_broken_gate_costs_a_full_run_alone(place).await;
}

async fn a_lease_is_taken_given_back_and_leaves_a_gate(place: &dyn Place) {
    let clock = ManualClock::default();
    let run = store(place, &clock);
    let mut first = take(&run, "plain", "run 1").await;
    assert_eq!(first.gate(), &Known::Nothing);
    first.clear_gate(&permit()).await.expect("cleared");
    first.release(&permit(), Known::Gate(gate("one", &clock))).await.expect("released");

    let other = store(place, &clock);
    let mut second = take(&other, "plain", "run 2").await;
    assert_eq!(second.gate(), &Known::Gate(gate("one", &clock)));
    second.clear_gate(&permit()).await.expect("cleared");
    second.release(&permit(), Known::Nothing).await.expect("released");

    let third = take(&run, "plain", "run 3").await;
    assert_eq!(third.gate(), &Known::Nothing, "what was cleared stays cleared");
    third.release(&permit(), Known::Gate(gate("three", &clock))).await.expect("released");
    let fourth = take(&run, "plain", "run 4").await;
    let gate_left = fourth.gate().clone();
    fourth.release(&permit(), gate_left).await.expect("released");
    let fifth = take(&other, "plain", "run 5").await;
    assert_eq!(fifth.gate(), &Known::Gate(gate("three", &clock)), "a gated run leaves the gate");
    fifth.release(&permit(), Known::Nothing).await.expect("released");
}

async fn another_run_is_told_who_holds_the_lease(place: &dyn Place) {
    let clock = ManualClock::default();
    let (one, two) = (store(place, &clock), store(place, &clock));
    let first = take(&one, "held", "run 1 of \"pod\" é").await;
    let held = holder(&two, "held").await;
    assert_eq!(held, LeaseEntry { holder: "run 1 of \"pod\" é".to_owned(), until: first.until() });
    first.release(&permit(), Known::Nothing).await.expect("released");
    take(&two, "held", "run 2").await.release(&permit(), Known::Nothing).await.expect("released");
}

async fn a_lease_that_is_over_is_taken_by_the_next(place: &dyn Place) {
    let (slow, clock) = (ManualClock::default(), ManualClock::default());
    let (one, two) = (store(place, &slow), store(place, &clock));
    let mut first = take(&one, "over", "run 1").await;
    clock.advance(Duration::from_secs(599));
    holder(&two, "over").await;
    clock.advance(Duration::from_secs(1));
    let second = take(&two, "over", "run 2").await;

    // The clock of the first run is late, so it still believes in its lease.
    let error = first.clear_gate(&permit()).await.expect_err("lost");
    let by = Some("run 2".to_owned());
    assert!(matches!(&error, StateError::Lost { by: own, .. } if *own == by), "{error}");
    let error = first.release(&permit(), Known::Gate(gate("x", &slow))).await.expect_err("lost");
    assert!(matches!(error, StateError::Lost { .. }), "{error}");
    assert_eq!(holder(&one, "over").await.holder, "run 2", "it was not touched");
    second.release(&permit(), Known::Nothing).await.expect("released");
}

async fn of_two_writes_over_one_state_the_second_is_refused(place: &dyn Place) {
    let (one, two) = (place.backend(), place.backend());
    let document = |holder: &str| {
        let until = ManualClock::default().now();
        Document {
            lease: Some(LeaseEntry { holder: holder.to_owned(), until }),
            gate: Known::Nothing,
        }
    };
    assert_eq!(one.read("race").await, Ok(None));
    assert_eq!(two.read("race").await, Ok(None));
    let made = one.write(&permit(), "race", &document("1"), None).await.expect("made");
    let late = two.write(&permit(), "race", &document("2"), None).await;
    assert_eq!(late, Err(WriteError::Conflict));

    let read = two.read("race").await.expect("read").expect("there");
    assert_eq!(read.text, document("1").text());
    let newer = two.write(&permit(), "race", &document("2"), Some(&read.revision)).await;
    let newer = newer.expect("replaced");
    let late = one.write(&permit(), "race", &document("3"), Some(&made)).await;
    assert_eq!(late, Err(WriteError::Conflict));
    // The answer of a write serves the next one.
    one.write(&permit(), "race", &document("4"), Some(&newer)).await.expect("replaced");
    let read = two.read("race").await.expect("read").expect("there");
    assert_eq!(read.text, document("4").text());
}

async fn targets_do_not_share_leases(place: &dyn Place) {
    let clock = ManualClock::default();
    let run = store(place, &clock);
    let (a, b) = (take(&run, "target-a", "run 1").await, take(&run, "target-b", "run 1").await);
    a.release(&permit(), Known::Gate(gate("a", &clock))).await.expect("released");
    b.release(&permit(), Known::Gate(gate("b", &clock))).await.expect("released");
    for target in ["a", "b"] {
        let lease = take(&run, &format!("target-{target}"), "run 2").await;
        assert_eq!(lease.gate(), &Known::Gate(gate(target, &clock)), "{target}");
        lease.release(&permit(), Known::Nothing).await.expect("released");
    }
}

async fn state_that_was_removed_is_a_lost_lease(place: &dyn Place) {
    let run = store(place, &ManualClock::default());
    let mut lease = take(&run, "gone", "run 1").await;
    place.remove("gone").await;
    let error = lease.clear_gate(&permit()).await.expect_err("lost");
    assert!(matches!(error, StateError::Lost { by: None, .. }), "{error}");
    let error = lease.release(&permit(), Known::Nothing).await.expect_err("lost");
    assert!(matches!(error, StateError::Lost { by: None, .. }), "{error}");
    take(&run, "gone", "run 2").await.release(&permit(), Known::Nothing).await.expect("released");
}

async fn what_is_no_state_is_neither_taken_nor_overwritten(place: &dyn Place) {
    let run = store(place, &ManualClock::default());
    let texts = [
        ("newer", r#"{"lock":"of another form","version":2}"#),
        ("odd", r#"{"lease":"text","version":1}"#),
        ("list", "[]"),
    ];
    for (target, text) in texts {
        place.put(target, text).await;
        let taken = run.acquire(&permit(), &claim(target, "run 1")).await;
        let Err(error @ StateError::Document { .. }) = taken else {
            panic!("{target}: it was taken");
        };
        assert!(error.to_string().contains("delete it"), "{error}");
        let found = place.backend().read(target).await.expect("read").expect("there");
        assert_eq!(found.text, text, "it was not touched");
    }
    place.put_other("other").await;
    match run.acquire(&permit(), &claim("other", "run 1")).await {
        Err(error @ (StateError::Document { .. } | StateError::Read { .. })) => {
            assert!(error.to_string().contains("delete it"), "{error}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was taken"),
    }
}

async fn a_broken_gate_costs_a_full_run_alone(place: &dyn Place) {
    let clock = ManualClock::default();
    let run = store(place, &clock);
    place.put("gate", r#"{"gate":{"hash":"zz"},"version":1}"#).await;
    let lease = take(&run, "gate", "run 1").await;
    assert!(matches!(lease.gate(), Known::Unreadable(_)));
    lease.release(&permit(), Known::Gate(gate("x", &clock))).await.expect("released");
    let lease = take(&run, "gate", "run 2").await;
    assert_eq!(lease.gate(), &Known::Gate(gate("x", &clock)));
    lease.release(&permit(), Known::Nothing).await.expect("released");
}
