//! How long the HTTP requests of the process took. Every client passes here: those of REST APIs by [`send`], the SDK of
//! AWS by the client that an identity has, that of Kubernetes by [`Begun`].
//!
//! A request is counted when the head of its answer is there, as in upstream's `http_request_duration_seconds`.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, Request, RequestBuilder, Response, Url};

use crate::secrets;

/// Most kinds of requests that are told apart: with ids in paths their number would have no end.
const KINDS: usize = 200;
/// The last path segment of a request beyond that.
const OTHER: &str = "other";
/// As many of the last requests of a kind say how long one takes.
const RECENT: usize = 128;
/// The status of a request of AWS's clients that was not answered; that of others is empty.
#[cfg(feature = "aws")]
pub(crate) const UNKNOWN: &str = "unknown";

static REQUESTS: Mutex<BTreeMap<RequestKind, Times>> = Mutex::new(BTreeMap::new());

/// What requests have in common that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKind {
    /// `http` or `https`.
    pub scheme: String,
    /// The name or address of the server, with a port that is not the usual one.
    pub host: String,
    /// The last segment of the path; `other` where there are too many.
    pub path: String,
    /// `GET`, say.
    pub method: String,
    /// The status of the answer. Without one it is `unknown` for the clients of AWS, and empty for others.
    pub status: String,
}

/// How long requests of a kind took.
#[derive(Debug, Clone, Default)]
struct Times {
    count: u64,
    sum: Duration,
    recent: VecDeque<Duration>,
}

/// What is known of the requests of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestTimes {
    /// What they have in common.
    pub kind: RequestKind,
    /// How many there were.
    pub count: u64,
    /// How long all together took.
    pub sum: Duration,
    /// How long the last ones took, with the part of them that took no longer: 0.5, 0.9 and 0.99.
    pub quantiles: [(f64, Duration); 3],
}

/// All requests of the process so far, by kind.
#[must_use]
pub fn request_times() -> Vec<RequestTimes> {
    let requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let times = |(kind, times): (&RequestKind, &Times)| RequestTimes {
        kind: kind.clone(),
        count: times.count,
        sum: times.sum,
        quantiles: times.quantiles(),
    };
    requests.iter().map(times).collect()
}

impl Times {
    fn add(&mut self, took: Duration) {
        self.count += 1;
        self.sum += took;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(took);
    }

    fn quantiles(&self) -> [(f64, Duration); 3] {
        let mut sorted: Vec<Duration> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        // The smallest one that as many percent do not exceed.
        let of = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or_default()
        };
        [(0.5, of(50)), (0.9, of(90)), (0.99, of(99))]
    }
}

/// A request that is on its way.
#[derive(Debug)]
pub struct Begun {
    kind: RequestKind,
    at: Instant,
}

impl Begun {
    /// A request that is sent now. `unanswered` is its status where no answer comes.
    #[must_use]
    pub fn new(method: &str, host: &Url, path: &str, unanswered: &'static str) -> Self {
        let port = host.port().map(|port| format!(":{port}")).unwrap_or_default();
        let name = host.host_str().unwrap_or_default();
        let path = path.rsplit('/').next().unwrap_or_default();
        let kind = RequestKind {
            scheme: host.scheme().to_owned(),
            host: format!("{name}{port}"),
            path: secrets::redact(path).into_owned(),
            method: method.to_owned(),
            status: unanswered.to_owned(),
        };
        Self { kind, at: Instant::now() }
    }

    /// The head of its answer is there, with this status; `None` where none came.
    pub fn end(mut self, status: Option<u16>) {
        let took = self.at.elapsed();
        if let Some(status) = status {
            self.kind.status = status.to_string();
        }
        let mut requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
        observe(&mut requests, self.kind, took);
    }
}

fn observe(requests: &mut BTreeMap<RequestKind, Times>, mut kind: RequestKind, took: Duration) {
    if requests.len() >= KINDS && !requests.contains_key(&kind) {
        OTHER.clone_into(&mut kind.path);
    }
    // The hosts of a configuration and the statuses are few; what is more than that is left out.
    if requests.len() < 2 * KINDS || requests.contains_key(&kind) {
        requests.entry(kind).or_default().add(took);
    }
}

/// An answer that is on its way.
type Answered = Pin<Box<dyn Future<Output = reqwest::Result<Response>> + Send>>;

