//! Some names out of many, said by their beginnings.

use std::collections::BTreeMap;
use std::ops::Range;

/// What one more prefix is worth, in bytes of what is not wanted.
const PREFIX: u64 = 500;
/// A prefix has at least so many bytes.
const SHORTEST: usize = 6;

/// Names with the bytes behind them that are wanted, and those that are not.
#[derive(Default)]
pub struct Names {
    names: Vec<String>,
    /// The bytes before each name and behind the last one.
    wanted: Vec<u64>,
    unwanted: Vec<u64>,
}

impl Names {
    /// Of names, their sizes and whether they are wanted. A name may be there more than once.
    pub fn new<'n>(all: impl IntoIterator<Item = (&'n str, u64, bool)>) -> Self {
        let mut sizes: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
        for (name, size, is_wanted) in all {
            sizes.entry(name).or_default()[usize::from(is_wanted)] += size;
        }
        let mut this = Self { names: Vec::new(), wanted: vec![0], unwanted: vec![0] };
        for (name, [unwanted, wanted]) in sizes {
            this.wanted.push(this.wanted[this.names.len()] + wanted);
            this.unwanted.push(this.unwanted[this.names.len()] + unwanted);
            this.names.push(name.to_owned());
        }
        this
    }

    /// Few prefixes that all that is wanted begins with, and little else.
    #[must_use]
    pub fn prefixes(&self) -> Vec<String> {
        let (_, ranges) = self.choose(0..self.names.len());
        ranges.into_iter().map(|range| self.shortest(&range).to_owned()).collect()
    }

    /// The cheapest way to say what is wanted of these names, and what it costs.
    fn choose(&self, range: Range<usize>) -> (u64, Vec<Range<usize>>) {
        if self.wanted[range.start] == self.wanted[range.end] {
            return (0, Vec::new());
        }
        let whole = PREFIX + self.unwanted[range.end] - self.unwanted[range.start];
        if range.len() == 1 {
            return (whole, vec![range]);
        }
        let shared = common(&self.names[range.start], &self.names[range.end - 1]);
        let (mut cost, mut ranges, mut rest) = (0, Vec::new(), range.clone());
        while !rest.is_empty() {
            let next = |at: usize| self.names[at].as_bytes().get(shared);
            let first = next(rest.start);
            let end = rest.clone().find(|at| next(*at) != first).unwrap_or(rest.end);
            let (part, of_part) = self.choose(rest.start..end);
            cost += part;
            ranges.extend(of_part);
            rest.start = end;
        }
        if whole <= cost && shared >= SHORTEST { (whole, vec![range]) } else { (cost, ranges) }
    }

    /// The shortest beginning of these names that no other name has.
    fn shortest(&self, range: &Range<usize>) -> &str {
        let (first, last) = (&self.names[range.start], &self.names[range.end - 1]);
        let before = range.start.checked_sub(1).map_or(0, |at| common(&self.names[at], first));
        let behind = self.names.get(range.end).map_or(0, |name| common(last, name));
        first.get(..before.max(behind) + 1).unwrap_or(first)
    }
}

/// How many bytes two texts have in common at the beginning.
fn common(left: &str, right: &str) -> usize {
    left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use super::Names;

    fn prefixes(all: &[(&str, u64, bool)]) -> Vec<String> {
        Names::new(all.iter().copied()).prefixes()
    }

    #[test]
    fn a_family_that_is_wanted_as_a_whole_takes_one_prefix() {
        let all = [
            ("_ZN3abc3one", 100, true),
            ("_ZN3abc3two", 100, true),
            ("_ZN3abc5three", 50, false),
            ("_ZN3xyz3one", 100, false),
        ];
        assert_eq!(prefixes(&all), ["_ZN3abc3"]);
    }

    #[test]
    fn what_is_large_and_not_wanted_is_left_out() {
        let all = [
            ("_ZN3abc3one", 100, true),
            ("_ZN3abc3two", 100_000, false),
            ("_ZN3abc4four", 100, true),
            ("_ZN3abc4four", 10, false),
        ];
        assert_eq!(prefixes(&all), ["_ZN3abc3o", "_ZN3abc4"]);
    }

    #[test]
    fn nothing_wanted_takes_none() {
        assert!(prefixes(&[("_ZN3abc3one", 1, false)]).is_empty());
        assert!(prefixes(&[]).is_empty());
    }
}
