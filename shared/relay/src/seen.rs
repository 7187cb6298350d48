//! Signatures that were used: each is taken once.

use std::collections::{BTreeMap, BTreeSet};

/// Most signatures that are remembered. When there are more within the time in which one is valid, the oldest go first.
const LIMIT: usize = 20_000;

/// The signatures that this process has taken, by the second that they name.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    by_second: BTreeMap<u64, BTreeSet<Box<str>>>,
    count: usize,
}

impl Seen {
    /// Whether a signature comes for the first time. Those of before `oldest` are no longer valid, and are forgotten.
    pub(crate) fn is_new(&mut self, second: u64, signature: &str, oldest: u64) -> bool {
        while let Some(first) = self.by_second.first_entry() {
            if *first.key() >= oldest && self.count < LIMIT {
                break;
            }
            self.count -= first.remove().len();
        }
        // One signature has many spellings in hexadecimal digits.
        let signature = signature.to_ascii_lowercase().into_boxed_str();
        let is_new = self.by_second.entry(second).or_default().insert(signature);
        self.count += usize::from(is_new);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_taken_once_however_it_is_spelled() {
        let mut seen = Seen::default();
        assert!(seen.is_new(10, "sha256=ab", 0));
        assert!(!seen.is_new(10, "sha256=AB", 0));
        assert!(seen.is_new(11, "sha256=cd", 0));
    }

    #[test]
    fn memory_is_bounded_and_what_is_no_longer_valid_is_forgotten() {
        let mut seen = Seen::default();
        for number in 0..3 * LIMIT as u64 {
            assert!(seen.is_new(number / 10, &format!("{number}"), 0));
            assert!(seen.count <= LIMIT);
        }
        assert!(seen.is_new(u64::MAX, "last", u64::MAX));
        assert_eq!((seen.count, seen.by_second.len()), (1, 1));
    }
}
