//! A value that one crate hands to another to be handed back unread.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Provider-private data that travels with a record, zone or endpoint and comes back in the write.
///
/// It is never compared, hashed or shown: two plans that differ only in opaque data are the same
/// plan.
#[derive(Clone, Default)]
pub struct Opaque(Option<Arc<dyn Any + Send + Sync>>);

impl Opaque {
    /// Nothing to carry.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Wraps a provider's own value.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(value: T) -> Self {
        Self(Some(Arc::new(value)))
    }

    /// The value, if it is one of this type.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.as_deref().and_then(|value| (value as &dyn Any).downcast_ref())
    }

    /// Whether nothing is carried.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "-" } else { "opaque" })
    }
}
