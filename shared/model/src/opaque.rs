//! A value that one crate gives to another, which gives it back without reading it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Provider-private data that travels with a record, zone or endpoint and comes back in the write.
///
/// It is never compared, hashed or shown: two plans that differ only in opaque data are the same
/// plan.
#[derive(Clone, Default)]
pub struct Opaque(Option<Arc<Value>>);

/// A box, so that what carries nothing needs no more room than one pointer: there is an [`Opaque`] in every record.
struct Value(Box<dyn Any + Send + Sync>);

impl Opaque {
    /// Nothing to carry.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Wraps a provider's own value.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(value: T) -> Self {
        Self(Some(Arc::new(Value(Box::new(value)))))
    }

    /// The value, if it is one of this type.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.as_deref().and_then(|Value(value)| value.downcast_ref())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_pointer() {
        assert_eq!(size_of::<Opaque>(), size_of::<usize>());
    }

    #[test]
    fn gives_back_what_it_was_given_and_shows_nothing() {
        let opaque = Opaque::new("secret-id".to_owned());
        assert_eq!(opaque.clone().get::<String>().map(String::as_str), Some("secret-id"));
        assert_eq!(opaque.get::<u32>(), None);
        assert_eq!(Opaque::none().get::<String>(), None);
        assert!(Opaque::none().is_none() && !opaque.is_none());
        assert_eq!(format!("{opaque:?} {:?}", Opaque::none()), "opaque -");
    }
}
