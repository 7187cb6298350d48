//! Lists that are read once and then kept current by watches, for a process that makes many runs
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>).
//!
//! A list is used as long as its watch is open. Where the watch is lost (the server has forgotten the state that it
//! began with, say) the list is read again by the run that needs it next, so what could not be read is an error of that
//! run, as without watches.

mod change;
mod follow;
mod stored;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ecow::EcoString;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use crate::api::{Api, path};
use crate::error::{ReadErrorKind, shown};
use crate::object::{Metadata, ResourceType};
use crate::receiver::{Fold, Receiver};

use stored::{Key, Stored};

/// How long a run waits for a watch that is being opened again, before it lists.
const OPENING: Duration = Duration::from_secs(30);

/// Tells a process of changes in its clusters. Clones tell of the same.
#[derive(Clone, Debug, Default)]
pub struct Changes(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    number: AtomicU64,
    waiting: Notify,
}

impl Changes {
    /// How many there were so far: a number that only grows.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.number.load(Ordering::Acquire)
    }

    /// Waits for a change that starts a run. One that came since the last time counts.
    pub async fn asked(&self) {
        self.0.waiting.notified().await;
    }

    fn add(&self, starts: bool) {
        self.0.number.fetch_add(1, Ordering::AcqRel);
        if starts {
            self.0.waiting.notify_one();
        }
    }
}

/// Whether a change of these objects starts a run.
type Starts = Box<dyn Fn(&ResourceType) -> bool + Send + Sync>;

/// All lists of a cluster that were read so far.
pub(crate) struct WatchedLists {
    api: Arc<Api>,
    changes: Changes,
    starts: Starts,
    lists: Mutex<BTreeMap<String, Arc<WatchedList>>>,
    /// Whether single objects were read, which nobody watches.
    pub(crate) has_singles: AtomicBool,
}

/// A list that was handed on.
pub(crate) struct HandedOn {
    pub(crate) objects: u64,
    /// Whether the server was asked for the whole list.
    pub(crate) is_listed: bool,
}

impl WatchedLists {
    pub(crate) fn new(
        api: Arc<Api>,
        changes: Changes,
        starts: impl Fn(&ResourceType) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            api,
            changes,
            starts: Box::new(starts),
            lists: Mutex::default(),
            has_singles: AtomicBool::new(false),
        }
    }

    /// Hands on all objects, in the order of namespace and name.
    pub(crate) async fn hand_on(
        self: &Arc<Self>,
        resource: &ResourceType,
        namespace: &str,
        receiver: &mut dyn Receiver,
    ) -> Result<HandedOn, ReadErrorKind> {
        let list = self.list(resource, namespace);
        let is_listed = self.ready(&list, namespace).await?;
        let objects = list.objects();
        for ((namespace, name), text) in objects.iter() {
            receiver.receive(text, &mut |_| true).map_err(|error| {
                let (namespace, name) = (namespace.clone(), name.clone());
                let name = Metadata { name, namespace, ..Metadata::default() }.full_name();
                ReadErrorKind::Decode {
                    object: format!("{} {}", resource.kind, shown(&name)),
                    reason: shown(&error.to_string()),
                }
            })?;
        }
        let count = objects.len().try_into().unwrap_or(u64::MAX);
        Ok(HandedOn { objects: count, is_listed })
    }

    /// Whether every list is kept current, so that nothing has changed while [`Changes::number`] stays as it is.
    pub(crate) fn are_current(&self) -> bool {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        !self.has_singles.load(Ordering::Relaxed)
            && lists.values().all(|list| *list.phase.borrow() == Phase::Current)
    }

    /// Makes sure that a list is current, in a task of its own: it goes on where a run ends before, and the types of what
    /// sources do with lists are deep enough. Whether it had to be read for that.
    async fn ready(
        self: &Arc<Self>,
        list: &Arc<WatchedList>,
        namespace: &str,
    ) -> Result<bool, ReadErrorKind> {
        let (lists, list, namespace) = (Arc::clone(self), Arc::clone(list), namespace.to_owned());
        let task = tokio::spawn(async move { list.make_ready(&lists, &namespace).await });
        task.await.unwrap_or_else(|error| {
            Err(ReadErrorKind::Transport { request: "list".to_owned(), reason: error.to_string() })
        })
    }

    fn list(&self, resource: &ResourceType, namespace: &str) -> Arc<WatchedList> {
        let path = path(resource, namespace);
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists.entry(path).or_insert_with_key(|path| {
            Arc::new(WatchedList {
                resource: *resource,
                path: path.clone(),
                starts: (self.starts)(resource),
                reading: tokio::sync::Mutex::default(),
                objects: Mutex::default(),
                phase: watch::Sender::new(Phase::Unread),
                may_watch: AtomicBool::new(true),
                follower: Mutex::default(),
            })
        });
        Arc::clone(list)
    }
}

