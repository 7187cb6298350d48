//! Where a process keeps its connections to clusters between two runs.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ecow::EcoString;

/// What no run has asked for in this time is forgotten.
const UNUSED: Duration = Duration::from_secs(3600);

/// The connections of a process, by the name of the cluster. Clones share them; the first one is empty.
#[derive(Clone, Default)]
pub struct Connections(Arc<Inner>);

/// A connection that is kept, once it is made. It has no type here, because it is made with the environment that holds it.
pub(crate) type Slot = Arc<tokio::sync::Mutex<Option<Box<dyn Any + Send>>>>;

#[derive(Default)]
struct Inner {
    slots: Mutex<BTreeMap<EcoString, (Slot, SystemTime)>>,
    /// Makes marks that mean nothing outside the process: they are made of secrets, too.
    marks: RandomState,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(slots.keys()).finish()
    }
}

impl Connections {
    /// The place of a cluster.
    pub(crate) fn slot(&self, cluster: &EcoString) -> Slot {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, (_, used)| is_within(*used, UNUSED));
        let (slot, used) =
            slots.entry(cluster.clone()).or_insert_with(|| (Slot::default(), SystemTime::now()));
        *used = SystemTime::now();
        Arc::clone(slot)
    }

    /// Begins a mark.
    pub(crate) fn hasher(&self) -> impl Hasher + use<> {
        std::hash::BuildHasher::build_hasher(&self.0.marks)
    }
}

/// Whether a moment is not longer ago. By the clock of the system: others stand still where the process does.
pub(crate) fn is_within(moment: SystemTime, time: Duration) -> bool {
    moment.elapsed().is_ok_and(|elapsed| elapsed < time)
}
