//! Which of its names an object publishes.

use extdns_model::Resource;

use super::{Annotations, Key};

/// Which of its names an object publishes: `ingress-hostname-source`, `gateway-hostname-source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostnameSource {
    /// All that it has.
    All,
    /// Those of its fields.
    Defined,
    /// Those of its annotation.
    Annotated,
}

impl HostnameSource {
    /// What an annotation says, in any case of letters; all where it is absent.
    ///
    /// # Errors
    /// The text, where it is none of the values.
    pub(crate) fn of(annotations: Annotations<'_>, key: Key) -> Result<Self, &str> {
        match annotations.get(key) {
            None => Ok(Self::All),
            Some(text) if text.eq_ignore_ascii_case("defined-hosts-only") => Ok(Self::Defined),
            Some(text) if text.eq_ignore_ascii_case("annotation-only") => Ok(Self::Annotated),
            Some(text) => Err(text),
        }
    }

    /// The same, where another text counts as none and is reported.
    pub(crate) fn or_all(annotations: Annotations<'_>, key: Key, by: &Resource) -> Self {
        Self::of(annotations, key).unwrap_or_else(|value| {
            tracing::warn!(object = %by, value, "ignoring the annotation {}; it is defined-hosts-only or annotation-only", key.0);
            Self::All
        })
    }
}
