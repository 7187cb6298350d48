//! What becomes of the answers of a service, recorded or documented: the steps that the tests of its provider share.

use extdns_model::{Endpoint, FailureKind, Name, NotSent, Outcome, RecordSet, RecordType, Ttl};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use extdns_testkit::log::Log;
use serde_json::Value;
use tracing::Level;

use super::{SECRET, suite};
use crate::{Provider, ProviderError};

pub(crate) type Make = fn(&str) -> Box<dyn Provider>;

/// What a service answers to reads of its zones and records; `None` to a write.
pub(crate) type Reads = fn(&Request) -> Option<Reply>;

/// A record set, written like `www.example.org A 300 192.0.2.1;192.0.2.2`; the TTL 0 is none.
pub(crate) fn set(text: &str) -> RecordSet {
    let [name, rtype, ttl, values] = text.splitn(4, ' ').collect::<Vec<_>>()[..] else {
        panic!("four words: {text}")
    };
    let rtype: RecordType = rtype.parse().expect("a type");
    let ttl = Ttl::from_seconds(ttl.parse().expect("a TTL"));
    RecordSet::new(Name::as_listed(name), rtype, ttl, values.split(';').collect())
}

/// So many names with an address each, in `example.org`.
pub(crate) fn many(count: usize) -> Vec<String> {
    let one = |n: usize| format!("n{n}.example.org A 300 10.0.{}.{}", n / 250, n % 250 + 1);
    (0..count).map(one).collect()
}

/// Makes these record sets, with their ownership records, all that there is of ours.
pub(crate) async fn sync(provider: &dyn Provider, desired: &[impl AsRef<str>]) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    let unreadable: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.clone()).collect();
    assert!(unreadable.is_empty(), "{unreadable:?}");
    let endpoints = desired.iter().map(|text| Endpoint::from_set(set(text.as_ref()))).collect();
    let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
    let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    suite::apply(provider, &inventory, &desired).await
}

/// How often an operation was called.
pub(crate) fn calls(provider: &dyn Provider, operation: &str) -> u64 {
    let all = provider.calls();
    all.iter().find(|it| it.operation == operation).map_or(0, |it| it.calls)
}

/// The record sets that are read, one a line.
pub(crate) async fn read(
    make: Make,
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> Result<Vec<String>, ProviderError> {
    let server = ScriptedServer::start(answer);
    let inventory = make(&server.url()).read().await?;
    if let Some((_, unreadable)) = inventory.unreadable().next() {
        return Err(ProviderError::new(crate::ErrorKind::Transient, unreadable.reason.to_string()));
    }
    Ok(inventory.records().map(|(_, record)| record.set.to_string()).collect())
}

/// The writes that make these record sets of those that are read, each `METHOD target body`, and the outcomes.
pub(crate) async fn writes(
    make: Make,
    reads: Reads,
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    desired: &[&str],
) -> (Vec<String>, Vec<Outcome>) {
    let server =
        ScriptedServer::start(move |request| reads(request).unwrap_or_else(|| answer(request)));
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    let endpoints = desired.iter().map(|text| Endpoint::from_set(set(text))).collect();
    let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
    let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    let outcomes = suite::apply(provider.as_ref(), &inventory, &desired).await;
    let requests = server.requests().into_iter().filter(|request| reads(request).is_none());
    let lines = requests.map(|it| {
        let body = String::from_utf8_lossy(&it.body);
        let line = format!("{} {} {body}", it.method, it.target());
        line.trim_end().to_owned()
    });
    (lines.collect(), outcomes)
}

/// Makes a record, which the service answers by each of these statuses and bodies, and compares the kind of the failure
/// and a part of what it says. The service echoes the credentials, which no message and no log at debug may show.
pub(crate) async fn refusals(make: Make, reads: Reads, table: &[(u16, &str, FailureKind, &str)]) {
    let log = Log::at(Level::DEBUG);
    for (status, body, kind, text) in table {
        let answer = body.replace("SECRET", SECRET);
        let status = *status;
        let reply = move |_: &Request| {
            let is_json = serde_json::from_str::<Value>(&answer).is_ok();
            let media = if is_json { "application/json" } else { "text/html" };
            Reply::new(status).header("content-type", media).body(answer.clone())
        };
        let (_, outcomes) = writes(make, reads, reply, &["www.example.org A 0 192.0.2.1"]).await;
        // What else was there goes first.
        let failure = match outcomes.last() {
            Some(
                Outcome::Rejected(failure)
                | Outcome::Failed(failure)
                | Outcome::Unknown(failure)
                // Where changes are sent one at a time, that of another ended the delivery.
                | Outcome::NotSent(NotSent::Stopped(failure)),
            ) => failure,
            other => panic!("{status} {body}: {other:?}"),
        };
        assert_eq!(failure.kind, *kind, "{status} {body}: {failure}");
        assert!(failure.message.contains(text), "{status} {body}: {failure}");
        assert!(!failure.message.contains(SECRET), "{failure}");
    }
    let log = log.text();
    if table.iter().any(|(_, _, kind, _)| *kind == FailureKind::Throttled) {
        assert!(log.contains("repeating the call"), "throttled calls are repeated: {log}");
    }
    assert!(!log.contains(SECRET), "{log}");
}

/// Reads zones, which the service refuses as the signature of a clock that is wrong by an hour: the message names both
/// clocks.
pub(crate) async fn wrong_clock(make: Make, status: u16, body: &str) {
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    let (theirs, body) = (httpdate::fmt_http_date(ahead), body.to_owned());
    let shown = theirs.clone();
    let reply = move |_: &Request| {
        let reply = Reply::new(status).header("content-type", "application/json");
        reply.header("date", &theirs).body(body.clone())
    };
    let error = read(make, reply).await.expect_err("expired");
    assert_eq!(error.kind, crate::ErrorKind::Unauthorised, "{error}");
    assert!(error.message.contains("the clock of this machine says"), "{error}");
    assert!(error.message.contains(&shown), "{error}");
}

/// Reads zones, which the service answers by each of these statuses and bodies.
pub(crate) async fn failing_reads(make: Make, table: &[(u16, &str, crate::ErrorKind, &str)]) {
    for (status, body, kind, text) in table {
        let (status, answer) = (*status, body.replace("SECRET", SECRET));
        let reply = move |_: &Request| {
            Reply::new(status).header("content-type", "application/json").body(answer.clone())
        };
        let error = read(make, reply).await.expect_err("a failure");
        assert_eq!(error.kind, *kind, "{status} {body}: {error}");
        assert!(error.message.contains(text), "{status} {body}: {error}");
        assert!(!error.message.contains(SECRET), "{error}");
    }
}
