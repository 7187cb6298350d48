//! What is answered to a call, and whether a run is asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::json;

use crate::call::{Answer, Call};
use crate::credentials::Credentials;
use crate::read_set::ReadSet;
use crate::review::{Review, is_deeper};
use crate::seen::Seen;

/// The largest body of a call, in bytes: an object may have 1.5 MB in the store of an API server, and an update has two.
pub const BODY_LIMIT: usize = 3 << 20;

/// The largest body of a request for a run.
const TRIGGER_LIMIT: usize = 4 << 10;

/// How far the timestamp of a signed call may be from now, in seconds.
const REPLAY_WINDOW: u64 = 300;

/// Most characters of a reason that is logged.
const REASON_LIMIT: usize = 200;

/// The handler of calls.
#[derive(Debug, Default)]
pub struct Relay {
    clusters: BTreeMap<String, ReadSet>,
    /// Shared with those that come in its place.
    seen: Arc<Mutex<Seen>>,
}

/// What comes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What is answered.
    pub answer: Answer,
    /// The run that is asked for.
    pub trigger: Option<Trigger>,
}

/// A run that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The cluster in which something changed, if one is named. The run reads all of them.
    pub cluster: Option<String>,
    /// Why: the object that changed, or what the caller says.
    pub reason: String,
    /// Whether the caller waits to hear that the run was asked for. An API server does not: it must go on.
    pub is_awaited: bool,
}

/// A request for a run.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Request {
    /// The cluster in which something changed.
    cluster: Option<String>,
    /// For the log.
    reason: Option<String>,
}

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route<'a> {
    Admission { cluster: &'a str, token: Option<&'a str> },
    Trigger,
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let mut steps = path.strip_prefix('/')?.split('/');
        let route = match (steps.next()?, steps.next()) {
            ("trigger", None) => return Some(Self::Trigger),
            ("admission", Some(cluster)) => Self::Admission { cluster, token: steps.next() },
            _ => return None,
        };
        steps.next().is_none().then_some(route)
    }
}

/// Whom a caller may speak for.
enum Caller {
    Everyone,
    Cluster,
    /// A cluster, and the call is about one that is not configured.
    Stranger,
}

impl Relay {
    /// Takes calls about these clusters.
    pub fn new(clusters: impl IntoIterator<Item = (String, ReadSet)>) -> Self {
        Self { clusters: clusters.into_iter().collect(), seen: Arc::default() }
    }

    /// Comes in the place of a former one: a signature that it has taken is not taken again.
    pub(crate) fn follow(&mut self, former: &Self) {
        self.seen = Arc::clone(&former.seen);
    }

    /// The clusters.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        self.clusters.keys().map(String::as_str)
    }

    /// Handles a call at this time, in seconds since 1970. Nothing of its body is read before its caller is known.
    pub fn receive(&self, credentials: &Credentials, call: &Call<'_>, now: u64) -> Received {
        self.handle(credentials, call, now)
            .unwrap_or_else(|answer| Received { answer, trigger: None })
    }

    fn handle(
        &self,
        credentials: &Credentials,
        call: &Call<'_>,
        now: u64,
    ) -> Result<Received, Answer> {
        let nothing_here = || Answer::refused(404, "there is nothing at this path");
        let route = Route::of(call.path).ok_or_else(nothing_here)?;
        if call.method != "POST" {
            return Err(Answer::refused(405, "the method is POST"));
        }
        let limit = if route == Route::Trigger { TRIGGER_LIMIT } else { BODY_LIMIT };
        if call.body.len() > limit {
            return Err(Answer::too_large(limit));
        }
        let caller = self
            .authenticate(credentials, route, call, now)
            .ok_or_else(|| Answer::refused(401, "unauthorized"))?;
        match (route, caller) {
            (Route::Trigger, _) => self.triggered(call.body),
            (_, Caller::Stranger) => Err(unknown_cluster()),
            (Route::Admission { cluster, .. }, _) => self.reviewed(cluster, call.body),
        }
    }

    /// Whom the caller may speak for; `None` if its credentials are not valid.
    fn authenticate(
        &self,
        credentials: &Credentials,
        route: Route<'_>,
        call: &Call<'_>,
        now: u64,
    ) -> Option<Caller> {
        if call.authorization.is_some_and(|header| credentials.is_bearer(header))
            || self.is_signed(credentials, call, now)
        {
            return Some(Caller::Everyone);
        }
        let Route::Admission { cluster, token: Some(token) } = route else { return None };
        let own = credentials.clusters_of(token);
        match own.contains(&cluster) {
            true => Some(Caller::Cluster),
            false => (!own.is_empty() && !self.clusters.contains_key(cluster))
                .then_some(Caller::Stranger),
        }
    }

    fn is_signed(&self, credentials: &Credentials, call: &Call<'_>, now: u64) -> bool {
        let (Some(timestamp), Some(signature)) = (call.timestamp, call.signature) else {
            return false;
        };
        let Ok(second) = timestamp.parse::<u64>() else { return false };
        second.abs_diff(now) <= REPLAY_WINDOW
            && credentials.is_signature(signature, timestamp, call.body)
            && self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_new(
                second,
                signature,
                now.saturating_sub(REPLAY_WINDOW),
            )
    }

    fn reviewed(&self, cluster: &str, body: &[u8]) -> Result<Received, Answer> {
        let read_set = self.clusters.get(cluster).ok_or_else(unknown_cluster)?;
        let review = Review::read(body).map_err(|problem| Answer::refused(400, &problem))?;
        let trigger = review.matters(read_set).then(|| Trigger {
            cluster: Some(cluster.to_owned()),
            reason: review.object(),
            is_awaited: false,
        });
        Ok(Received { answer: review.allowed(), trigger })
    }

    fn triggered(&self, body: &[u8]) -> Result<Received, Answer> {
        let request = match body.trim_ascii() {
            [] => Request::default(),
            // The body of a caller that is known may be repeated to it.
            body if !is_deeper(body, 2) => serde_json::from_slice(body).map_err(|error| {
                Answer::refused(400, &format!("the body is no request for a run: {error}"))
            })?,
            _ => return Err(Answer::refused(400, "the body is no request for a run")),
        };
        if request.cluster.as_ref().is_some_and(|name| !self.clusters.contains_key(name)) {
            return Err(unknown_cluster());
        }
        let reason = request.reason.unwrap_or_default();
        let reason = reason.chars().filter(|c| !c.is_control()).take(REASON_LIMIT).collect();
        let answer = Answer { status: 202, body: json!({ "accepted": true }).to_string() };
        let trigger = Trigger { cluster: request.cluster, reason, is_awaited: true };
        Ok(Received { answer, trigger: Some(trigger) })
    }
}

fn unknown_cluster() -> Answer {
    Answer::refused(404, "there is no such cluster")
}
