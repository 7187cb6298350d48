//! What a view keeps of a run for all its sources.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ecow::EcoString;
use tokio::sync::OnceCell;

use crate::error::ReadError;

/// What a view keeps: lists by kind and namespace, single objects also by name.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<Key, Cell>>);

/// Type of what is stored (it names the kind), namespace and name; a list has no name.
type Key = (TypeId, EcoString, Option<EcoString>);
type Cell = Arc<OnceCell<Arc<dyn Any + Send + Sync>>>;

impl Kept {
    /// What is kept for a kind, a namespace and a name; read where it is not there yet. What could not be read is
    /// read again for the next who asks.
    pub(crate) async fn get<T: Any + Send + Sync>(
        &self,
        namespace: &str,
        name: Option<&str>,
        read: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<Arc<T>, ReadError> {
        let cell = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (TypeId::of::<T>(), namespace.into(), name.map(EcoString::from));
            Arc::clone(kept.entry(key).or_default())
        };
        let read = async { Ok::<Arc<dyn Any + Send + Sync>, ReadError>(Arc::new(read.await?)) };
        let found = Arc::clone(cell.get_or_try_init(|| read).await?);
        Ok(found.downcast().expect("the key holds the type of what is stored under it"))
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
