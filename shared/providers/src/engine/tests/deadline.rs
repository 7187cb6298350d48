use std::time::Duration;

use extdns_model::NotSent;
use tokio::time::Instant;

use super::*;
use crate::conformance::Fault;

const SECOND: Duration = Duration::from_secs(1);

/// A server whose calls take a second each, and whose batches have one group.
fn slow() -> RrsetServer {
    let server = RrsetServer::new(&[ZONE]).with(|it| it.batch_limits.changes = 1);
    server.faults().inject(Fault::Slow(SECOND));
    server
}

async fn timed(provider: &impl Provider, deadline: impl FnOnce() -> Deadline) -> Vec<Outcome> {
    let index = provider.read().await.expect("readable").index;
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    writer.apply(&creates(10), deadline()).await
}

#[tokio::test(start_paused = true)]
async fn no_batch_starts_when_less_than_twice_the_slowest_is_left() {
    // seconds, batches: the last starts while two seconds are left
    for (seconds, batches) in [(0, 0), (1, 1), (2, 1), (3, 2), (6, 5), (60, 10)] {
        let server = slow();
        let until = || Deadline::within(SECOND * seconds);
        let outcomes = timed(&rrsets(&server), until).await;
        let late = Outcome::NotSent(NotSent::Deadline);
        let expected: Vec<_> =
            (0..10).map(|n| if n < batches { Outcome::Applied } else { late.clone() }).collect();
        assert_eq!(outcomes, expected, "{seconds} seconds");
        assert_eq!(server.contents().len(), batches, "{seconds} seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn single_steps_stop_between_groups() {
    let server = RecordServer::new(&[ZONE]);
    server.faults().inject(Fault::Slow(SECOND));
    let provider = records(&server);
    let outcomes = timed(&provider, || Deadline::within(SECOND * 6)).await;
    assert_eq!(kinds(&outcomes)[..5], ["applied"; 5]);
    assert_eq!(outcomes[5..], vec![Outcome::NotSent(NotSent::Deadline); 5]);
    assert_eq!(server.records().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_a_deadline_of_now() {
    let server = slow();
    let provider = rrsets(&server);
    let (deadline, stopper) = Deadline::none().stoppable();
    let start = Instant::now();
    let (outcomes, ()) = tokio::join!(timed(&provider, || deadline), async {
        // Two calls to read, three batches, and one under way.
        tokio::time::sleep(SECOND * 11 / 2).await;
        stopper.stop();
    });
    assert_eq!(kinds(&outcomes).iter().filter(|kind| **kind == "applied").count(), 4);
    assert_eq!(start.elapsed(), SECOND * 6);
}
