//! The rules that the store adds, over one in memory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::Permit;
use extdns_state::testing::{Fault, ManualClock, MemoryBackend};
use extdns_state::{
    Backend, BackendError, Claim, ClockSource as _, Document, Known, LeaseEnd, MARGIN, Revision,
    StateError, Store, Stored, Taken, WriteError,
};

use crate::suite::{Place, claim, gate, holder, holds, lease, permit, store, take};

#[async_trait(?Send)]
impl Place for MemoryBackend {
    fn backend(&self) -> Box<dyn Backend> {
        Box::new(self.clone())
    }

    async fn put(&self, target: &str, text: &str) {
        Self::put(self, target, text);
    }

    async fn put_other(&self, target: &str) {
        Self::put(self, target, "no JSON");
    }

    async fn remove(&self, target: &str) {
        Self::remove(self, target);
    }
}

#[tokio::test]
async fn memory_does_what_a_backend_must() {
    holds(&MemoryBackend::default()).await;
}

#[tokio::test]
async fn a_run_takes_clears_and_gives_back_with_four_calls() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let run = store(&memory, &clock);
    let mut first = take(&run, "t", "run 1").await;
    first.clear_gate(&permit()).await.expect("cleared");
    first.release(&permit(), Known::Gate(gate("x", &clock))).await.expect("released");
    assert_eq!(memory.calls(), (1, 3));
}

#[tokio::test]
async fn a_waiting_run_takes_the_lease_as_soon_as_it_is_over() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let (one, two) = (store(&memory, &clock), store(&memory, &clock));
    let first = take(&one, "t", "run 1").await;
    let patient = |seconds| Claim { wait: Duration::from_secs(seconds), ..claim("t", "run 2") };

    let begin = clock.now();
    let taken = two.acquire(&permit(), &patient(7)).await.expect("an answer");
    assert!(matches!(taken, Taken::Held(held) if held.holder == "run 1"));
    assert_eq!(clock.now().duration_since(begin).as_secs(), 7, "it waits as long as it may");

    let taken = two.acquire(&permit(), &patient(1_000)).await.expect("an answer");
    let second = lease(taken);
    assert_eq!(clock.now(), first.until());
    assert_eq!(second.until().duration_since(clock.now()).as_secs(), 600, "from when it was taken");
}

#[tokio::test]
async fn a_waiting_run_with_a_deadline_gets_a_lease_until_the_same_moment() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let (one, two) = (store(&memory, &clock), store(&memory, &clock));
    let short = LeaseEnd::of(clock.now(), Some(Duration::from_secs(10)));
    let first = one.acquire(&permit(), &Claim { end: short, ..claim("t", "run 1") }).await;
    let first = lease(first.expect("an answer"));
    assert_eq!(first.until().as_second(), 40);
    assert_eq!(first.left(), Duration::from_secs(10));

    let end = LeaseEnd::of(clock.now(), Some(Duration::from_secs(100)));
    let wait = Duration::from_secs(60);
    let second = two.acquire(&permit(), &Claim { end, wait, ..claim("t", "run 2") }).await;
    let second = lease(second.expect("an answer"));
    assert_eq!(clock.now().as_second(), 40);
    assert_eq!(second.until().as_second(), 130);
    assert_eq!(second.left(), Duration::from_secs(60));
}

#[tokio::test]
async fn a_lease_that_is_over_writes_nothing_even_if_nobody_took_it() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let run = store(&memory, &clock);
    let mut own = take(&run, "t", "run 1").await;
    let before = memory.text("t");
    clock.advance(Duration::from_secs(600) - MARGIN);
    assert_eq!(own.left(), Duration::ZERO, "nothing is begun in the margin");
    clock.advance(MARGIN);
    let error = own.clear_gate(&permit()).await.expect_err("over");
    assert!(matches!(error, StateError::Over { .. }), "{error}");
    let error = own.release(&permit(), Known::Gate(gate("x", &clock))).await.expect_err("over");
    assert!(matches!(error, StateError::Over { .. }), "{error}");
    assert_eq!(memory.text("t"), before);
}

