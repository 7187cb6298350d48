use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::{CallCount, Capabilities, Deadline, ErrorKind, ProviderError, RateLimit, Transport};

fn capabilities() -> Capabilities {
    Capabilities { mutating_operations: &["write"], ..Capabilities::new("example") }
}

fn error(kind: ErrorKind) -> ProviderError {
    ProviderError::new(kind, "no luck")
}

/// A call that fails so often before it succeeds.
async fn failing(
    via: &Transport,
    operation: &'static str,
    kind: &ErrorKind,
    times: u32,
) -> Result<u32, ProviderError> {
    let tried = AtomicU32::new(0);
    via.call(operation, async || {
        let tries = tried.fetch_add(1, Ordering::Relaxed);
        if tries < times { Err(error(kind.clone())) } else { Ok(tries + 1) }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_is_repeated() {
    let throttled = || ErrorKind::Throttled { retry_after: None };
    let cases = [
        // operation, error, failures, calls, success
        ("read", throttled(), 2, 3, true),
        ("read", ErrorKind::Transient, 4, 5, true),
        ("read", ErrorKind::Lost, 2, 3, true),
        ("read", ErrorKind::Transient, 5, 5, false),
        ("read", ErrorKind::Unauthorised, 1, 1, false),
        ("read", ErrorKind::ZoneGone, 1, 1, false),
        ("write", throttled(), 2, 3, true),
        ("write", ErrorKind::Transient, 2, 3, true),
        ("write", ErrorKind::Lost, 1, 1, false),
        ("write", ErrorKind::Rejected(Vec::new()), 1, 1, false),
        ("write", throttled(), 9, 5, false),
    ];
    for (operation, kind, failures, expected, success) in cases {
        let via = Transport::new(&capabilities());
        let result = failing(&via, operation, &kind, failures).await;
        assert_eq!(result.is_ok(), success, "{operation} {kind:?}: {result:?}");
        let mutating = operation == "write";
        assert_eq!(via.calls(), [CallCount { operation, calls: expected, mutating }], "{kind:?}");
        assert_eq!(via.mutating_calls(), if mutating { expected } else { 0 });
        if let Err(found) = result {
            assert_eq!(found.kind, kind);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_api_says_how_long_to_wait_and_clones_wait_too() {
    let via = Transport::new(&capabilities());
    let start = Instant::now();
    let wait = Duration::from_secs(30);
    let throttled = ErrorKind::Throttled { retry_after: Some(wait) };
    let other = via.clone();
    let (first, second) = tokio::join!(failing(&via, "write", &throttled, 1), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        other.call("read", async || Ok(start.elapsed())).await
    });
    first.expect("the second attempt succeeds");
    assert!(second.expect("a read") >= wait, "the account pauses");
    assert!(start.elapsed() >= wait && start.elapsed() < wait + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn what_is_throttled_until_the_end_was_not_done() {
    let wait = Duration::from_secs(30);
    let table = [
        (ErrorKind::Throttled { retry_after: Some(wait) }, ErrorKind::Deadline),
        (ErrorKind::Throttled { retry_after: None }, ErrorKind::Deadline),
        // It may have been done.
        (ErrorKind::Transient, ErrorKind::Transient),
    ];
    for (kind, expected) in table {
        let via = Transport::new(&capabilities());
        let via = via.until(Deadline::within(Duration::from_millis(100)));
        let error = failing(&via, "write", &kind, 9).await.expect_err("no time");
        assert_eq!(error.kind, expected, "{error}");
        assert_eq!(error.message.contains("time was nearly over"), expected != kind, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_but_stay_bounded() {
    let via = Transport::new(&capabilities());
    let start = Instant::now();
    failing(&via, "read", &ErrorKind::Transient, 9).await.expect_err("given up");
    let most = Duration::from_millis(250 + 500 + 1000 + 2000);
    assert!(start.elapsed() <= most, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn clones_share_one_budget() {
    let five = NonZeroU32::new(5).expect("not zero");
    let limit = RateLimit { per_second: five, burst: five };
    let via = Transport::new(&Capabilities { rate_limit: Some(limit), ..capabilities() });
    let start = Instant::now();
    let calls = (0..25).map(|n| {
        let via = via.clone();
        async move { via.call(if n % 2 == 0 { "read" } else { "write" }, async || Ok(())).await }
    });
    for result in futures::future::join_all(calls).await {
        result.expect("called");
    }
    // A burst of five, then twenty at five per second.
    assert!(start.elapsed() >= Duration::from_secs(4), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_millis(4500), "{:?}", start.elapsed());
    assert_eq!(via.calls().iter().map(|count| count.calls).sum::<u64>(), 25);
}

/// An API that has room for less than the budget says, as others use the account too.
struct Crowded {
    per_second: f64,
    /// How much room there is, and since when.
    room: Mutex<(f64, Instant)>,
}

impl Crowded {
    fn call(&self) -> Result<(), ProviderError> {
        let mut room = self.room.lock().expect("no panic");
        let gained = room.1.elapsed().as_secs_f64() * self.per_second;
        *room = ((room.0 + gained).min(1.0), Instant::now());
        if room.0 < 1.0 {
            return Err(error(ErrorKind::Throttled { retry_after: None }));
        }
        room.0 -= 1.0;
        Ok(())
    }
}

/// Whoever is refused waits; the others must not take all the room there is in the meantime.
#[tokio::test(start_paused = true)]
async fn calls_slow_down_to_what_there_is_room_for_and_all_go_through() {
    let number = |number| NonZeroU32::new(number).expect("not zero");
    let limit = RateLimit { per_second: number(50), burst: number(10) };
    for per_second in [40.0, 10.0, 2.0] {
        let api = Crowded { per_second, room: Mutex::new((1.0, Instant::now())) };
        let via = Transport::new(&Capabilities { rate_limit: Some(limit), ..capabilities() });
        let start = Instant::now();
        let workers = (0..8).map(async |_| {
            for _ in 0..25 {
                via.call("write", async || api.call()).await?;
            }
            Ok::<_, ProviderError>(())
        });
        let results = futures::future::join_all(workers).await;
        assert!(results.iter().all(Result::is_ok), "{per_second} per second: {results:?}");
        let least = Duration::from_secs_f64(199.0 / per_second);
        assert!(start.elapsed() < least * 3 + Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

/// Once there is room again, the budget alone decides.
#[tokio::test(start_paused = true)]
async fn calls_get_faster_again() {
    let via = Transport::new(&capabilities());
    let throttled = ErrorKind::Throttled { retry_after: None };
    failing(&via, "read", &throttled, 3).await.expect("the fourth attempt");
    for _ in 0..50 {
        via.call("read", async || Ok(())).await.expect("called");
    }
    let start = Instant::now();
    via.call("read", async || Ok(())).await.expect("called");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn no_call_starts_after_the_deadline() {
    let via = Transport::new(&capabilities());
    let late = via.until(Deadline::within(Duration::ZERO));
    let refused = late.call("read", async || Ok(())).await.expect_err("too late");
    assert_eq!(refused.kind, ErrorKind::Deadline);
    assert!(via.calls().is_empty());

    let start = Instant::now();
    let soon = via.until(Deadline::within(Duration::from_secs(10)));
    let throttled = ErrorKind::Throttled { retry_after: Some(Duration::from_secs(60)) };
    let found = failing(&soon, "read", &throttled, 1).await.expect_err("no time to wait");
    assert_eq!(found.kind, throttled, "what went wrong says more than that there is no time");
    assert_eq!(start.elapsed(), Duration::ZERO, "nothing to wait for");
}

#[tokio::test(start_paused = true)]
async fn a_stopper_ends_a_pause() {
    let (deadline, stopper) = Deadline::none().stoppable();
    let start = Instant::now();
    let (finished, ()) = tokio::join!(deadline.sleep(Duration::from_secs(60)), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        stopper.stop();
    });
    assert!(!finished && deadline.is_over());
    assert_eq!(start.elapsed(), Duration::from_secs(5));

    let (deadline, stopper) = Deadline::none().stoppable();
    drop(stopper);
    assert!(deadline.sleep(Duration::from_secs(60)).await, "there is no stopper any more");
    assert_eq!(start.elapsed(), Duration::from_secs(65));
}

#[tokio::test(start_paused = true)]
async fn secrets_do_not_leave() {
    let via = Transport::with_secrets(&capabilities(), ["hunter2".to_owned(), String::new()]);
    let leaky = || ProviderError::new(ErrorKind::Unauthorised, "token hunter2 is not good");
    let error = via.call("read", async || Err::<(), _>(leaky())).await.expect_err("refused");
    assert_eq!(error.message, "token [redacted] is not good");
    assert!(!format!("{via:?}").contains("hunter2"));
}

/// A call that is never answered, what became of it, and when.
async fn hang(via: &Transport, operation: &'static str) -> (ErrorKind, Duration) {
    let start = Instant::now();
    let call = via.call(operation, async || std::future::pending::<Result<(), _>>().await);
    (call.await.expect_err("no answer").kind, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_with_its_own_bound_and_is_not_made_again() {
    for operation in ["read", "write"] {
        let via = Transport::new(&capabilities());
        assert_eq!(hang(&via, operation).await, (ErrorKind::Lost, Duration::from_secs(60)));
        assert_eq!(via.calls()[0].calls, 1, "{operation}");
    }
    let brief = Capabilities { request_time: Some(Duration::from_secs(5)), ..capabilities() };
    let via = Transport::new(&brief);
    assert_eq!(hang(&via, "read").await, (ErrorKind::Lost, Duration::from_secs(5)));
    let rest = via.rest("read", std::future::pending::<Result<(), _>>());
    assert_eq!(rest.await.expect_err("no end").kind, ErrorKind::Lost, "between chunks too");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_with_the_deadline() {
    let second = Duration::from_secs(1);
    for (operation, kind) in [("read", ErrorKind::Deadline), ("write", ErrorKind::Lost)] {
        let via = Transport::new(&capabilities()).until(Deadline::within(8 * second));
        assert_eq!(hang(&via, operation).await, (kind, 8 * second));
    }
}

/// A read is given up at once; a write that is under way has some seconds to come to its end.
#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_soon_after_a_stop() {
    let second = Duration::from_secs(1);
    for (operation, seconds) in [("read", 20), ("write", 23)] {
        let (until, stopper) = Deadline::within(60 * second).stoppable();
        let via = Transport::new(&capabilities()).until(until);
        let stop = async {
            tokio::time::sleep(20 * second).await;
            stopper.stop();
        };
        let ((_, elapsed), ()) = tokio::join!(hang(&via, operation), stop);
        assert_eq!(elapsed, seconds * second, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_slowly_has_the_patience_of_one_request_only() {
    let via = Transport::new(&capabilities());
    let slow = async || {
        tokio::time::sleep(Duration::from_secs(40)).await;
        Err::<(), _>(error(ErrorKind::Transient))
    };
    let start = Instant::now();
    via.call("read", slow).await.expect_err("it fails");
    assert_eq!(via.calls()[0].calls, 2);
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

#[test]
fn secrets_of_the_process_are_in_no_error() {
    extdns_auth::secrets::register("a-registered-secret");
    let error = ProviderError::config("GET http://u:pw@host/?token=abc said a-registered-secret");
    let message = Transport::new(&capabilities()).redact(error).message;
    for secret in ["a-registered-secret", "pw@", "abc"] {
        assert!(!message.contains(secret), "{message}");
    }
}
