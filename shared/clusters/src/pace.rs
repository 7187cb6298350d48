//! How large the next page of a list is.

use std::time::Duration;

use crate::api::Limits;

/// A page that comes faster is followed by a larger one.
const QUICK: Duration = Duration::from_secs(2);
/// A page that comes slower is followed by a smaller one.
const SLOW: Duration = Duration::from_secs(10);
/// How much faster pages grow.
const GROWTH: u32 = 4;
/// What a page should have at most: the server holds all of it.
const BYTES: u64 = 16 << 20;

/// How many objects a page is asked for.
pub(crate) struct Pace {
    size: u32,
    most: u32,
}

impl Pace {
    pub(crate) fn new(limits: &Limits) -> Self {
        let most = limits.largest_page.max(1);
        Self { size: limits.page_size.clamp(1, most), most }
    }

    /// Objects of the next page.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// Learns from a page.
    pub(crate) fn after(&mut self, objects: u64, bytes: usize, took: Duration) {
        let wanted = if took < QUICK {
            self.size.saturating_mul(GROWTH)
        } else if took > SLOW {
            self.size / 2
        } else {
            self.size
        };
        let each = (bytes as u64).checked_div(objects).unwrap_or_default().max(1);
        let fits = u32::try_from(BYTES / each).unwrap_or(u32::MAX);
        self.size = wanted.min(fits).clamp(1, self.most);
    }

    /// Halves the pages for good; `false` where they cannot be smaller.
    pub(crate) fn halve(&mut self) -> bool {
        let can = self.size > 1;
        self.size = (self.size / 2).max(1);
        self.most = self.size;
        can
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;
    use crate::api::Limits;

    /// The sizes of the pages of a list whose objects have so many bytes, with pages that take so long.
    fn sizes(objects: u32, bytes: usize, took: impl Fn(u32) -> Duration) -> Vec<u32> {
        let mut pace = Pace::new(&Limits::default());
        let mut left = objects;
        let mut sizes = Vec::new();
        while left > 0 {
            let size = pace.size();
            sizes.push(size);
            let read = size.min(left);
            left -= read;
            pace.after(read.into(), bytes * read as usize, took(read));
        }
        sizes
    }

    #[test]
    fn pages_grow_by_time_and_bytes() {
        let quick = |_| Duration::from_millis(50);
        assert_eq!(sizes(10_000, 1_600, quick), [500, 2000, 5000, 5000]);
        assert_eq!(sizes(50_000, 1_600, quick).len(), 12);
        let heavy = sizes(5_000, 100_000, quick);
        assert!(heavy[1..].iter().all(|size| *size == 167), "{heavy:?}");
        let by_size = |size| Duration::from_millis(5 * u64::from(size));
        assert_eq!(
            sizes(8_000, 1_600, by_size),
            [500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500]
        );
        let slow = |_| Duration::from_secs(20);
        assert_eq!(sizes(900, 1_600, slow), [500, 250, 125, 62]);
    }

    #[test]
    fn a_page_is_never_of_nothing_and_halves_stay() {
        let mut pace = Pace::new(&Limits { page_size: 0, ..Limits::default() });
        assert_eq!(pace.size(), 1);
        pace.after(1, 64 << 20, Duration::ZERO);
        assert_eq!(pace.size(), 1);
        pace.after(0, 0, Duration::ZERO);
        assert_eq!(pace.size(), 4);
        assert!(pace.halve());
        pace.after(2, 10, Duration::ZERO);
        assert_eq!(pace.size(), 2);
        assert!(pace.halve() && !pace.halve());
    }
}