/// Sends a request.
///
/// # Errors
/// As [`RequestBuilder::send`].
pub fn send(request: RequestBuilder) -> Answered {
    match request.build_split() {
        (client, Ok(request)) => execute(&client, request),
        (_, Err(error)) => Box::pin(ready(Err(error))),
    }
}

/// Sends a request that is built already.
///
/// # Errors
/// As [`Client::execute`].
pub fn execute(client: &Client, request: Request) -> Answered {
    measured(client, request, "")
}

/// Sends a request. `unanswered` is its status where no answer comes.
pub(crate) fn measured(client: &Client, request: Request, unanswered: &'static str) -> Answered {
    let url = request.url();
    let begun = Begun::new(request.method().as_str(), url, url.path(), unanswered);
    let pending = client.execute(request);
    Box::pin(async move {
        let result = pending.await;
        begun.end(result.as_ref().ok().map(|response| response.status().as_u16()));
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> RequestKind {
        RequestKind {
            scheme: "https".to_owned(),
            host: "api.example.com".to_owned(),
            path: path.to_owned(),
            method: "GET".to_owned(),
            status: "200".to_owned(),
        }
    }

    #[test]
    fn the_number_of_kinds_has_an_end() {
        let mut requests = BTreeMap::new();
        let second = Duration::from_secs(1);
        for number in 0..10_000 {
            observe(&mut requests, kind(&number.to_string()), second);
        }
        assert_eq!(requests.len(), KINDS + 1);
        assert_eq!(requests[&kind(OTHER)].count, 10_000 - KINDS as u64);
        observe(&mut requests, kind("7"), second);
        assert_eq!(requests[&kind("7")].count, 2, "what is known is told apart as before");
        for number in 0..10_000 {
            let host = format!("{number}.example.com");
            observe(&mut requests, RequestKind { host, ..kind("a") }, second);
        }
        assert_eq!(requests.len(), 2 * KINDS);
    }

    #[test]
    fn quantiles_are_those_of_the_last_requests() {
        let mut times = Times::default();
        for _ in 0..1000 {
            times.add(Duration::from_secs(60));
        }
        for number in 1..=100 {
            times.add(Duration::from_millis(number));
        }
        for _ in 0..28 {
            times.add(Duration::from_millis(1));
        }
        assert_eq!(times.count, 1128);
        let milliseconds = times.quantiles().map(|(_, took)| took.as_millis());
        assert_eq!(milliseconds, [36, 88, 99]);
        assert_eq!(Times::default().quantiles()[0].1, Duration::ZERO);
    }

    #[test]
    fn the_last_segment_of_a_path_is_shown_without_a_secret() {
        secrets::register("s3cr3t-in-a-path");
        let url = Url::parse("http://127.0.0.1:8080/v1/s3cr3t-in-a-path?key=1").expect("a URL");
        let begun = Begun::new("GET", &url, url.path(), "");
        assert!(!begun.kind.path.contains("s3cr3t"), "{:?}", begun.kind);
        assert_eq!(
            (begun.kind.host.as_str(), begun.kind.scheme.as_str()),
            ("127.0.0.1:8080", "http")
        );
        let zones = Url::parse("https://api.example.com/v1/zones").expect("a URL");
        assert_eq!(Begun::new("GET", &zones, zones.path(), "").kind.path, "zones");
    }

    #[tokio::test]
    async fn a_request_is_counted_with_the_status_of_its_answer_and_one_without_too() {
        let server = extdns_testkit::http::ScriptedServer::start(|request| {
            let is_there = request.path.ends_with("/zones");
            extdns_testkit::http::Reply::new(if is_there { 200 } else { 404 })
        });
        let host = server.address().to_string();
        let client = crate::http_client(&Default::default()).expect("a client");
        for path in ["/v1/zones", "/v1/zones", "/v1/nothing"] {
            let answer = send(client.get(format!("{}{path}", server.url()))).await;
            assert!(answer.is_ok());
        }
        drop(server);
        assert!(send(client.post(format!("http://{host}/v1/zones"))).await.is_err());
        let own: Vec<(String, String, String, u64)> = request_times()
            .into_iter()
            .filter(|own| own.kind.host == host)
            .map(|own| (own.kind.path, own.kind.method, own.kind.status, own.count))
            .collect();
        let expected =
            [("nothing", "GET", "404", 1), ("zones", "GET", "200", 2), ("zones", "POST", "", 1)];
        let owned = |(path, method, status, count): (&str, &str, &str, u64)| {
            (path.to_owned(), method.to_owned(), status.to_owned(), count)
        };
        assert_eq!(own, expected.map(owned));
    }
}
