//! Time to live.

use std::fmt;

/// A record's TTL in whole seconds, or "not configured" (the provider's default applies).
///
/// RFC 2181, section 8: at most 2^31 - 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ttl(u32);

impl Ttl {
    /// Not configured.
    pub const UNSET: Self = Self(0);
    /// The largest TTL (RFC 2181, section 8).
    pub const MAX: Self = Self(i32::MAX as u32);

    /// Seconds as users and APIs give them: zero and less mean not configured, more than
    /// [`Ttl::MAX`] is cut to it.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self(
            u32::try_from(seconds).map_or(if seconds < 0 { 0 } else { Self::MAX.0 }, |seconds| {
                seconds.min(Self::MAX.0)
            }),
        )
    }

    /// The seconds, if configured.
    #[must_use]
    pub fn seconds(self) -> Option<u32> {
        (self.0 > 0).then_some(self.0)
    }

    /// Whether a TTL was configured.
    #[must_use]
    pub fn is_set(self) -> bool {
        self.0 > 0
    }

    /// This TTL, or the default where it is not configured.
    #[must_use]
    pub fn or(self, default: Self) -> Self {
        if self.is_set() { self } else { default }
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds() {
        let max = i32::MAX as u32;
        let cases = [
            (i64::MIN, None),
            (-1, None),
            (0, None),
            (1, Some(1)),
            (300, Some(300)),
            (i64::from(max), Some(max)),
            (i64::from(max) + 1, Some(max)),
            (i64::from(u32::MAX) + 1, Some(max)),
            (i64::MAX, Some(max)),
        ];
        for (given, expected) in cases {
            let ttl = Ttl::from_seconds(given);
            assert_eq!(ttl.seconds(), expected, "{given}");
            assert_eq!(ttl.is_set(), expected.is_some(), "{given}");
            let default = Ttl::from_seconds(60);
            assert_eq!(ttl.or(default).seconds(), expected.or(Some(60)), "{given}");
        }
    }
}
