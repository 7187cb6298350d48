//! The TTLs that an API takes.

use extdns_model::Ttl;

/// The TTLs that an API takes, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Ttls {
    /// Of records that come without one; 0 where the API has a default of its own that a read does
    /// not show.
    pub default: u32,
    /// The least.
    pub min: u32,
    /// The largest.
    pub max: u32,
    /// The only ones, ascending; empty where every TTL between the bounds is taken.
    pub ladder: &'static [u32],
}

impl Ttls {
    /// Every TTL (RFC 2181, section 8), and this default.
    #[must_use]
    pub const fn from(default: u32) -> Self {
        Self { default, min: 0, max: i32::MAX as u32, ladder: &[] }
    }

    /// Only those between these bounds.
    #[must_use]
    pub const fn within(self, min: u32, max: u32) -> Self {
        Self { min, max, ..self }
    }

    /// Only these, ascending.
    #[must_use]
    pub const fn only(self, ladder: &'static [u32]) -> Self {
        Self { ladder, ..self }
    }

    /// The TTL that is stored where this one is wanted: 0 only if there is no default.
    #[must_use]
    pub fn fit(&self, ttl: Ttl) -> u32 {
        match ttl.seconds().unwrap_or(self.default) {
            0 => 0,
            wanted => {
                let bounded = wanted.clamp(self.min, self.max);
                self.step_up(bounded).unwrap_or(bounded)
            }
        }
    }

    /// The step of the ladder that takes the place of a TTL: the next larger, or the largest.
    /// `None` if the TTL can stay.
    #[must_use]
    pub fn step_up(&self, wanted: u32) -> Option<u32> {
        let step = self.ladder.iter().find(|step| **step >= wanted).or(self.ladder.last())?;
        Some(*step).filter(|step| *step != wanted)
    }
}
