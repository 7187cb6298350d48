//! What a report says of the run as a whole and of the clusters that it read.

use std::fmt;
use std::time::Duration;

use extdns_auth::{RequestTimes, request_times};
use extdns_clusters::{ClusterView, ListCount};
use extdns_sources::Found;

/// When a run was, how long it took, and by what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// The version of the program.
    pub version: String,
    /// When it began.
    pub started: Option<jiff::Timestamp>,
    /// When it ended.
    pub finished: Option<jiff::Timestamp>,
    /// How long its parts took.
    pub durations: Durations,
    /// The most memory that the process has held so far, in bytes.
    pub peak_memory: Option<u64>,
    /// The HTTP requests.
    pub requests: Requests,
}

/// The HTTP requests of the process, and those of the run among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Requests {
    /// Of the process so far, by kind.
    pub times: Vec<RequestTimes>,
    /// How many the run made.
    pub count: u64,
    /// How long these took together.
    pub took: Duration,
}

impl Requests {
    /// Those of the process so far, and those since then of the run.
    #[must_use]
    pub fn since(before: &[RequestTimes]) -> Self {
        let times = request_times();
        let total = |times: &[RequestTimes]| {
            times
                .iter()
                .fold((0, Duration::ZERO), |(count, sum), own| (count + own.count, sum + own.sum))
        };
        let ((count, took), (earlier, earlier_took)) = (total(&times), total(before));
        Self {
            count: count.saturating_sub(earlier),
            took: took.saturating_sub(earlier_took),
            times,
        }
    }
}

/// How long the parts of a run took, as far as it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Durations {
    /// Reading clusters and zones.
    pub read: Option<Duration>,
    /// Planning.
    pub plan: Option<Duration>,
    /// Applying.
    pub apply: Option<Duration>,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFailure {
    /// The kind, for programs.
    pub kind: FailureKind,
    /// For people: what happened, and the remedy.
    pub message: String,
    /// Whether another run would fail the same way: the settings or the rights have to change.
    pub is_hard: bool,
}

/// Kinds of failure of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// The settings cannot be used.
    Configuration,
    /// No source of any cluster could be read in full.
    Clusters,
    /// The provider could not be read, asked or written to.
    Provider,
    /// The time was over before everything was read.
    Deadline,
    /// The lease could not be taken or was lost, or the store of state could not be written.
    State,
    /// Anything else: a report that could not be stored, say.
    Other,
}

/// What was read of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterReport {
    /// Its name.
    pub name: String,
    /// The API server, and as whom it was read; `None` for manifests.
    pub reached: Option<String>,
    /// Whether everything was read.
    pub state: ClusterState,
    /// Why it could not be reached, where not even a source could begin.
    pub failure: Option<String>,
    /// Its sources, in order.
    pub sources: Vec<SourceReport>,
    /// How many objects of each kind were read.
    pub objects: Vec<ObjectCount>,
    /// How many record sets its objects want.
    pub endpoints: usize,
    /// Names of objects that have no address yet. Where they are kept, their records are stale.
    pub unready: Vec<UnreadyName>,
}

/// How a cluster ended a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClusterState {
    /// Everything was read.
    #[default]
    Complete,
    /// Something was not read: its records are frozen.
    Failed,
    /// It suddenly wants nothing: its records are frozen.
    SuspiciouslyEmpty {
        /// How many records are its alone.
        records: usize,
        /// The filter that selects none of its objects, as its flag is written.
        filter: Option<String>,
    },
}

/// What one source of one cluster said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceReport {
    /// Its name in `--source`.
    pub name: String,
    /// How many record sets it wants.
    pub endpoints: usize,
    /// Why it does not know everything.
    pub failure: Option<String>,
}

/// Objects of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectCount {
    /// The kind, as its API names it: `services`, `ingresses.networking.k8s.io`.
    pub resource: String,
    /// How many were read.
    pub count: u64,
}

/// A name whose object has no address yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadyName {
    /// The name.
    pub name: String,
    /// The object.
    pub resource: String,
}

impl ClusterReport {
    /// What the sources of a cluster found.
    #[must_use]
    pub fn read(view: &ClusterView, found: &Found) -> Self {
        let failure = |name| {
            let failed = found.failures.iter().find(|failure| failure.source_name == name);
            failed.map(|failure| failure.error.to_string())
        };
        let failed = !found.failures.is_empty();
        Self {
            name: view.name().to_string(),
            reached: view.reached().map(str::to_owned),
            state: if failed { ClusterState::Failed } else { ClusterState::Complete },
            failure: None,
            sources: found
                .counts
                .iter()
                .map(|&(name, endpoints)| SourceReport {
                    name: name.to_owned(),
                    endpoints,
                    failure: failure(name),
                })
                .collect(),
            objects: view.lists().iter().map(ObjectCount::from).collect(),
            endpoints: found.sink.endpoints.len(),
            unready: found.sink.unready.iter().map(UnreadyName::from).collect(),
        }
    }

    /// A cluster that could not be reached.
    #[must_use]
    pub fn failed(name: impl Into<String>, why: impl Into<String>) -> Self {
        let (name, failure) = (name.into(), Some(why.into()));
        Self { name, state: ClusterState::Failed, failure, ..Self::default() }
    }

    /// Whether its records are frozen.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.state != ClusterState::Complete
    }
}

impl From<&extdns_model::Unready> for UnreadyName {
    fn from(unready: &extdns_model::Unready) -> Self {
        Self { name: unready.name.to_string(), resource: unready.resource.to_string() }
    }
}

impl From<&ListCount> for ObjectCount {
    fn from(list: &ListCount) -> Self {
        Self { resource: list.resource.to_string(), count: list.objects }
    }
}

/// `failed`
impl fmt::Display for ClusterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Failed => f.write_str("failed"),
            Self::SuspiciouslyEmpty { records, .. } => {
                write!(f, "suspiciously empty: {records} records are its alone")
            }
        }
    }
}

/// The most memory that this process has held so far, in bytes; known on Linux only.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    // proc_pid_status(5): "VmHWM:     12345 kB".
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