/// One list.
struct WatchedList {
    resource: ResourceType,
    path: String,
    /// Whether its changes start runs.
    starts: bool,
    /// Held by the one who reads it.
    reading: tokio::sync::Mutex<()>,
    objects: Mutex<BTreeMap<Key, Box<str>>>,
    phase: watch::Sender<Phase>,
    /// Whether the server lets us watch, as far as we know.
    may_watch: AtomicBool,
    /// What follows its changes.
    follower: Mutex<Option<AbortHandle>>,
}

/// How much is known of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It has to be read.
    Unread,
    /// It was read, and its watch is being opened.
    Opening,
    /// Its watch is open.
    Current,
}

impl WatchedList {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<Key, Box<str>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that the list is current; whether it had to be read for that.
    async fn make_ready(
        self: &Arc<Self>,
        lists: &WatchedLists,
        namespace: &str,
    ) -> Result<bool, ReadErrorKind> {
        let _turn = self.reading.lock().await;
        let mut phase = self.phase.subscribe();
        let opened = phase.wait_for(|phase| *phase != Phase::Opening);
        if let Ok(Ok(phase)) = tokio::time::timeout(OPENING, opened).await
            && *phase == Phase::Current
        {
            return Ok(false);
        }
        self.read(lists, namespace).await.map(|()| true)
    }

    async fn read(
        self: &Arc<Self>,
        lists: &WatchedLists,
        namespace: &str,
    ) -> Result<(), ReadErrorKind> {
        self.follow_no_more();
        let keep = |all: &mut BTreeMap<Key, Box<str>>, object: Stored| {
            let (key, text) = object.into_parts();
            all.insert(key, text);
        };
        let api = &lists.api;
        let mut fold = Fold::new(BTreeMap::new, keep);
        let listed = api.list(&self.resource, namespace, &mut fold).await?;
        *self.objects() = fold.into_accumulator();
        if !listed.version.is_empty() && self.may_watch.load(Ordering::Relaxed) {
            self.phase.send_replace(Phase::Opening);
            let follower = follow::follow(
                Arc::clone(api),
                Arc::downgrade(self),
                lists.changes.clone(),
                listed.version,
            );
            let follower = tokio::spawn(follower).abort_handle();
            *self.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(follower);
        }
        Ok(())
    }

    /// What is known of it is not kept current any more.
    fn follow_no_more(&self) {
        self.phase.send_replace(Phase::Unread);
        let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(follower) = follower.take() {
            follower.abort();
        }
    }

    /// The server does not let us watch.
    fn give_up(&self, cluster: &EcoString, why: &str) {
        self.may_watch.store(false, Ordering::Relaxed);
        let resource = &self.resource;
        tracing::warn!(
            %cluster, %resource,
            "the changes cannot be watched ({why}): the objects are listed in every run, and a change does not start one"
        );
    }
}

impl Drop for WatchedList {
    fn drop(&mut self) {
        self.follow_no_more();
    }
}