#[tokio::test]
async fn of_many_runs_at_once_one_gets_the_lease() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let names: Vec<String> = (0..20).map(|number| format!("run {number}")).collect();
    let mut runs = tokio::task::JoinSet::new();
    for name in names {
        let store = store(&memory, &clock);
        runs.spawn(async move {
            let taken = store.acquire(&permit(), &claim("t", &name)).await;
            matches!(taken.expect("an answer"), Taken::Lease(_))
        });
    }
    let taken = runs.join_all().await;
    assert_eq!(taken.iter().filter(|own| **own).count(), 1);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_found() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let run = store(&memory, &clock);
    memory.fail(Some(Fault::Answers));
    let mut own = take(&run, "t", "run 1").await;
    own.clear_gate(&permit()).await.expect("cleared");
    own.release(&permit(), Known::Gate(gate("x", &clock))).await.expect("released");
    memory.fail(None);
    let next = take(&run, "t", "run 2").await;
    assert_eq!(next.gate(), &Known::Gate(gate("x", &clock)));
}

#[tokio::test]
async fn a_store_that_fails_at_every_call_gives_no_lease() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let run = store(&memory, &clock);
    for (fault, written) in [(Fault::Everything, 0), (Fault::Reads, 0), (Fault::Writes, 1)] {
        memory.fail(Some(fault));
        let before = memory.calls().1;
        let Err(error) = run.acquire(&permit(), &claim("t", "run 1")).await else {
            panic!("{fault:?}: a lease");
        };
        let expected = match fault {
            Fault::Writes => matches!(error, StateError::Write { .. }),
            _ => matches!(error, StateError::Read { .. }),
        };
        assert!(expected, "{fault:?}: {error}");
        assert_eq!(memory.calls().1 - before, written, "{fault:?}");
    }
    memory.fail(None);
    assert_eq!(memory.text("t"), None);
}

#[tokio::test]
async fn a_gate_that_cannot_be_removed_is_an_error_before_the_first_write() {
    let (memory, clock) = (MemoryBackend::default(), ManualClock::default());
    let run = store(&memory, &clock);
    take(&run, "t", "run 1")
        .await
        .release(&permit(), Known::Gate(gate("x", &clock)))
        .await
        .expect("left");
    let mut own = take(&run, "t", "run 2").await;
    memory.fail(Some(Fault::Writes));
    let error = own.clear_gate(&permit()).await.expect_err("broken");
    assert!(matches!(error, StateError::Write { .. }), "{error}");
    memory.fail(None);
    assert_eq!(holder(&run, "t").await.holder, "run 2");
    assert_eq!(own.gate(), &Known::Gate(gate("x", &clock)), "it is still there");
}

/// Changes between every read and write.
struct Restless(MemoryBackend);

#[async_trait]
impl Backend for Restless {
    fn place(&self, target: &str) -> String {
        self.0.place(target)
    }

    async fn read(&self, target: &str) -> Result<Option<Stored>, BackendError> {
        let found = self.0.read(target).await;
        let note = format!(r#"{{"note":{},"version":1}}"#, self.0.calls().0);
        self.0.put(target, &note);
        found
    }

    async fn write(
        &self,
        permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Revision, WriteError> {
        self.0.write(permit, target, document, read).await
    }
}

#[tokio::test]
async fn a_text_that_always_changes_is_given_up() {
    let clock = ManualClock::default();
    let run = Store::new(Box::new(Restless(MemoryBackend::default())), Arc::new(clock.clone()));
    let Err(error) = run.acquire(&permit(), &claim("t", "run 1")).await else {
        panic!("a lease");
    };
    assert!(matches!(error, StateError::Contended { .. }), "{error}");
}
